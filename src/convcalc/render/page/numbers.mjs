// The numbers of input, kernel and bias. Those that are known (of the file, or typed) are kept by
// their place, so that they come back when an array shrinks and grows; others are made up.

import { channelsRead } from "./convolution.mjs";

const WEIGHTS = [-1, 0, 1, 2, -2, 1, 0, -1];

export class Numbers {
  // `start` has the layer with its arrays.
  constructor(start) {
    this.known = new Map();
    const { layer, input, weight, bias } = start;
    input.forEach((plane, channel) => this.keepPlane("input", [channel], plane));
    weight.forEach((kernels, out) => {
      const channels = channelsRead(layer, out);
      kernels.forEach((plane, n) => this.keepPlane("weight", [out, channels[n]], plane));
    });
    (bias ?? []).forEach((value, out) => this.set("bias", [out], value));
  }

  keepPlane(kind, leading, plane) {
    plane.forEach((row, y) => row.forEach((value, x) => this.set(kind, [...leading, y, x], value)));
  }

  // Places: input (channel, row, column); weight (output, channel, row, column); bias (output).
  get(kind, place) {
    return this.known.get(`${kind}:${place}`) ?? madeUp(kind, place);
  }

  set(kind, place, value) {
    this.known.set(`${kind}:${place}`, value);
  }

  // The arrays that a layer computes with.
  arrays(layer) {
    const [rows, columns] = layer.size;
    const outputs = list(layer.outChannels);
    return {
      input: list(layer.channels).map((channel) => this.plane("input", [channel], rows, columns)),
      weight: outputs.map((out) =>
        channelsRead(layer, out).map((channel) =>
          this.plane("weight", [out, channel], ...layer.kernel),
        ),
      ),
      bias: layer.bias ? outputs.map((out) => this.get("bias", [out])) : null,
    };
  }

  plane(kind, leading, rows, columns) {
    return list(rows).map((y) => list(columns).map((x) => this.get(kind, [...leading, y, x])));
  }
}

export function list(count) {
  return Array.from({ length: count }, (_, n) => n);
}

// Small whole numbers that look as if they were drawn, the same every time.
export function madeUp(kind, place) {
  const number = mixed(place.reduce((sum, at) => sum * 31 + at + 1, kind.length));
  if (kind === "input") return number % 5;
  return kind === "bias" ? number % 3 : WEIGHTS[number % WEIGHTS.length];
}

// Mixes the bits of a number: Appleby, MurmurHash3, `fmix32`.
function mixed(number) {
  let bits = number >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

// A number as text: whole ones in full, others with so many digits.
export function shown(value, digits = 7) {
  if (!Number.isFinite(value)) return String(value);
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(digits)));
}
