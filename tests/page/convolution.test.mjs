// What the page computes, on numbers that can be added up in the head.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  added,
  elementAt,
  fedBy,
  nextPlace,
  outputShape,
  outputsOf,
  placesOf,
  problemOf,
  sumOf,
} from "../../src/convcalc/render/page/convolution.mjs";
import { plain } from "./layers.mjs";

// The notes' image: "same" adds a row below and a column to the right.
const notes = plain({ size: [4, 4], kernel: [2, 2], after: [1, 1], bias: true });
const arrays = {
  input: [
    [
      [4, 1, 7, 5],
      [4, 4, 2, 5],
      [7, 7, 2, 4],
      [1, 0, 2, 4],
    ],
  ],
  weight: [
    [
      [
        [1, 0],
        [2, 1],
      ],
    ],
  ],
  bias: [-0.205],
};

test("4*1 + 1*0 + 4*2 + 4*1 = 16, with the bias 15.795", () => {
  const { parts, total, result } = sumOf(notes, arrays, [0, 0, 0]);
  const products = parts[0].factors.map((one) => [one.value, one.weight]);
  assert.deepEqual(products, [
    [4, 1],
    [1, 0],
    [4, 2],
    [4, 1],
  ]);
  assert.deepEqual([total, result], [16, 15.795]);
});

test("in the corner three of four taps lie on padding", () => {
  const { factors } = sumOf(notes, arrays, [0, 3, 3]).parts[0];
  assert.deepEqual(
    factors.map((one) => one.source),
    [[3, 3], null, null, null],
  );
  assert.equal(outputsOf(notes, arrays)[0][3][3], 4 - 0.205);
});

test("a transposed convolution spreads each element by its stride", () => {
  const layer = plain({ transposed: true, size: [1, 2], kernel: [1, 3], stride: [1, 2] });
  const spread = { input: [[[10, 1]]], weight: [[[[1, 2, 3]]]], bias: null };
  assert.deepEqual(outputsOf(layer, spread), [[[10, 20, 31, 2, 3]]]);
  assert.deepEqual(placesOf(layer, 1), [-2, 4]);
});

test("dilation leaves holes: taps two apart", () => {
  const layer = plain({ size: [1, 5], kernel: [1, 3], dilation: [1, 2] });
  const row = { input: [[[1, 2, 3, 4, 5]]], weight: [[[[1, 10, 100]]]], bias: null };
  assert.deepEqual(outputsOf(layer, row), [[[531]]]);
});

test("each group has channels of its own", () => {
  const layer = plain({ channels: 2, outChannels: 2, groups: 2 });
  const two = { input: [[[3]], [[5]]], weight: [[[[10]]], [[[100]]]], bias: null };
  assert.deepEqual(outputsOf(layer, two), [[[30]], [[500]]]);
});

test("an element in the middle of 5 feeds three outputs of a kernel of 3", () => {
  const layer = plain({ size: [1, 5], kernel: [1, 3] });
  const fed = fedBy(layer, [0, 2]).map((one) => [one.position[1], one.tap[1]]);
  assert.deepEqual(fed, [
    [0, 2],
    [1, 1],
    [2, 0],
  ]);
});

test("an element behind the last window feeds none", () => {
  const layer = plain({ size: [1, 4], kernel: [1, 3], stride: [1, 2] });
  assert.deepEqual(fedBy(layer, [0, 3]), []);
});

test("borders repeat elements in their ways", () => {
  const row = (mode) => [-2, -1, 0, 3, 4, 5].map((place) => elementAt(place, 4, mode));
  assert.deepEqual(row("zeros"), [null, null, 0, 3, null, null]);
  assert.deepEqual(row("reflect"), [2, 1, 0, 3, 2, 1]);
  assert.deepEqual(row("symmetric"), [1, 0, 0, 3, 3, 2]);
  assert.deepEqual(row("replicate"), [0, 0, 0, 3, 3, 3]);
  assert.deepEqual(row("circular"), [2, 3, 0, 3, 0, 1]);
});

test("a window that is longer than its input is told, with both lengths", () => {
  const long = plain({ size: [4, 4], kernel: [3, 1], dilation: [2, 1] });
  assert.deepEqual(problemOf(long), { name: "tooLong", axis: 0, extent: 5, padded: 4 });
  assert.equal(problemOf(notes), null);
});

test("the walk goes row by row, channel by channel, and round", () => {
  const shape = [2, 1, 2];
  assert.deepEqual(outputShape(plain({ outChannels: 2, size: [1, 2] })), shape);
  const walk = [[0, 0, 0]];
  for (let count = 0; count < 4; count++) walk.push(nextPlace(walk[count], shape));
  assert.deepEqual(walk, [
    [0, 0, 0],
    [0, 0, 1],
    [1, 0, 0],
    [1, 0, 1],
    [0, 0, 0],
  ]);
  assert.deepEqual(nextPlace([0, 0, 0], shape, -1), [1, 0, 1]);
});

test("what rounding leaves of a sum that cancels is nothing", () => {
  assert.equal(added([1 / 3, 2 / 3, -1]), 0);
  assert.equal(added([0.1, 0.2, -0.3]), 0);
  assert.equal(added([1, -1, 1e-14]), 1e-14);
  assert.equal(added([1e-300, 1e-300]), 2e-300);
  assert.equal(added([2 ** 52, 1, -(2 ** 52)]), 1);
  assert.equal(added([-Infinity, 1]), -Infinity);
  assert.equal(added([]), 0);
});
