// Outputs that are weighted sums of elements, beside convolutions: of a matrix, and of a linear
// resizing. Nothing here knows the page.
//
// A matrix is {op: "matrix", outFeatures, bias, channels, size, wrap}: over the columns; `wrap` is
// how many features stand in a row of the page, null where the columns are no features.

import { added } from "./convolution.mjs";
import { reachedSize } from "./moves.mjs";

// One output of a matrix: {rows, bias, total, result}; each row is {first, last, factors, sum}.
export function matrixSum({ size, wrap }, { inputs, weight, bias }, [channel, row, out]) {
  const values = inputs[0][channel][row];
  const factors = values.map((value, n) => ({
    place: [channel, row, n],
    value,
    weight: weight[out][0][0][n],
  }));
  const length = wrap ?? size[1];
  const rows = [];
  for (let first = 0; first < factors.length; first += length) {
    const own = factors.slice(first, first + length);
    const sum = added(own.map((one) => one.value * one.weight));
    rows.push({ first, last: first + own.length - 1, factors: own, sum });
  }
  const total = added(rows.map((one) => one.sum));
  const own = bias ? bias[out] : null;
  return { rows, bias: own, total, result: added([total, own ?? 0]) };
}

// The elements that an output of a linear resizing is made of: {factors, result}.
export function resizedSum(layer, plane, [channel, ...position]) {
  const [rows, columns] = [0, 1].map((axis) => sharesOf(layer, axis, position[axis]));
  const factors = rows.flatMap(([row, down]) =>
    columns.map(([column, across]) => ({
      place: [channel, row, column],
      value: plane[row][column],
      weight: down * across,
    })),
  );
  return { factors, result: added(factors.map((one) => one.value * one.weight)) };
}

// The elements of an axis with a share in an output, one or two, as [element, share].
function sharesOf(layer, axis, position) {
  const [size, reached] = [layer.size[axis], reachedSize(layer, axis)];
  if (size === reached) return [[position, 1]];
  const at = placeBetween(layer.mode, size, reached, position);
  const low = Math.floor(at);
  const share = at - low;
  if (!share || low === size - 1) return [[low, 1]];
  return [
    [low, 1 - share],
    [low + 1, share],
  ];
}

// Where an output lies between the elements of an axis. Source: PyTorch's `interpolate`.
function placeBetween(mode, size, reached, position) {
  if (mode === "aligned") return (position * (size - 1)) / Math.max(1, reached - 1);
  return Math.max(0, (2 * position + 1) * size - reached) / (2 * reached);
}
