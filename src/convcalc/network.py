"""A network: layers in topological order, each naming the nodes that it reads.

Inputs point only backwards, so a network has no cycle by construction, and every analysis of it is
one loop over its nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import LayerError, ParameterError, Problem, ShapeError, SpecError
from convcalc.layers.base import spatial_rank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.analysis import Report
    from convcalc.layers import Layer, Shape

INPUT = -1
"""The index by which a node reads the network's input."""


class Origin(NamedTuple):
    """The text that a node was read from, and the characters `start` to `end` that are its own.

    `arguments` are the places of the parameters that were written, by their long names.
    """

    text: str
    start: int
    end: int
    arguments: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Node:
    """A layer in its place: which nodes it reads, and the label that its weights are named by."""

    layer: Layer
    inputs: tuple[int, ...]
    label: str
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def error(self, cause: LayerError) -> LayerError | SpecError:
        """The same error with the node's place: a caret in its text, or else its label and spec."""
        if self.origin is None:
            if isinstance(cause, ParameterError):
                return cause
            return ShapeError(f"layer {self.label} ({self.layer.spec()}): {cause}")
        start, end = self.origin.start, self.origin.end
        if isinstance(cause, ParameterError):
            start, end = self.origin.arguments.get(cause.parameter, (start, end))
        return SpecError(self.origin.text, [Problem(str(cause), start, end)])


@dataclass(frozen=True)
class Network:
    """Layers and how they are connected; hashable, comparable, and free of any array."""

    nodes: tuple[Node, ...]

    @classmethod
    def chain(cls, layers: Sequence[Layer], origins: Sequence[Origin] | None = None) -> Network:
        """A network in which each layer reads the one before it, labelled 0, 1, 2, ..."""
        places = origins or (None,) * len(layers)
        return cls(
            tuple(
                Node(layer, (index - 1,), str(index), origin)
                for index, (layer, origin) in enumerate(zip(layers, places, strict=True))
            )
        )

    def walk(self, input_shape: Shape) -> Iterator[tuple[Node, Shape, Shape]]:
        """Each node with the shape that arrives at it and the shape that leaves it.

        Raises:
            ShapeError: a layer does not fit; raised when the walk reaches it.
            SpecError: the same, for a network that was read from a text.
        """
        spatial_rank(input_shape)
        shapes: list[Shape] = []
        for node in self.nodes:
            (source,) = node.inputs
            arriving = input_shape if source == INPUT else shapes[source]
            try:
                leaving = node.layer.out_shape(arriving)
            except LayerError as error:
                raise node.error(error) from None
            shapes.append(leaving)
            yield node, arriving, leaving

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """The shape of every weight by its name, `LABEL.NAME`, in the order of the layers."""
        return {
            f"{node.label}.{name}": weight
            for node, arriving, _ in self.walk(input_shape)
            for name, weight in node.layer.weight_shapes(arriving).items()
        }

    def spec(self) -> str:
        """The network in the spec language; reading it back gives an equal network."""
        return " ".join(node.layer.spec() for node in self.nodes)

    def analyze(self, input_shape: Sequence[int], batch: int = 1) -> Report:
        """Shapes, parameters, costs and receptive fields of every layer.

        Args:
            input_shape: (channels, *spatial sizes) of one sample.
            batch: Samples; it multiplies the costs and not the parameters.

        Raises:
            ShapeError: a layer does not fit the shape that arrives at it.
            SpecError: the same, for a network that was read from a text.

        Example:
            >>> import convcalc
            >>> report = convcalc.parse("conv:64,k7,s2,p3").analyze((3, 224, 224))
            >>> report.layers[-1].output_shape, report.totals.macs
            ((64, 112, 112), 118013952)
        """
        from convcalc.analysis import analyze

        return analyze(self, tuple(input_shape), batch)
