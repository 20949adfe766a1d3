// What each square of a layer shows, for the output that is looked at.
//
// A view is one layer of the page: {node, layer, arriving, leaving, sources, from, wrap, data,
// outputs, walks, pointed, picked}; `from` and `wrap` say how many features stand in a row.

import { kernelsRead, list, shortly, shown } from "./numbers.mjs";
import { operationOf } from "./operations.mjs";

// The name of the squares of a branch: input, input1, input2.
const branchName = (source) => `input${source || ""}`;

// The branch whose square has a name; null for squares of other kinds.
export function branchOf(kind) {
  return kind.startsWith("input") ? Number(kind.slice("input".length)) : null;
}

// The keys of the squares of an input channel, with the padding or the zeros put in.
export function inputKeys({ layer, arriving, from }, source, channel) {
  const [rows, columns] = [0, 1].map((axis) => {
    const [first, last] = operationOf(layer).placesOf(layer, axis, arriving[source]);
    return list(last - first + 1).map((n) => first + n);
  });
  const name = branchName(source);
  const keys = rows.map((row) => columns.map((column) => `${name}:${channel},${row},${column}`));
  return wrapped(keys, from[source]);
}

export function planeKeys(kind, leading, rows, columns, wrap = null) {
  const keys = list(rows).map((y) => list(columns).map((x) => `${kind}:${[...leading, y, x]}`));
  return wrapped(keys, wrap);
}

// Features in rows of so many; other keys as they are.
export function wrapped(keys, wrap) {
  if (!wrap) return keys;
  const rows = Math.ceil(keys[0].length / wrap);
  return list(rows).map((n) => keys[0].slice(n * wrap, (n + 1) * wrap));
}

export function placeIn(key) {
  const [kind, numbers] = key.split(":");
  return [kind, numbers.split(",").map(Number)];
}

// The element of a branch that stands at a square, as [channel, row, column]; null for zeros.
export function elementOf({ layer, arriving }, source, [channel, row, column]) {
  const { sourceAt } = operationOf(layer);
  const found = [row, column].map((at, axis) => sourceAt(layer, axis, at, arriving[source]));
  return found.includes(null) ? null : [channel, ...found];
}

// The square that a number stands in, itself and not a copy.
export function squareOf(layer, kind, place) {
  if (branchOf(kind) === null || !layer.transposed) return `${kind}:${place}`;
  const [channel, row, column] = place;
  return `${kind}:${channel},${row * layer.stride[0]},${column * layer.stride[1]}`;
}

// Returns a function from the key of a square to what `paint` shows.
export function painter(view, say) {
  const reads = readsByKey(view.walks);
  const asked = view.pointed?.place ? readsByKey([walkOf(view, view.pointed.place)]) : new Map();
  const spans = spansOf(view.walks);
  const fed = fedWeights(view);
  const places = view.walks.map((walk) => walk.place.join());
  return (key) => {
    const [kind, at] = placeIn(key);
    const branch = branchOf(kind);
    const painted =
      branch === null
        ? ownSquare(view, kind, at, { places, fed }, say)
        : inputSquare(view, branch, at, { read: reads.get(key), spans }, say);
    if (asked.has(key)) painted.kinds.push("fed");
    if (key === view.picked?.square) painted.kinds.push("picked");
    return painted;
  };
}

// What an output reads.
export function walkOf({ layer, data, arriving }, place) {
  return operationOf(layer).walkOf(layer, data, place, arriving);
}

// The name of an element that arrives or leaves.
export function elementName([channel, row, column], wrap, side, say) {
  if (wrap) return say(side === "input" ? "featureAt" : "outFeatureAt", { number: column });
  return say(side === "input" ? "inputAt" : "outputAt", { channel, row, column });
}

function square(value, kinds, name) {
  return { text: shortly(value), kinds, name: `${name}: ${shown(value)}` };
}

// A square of a kernel, a bias or an output.
function ownSquare(view, kind, at, { places, fed }, say) {
  const [first, second, row, column] = at;
  if (kind === "bias") {
    const name = view.layer.op === "matrix" ? "featureBiasAt" : "biasAt";
    return square(view.data.bias[first], ["weight"], say(name, { output: first }));
  }
  if (kind === "weight") {
    const n = kernelsRead(view.layer, first).indexOf(second);
    const name = weightName(view.layer, at, say);
    return square(view.data.weight[first][n][row][column], ["weight"], name);
  }
  const here = places.includes(at.join());
  const isFed = fed.has(at.join());
  const asked = at.join() === view.pointed?.place?.join();
  const made = operationOf(view.layer).madeBy?.(view.layer, at, view.arriving) ?? "";
  const kinds = [here ? "result" : made, isFed || asked ? "fed" : ""];
  const name = elementName(at, view.wrap, "output", say);
  const weight = fed.get(at.join());
  const tap = isFed && weight !== undefined ? `×${shortly(weight)}` : "";
  return { ...square(view.outputs[first][second][row], kinds, name), tap, selected: here };
}

// The name of a weight; a row of a matrix has one for each feature.
export function weightName(layer, [output, channel, row, column], say) {
  if (layer.op === "matrix") return say("rowWeightAt", { output, number: column });
  return say("weightAt", { output, channel, row, column });
}

function inputSquare(view, source, at, { read, spans }, say) {
  const [channel, row, column] = at;
  const element = elementOf(view, source, at);
  const value = element === null ? 0 : view.data.inputs[source][channel][element[1]][element[2]];
  const hole = !read && isSpanned(spans, source, at);
  const kinds = [made(view.layer, at, element), read ? "read" : hole ? "hole" : ""];
  const name = nameOf(view, source, element, [row, column], say);
  if (element === null && view.layer.how === "max") return { text: "", kinds, name };
  const own = square(value, kinds, name);
  if (read?.weight === undefined) return own;
  const tap = `×${shortly(read.weight)}`;
  return { ...own, tap, name: `${own.name}, ${say("times", { weight: shown(read.weight) })}` };
}

function made(layer, [, row, column], element) {
  if (element === null) return "zero";
  const moved = !layer.transposed && (element[1] !== row || element[2] !== column);
  return moved ? "copy" : "";
}

function nameOf({ layer, from }, source, element, [row, column], say) {
  if (element === null) {
    const inside = layer.transposed && row >= 0 && column >= 0;
    return say(inside ? "zeroAt" : "paddingAt");
  }
  const [channel, y, x] = element;
  if (made(layer, [channel, row, column], element)) return say("copyAt", { row: y, column: x });
  return elementName(element, from[source], "input", say);
}

function readsByKey(walks) {
  const reads = new Map();
  for (const read of walks.flatMap((walk) => walk.reads)) {
    reads.set(`${branchName(read.source)}:${read.square}`, read);
  }
  return reads;
}

// Of each channel the first place and the last that are read: {source, channel, first, last}.
function spansOf(walks) {
  const spans = new Map();
  for (const { source, square: at } of walks.flatMap((walk) => walk.reads)) {
    const key = `${source},${at[0]}`;
    const { first = at, last = at } = spans.get(key) ?? {};
    const edge = (pick, other) => at.map((own, axis) => pick(own, other[axis]));
    spans.set(key, { first: edge(Math.min, first), last: edge(Math.max, last) });
  }
  return spans;
}

// Whether a place lies within the window, on a tap or between taps.
function isSpanned(spans, source, at) {
  const span = spans.get(`${source},${at[0]}`);
  if (!span) return false;
  return at.every((own, axis) => span.first[axis] <= own && own <= span.last[axis]);
}

// The outputs that an input element feeds, each with the weight that the element has in it; where
// a border copies the element, with the sum of its weights.
function fedWeights({ layer, arriving, data, pointed }) {
  const weights = new Map();
  if (!pointed?.element) return weights;
  const { source, element } = pointed;
  const fed = operationOf(layer).fedBy(layer, data, source, element, arriving);
  for (const { place, weight } of fed) {
    const more = weights.get(place.join()) ?? 0;
    weights.set(place.join(), weight === undefined ? undefined : more + weight);
  }
  return weights;
}
