// Layers to test with.

// A kernel of one tap on one element, but for what is said.
export function plain(fields) {
  return {
    transposed: false,
    channels: 1,
    outChannels: 1,
    groups: 1,
    mode: "zeros",
    bias: false,
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
