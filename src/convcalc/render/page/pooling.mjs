// Poolings over rows and columns: the largest of a window, its mean or its norm. Windows slide,
// or follow from the size of the output. Nothing here knows the page.
//
// A layer is {op: "pooling", how, exponent, ceil, include, channels, size, kernel, stride,
// dilation, before, after} or {op: "adaptive", how, channels, size, reached}.

import { extent } from "./convolution.mjs";

// In ceil mode the last window may hang over the end, unless it would start behind the input.
export function pooledSize(layer, axis) {
  if (layer.op === "adaptive") return layer.reached[axis];
  const { size, stride, before, after } = layer;
  const steps = (size[axis] + before[axis] + after[axis] - extent(layer, axis)) / stride[axis];
  if (!layer.ceil) return Math.floor(steps) + 1;
  const last = Math.ceil(steps);
  return last * stride[axis] >= size[axis] + before[axis] ? last : last + 1;
}

export function pooledShape(layer) {
  return [layer.channels, pooledSize(layer, 0), pooledSize(layer, 1)];
}

// What makes a pooling impossible, as of a convolution; null where nothing does.
export function poolingProblem(layer) {
  if (layer.op === "adaptive") return null;
  for (const axis of [0, 1]) {
    const padding = Math.max(layer.before[axis], layer.after[axis]);
    const most = Math.floor(layer.kernel[axis] / 2);
    if (padding > most) return { name: "overHalf", axis, padding, most };
    if (pooledSize(layer, axis) < 1) {
      const padded = layer.size[axis] + layer.before[axis] + layer.after[axis];
      return { name: "tooLong", axis, extent: extent(layer, axis), padded };
    }
  }
  return null;
}

// The first place and the last of the axis that windows lie on.
export function pooledPlaces(layer, axis) {
  if (layer.op === "adaptive") return [0, layer.size[axis] - 1];
  const { size, stride, before, after } = layer;
  const last = (pooledSize(layer, axis) - 1) * stride[axis] - before[axis];
  return [-before[axis], Math.max(size[axis] + after[axis], last + extent(layer, axis)) - 1];
}

// The places of an axis that an output reads.
function windowOf(layer, axis, position) {
  if (layer.op === "adaptive") {
    const [size, reached] = [layer.size[axis], layer.reached[axis]];
    const first = Math.floor((position * size) / reached);
    const end = Math.ceil(((position + 1) * size) / reached);
    return Array.from({ length: end - first }, (_, n) => first + n);
  }
  const start = position * layer.stride[axis] - layer.before[axis];
  return Array.from({ length: layer.kernel[axis] }, (_, t) => start + t * layer.dilation[axis]);
}

// One output of a channel: {how, elements, divisor, taps, result}; elements are {place, source,
// value}, where `source` is null on padding.
export function pooledAt(layer, plane, position) {
  const [rows, columns] = [0, 1].map((axis) => windowOf(layer, axis, position[axis]));
  const elements = rows.flatMap((row) => columns.map((column) => readAt(plane, row, column)));
  const taps = elements.length;
  const divisor = layer.op === "adaptive" ? taps : countedAt(layer, position);
  return { how: layer.how, elements, divisor, taps, result: resultOf(layer, elements, divisor) };
}

function readAt(plane, row, column) {
  const value = plane[row]?.[column];
  const real = value !== undefined;
  return { place: [row, column], source: real ? [row, column] : null, value: real ? value : 0 };
}

// The elements that a mean is taken over: padding where it counts, never what hangs over.
function countedAt(layer, position) {
  return [0, 1].reduce((product, axis) => {
    const { size, before, after, kernel, stride } = layer;
    const first = layer.include ? -before[axis] : 0;
    const end = size[axis] + (layer.include ? after[axis] : 0);
    const start = position[axis] * stride[axis] - before[axis];
    const own = Math.min(start + kernel[axis], end) - Math.max(start, first);
    return product * Math.max(1, own);
  }, 1);
}

function resultOf(layer, elements, divisor) {
  const values = elements.map((one) => one.value);
  if (layer.how === "max") {
    return Math.max(...elements.filter((one) => one.source).map((one) => one.value));
  }
  const power = (value) => (layer.how === "norm" ? value ** layer.exponent : value);
  const total = values.reduce((sum, value) => sum + power(value), 0);
  if (layer.how === "mean") return total / divisor;
  const whole = layer.ceil ? (total / divisor) * elements.length : total;
  return whole ** (1 / layer.exponent);
}

// The outputs whose windows an element lies in, as {position}.
export function pooledBy(layer, element) {
  const [rows, columns] = [0, 1].map((axis) => {
    const positions = Array.from({ length: pooledSize(layer, axis) }, (_, n) => n);
    return positions.filter((at) => windowOf(layer, axis, at).includes(element[axis]));
  });
  return rows.flatMap((row) => columns.map((column) => ({ position: [row, column] })));
}
