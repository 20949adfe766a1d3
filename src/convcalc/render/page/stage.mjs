// The grids of the page, a card for each layer: its inputs with their kernels, its outputs, and
// what the output that is looked at comes to.

import { element, gridOf, paint } from "./grids.mjs";
import { list, shown } from "./numbers.mjs";
import { inputKeys, painter, planeKeys } from "./painting.mjs";
import { specOf } from "./spec.mjs";
import { arithmeticLines, linesOf } from "./telling.mjs";

const LEGEND = ["read", "hole", "zero", "copy", "weight", "result", "fed"];

export function buildStage(stage, legend, views, say) {
  const widest = Math.max(...views.map((view) => inputKeys(view, 0, 0)[0].length));
  stage.className = ["stage", sizeFor(widest)].filter(Boolean).join(" ");
  stage.replaceChildren(...views.map((view) => card(view, views.length > 1, say)));
  legend.replaceChildren(...LEGEND.map((kind) => legendItem(kind, say)));
}

// The size of all squares, so that input and output find room beside each other.
function sizeFor(columns) {
  if (columns <= 8) return "";
  return columns <= 12 ? "medium" : "small";
}

function card(view, titled, say) {
  const box = element("article", "card");
  box.dataset.node = view.node;
  if (titled) box.append(element("h3", "", `${view.label} ${specOf(view)}`));
  const grids = element("div", "grids");
  const outputs = element("div", "outputs");
  outputs.append(...outputBoxes(view, say));
  grids.append(element("div", "inputs"), outputs);
  box.append(grids, element("h3", "", say("arithmetic")), element("div", "lines arithmetic"));
  return box;
}

// Shows the output that is looked at; kernels are built anew where it is in another channel.
export function paintStage(stage, views, say) {
  views.forEach((view, n) => paintCard(stage.children[n], view, say));
  stage.classList.toggle("wide", stage.querySelector(".square.long") !== null);
  for (const square of stage.querySelectorAll(".square.read, .square.result")) reveal(square);
}

function paintCard(box, view, say) {
  const inputs = box.querySelector(".inputs");
  const channels = view.walks.map((walk) => walk.place[0]).join();
  if (!inputs.children.length || inputs.dataset.outputs !== channels) {
    inputs.replaceChildren(...inputBoxes(view, say));
    inputs.dataset.outputs = channels;
  }
  const painted = painter(view, say);
  for (const square of box.querySelectorAll("[data-key]")) {
    paint(square, painted(square.dataset.key));
  }
  box.classList.toggle("aside", !view.walks.length);
  box.querySelector(".arithmetic").replaceChildren(...linesOf(arithmeticLines(view, say)));
  for (const part of view.walks.flatMap((walk) => walk.parts ?? [])) {
    box.querySelector(`.sum[data-channel="${part.channel}"]`).textContent = `= ${shown(part.sum)}`;
  }
}

// Moves a grid that is wider than its room so far that a square is seen.
function reveal(square) {
  const room = square.closest(".scroller");
  if (room.scrollWidth <= room.clientWidth) return;
  const [own, seen] = [square.getBoundingClientRect(), room.getBoundingClientRect()];
  if (own.left < seen.left) room.scrollLeft -= seen.left - own.left;
  else if (own.right > seen.right) room.scrollLeft += own.right - seen.right;
}

// Every channel of every branch; of a convolution with the kernel that the output has for it.
function inputBoxes(view, say) {
  const readers = readersOf(view);
  const boxes = view.arriving.flatMap(([channels], source) =>
    list(channels).map((channel) => inputBox(view, source, channel, readers.get(channel), say)),
  );
  return view.layer.transposed ? [...boxes, element("p", "hint", say("turned"))] : boxes;
}

// Of each input channel that a convolution reads, the output channel that it is read for.
function readersOf({ walks }) {
  const pairs = walks.flatMap(({ place, parts }) =>
    (parts ?? []).map((part) => [part.channel, place[0]]),
  );
  return new Map(pairs);
}

function inputBox(view, source, channel, reader, say) {
  const box = element("div", "channel");
  box.append(gridOf(inputTitle(view, source, channel, say), inputKeys(view, source, channel)));
  if (view.layer.op !== "convolution") return box;
  if (reader === undefined) {
    box.classList.add("unread");
    box.append(element("p", "note", say(view.walks.length ? "otherGroup" : "notRead")));
    return box;
  }
  const kernel = planeKeys("weight", [reader, channel], ...view.layer.kernel);
  const sum = element("p", "sum");
  sum.dataset.channel = channel;
  const beside = element("div");
  beside.append(gridOf(say("kernelFor", { channel }), kernel), sum);
  box.append(beside);
  return box;
}

function inputTitle(view, source, channel, say) {
  const name = view.names[source];
  if (name !== null) return say("from", { name, channel });
  return say(view.layer.transposed ? "spread" : "input", { channel });
}

function outputBoxes(view, say) {
  const [channels, rows, columns] = view.leaving;
  return list(channels).map((channel) => {
    const box = element("div", "channel");
    box.append(gridOf(say("output", { channel }), planeKeys("output", [channel], rows, columns)));
    if (view.layer.bias) box.append(biasGrid(channel, say));
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
