// Layers and how they are connected: shapes, outputs, and what an output depends on. Nothing here
// knows the page.
//
// A node is {label, spec, sources, layer}; a source is another node, or -1 for the input. What is
// read for an output is {source, square, element, value, weight}: by which branch, where the window
// lies ([channel, row, column]), and which element stands there; null for padding and zeros.

import {
  channelsFed,
  channelsRead,
  fedBy,
  outputShape,
  placesOf,
  problemOf,
  sourceAt,
  sumOf,
} from "./convolution.mjs";
import { joinedAt, joinedBy, joinedShape, mappedAt } from "./functions.mjs";
import {
  pooledAt,
  pooledBy,
  pooledPlaces,
  pooledShape,
  poolingProblem,
} from "./pooling.mjs";
import { changed } from "./settings.mjs";

// Squares of inputs and outputs that can be drawn at every step without a wait.
const MOST_SQUARES = 5000;

const sized = (layer, [[channels, ...size]]) => ({ ...layer, channels, size });
const whole = (_, axis, shape) => [0, shape[axis + 1] - 1];
const standing = (_, axis, place, shape) => (place >= 0 && place < shape[axis + 1] ? place : null);

const CONVOLUTION = {
  fitted: (layer, [[channels, ...size]]) => changed(layer, { channels, size }),
  problemOf,
  shapeOf: outputShape,
  placesOf,
  sourceAt,
  resultOf: (layer, data, place) => sumOf(layer, data, place).result,
  walkOf: (layer, data, place) => {
    const sum = sumOf(layer, data, place);
    const reads = sum.parts.flatMap(({ channel, factors }) =>
      factors.map((one) => ({
        source: 0,
        square: [channel, ...one.place],
        element: one.source && [channel, ...one.source],
        value: one.value,
        weight: one.weight,
      })),
    );
    return { ...sum, reads, from: firstReal(reads) };
  },
  fedBy: (layer, data, _, [channel, ...element]) =>
    channelsFed(layer, channel).flatMap((out) => {
      const kernel = data.weight[out][channelsRead(layer, out).indexOf(channel)];
      return fedBy(layer, element).map(({ position, tap }) => ({
        place: [out, ...position],
        weight: kernel[tap[0]][tap[1]],
      }));
    }),
};

const POOLING = {
  fitted: sized,
  problemOf: poolingProblem,
  shapeOf: pooledShape,
  placesOf: pooledPlaces,
  sourceAt: standing,
  resultOf: (layer, data, [channel, ...position]) =>
    pooledAt(layer, data.inputs[0][channel], position).result,
  walkOf: (layer, data, [channel, ...position]) => {
    const pooled = pooledAt(layer, data.inputs[0][channel], position);
    const reads = pooled.elements.map((one) => ({
      source: 0,
      square: [channel, ...one.place],
      element: one.source && [channel, ...one.source],
      value: one.value,
    }));
    const largest = reads.find((one) => one.element && one.value === pooled.result);
    const first = (layer.how === "max" && largest?.element) || firstReal(reads)[0];
    return { ...pooled, reads, from: [first] };
  },
  fedBy: (layer, _, source, [channel, ...element]) =>
    pooledBy(layer, element).map(({ position }) => ({ place: [channel, ...position] })),
};

const ADAPTIVE = {
  ...POOLING,
  fitted: (layer, shapes) => {
    const next = sized(layer, shapes);
    return { ...next, reached: next.reached.map((own, axis) => Math.min(own, next.size[axis])) };
  },
};

const FUNCTION = {
  fitted: (layer) => layer,
  problemOf: () => null,
  shapeOf: (_, [shape]) => shape,
  placesOf: whole,
  sourceAt: standing,
  resultOf: (layer, data, place) => mappedAt(layer, data, place).result,
  walkOf: (layer, data, place) => {
    const mapped = mappedAt(layer, data, place);
    const read = { source: 0, square: place, element: place, value: mapped.value };
    return { ...mapped, reads: [read], from: [place] };
  },
  fedBy: (_, data, source, element) => [{ place: element }],
};

const JOIN = {
  fitted: (layer) => layer,
  problemOf: (layer, shapes) =>
    joinedShape(layer, shapes)
      ? null
      : { name: "differ", axis: 0, shapes: shapes.map((one) => one.join("×")).join(", ") },
  shapeOf: joinedShape,
  placesOf: whole,
  sourceAt: standing,
  resultOf: (layer, data, place, shapes) => joinedAt(layer, shapes, data.inputs, place).result,
  walkOf: (layer, data, place, shapes) => {
    const joined = joinedAt(layer, shapes, data.inputs, place);
    const nearest = (shape) => place.map((at, axis) => Math.min(at, shape[axis] - 1));
    const reads = joined.read.flatMap((at, source) =>
      at ? [{ source, square: at, element: at, value: joined.values[source] }] : [],
    );
    return { ...joined, reads, from: joined.read.map((at, n) => at ?? nearest(shapes[n])) };
  },
  fedBy: (layer, _, source, element, shapes) =>
    joinedBy(layer, shapes, source, element).map((place) => ({ place })),
};

export const OPERATIONS = {
  convolution: CONVOLUTION,
  pooling: POOLING,
  adaptive: ADAPTIVE,
  function: FUNCTION,
  join: JOIN,
};

// The element that a node before is looked at for: the first that is real.
function firstReal(reads) {
  return [reads.find((one) => one.element)?.element ?? [reads[0].square[0], 0, 0]];
}

// The nodes with their layers on an input of a shape: {nodes, arriving, leaving, problem}, the last
// of which says why one of them has no output.
export function resolved(nodes, input) {
  const found = { nodes: [], arriving: [], leaving: [], problem: null };
  for (const node of nodes) {
    const shapes = node.sources.map((source) => (source < 0 ? input : found.leaving[source]));
    const operation = OPERATIONS[node.layer.op];
    const layer = operation.fitted(node.layer, shapes);
    found.nodes.push({ ...node, layer });
    const problem = operation.problemOf(layer, shapes);
    if (problem) {
      const rest = nodes.slice(found.nodes.length);
      const at = { ...problem, node: found.nodes.length - 1 };
      return { ...found, nodes: [...found.nodes, ...rest], problem: at };
    }
    found.arriving.push(shapes);
    found.leaving.push(operation.shapeOf(layer, shapes));
  }
  const squares = squaresOf(found);
  if (squares <= MOST_SQUARES) return found;
  const problem = { name: "tooLarge", axis: 0, node: nodes.length - 1, squares };
  return { ...found, problem: { ...problem, most: MOST_SQUARES } };
}

// The squares of all inputs, with padding or zeros put in, and of all outputs.
export function squaresOf({ nodes, arriving, leaving }) {
  const product = (numbers) => numbers.reduce((all, one) => all * one, 1);
  return nodes.reduce((all, { layer }, n) => {
    const grids = arriving[n].map((shape) => {
      const sides = [0, 1].map((axis) => {
        const [first, last] = OPERATIONS[layer.op].placesOf(layer, axis, shape);
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
    const { resultOf } = OPERATIONS[layer.op];
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
    const operation = OPERATIONS[layer.op];
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
