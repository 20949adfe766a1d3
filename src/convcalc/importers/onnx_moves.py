"""Operations of ONNX that move, repeat or leave out elements: `permute`, and `view` by its name.

Those views can be run whose elements are found by slices and steps of whole axes.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc import layers
from convcalc.importers.onnx_names import plain
from convcalc.importers.onnx_plans import Plan, need

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.onnx_calls import Call
    from convcalc.importers.onnx_plans import Rule
    from convcalc.layers import Shape
    from convcalc.layers.operations import A, Operations


class Moved(layers.View):
    """A view that can be run, by a function of its own."""

    computable: ClassVar[bool] = True
    function: Callable[..., object]

    def __init__(self, name: str, out: Shape, function: Callable[..., object]) -> None:
        """Makes it of what it is called, its shape and what it does with an array."""
        super().__init__(name, out)
        object.__setattr__(self, "function", function)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The elements, with the axes of a batch."""
        result: A = self.function(ops, arrays[0])  # type: ignore[assignment]
        return result.reshape(arrays[0].shape[0], *self.out)


def transposed(call: Call) -> Plan:
    """The axes in another order; where only axes of one element move, they are regrouped."""
    x, out = call.x, call.out
    rank = len(x.known)
    order = call("perm") or list(reversed(range(rank)))
    long = [axis for axis in order if x.known[axis] > 1]
    if long == sorted(long):
        if len(out.sample) == 1:
            return Plan(layers.Flatten())
        return Plan(layers.Reshape(out.sample))
    need(x.has_batch == out.has_batch)
    if x.has_batch:
        need(order[0] == 0)
        order = [axis - 1 for axis in order[1:]]
    return Plan(layers.Permute(tuple(order)))


def view(call: Call) -> Plan:
    """Elements of the inputs, in a way that is known by its name."""
    live = [place for place, one in enumerate(call.inputs) if one and not one.is_constant]
    need(all(not one.roots for one in call.inputs if one is not None and one.is_constant))
    return Plan(layers.View(plain(call.op), call.out.sample), inputs=tuple(live))


def moved(rule: Callable[[Call], Callable[..., Any]]) -> Rule:
    """A rule for views that can be run."""

    def write(call: Call) -> Plan:
        return Plan(Moved(plain(call.op), call.out.sample, rule(call)))

    return write


def reordered(call: Call) -> Callable[..., Any]:
    """The axes in another order, the one of the batch among them; of one element any may move."""
    shape = call.x.known
    order = call("perm") or list(reversed(range(len(shape))))
    moving = [axis for axis in order if shape[axis] > 1]
    before = sorted(moving)
    sizes, places = [shape[axis] for axis in before], [1 + before.index(axis) for axis in moving]

    def function(ops: Any, x: Any) -> Any:
        return ops.permute(x.reshape(x.shape[0], *sizes), (0, *places))

    return function


def as_they_are(call: Call) -> Callable[..., Any]:  # noqa: ARG001 - all rules are called alike
    """The elements in their order, on more axes than `reshape` has."""
    return lambda ops, x: x  # noqa: ARG005 - as above


def part(call: Call) -> Callable[..., Any]:
    """Some elements of some axes, in steps above 0."""
    shape = call.x.known
    starts, ends = call.numbers(1, "starts"), call.numbers(2, "ends")
    steps = call.numbers(4, "steps") or [1] * len(starts or ())
    need(starts is not None and ends is not None and min(steps) > 0)
    axes = call.numbers(3, "axes") or range(len(starts or ()))
    index = [slice(None)] * len(shape)
    for axis, start, end, step in zip(axes, starts or (), ends or (), steps, strict=True):
        index[axis % len(shape)] = slice(start, end, step)
    return _indexed(call, index)


def section(call: Call) -> Callable[..., Any]:
    """One of the pieces of Split."""
    shape = call.x.known
    axis = call("axis", 0) % len(shape)
    before = [one for one in call.outputs[: call.place] if one is not None]
    need(len(before) == call.place)
    begin = sum(one.known[axis] for one in before)
    index = [slice(None)] * len(shape)
    index[axis] = slice(begin, begin + call.out.known[axis])
    return _indexed(call, index)


def chosen(call: Call) -> Callable[..., Any]:
    """The positions of one axis that constant indices name."""
    shape, indices = call.x.known, call.tensor(1)
    need(not call.x.is_constant and indices.value is not None)
    axis = call("axis", 0) % len(shape)
    places = [int(one) % shape[axis] for one in indices.value.reshape(-1)]
    batched = call.x.has_batch
    need(axis > 0 or not batched)

    def function(ops: Any, x: Any) -> Any:
        return ops.take(x, axis if batched else axis + 1, places)

    return function


def _indexed(call: Call, index: list[slice]) -> Callable[..., Any]:
    """What an index over all axes gives of a batch of samples."""
    batched = call.x.has_batch
    need(not batched or index[0] in (slice(None), slice(0, 1)))
    own = tuple(index[1:] if batched else index)

    def function(ops: Any, x: Any) -> Any:  # noqa: ARG001 - arrays can do it
        return x[(slice(None), *own)]

    return function


def spread_out(call: Call) -> Callable[..., Any]:
    """DepthToSpace, where the blocks are the slower part of the channels (DCR)."""
    channels, high, wide = _image(call)
    size = call("blocksize")
    need(call("mode", "DCR") == "DCR")

    def function(ops: Any, x: Any) -> Any:
        blocks = x.reshape(x.shape[0], size, size, channels // size**2, high, wide)
        return ops.permute(blocks, (0, 3, 4, 1, 5, 2))

    return function


def gathered(call: Call) -> Callable[..., Any]:
    """SpaceToDepth: each block's elements are the slower part of the channels."""
    channels, high, wide = _image(call)
    size = call("blocksize")
    need(call("mode", "DCR") == "DCR")

    def function(ops: Any, x: Any) -> Any:
        blocks = x.reshape(x.shape[0], channels, high // size, size, wide // size, size)
        return ops.permute(blocks, (0, 3, 5, 1, 2, 4))

    return function


def _image(call: Call) -> Shape:
    need(call.x.has_batch and len(call.x.known) == 4 and prod(call.x.known) > 0)
    return call.x.sample
