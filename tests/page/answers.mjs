// Reads what pages start with, a list as JSON, and answers with what the page would show of each.

import { readFileSync } from "node:fs";

import * as convolution from "../../src/convcalc/render/page/convolution.mjs";
import {
  extentWithNumbers,
  macsOf,
  sizeWithNumbers,
} from "../../src/convcalc/render/page/formulas.mjs";
import { Numbers } from "../../src/convcalc/render/page/numbers.mjs";
import { inputShapeOf, specOf } from "../../src/convcalc/render/page/spec.mjs";

function answer(start) {
  const { layer } = start;
  const problem = convolution.problemOf(layer);
  const words = { spec: specOf(layer), input: inputShapeOf(layer), problem };
  if (problem || !start.input) return words;
  const arrays = new Numbers(start).arrays(layer);
  return {
    ...words,
    squares: convolution.squaresOf(layer),
    outputs: convolution.outputsOf(layer, arrays),
    sum: convolution.sumOf(layer, arrays, start.place),
    fed: convolution.fedBy(layer, [0, 0]).map(({ position, tap }) => [position, tap]),
    sizes: [0, 1].map((axis) => sizeWithNumbers(layer, axis)),
    extents: [0, 1].map((axis) => extentWithNumbers(layer, axis)),
    macs: macsOf(layer),
  };
}

const starts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(starts.map(answer)));
