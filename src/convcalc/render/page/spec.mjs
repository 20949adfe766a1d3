// A layer in the words of convcalc's specs, as conv:8,k3,s2,p1, and its input as after -i.

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

// The spec of a node: as it was, where nothing of it can be set.
export function specOf({ layer, spec }) {
  const words = { convolution: convolutionWords, pooling: poolingWords, adaptive: adaptiveWords };
  return words[layer.op]?.(layer) ?? spec;
}

// Parameters, each [letter, value, usual value]; the usual ones are left out.
function unusual(parameters) {
  const given = parameters.filter(([, value, usual]) => value !== usual);
  return given.map(([letter, value]) => letter + value);
}

function convolutionWords(layer) {
  const follows = layer.multiplier !== null;
  const words = unusual([
    ["k", across(layer.kernel), ""],
    ["s", across(layer.stride), "1"],
    ["p", ends(layer), "0"],
    ["d", across(layer.dilation), "1"],
    ["g", follows ? "1" : `${layer.groups}`, "1"],
    ["op", across(layer.extra), "0"],
    ["m", `${layer.multiplier ?? 1}`, "1"],
  ]);
  if (!layer.transposed && layer.mode !== "zeros") words.push(layer.mode);
  if (!layer.bias) words.push("nobias");
  if (follows) return `dw:${words.join()}`;
  return `${layer.transposed ? "convt" : "conv"}:${[layer.outChannels, ...words].join()}`;
}

function poolingWords(layer) {
  const kernel = across(layer.kernel);
  const words = unusual([
    ["s", across(layer.stride), kernel],
    ["p", ends(layer), "0"],
    ["d", across(layer.dilation), "1"],
    ["norm", `${layer.exponent}`, layer.how === "norm" ? "2" : "1"],
  ]);
  if (layer.ceil) words.push("ceil");
  if (!layer.include) words.push("noinclude");
  const kind = { max: "maxpool", mean: "avgpool", norm: "lppool" }[layer.how];
  return `${kind}:${[kernel, ...words].join()}`;
}

function adaptiveWords(layer) {
  const reached = across(layer.reached);
  if (layer.how === "mean" && reached === "1") return "gap";
  return `adaptive${layer.how === "max" ? "max" : "avg"}pool:${reached}`;
}

export function shapeText(shape) {
  return shape.join("x");
}
