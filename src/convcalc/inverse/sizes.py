"""Which input sizes a network takes: every one of a range is tried, and a rule is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import LayerError, SpecError, UsageError
from convcalc.inverse.model_weights import ModelWeights, is_model
from convcalc.inverse.rule import rule_of
from convcalc.layers.base import Layer

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.inverse.rule import SizeRule
    from convcalc.layers import Shape
    from convcalc.network.graph import Network

LAST = 512
"""The last size that is tried unless another is asked for."""

MOST_SIZES = 100_000
MOST_STEPS = 2_000_000
"""Layers that may be asked in all, and sizes; more of them take long."""


class Breaking(NamedTuple):
    """A layer at which some sizes end: it is the first one that does not fit them.

    Attributes:
        label: Its label.
        spec: It in the spec language.
        sizes: How many of the range.
        example: One of those sizes, the last.
        reason: What is wrong there, in words.
    """

    label: str
    spec: str
    sizes: int
    example: int
    reason: str


@dataclass(frozen=True)
class Sizes:
    """The sizes that a network takes, all spatial axes alike.

    Attributes:
        channels: Channels of the input.
        axes: Spatial axes.
        rule: The sizes of the range, every one of which was tried.
        breaking: The layers that the other sizes do not fit, the one that ends most of them first.
        dropping: Where no element may be dropped: the labels of layers that drop some at sizes
            which fit, each with how many of these there are.
        model_input: The input that a model was read for, whose weights have their shapes; None for
            a text, whose layers have the weights that an input needs.
    """

    channels: int
    axes: int
    rule: SizeRule
    breaking: tuple[Breaking, ...]
    dropping: tuple[tuple[str, int], ...]
    model_input: Shape | None = None

    def near(self, size: int) -> tuple[int, ...]:
        """The size itself if it is taken, else the nearest smaller and larger one of the range."""
        if size in self.rule:
            return (size,)
        taken = self.rule.sizes()
        below = [one for one in taken if one < size][-1:]
        return tuple(below + [one for one in taken if one > size][:1])


def network_sizes(
    network: Network,
    channels: int,
    axes: int = 2,
    first: int = 1,
    last: int = LAST,
    unused: int | None = None,
    done: Callable[[int, int], None] | None = None,
) -> Sizes:
    """The input sizes of a range that every layer of a network takes.

    Args:
        network: The layers.
        channels: Channels of the input.
        axes: Spatial axes, which all have the same size.
        first: The first size that is tried.
        last: The last one.
        unused: Only sizes at which each layer drops at most so many elements at the end of an
            axis; None is all.
        done: Called with how many sizes were tried, and how many will be.

    Raises:
        UsageError: there are no spatial axes, or the range is empty or too large.

    Example:
        >>> import convcalc
        >>> network = convcalc.parse("residual{conv:8,k4,s4 convt:3,k4,s4 | }")
        >>> str(network_sizes(network, 3).rule)
        'multiples of 4'
    """
    _check(network, axes, first, last)
    taken: list[int] = []
    failures: dict[int, tuple[int, int, Exception]] = {}
    dropping: dict[str, int] = {}
    drops = _Drops(unused)
    model = ModelWeights(network)
    for size in range(first, last + 1):
        if done is not None:
            done(size - first, last - first + 1)
        reached, dropped, failure = _tried(model, (channels, *(size,) * axes), drops)
        if failure is not None:
            sizes, *_ = failures.get(reached, (0,))
            failures[reached] = (sizes + 1, size, failure)
            continue
        if not dropped:
            taken.append(size)
        for label in dropped:
            dropping[label] = dropping.get(label, 0) + 1
    most_first = sorted(failures.items(), key=lambda item: (-item[1][0], item[0]))
    breaking = tuple(_breaking(network, index, *found) for index, found in most_first)
    most = tuple(sorted(dropping.items(), key=lambda item: -item[1]))
    own = network.input_shape if is_model(network) else None
    return Sizes(channels, axes, rule_of(taken, first, last), breaking, most, own)


def _tried(
    model: ModelWeights, shape: Shape, drops: _Drops
) -> tuple[int, list[str], LayerError | SpecError | None]:
    """How many layers take an input, which of them drop too much, and why the next does not fit."""
    reached = 0
    dropped: list[str] = []
    try:
        for step in model.walk(shape):
            reached += 1
            if drops.too_much(step.layer, step.arriving[0]):
                dropped.append(step.node.label)
    except (LayerError, SpecError) as error:
        return reached, dropped, error
    return reached, dropped, None


class _Drops:
    """What layers drop at the end of their input's axes, each shape asked once."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._known: dict[tuple[int, Shape], bool] = {}

    def too_much(self, layer: Layer, shape: Shape) -> bool:
        """Whether a layer drops more elements of an axis than it may."""
        if self._most is None:
            return False
        key = (id(layer), shape)
        if key not in self._known:
            self._known[key] = max(layer.dropped_input(shape), default=0) > self._most
        return self._known[key]


def _check(network: Network, axes: int, first: int, last: int) -> None:
    """Refuses what cannot be tried.

    Raises:
        UsageError: it cannot.
    """
    if axes < 1:
        raise UsageError("the input has no spatial axes, so that it has no sizes to choose from")
    if not 1 <= first <= last:
        raise UsageError(f"there are no sizes from {first} to {last}")
    count, most = last - first + 1, most_sizes(network)
    if count > most:
        layers = f"{len(network.nodes):,} layer{'s' * (len(network.nodes) > 1)}"
        raise UsageError(f"{count:,} sizes of {layers} are too many; at most {most:,}")


def most_sizes(network: Network) -> int:
    """How many sizes of a network may be tried at once."""
    return min(MOST_SIZES, max(1, MOST_STEPS // len(network.nodes)))


def _breaking(
    network: Network, index: int, sizes: int, example: int, failure: Exception
) -> Breaking:
    """The layer at a place, and why it does not fit an example."""
    if index >= len(network.nodes):
        return Breaking("input", "", sizes, example, str(failure).splitlines()[0])
    node = network.nodes[index]
    spec = node.layer.spec() if isinstance(node.layer, Layer) else node.layer.kind
    reason = failure.problems[0].message if isinstance(failure, SpecError) else str(failure)
    reason = reason.removeprefix(f"layer {node.label} ({spec}): ")
    return Breaking(node.label, spec, sizes, example, reason.splitlines()[0].partition(";")[0])
