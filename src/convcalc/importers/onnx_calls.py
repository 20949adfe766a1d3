"""Nodes of an ONNX graph as calls: attributes by name, and the tensors around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from onnx import helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from onnx import NodeProto, TypeProto

    from convcalc.layers import Shape

Values: TypeAlias = "NDArray[np.generic]"
"""The elements of a tensor."""


@dataclass
class Tensor:
    """What is known of a tensor.

    Attributes:
        name: Its name in the file.
        type: Its type as shape inference has it.
        shape: All axes; None where one is not known.
        value: Its elements, where they are known and few.
        roots: The parameters that it is made of alone; None where an input has reached it.
        owed: Multiply-accumulates that have made it of parameters, until a node pays for them.
    """

    name: str
    type: TypeProto
    shape: Shape | None
    value: Values | None = None
    roots: frozenset[str] | None = None
    owed: int = field(default=0, compare=False)

    @property
    def is_constant(self) -> bool:
        """Whether no input has reached it."""
        return self.roots is not None

    @property
    def known(self) -> Shape:
        """The shape.

        Raises:
            ValueError: it is not known.
        """
        if self.shape is None:
            raise ValueError(f"the shape of {self.name} is not known")
        return self.shape

    @property
    def elements(self) -> Values:
        """The elements.

        Raises:
            ValueError: they are not known.
        """
        if self.value is None:
            raise ValueError(f"the elements of {self.name} are not known")
        return self.value

    @property
    def has_batch(self) -> bool:
        """Whether the first axis is a batch of one."""
        return self.shape is not None and len(self.shape) > 1 and self.shape[0] == 1

    @property
    def sample(self) -> Shape:
        """The shape of one sample: without a batch of 1 in front, or all of it."""
        return self.known[1:] if self.has_batch else self.known or (1,)


def _shortest(value: object) -> object:
    """A number that the file has in 32 bits, as it was written: 1e-05 and not 9.99999975e-06."""
    return float(str(np.float32(value))) if isinstance(value, float) else value


class Call(NamedTuple):
    """A node with the tensors that it reads and gives.

    Attributes:
        node: The node.
        inputs: What it reads; None where an input is left out.
        outputs: What it gives; None where nobody is given it.
        opset: The version of its operations.
        place: Which of its results is asked about.
    """

    node: NodeProto
    inputs: Sequence[Tensor | None]
    outputs: Sequence[Tensor | None]
    opset: int
    place: int = 0

    @property
    def op(self) -> str:
        """The name of the operation."""
        return str(self.node.op_type)

    def __call__(self, name: str, default: object = None) -> Any:
        """The value of an attribute as the file has it: a number, a text, a list, a tensor."""
        for attribute in self.node.attribute:
            if attribute.name == name:
                value = helper.get_attribute_value(attribute)
                if isinstance(value, bytes):
                    return value.decode("utf-8", "replace")
                if isinstance(value, list | tuple):
                    return [_shortest(one) for one in value]
                return _shortest(value)
        return default

    def given(self, place: int) -> Tensor | None:
        """An input, if it is there."""
        return self.inputs[place] if place < len(self.inputs) else None

    def tensor(self, place: int = 0) -> Tensor:
        """An input that has to be there.

        Raises:
            ValueError: it is not.
        """
        found = self.given(place)
        if found is None:
            raise ValueError(f"{self.op} without its input {place}")
        return found

    def numbers(self, place: int, name: str) -> list[float] | None:
        """Numbers that an input has, or in older versions an attribute; None without either.

        Raises:
            ValueError: they depend on the network's input, or are none.
        """
        found = self._items(place, name)
        if found is None:
            return None
        numbers = [one for one in found if isinstance(one, int | float)]
        if len(numbers) < len(found):
            raise ValueError(f"{self.op} with {name} that are no numbers")
        return numbers

    def whole_numbers(self, place: int, name: str) -> list[int] | None:
        """Axes or sizes that an input has, or in older versions an attribute; None without either.

        Raises:
            ValueError: they depend on the network's input, or are no whole numbers.
        """
        found = self._items(place, name)
        if found is None:
            return None
        numbers = [one for one in found if isinstance(one, int)]
        if len(numbers) < len(found):
            raise ValueError(f"{self.op} with {name} that are no whole numbers")
        return numbers

    def _items(self, place: int, name: str) -> list[object] | None:
        """The elements of an input, or of the attribute of that name; None without either."""
        tensor = self.given(place)
        if tensor is None:
            value = self(name)
            return value if isinstance(value, list) or value is None else [value]
        if tensor.value is None:
            raise ValueError(f"{self.op} with {name} that are not known")
        return [one.item() for one in tensor.value.reshape(-1)]

    @property
    def x(self) -> Tensor:
        """The first input."""
        return self.tensor(0)

    @property
    def out(self) -> Tensor:
        """The result that is asked about, or else the first that there is.

        Raises:
            ValueError: there is none.
        """
        asked = self.outputs[self.place : self.place + 1]
        found = next((one for one in (*asked, *self.outputs) if one is not None), None)
        if found is None:
            raise ValueError(f"{self.op} that gives nothing")
        return found

    def weight(self, place: int) -> Tensor:
        """An input that no input of the network has reached.

        Raises:
            ValueError: one has.
        """
        found = self.tensor(place)
        if not found.is_constant:
            raise ValueError(f"{self.op} with a computed input {place}")
        return found
