// The formulas of a layer with its numbers put in.

import { extent, outputShape, outputSize } from "./convolution.mjs";

const product = (numbers) => numbers.reduce((sum, one) => sum * one, 1);

export const SIZE_RULE = "floor((i + pb + pa - e) / s) + 1";
export const TRANSPOSED_RULE = "(i - 1)*s - pb - pa + e + op";
export const EXTENT_RULE = "d*(k - 1) + 1";

export function extentWithNumbers(layer, axis) {
  return `${layer.dilation[axis]}*(${layer.kernel[axis]} - 1) + 1`;
}

export function sizeWithNumbers(layer, axis) {
  const { size, stride, before, after, extra } = layer;
  const [i, s, pb, pa, e] = [size, stride, before, after]
    .map((pair) => pair[axis])
    .concat(extent(layer, axis));
  if (layer.transposed) return `(${i} - 1)*${s} - ${pb} - ${pa} + ${e} + ${extra[axis]}`;
  return `floor((${i} + ${pb} + ${pa} - ${e}) / ${s}) + 1`;
}

// Multiply-accumulates: of a plain convolution at output positions, of a transposed one at input
// positions.
export function macsOf(layer) {
  const out = outputShape(layer);
  const taps = product(layer.kernel);
  const [positions, first, mixed] = layer.transposed
    ? [layer.size, layer.channels, layer.outChannels]
    : [out.slice(1), out[0], layer.channels];
  const over = layer.groups === 1 ? `${mixed}` : `${mixed}/${layer.groups}`;
  return {
    rule: layer.transposed ? "h*w * C * O/g * k*k" : "oh*ow * O * C/g * k*k",
    numbers: `${positions.join("*")} * ${first} * ${over} * ${layer.kernel.join("*")}`,
    value: (product(positions) * first * mixed * taps) / layer.groups,
  };
}

// Elements of the input behind the last window of an axis.
export function unread(layer, axis) {
  if (layer.transposed) return 0;
  const last = (outputSize(layer, axis) - 1) * layer.stride[axis] - layer.before[axis];
  return Math.max(0, layer.size[axis] - (last + extent(layer, axis)));
}
