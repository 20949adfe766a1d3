// Reads what pages start with, a list as JSON, and answers with what the page would show of each.

import { readFileSync } from "node:fs";

import { arithmetic } from "../../src/convcalc/render/page/arithmetic.mjs";
import {
  extentWithNumbers,
  macsOf,
  sizeWithNumbers,
} from "../../src/convcalc/render/page/formulas.mjs";
import { resolved, squaresOf } from "../../src/convcalc/render/page/network.mjs";
import { operationOf } from "../../src/convcalc/render/page/operations.mjs";
import { shapeText, specOf } from "../../src/convcalc/render/page/spec.mjs";
import { State } from "../../src/convcalc/render/page/state.mjs";

const AXES = [0, 1];

// What can be said of a layer without numbers.
function problemIn({ nodes, shape }) {
  return { problem: resolved(nodes, shape).problem };
}

function answer(start) {
  if (!start.input) return problemIn(start);
  const state = new State(start, "en");
  if (state.problem) return { problem: state.problem };
  return {
    problem: null,
    input: shapeText(state.input),
    command: state.command,
    squares: squaresOf(state),
    outputs: state.outputs,
    walks: state.walks,
    layers: state.views.map(layerAnswer),
  };
}

function layerAnswer(view) {
  const { layer, data, arriving } = view;
  const fed = operationOf(layer).fedBy(layer, data, 0, [0, 0, 0], arriving);
  const lines = view.walks.flatMap((walk) => arithmetic(view, walk, (name) => name));
  const said = { spec: specOf(view), fed, lines };
  if (!["convolution", "pooling"].includes(layer.op)) return said;
  const sizes = AXES.map((axis) => sizeWithNumbers(layer, axis));
  const extents = AXES.map((axis) => extentWithNumbers(layer, axis));
  const macs = layer.op === "convolution" ? macsOf(layer) : null;
  return { ...said, sizes, extents, macs };
}

const starts = JSON.parse(readFileSync(0, "utf8"));
// JSON has no infinity, which the largest of no element is.
const plain = (_, value) => (Object.is(value, -Infinity) ? "-Infinity" : value);
process.stdout.write(JSON.stringify(starts.map(answer), plain));
