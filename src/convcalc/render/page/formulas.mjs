// The formulas of a layer with its numbers put in.

import { extent, outputShape, outputSize } from "./convolution.mjs";
import { pooledSize } from "./pooling.mjs";

const product = (numbers) => numbers.reduce((sum, one) => sum * one, 1);

const SIZE_RULE = "floor((i + pb + pa - e) / s) + 1";
const CEIL_RULE = "ceil((i + pb + pa - e) / s) + 1";
const TRANSPOSED_RULE = "(i - 1)*s - pb - pa + e + op";
export const EXTENT_RULE = "d*(k - 1) + 1";

// The formula of an output's size, of a convolution or a pooling.
export function sizeRule(layer) {
  if (layer.transposed) return TRANSPOSED_RULE;
  return layer.ceil ? CEIL_RULE : SIZE_RULE;
}

export function sizeOf(layer, axis) {
  return layer.op === "pooling" ? pooledSize(layer, axis) : outputSize(layer, axis);
}

export function extentWithNumbers(layer, axis) {
  return `${layer.dilation[axis]}*(${layer.kernel[axis]} - 1) + 1`;
}

export function sizeWithNumbers(layer, axis) {
  const { size, stride, before, after, extra } = layer;
  const [i, s, pb, pa, e] = [size, stride, before, after]
    .map((pair) => pair[axis])
    .concat(extent(layer, axis));
  if (layer.transposed) return `(${i} - 1)*${s} - ${pb} - ${pa} + ${e} + ${extra[axis]}`;
  const left = leavesOut(layer, axis) ? " - 1" : "";
  return `${layer.ceil ? "ceil" : "floor"}((${i} + ${pb} + ${pa} - ${e}) / ${s}) + 1${left}`;
}

// Whether in ceil mode a last window would start behind the input, and is left out.
export function leavesOut(layer, axis) {
  if (!layer.ceil) return false;
  const { size, stride, before, after } = layer;
  const steps = (size[axis] + before[axis] + after[axis] - extent(layer, axis)) / stride[axis];
  return Math.ceil(steps) + 1 > pooledSize(layer, axis);
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

// Multiply-accumulates of a matrix: every output is a sum over all features.
export function matrixMacsOf({ channels, size, outFeatures, wrap }) {
  const positions = wrap ? [] : [channels, size[0]];
  return {
    rule: wrap ? "I * O" : "c*h * I * O",
    numbers: [...positions, size[1], outFeatures].join(" * "),
    value: product([channels, ...size, outFeatures]),
  };
}

// Elements of the input behind the last window of an axis.
export function unread(layer, axis) {
  if (layer.transposed) return 0;
  const last = (sizeOf(layer, axis) - 1) * layer.stride[axis] - layer.before[axis];
  return Math.max(0, layer.size[axis] - (last + extent(layer, axis)));
}
