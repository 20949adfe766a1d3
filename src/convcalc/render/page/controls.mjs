// The sliders and switches of a layer.

import { element } from "./grids.mjs";
import { changed, groupChoices, modesOf, mostExtra, pairWith, settingsOf } from "./settings.mjs";

const ENDS = { before: ["top", "left"], after: ["bottom", "right"] };

// Every slider that there is for a layer, `withInput` those of its input too: {id, label, detail,
// value, least, most, apply}; a layer whose rows and columns are apart has one for each, and a
// sequence, whose `rank` is 2, one of its columns alone.
export function slidersOf(layer, apart, withInput = true, rank = 3) {
  const axes = rank === 2 ? [1] : apart ? [0, 1] : [null];
  const settings = settingsOf(layer, withInput);
  const sliders = settings.flatMap((setting) => slidersFor(setting, layer, axes));
  if (layer.op !== "convolution" || layer.multiplier !== null) return sliders;
  const choices = groupChoices(layer);
  sliders.push({
    id: "groups",
    label: "groups",
    value: choices.indexOf(layer.groups),
    shown: layer.groups,
    least: 0,
    most: choices.length - 1,
    apply: (old, at) => changed(old, { groups: groupChoices(old)[at] }),
  });
  return sliders;
}

function slidersFor(setting, layer, axes) {
  const { name, fields } = setting;
  const label = name === "padding" && layer.transposed ? "cropping" : name;
  const most = (value) => Math.max(setting.most, value);
  if (typeof layer[name] === "number") {
    const value = layer[name];
    const apply = (old, next) => changed(old, { [name]: next });
    return [{ id: name, label, value, least: setting.least, most: most(value), apply }];
  }
  const own = setting.axis === undefined ? axes : [setting.axis];
  const ends = own[0] === null ? fields.slice(0, 1) : fields;
  const places = ends.flatMap((field) => own.map((axis) => [field, axis]));
  return places.map(([field, axis]) => {
    const value = layer[field][axis ?? 0];
    const least = Math.min(setting.least, value);
    const limit = limitOf(name, layer, axis ?? 0) ?? most(value);
    return {
      id: axis === null ? name : `${field}-${axis}`,
      label,
      detail: detailOf(field, axis, own.length),
      value,
      least,
      most: limit,
      apply: (old, next) => withPairs(old, axis === null ? fields : [field], axis, next),
    };
  });
}

// Which axis or end a slider is of; nothing where there is no other.
function detailOf(field, axis, axes) {
  if (axis === null) return "";
  if (field in ENDS) return ENDS[field][axis];
  return axes > 1 ? ["rows", "columns"][axis] : "";
}

// The most that follows from the rest of the layer; undefined where nothing does.
function limitOf(name, layer, axis) {
  if (name === "extra") return mostExtra(layer, axis);
  return layer.op === "adaptive" && name === "reached" ? layer.size[axis] : undefined;
}

function withPairs(layer, fields, axis, value) {
  const pairs = fields.map((field) => [field, pairWith(layer[field], axis, value)]);
  return changed(layer, Object.fromEntries(pairs));
}

// Shows the sliders of a layer, reusing those that are there, so that one can be dragged on.
export function showSliders(box, sliders, say, onChange) {
  const ids = sliders.map((slider) => slider.id);
  const known = [...box.children].map((row) => row.dataset.id);
  if (ids.join() !== known.join()) {
    box.replaceChildren(...sliders.map((slider) => sliderRow(slider.id, onChange)));
  }
  sliders.forEach((slider, n) => fillRow(box.children[n], slider, say));
}

function sliderRow(id, onChange) {
  const row = element("div", "slider");
  row.dataset.id = id;
  const label = element("label");
  label.htmlFor = `slider-${id}`;
  const input = element("input");
  Object.assign(input, { type: "range", id: `slider-${id}`, step: 1 });
  input.addEventListener("input", () => onChange(id, Number(input.value)));
  const output = element("output");
  output.htmlFor = input.id;
  row.append(label, input, output);
  return row;
}

function fillRow(row, slider, say) {
  const [label, input, output] = row.children;
  const detail = slider.detail ? ` (${say(slider.detail)})` : "";
  label.textContent = say(slider.label) + detail;
  input.min = slider.least;
  input.max = slider.most;
  input.value = slider.value;
  input.disabled = slider.least === slider.most;
  const shown = String(slider.shown ?? slider.value);
  output.textContent = shown;
  input.setAttribute("aria-valuetext", shown);
}

// Fills the choice of modes in the language of the page.
export function showModes(select, layer, say) {
  const modes = modesOf(layer);
  if ([...select.options].map((one) => one.value).join() !== modes.join()) {
    select.replaceChildren(...modes.map((mode) => new Option(mode, mode)));
  }
  for (const option of select.options) option.textContent = say(option.value);
  select.value = layer.mode;
  select.disabled = Boolean(layer.transposed);
}

// Fills the choice of what the sliders set: [value, text] of each, and which is chosen.
export function showChoices(select, choices, chosen) {
  select.replaceChildren(...choices.map(([value, text]) => new Option(text, value)));
  select.value = chosen;
}
