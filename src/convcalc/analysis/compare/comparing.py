"""Whole networks with their convolutions replaced, and each replacement beside its original."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from convcalc.analysis.compare.table import variants_of
from convcalc.analysis.report import analyze, totals_of
from convcalc.analysis.tabular import Tabular
from convcalc.errors import UsageError
from convcalc.language.unparse import with_source
from convcalc.layers import Conv
from convcalc.network.graph import INPUT, Network, Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.analysis.compare.variant import Formula, Variant
    from convcalc.analysis.report import LayerReport, Report, Totals
    from convcalc.analysis.tabular import Row
    from convcalc.layers import Layer, Shape
    from convcalc.network.graph import Step


@dataclass(frozen=True)
class Change:
    """One convolution and what a variant makes of it.

    Attributes:
        original: The convolution in its network.
        stages: The layers in its place, in the network of the variant; none if it was left.
        totals: The sums over the stages; every output counts as activations, as all are stored.
        ratio: Multiply-accumulates of the stages per multiply-accumulate of the original.
        formula: The same ratio from the parameters, or None where no formula applies.
        note: Why no formula applies, or what its symbols mean, or nothing.
        reason: Why the convolution was left as it is, or nothing.
    """

    original: LayerReport
    stages: tuple[LayerReport, ...]
    totals: Totals
    ratio: Fraction
    formula: Formula | None = None
    note: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """A network in which one variant has replaced what it can.

    Attributes:
        variant: The variant as it is asked for: grouped:4.
        network: The network with the replacements; it can be analysed, printed and run.
        report: What is known of that network.
        changes: The convolutions that were replaced, in the order of the network.
        unchanged: Those that were not, each with its reason.
        ratio: Multiply-accumulates of the network per one of the original.
    """

    variant: str
    network: Network
    report: Report
    changes: tuple[Change, ...]
    unchanged: tuple[Change, ...]
    ratio: Fraction


@dataclass(frozen=True, repr=False)
class Comparison(Tabular):
    """A network, and what each variant makes of it."""

    original: Report
    outcomes: tuple[Outcome, ...]

    def rows(self) -> list[Row]:
        """A flat row for each convolution and variant; where it was left, `reason` says why."""
        return [
            _row(outcome.variant, change)
            for outcome in self.outcomes
            for change in sorted(
                (*outcome.changes, *outcome.unchanged), key=lambda change: change.original.index
            )
        ]


def _row(variant: str, change: Change) -> Row:
    """One convolution beside what a variant makes of it."""
    own = change.original
    totals = change.totals if change.stages else None
    return {
        "variant": variant,
        "index": own.index,
        "label": own.label,
        "spec": own.spec,
        "replacement": " ".join(stage.spec for stage in change.stages),
        "params": own.params,
        "macs": own.macs,
        "variant_params": own.params if totals is None else totals.params,
        "variant_macs": own.macs if totals is None else totals.macs,
        "ratio": float(change.ratio),
        "reason": change.reason,
    }


class _Place(NamedTuple):
    """A convolution of the network, and what stands in its place: layers, or a reason."""

    step: Step
    layers: tuple[Layer, ...]
    reason: str


def compare(
    network: Network,
    input_shape: Shape,
    variants: Sequence[Variant | str] | str,
    batch: int = 1,
) -> Comparison:
    """Every `conv` of a network beside its replacements, each variant in a network of its own.

    A variant leaves a convolution that it cannot replace as it is, and says why.

    Args:
        network: The layers, as `convcalc.parse` gives them.
        input_shape: (channels, *spatial sizes) of one sample.
        variants: "separable,grouped:4", or the variants one by one.
        batch: Samples; it multiplies costs and activations, not parameters.

    Raises:
        UsageError: a variant is unknown, or none can replace any layer.
        ShapeError: a layer does not fit the shape that arrives at it.
        SpecError: the same, for a network that was read from a text.

    Example:
        >>> import convcalc
        >>> found = compare(convcalc.parse("conv:512,k3,p1,nobias"), (512, 14, 14), "separable")
        >>> found.outcomes[0].changes[0].ratio
        Fraction(521, 4608)
        >>> found.outcomes[0].network.spec()
        'sep:512,k3,p1,nobias'
    """
    asked = variants_of(variants)
    steps = list(network.walk(input_shape))
    if not any(isinstance(step.layer, Conv) for step in steps):
        kinds = ", ".join(dict.fromkeys(step.layer.kind for step in steps))
        names = ", ".join(f"'{variant}'" for variant in asked)
        replaces = "replaces" if len(asked) == 1 else "replace"
        raise UsageError(f"nothing to compare: {names} {replaces} conv layers, found only {kinds}")
    original = analyze(network, input_shape, batch)
    outcomes = tuple(_outcome(variant, steps, network.output, original) for variant in asked)
    if not any(outcome.changes for outcome in outcomes):
        raise UsageError(_nothing_replaced(outcomes))
    return Comparison(original, outcomes)


def _outcome(variant: Variant, steps: Sequence[Step], output: int, original: Report) -> Outcome:
    # Networks repeat themselves: the same layer on the same shape is replaced by the same layers.
    known: dict[tuple[int, tuple[Shape, ...]], _Place] = {}
    places = []
    for step in steps:
        key = (id(step.layer), step.arriving)
        place = known.get(key) or known.setdefault(key, _place(variant, step))
        places.append(place._replace(step=step))
    network, ends = _replaced(places, output)
    report = analyze(network, original.input, original.batch)
    changes, unchanged = [], []
    for index, (place, end) in enumerate(zip(places, ends, strict=True)):
        if not isinstance(place.step.layer, Conv):
            continue
        own = original.layers[index]
        if place.reason:
            unchanged.append(Change(own, (), totals_of(()), Fraction(1), reason=place.reason))
            continue
        stages = report.layers[end + 1 - len(place.layers) : end + 1]
        changes.append(_change(variant, place.step.layer, own, stages))
    ratio = Fraction(report.totals.macs, original.totals.macs)
    return Outcome(str(variant), network, report, tuple(changes), tuple(unchanged), ratio)


def _place(variant: Variant, step: Step) -> _Place:
    """What a variant puts in the place of one node; other kinds than `conv` stay."""
    kept = (step.layer,)
    if not isinstance(step.layer, Conv):
        return _Place(step, kept, "")
    found = variant.replacement(step.layer, step.arriving[0])
    return _Place(step, kept, found) if isinstance(found, str) else _Place(step, found, "")


def _replaced(places: Sequence[_Place], output: int) -> tuple[Network, list[int]]:
    """The network with every place filled, and the node that each place ends with."""
    taken = {place.step.node.label for place in places}
    nodes: list[Node] = []
    ends: list[int] = []
    for step, layers, _ in places:
        inputs = tuple(INPUT if source == INPUT else ends[source] for source in step.node.inputs)
        if len(layers) == 1:
            nodes.append(replace(step.node, layer=layers[0], inputs=inputs))
        else:
            for label, layer in zip(
                _labels(step.node.label, len(layers), taken), layers, strict=True
            ):
                nodes.append(Node(layer, inputs, label))
                inputs = (len(nodes) - 1,)
        ends.append(len(nodes) - 1)
    end = INPUT if output == INPUT else ends[output]
    return with_source(Network(tuple(nodes), end)), ends


def _labels(label: str, number: int, taken: set[str]) -> list[str]:
    """2.0, 2.1, ... for the stages in the place of 2, as a Sequential in it would name them."""
    while any(f"{label}.{stage}" in taken for stage in range(number)):
        label += "_"
    return [f"{label}.{stage}" for stage in range(number)]


def _change(
    variant: Variant, conv: Conv, own: LayerReport, stages: tuple[LayerReport, ...]
) -> Change:
    totals = totals_of(stages)
    formula = variant.formula(conv, [own.input_shapes[0], *(row.output_shape for row in stages)])
    found, note = (None, formula) if isinstance(formula, str) else (formula, formula.where)
    return Change(own, stages, totals, Fraction(totals.macs, own.macs), found, note)


def _nothing_replaced(outcomes: Sequence[Outcome]) -> str:
    """Why nothing could be replaced: of each of the first variants, the first reason."""
    shown = 2
    lines = [
        f"{outcome.variant} leaves layer {first.original.index} ({first.original.spec}) as it is: "
        f"{first.reason}"
        for outcome in outcomes[:shown]
        for first in outcome.unchanged[:1]
    ]
    return "\n".join(["nothing to compare: no layer can be replaced", *lines])
