// The grids of the page: input channels with their kernels, outputs, and what the colours mean.

import { channelsRead, outputShape } from "./convolution.mjs";
import { element, gridOf, paint } from "./grids.mjs";
import { list } from "./numbers.mjs";
import { inputKeys, painter, planeKeys } from "./painting.mjs";

const LEGEND = ["read", "hole", "zero", "copy", "weight", "result", "fed"];

export function buildStage(stage, page, say) {
  const [inputs, outputs, legend] = stage.children;
  stage.className = `stage ${sizeFor(inputKeys(page.layer, 0)[0].length)}`;
  inputs.replaceChildren();
  outputs.replaceChildren(...outputBoxes(page, say));
  legend.replaceChildren(...LEGEND.map((kind) => legendItem(kind, say)));
}

// The size of all squares, so that input and output find room beside each other.
function sizeFor(columns) {
  if (columns <= 8) return "";
  return columns <= 12 ? "medium" : "small";
}

// Shows the output that is looked at; kernels are built anew where it is in another channel.
export function paintStage(stage, page, say) {
  const [inputs] = stage.children;
  const channel = String(page.place[0]);
  if (!inputs.children.length || inputs.dataset.output !== channel) {
    inputs.replaceChildren(...inputBoxes(page, say));
    inputs.dataset.output = channel;
  }
  const painted = painter(page, say);
  for (const square of stage.querySelectorAll("[data-key]")) {
    paint(square, painted(square.dataset.key));
  }
  for (const square of stage.querySelectorAll(".square.read, .square.result")) reveal(square);
}

// Moves a grid that is wider than its room so far that a square is seen.
function reveal(square) {
  const room = square.closest(".scroller");
  if (room.scrollWidth <= room.clientWidth) return;
  const [own, seen] = [square.getBoundingClientRect(), room.getBoundingClientRect()];
  if (own.left < seen.left) room.scrollLeft -= seen.left - own.left;
  else if (own.right > seen.right) room.scrollLeft += own.right - seen.right;
}

function inputBoxes({ layer, place }, say) {
  const read = channelsRead(layer, place[0]);
  const boxes = list(layer.channels).map((channel) =>
    read.includes(channel) ? readBox(layer, channel, place[0], say) : otherBox(layer, channel, say),
  );
  return layer.transposed ? [...boxes, element("p", "hint", say("turned"))] : boxes;
}

// An input channel, with the kernel that the output channel has for it, and their sum.
function readBox(layer, channel, out, say) {
  const box = element("div", "channel");
  const kernel = planeKeys("weight", [out, channel], ...layer.kernel);
  const sum = element("p", "sum");
  sum.dataset.channel = channel;
  const beside = element("div");
  beside.append(gridOf(say("kernelFor", { channel }), kernel), sum);
  box.append(inputGrid(layer, channel, say), beside);
  return box;
}

function otherBox(layer, channel, say) {
  const box = element("div", "channel unread");
  box.append(inputGrid(layer, channel, say), element("p", "note", say("otherGroup")));
  return box;
}

function inputGrid(layer, channel, say) {
  const title = say(layer.transposed ? "spread" : "input", { channel });
  return gridOf(title, inputKeys(layer, channel));
}

function outputBoxes({ layer }, say) {
  const [channels, rows, columns] = outputShape(layer);
  return list(channels).map((channel) => {
    const box = element("div", "channel");
    box.append(gridOf(say("output", { channel }), planeKeys("output", [channel], rows, columns)));
    if (layer.bias) box.append(biasGrid(channel, say));
    return box;
  });
}

function biasGrid(channel, say) {
  const grid = gridOf(say("bias"), [[`bias:${channel}`]]);
  grid.classList.add("bias");
  return grid;
}

function legendItem(kind, say) {
  const item = element("li");
  item.append(element("span", kind), say(`legend-${kind}`));
  return item;
}
