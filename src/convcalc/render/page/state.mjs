// What the page knows: the layers with their numbers, and what is looked at. Nothing here draws.

import { computedOf, followed, resolved } from "./network.mjs";
import { Numbers } from "./numbers.mjs";
import { changed, isApart, isSettable, together } from "./settings.mjs";
import { shapeText, specOf } from "./spec.mjs";

export class State {
  constructor(start, language) {
    this.start = start;
    this.language = language;
    this.timer = null;
    this.reset();
  }

  // Everything as it was at the start.
  reset() {
    const { input, nodes, end, place } = this.start;
    this.numbers = new Numbers(this.start);
    this.input = [input.length, input[0].length, input[0][0].length];
    this.nodes = nodes;
    this.edited = false; // whether a layer is another than at the start
    this.looked = { node: end, place };
    this.chosen = this.choices[0] ?? -1; // the node whose settings are shown, -1 for the input
    this.apart = isApart(this.settable);
    this.compute();
  }

  // The nodes whose settings can be changed.
  get choices() {
    return this.nodes.flatMap(({ layer }, n) => (isSettable(layer) ? [n] : []));
  }

  // The axes of the input: of features one, of a sequence two.
  get rank() {
    return this.start.shape.split("x").length;
  }

  // The axes of what is set.
  get settableRank() {
    return this.chosen >= 0 ? this.nodes[this.chosen].rank : this.rank;
  }

  get single() {
    return this.nodes.length === 1;
  }

  // The layer whose settings are shown; of the input something like one.
  get settable() {
    if (this.chosen >= 0) return this.nodes[this.chosen].layer;
    const [channels, ...size] = this.input;
    return { op: "input", channels, size, wrap: this.rank === 1 ? size[1] : null };
  }

  // Whether rows and columns of what is set may differ.
  get canBeApart() {
    return this.withInput || this.settable.op !== "matrix";
  }

  // Whether the settings that are shown have those of the input.
  get withInput() {
    return this.single || this.chosen < 0;
  }

  choose(node) {
    this.chosen = node;
    this.apart = isApart(this.settable);
  }

  setApart(apart) {
    this.apart = apart;
    if (!apart && this.settableRank !== 2) this.set(together(this.settable));
  }

  // Takes settings of the layer that is chosen.
  change(fields) {
    this.set(changed(this.settable, fields));
  }

  set(layer) {
    this.edited = true;
    if (this.withInput) this.input = [layer.channels, ...layer.size];
    this.nodes = this.nodes.map((node, n) => (n === this.chosen ? { ...node, layer } : node));
    this.compute();
  }

  // What follows from the layers and the numbers; `problem` says why there is nothing.
  compute() {
    Object.assign(this, { pointed: null, picked: null }, resolved(this.nodes, this.input));
    if (this.problem) return;
    this.computeNumbers();
    this.look(this.looked.node, this.looked.place);
  }

  computeNumbers() {
    const given = this.start.weights;
    const weightsOf = (n, layer) => ({ ...given[n], ...this.numbers.weights(n, layer) });
    Object.assign(this, computedOf(this, this.numbers.input(this.input), weightsOf));
  }

  // Looks at an output, or at the nearest one that there is.
  look(node, place) {
    const nearest = place.map((at, axis) => Math.min(at, this.leaving[node][axis] - 1));
    this.looked = { node, place: nearest };
    if (this.pointed?.place) this.pointed = null;
    this.follow();
  }

  follow() {
    this.walks = followed(this, this.data, this.looked);
  }

  // Changes a number that is picked.
  setNumber({ kind, node, place }, value) {
    this.numbers.set(kind, node, place, value);
    this.computeNumbers();
    this.follow();
  }

  // A layer as the stage shows it.
  view(n) {
    const { label, spec, layer, sources, rank } = this.nodes[n];
    return {
      node: n,
      label,
      spec,
      layer,
      sources,
      rank,
      wrap: this.wraps[n],
      from: this.from[n],
      names: sources.map((source) => (source < 0 ? null : this.nameOf(source))),
      arriving: this.arriving[n],
      leaving: this.leaving[n],
      data: this.data[n],
      outputs: this.outputs[n],
      walks: this.walks[n],
      pointed: this.pointed?.node === n ? this.pointed : null,
      picked: this.picked?.card === n ? this.picked : null,
    };
  }

  get views() {
    return this.nodes.map((_, n) => this.view(n));
  }

  nameOf(n) {
    return `${this.nodes[n].label} ${specOf(this.nodes[n])}`;
  }

  // What stands behind `convcalc explain`; null where branches are no longer what they were.
  get command() {
    const now = this.single || this.edited;
    const text = now ? this.chain : this.start.name;
    const shape = now ? shapeText(this.input, this.rank) : this.start.shape;
    return text && `${/[\s{|]/.test(text) ? `'${text}'` : text} -i ${shape}`;
  }

  // The layers one after the other; null where there are branches.
  get chain() {
    const isChain = this.nodes.every(({ sources }, n) => sources.join() === `${n - 1}`);
    return isChain ? this.nodes.map(specOf).join(" ") : null;
  }
}
