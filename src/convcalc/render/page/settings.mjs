// What can be set of a layer, and how the rest follows so that a layer stays possible.

// `field` is a number, or a pair of the layer; padding has one pair for each end.
const SETTINGS = [
  { name: "size", fields: ["size"], least: 1, most: 12 },
  { name: "kernel", fields: ["kernel"], least: 1, most: 7 },
  { name: "stride", fields: ["stride"], least: 1, most: 4 },
  { name: "padding", fields: ["before", "after"], least: 0, most: 6 },
  { name: "dilation", fields: ["dilation"], least: 1, most: 4 },
  { name: "extra", fields: ["extra"], least: 0, most: 3 },
  { name: "channels", fields: ["channels"], least: 1, most: 6 },
  { name: "outChannels", fields: ["outChannels"], least: 1, most: 6 },
  { name: "reached", fields: ["reached"], least: 1, most: 12 },
  { name: "scale", fields: ["scale"], least: 1, most: 4 },
  { name: "features", fields: ["size"], axis: 1, least: 1, most: 24 },
  { name: "outFeatures", fields: ["outFeatures"], least: 1, most: 12 },
];

// What can be set of each operation, beside the input.
const OWN = {
  convolution: ["kernel", "stride", "padding", "dilation", "extra", "outChannels"],
  pooling: ["kernel", "stride", "padding", "dilation"],
  adaptive: ["reached"],
  matrix: ["outFeatures"],
  pad: ["padding"],
  resize: ["scale", "reached"],
};

const OF_INPUT = ["size", "channels"];

// The settings of a layer: `withInput` those of its input as well.
export function settingsOf(layer, withInput) {
  const ofInput = layer.wrap ? ["features"] : OF_INPUT;
  const names = [...(OWN[layer.op] ?? []), ...(withInput ? ofInput : [])];
  const hidden = {
    scale: !layer.scale,
    reached: layer.op === "resize" && !layer.reached,
    extra: !layer.transposed,
    outChannels: layer.multiplier !== null,
    dilation: layer.op === "pooling" && layer.how !== "max",
  };
  return SETTINGS.filter(({ name }) => names.includes(name) && !hidden[name]);
}

// Whether anything can be set of a layer.
export function isSettable(layer) {
  return layer.op in OWN;
}

const BORDERS = ["zeros", "reflect", "symmetric", "replicate", "circular"];

// The modes that a layer may have; none where it has no mode.
export function modesOf(layer) {
  if (layer.op === "resize") return ["nearest", "bilinear", "aligned"];
  return ["convolution", "pad"].includes(layer.op) ? BORDERS : [];
}

// The numbers of groups that divide the channels of both sides.
export function groupChoices(layer) {
  const choices = [];
  for (let groups = 1; groups <= layer.channels; groups++) {
    const fits = layer.channels % groups === 0 && layer.outChannels % groups === 0;
    if (fits) choices.push(groups);
  }
  return choices;
}

// The most that output padding may be: less than the stride or the dilation.
export function mostExtra(layer, axis) {
  return layer.transposed ? Math.max(layer.stride[axis], layer.dilation[axis]) - 1 : 0;
}

// A layer with some fields changed; groups and output padding become what is possible.
export function changed(layer, fields) {
  const next = { ...layer, ...fields };
  if (layer.op !== "convolution") return next;
  next.extra = next.extra.map((extra, axis) => Math.min(extra, mostExtra(next, axis)));
  next.groups = groupChoices(next)
    .filter((groups) => groups <= next.groups)
    .pop();
  if (next.multiplier !== null) {
    next.groups = next.channels;
    next.outChannels = next.multiplier * next.channels;
  }
  return next;
}

// A pair with one end, or both, set to a value.
export function pairWith(pair, axis, value) {
  return pair.map((old, at) => (axis === null || at === axis ? value : old));
}

const PAIRS = ["size", "kernel", "stride", "dilation", "extra", "before", "after"].concat([
  "reached",
  "scale",
]);

function pairsOf(layer) {
  return PAIRS.filter((name) => layer[name]);
}

// Whether rows and columns, or the two ends of padding, differ.
export function isApart(layer) {
  return (
    pairsOf(layer).some((name) => layer[name][0] !== layer[name][1]) ||
    (layer.before ?? []).some((before, axis) => before !== layer.after[axis])
  );
}

// A layer whose rows and columns, and both ends of padding, are those of the first.
export function together(layer) {
  const first = pairsOf(layer).map((name) => [name, [layer[name][0], layer[name][0]]]);
  const alike = Object.fromEntries(first);
  return changed(layer, "before" in alike ? { ...alike, after: alike.before } : alike);
}
