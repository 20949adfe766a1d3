// The page: what mouse, keyboard and sliders change of what is shown.

import { nextPlace } from "./convolution.mjs";
import { showChoices, showModes, showSliders, slidersOf } from "./controls.mjs";
import { focusOn, neighbour } from "./grids.mjs";
import { branchOf, elementName, elementOf, placeIn, squareOf } from "./painting.mjs";
import { modesOf } from "./settings.mjs";
import { buildStage, paintStage } from "./stage.mjs";
import { State } from "./state.mjs";
import { fedText, numberName, problemText, tellFormulas } from "./telling.mjs";
import { WORDS, filled } from "./words.mjs";

const SPEEDS = [0.5, 1, 2, 4, 8];

const find = (id) => document.getElementById(id);
const start = JSON.parse(find("start").textContent);
const page = new State(start, navigator.language.startsWith("zh") ? "zh" : "en");

const say = (name, values = {}) => filled(WORDS[page.language][name], values);

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
  buildStage(find("stage"), find("legend"), page.views, say);
  showFormulas();
  show();
}

function showTexts() {
  document.documentElement.lang = page.language === "zh" ? "zh-CN" : "en";
  const command = page.command ?? `${start.name} (${say("edited")})`;
  const title = say(start.nodes.some(isConvolution) ? "title" : "titleOfLayers");
  document.title = `${title}: ${command}`;
  find("spec").textContent = command;
  for (const node of document.querySelectorAll("[data-say]")) {
    node.textContent = say(node.dataset.say);
  }
  find("title").textContent = title;
  for (const node of document.querySelectorAll("[data-name]")) {
    node.title = say(node.dataset.name);
    node.setAttribute("aria-label", node.title);
  }
  for (const node of document.querySelectorAll("[data-language]")) {
    node.setAttribute("aria-pressed", node.dataset.language === page.language);
  }
}

const isConvolution = ({ layer }) => layer.op === "convolution";

function showSettings() {
  const layer = page.settable;
  showSliders(find("sliders"), sliders(), say, slide);
  showSwitch("transposed", layer.op === "convolution" && layer.multiplier === null);
  showSwitch("bias", "bias" in layer);
  showSwitch("mode", modesOf(layer).length > 0);
  showSwitch("apart", page.settableRank === 3 && !layer.wrap && page.canBeApart);
  if (modesOf(layer).length) showModes(find("mode"), layer, say);
  find("transposed").checked = layer.transposed;
  find("bias").checked = layer.bias;
  find("apart").checked = page.apart;
  find("layer").closest("label").hidden = page.single;
  const choices = page.choices.map((n) => [n, page.nameOf(n)]);
  showChoices(find("layer"), [...choices, [-1, say("theInput")]], page.chosen);
  find("speed").setAttribute("aria-valuetext", say("perSecond", { count: speed() }));
}

function showSwitch(id, shown) {
  find(id).closest("label").hidden = !shown;
}

function sliders() {
  return slidersOf(page.settable, page.apart, page.withInput, page.settableRank);
}

function slide(id, value) {
  page.set(sliders().find((one) => one.id === id).apply(page.settable, value));
  build();
}

function showProblem() {
  const hidden = Boolean(page.problem);
  for (const id of ["board", "formulas", "letters"]) find(id).hidden = hidden;
  for (const id of ["play", "next", "previous"]) find(id).disabled = hidden;
  find("problem").hidden = !hidden;
  const name = hidden && !page.single ? page.nameOf(page.problem.node) : "";
  find("problem").textContent = hidden ? problemText(page.problem, name, say) : "";
}

function showFormulas() {
  const layer = page.settable;
  find("formulas-section").hidden = page.chosen < 0;
  if (page.chosen < 0) return;
  tellFormulas(find("formulas"), layer, page.settableRank, say);
  const letters = {
    pooling: "lettersPooling",
    adaptive: "lettersAdaptive",
    matrix: "lettersMatrix",
    pad: "lettersPad",
    resize: "lettersResize",
  };
  const own = layer.transposed ? "lettersTransposed" : "letters";
  find("letters").textContent = say(letters[layer.op] ?? own);
}

// The output that is looked at, in the grids that are there.
function show() {
  paintStage(find("stage"), page.views, say);
  showPlayer();
  find("fed").textContent = fedText(page.pointed && page.view(page.pointed.node), say);
  showEditor();
}

function showPlayer() {
  const own = page.single ? "" : `${page.nameOf(page.looked.node)}: `;
  const where = page.problem ? "" : own + placeText();
  find("where").setAttribute("aria-live", page.timer === null ? "polite" : "off");
  find("where").textContent = where;
  find("play").textContent = say(page.timer === null ? "play" : "pause");
}

function placeText() {
  const { node, place } = page.looked;
  const [channel, row, column] = place;
  if (page.wraps[node]) return elementName(place, true, "output", say);
  return say("where", { channel, row, column });
}

function showEditor() {
  const { picked } = page;
  const field = find("value");
  field.disabled = picked === null;
  const name = picked && numberName(picked, page.view(picked.card), say);
  find("editing").textContent = picked ? `${say("edit")} ${name}` : say("editNothing");
  if (picked === null) field.value = "";
  else if (document.activeElement !== field)
    field.value = page.numbers.get(picked.kind, picked.node, picked.place);
}

function goTo(node, place) {
  page.look(node, place);
  show();
}

function step(by) {
  const { node, place } = page.looked;
  goTo(node, nextPlace(place, page.leaving[node], by));
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

// The layer that a square belongs to.
function viewOf(square) {
  return page.view(Number(square.closest(".card").dataset.node));
}

// A square that is clicked: an output is gone to, a number is made ready to be changed.
function choose(square) {
  const [kind, place] = placeIn(square.dataset.key);
  const view = viewOf(square);
  if (kind === "output") {
    stop();
    goTo(view.node, place);
    return;
  }
  page.picked = pickedOf(view, kind, place);
  show();
}

// The number of a square, {card, square, kind, node, place}; null where it is computed.
function pickedOf(view, kind, place) {
  const branch = branchOf(kind);
  const card = view.node;
  if (branch === null) return { card, square: `${kind}:${place}`, kind, node: card, place };
  const own = elementOf(view, branch, place);
  if (own === null || view.sources[branch] >= 0) return null;
  return { card, square: squareOf(view, kind, own), kind: "input", node: -1, place: own };
}

function point(target) {
  const square = target.closest?.('[data-key^="input"], [data-key^="output"]');
  const pointed = square ? pointedAt(square) : null;
  if (JSON.stringify(pointed) === JSON.stringify(page.pointed)) return;
  page.pointed = pointed;
  show();
}

function pointedAt(square) {
  const [kind, place] = placeIn(square.dataset.key);
  const view = viewOf(square);
  if (kind === "output") {
    const here = view.walks.some((walk) => walk.place.join() === place.join());
    return here ? null : { node: view.node, place };
  }
  const source = branchOf(kind);
  const element = elementOf(view, source, place);
  return element && { node: view.node, source, element };
}

function change() {
  const value = find("value").valueAsNumber;
  if (page.picked === null || !Number.isFinite(value)) return;
  page.setNumber(page.picked, value);
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
  if (!page.picked) return;
  const card = find("stage").children[page.picked.card];
  const square = card.querySelector(`[data-key="${page.picked.square}"]`);
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
  find("value").addEventListener("input", change);
  find("editor").addEventListener("submit", backToSquare);
  for (const node of document.querySelectorAll("[data-language]")) {
    node.addEventListener("click", () => {
      page.language = node.dataset.language;
      build();
    });
  }
  listenToSettings();
  listenToGrids(find("stage"));
}

function listenToSettings() {
  const onChange = (id, act) =>
    find(id).addEventListener("change", (event) => {
      act(event.target);
      build();
    });
  onChange("transposed", ({ checked }) => page.change({ transposed: checked }));
  onChange("bias", ({ checked }) => page.change({ bias: checked }));
  onChange("mode", ({ value }) => page.change({ mode: value }));
  onChange("apart", ({ checked }) => page.setApart(checked));
  onChange("layer", ({ value }) => page.choose(Number(value)));
  find("reset").addEventListener("click", () => {
    page.reset();
    build();
  });
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
build();
