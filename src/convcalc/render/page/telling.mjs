// What the page says in words and formulas: the arithmetic of an output, sizes, what is pointed at.

import { arithmetic } from "./arithmetic.mjs";
import { extent } from "./convolution.mjs";
import {
  EXTENT_RULE,
  extentWithNumbers,
  leavesOut,
  macsOf,
  sizeOf,
  sizeRule,
  sizeWithNumbers,
  unread,
} from "./formulas.mjs";
import { element } from "./grids.mjs";
import { OPERATIONS } from "./network.mjs";
import { shown } from "./numbers.mjs";
import { branchOf } from "./painting.mjs";
import { isApart } from "./settings.mjs";

const AXIS_NAMES = ["rows", "columns"];

// The lines of a layer's arithmetic, [name, text]: of every output that is looked at.
export function arithmeticLines({ layer, walks }, say) {
  if (!walks.length) return [[say("result"), say("notRead")]];
  return walks.flatMap((walk) => {
    const lines = arithmetic(layer, walk, say);
    const told = lines.map(([name, text, value]) => [name, `${text} = ${shown(value)}`]);
    const title = walks.length > 1 ? say("outputChannel", { channel: walk.place[0] }) : null;
    const result = [title ?? say("result"), shown(walk.result)];
    return [...told, result];
  });
}

export function tellFormulas(box, layer, say) {
  const lines = layer.op === "adaptive" ? reachedLines(layer, say) : windowLines(layer, say);
  if (layer.op === "convolution") {
    const macs = macsOf(layer);
    lines.push([say("macs"), `${macs.rule} = ${macs.numbers} = ${macs.value}`]);
  }
  box.replaceChildren(...linesOf(lines));
  if (layer.op === "adaptive") return;
  AXIS_NAMES.forEach((name, axis) => {
    const count = unread(layer, axis);
    if (count) box.append(element("p", "", say("unread", { count, axis: say(name) })));
    if (leavesOut(layer, axis)) box.append(element("p", "", say("leftOut", { axis: say(name) })));
  });
}

function windowLines(layer, say) {
  const alike = !isApart(layer);
  return (alike ? [0] : [0, 1]).flatMap((axis) => axisLines(layer, axis, alike, say));
}

function axisLines(layer, axis, alike, say) {
  const name = alike ? "" : ` (${say(AXIS_NAMES[axis])})`;
  const size = `${sizeRule(layer)} = ${sizeWithNumbers(layer, axis)} = ${sizeOf(layer, axis)}`;
  const wide = `${EXTENT_RULE} = ${extentWithNumbers(layer, axis)} = ${extent(layer, axis)}`;
  return [
    [say("outputSize") + name, size],
    [say("extent") + name, wide],
  ];
}

function reachedLines({ size, reached }, say) {
  return AXIS_NAMES.map((name, axis) => {
    const [i, o] = [size[axis], reached[axis]];
    return [say(name), `floor(u*${i} / ${o}) … ceil((u + 1)*${i} / ${o}) - 1`];
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
  const { layer, data, arriving, pointed } = view;
  const [channel, row, column] = pointed.element;
  const fed = OPERATIONS[layer.op].fedBy(layer, data, pointed.source, pointed.element, arriving);
  const outputs = [...new Set(fed.map((one) => one.place[0]))];
  const positions = new Set(fed.map((one) => one.place.slice(1).join()));
  const name = outputs.length === 1 ? "feedsOne" : "feeds";
  const values = { channel, row, column, count: positions.size };
  const more = { channels: outputs.length, out: outputs[0] };
  return say(positions.size ? name : "feedsNothing", { ...values, ...more });
}

export function numberName({ kind, place }, say) {
  const [first, second, third, fourth] = place;
  if (kind === "bias") return say("biasAt", { output: first });
  if (branchOf(kind) === null)
    return say("weightAt", { output: first, channel: second, row: third, column: fourth });
  return say("inputAt", { channel: first, row: second, column: third });
}

// Why there is no output.
export function problemText(problem, name, say) {
  const axis = say(AXIS_NAMES[problem.axis]);
  const where = name ? `${name}. ` : "";
  return `${say("noOutput")} ${where}${say(problem.name, { ...problem, axis })}`;
}
