"""A network: layers in topological order, each naming the nodes that it reads.

Inputs point only backwards, so a network has no cycle by construction, and every analysis of it is
one loop over its nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from convcalc.errors import (
    Diagnostic,
    LayerError,
    ParameterError,
    ShapeError,
    SpecError,
    described,
)
from convcalc.layers.base import Layer
from convcalc.layers.parameters import read_shape
from convcalc.network.questions import Questions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from convcalc.layers import Shape
    from convcalc.network.measured import Measured
    from convcalc.network.stored import Stored
    from convcalc.network.trace import Trace

INPUT = -1
"""The index by which a node reads the network's input."""

SHOWN_KINDS = 8
"""Layers that the short form of a network names."""


class Deferred(Protocol):
    """A layer whose parameters need shapes that are known only with an input."""

    @property
    def kind(self) -> str:
        """The kind of the layer."""

    def at(self, shape: Callable[[int], Shape]) -> Layer:
        """The layer, where `shape(node)` is what leaves a node, INPUT for the network's input.

        Raises:
            ParameterError: a value is impossible.
        """


class Origin(Protocol):
    """The text that a node was read from, and its own place in it."""

    @property
    def text(self) -> str:
        """All of it."""

    def place_of(self, parameter: str | None) -> tuple[int, int]:
        """Where one of its parameters is written, or else the node: begin and end."""


class Expected(Protocol):
    """What a text says of the input that arrives at a node."""

    @property
    def channels(self) -> int | None:
        """The channels that it takes; None if that is not said."""

    @property
    def features(self) -> bool:
        """Whether `channels` are those of the last axis, as of a fully connected layer."""

    @property
    def axes(self) -> tuple[int, ...]:
        """The numbers of spatial axes that fit, all if there are none."""

    @property
    def refusal(self) -> Diagnostic | None:
        """Why nothing is known of what leaves the node, if nothing is."""

    def problem(self, shape: Shape) -> Diagnostic | None:
        """Why an input of this shape is not what the text says, if it is not."""


class Source(Protocol):
    """What a network was read from, for printing it back."""

    def line(self) -> str:
        """All of it in the spec language, in one line."""


@dataclass(frozen=True)
class Node:
    """A layer in its place: which nodes it reads, and the label that its weights are named by.

    `origin` is the text that it was read from, `expects` what that text says of its input,
    `measured` what was found of it where a model was run: with one sample, and with a batch;
    `stored` is where that model has its arrays.
    """

    layer: Layer | Deferred
    inputs: tuple[int, ...]
    label: str
    origin: Origin | None = field(default=None, compare=False, repr=False)
    expects: Expected | None = field(default=None, compare=False, repr=False)
    measured: tuple[Measured, ...] = field(default=(), compare=False, repr=False)
    stored: Stored | None = field(default=None, compare=False, repr=False)

    def check_arriving(self, shape: Shape) -> None:
        """What arrives must be what the text says, where it says so: PyTorch's names in_channels.

        Raises:
            SpecError: it is not.
        """
        problem = self.expects and self.expects.problem(shape)
        if problem:
            raise SpecError(self.origin.text if self.origin else "", [problem])

    def error(self, cause: LayerError) -> LayerError | SpecError:
        """The error with the node's place: a caret in its text, or else its label and spec."""
        if self.origin is None:
            if isinstance(cause, ParameterError) or not isinstance(self.layer, Layer):
                return cause
            return ShapeError(f"layer {self.label} ({self.layer.spec()}): {cause}")
        parameter = cause.parameter if isinstance(cause, ParameterError) else None
        start, end = self.origin.place_of(parameter)
        return SpecError(self.origin.text, [Diagnostic(str(cause), start, end)])


def check_network(value: object) -> None:
    """Raises where a caller gave something else than a network.

    Raises:
        ParameterError: it is none.
    """
    if not isinstance(value, Network):
        raise ParameterError(
            "network", f"expected a Network, as parse('conv:8,k3') gives, got {described(value)}"
        )


def leading_to(inputs: Sequence[tuple[int, ...]], last: int) -> set[int]:
    """The nodes that node `last` depends on, and its own, where `inputs[i]` are read by node i."""
    needed = set() if last == INPUT else {last}
    for index in range(last, -1, -1):
        if index in needed:
            needed.update(source for source in inputs[index] if source != INPUT)
    return needed


class Step(NamedTuple):
    """A node on a given input: its layer and the shapes that arrive at it and leave it."""

    node: Node
    layer: Layer
    arriving: tuple[Shape, ...]
    leaving: Shape


@dataclass(frozen=True, repr=False)
class Network(Questions):
    """Layers and how they are connected; comparable, and free of any array.

    `source` is what the network was read from, for printing it back. `functions` names
    the kinds and labels that the model it describes calls as functions, not as modules: no number
    of ours depends on that, but those of tools that watch modules do. `input_shape` is the input
    that its text names: inputs of another number of axes are refused. `input_name` is what the
    model that it was read from calls that input.

    `end` is the node whose result is the network's, INPUT for the input itself; None is the last
    node, which a jump at the end of a text may leave aside. `ends` has the same of blocks, by their
    names: only of those that do not end with their last node. `notes` say what of its text was
    passed over or assumed, `trace` what a model that was run left open.
    """

    nodes: tuple[Node, ...]
    end: int | None = None
    source: Source | None = field(default=None, compare=False, repr=False)
    functions: tuple[str, ...] = field(default=(), compare=False, repr=False)
    ends: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    input_shape: Shape | None = field(default=None, compare=False, repr=False)
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)
    trace: Trace | None = field(default=None, compare=False, repr=False)
    input_name: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.end == len(self.nodes) - 1:
            object.__setattr__(self, "end", None)

    @property
    def output(self) -> int:
        """The index of the node whose result is the network's; INPUT if that is the input."""
        return len(self.nodes) - 1 if self.end is None else self.end

    def __repr__(self) -> str:
        count = len(self.nodes)
        kinds = " ".join(node.layer.kind for node in self.nodes[:SHOWN_KINDS])
        more = " ..." * (count > SHOWN_KINDS)
        return f"<Network of {count:,} layer{'s' * (count != 1)}: {kinds}{more}>"

    def __rshift__(self, after: Network | Layer | str) -> Network:
        from convcalc.language import chained

        return chained(self, after)

    def __rrshift__(self, before: str) -> Network:
        from convcalc.language import chained

        return chained(before, self)

    @classmethod
    def chain(cls, layers: Sequence[Layer]) -> Network:
        """A network in which each layer reads the one before it, labelled 0, 1, 2, ...

        `layer >> layer` makes the same, and takes whole networks, too.

        Example:
            >>> from convcalc.layers import Conv, ReLU
            >>> Network.chain([Conv(64, 7, stride=2, padding=3), ReLU()]).spec()
            'conv:64,k7,s2,p3 relu'
        """
        for layer in layers:
            if not isinstance(layer, Layer):
                raise ParameterError("layers", f"expected layers, got {described(layer)}")
        nodes = (
            Node(layer, (index - 1 if layer.reads else INPUT,), str(index))
            for index, layer in enumerate(layers)
        )
        return cls(tuple(nodes))

    def walk(self, input_shape: Shape) -> Iterator[Step]:
        """Each node with its layer and the shapes around it.

        Raises:
            ShapeError: a layer does not fit; raised when the walk reaches it.
            SpecError: the same, for a network that was read from a text.
        """
        input_shape = read_shape("input", input_shape)
        self._check_axes(input_shape)
        shapes: list[Shape] = []
        known: dict[tuple[int, tuple[Shape, ...]], Shape] = {}

        def shape(node: int) -> Shape:
            return input_shape if node == INPUT else shapes[node]

        for node in self.nodes:
            arriving = tuple(map(shape, node.inputs))
            node.check_arriving(arriving[0])
            try:
                layer = node.layer
                if not isinstance(layer, Layer):
                    layer = layer.at(shape)
                    leaving = layer.out_shape(*arriving)
                else:
                    key = (id(layer), arriving)
                    leaving = known.get(key) or known.setdefault(key, layer.out_shape(*arriving))
            except LayerError as error:
                raise node.error(error) from None
            shapes.append(leaving)
            yield Step(node, layer, arriving, leaving)

    def _check_axes(self, shape: Shape) -> None:
        """Whether the input has channels, and as many axes as the one that the text names."""
        if not shape:
            raise ShapeError("an input needs at least its channels, as 3x224x224")
        meant = self.input_shape
        if meant is None or len(meant) == len(shape):
            return
        raise ShapeError(
            f"this network takes the shape of one sample, of {len(meant)} numbers as {meant}; "
            f"got {shape}; a batch is given apart, as batch=8"
        )

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """The shape of every weight by its name, `LABEL.NAME`, in the order of the layers."""
        return {
            f"{step.node.label}.{name}": weight
            for step in self.walk(input_shape)
            for name, weight in step.layer.weight_shapes(*step.arriving).items()
        }

    def tensor_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """The shape of everything that running needs: the weights, and statistics beside them."""
        return {
            f"{step.node.label}.{name}": shape
            for step in self.walk(input_shape)
            for name, shape in step.layer.tensor_shapes(*step.arriving).items()
        }

    def spec(self) -> str:
        """The network in the spec language; reading it back gives an equal network."""
        if self.source is None:
            return " ".join(
                node.layer.spec() for node in self.nodes if isinstance(node.layer, Layer)
            )
        return self.source.line()
