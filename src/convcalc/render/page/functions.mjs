// Functions of single elements, and branches put together. Nothing here knows the page.

import { added } from "./convolution.mjs";

const exp = Math.exp;
const cut = (x) => Math.min(Math.max(x + 3, 0), 6);

// Of each function its value, and its formula with a number put in: as it is, and in parentheses
// where it is negative.
export const FUNCTIONS = {
  identity: [(x) => x, (x) => x],
  relu: [(x) => Math.max(x, 0), (x) => `max(${x}, 0)`],
  relu6: [(x) => Math.min(Math.max(x, 0), 6), (x) => `min(max(${x}, 0), 6)`],
  leakyrelu: [(x, n) => (x > 0 ? x : x * n), (x, own, n) => `(${x} > 0 ? ${x} : ${n} × ${own})`],
  sigmoid: [(x) => 1 / (exp(-x) + 1), (_, own) => `1 / (1 + exp(-${own}))`],
  tanh: [(x) => Math.tanh(x), (x) => `tanh(${x})`],
  silu: [(x) => x / (exp(-x) + 1), (x, own) => `${x} / (1 + exp(-${own}))`],
  hardsigmoid: [(x) => cut(x) / 6, (x) => `min(max(${x} + 3, 0), 6) / 6`],
  hardswish: [(x) => (x * cut(x)) / 6, (x) => `${x} × min(max(${x} + 3, 0), 6) / 6`],
};

// The function of an element: {value, result}, of a batch norm with its {scale, shift}. Channels
// that were not there at the start are left as they are.
export function mappedAt(layer, data, [channel, row, column]) {
  const value = data.inputs[0][channel][row][column];
  if (layer.how !== "affine") {
    return { value, result: FUNCTIONS[layer.how][0](value, layer.number) };
  }
  const [scale, shift] = [data.scale[channel] ?? 1, data.shift[channel] ?? 0];
  return { value, scale, shift, result: value * scale + shift };
}

// The shape of branches put together; null where they do not fit.
export function joinedShape(layer, shapes) {
  const [first, ...others] = shapes;
  const alike = (one, other) => one.every((size, axis) => size === other[axis]);
  if (layer.how === "product") {
    return others[0].every((size, axis) => size === 1 || size === first[axis]) ? first : null;
  }
  if (layer.how === "sum") return others.every((one) => alike(one, first)) ? first : null;
  if (!others.every((one) => alike(one.slice(1), first.slice(1)))) return null;
  return [shapes.reduce((sum, one) => sum + one[0], 0), ...first.slice(1)];
}

// Where each branch is read for an output; null where it is not.
export function joinedFrom(layer, shapes, place) {
  if (layer.how === "sum") return shapes.map(() => place);
  if (layer.how === "product") {
    return shapes.map((shape) => place.map((at, axis) => (shape[axis] > 1 ? at : 0)));
  }
  let channel = place[0];
  return shapes.map(([channels]) => {
    const own = channel >= 0 && channel < channels ? [channel, place[1], place[2]] : null;
    channel -= channels;
    return own;
  });
}

// One output of branches: {how, read, values, result}.
export function joinedAt(layer, shapes, inputs, place) {
  const read = joinedFrom(layer, shapes, place);
  const values = read.map((at, n) => at && inputs[n][at[0]][at[1]][at[2]]);
  const known = values.filter((value) => value !== null);
  const product = layer.how === "product";
  const result = product ? known.reduce((all, one) => all * one) : added(known);
  return { how: layer.how, read, values, result };
}

// The outputs that an element of a branch is read for.
export function joinedBy(layer, shapes, source, element) {
  const [first] = shapes;
  if (layer.how === "sum") return [element];
  if (layer.how === "choice") {
    const before = shapes.slice(0, source).reduce((sum, one) => sum + one[0], 0);
    return [[element[0] + before, element[1], element[2]]];
  }
  const ranges = first.map((size, axis) =>
    shapes[source][axis] > 1 || size === 1
      ? [element[axis]]
      : Array.from({ length: size }, (_, n) => n),
  );
  return ranges[0].flatMap((c) => ranges[1].flatMap((y) => ranges[2].map((x) => [c, y, x])));
}
