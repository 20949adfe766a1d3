// Layers and how they are connected: shapes, outputs, and what an output depends on. Nothing here
// knows the page.
//
// A node is {label, spec, sources, layer, rank, leaving}; a source is another node, or -1 for the
// input; the ranks are how many axes arrive and leave, of features one.

import { operationOf } from "./operations.mjs";

// Squares of inputs and outputs that can be drawn at every step without a wait.
const MOST_SQUARES = 5000;

// The nodes with their layers on an input of a shape: {nodes, arriving, leaving, wraps, from,
// problem}. A wrap says how many features of a result stand in a row of the page, null for planes;
// `from` are those of what arrives. The problem says why a node has no output.
export function resolved(nodes, input) {
  const found = { nodes: [], arriving: [], leaving: [], wraps: [], from: [], problem: null };
  const first = nodes.some((one) => one.rank === 1 && one.sources[0] < 0) ? wrapOf(input) : null;
  for (const node of nodes) {
    const shapes = node.sources.map((source) => (source < 0 ? input : found.leaving[source]));
    const operation = operationOf(node.layer);
    const wraps = node.sources.map((source) => (source < 0 ? first : found.wraps[source]));
    const layer = operation.fitted(node.layer, shapes, wraps);
    found.nodes.push({ ...node, layer });
    const problem = operation.problemOf(layer, shapes);
    if (problem) {
      const rest = nodes.slice(found.nodes.length);
      const at = { ...problem, node: found.nodes.length - 1 };
      return { ...found, nodes: [...found.nodes, ...rest], problem: at };
    }
    found.arriving.push(shapes);
    found.leaving.push(operation.shapeOf(layer, shapes));
    found.from.push(wraps);
    found.wraps.push(node.leaving === 1 ? wrapAfter(shapes, wraps, found.leaving.at(-1)) : null);
  }
  const squares = squaresOf(found);
  if (squares <= MOST_SQUARES) return found;
  const problem = { name: "tooLarge", axis: 0, node: nodes.length - 1, squares };
  return { ...found, problem: { ...problem, most: MOST_SQUARES } };
}

const MOST_IN_A_ROW = 12;
const USUAL_ROW = 10;

// Of features that were planes a row is a plane, or a row of one, if it is short enough.
function wrapAfter([shape], [wrap], leaving) {
  if (wrap) return shape[2] === leaving[2] ? wrap : wrapOf(leaving);
  const rows = [shape[1] * shape[2], shape[2]];
  const whole = shape[0] * rows[0] === leaving[2];
  return rows.find((row) => whole && row > 1 && row <= MOST_IN_A_ROW) ?? wrapOf(leaving);
}

function wrapOf([, , features]) {
  return features <= MOST_IN_A_ROW ? features : USUAL_ROW;
}

// The squares of all inputs, with padding or zeros put in, and of all outputs.
export function squaresOf({ nodes, arriving, leaving }) {
  const product = (numbers) => numbers.reduce((all, one) => all * one, 1);
  return nodes.reduce((all, { layer }, n) => {
    const grids = arriving[n].map((shape) => {
      const sides = [0, 1].map((axis) => {
        const [first, last] = operationOf(layer).placesOf(layer, axis, shape);
        return last - first + 1;
      });
      return shape[0] * product(sides);
    });
    return all + product(leaving[n]) + grids.reduce((sum, one) => sum + one, 0);
  }, 0);
}

// Every result: {data, outputs}, the first of which is what each node computes with.
export function computedOf({ nodes, arriving, leaving }, input, weightsOf) {
  const [data, outputs] = [[], []];
  nodes.forEach(({ layer, sources }, n) => {
    const inputs = sources.map((source) => (source < 0 ? input : outputs[source]));
    data.push({ inputs, input: inputs[0], ...weightsOf(n, layer) });
    const { resultOf } = operationOf(layer);
    outputs.push(planesOf(leaving[n], (at) => resultOf(layer, data[n], at, arriving[n])));
  });
  return { data, outputs };
}

function planesOf([channels, rows, columns], value) {
  const list = (length, made) => Array.from({ length }, (_, n) => made(n));
  return list(channels, (c) => list(rows, (y) => list(columns, (x) => value([c, y, x]))));
}

// Of each node the outputs that are looked at, step by step, where one of the last of them is
// looked at; none of nodes that it does not depend on.
export function followed({ nodes, arriving, leaving }, data, looked) {
  const places = nodes.map(() => []);
  const walks = nodes.map(() => []);
  places[looked.node] = [looked.place];
  for (let n = looked.node; n >= 0; n--) {
    const { layer, sources } = nodes[n];
    const operation = operationOf(layer);
    walks[n] = places[n].map((at) => ({
      place: at,
      ...operation.walkOf(layer, data[n], at, arriving[n]),
    }));
    if (!walks[n].length) continue;
    sources.forEach((source, branch) => {
      if (source < 0 || places[source].length) return;
      places[source] = placesBefore(nodes[source].layer, leaving[source], walks[n][0].from[branch]);
    });
  }
  return walks;
}

// Of a first stage, of which every channel is read, all of them; else the one place.
function placesBefore(layer, [channels], [channel, ...position]) {
  if (layer.multiplier !== 1) return [[channel, ...position]];
  return Array.from({ length: channels }, (_, own) => [own, ...position]);
}
