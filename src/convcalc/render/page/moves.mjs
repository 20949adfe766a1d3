// Elements in other places: padding, resizing by the nearest, and moves that add no number.
// Nothing here knows the page.
//
// A layer is {op: "move", how, numbers}, {op: "pad", mode, value, channels, size, before, after} or
// {op: "resize", mode, channels, size, scale, reached}. Shapes and places are [channel, row,
// column]; of features the columns alone are more than one.

import { elementAt, mostPadding } from "./convolution.mjs";

const productOf = (numbers) => numbers.reduce((all, one) => all * one, 1);

// The number of an element, counted along the last axis first, and the place of a number.
export function numberOf(place, shape) {
  return place.reduce((number, at, axis) => number * shape[axis] + at, 0);
}

export function placeOfNumber(number, [, rows, columns]) {
  const row = Math.floor(number / columns);
  return [Math.floor(row / rows), row % rows, number % columns];
}

const regrouped = (to) => ({
  shape: (layer, shape) => {
    const wanted = to(layer, shape);
    return productOf(wanted) === productOf(shape) ? wanted : null;
  },
  source: (layer, place, shape) =>
    placeOfNumber(numberOf(place, to(layer, shape)), shape),
});

const same = { shape: (_, shape) => shape, source: (_, place) => place };
const given = regrouped(({ numbers }) => numbers.to);
const moved = (place, axis, by) => place.with(axis, place[axis] + by);

// Of each move the shape of its output, null where the input does not fit, and the element that
// stands at a place of it.
const MOVED = {
  identity: same,
  dropout: same,
  flatten: regrouped((_, shape) => [1, 1, productOf(shape)]),
  reshape: given,
  unflatten: given,
  permute: {
    shape: ({ numbers }, shape) => numbers.order.map((axis) => shape[axis]),
    source: ({ numbers }, place) => [0, 1, 2].map((axis) => place[numbers.order.indexOf(axis)]),
  },
  slice: {
    shape: ({ numbers: { channels, axis } }, shape) =>
      channels[1] <= shape[axis] ? shape.with(axis, channels[1] - channels[0]) : null,
    source: ({ numbers: { channels, axis } }, place) => moved(place, axis, channels[0]),
  },
  crop: {
    shape: ({ numbers }, shape) => {
      const begins = begin(numbers, shape);
      const fits = (size, axis) => begins[axis] >= 0 && begins[axis] + size <= shape[axis + 1];
      return numbers.sizes.every(fits) ? [shape[0], ...numbers.sizes] : null;
    },
    source: ({ numbers }, [channel, row, column], shape) => {
      const [top, left] = begin(numbers, shape);
      return [channel, row + top, column + left];
    },
  },
  shuffle: {
    shape: ({ numbers: { groups, axis } }, shape) => (shape[axis] % groups ? null : shape),
    source: ({ numbers: { groups, axis } }, place, shape) => {
      const [at, group] = [Math.floor(place[axis] / groups), place[axis] % groups];
      return place.with(axis, group * (shape[axis] / groups) + at);
    },
  },
  pixelshuffle: {
    shape: ({ numbers: { factors } }, [channels, ...size]) =>
      channels % productOf(factors)
        ? null
        : [channels / productOf(factors), ...size.map((own, axis) => own * factors[axis])],
    source: ({ numbers: { factors } }, [channel, row, column]) => {
      const [down, across] = factors;
      const own = (channel * down + (row % down)) * across + (column % across);
      return [own, Math.floor(row / down), Math.floor(column / across)];
    },
  },
  pixelunshuffle: {
    shape: ({ numbers: { factors } }, [channels, ...size]) =>
      size.some((own, axis) => own % factors[axis])
        ? null
        : [channels * productOf(factors), ...size.map((own, axis) => own / factors[axis])],
    source: ({ numbers: { factors } }, [channel, row, column]) => {
      const [down, across] = factors;
      const offset = channel % (down * across);
      const [first, second] = [Math.floor(offset / across), offset % across];
      return [Math.floor(channel / (down * across)), row * down + first, column * across + second];
    },
  },
};

function begin({ sizes, offset }, shape) {
  return offset ?? sizes.map((size, axis) => Math.floor((shape[axis + 1] - size) / 2));
}

// The shape of the output; null where the input does not fit.
export function movedShape(layer, shape) {
  if (layer.op === "move") return MOVED[layer.how].shape(layer, shape);
  const sizes = [0, 1].map((axis) => reachedSize(layer, axis));
  return Math.min(...sizes) > 0 ? [shape[0], ...sizes] : null;
}

export function reachedSize(layer, axis) {
  const { size, scale, reached } = layer;
  if (layer.op === "pad") return size[axis] + layer.before[axis] + layer.after[axis];
  return scale ? size[axis] * scale[axis] : reached[axis];
}

// What makes a padding impossible, as of a convolution; null where nothing does.
export function padProblem(layer) {
  for (const axis of [0, 1]) {
    const ends = [layer.before[axis], layer.after[axis]];
    const real = layer.size[axis] + Math.min(ends[0], 0) + Math.min(ends[1], 0);
    if (real < 1) return { name: "nothingLeft", axis };
    const size = layer.mode === "circular" ? real : layer.size[axis];
    const [padding, most] = [Math.max(...ends), mostPadding(layer.mode, size)];
    if (padding > most) return { name: "tooMuchPadding", axis, padding, most };
  }
  return null;
}

// The element that stands at a place of the output; null where a padding adds a number.
export function movedFrom(layer, place, shape) {
  if (layer.op === "move") return MOVED[layer.how].source(layer, place, shape);
  const found = [0, 1].map((axis) =>
    layer.op === "pad"
      ? paddedFrom(layer, axis, place[axis + 1])
      : Math.floor((place[axis + 1] * shape[axis + 1]) / reachedSize(layer, axis)),
  );
  return found.includes(null) ? null : [place[0], ...found];
}

// A circle goes round what a crop has left; every other border looks at the whole axis.
function paddedFrom(layer, axis, position) {
  const [size, at] = [layer.size[axis], position - layer.before[axis]];
  if (layer.mode !== "circular") return elementAt(at, size, layer.mode);
  const [first, last] = [layer.before[axis], layer.after[axis]].map((end) => Math.max(0, -end));
  return elementAt(at - first, size - first - last, "circular") + first;
}

// How an output of a padding came there: "zero" for a number that is added, "copy" for an element
// that the border repeats, "" for one in its own place.
export function madeBy(layer, place, shape) {
  if (layer.op !== "pad") return "";
  const source = movedFrom(layer, place, shape);
  if (source === null) return "zero";
  const own = [0, 1].every((axis) => source[axis + 1] === place[axis + 1] - layer.before[axis]);
  return own ? "" : "copy";
}
