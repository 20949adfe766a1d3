// The numbers of input, kernel and bias. Those that are known (of the file, or typed) are kept by
// their place, so that they come back when an array shrinks and grows; others are made up.

import { channelsRead } from "./convolution.mjs";

const WEIGHTS = [-1, 0, 1, 2, -2, 1, 0, -1];

export class Numbers {
  // `start` has the input, and the nodes with their weights.
  constructor({ input, nodes, weights }) {
    this.known = new Map();
    input.forEach((plane, channel) => this.keepPlane("input", -1, [channel], plane));
    nodes.forEach(({ layer }, node) => this.keepWeights(node, layer, weights[node]));
  }

  keepWeights(node, layer, { weight, bias }) {
    (weight ?? []).forEach((kernels, out) => {
      const channels = kernelsRead(layer, out);
      kernels.forEach((plane, n) => this.keepPlane("weight", node, [out, channels[n]], plane));
    });
    (bias ?? []).forEach((value, out) => this.set("bias", node, [out], value));
  }

  keepPlane(kind, node, leading, plane) {
    plane.forEach((row, y) =>
      row.forEach((value, x) => this.set(kind, node, [...leading, y, x], value)),
    );
  }

  // Places: input (channel, row, column) of node -1; of a node weight (output, channel, row,
  // column) and bias (output).
  get(kind, node, place) {
    return this.known.get(`${node} ${kind}:${place}`) ?? madeUp(kind, node, place);
  }

  set(kind, node, place, value) {
    this.known.set(`${node} ${kind}:${place}`, value);
  }

  // The input of a shape.
  input([channels, ...sides]) {
    return list(channels).map((channel) => this.plane("input", -1, [channel], ...sides));
  }

  // What a node computes with, beside its input.
  weights(node, layer) {
    if (!hasKernels(layer)) return {};
    const outputs = list(layer.outChannels ?? layer.outFeatures);
    return {
      weight: outputs.map((out) =>
        kernelsRead(layer, out).map((channel) =>
          this.plane("weight", node, [out, channel], ...(layer.kernel ?? [1, layer.size[1]])),
        ),
      ),
      bias: layer.bias ? outputs.map((out) => this.get("bias", node, [out])) : null,
    };
  }

  plane(kind, node, leading, rows, columns) {
    return list(rows).map((y) =>
      list(columns).map((x) => this.get(kind, node, [...leading, y, x])),
    );
  }
}

// Whether a layer has kernels; those of a matrix are its rows.
export function hasKernels(layer) {
  return layer.op === "convolution" || layer.op === "matrix";
}

// The input channels that an output has a kernel for; a matrix has one for all.
export function kernelsRead(layer, out) {
  return layer.op === "matrix" ? [0] : channelsRead(layer, out);
}

export function list(count) {
  return Array.from({ length: count }, (_, n) => n);
}

// Small whole numbers that look as if they were drawn, the same every time.
export function madeUp(kind, node, place) {
  const start = kind.length + 7 * Math.max(node, 0);
  const number = mixed(place.reduce((sum, at) => sum * 31 + at + 1, start));
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

const ROOM = 8;

// A number as text that a square has room for, with four digits or fewer.
export function shortly(value) {
  const texts = [4, 3, 2, 1].map((digits) => shown(value, digits));
  return texts.find((text) => text.length <= ROOM) ?? value.toExponential(1);
}
