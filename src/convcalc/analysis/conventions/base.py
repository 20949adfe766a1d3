"""What a convention is: another tool's way of counting, as differences to the MACs of each layer.

A tool's figure of a layer is the layer's multiply-accumulates plus the terms of one rule, so that
each term says why the figure differs. A kind without a rule is unknown to the convention, and the
total is then reported as partial: nothing unknown is taken for zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.layers.kinds import row_of

if TYPE_CHECKING:
    from convcalc.layers import Costs, Layer, Shape
    from convcalc.network.measured import Measured


class Reason(NamedTuple):
    """Why a tool counts something.

    Attributes:
        text: What it counts, after the name of a kind: "2 per element".
        wrong: Why that is a mistake by the tool's own rule, or nothing.
    """

    text: str
    wrong: str = ""


class Term(NamedTuple):
    """What one reason adds to the multiply-accumulates of a layer; negative where it takes away."""

    reason: Reason
    amount: int


class CountedLayer(NamedTuple):
    """A layer as a counter meets it.

    Attributes:
        layer: The layer.
        arriving: (channels, *spatial) of each input, of one sample.
        leaving: The same of the result.
        batch: Samples.
        costs: What one sample costs.
        function: Whether the model calls it as a function and not as a module.
    """

    layer: Layer
    arriving: tuple[Shape, ...]
    leaving: Shape
    batch: int
    costs: Costs
    function: bool = False

    @property
    def spatial_dims(self) -> int:
        """Spatial axes."""
        return len(self.arriving[0]) - 1

    @property
    def inputs(self) -> int:
        """Elements of the first input, of the whole batch."""
        return self.batch * prod(self.arriving[0])

    @property
    def outputs(self) -> int:
        """Elements of the result, of the whole batch."""
        return self.batch * prod(self.leaving)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the whole batch."""
        return self.batch * self.costs.macs

    @property
    def bias_adds(self) -> int:
        """Additions of the bias of the whole batch."""
        return self.batch * self.costs.bias_adds

    @property
    def params(self) -> int:
        """Elements in all weights."""
        weights = self.layer.weight_shapes(*self.arriving)
        return sum(prod(shape) for shape in weights.values())


def pooled(call: CountedLayer, *, pads: bool = True) -> int:
    """Elements that a pooling module gets, of the whole batch.

    torch pads both ends alike, by at most half the kernel, if the module `pads` at all. Other
    padding is put around the input before the module, which then gets more elements.
    """
    from convcalc.layers.pooling import Pool

    layer = call.layer
    assert isinstance(layer, Pool)
    shape = call.arriving[0]
    explicit = replace(layer, ceil_mode=False).windows(shape)
    if all(w.before == w.after <= (w.kernel // 2 if pads else 0) for w in explicit):
        return call.inputs
    axes = zip(layer.windows(shape), shape[1:], strict=True)
    padded: int = prod(w.before + size + w.after for w, size in axes)
    return call.batch * shape[0] * padded


def transposed_outputs(call: CountedLayer) -> int:
    """Output positions of a module for a transposed convolution, of the whole batch.

    torch crops both ends alike. Where a layer does not, the module crops nothing, and what it makes
    is cut behind it.
    """
    from convcalc.layers.convt import ConvTranspose

    layer = call.layer
    assert isinstance(layer, ConvTranspose)
    windows = layer.windows(call.arriving[0])
    sizes = call.leaving[1:]
    if any(w.before != w.after for w in windows):
        axes = zip(windows, call.arriving[0][1:], sizes, strict=True)
        sizes = tuple(
            max(w.before + size, w.transposed_size(arriving) + w.before + w.after)
            for w, arriving, size in axes
        )
    return call.batch * prod(sizes)


Rule: TypeAlias = Callable[[CountedLayer], Iterable[Term]]
"""The terms of one kind of layer."""


@dataclass(frozen=True)
class Convention:
    """One way of counting.

    Attributes:
        name: What it is called after `--convention`.
        tool: Whose way it is, with the version.
        text: What the total of it is, in one sentence.
        source: Where the rules are written down.
        rules: The rule of every kind that it knows, by its name or by that of its family.
    """

    name: str
    tool: str
    text: str
    source: str
    rules: Mapping[str, Rule]

    def terms(
        self, call: CountedLayer, measured: Measured | None = None
    ) -> tuple[Term, ...] | None:
        """The terms of one layer, those of zero left out; None if its kind is unknown.

        Args:
            call: The layer.
            measured: What was found of it where its model was run, which goes before all rules.
        """
        if measured is not None and self.name in measured.counts:
            return measured_terms(measured, self.name)
        rule = row_of(self.rules, type(call.layer))
        if rule is None:
            return None
        return tuple(term for term in rule(call) if term.amount)


def measured_terms(measured: Measured, tool: str) -> tuple[Term, ...] | None:
    """What a tool counts of a layer of a model that was run, as differences to its products."""
    counts = measured.counts[tool]
    if counts is None:
        return None
    products = sum(one.amount for one in counts if not one.text) - measured.macs
    own = OWN_PRODUCTS if products + measured.macs else LEFT_OUT
    terms = [Term(own, products)]
    terms += [Term(Reason(one.text, one.wrong), one.amount) for one in counts if one.text]
    return tuple(term for term in terms if term.amount)


LEFT_OUT = Reason("left out: neither a module nor a function that it knows")
OWN_PRODUCTS = Reason("products by its own formula")


def no_terms(call: CountedLayer) -> Iterable[Term]:
    """The multiply-accumulates alone, which are none of most kinds."""
    del call
    return ()


def left_out(reason: Reason) -> Rule:
    """Nothing at all, for that reason, of a layer that has multiply-accumulates."""

    def rule(call: CountedLayer) -> Iterable[Term]:
        yield Term(reason, -call.macs)

    return rule


def by_stage(rule: Rule) -> Rule:
    """The rule of a convolution for kinds that are several of them in turn."""

    def stages(call: CountedLayer) -> Iterable[Term]:
        from convcalc.layers.stages import Staged

        layer = call.layer
        assert isinstance(layer, Staged)
        for _, stage, arriving in layer.walk(call.arriving[0]):
            leaving = stage.out_shape(arriving)
            yield from rule(
                CountedLayer(stage, (arriving,), leaving, call.batch, stage.costs(arriving))
            )

    return stages


def for_kinds(rule: Rule, *kinds: str) -> dict[str, Rule]:
    """One rule for several kinds or families."""
    return dict.fromkeys(kinds, rule)
