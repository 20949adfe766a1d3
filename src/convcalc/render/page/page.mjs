// The page: what is looked at, and what mouse, keyboard and sliders change of it.

import { nextPlace, outputShape, outputsOf, problemOf } from "./convolution.mjs";
import { showModes, showSliders, slidersOf } from "./controls.mjs";
import { focusOn, neighbour } from "./grids.mjs";
import { Numbers } from "./numbers.mjs";
import { elementOf, placeIn, squareOf } from "./painting.mjs";
import { changed, isApart, together } from "./settings.mjs";
import { inputShapeOf, specOf } from "./spec.mjs";
import { buildStage, paintStage } from "./stage.mjs";
import { fedText, numberName, problemText, tellArithmetic, tellFormulas } from "./telling.mjs";
import { WORDS, filled } from "./words.mjs";

const SPEEDS = [0.5, 1, 2, 4, 8];

const find = (id) => document.getElementById(id);
const start = JSON.parse(find("start").textContent);

const page = {
  language: navigator.language.startsWith("zh") ? "zh" : "en",
  numbers: new Numbers(start),
  layer: start.layer,
  apart: isApart(start.layer),
  place: start.place, // of the output that is looked at
  pointed: null, // the input element that the mouse or the focus is on
  picked: null, // the number that is edited: {square, kind, place}
  timer: null,
};

const say = (name, values = {}) => filled(WORDS[page.language][name], values);

function setLayer(layer) {
  Object.assign(page, { layer, pointed: null, picked: null });
  compute();
  build();
}

// What follows from the layer and the numbers.
function compute() {
  page.problem = problemOf(page.layer);
  if (page.problem) return;
  page.arrays = page.numbers.arrays(page.layer);
  page.outputs = outputsOf(page.layer, page.arrays);
  const shape = outputShape(page.layer);
  page.place = page.place.map((at, axis) => Math.min(at, shape[axis] - 1));
}

// Everything anew: the texts, the sliders and the grids.
function build() {
  showTexts();
  showSettings();
  showProblem();
  if (page.problem) {
    stop();
    showPlayer();
    return;
  }
  buildStage(find("stage"), page, say);
  tellFormulas(find("formulas"), page.layer, say);
  find("letters").textContent = say(page.layer.transposed ? "lettersTransposed" : "letters");
  show();
}

function showTexts() {
  document.documentElement.lang = page.language === "zh" ? "zh-CN" : "en";
  const spec = specOf(page.layer);
  document.title = `${say("title")}: ${spec}`;
  find("spec").textContent = `${spec} -i ${inputShapeOf(page.layer)}`;
  for (const node of document.querySelectorAll("[data-say]")) {
    node.textContent = say(node.dataset.say);
  }
  for (const node of document.querySelectorAll("[data-name]")) {
    node.title = say(node.dataset.name);
    node.setAttribute("aria-label", node.title);
  }
  for (const node of document.querySelectorAll("[data-language]")) {
    node.setAttribute("aria-pressed", node.dataset.language === page.language);
  }
}

function showSettings() {
  const { layer } = page;
  showSliders(find("sliders"), slidersOf(layer, page.apart), say, slide);
  showModes(find("mode"), layer, say);
  find("transposed").checked = layer.transposed;
  find("bias").checked = layer.bias;
  find("apart").checked = page.apart;
  find("speed").setAttribute("aria-valuetext", say("perSecond", { count: speed() }));
}

function slide(id, value) {
  const slider = slidersOf(page.layer, page.apart).find((one) => one.id === id);
  setLayer(slider.apply(page.layer, value));
}

function showProblem() {
  const hidden = Boolean(page.problem);
  for (const id of ["stage", "arithmetic", "formulas", "letters"]) find(id).hidden = hidden;
  for (const id of ["play", "next", "previous"]) find(id).disabled = hidden;
  find("problem").hidden = !hidden;
  find("problem").textContent = hidden ? problemText(page.problem, say) : "";
}

// The output that is looked at, in the grids that are there.
function show() {
  paintStage(find("stage"), page, say);
  tellArithmetic(find("arithmetic"), page, say);
  showPlayer();
  find("fed").textContent = fedText(page, say);
  showEditor();
}

function showPlayer() {
  const [channel, row, column] = page.place;
  const where = page.problem ? "" : say("where", { channel, row, column });
  find("where").setAttribute("aria-live", page.timer === null ? "polite" : "off");
  find("where").textContent = where;
  find("play").textContent = say(page.timer === null ? "play" : "pause");
}

function showEditor() {
  const { picked } = page;
  const field = find("value");
  field.disabled = picked === null;
  const name = picked === null ? say("editNothing") : `${say("edit")} ${numberName(picked, say)}`;
  find("editing").textContent = name;
  if (picked === null) field.value = "";
  else if (document.activeElement !== field)
    field.value = page.numbers.get(picked.kind, picked.place);
}

function goTo(place) {
  page.place = place;
  show();
}

function step(by) {
  goTo(nextPlace(page.place, outputShape(page.layer), by));
}

function speed() {
  return SPEEDS[find("speed").value];
}

function play() {
  page.timer = setInterval(step, 1000 / speed(), 1);
  show();
}

function stop() {
  clearInterval(page.timer);
  page.timer = null;
}

function toggle() {
  if (page.timer === null) {
    play();
    return;
  }
  stop();
  show();
}

function byHand(by) {
  stop();
  step(by);
}

// A square that is clicked: an output is gone to, a number is made ready to be changed.
function choose(square) {
  const [kind, place] = placeIn(square.dataset.key);
  if (kind === "output") {
    stop();
    goTo(place);
    return;
  }
  const own = kind === "input" ? elementOf(page.layer, place) : place;
  page.picked = own && { square: squareOf(page.layer, kind, own), kind, place: own };
  show();
}

function point(target) {
  const square = target.closest?.('[data-key^="input:"]');
  const pointed = square ? elementOf(page.layer, placeIn(square.dataset.key)[1]) : null;
  if (String(pointed) === String(page.pointed)) return;
  page.pointed = pointed;
  show();
}

function change() {
  const value = find("value").valueAsNumber;
  if (page.picked === null || !Number.isFinite(value)) return;
  page.numbers.set(page.picked.kind, page.picked.place, value);
  compute();
  show();
}

function keyInGrid(event, square) {
  const next = neighbour(square, event.key);
  if (next) {
    event.preventDefault();
    focusOn(next);
    if (next.dataset.key.startsWith("output:")) choose(next);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    choose(square);
    if (page.picked && !square.dataset.key.startsWith("output:")) find("value").select();
  }
}

function keyOfPage(event) {
  if (event.target.closest("input, select, button") || page.problem) return;
  const act = { ArrowLeft: () => byHand(-1), ArrowRight: () => byHand(1), " ": toggle }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function backToSquare(event) {
  event.preventDefault();
  const square = page.picked && document.querySelector(`[data-key="${page.picked.square}"]`);
  if (square) focusOn(square);
}

function listen() {
  find("previous").addEventListener("click", () => byHand(-1));
  find("next").addEventListener("click", () => byHand(1));
  find("play").addEventListener("click", toggle);
  find("speed").addEventListener("input", () => {
    if (page.timer !== null) {
      stop();
      play();
    }
    showSettings();
  });
  find("transposed").addEventListener("change", (event) => {
    setLayer(changed(page.layer, { transposed: event.target.checked }));
  });
  find("bias").addEventListener("change", (event) => {
    setLayer(changed(page.layer, { bias: event.target.checked }));
  });
  find("mode").addEventListener("change", (event) => {
    setLayer(changed(page.layer, { mode: event.target.value }));
  });
  find("apart").addEventListener("change", (event) => {
    page.apart = event.target.checked;
    setLayer(page.apart ? page.layer : together(page.layer));
  });
  find("reset").addEventListener("click", () => {
    Object.assign(page, { numbers: new Numbers(start), place: start.place });
    page.apart = isApart(start.layer);
    setLayer(start.layer);
  });
  find("value").addEventListener("input", change);
  find("editor").addEventListener("submit", backToSquare);
  for (const node of document.querySelectorAll("[data-language]")) {
    node.addEventListener("click", () => {
      page.language = node.dataset.language;
      build();
    });
  }
  listenToGrids(find("stage"));
}

function listenToGrids(stage) {
  stage.addEventListener("click", (event) => {
    const square = event.target.closest("[data-key]");
    if (!square) return;
    focusOn(square);
    choose(square);
  });
  stage.addEventListener("pointerover", (event) => point(event.target));
  stage.addEventListener("pointerleave", () => point(document.activeElement));
  stage.addEventListener("focusin", (event) => point(event.target));
  document.addEventListener("keydown", (event) => {
    const square = event.target.closest?.("[data-key]");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (square) keyInGrid(event, square);
    else keyOfPage(event);
  });
}

listen();
compute();
build();
