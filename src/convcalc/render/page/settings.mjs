// What can be set of a layer, and how the rest follows so that a layer stays possible.

// `field` is a number, or a pair of the layer; padding has one pair for each end.
export const SETTINGS = [
  { name: "size", fields: ["size"], least: 1, most: 12 },
  { name: "kernel", fields: ["kernel"], least: 1, most: 7 },
  { name: "stride", fields: ["stride"], least: 1, most: 4 },
  { name: "padding", fields: ["before", "after"], least: 0, most: 6 },
  { name: "dilation", fields: ["dilation"], least: 1, most: 4 },
  { name: "extra", fields: ["extra"], least: 0, most: 3 },
  { name: "channels", fields: ["channels"], least: 1, most: 6 },
  { name: "outChannels", fields: ["outChannels"], least: 1, most: 6 },
];

export const MODES = ["zeros", "reflect", "symmetric", "replicate", "circular"];

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
  next.extra = next.extra.map((extra, axis) => Math.min(extra, mostExtra(next, axis)));
  next.groups = groupChoices(next)
    .filter((groups) => groups <= next.groups)
    .pop();
  return next;
}

// A pair with one end, or both, set to a value.
export function pairWith(pair, axis, value) {
  return pair.map((old, at) => (axis === null || at === axis ? value : old));
}

// Whether rows and columns, or the two ends of padding, differ.
export function isApart(layer) {
  const pairs = ["size", "kernel", "stride", "dilation", "extra", "before", "after"];
  return (
    pairs.some((name) => layer[name][0] !== layer[name][1]) ||
    layer.before.some((before, axis) => before !== layer.after[axis])
  );
}

// A layer whose rows and columns, and both ends of padding, are those of the first.
export function together(layer) {
  const alike = (name) => [name, [layer[name][0], layer[name][0]]];
  const pairs = ["size", "kernel", "stride", "dilation", "extra", "before"].map(alike);
  const first = Object.fromEntries(pairs);
  return changed(layer, { ...first, after: first.before });
}
