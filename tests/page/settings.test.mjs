// What sliders make of a layer, and what becomes of its numbers.

import assert from "node:assert/strict";
import { test } from "node:test";

import { slidersOf } from "../../src/convcalc/render/page/controls.mjs";
import { sizeWithNumbers, unread } from "../../src/convcalc/render/page/formulas.mjs";
import { Numbers, madeUp, shortly, shown } from "../../src/convcalc/render/page/numbers.mjs";
import {
  changed,
  groupChoices,
  isApart,
  together,
} from "../../src/convcalc/render/page/settings.mjs";
import { shapeText, specOf } from "../../src/convcalc/render/page/spec.mjs";
import { WORDS, filled } from "../../src/convcalc/render/page/words.mjs";
import { plain, pool } from "./layers.mjs";

test("groups divide the channels of both sides", () => {
  assert.deepEqual(groupChoices(plain({ channels: 6, outChannels: 4 })), [1, 2]);
  assert.equal(
    changed(plain({ channels: 4, outChannels: 4, groups: 4 }), { channels: 6 }).groups,
    2,
  );
});

test("output padding stays below the stride or the dilation, and is for transposed layers", () => {
  const layer = plain({ transposed: true, stride: [3, 3], extra: [2, 2] });
  assert.deepEqual(changed(layer, { stride: [2, 2] }).extra, [1, 1]);
  assert.deepEqual(changed(layer, { transposed: false }).extra, [0, 0]);
});

test("one slider moves both axes, or both ends, unless they are apart", () => {
  const layer = plain({ size: [5, 5] });
  const slide = (apart, id, value) =>
    slidersOf(layer, apart)
      .find((slider) => slider.id === id)
      .apply(layer, value);
  const both = slide(false, "padding", 2);
  assert.deepEqual(
    [both.before, both.after],
    [
      [2, 2],
      [2, 2],
    ],
  );
  assert.deepEqual(slide(true, "after-1", 2).after, [0, 2]);
  assert.deepEqual([isApart(both), isApart(slide(true, "size-0", 3))], [false, true]);
  assert.deepEqual(together(slide(true, "size-0", 3)).size, [3, 3]);
});

test("numbers come back when an array grows again, others are made up", () => {
  const layer = plain({ size: [1, 2] });
  const weights = [{ weight: [[[[9]]]], bias: null }];
  const numbers = new Numbers({ nodes: [{ layer }], input: [[[7, 8]]], weights });
  assert.deepEqual(numbers.input([1, 1, 1]), [[[7]]]);
  assert.deepEqual(numbers.input([1, 1, 2]), [[[7, 8]]]);
  assert.deepEqual(numbers.input([1, 1, 3])[0][0], [7, 8, madeUp("input", -1, [0, 0, 2])]);
});

test("a kernel belongs to its two channels, whichever way round and in whichever group", () => {
  const layer = plain({ channels: 2, outChannels: 2, groups: 2 });
  const weights = [{ weight: [[[[3]]], [[[4]]]], bias: null }];
  const numbers = new Numbers({ nodes: [{ layer }], input: [[[1]], [[1]]], weights });
  const whole = numbers.weights(0, { ...layer, groups: 1 }).weight;
  assert.deepEqual([whole[0][0], whole[1][1]], [[[3]], [[4]]]);
});

test("formulas have their numbers put in", () => {
  const layer = plain({ size: [8, 8], kernel: [3, 3], stride: [2, 2], before: [0, 0] });
  assert.equal(sizeWithNumbers(layer, 0), "floor((8 + 0 + 0 - 3) / 2) + 1");
  assert.equal(unread(layer, 0), 1);
});

test("a layer is written as a spec", () => {
  const layer = plain({ kernel: [3, 2], before: [1, 0], after: [1, 2], mode: "reflect" });
  assert.equal(specOf({ layer }), "conv:1,k3x2,p1x0:2,reflect,nobias");
  const norm = pool({ how: "norm", exponent: 3, kernel: [2, 2], stride: [2, 2], ceil: true });
  assert.equal(specOf({ layer: norm }), "lppool:2,norm3,ceil");
  assert.equal(specOf({ layer: { op: "adaptive", how: "mean", reached: [1, 1] } }), "gap");
  assert.equal(specOf({ layer: { op: "function", how: "relu" }, spec: "relu" }), "relu");
  assert.equal(shapeText([1, 2, 3]), "1x2x3");
});

test("numbers are shown with as many digits as there is room for", () => {
  assert.deepEqual([shown(-3), shown(0.1 + 0.2), shown(2 / 3, 4)], ["-3", "0.3", "0.6667"]);
});

test("a square has room for eight characters of a number", () => {
  const numbers = [-0.0060191, -0.5, 1 / 3, 123456789, -1.23456e-10, -Infinity, 12345678];
  const texts = ["-0.00602", "-0.5", "0.3333", "1.2e+8", "-1.2e-10", "-Infinity", "12345678"];
  assert.deepEqual(numbers.map(shortly), texts);
});

test("both languages say the same, with the same numbers", () => {
  const names = (language) => Object.keys(WORDS[language]).sort();
  assert.deepEqual(names("en"), names("zh"));
  for (const name of names("en")) {
    const holes = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
    assert.deepEqual(holes(WORDS.en[name]), holes(WORDS.zh[name]), name);
  }
  assert.equal(filled("{a} of {b}", { a: 1, b: 2 }), "1 of 2");
});

test("channels and groups of a first stage follow its input", () => {
  const first = plain({ channels: 2, outChannels: 4, groups: 2, multiplier: 2, size: [3, 3] });
  const { groups, outChannels } = changed(first, { channels: 3 });
  assert.deepEqual([groups, outChannels], [3, 6]);
  const ids = slidersOf(first, false, false).map((slider) => slider.id);
  assert.deepEqual(ids, ["kernel", "stride", "padding", "dilation"]);
});

test("a pooling has sliders of its window, and no others", () => {
  const ids = (how) => slidersOf(pool({ how }), false).map((slider) => slider.id);
  const shared = ["size", "kernel", "stride", "padding"];
  assert.deepEqual(ids("max"), [...shared, "dilation", "channels"]);
  assert.deepEqual(ids("mean"), [...shared, "channels"]);
});
