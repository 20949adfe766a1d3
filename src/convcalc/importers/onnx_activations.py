"""Functions of single elements of ONNX, and those over channels, as layers of our kinds."""

from __future__ import annotations

from math import isclose, isfinite
from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.importers.onnx_plans import Plan, known, need

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.importers.onnx_calls import Call
    from convcalc.importers.onnx_plans import Rule
    from convcalc.layers import Layer


def along_axis(kind: Callable[..., Layer]) -> Rule:
    """Softmax and its like along one axis.

    Before version 13 they are over all axes from `axis` on, as one; since then along `axis` alone.
    """

    def rule(call: Call) -> Plan:
        shape, sample = call.x.known, call.x.sample
        axis = call("axis", -1 if call.opset >= 13 else 1) % len(shape)
        if call.opset < 13:
            long = [place for place in range(axis, len(shape)) if shape[place] > 1]
            need(len(long) < 2)
            axis = long[0] if long else axis
        place = axis - (len(shape) - len(sample))
        need(place >= 0)
        return Plan(kind(dim=-1 if 0 < place == len(sample) - 1 else place + 1))

    return rule


def function(kind: Callable[..., Layer], **names: tuple[str, float]) -> Rule:
    """A function whose parameters are attributes: our name, ONNX's and its default."""

    def rule(call: Call) -> Plan:
        return Plan(kind(**{own: call(name, value) for own, (name, value) in names.items()}))

    return rule


def clip(call: Call) -> Plan:
    """Values cut off: at 0 and 6 it is relu6, at 0 alone relu."""
    low, high = (_bound(call, place, name) for place, name in ((1, "min"), (2, "max")))
    if low == 0 and high is None:
        return Plan(layers.ReLU())
    if (low, high) == (0, 6):
        return Plan(layers.ReLU6())
    return Plan(layers.Hardtanh(known(low), known(high)))


def _bound(call: Call, place: int, name: str) -> float | None:
    """A bound; None where there is none, or it is the end of a type."""
    found = call.numbers(place, name)
    if not found or not isfinite(found[0]) or abs(found[0]) > 3e38:
        return None
    return found[0]


def hard_sigmoid(call: Call) -> Plan:
    """PyTorch's slope is 1/6; ONNX's default is 0.2."""
    need(isclose(call("alpha", 0.2), 1 / 6, rel_tol=1e-5) and call("beta", 0.5) == 0.5)
    return Plan(layers.Hardsigmoid())


def selu(call: Call) -> Plan:
    """The factors of Klambauer et al., which are ONNX's defaults, too."""
    need(isclose(call("alpha", _ALPHA), _ALPHA, rel_tol=1e-5))
    need(isclose(call("gamma", _GAMMA), _GAMMA, rel_tol=1e-5))
    return Plan(layers.SELU())


_ALPHA, _GAMMA = 1.6732632423543772, 1.0507009873554805


def gelu(call: Call) -> Plan:
    """X * Phi(x), exactly or by a tanh."""
    return Plan(layers.GELU(approximate=call("approximate", "none")))


def swish(call: Call) -> Plan:
    """X * sigmoid(x)."""
    need(call("alpha", 1.0) == 1)
    return Plan(layers.SiLU())


def shrink(call: Call) -> Plan:
    """Elements near 0 become 0, others come nearer to it by the bias."""
    bias, bound = call("bias", 0.0), call("lambd", 0.5)
    need(bias in (0, bound))
    return Plan(layers.Softshrink(bound) if bias else layers.Hardshrink(bound))


def thresholded(call: Call) -> Plan:
    """X above alpha, else 0."""
    return Plan(layers.Threshold(call("alpha", 1.0), 0.0))


def dropout(call: Call) -> Plan:
    """Nothing, but in training."""
    rate = call("ratio", 0.5)
    given = call.given(1)
    if given is not None and given.value is not None:
        rate = given.value.item()
    mode = call.given(2)
    need(mode is None or not mode.elements.item())
    return Plan(layers.Dropout(rate))
