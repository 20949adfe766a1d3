// What an element is among all along an axis: softmax and its like. Nothing here knows the page.
//
// A layer is {op: "share", how, axis, formula, text, term}: its formula in letters, and with places
// for the element, the sum, and a term of the sum.

// One output: {value, elements, result}, each element {place, value}. The largest is taken off
// first, so that no power overflows.
export function sharedAt(layer, shapes, inputs, place) {
  const valueAt = ([channel, row, column]) => inputs[0][channel][row][column];
  const elements = alongAxis(layer, shapes[0], place).map((at) => ({
    place: at,
    value: valueAt(at),
  }));
  const sign = layer.how === "softmin" ? -1 : 1;
  const most = Math.max(...elements.map((one) => sign * one.value));
  const powers = elements.map((one) => Math.exp(sign * one.value - most));
  const sum = powers.reduce((all, one) => all + one, 0);
  const value = valueAt(place);
  const below = sign * value - most;
  const result = layer.how === "logsoftmax" ? below - Math.log(sum) : Math.exp(below) / sum;
  return { value, elements, result };
}

// The places that an output depends on, which are also those that an element is read for.
export function alongAxis({ axis }, shape, place) {
  return Array.from({ length: shape[axis] }, (_, n) => place.with(axis, n));
}
