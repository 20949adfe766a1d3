// Branches put together. Nothing here knows the page.

import { added } from "./convolution.mjs";

// The shape of branches put together; null where they do not fit.
export function joinedShape(layer, shapes) {
  const [first, ...others] = shapes;
  const alike = (one, except) =>
    one.every((size, axis) => axis === except || size === first[axis]);
  if (layer.how === "product") {
    return others[0].every((size, axis) => size === 1 || size === first[axis]) ? first : null;
  }
  if (layer.how === "sum") return others.every((one) => alike(one)) ? first : null;
  if (!others.every((one) => alike(one, layer.axis))) return null;
  const whole = shapes.reduce((sum, one) => sum + one[layer.axis], 0);
  return first.map((size, axis) => (axis === layer.axis ? whole : size));
}

// Where each branch is read for an output; null where it is not.
export function joinedFrom(layer, shapes, place) {
  if (layer.how === "sum") return shapes.map(() => place);
  if (layer.how === "product") {
    return shapes.map((shape) => place.map((at, axis) => (shape[axis] > 1 ? at : 0)));
  }
  let rest = place[layer.axis];
  return shapes.map((shape) => {
    const size = shape[layer.axis];
    const own = rest >= 0 && rest < size ? place.with(layer.axis, rest) : null;
    rest -= size;
    return own;
  });
}

// One output of branches: {how, read, values, result}.
export function joinedAt(layer, shapes, inputs, place) {
  const read = joinedFrom(layer, shapes, place);
  const values = read.map((at, n) => at && inputs[n][at[0]][at[1]][at[2]]);
  const known = values.filter((value) => value !== null);
  const product = layer.how === "product";
  const result = product ? known.reduce((all, one) => all * one) : added(known);
  return { how: layer.how, read, values, result };
}

// The outputs that an element of a branch is read for.
export function joinedBy(layer, shapes, source, element) {
  const [first] = shapes;
  if (layer.how === "sum") return [element];
  if (layer.how === "choice") {
    const before = shapes.slice(0, source).reduce((sum, one) => sum + one[layer.axis], 0);
    return [element.with(layer.axis, element[layer.axis] + before)];
  }
  const ranges = first.map((size, axis) =>
    shapes[source][axis] > 1 || size === 1
      ? [element[axis]]
      : Array.from({ length: size }, (_, n) => n),
  );
  return ranges[0].flatMap((c) => ranges[1].flatMap((y) => ranges[2].map((x) => [c, y, x])));
}
