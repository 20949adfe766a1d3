// Functions of single elements. Nothing here knows the page.
//
// A layer is {op: "function", how, numbers, along, pieces}: its parameters, the axis along which it
// has weights, and its formula in pieces {text, case, bound, strict}, each for the elements up to a
// bound.

const { abs, exp, expm1, log1p, max, min, tanh } = Math;

const clip = (x, least, most) => min(max(x, least), most);
const softplus = (x) => max(x, 0) + log1p(exp(-abs(x)));
const bent = (x, slope) => (x > 0 ? x : x * slope);

// Source: Klambauer et al., "Self-Normalizing Neural Networks" (2017), relation 14.
const [SELU_ALPHA, SELU_SCALE] = [1.6732632423543772, 1.0507009873554805];

// Of each function its value, from an element, its parameters and its weights.
export const FUNCTIONS = {
  relu: (x) => max(x, 0),
  relu6: (x) => clip(x, 0, 6),
  hardtanh: (x, { min_val, max_val }) => clip(x, min_val, max_val),
  leakyrelu: (x, { negative_slope }) => bent(x, negative_slope),
  rrelu: (x, { lower, upper }) => bent(x, (lower + upper) / 2),
  prelu: (x, _, { weight = 1 }) => bent(x, weight),
  sigmoid: (x) => 1 / (exp(-x) + 1),
  silu: (x) => x / (exp(-x) + 1),
  gelu: (x, { approximate }) => (approximate === "tanh" ? geluTanh(x) : gelu(x)),
  softsign: (x) => x / (abs(x) + 1),
  tanh: (x) => tanh(x),
  hardsigmoid: (x) => clip(x + 3, 0, 6) / 6,
  hardswish: (x) => (x * clip(x + 3, 0, 6)) / 6,
  elu: (x, { alpha }) => (x > 0 ? x : expm1(x) * alpha),
  selu: (x) => (x > 0 ? x : expm1(x) * SELU_ALPHA) * SELU_SCALE,
  celu: (x, { alpha }) => (x > 0 ? x : expm1(x / alpha) * alpha),
  softplus: (x, { beta, threshold }) =>
    x * beta > threshold ? x : softplus(x * beta) / beta,
  logsigmoid: (x) => -softplus(-x),
  mish: (x) => x * tanh(softplus(x)),
  hardshrink: (x, { lambd }) => (abs(x) <= lambd ? 0 : x),
  softshrink: (x, { lambd }) => x - clip(x, -lambd, lambd),
  tanhshrink: (x) => (abs(x) <= 1 ? tanhshrink(x) : x - tanh(x)),
  threshold: (x, { threshold, value }) => (x <= threshold ? value : x),
  bn: (x, { eps }, { mean = 0, var: variance = 1, weight = 1, bias = 0 }) => {
    const scale = (variance + eps) ** -0.5 * weight;
    return x * scale + (bias - mean * scale);
  },
  layerscale: (x, _, { weight = 1 }) => x * weight,
};

const gelu = (x) => x * 0.5 * erfc(x * -Math.SQRT1_2);

// (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)) keeps its digits far below 0.
function geluTanh(x) {
  const factor = -2 * (2 / Math.PI) ** 0.5;
  return x / (exp(x * (x * x * (0.044715 * factor) + factor)) + 1);
}

// 1 - erf(x). Up to 2 by the series of erf, whose terms are positive; beyond by the continued
// fraction, which keeps its digits. Source: Abramowitz and Stegun (1964), 7.1.6 and 7.1.14.
export function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  if (x > 2) {
    let below = x;
    for (let n = 60; n > 0; n--) below = x + n / 2 / below;
    return exp(-x * x) / below / Math.PI ** 0.5;
  }
  let [sum, term] = [0, x];
  for (let n = 1; n < 60; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return 1 - (2 * exp(-x * x) * sum) / Math.PI ** 0.5;
}

// x - tanh(x) near 0, where it would cancel. Source: Lambert's continued fraction of tanh.
function tanhshrink(x) {
  const square = x * x;
  let below = square / 17 + 15;
  for (const odd of [13, 11, 9, 7, 5, 3]) below = square / below + odd;
  return (x * square) / (below + square);
}

// The function of an element: {value, own, piece, result}, `own` being the weights of its channel.
// Channels that were not there at the start have none.
export function mappedAt(layer, data, place) {
  const value = data.inputs[0][place[0]][place[1]][place[2]];
  const weights = Object.entries(data.own ?? {}).map(([name, list]) => [
    name,
    list[list.length > 1 ? place[layer.along] : 0],
  ]);
  const own = Object.fromEntries(weights.filter(([, number]) => number !== undefined));
  const result = FUNCTIONS[layer.how](value, layer.numbers, own);
  return { value, own, piece: pieceOf(layer.pieces, value), result };
}

// The piece of a formula that an element belongs to.
export function pieceOf(pieces, value) {
  const inside = ({ bound, strict }) => value < bound || (value === bound && !strict);
  return pieces.find((one) => one.bound === null || inside(one));
}
