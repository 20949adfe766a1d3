// The arithmetic of an output in lines, each [name, expression, value].

import { numberOf, reachedSize } from "./moves.mjs";
import { shown } from "./numbers.mjs";
import { elementName } from "./painting.mjs";

export function arithmetic(view, walk, say) {
  const lines = {
    convolution: sumLines,
    pooling: pooledLines,
    adaptive: pooledLines,
    function: functionLines,
    join: joinLines,
    share: shareLines,
    matrix: matrixLines,
    pad: moveLines,
    move: moveLines,
    resize: walk.factors ? resizedLines : moveLines,
  };
  return lines[view.layer.op](view.layer, walk, say, view);
}

const productsOf = (factors) =>
  factors.map((one) => `${shown(one.value)}×${signed(one.weight)}`).join(" + ");

function sumLines(_, sum, say) {
  const lines = sum.parts.map(({ channel, factors, sum: part }) => [
    say("channelSum", { channel }),
    productsOf(factors),
    part,
  ]);
  if (sum.parts.length > 1) {
    const sums = sum.parts.map((part) => signed(part.sum)).join(" + ");
    lines.push([say("sumOverChannels"), sums, sum.total]);
  }
  return [...lines, ...biasLines(sum, say)];
}

function biasLines({ total, bias, result }, say) {
  if (bias === null) return [];
  return [[say("withBias"), `${shown(total)} + ${signed(bias)}`, result]];
}

// A line for each row of features that the page shows.
function matrixLines(_, sum, say, { from }) {
  const name = from[0] ? "featureSum" : "columnSum";
  const lines = sum.rows.map(({ first, last, factors, sum: part }) => [
    say(name, { first, last }),
    productsOf(factors),
    part,
  ]);
  if (sum.rows.length > 1) {
    const sums = sum.rows.map((row) => signed(row.sum)).join(" + ");
    lines.push([say("sumOfAll"), sums, sum.total]);
  }
  return [...lines, ...biasLines(sum, say)];
}

function resizedLines(_, { factors, result }, say) {
  return [[say("shares"), productsOf(factors), result]];
}

// Where the element comes from, and what that follows from.
function moveLines(layer, { place, source, result }, say, view) {
  if (source === null) return [[say("addedBy"), "", result]];
  const origin = elementName(source, view.from[0], "input", say);
  const lines = [[say("copyOf"), origin, result]];
  if (layer.how === "flatten" && view.rank > 1) {
    const [, rows, columns] = view.arriving[0];
    const [c, y, x] = source;
    const numbers = `(c×H + y)×W + x = (${c}×${rows} + ${y})×${columns} + ${x}`;
    lines.unshift([say("number"), numbers, numberOf(source, view.arriving[0])]);
  }
  return layer.op === "resize" ? [...nearestLines(layer, place, source, say), ...lines] : lines;
}

function nearestLines(layer, place, source, say) {
  return ["rows", "columns"].map((name, axis) => {
    const numbers = `${place[axis + 1]}×${layer.size[axis]} / ${reachedSize(layer, axis)}`;
    return [say(name), `floor(u×i / o) = floor(${numbers})`, source[axis + 1]];
  });
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

function functionLines(_, { value, own, piece, result }, say) {
  const name = say("function") + (piece.case && `, ${piece.case.replace("<=", "≤")}`);
  const letters = lettersOf(piece.text);
  const numbers = putIn(piece.text, { x: value, ...own });
  return [[name, letters === numbers ? letters : `${letters} = ${numbers}`, result]];
}

const asTold = (text) => text.replaceAll(" * ", " × ");

// A formula in letters.
export function lettersOf(text) {
  return asTold(text.replace(/\{\(?(\w+)\)?\}/g, "$1"));
}

// A formula with numbers put in, in parentheses where it asks for them; weights that are not known
// stay letters.
export function putIn(text, numbers) {
  const told = text.replace(/\{(\()?(\w+)\)?\}/g, (_, wraps, name) => {
    if (numbers[name] === undefined) return name;
    return wraps ? signed(numbers[name]) : shown(numbers[name]);
  });
  return asTold(told);
}

function shareLines({ formula, text, term }, { value, elements, result }, say) {
  const terms = elements.map((one) => putIn(term, { x: one.value })).join(" + ");
  const numbers = putIn(text.replace("{sum}", terms), { x: value });
  return [[say("function"), `${formula.replace("sum of", "Σ")} = ${numbers}`, result]];
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
