"""Operations of ONNX that move elements, add some or leave some out, as layers of our kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.importers.onnx_plans import Plan, folded, need, need_batch

if TYPE_CHECKING:
    from convcalc.importers.onnx_calls import Call
    from convcalc.layers import Layer, Shape

PAD_MODES = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def regrouped(call: Call) -> Plan:
    """Other axes for the same elements in their order."""
    shape = call.out.sample
    return Plan(layers.Flatten() if len(shape) == 1 else layers.Reshape(shape))


def concat(call: Call) -> Plan:
    """Results one after the other, along the channels or another axis."""
    rank, sample = len(call.out.known), call.out.sample
    place = call("axis", 1) % rank - (rank - len(sample))
    need(place >= 0 and len(call.inputs) > 1)
    layer = layers.Concat(dim=-1 if 0 < place == len(sample) - 1 else place + 1)
    return Plan(layer, inputs=tuple(range(len(call.inputs))))


def section(call: Call) -> Plan:
    """The channels that one of the results of Split holds."""
    need_batch(call)
    need(call("axis", 0) % len(call.x.known) == 1)
    before = [one for one in call.outputs[: call.place] if one is not None]
    need(len(before) == call.place)
    begin = sum(one.known[1] for one in before)
    return Plan(layers.Slice(((begin, begin + call.out.known[1]),)))


def part(call: Call) -> Plan:
    """Some of the channels in a row, or a part of the spatial axes in one piece."""
    need_batch(call)
    begins = _begins(call)
    before, after = call.x.known, call.out.known
    changed = {axis for axis, size in enumerate(before) if after[axis] != size}
    need(0 not in changed and bool(changed))
    if changed == {1}:
        return Plan(layers.Slice(((begins[1], begins[1] + after[1]),)))
    need(1 not in changed)
    return Plan(layers.Crop(folded(after[2:]), folded(begins[2:])))


def _begins(call: Call) -> list[int]:
    """The first element of each axis that stays, where elements are left out at the ends only."""
    shape = call.x.known
    starts, steps = call.whole_numbers(1, "starts"), call.whole_numbers(4, "steps")
    need(starts is not None and set(steps or [1]) == {1})
    axes = call.whole_numbers(3, "axes") or range(len(starts or ()))
    begins = [0] * len(shape)
    for axis, start in zip(axes, starts or (), strict=True):
        size = shape[axis]
        begins[axis % len(shape)] = max(0, min(size, start + size if start < 0 else start))
    return begins


def pad(call: Call) -> Plan:
    """Elements around the spatial axes."""
    need_batch(call)
    rank = len(call.x.known)
    pads = call.whole_numbers(1, "pads" if call.opset > 1 else "paddings")
    axes = call.whole_numbers(3, "axes") or range(rank)
    need(pads is not None and len(pads) == 2 * len(axes))
    pairs = [(0, 0)] * rank
    for place, axis in enumerate(axes):
        pairs[axis % rank] = ((pads or [])[place], (pads or [])[place + len(axes)])
    need(pairs[0] == pairs[1] == (0, 0))
    mode = PAD_MODES[call("mode", "constant")]
    value = (call.numbers(2, "value") or [0.0])[0] if mode == "zeros" else 0.0
    return Plan(layers.Pad(tuple(pairs[2:]), mode, float(value)))


def depth_to_space(call: Call) -> Plan:
    """Channels as elements, where a channel's own lie beside each other (CRD)."""
    need_batch(call, 2)
    need(call("mode", "DCR") == "CRD")
    return Plan(layers.PixelShuffle(call("blocksize")))


def space_to_depth(call: Call) -> Plan:
    """Elements as channels, where a channel's own lie beside each other (CRD)."""
    need_batch(call, 2)
    need(call("mode", "DCR") == "CRD")
    return Plan(layers.PixelUnshuffle(call("blocksize")))


def resize(call: Call) -> Plan:
    """Each spatial axis enlarged, by the rules of which ours are the same.

    Of a whole factor the nearest element is the same for elements as areas and as points that
    begin together, unless halves are rounded otherwise.
    """
    need_batch(call)
    before, after = call.x.known[2:], call.out.known[2:]
    need(call.x.known[:2] == call.out.known[:2] and not call("antialias", 0))
    whole = all(new % old == 0 for old, new in zip(before, after, strict=True))
    mode = call("mode", "nearest")
    places = call("coordinate_transformation_mode", "half_pixel" if call.opset > 10 else _OLD)
    if mode == "nearest":
        rounding = call("nearest_mode", "round_prefer_floor" if call.opset > 10 else "floor")
        areas = places in ("half_pixel", "pytorch_half_pixel") and rounding.startswith("round")
        points = places == "asymmetric" and rounding == "floor"
        need(points and _is_exact(call) if not whole else areas or points)
        return Plan(_enlarged(before, after, whole, "nearest", False))
    need(mode == "linear" and _is_exact(call))
    need(places in ("half_pixel", "pytorch_half_pixel", "align_corners"))
    need(places != "pytorch_half_pixel" or 1 not in after)
    align = places == "align_corners"
    return Plan(_enlarged(before, after, whole, "bilinear", align))


_OLD = "asymmetric"
"""How places were found before version 11."""


def _is_exact(call: Call) -> bool:
    """Whether the ratio of an axis is that of its sizes, and not a factor that was rounded."""
    scales = call.numbers(1 if call.op == "Upsample" or call.opset < 11 else 2, "scales")
    if not scales:
        return True
    sizes = zip(call.x.known, call.out.known, scales, strict=True)
    return all(old * scale == new for old, new, scale in sizes)


def _enlarged(before: Shape, after: Shape, whole: bool, mode: str, align: bool) -> Layer:
    if not whole:
        return layers.Upsample(size=folded(after), mode=mode, align_corners=align)
    factors = tuple(new // old for old, new in zip(before, after, strict=True))
    return layers.Upsample(folded(factors), mode=mode, align_corners=align)
