"""An operation of another program that no kind of ours is, and that is computed all the same."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers import Opaque
from convcalc.layers.broadcasting import whole_unless_unseen
from convcalc.receptive import through_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.layers import Costs, Fields, Shape
    from convcalc.layers.operations import A, Operations
    from convcalc.window import Window


CONSTANT = "constant"
"""The name of one that reads no input, and only makes again what a model has as a constant."""


class Operation(Opaque):
    """An `opaque` layer of which everything is known: what it costs, and how it is computed.

    It has a function of its own, so that no text says it.
    """

    computable: ClassVar[bool] = True
    stored: Mapping[str, Shape]
    beside: Mapping[str, Shape]
    cost: Costs
    function: Callable[..., object]
    windows: Sequence[Window] | None

    def __init__(
        self,
        name: str,
        out: Shape,
        cost: Costs,
        function: Callable[..., object],
        weights: Mapping[str, Shape] | None = None,
        buffers: Mapping[str, Shape] | None = None,
        windows: Sequence[Window] | None = None,
    ) -> None:
        """Makes it of its shape, costs and function.

        Args:
            name: What it is called.
            out: The shape of one sample of its result.
            cost: The arithmetic of one sample.
            function: Its result, of a backend's operations, the inputs and the arrays by name; its
                elements are in order, on whatever axes.
            weights: The shapes of its parameters.
            buffers: The shapes of arrays beside them.
            windows: What an element of the result reads along each axis; None is all of it.
        """
        weights = weights or {}
        super().__init__(name, out, sum(map(prod, weights.values())), cost.macs)
        for own, value in (
            ("stored", weights),
            ("beside", buffers or {}),
            ("cost", cost),
            ("function", function),
            ("windows", windows),
        ):
            object.__setattr__(self, own, value)

    @property
    def needs_floats(self) -> bool:
        """True: nothing is promised of whole numbers."""
        return True

    def weight_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        """The shapes of its parameters."""
        return dict(self.stored)

    def buffer_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        """The shapes of arrays beside them."""
        return dict(self.beside)

    def costs(self, *shapes: Shape) -> Costs:
        """The arithmetic of one sample."""
        return self.cost

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The fields through its windows, or the whole input."""
        if self.windows is not None:
            return through_windows(fields[0], self.windows)
        return whole_unless_unseen(fields, self.out_shape(*shapes))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The result of its function, with the axes of a batch."""
        result: A = self.function(ops, arrays, weights)  # type: ignore[assignment]
        return result.reshape(arrays[0].shape[0], *(self.out or ()))
