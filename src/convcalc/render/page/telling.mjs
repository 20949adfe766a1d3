// What the page says in words and formulas: the arithmetic of an output, sizes, what is pointed at.

import { channelsFed, extent, fedBy, outputShape, sumOf } from "./convolution.mjs";
import {
  EXTENT_RULE,
  SIZE_RULE,
  TRANSPOSED_RULE,
  extentWithNumbers,
  macsOf,
  sizeWithNumbers,
  unread,
} from "./formulas.mjs";
import { element } from "./grids.mjs";
import { shown } from "./numbers.mjs";
import { arithmetic } from "./painting.mjs";
import { isApart } from "./settings.mjs";

const AXIS_NAMES = ["rows", "columns"];

// The lines of an output's arithmetic, and the sum of each channel beside its kernel.
export function tellArithmetic(box, { layer, arrays, place }, say) {
  const sum = sumOf(layer, arrays, place);
  for (const part of sum.parts) {
    const beside = document.querySelector(`.sum[data-channel="${part.channel}"]`);
    beside.textContent = `= ${shown(part.sum)}`;
  }
  const lines = arithmetic(sum, say).map((line) => [line[0], `${line[1]} = ${shown(line[2])}`]);
  showLines(box, [...lines, [say("result"), shown(sum.result)]]);
}

export function tellFormulas(box, layer, say) {
  const alike = !isApart(layer);
  const lines = (alike ? [0] : [0, 1]).flatMap((axis) => axisLines(layer, axis, alike, say));
  const macs = macsOf(layer);
  lines.push([say("macs"), `${macs.rule} = ${macs.numbers} = ${macs.value}`]);
  showLines(box, lines);
  AXIS_NAMES.forEach((name, axis) => {
    const count = unread(layer, axis);
    if (count) box.append(element("p", "", say("unread", { count, axis: say(name) })));
  });
}

function axisLines(layer, axis, alike, say) {
  const name = alike ? "" : ` (${say(AXIS_NAMES[axis])})`;
  const rule = layer.transposed ? TRANSPOSED_RULE : SIZE_RULE;
  const size = `${rule} = ${sizeWithNumbers(layer, axis)} = ${outputShape(layer)[axis + 1]}`;
  const wide = `${EXTENT_RULE} = ${extentWithNumbers(layer, axis)} = ${extent(layer, axis)}`;
  return [
    [say("outputSize") + name, size],
    [say("extent") + name, wide],
  ];
}

function showLines(box, lines) {
  const made = lines.map(([name, text]) => {
    const line = element("p");
    line.append(element("b", "", `${name}: `), text);
    return line;
  });
  box.replaceChildren(...made);
}

// Which outputs the input element that is pointed at feeds.
export function fedText({ layer, pointed }, say) {
  if (pointed === null) return say("pointHint");
  const [channel, row, column] = pointed;
  const positions = new Set(fedBy(layer, [row, column]).map((one) => one.position.join()));
  const outputs = channelsFed(layer, channel);
  const name = outputs.length === 1 ? "feedsOne" : "feeds";
  const values = { channel, row, column, count: positions.size };
  const more = { channels: outputs.length, out: outputs[0] };
  return say(positions.size ? name : "feedsNothing", { ...values, ...more });
}

export function numberName({ kind, place }, say) {
  const [first, second, third, fourth] = place;
  if (kind === "input") return say("inputAt", { channel: first, row: second, column: third });
  if (kind === "bias") return say("biasAt", { output: first });
  return say("weightAt", { output: first, channel: second, row: third, column: fourth });
}

// Why there is no output.
export function problemText(problem, say) {
  const axis = say(AXIS_NAMES[problem.axis]);
  return `${say("noOutput")} ${say(problem.name, { ...problem, axis })}`;
}
