// A layer in the words of convcalc's specs, as conv:8,k3,s2,p1, and its input as after -i.

// One number where both axes are alike, else as 3x2; of a sequence that of its one axis.
function across(pair, rank) {
  return pair[0] === pair[1] || rank === 2 ? `${pair[1]}` : pair.join("x");
}

// Padding of each axis, as 1x0:2 where the ends of one differ.
function ends(layer, rank) {
  const axes = [0, 1].map((axis) => {
    const [before, after] = [layer.before[axis], layer.after[axis]];
    return before === after ? `${before}` : `${before}:${after}`;
  });
  return across(axes, rank);
}

// The spec of a node: as it was, where nothing of it can be set.
export function specOf({ layer, spec, rank }) {
  return WORDS_OF[layer.op]?.(layer, rank) ?? spec;
}

// Parameters, each [letter, value, usual value]; the usual ones are left out.
function unusual(parameters) {
  const given = parameters.filter(([, value, usual]) => value !== usual);
  return given.map(([letter, value]) => letter + value);
}

function convolutionWords(layer, rank) {
  const follows = layer.multiplier !== null;
  const words = unusual([
    ["k", across(layer.kernel, rank), ""],
    ["s", across(layer.stride, rank), "1"],
    ["p", ends(layer, rank), "0"],
    ["d", across(layer.dilation, rank), "1"],
    ["g", follows ? "1" : `${layer.groups}`, "1"],
    ["op", across(layer.extra, rank), "0"],
    ["m", `${layer.multiplier ?? 1}`, "1"],
  ]);
  if (!layer.transposed && layer.mode !== "zeros") words.push(layer.mode);
  if (!layer.bias) words.push("nobias");
  if (follows) return `dw:${words.join()}`;
  return `${layer.transposed ? "convt" : "conv"}:${[layer.outChannels, ...words].join()}`;
}

function poolingWords(layer, rank) {
  const kernel = across(layer.kernel, rank);
  const words = unusual([
    ["s", across(layer.stride, rank), kernel],
    ["p", ends(layer, rank), "0"],
    ["d", across(layer.dilation, rank), "1"],
    ["norm", `${layer.exponent}`, layer.how === "norm" ? "2" : "1"],
  ]);
  if (layer.ceil) words.push("ceil");
  if (!layer.include) words.push("noinclude");
  const kind = { max: "maxpool", mean: "avgpool", norm: "lppool" }[layer.how];
  return `${kind}:${[kernel, ...words].join()}`;
}

function adaptiveWords(layer, rank) {
  const reached = across(layer.reached, rank);
  if (layer.how === "mean" && reached === "1") return "gap";
  return `adaptive${layer.how === "max" ? "max" : "avg"}pool:${reached}`;
}

function matrixWords(layer) {
  return `linear:${layer.outFeatures}${layer.bias ? "" : ",nobias"}`;
}

function padWords(layer, rank) {
  const words = [ends(layer, rank)];
  if (layer.mode !== "zeros") words.push(layer.mode);
  else if (layer.value) words.push(`constant${layer.value}`);
  return `pad:${words.join()}`;
}

function resizeWords(layer, rank) {
  const size = layer.scale ? across(layer.scale, rank) : `size${across(layer.reached, rank)}`;
  const mode = { nearest: "", bilinear: ",bilinear", aligned: ",bilinear,align" }[layer.mode];
  return `upsample:${size}${mode}`;
}

const WORDS_OF = {
  convolution: convolutionWords,
  pooling: poolingWords,
  adaptive: adaptiveWords,
  matrix: matrixWords,
  pad: padWords,
  resize: resizeWords,
};

// A shape as after -i: of features the columns alone, of a sequence the channels too.
export function shapeText(shape, rank = 3) {
  const axes = { 1: [2], 2: [0, 2], 3: [0, 1, 2] }[rank];
  return axes.map((axis) => shape[axis]).join("x");
}
