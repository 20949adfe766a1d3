// What the page says in words and formulas: the arithmetic of an output, sizes, what is pointed at.

import { arithmetic } from "./arithmetic.mjs";
import { extent } from "./convolution.mjs";
import {
  EXTENT_RULE,
  extentWithNumbers,
  leavesOut,
  macsOf,
  matrixMacsOf,
  sizeOf,
  sizeRule,
  sizeWithNumbers,
  unread,
} from "./formulas.mjs";
import { element } from "./grids.mjs";
import { reachedSize } from "./moves.mjs";
import { shown } from "./numbers.mjs";
import { operationOf } from "./operations.mjs";
import { branchOf, elementName, walkOf, weightName } from "./painting.mjs";
import { isApart } from "./settings.mjs";

const AXIS_NAMES = ["rows", "columns"];

// The lines of a layer's arithmetic, [name, text]: of every output that is looked at.
export function arithmeticLines(view, say) {
  const { walks } = view;
  if (!walks.length) return [[say("result"), say("notRead")]];
  return walks.flatMap((walk) => {
    const lines = arithmetic(view, walk, say);
    const told = lines.map(([name, ...rest]) => [name, equation(...rest)]);
    const title = walks.length > 1 ? say("outputChannel", { channel: walk.place[0] }) : null;
    const result = [title ?? say("result"), shown(walk.result)];
    return [...told, result];
  });
}

function equation(text, value) {
  return text ? `${text} = ${shown(value)}` : shown(value);
}

const FORMULAS_OF = {
  convolution: (layer, say, ...axes) => [
    ...windowLines(layer, say, ...axes),
    macLine(macsOf(layer), say),
  ],
  pooling: windowLines,
  adaptive: reachedLines,
  matrix: (layer, say) => [macLine(matrixMacsOf(layer), say)],
  pad: paddedFormulas,
  resize: resizedFormulas,
};

// The formulas of a layer; a sequence, whose `rank` is 2, has no rows.
export function tellFormulas(box, layer, rank, say) {
  const axes = rank === 2 ? [1] : isApart(layer) ? [0, 1] : [0];
  const named = (axis) => (axes.length > 1 ? ` (${say(AXIS_NAMES[axis])})` : "");
  box.replaceChildren(...linesOf(FORMULAS_OF[layer.op](layer, say, axes, named)));
  if (layer.op !== "convolution" && layer.op !== "pooling") return;
  AXIS_NAMES.forEach((name, axis) => {
    const count = unread(layer, axis);
    if (count) box.append(element("p", "", say("unread", { count, axis: say(name) })));
    if (leavesOut(layer, axis)) box.append(element("p", "", say("leftOut", { axis: say(name) })));
  });
}

function windowLines(layer, say, axes, named) {
  return axes.flatMap((axis) => {
    const size = `${sizeRule(layer)} = ${sizeWithNumbers(layer, axis)} = ${sizeOf(layer, axis)}`;
    const wide = `${EXTENT_RULE} = ${extentWithNumbers(layer, axis)} = ${extent(layer, axis)}`;
    return [
      [say("outputSize") + named(axis), size],
      [say("extent") + named(axis), wide],
    ];
  });
}

function macLine({ rule, numbers, value }, say) {
  return [say("macs"), `${rule} = ${numbers} = ${value}`];
}

function paddedFormulas(layer, say, axes, named) {
  const { size, before, after } = layer;
  return axes.map((axis) => {
    const numbers = `${size[axis]} + ${before[axis]} + ${after[axis]}`;
    const told = `i + pb + pa = ${numbers} = ${reachedSize(layer, axis)}`;
    return [say("outputSize") + named(axis), told];
  });
}

// The size of each axis, and where output u lies on it.
function resizedFormulas(layer, say, axes, named) {
  return axes.flatMap((axis) => {
    const [i, o, s] = [layer.size[axis], reachedSize(layer, axis), layer.scale?.[axis]];
    const place = {
      nearest: `floor(u×${i} / ${o})`,
      bilinear: `max((u + 1/2)×${i}/${o} - 1/2, 0)`,
      aligned: o > 1 ? `u×(${i} - 1) / (${o} - 1)` : "0",
    }[layer.mode];
    return [
      [say("outputSize") + named(axis), s ? `i×s = ${i}×${s} = ${o}` : `${o}`],
      [say("liesAt") + named(axis), place],
    ];
  });
}

function reachedLines({ size, reached }, say, axes, named) {
  return axes.map((axis) => {
    const [i, o] = [size[axis], reached[axis]];
    const told = `floor(u*${i} / ${o}) … ceil((u + 1)*${i} / ${o}) - 1`;
    return [say("window") + named(axis), told];
  });
}

export function linesOf(lines) {
  return lines.map(([name, text]) => {
    const line = element("p");
    line.append(element("b", "", `${name}: `), text);
    return line;
  });
}

// Which outputs the input element that is pointed at feeds.
export function fedText(view, say) {
  if (!view) return say("pointHint");
  const { layer, data, arriving, from, wrap, pointed } = view;
  if (pointed.place) return readText(view, say);
  const { source, element: own } = pointed;
  const name = elementName(own, from[source], "input", say);
  const places = operationOf(layer)
    .fedBy(layer, data, source, own, arriving)
    .map((one) => one.place);
  const outputs = [...new Set(places.map((place) => place[0]))];
  const count = new Set(places.map((place) => place.slice(1).join())).size;
  if (!count) return say("feedsNothing", { name });
  if (count * outputs.length === 1) {
    return say("feedsThis", { name, output: elementName(places[0], wrap, "output", say) });
  }
  if (wrap) return say("feedsFeatures", { name, count });
  const counts = { count, channels: outputs.length, out: outputs[0] };
  return say(outputs.length === 1 ? "feedsOne" : "feeds", { name, ...counts });
}

// Which elements the output that is pointed at is made of.
function readText(view, say) {
  const { wrap, from, pointed } = view;
  const name = elementName(pointed.place, wrap, "output", say);
  const reads = walkOf(view, pointed.place).reads.filter((one) => one.element);
  if (!reads.length) return say("readsNothing", { name });
  const [{ source, element: own }] = reads;
  const input = elementName(own, from[source], "input", say);
  const count = new Set(reads.map((one) => `${one.source}:${one.element}`)).size;
  return count === 1 ? say("readsThis", { name, input }) : say("reads", { name, count });
}

// The name of a number that is picked, of a layer as the stage shows it.
export function numberName({ kind, place }, { layer, from }, say) {
  const matrix = layer.op === "matrix";
  if (kind === "bias") return say(matrix ? "featureBiasAt" : "biasAt", { output: place[0] });
  if (branchOf(kind) === null) return weightName(layer, place, say);
  return elementName(place, from[0], "input", say);
}

// Why there is no output.
export function problemText(problem, name, say) {
  const axis = say(AXIS_NAMES[problem.axis]);
  const where = name ? `${name}. ` : "";
  return `${say("noOutput")} ${where}${say(problem.name, { ...problem, axis })}`;
}
