// What each operation does with its arrays: its shape, its outputs, and what an output reads.
// Nothing here knows the page.
//
// What is read for an output is {source, square, element, value, weight}: by which branch, where
// the window lies ([channel, row, column]), and which element stands there; null for padding and
// zeros.
// The `kernels` of an output are {channel, out, sum}: of which input channel the weights are shown,
// for which output, and what they come to.

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
import { mappedAt } from "./functions.mjs";
import { joinedAt, joinedBy, joinedShape } from "./joins.mjs";
import { madeBy, movedFrom, movedShape, padProblem } from "./moves.mjs";
import {
  pooledAt,
  pooledBy,
  pooledPlaces,
  pooledShape,
  poolingProblem,
} from "./pooling.mjs";
import { changed } from "./settings.mjs";
import { alongAxis, sharedAt } from "./shares.mjs";
import { matrixSum, resizedSum } from "./sums.mjs";

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
    const kernels = sum.parts.map((part) => ({ ...part, out: place[0] }));
    return { ...sum, kernels, reads, from: firstReal(reads) };
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

const SHARE = {
  ...FUNCTION,
  resultOf: (layer, data, place, shapes) => sharedAt(layer, shapes, data.inputs, place).result,
  walkOf: (layer, data, place, shapes) => {
    const share = sharedAt(layer, shapes, data.inputs, place);
    return { ...share, reads: share.elements.map(readOf), from: [place] };
  },
  fedBy: (layer, _, source, element, [shape]) =>
    alongAxis(layer, shape, element).map((place) => ({ place })),
};

const MATRIX = {
  fitted: (layer, shapes, [wrap]) => ({ ...sized(layer, shapes), wrap }),
  problemOf: () => null,
  shapeOf: ({ outFeatures }, [[channels, rows]]) => [channels, rows, outFeatures],
  placesOf: whole,
  sourceAt: standing,
  resultOf: (layer, data, place) => matrixSum(layer, data, place).result,
  walkOf: (layer, data, place) => {
    const sum = matrixSum(layer, data, place);
    const reads = sum.rows.flatMap(({ factors }) => factors.map(readOf));
    const kernels = [{ channel: place[0], out: place[2], sum: sum.total }];
    return { ...sum, kernels, reads, from: [[place[0], place[1], 0]] };
  },
  fedBy: ({ outFeatures }, { weight }, _, [channel, row, feature]) =>
    Array.from({ length: outFeatures }, (_, out) => ({
      place: [channel, row, out],
      weight: weight[out][0][0][feature],
    })),
};

const readOf = ({ place, value, weight }) => ({
  source: 0,
  square: place,
  element: place,
  value,
  weight,
});

const MOVE = {
  fitted: (layer, shapes) => (layer.op === "move" ? layer : sized(layer, shapes)),
  problemOf: moveProblem,
  shapeOf: (layer, [shape]) => movedShape(layer, shape),
  placesOf: whole,
  sourceAt: standing,
  madeBy: (layer, place, [shape]) => madeBy(layer, place, shape),
  resultOf: (layer, data, place, shapes) => copyAt(layer, data, place, shapes).result,
  walkOf: (layer, data, place, shapes) => {
    const { from, result } = copyAt(layer, data, place, shapes);
    const reads = from ? [{ source: 0, square: from, element: from, value: result }] : [];
    return { source: from, result, reads, from: [from ?? [place[0], 0, 0]] };
  },
  fedBy: (layer, data, _, element, [shape]) =>
    placesIn(movedShape(layer, shape))
      .filter((place) => movedFrom(layer, place, shape)?.join() === element.join())
      .map((place) => ({ place })),
};

function copyAt(layer, { inputs }, place, [shape]) {
  const from = movedFrom(layer, place, shape);
  return { from, result: from ? inputs[0][from[0]][from[1]][from[2]] : layer.value };
}

function moveProblem(layer, [shape]) {
  if (layer.op === "pad") return padProblem(layer);
  return movedShape(layer, shape) ? null : { name: "unfit", axis: 0, shape: shape.join("×") };
}

const LINEAR = {
  ...MOVE,
  resultOf: (layer, data, place) => resizedSum(layer, data.inputs[0][place[0]], place).result,
  walkOf: (layer, data, place) => {
    const sum = resizedSum(layer, data.inputs[0][place[0]], place);
    return { ...sum, reads: sum.factors.map(readOf), from: [sum.factors[0].place] };
  },
  fedBy: (layer, data, _, element, [shape]) =>
    placesIn(movedShape(layer, shape)).flatMap((place) => {
      if (place[0] !== element[0]) return [];
      const { factors } = resizedSum(layer, data.inputs[0][place[0]], place);
      const own = factors.find((one) => one.place.join() === element.join());
      return own ? [{ place, weight: own.weight }] : [];
    }),
};

function placesIn([channels, rows, columns]) {
  const list = (length, made) => Array.from({ length }, (_, n) => n).flatMap(made);
  return list(channels, (c) => list(rows, (y) => list(columns, (x) => [[c, y, x]])));
}

const OPERATIONS = {
  convolution: CONVOLUTION,
  pooling: POOLING,
  adaptive: ADAPTIVE,
  function: FUNCTION,
  join: JOIN,
  share: SHARE,
  matrix: MATRIX,
  pad: MOVE,
  move: MOVE,
};

export function operationOf(layer) {
  if (layer.op === "resize") return layer.mode === "nearest" ? MOVE : LINEAR;
  return OPERATIONS[layer.op];
}

// The element that a node before is looked at for: the first that is real.
function firstReal(reads) {
  return [reads.find((one) => one.element)?.element ?? [reads[0].square[0], 0, 0]];
}
