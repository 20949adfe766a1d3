"""One pass over a network: shape, parameters, costs and receptive field of every layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.analysis.facts import Facts, facts_of
from convcalc.analysis.fields import field_of
from convcalc.analysis.tabular import Layered, whole
from convcalc.collecting import gc_paused
from convcalc.errors import LayerError, ShapeError
from convcalc.layers.base import Costs, ElementOps, format_shape
from convcalc.layers.kinds import KINDS
from convcalc.layers.parameters import count, read_shape
from convcalc.network.functional import Functions
from convcalc.network.graph import INPUT, check_network, leading_to
from convcalc.network.measured import measured_for
from convcalc.receptive import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.analysis import Fold
    from convcalc.analysis.conventions.base import Convention, Term
    from convcalc.analysis.tabular import Row
    from convcalc.layers import Fields, Layer, Shape
    from convcalc.network.graph import Network, Step

CONVENTION_NAME = "macs"
CONVENTION_TEXT = "1 MAC = one multiply and one add; FLOPs = 2 x MACs; bias adds counted apart"


class Parts(NamedTuple):
    """Parameters by what they are for.

    Attributes:
        weight: What inputs are multiplied with: kernels, matrices, slopes and scales.
        bias: What is added to the outputs of convolutions and linear layers.
        norm: Scales and shifts of normalisation, which may be folded into a convolution.
    """

    weight: int = 0
    bias: int = 0
    norm: int = 0


class ConventionText(NamedTuple):
    """A way of counting by its name, and what its totals are in one sentence."""

    name: str
    text: str


@dataclass(frozen=True)
class Totals:
    """Exact whole numbers over all layers and samples; `params` are counted once.

    `mac_activations` are the elements that leave layers with multiply-accumulates, which others
    call the activations of a network; those between the stages of a `sep` are not among them.
    `total` is the headline figure of the convention: of our own the MACs. What is not known is left
    out of the sums, and the report says that it is partial.
    """

    params: int
    macs: int
    flops: int
    bias_adds: int
    element_ops: int
    elements: ElementOps
    activations: int
    mac_activations: int
    total: int


@dataclass(frozen=True, repr=False)
class LayerReport:
    """Everything that is known of one layer in its place.

    Attributes:
        index: Place in the network, from 0.
        label: The name that its weights begin with.
        kind: Its kind in the spec language.
        spec: The layer in the spec language.
        layer: The layer itself; one that waited for channels has them now.
        inputs: Indices of the layers it reads; -1 is the network's input.
        input_shapes: (channels, *spatial) of each input, of one sample.
        output_shape: (channels, *spatial) that leaves, of one sample.
        weights: Shape of each weight by its name.
        params: Elements of all weights.
        macs: Multiply-accumulates of the whole batch.
        flops: 2 * macs.
        bias_adds: Additions of the bias, of the whole batch.
        elements: Operations of normalisation, activation, pooling, merges by type, of the batch.
        activations: Elements that leave the layer, of the whole batch.
        receptive_field: The field of each spatial axis; None where it is not known, as it is
            nowhere behind a layer of which nobody knows which elements it reads.
        dropped_input: Elements at the end of each spatial axis that no window reaches.
        counted: Whether its costs are known; where they are not, the figures above are 0.
        total: The headline figure of the convention, of the whole batch; None if it is not known.
        terms: What the convention adds to the multiply-accumulates, and why.
        repeats: Whether padding that is not of zeros lies in it or before it. The receptive field
            is then that of outputs which read no copied element; others, near a border, see the
            elements that were copied, which may lie anywhere.
    """

    index: int
    label: str
    kind: str
    spec: str
    layer: Layer
    inputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    weights: dict[str, Shape]
    params: int
    macs: int
    flops: int
    bias_adds: int
    elements: ElementOps
    activations: int
    receptive_field: Fields | None
    unread: tuple[int, ...]
    counted: bool
    total: int | None
    terms: tuple[Term, ...]
    repeats: bool = False

    @property
    def element_ops(self) -> int:
        """Operations on single elements of all types, of the whole batch."""
        return self.elements.total

    @property
    def params_by_part(self) -> Parts:
        """The parameters by what they are for."""
        if KINDS[self.kind].normalises:
            return Parts(norm=self.params)
        # Layers of several products have several: pointwise.bias, bias_ih_l0.
        biases = (prod(shape) for name, shape in self.weights.items() if "bias" in name)
        bias = sum(biases)
        return Parts(weight=self.params - bias, bias=bias)

    def __repr__(self) -> str:
        shapes = " ".join(map(format_shape, dict.fromkeys(self.input_shapes)))
        cost = f"{self.macs:,} MACs" if self.counted else "cost not known"
        return (
            f"<layer {self.label} ({self.spec}): {shapes} -> {format_shape(self.output_shape)}, "
            f"{self.params:,} params, {cost}>"
        )

    def flat(self) -> Row:
        """What is known of it as a flat row: a tuple is a shape, or has a value for each axis."""
        known, fields = self.counted, self.receptive_field
        return {
            "index": self.index,
            "label": self.label,
            "kind": self.kind,
            "spec": self.spec,
            "inputs": self.inputs,
            "input_shape": self.input_shapes[0],
            "output_shape": self.output_shape,
            "params": self.params,
            "macs": self.macs if known else None,
            "flops": self.flops if known else None,
            "bias_adds": self.bias_adds if known else None,
            "element_ops": self.element_ops if known else None,
            "activations": self.activations,
            "total": self.total,
            "field_size": None if fields is None else tuple(one.size for one in fields),
            "field_stride": None
            if fields is None
            else tuple(whole(one.effective_stride) for one in fields),
            "field_start": None if fields is None else tuple(whole(one.start) for one in fields),
        }


@dataclass(frozen=True, repr=False)
class Report(Layered):
    """The layers of one network on one input, and their totals.

    It prints as the table of `convcalc summary`, or of `flops --convention`; `rows()` and
    `to_frame()` have every figure, and `report["layer1"]` the layer or the block of that label.

    Attributes:
        input: (channels, *spatial) of one sample.
        batch: Samples.
        layers: The layers in order.
        totals: The sums over them.
        convention: Name and sentence of the way of counting that `total` follows.
        output: The index of the layer whose result is the network's, -1 for the input.
    """

    input: Shape
    batch: int
    layers: tuple[LayerReport, ...]
    totals: Totals
    convention: ConventionText = ConventionText(CONVENTION_NAME, CONVENTION_TEXT)
    output: int = INPUT

    @property
    def output_shape(self) -> Shape:
        """(channels, *spatial) of the network's result, of one sample."""
        return self.input if self.output == INPUT else self.layers[self.output].output_shape

    @property
    def unused(self) -> tuple[LayerReport, ...]:
        """The layers that the network's result does not depend on; all totals count them."""
        needed = leading_to([row.inputs for row in self.layers], self.output)
        return tuple(row for row in self.layers if row.index not in needed)

    @property
    def unknown(self) -> tuple[LayerReport, ...]:
        """The layers whose cost is not known, or not known to the convention."""
        return tuple(row for row in self.layers if row.total is None)

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of each layer."""
        return tuple(row.label for row in self.layers)

    def rows(self) -> list[Row]:
        """A flat row for each layer, costs and activations of the whole batch."""
        return [row.flat() for row in self.layers]

    def __getitem__(self, path: str) -> LayerReport | Fold:
        """The layer of a label, or the block that it names with its sums.

        Raises:
            UnknownLayerError: there is neither; it is a KeyError, too.
        """
        from convcalc.analysis import folded

        found = [self.layers[place] for place in self.places(path)]
        return found[0] if len(found) == 1 else folded(path, found, self)


def analyze(
    network: Network, input_shape: Shape, batch: int = 1, convention: str = CONVENTION_NAME
) -> Report:
    """The report of a network on one input shape.

    Args:
        network: The layers, as `convcalc.parse` gives them.
        input_shape: (channels, *spatial sizes) of one sample.
        batch: Samples; it multiplies costs and activations, not parameters.
        convention: Whose way of counting `total` follows: macs (our own), torch, fvcore,
            torchinfo, ptflops or thop. All other figures stay the same.

    Raises:
        ShapeError: a layer does not fit the shape that arrives at it.
        SpecError: the same, for a network that was read from a text.
        ParameterError: the batch or a size of the input is not a whole number of at least 1.
        UsageError: there is no such convention.
    """
    check_network(network)
    batch = count(1).normalise("batch", batch)
    input_shape = read_shape("input", input_shape)
    rules = _rules(convention)
    _check_known_on(network, input_shape)
    with gc_paused():
        layers = tuple(layer_reports(network, input_shape, batch, rules))
    name = ConventionText(rules.name, rules.text) if rules else Report.convention
    return Report(input_shape, batch, layers, totals_of(layers), name, network.output)


def _check_known_on(network: Network, shape: Shape) -> None:
    """Refuses a model that was run on another input, where a layer is known on that one alone.

    Raises:
        ShapeError: it is such a model; the message names the layer.
    """
    own = network.input_shape
    if network.trace is None or own is None or own == shape:
        return
    from convcalc.layers import Opaque, View  # loaded for this question alone

    for node in network.nodes:
        if isinstance(node.layer, Opaque | View):
            raise ShapeError(
                f"the model was run on {format_shape(own)}, and {node.label} ({node.layer.spec()}) "
                f"is known of that run alone; run it on {format_shape(shape)} for its figures there"
            )


def layer_reports(
    network: Network, input_shape: Shape, batch: int = 1, convention: Convention | None = None
) -> Iterator[LayerReport]:
    """The reports of the layers one by one, up to the first that does not fit.

    Raises:
        ShapeError, SpecError, ParameterError: as `analyze`, when the layer is reached; but a batch
            may be empty.
    """
    batch = count(0).normalise("batch", batch)
    input_shape = tuple(count(1).normalise("input", size) for size in input_shape)
    start = (IDENTITY,) * (len(input_shape) - 1)
    fields_of: list[Fields | None] = []
    repeats: set[int] = set()
    known: dict[tuple[int, tuple[Shape, ...], bool], Facts] = {}
    functions = Functions(network.functions)
    as_run = network.input_shape in (None, input_shape)
    for step in network.walk(input_shape):
        function = step.node in functions
        # Networks repeat themselves: the same layer on the same shapes is asked once.
        key = (id(step.layer), step.arriving, function)
        measured = measured_for(step.node.measured, step.layer, batch) if as_run else None
        try:
            facts = known.get(key)
            if facts is None or measured is not None:
                facts = facts_of(step, batch, convention, function=function, measured=measured)
                known[key] = facts
            field = field_of(step, fields_of, start)
            if facts.repeats or repeats.intersection(step.node.inputs):
                repeats.add(len(fields_of))
        except LayerError as error:
            raise step.node.error(error) from None
        row = _layer_report(len(fields_of), step, facts, field, batch)
        yield replace(row, repeats=True) if row.index in repeats else row
        fields_of.append(field)


def _rules(convention: str) -> Convention | None:
    """The rules of a way of counting; our own needs none."""
    if isinstance(convention, str) and convention == CONVENTION_NAME:
        return None
    from convcalc.analysis.conventions import load_convention

    return load_convention(convention)


def _layer_report(
    index: int, step: Step, facts: Facts, field: Fields | None, batch: int
) -> LayerReport:
    costs = facts.costs or Costs()
    macs = facts.macs
    terms = facts.terms
    return LayerReport(
        index=index,
        label=step.node.label,
        kind=step.layer.kind,
        spec=facts.spec,
        layer=facts.layer,
        inputs=step.node.inputs,
        input_shapes=step.arriving,
        output_shape=step.leaving,
        weights=facts.weights,
        params=facts.params,
        macs=macs,
        flops=2 * macs,
        bias_adds=batch * costs.bias_adds,
        elements=costs.elements.times(batch) if batch > 1 else costs.elements,
        activations=batch * prod(step.leaving) if step.layer.reads else 0,
        receptive_field=field,
        unread=facts.unread,
        counted=facts.costs is not None,
        total=None if terms is None else macs + sum(term.amount for term in terms),
        terms=terms or (),
    )


def totals_of(rows: Sequence[LayerReport]) -> Totals:
    """The sums over some layers."""
    elements = tuple(map(sum, zip(*(row.elements for row in rows), strict=True)))
    return Totals(
        params=sum(row.params for row in rows),
        macs=sum(row.macs for row in rows),
        flops=sum(row.flops for row in rows),
        bias_adds=sum(row.bias_adds for row in rows),
        element_ops=sum(elements),
        elements=ElementOps(*elements),
        activations=sum(row.activations for row in rows),
        mac_activations=sum(row.activations for row in rows if row.macs),
        total=sum(row.total or 0 for row in rows),
    )
