// Layers to test with.

// A kernel of one tap on one element, but for what is said.
export function plain(fields) {
  return {
    op: "convolution",
    transposed: false,
    channels: 1,
    outChannels: 1,
    groups: 1,
    mode: "zeros",
    bias: false,
    multiplier: null,
    size: [1, 1],
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    before: [0, 0],
    after: [0, 0],
    extra: [0, 0],
    ...fields,
  };
}

// A pooling of one element on one element, but for what is said.
export function pool(fields) {
  return {
    op: "pooling",
    how: "max",
    exponent: 1,
    ceil: false,
    include: true,
    channels: 1,
    size: [1, 1],
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    before: [0, 0],
    after: [0, 0],
    ...fields,
  };
}
