// Reads what pages start with, moves sliders and modes of each at random, and answers with what
// the page then knows.

import { readFileSync } from "node:fs";

import { slidersOf } from "../../src/convcalc/render/page/controls.mjs";
import { modesOf } from "../../src/convcalc/render/page/settings.mjs";
import { State } from "../../src/convcalc/render/page/state.mjs";

const MOVES = 4;

// Numbers from 0 to 1 that look as if they were drawn. Source: Park and Miller (1988).
function drawing(seed) {
  let state = seed + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

function moved(state, draw) {
  const choices = [...state.choices, -1];
  if (!state.single) state.choose(choices[Math.floor(draw() * choices.length)]);
  const modes = modesOf(state.settable);
  if (modes.length && draw() < 0.3) {
    state.change({ mode: modes[Math.floor(draw() * modes.length)] });
    return;
  }
  if (draw() < 0.2) state.setApart(!state.apart);
  const sliders = slidersOf(state.settable, state.apart, state.withInput, state.settableRank);
  if (!sliders.length) return;
  const { least, most, apply } = sliders[Math.floor(draw() * sliders.length)];
  const highest = Math.min(most, least + 4);
  const value = least + Math.floor(draw() * (highest - least + 1));
  state.set(apply(state.settable, value));
}

function slid(start, seed) {
  const state = new State(start, "en");
  const draw = drawing(seed);
  for (let n = 0; n < MOVES; n++) moved(state, draw);
  const { problem, command, data, outputs, start: { end } } = state;
  if (problem) return { problem, command };
  const weights = data.map(({ weight, bias, own }) => ({ weight, bias, own }));
  const sources = state.nodes.map((node) => node.sources);
  const input = data[sources.findIndex((own) => own[0] < 0)].inputs[0];
  return { problem, command, input, weights, output: outputs[end], walks: state.walks.length };
}

const starts = JSON.parse(readFileSync(0, "utf8"));
const plain = (_, value) => (Object.is(value, -Infinity) ? "-Infinity" : value);
process.stdout.write(JSON.stringify(starts.map(slid), plain));
