// One convolution over rows and columns, plain or transposed: sizes, what an output reads, what it
// comes to. Nothing here knows the page.
//
// A layer is {transposed, channels, outChannels, groups, mode, bias, multiplier, size, kernel,
// stride, dilation, before, after, extra}; from `size` on each is [rows, columns]. A multiplier is
// null, or groups and outputs follow from the channels. Arrays are nested lists:
// input[channel][row][column], weight[output][n][row][column] for the nth channel that the output
// reads, bias[output], or null.

const AXES = [0, 1];

// Elements from the first tap to the last.
export function extent(layer, axis) {
  return layer.dilation[axis] * (layer.kernel[axis] - 1) + 1;
}

export function outputSize(layer, axis) {
  const ends = layer.before[axis] + layer.after[axis];
  const size = layer.size[axis];
  const stride = layer.stride[axis];
  if (layer.transposed) {
    return (size - 1) * stride - ends + extent(layer, axis) + layer.extra[axis];
  }
  return Math.floor((size + ends - extent(layer, axis)) / stride) + 1;
}

// [output channels, rows, columns].
export function outputShape(layer) {
  return [layer.outChannels, ...AXES.map((axis) => outputSize(layer, axis))];
}

// What makes a layer impossible, as {name, ...numbers}; null where nothing does.
export function problemOf(layer) {
  for (const axis of AXES) {
    if (outputSize(layer, axis) < 1) {
      const padded = layer.size[axis] + layer.before[axis] + layer.after[axis];
      if (layer.transposed) return { name: "nothingLeft", axis };
      return { name: "tooLong", axis, extent: extent(layer, axis), padded };
    }
    const padding = Math.max(layer.before[axis], layer.after[axis]);
    const most = layer.transposed ? Infinity : mostPadding(layer.mode, layer.size[axis]);
    if (padding > most) return { name: "tooMuchPadding", axis, padding, most };
  }
  return null;
}

// Reflection turns back once and does not repeat the end; a circle is gone round once.
export function mostPadding(mode, size) {
  const room = { reflect: -1, symmetric: 0, circular: 0 }[mode];
  return room === undefined ? Infinity : size + room;
}

// The element of an axis that stands at a place, padding below 0; null for a zero.
export function elementAt(place, size, mode) {
  if (place >= 0 && place < size) return place;
  const before = place < 0;
  switch (mode) {
    case "reflect":
      return before ? -place : 2 * size - 2 - place;
    case "symmetric":
      return before ? -1 - place : 2 * size - 1 - place;
    case "replicate":
      return before ? 0 : size - 1;
    case "circular":
      return before ? place + size : place - size;
    default:
      return null;
  }
}

// The element at a place of the axis that a window lies on: the padded input, or, of a transposed
// convolution, the input with s - 1 zeros between neighbours.
export function sourceAt(layer, axis, place) {
  const size = layer.size[axis];
  if (!layer.transposed) return elementAt(place, size, layer.mode);
  const stride = layer.stride[axis];
  const inside = place >= 0 && place < size * stride;
  return inside && place % stride === 0 ? place / stride : null;
}

// Where a tap of a window lies. Transposed: input j adds to the outputs j*s - pb + t*d, so that tap
// t of output u lies at z = u + pb - t*d, where element j stands at j*s.
export function placeOf(layer, axis, position, tap) {
  if (layer.transposed) return position + layer.before[axis] - tap * layer.dilation[axis];
  return position * layer.stride[axis] - layer.before[axis] + tap * layer.dilation[axis];
}

// The first place and the last of the axis that windows lie on.
export function placesOf(layer, axis) {
  const { size, stride, before, after } = layer;
  if (!layer.transposed) return [-before[axis], size[axis] + after[axis] - 1];
  const first = Math.min(before[axis] - extent(layer, axis) + 1, 0);
  const length = (size[axis] - 1) * stride[axis] + 1;
  return [first, Math.max(length, outputSize(layer, axis) + before[axis]) - 1];
}

// The input channels that an output channel reads.
export function channelsRead(layer, out) {
  const depth = layer.channels / layer.groups;
  const group = Math.floor(out / (layer.outChannels / layer.groups));
  return Array.from({ length: depth }, (_, n) => group * depth + n);
}

// The taps of a kernel. Of a transposed one from the last to the first, as it lies on its input.
export function tapsOf(layer) {
  const taps = [];
  for (let row = 0; row < layer.kernel[0]; row++) {
    for (let column = 0; column < layer.kernel[1]; column++) taps.push([row, column]);
  }
  return layer.transposed ? taps.reverse() : taps;
}

// One output step by step: {parts, bias, total, result}; each part is a channel with its factors.
export function sumOf(layer, arrays, [out, ...position]) {
  const taps = tapsOf(layer);
  const parts = channelsRead(layer, out).map((channel, n) => {
    const factors = taps.map((tap) => {
      const weight = arrays.weight[out][n][tap[0]][tap[1]];
      return factorOf(layer, arrays.input[channel], weight, position, tap);
    });
    return { channel, factors, sum: added(factors.map((one) => one.value * one.weight)) };
  });
  const total = added(parts.map((part) => part.sum));
  const bias = arrays.bias ? arrays.bias[out] : null;
  return { parts, bias, total, result: added([total, bias ?? 0]) };
}

function factorOf(layer, plane, weight, position, tap) {
  const place = AXES.map((axis) => placeOf(layer, axis, position[axis], tap[axis]));
  const source = AXES.map((axis) => sourceAt(layer, axis, place[axis]));
  const real = source.every((at) => at !== null);
  return {
    tap,
    place,
    source: real ? source : null,
    value: real ? plane[source[0]][source[1]] : 0,
    weight,
  };
}

// A sum; 0 where terms cancel but for their own rounding, as 1/3 + 2/3 - 1 may: each term and each
// sum is off by at most 2^-53 of itself. Of whole numbers nothing is lost.
export function added(values) {
  const sum = values.reduce((all, value) => all + value, 0);
  if (Number.isInteger(sum) || !Number.isFinite(sum)) return sum;
  const magnitudes = values.reduce((all, value) => all + Math.abs(value), 0);
  return Math.abs(sum) < values.length * Number.EPSILON * magnitudes ? 0 : sum;
}

// All outputs: [output][row][column].
export function outputsOf(layer, arrays) {
  const [channels, rows, columns] = outputShape(layer);
  return Array.from({ length: channels }, (_, out) =>
    Array.from({ length: rows }, (_, row) =>
      Array.from(
        { length: columns },
        (_, column) => sumOf(layer, arrays, [out, row, column]).result,
      ),
    ),
  );
}

// The outputs that an input element adds to, as {position, tap}; the same in each channel of its
// group. A border that copies the element may add it to one output more than once.
export function fedBy(layer, element) {
  const [rows, columns] = AXES.map((axis) => meetings(layer, axis, element[axis]));
  return rows.flatMap((row) =>
    columns.map((column) => ({ position: [row[0], column[0]], tap: [row[1], column[1]] })),
  );
}

// The output channels that read an input channel.
export function channelsFed(layer, channel) {
  const all = Array.from({ length: layer.outChannels }, (_, out) => out);
  return all.filter((out) => channelsRead(layer, out).includes(channel));
}

function meetings(layer, axis, element) {
  const found = [];
  for (let position = 0; position < outputSize(layer, axis); position++) {
    for (let tap = 0; tap < layer.kernel[axis]; tap++) {
      const place = placeOf(layer, axis, position, tap);
      if (sourceAt(layer, axis, place) === element) found.push([position, tap]);
    }
  }
  return found;
}

// The output after this one, or before it: row by row, then channel by channel, and round.
export function nextPlace(place, shape, by = 1) {
  const [channels, rows, columns] = shape;
  const count = channels * rows * columns;
  const at = (place[0] * rows + place[1]) * columns + place[2];
  const next = (at + by + count) % count;
  return [Math.floor(next / (rows * columns)), Math.floor(next / columns) % rows, next % columns];
}
