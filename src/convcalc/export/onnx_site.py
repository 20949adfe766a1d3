"""One layer's place in an ONNX graph that is being written: its nodes, weights and constants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onnx import NodeProto, TensorProto

    from convcalc.layers import Shape

Attribute: TypeAlias = "int | float | str | Sequence[int] | Sequence[str]"


@dataclass
class OnnxGraph:
    """The nodes and tensors so far.

    Attributes:
        weights: The arrays of the network, by their names.
        nodes: The nodes, in order.
        tensors: The weights that are read, and constants.
        inputs: Further inputs, with the shapes of one sample.
    """

    weights: Mapping[str, np.ndarray]
    nodes: list[NodeProto] = field(default_factory=list)
    tensors: dict[str, TensorProto] = field(default_factory=dict)
    inputs: dict[str, Shape] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def unique(self, name: str) -> str:
        """A name that nothing has yet: this one, or this one with a number."""
        number, found = 1, name
        while found in self.taken:
            number, found = number + 1, f"{name}_{number}"
        self.taken.add(found)
        return found


@dataclass(frozen=True)
class OnnxSite:
    """Where a layer stands, and what it is written with.

    Attributes:
        label: What its weights are named by.
        shapes: What arrives, of one sample.
        inputs: The names of the tensors that arrive.
        out: The shape that leaves it, of one sample.
    """

    graph: OnnxGraph
    label: str
    shapes: tuple[Shape, ...]
    inputs: tuple[str, ...]
    out: Shape

    @property
    def spatial_dims(self) -> int:
        """Spatial axes that arrive."""
        return len(self.shapes[0]) - 1

    def op(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """The name of the result of one more node, which reads `inputs` or all that arrives."""
        name = self.graph.unique(f"{self.label}/{operator}")
        out = self.graph.unique(name)
        self._write(operator, inputs or self.inputs, [out], name, attributes)
        return out

    def split(self, x: str, parts: int, axis: int) -> list[str]:
        """The names of the equal parts of an axis."""
        name = self.graph.unique(f"{self.label}/Split")
        outs = [self.graph.unique(name) for _ in range(parts)]
        self._write("Split", [x], outs, name, {"axis": axis, "num_outputs": parts})
        return outs

    def both(self, operator: str, *inputs: str, **attributes: Attribute) -> tuple[str, str]:
        """The names of the two results of one more node."""
        name = self.graph.unique(f"{self.label}/{operator}")
        outs = [self.graph.unique(name) for _ in range(2)]
        self._write(operator, inputs, outs, name, attributes)
        return outs[0], outs[1]

    def _write(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        name: str,
        attributes: Mapping[str, Attribute],
    ) -> None:
        """One more node, its attributes in the order of their names."""
        node = helper.make_node(operator, inputs, outputs, name=name)
        named = sorted(attributes.items())
        node.attribute.extend(helper.make_attribute(key, value) for key, value in named)
        self.graph.nodes.append(node)

    def weight(self, name: str) -> str:
        """The name of a weight, which becomes part of the graph."""
        whole = f"{self.label}.{name}"
        if whole not in self.graph.tensors:
            self.graph.tensors[whole] = numpy_helper.from_array(self.array(name), whole)
        return whole

    def array(self, name: str) -> np.ndarray:
        """The values of a weight."""
        return np.ascontiguousarray(self.graph.weights[f"{self.label}.{name}"], "float32")

    def constant(self, values: object, dtype: str = "float32") -> str:
        """The name of an array of constants."""
        name = self.graph.unique(f"{self.label}/constant")
        array = np.asarray(values, dtype)
        self.graph.tensors[name] = numpy_helper.from_array(array, name)
        return name

    def whole(self, values: Sequence[int]) -> str:
        """The name of a vector of whole numbers."""
        return self.constant(values, "int64")

    def reshape(self, x: str, shape: Sequence[int]) -> str:
        """A tensor (N, ...) as (N, *shape), of any batch."""
        return self.op("Reshape", x, self.whole((0, *shape)))

    def per_channel(self, name: str, spatial_dims: int) -> str:
        """A weight of one number per channel, as (C, 1, ..., 1)."""
        if not spatial_dims:
            return self.weight(name)
        axes = self.whole([*range(1, spatial_dims + 1)])
        return self.op("Unsqueeze", self.weight(name), axes)

    def take(self, x: str, axis: int, positions: Sequence[int]) -> str:
        """The positions of an axis that are named, in that order."""
        return self.op("Gather", x, self.whole([*positions]), axis=axis)

    def part(self, x: str, parts: Mapping[int, tuple[int, int]]) -> str:
        """The positions of each axis that is named, from the first to before the second."""
        begins, ends = zip(*parts.values(), strict=True)
        return self.op("Slice", x, self.whole(begins), self.whole(ends), self.whole(tuple(parts)))
