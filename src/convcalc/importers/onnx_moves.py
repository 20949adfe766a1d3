"""Operations of ONNX that move, repeat or leave out elements: `permute`, and `view` by its name.

Those views can be run whose elements are found by slices and steps of whole axes.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.importers.onnx_names import plain
from convcalc.importers.onnx_plans import Plan, need
from convcalc.layers.rearranged import Rearranged

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.importers.onnx_calls import Call
    from convcalc.importers.onnx_plans import Rule
    from convcalc.layers import Shape
    from convcalc.layers.rearranged import Move


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


def moved(rule: Callable[[Call], list[Move]]) -> Rule:
    """A rule for views that can be run."""

    def write(call: Call) -> Plan:
        return Plan(Rearranged(plain(call.op), call.out.sample, rule(call)))

    return write


def reordered(call: Call) -> list[Move]:
    """The axes in another order, the one of the batch among them; of one element any may move."""
    shape = call.x.known
    order = call("perm") or list(reversed(range(len(shape))))
    moving = [axis for axis in order if shape[axis] > 1]
    before = sorted(moving)
    sizes, places = [shape[axis] for axis in before], [1 + before.index(axis) for axis in moving]
    return [("reshape", tuple(sizes)), ("permute", (0, *places))]


def as_they_are(call: Call) -> list[Move]:  # noqa: ARG001 - all rules are called alike
    """The elements in their order, on more axes than `reshape` has."""
    return []


def part(call: Call) -> list[Move]:
    """Some elements of some axes, in steps above 0."""
    shape = call.x.known
    starts, ends = call.whole_numbers(1, "starts"), call.whole_numbers(2, "ends")
    steps = call.whole_numbers(4, "steps") or [1] * len(starts or ())
    need(starts is not None and ends is not None and min(steps) > 0)
    axes = call.whole_numbers(3, "axes") or range(len(starts or ()))
    index = [slice(None)] * len(shape)
    for axis, start, end, step in zip(axes, starts or (), ends or (), steps, strict=True):
        index[axis % len(shape)] = slice(start, end, step)
    return _indexed(call, index)


def section(call: Call) -> list[Move]:
    """One of the pieces of Split."""
    shape = call.x.known
    axis = call("axis", 0) % len(shape)
    before = [one for one in call.outputs[: call.place] if one is not None]
    need(len(before) == call.place)
    begin = sum(one.known[axis] for one in before)
    index = [slice(None)] * len(shape)
    index[axis] = slice(begin, begin + call.out.known[axis])
    return _indexed(call, index)


def chosen(call: Call) -> list[Move]:
    """The positions of one axis that constant indices name."""
    shape, indices = call.x.known, call.tensor(1)
    need(not call.x.is_constant)
    axis = call("axis", 0) % len(shape)
    places = [int(one) % shape[axis] for one in indices.elements.reshape(-1)]
    batched = call.x.has_batch
    need(axis > 0 or not batched)
    return [("take", (axis if batched else axis + 1, *places))]


def _indexed(call: Call, index: list[slice]) -> list[Move]:
    """What an index over all axes takes of a batch of samples."""
    batched, shape = call.x.has_batch, call.x.known
    need(not batched or index[0] in (slice(None), slice(0, 1)))
    own, sizes = (index[1:], shape[1:]) if batched else (index, shape)
    pairs = enumerate(zip(own, sizes, strict=True), start=1)
    return [("slice", (axis, *one.indices(size))) for axis, (one, size) in pairs]


def spread_out(call: Call) -> list[Move]:
    """DepthToSpace, where the blocks are the slower part of the channels (DCR)."""
    channels, high, wide = _image(call)
    size = call("blocksize")
    need(call("mode", "DCR") == "DCR")
    blocks = (size, size, channels // size**2, high, wide)
    return [("reshape", blocks), ("permute", (0, 3, 4, 1, 5, 2))]


def gathered(call: Call) -> list[Move]:
    """SpaceToDepth: each block's elements are the slower part of the channels."""
    channels, high, wide = _image(call)
    size = call("blocksize")
    need(call("mode", "DCR") == "DCR")
    blocks = (channels, high // size, size, wide // size, size)
    return [("reshape", blocks), ("permute", (0, 3, 5, 1, 2, 4))]


def _image(call: Call) -> Shape:
    need(call.x.has_batch and len(call.x.known) == 4 and prod(call.x.known) > 0)
    return call.x.sample
