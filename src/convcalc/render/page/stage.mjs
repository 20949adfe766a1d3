// The grids of the page, a card for each layer: its inputs with their kernels, its outputs, and
// what the output that is looked at comes to.

import { element, gridOf, paint } from "./grids.mjs";
import { hasKernels, list, shown } from "./numbers.mjs";
import { inputKeys, painter, planeKeys, wrapped } from "./painting.mjs";
import { specOf } from "./spec.mjs";
import { arithmeticLines, linesOf } from "./telling.mjs";

const LEGEND = ["read", "hole", "zero", "copy", "weight", "result", "fed"];

export function buildStage(stage, legend, views, say) {
  const grids = views.flatMap((view) => [inputKeys(view, 0, 0), outputKeys(view, 0)]);
  const widest = Math.max(...grids.map((rows) => rows[0].length));
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
  const outputs = element("div", view.wrap ? "outputs vector" : "outputs");
  outputs.append(...outputBoxes(view, say));
  grids.append(element("div", "inputs"), outputs);
  box.append(grids, element("h3", "", say("arithmetic")), element("div", "lines arithmetic"));
  return box;
}

// Shows the output that is looked at; kernels are built anew where it is in another channel.
export function paintStage(stage, views, say) {
  views.forEach((view, n) => paintCard(stage.children[n], view, say));
  stage.classList.toggle("wide", stage.querySelector(".square.long") !== null);
  const seen = [...stage.querySelectorAll(".square.read, .square.result")];
  for (const square of seen.reverse()) reveal(square); // the first one last, which then stays
}

function paintCard(box, view, say) {
  const inputs = box.querySelector(".inputs");
  const kernels = view.walks.flatMap((walk) => walk.kernels ?? []);
  const channels = kernels.map(({ channel, out }) => `${channel}-${out}`).join();
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
  for (const { channel, sum } of kernels) {
    box.querySelector(`.sum[data-channel="${channel}"]`).textContent = `= ${shown(sum)}`;
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

// Of each input channel that is read with a kernel, the output that it is read for.
function readersOf({ walks }) {
  const kernels = walks.flatMap((walk) => walk.kernels ?? []);
  return new Map(kernels.map(({ channel, out }) => [channel, out]));
}

function inputBox(view, source, channel, reader, say) {
  const box = element("div", "channel");
  box.append(gridOf(inputTitle(view, source, channel, say), inputKeys(view, source, channel)));
  if (!hasKernels(view.layer)) return box;
  if (reader === undefined) {
    const grouped = view.walks.length && view.layer.op === "convolution";
    box.classList.add("unread");
    box.append(element("p", "note", say(grouped ? "otherGroup" : "notRead")));
    return box;
  }
  const sum = element("p", "sum");
  sum.dataset.channel = channel;
  const beside = element("div");
  beside.append(kernelGrid(view, reader, channel, say), sum);
  box.append(beside);
  return box;
}

function kernelGrid({ layer, from, arriving }, reader, channel, say) {
  if (layer.op === "convolution") {
    const keys = planeKeys("weight", [reader, channel], ...layer.kernel);
    return gridOf(say("kernelFor", { channel }), keys);
  }
  const keys = planeKeys("weight", [reader, 0], 1, arriving[0][2], from[0]);
  return gridOf(say("rowFor", { output: reader }), keys);
}

function inputTitle(view, source, channel, say) {
  const name = view.names[source];
  if (view.from[source]) return name ?? say("inFeatures");
  if (name !== null) return say("from", { name, channel });
  return say(view.layer.transposed ? "spread" : "input", { channel });
}

function outputBoxes(view, say) {
  const boxes = list(view.leaving[0]).map((channel) => {
    const box = element("div", "channel");
    const title = view.wrap ? say("features") : say("output", { channel });
    box.append(gridOf(title, outputKeys(view, channel)));
    if (view.layer.bias && view.layer.op === "convolution") box.append(biasGrid([channel], say));
    return box;
  });
  if (!view.layer.bias || view.layer.op !== "matrix") return boxes;
  return [...boxes, biasGrid(list(view.leaving[2]), say, view.wrap)];
}

function outputKeys({ leaving, wrap }, channel) {
  return planeKeys("output", [channel], leaving[1], leaving[2], wrap);
}

function biasGrid(outputs, say, wrap = null) {
  const grid = gridOf(say("bias"), wrapped([outputs.map((out) => `bias:${out}`)], wrap));
  grid.classList.add("bias");
  return grid;
}

function legendItem(kind, say) {
  const item = element("li");
  item.append(element("span", kind), say(`legend-${kind}`));
  return item;
}
