"""Outputs of one convolution computed again from the definition, to hold a result against.

Nothing of the backends takes part: no window, no padded copy, no tap order. Each output is the sum
over its taps and channels, the elements looked up one by one: in float64, or
with Python's integers.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from convcalc.execute.arrays.tolerance import TOLERANCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from convcalc.execute.arrays.arranged import Arranged
    from convcalc.execute.arrays.dtypes import DtypePlan
    from convcalc.layers.conv import Conv
    from convcalc.layers.convt import ConvTranspose
    from convcalc.window import Window

SEED = 0
"""The seed of the sample: a shape is always verified in the same places."""

LARGEST_BFLOAT16 = (2 - 2.0**-7) * 2.0**127

BLOCK = 1 << 20
"""Products that are computed at once."""


class Verification(NamedTuple):
    """What came of computing outputs again.

    Attributes:
        checked: Outputs that were computed again.
        outputs: Outputs in all.
        error: The largest |y - reference|, in relation to what is allowed; infinite where only one
            of the two is a number.
        bound: What is allowed there.
        place: Where that is: (sample, channel, *position).
        factor: The c of the bound c * eps * sum|x||w|; 0 for integers, which are exact.
        eps: The eps of the bound.
        beyond: Outputs left out, whose sums of magnitudes leave the range of the dtype.
        seed: What the sample was drawn with.
    """

    checked: int
    outputs: int
    error: float
    bound: float
    place: tuple[int, ...]
    factor: float
    eps: float
    beyond: int
    seed: int = SEED

    @property
    def passed(self) -> bool:
        """Whether every output that was checked is within its bound."""
        return self.error <= self.bound


def verify(
    layer: Conv | ConvTranspose,
    array: np.ndarray | Arranged,
    weights: Mapping[str, np.ndarray],
    result: np.ndarray | Arranged,
    dtypes: DtypePlan,
    samples: int | Literal["all"],
    *,
    block: int | None = None,
    done: Callable[[int, int], None] | None = None,
) -> Verification:
    """Some outputs of a convolution, or all, against the definition.

    Both arrays may be in files: of neither more is read than single elements.

    Args:
        layer: The convolution.
        array: (N, C, *sizes), as it came in.
        weights: "0.weight" and, where there is one, "0.bias".
        result: (N, O, *sizes), in the dtype of the result.
        dtypes: What was computed in, which the inputs are converted to, and what was returned.
        samples: How many outputs at most, drawn with `SEED`; or "all".
        block: Products that are computed at once, `BLOCK` if nothing is said.
        done: Called with how many outputs are computed again, and how many will be.
    """
    block = block or BLOCK
    count = result.size if samples == "all" else min(samples, result.size)
    with np.errstate(all="ignore"):
        direct = _Direct(layer, array, weights, result.shape, dtypes.compute, block)
        exact = dtypes.compute == "int64"
        again = 0
        judge = _ExactJudge() if exact else _FloatJudge(dtypes, direct.terms)
        for places in sample(count, result.size, max(1, block // direct.terms)):
            found = result[np.unravel_index(places, result.shape)]
            judge.look(places, found, *direct.outputs(places))
            again += len(places)
            if done is not None:
                done(again, count)
    worst = tuple(int(position) for position in np.unravel_index(judge.worst, result.shape))
    return Verification(
        checked=count,
        outputs=result.size,
        error=judge.error,
        bound=judge.bound,
        place=worst,
        factor=judge.factor,
        eps=judge.eps,
        beyond=judge.beyond,
    )


def sample(count: int, outputs: int, at_once: int) -> Iterator[np.ndarray]:
    """The flat indices of `count` of so many outputs in order, `at_once` at a time.

    One is drawn from each of `count` parts of equal size, so that no part of the result is left out
    and no index comes twice; which ones does not depend on `at_once`.
    """
    draw = np.random.default_rng(SEED)
    size, larger = divmod(outputs, count)
    for begin in range(0, count, at_once):
        part = np.arange(begin, min(begin + at_once, count))
        yield part * size + np.minimum(part, larger) + draw.integers(size + (part < larger))


class _ExactJudge:
    """Integers are right or wrong."""

    factor = eps = bound = 0.0
    beyond = 0

    def __init__(self) -> None:
        self.error, self.worst = 0.0, 0

    def look(
        self, places: np.ndarray, found: np.ndarray, reference: np.ndarray, _: np.ndarray
    ) -> None:
        """Take notice of some outputs."""
        errors = abs(found.astype(object) - reference)
        place = int(errors.argmax())
        if float(errors[place]) > self.error:
            self.error, self.worst = float(errors[place]), int(places[place])


class _FloatJudge:
    """Floats may be off by what the roundings of their sums explain."""

    def __init__(self, dtypes: DtypePlan, terms: int) -> None:
        tolerance = TOLERANCES[dtypes.result]
        self.terms = terms
        self.tolerance = tolerance
        self.eps = tolerance.eps
        self.factor = tolerance.factor_of(terms)
        self.sum_range = float(np.finfo(dtypes.compute).max)
        stored = float(np.finfo(dtypes.stored).max)
        self.range = LARGEST_BFLOAT16 if dtypes.result == "bfloat16" else stored
        self.error, self.bound, self.used, self.worst, self.beyond = 0.0, 0.0, -1.0, 0, 0

    def look(
        self, places: np.ndarray, found: np.ndarray, reference: np.ndarray, products: np.ndarray
    ) -> None:
        """Take notice of some outputs; what matters is how much of its bound an error uses."""
        found = found.astype(np.float64)
        bounds = self.tolerance.bound(products, self.terms)
        errors = abs(found - reference)
        same = (found == reference) | (np.isnan(found) & np.isnan(reference))
        errors = np.where(same, 0.0, np.where(np.isnan(errors), inf, errors))
        # Sums that leave the range on the way become infinite, or NaN, whatever they come to.
        outside = (products > self.sum_range) | (
            np.isfinite(reference) & (abs(reference) + bounds > self.range)
        )
        self.beyond += int(np.count_nonzero(outside))
        used = np.where(outside, -1.0, np.where(errors > 0, errors / bounds, 0.0))
        place = int(used.argmax())
        if used[place] > self.used:
            self.used = float(used[place])
            self.error, self.bound = float(errors[place]), float(bounds[place])
            self.worst = int(places[place])


class _Direct:
    """The definition of a convolution, for outputs by their flat index."""

    def __init__(
        self,
        layer: Conv | ConvTranspose,
        array: np.ndarray | Arranged,
        weights: Mapping[str, np.ndarray],
        shape: tuple[int, ...],
        compute: str,
        block: int,
    ) -> None:
        self.layer = layer
        self.transposed = layer.kind == "convt"
        self.shape = shape
        self.sizes = array.shape[2:]
        self.array = array
        self.windows = layer.windows(tuple(array.shape[1:]))
        self.compute = compute
        weight = self.number(weights["0.weight"])
        self.taps = np.stack(
            [axis.ravel() for axis in np.indices(weight.shape[2:])], axis=-1
        )  # (taps, axes)
        self.weight = weight.reshape(*weight.shape[:2], -1)
        bias = weights.get("0.bias")
        self.bias = None if bias is None else self.number(bias)
        self.in_channels_per_group = array.shape[1] // layer.groups
        self.terms = self.in_channels_per_group * len(self.taps) + (bias is not None)
        self.block = block

    def number(self, array: np.ndarray) -> np.ndarray:
        """The array as it was computed with, in numbers that hold sums of its products."""
        converted = np.asarray(array).astype(self.compute)
        result: np.ndarray = converted.astype(object if self.compute == "int64" else np.float64)
        return result

    def outputs(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The value of some outputs, and the sum of the magnitudes of their finite products."""
        sample, channel, *positions = np.unravel_index(places, self.shape)
        group = channel // (self.shape[1] // self.layer.groups)
        sources = group[:, None] * self.in_channels_per_group + np.arange(
            self.in_channels_per_group
        )
        total = self.number(np.zeros(len(places)))
        products = total.copy()
        for taps in self.blocks():
            real, read = self.sources(positions, self.taps[taps])
            channels = (sample[:, None, None], sources[..., None])
            values = self.number(self.array[(*channels, *(position[:, None] for position in read))])
            terms = values * self.weights(channel, sources)[..., taps]
            # What lies on zero padding takes part in no product: 0 * inf would be NaN.
            terms = np.where(real[:, None, :], terms, 0)
            total = total + terms.sum(axis=(1, 2))
            products = products + _magnitudes(terms).sum(axis=(1, 2))
        if self.bias is not None:
            total = total + self.bias[channel]
            products = products + _magnitudes(self.bias[channel])
        return total, products

    def blocks(self) -> Iterator[slice]:
        """The taps in pieces, where even those of one output are too many at once."""
        step = max(1, self.block // self.in_channels_per_group)
        for begin in range(0, len(self.taps), step):
            yield slice(begin, begin + step)

    def weights(self, channel: np.ndarray, sources: np.ndarray) -> np.ndarray:
        """(outputs, C/g, taps): what each input channel is multiplied with."""
        each = self.shape[1] // self.layer.groups
        place = (sources, (channel % each)[:, None]) if self.transposed else channel
        chosen: np.ndarray = self.weight[place]
        return chosen

    def sources(
        self, positions: list[np.ndarray], taps: np.ndarray
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """(outputs, taps): whether a tap of an output reads an element, and which, axis by axis."""
        real = np.ones((len(positions[0]), len(taps)), bool)
        read = []
        for axis, window in enumerate(self.windows):
            size = self.sizes[axis]
            exists, position = self.read(
                positions[axis][:, None], taps[None, :, axis], window, size
            )
            real &= exists
            read.append(np.where(exists, position, 0))
        return real, read

    def read(
        self, output: np.ndarray, tap: np.ndarray, window: Window, size: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Which element of an axis of `size` an output reads through a tap, and if there is one.

        Output u of a convolution reads u*s - pb + d*t; output v of a transposed one reads the j for
        which j*s - pb + d*t = v.
        """
        offset = window.dilation * tap - window.before
        if self.transposed:
            position, rest = np.divmod(output - offset, window.stride)
            return (rest == 0) & (position >= 0) & (position < size), position
        position = output * window.stride + offset
        inside = (position >= 0) & (position < size)
        mode = getattr(self.layer, "padding_mode", "zeros")
        if mode == "zeros":
            return inside, position
        if mode == "replicate":
            position = np.minimum(np.maximum(position, 0), size - 1)
        elif mode == "circular":
            position = np.mod(position, size)
        elif mode == "symmetric":  # with period 2i, the second half backwards
            position = np.mod(position, 2 * size)
            position = np.minimum(position, 2 * size - 1 - position)
        else:  # reflect, on an axis that is longer than its padding
            position = np.where(position < 0, -position, position)
            position = np.where(position >= size, 2 * size - 2 - position, position)
        return np.ones_like(inside), position


def _magnitudes(terms: np.ndarray) -> np.ndarray:
    """|x||w|; terms that are no numbers are looked at as what they make of the output."""
    if terms.dtype == object:
        return abs(terms)
    magnitudes: np.ndarray = abs(terms)
    return np.where(np.isfinite(magnitudes), magnitudes, 0.0)
