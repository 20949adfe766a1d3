"""Outputs of poolings: which elements a window holds, and what is made of them."""

from __future__ import annotations

from itertools import product
from math import inf, isnan, prod
from typing import TYPE_CHECKING

from convcalc.explain.walk.data import Pooled, Read

if TYPE_CHECKING:
    from convcalc.explain.walk.data import Number, Place, Values
    from convcalc.layers.adaptive import Adaptive
    from convcalc.layers.pooling import Pool


def pooled(layer: Pool, values: Values, place: Place) -> Pooled:
    """An output of `maxpool`, `avgpool` or `lppool`: real elements alone have a value."""
    channel, *position = place
    windows = layer.windows(values.shape)
    elements = []
    for tap in product(*(range(window.kernel) for window in windows)):
        axes = zip(position, tap, windows, strict=True)
        at = tuple(u * w.stride - w.before + t * w.dilation for u, t, w in axes)
        real = all(0 <= a < size for a, size in zip(at, values.shape[1:], strict=True))
        elements.append(Read(at, at if real else None, values[channel, *at] if real else 0))
    reads = tuple(elements)
    if layer.kind == "maxpool":
        return _largest(place, tuple(one for one in reads if one.source is not None))
    if layer.kind == "avgpool":
        counted = layer.elements_counted(
            values.shape, with_padding=bool(getattr(layer, "count_include_pad", True))
        )
        divisor = prod(axis[u] for axis, u in zip(counted, position, strict=True))
        return _mean(place, reads, divisor)
    return _norm(layer, values, place, reads)


def adaptive(layer: Adaptive, values: Values, place: Place) -> Pooled:
    """An output of a pooling whose windows follow from its size."""
    channel, *position = place
    sections = layer.sections(values.shape)
    ranges = [range(*axis[u]) for axis, u in zip(sections, position, strict=True)]
    reads = tuple(Read(at, at, values[channel, *at]) for at in product(*ranges))
    return _largest(place, reads) if layer.how == "max" else _mean(place, reads, len(reads))


def _largest(place: Place, reads: tuple[Read, ...]) -> Pooled:
    """The largest element; NaN where there is one, as in every library, and -inf of none."""
    values = [one.value for one in reads]
    largest = next((value for value in values if isnan(value)), max(values, default=-inf))
    return Pooled(place, "max", reads, 1, len(reads), largest)


def _mean(place: Place, reads: tuple[Read, ...], divisor: int) -> Pooled:
    mean = sum(one.value for one in reads) / divisor
    return Pooled(place, "mean", reads, divisor, len(reads), mean)


def _norm(layer: Pool, values: Values, place: Place, reads: tuple[Read, ...]) -> Pooled:
    """(sum x^p)^(1/p); what hangs over in ceil mode counts as elements of the same mean."""
    exponent: Number = vars(layer)["norm_type"]
    total: Number = sum(one.value**exponent for one in reads)
    counted = len(reads)
    if layer.ceil_mode:
        axes = layer.elements_counted(values.shape, with_padding=True)
        counted = prod(axis[u] for axis, u in zip(axes, place[1:], strict=True))
        total = total * len(reads) / counted
    return Pooled(place, "norm", reads, exponent, counted, total ** (1 / exponent))
