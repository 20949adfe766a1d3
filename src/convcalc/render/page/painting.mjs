// What each square of the page shows, for the output that is looked at.

import { channelsFed, channelsRead, fedBy, placesOf, sourceAt, sumOf } from "./convolution.mjs";
import { list, shown } from "./numbers.mjs";

export const SQUARE_DIGITS = 4;

// The keys of the squares of an input channel, with the padding or the zeros put in.
export function inputKeys(layer, channel) {
  const [rows, columns] = [0, 1].map((axis) => {
    const [first, last] = placesOf(layer, axis);
    return list(last - first + 1).map((n) => first + n);
  });
  return rows.map((row) => columns.map((column) => `input:${channel},${row},${column}`));
}

export function planeKeys(kind, leading, rows, columns) {
  return list(rows).map((y) => list(columns).map((x) => `${kind}:${[...leading, y, x]}`));
}

export function placeIn(key) {
  const [kind, numbers] = key.split(":");
  return [kind, numbers.split(",").map(Number)];
}

// The input element of a square, as [channel, row, column]; null for zeros.
export function elementOf(layer, [channel, row, column]) {
  const source = [sourceAt(layer, 0, row), sourceAt(layer, 1, column)];
  return source.includes(null) ? null : [channel, ...source];
}

// The square that a number stands in, itself and not a copy.
export function squareOf(layer, kind, place) {
  if (kind !== "input" || !layer.transposed) return `${kind}:${place}`;
  const [channel, row, column] = place;
  return `input:${channel},${row * layer.stride[0]},${column * layer.stride[1]}`;
}

// Returns a function from the key of a square to what `paint` shows.
export function painter({ layer, arrays, outputs, place, pointed, picked }, say) {
  const sum = sumOf(layer, arrays, place);
  const taps = tapsByPlace(sum);
  const fed = fedWeights(layer, arrays, pointed);
  const of = {
    input: (at, key) => inputSquare(layer, arrays, at, taps, say, spanned(sum, at), key),
    weight: ([out, channel, row, column]) => {
      const n = channelsRead(layer, out).indexOf(channel);
      const value = arrays.weight[out][n][row][column];
      return square(value, ["weight"], say("weightAt", { output: out, channel, row, column }));
    },
    bias: ([out]) => square(arrays.bias[out], ["weight"], say("biasAt", { output: out })),
    output: ([channel, row, column]) => {
      const here = [channel, row, column].join() === place.join();
      const weight = fed.get(`${channel},${row},${column}`);
      const kinds = [here ? "result" : "", weight === undefined ? "" : "fed"];
      const name = say("outputAt", { channel, row, column });
      const tap = weight === undefined ? "" : `×${shown(weight, SQUARE_DIGITS)}`;
      return { ...square(outputs[channel][row][column], kinds, name), tap, selected: here };
    },
  };
  return (key) => {
    const [kind, at] = placeIn(key);
    const painted = of[kind](at, key);
    if (key === picked?.square) painted.kinds.push("picked");
    return painted;
  };
}

function square(value, kinds, name) {
  return { text: shown(value, SQUARE_DIGITS), kinds, name: `${name}: ${shown(value)}` };
}

function inputSquare(layer, arrays, at, taps, say, hole, key) {
  const [channel, row, column] = at;
  const element = elementOf(layer, at);
  const factor = taps.get(key);
  const value = element === null ? 0 : arrays.input[channel][element[1]][element[2]];
  const kinds = [made(layer, at, element), factor ? "read" : hole ? "hole" : ""];
  const own = square(value, kinds, nameOf(layer, element, row, column, say));
  if (!factor) return own;
  const tap = `×${shown(factor.weight, SQUARE_DIGITS)}`;
  return { ...own, tap, name: `${own.name}, ${say("times", { weight: shown(factor.weight) })}` };
}

function made(layer, [, row, column], element) {
  if (element === null) return "zero";
  const moved = !layer.transposed && (element[1] !== row || element[2] !== column);
  return moved ? "copy" : "";
}

function nameOf(layer, element, row, column, say) {
  if (element === null) {
    const inside = layer.transposed && row >= 0 && column >= 0;
    return say(inside ? "zeroAt" : "paddingAt");
  }
  const [channel, y, x] = element;
  if (made(layer, [channel, row, column], element)) return say("copyAt", { row: y, column: x });
  return say("inputAt", { channel, row: y, column: x });
}

function tapsByPlace(sum) {
  const taps = new Map();
  for (const { channel, factors } of sum.parts) {
    for (const factor of factors) taps.set(`input:${channel},${factor.place}`, factor);
  }
  return taps;
}

// Whether a place lies within the window, on a tap or between taps.
function spanned(sum, [channel, row, column]) {
  const part = sum.parts.find((one) => one.channel === channel);
  if (!part) return false;
  const [first, last] = [part.factors[0].place, part.factors[part.factors.length - 1].place];
  return first[0] <= row && row <= last[0] && first[1] <= column && column <= last[1];
}

// The outputs that an input element feeds, each with the weight that the element has in it; where
// a border copies the element, with the sum of its weights.
function fedWeights(layer, arrays, pointed) {
  const weights = new Map();
  if (pointed === null) return weights;
  const [channel, ...element] = pointed;
  for (const out of channelsFed(layer, channel)) {
    const kernel = arrays.weight[out][channelsRead(layer, out).indexOf(channel)];
    for (const { position, tap } of fedBy(layer, element)) {
      const key = `${[out, ...position]}`;
      weights.set(key, (weights.get(key) ?? 0) + kernel[tap[0]][tap[1]]);
    }
  }
  return weights;
}

// The lines of arithmetic of an output: [name, expression, value].
export function arithmetic(sum, say) {
  const lines = sum.parts.map(({ channel, factors, sum: part }) => [
    say("channelSum", { channel }),
    factors.map((one) => `${shown(one.value)}×${signed(one.weight)}`).join(" + "),
    part,
  ]);
  if (sum.parts.length > 1) {
    const sums = sum.parts.map((part) => signed(part.sum)).join(" + ");
    lines.push([say("sumOverChannels"), sums, sum.total]);
  }
  if (sum.bias !== null) {
    lines.push([say("withBias"), `${shown(sum.total)} + ${signed(sum.bias)}`, sum.result]);
  }
  return lines;
}

function signed(value) {
  return value < 0 ? `(${shown(value)})` : shown(value);
}
