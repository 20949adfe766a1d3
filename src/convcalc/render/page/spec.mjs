// A layer in the words of convcalc's specs, as conv:8,k3,s2,p1, with its input after -i.

// One number where both axes are alike, else as 3x2.
function across(pair) {
  return pair[0] === pair[1] ? `${pair[0]}` : pair.join("x");
}

// Padding of each axis, as 1x0:2 where the ends of one differ.
function ends(layer) {
  const axes = [0, 1].map((axis) => {
    const [before, after] = [layer.before[axis], layer.after[axis]];
    return before === after ? `${before}` : `${before}:${after}`;
  });
  return across(axes);
}

export function specOf(layer) {
  const parameters = [
    ["k", across(layer.kernel), ""],
    ["s", across(layer.stride), "1"],
    ["p", ends(layer), "0"],
    ["d", across(layer.dilation), "1"],
    ["g", `${layer.groups}`, "1"],
    ["op", across(layer.extra), "0"],
  ];
  const given = parameters.filter(([, value, usual]) => value !== usual);
  const words = given.map(([letter, value]) => letter + value);
  if (!layer.transposed && layer.mode !== "zeros") words.push(layer.mode);
  if (!layer.bias) words.push("nobias");
  const kind = layer.transposed ? "convt" : "conv";
  return `${kind}:${[layer.outChannels, ...words].join()}`;
}

export function inputShapeOf(layer) {
  return [layer.channels, ...layer.size].join("x");
}
