// The arithmetic of an output in lines, each [name, expression, value].

import { FUNCTIONS } from "./functions.mjs";
import { shown } from "./numbers.mjs";

export function arithmetic(layer, walk, say) {
  const lines = {
    convolution: sumLines,
    pooling: pooledLines,
    adaptive: pooledLines,
    function: functionLines,
    join: joinLines,
  };
  return lines[layer.op](layer, walk, say);
}

function sumLines(_, sum, say) {
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

function pooledLines(layer, { how, elements, divisor, taps, result }, say) {
  const read = how === "max" ? elements.filter((one) => one.source) : elements;
  const values = read.map((one) => (how === "max" ? shown(one.value) : signed(one.value)));
  if (how === "max") return [[say("largest"), `max(${values.join(", ")})`, result]];
  if (how === "mean") return [[say("mean"), `(${values.join(" + ")}) / ${divisor}`, result]];
  const powers = values.map((value) => `${value}^${layer.exponent}`).join(" + ");
  const whole = layer.ceil ? `(${powers}) × ${taps}/${divisor}` : powers;
  return [[say("norm"), `(${whole})^(1/${layer.exponent})`, result]];
}

function functionLines(layer, { value, scale, shift, result }, say) {
  if (layer.how === "affine") {
    return [[say("scaled"), `${shown(value)}×${signed(scale)} + ${signed(shift)}`, result]];
  }
  const told = FUNCTIONS[layer.how][1](shown(value), signed(value), layer.number);
  return [[say("function"), told, result]];
}

function joinLines(_, { how, values, result }, say) {
  if (how === "choice") {
    const branch = values.findIndex((value) => value !== null);
    return [[say("fromBranch"), `${branch}`, result]];
  }
  const sign = how === "sum" ? " + " : " × ";
  return [[say(how), values.map(signed).join(sign), result]];
}

function signed(value) {
  return value < 0 ? `(${shown(value)})` : shown(value);
}
