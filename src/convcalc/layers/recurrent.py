"""`lstm`, `gru` and `rnn`: a state that is carried from step to step along a sequence.

Names of weights, the order of the gates and every default are PyTorch's. A sample is (steps,
features), as PyTorch has it with `batch_first`.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from itertools import product
from math import prod
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from convcalc.errors import ParameterError, ShapeError
from convcalc.layers.base import Costs, ElementOps, Layer, format_shape
from convcalc.layers.linear import through_last_axis
from convcalc.layers.parameters import count, one_of, param, switch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations

MOST_LAYERS = 1000
"""More layers in one are a typing error."""

State: TypeAlias = "tuple[A, ...]"
"""What is carried from a step to the next, (N, elements) each; the result of the step is first."""


@dataclasses.dataclass(frozen=True)
class Recurrent(Layer, ABC):
    """Layers upon each other, each in one direction or both, that read (steps, features)."""

    positional: ClassVar[str | None] = "hidden_size"
    spatial_axes: ClassVar[int | None] = 1
    gates: ClassVar[int] = 1
    """Sums that each element of the state is made of."""

    hidden_size: int = param(count(1), "n", "elements of the state")
    num_layers: int = param(
        count(1), "layers", "layers, each reading the results of the one before", default=1
    )
    bias: bool = param(switch(), "bias", "add two numbers to each sum", default=True)
    bidirectional: bool = param(
        switch(), "bidirectional", "read from the last step back, too", default=False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_layers > MOST_LAYERS:
            raise ParameterError(
                "num_layers", f"must be at most {MOST_LAYERS}, got {self.num_layers}"
            )

    @property
    def needs_floats(self) -> bool:
        """True: gates are fractions."""
        return True

    @property
    def directions(self) -> tuple[str, ...]:
        """What the names of weights end with, one for each direction of reading."""
        return ("", "_reverse") if self.bidirectional else ("",)

    @property
    def result_size(self) -> int:
        """Features that one direction gives in each step."""
        return self.hidden_size

    @property
    @abstractmethod
    def each(self) -> ElementOps:
        """The operations of one element of the state in one step, beside the sums."""

    @abstractmethod
    def step(
        self, ops: Operations[A], arriving: A, state: State[A], own: Mapping[str, A]
    ) -> State[A]:
        """The state after one more step, whose input sums are `arriving`, (N, gates * elements)."""

    def out_shape(self, shape: Shape) -> Shape:
        """(steps, features of all directions).

        Raises:
            ShapeError: the input is not (steps, features).
        """
        if len(shape) != 2:
            raise ShapeError(
                f"needs an input of steps and features, as 100x64; got {format_shape(shape)}"
            )
        return (shape[0], self.result_size * len(self.directions))

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weights of every layer and direction, `weight_ih_l0` ... `bias_hh_l1_reverse`."""
        sums, features = self.gates * self.hidden_size, shape[-1]
        weights: dict[str, Shape] = {}
        for layer, end in product(range(self.num_layers), self.directions):
            arriving = self.result_size * len(self.directions) if layer else features
            weights[f"weight_ih_l{layer}{end}"] = (sums, arriving)
            weights[f"weight_hh_l{layer}{end}"] = (sums, self.result_size)
            if self.bias:
                weights[f"bias_ih_l{layer}{end}"] = weights[f"bias_hh_l{layer}{end}"] = (sums,)
        return weights

    def costs(self, shape: Shape) -> Costs:
        """Every weight once a step: LSTM steps * 4H * (I + H) for a layer and direction.

        The first state, which is 0, is multiplied like any other. Both biases count.
        Source: derived; Hochreiter and Schmidhuber, "Long Short-Term Memory" (1997), as PyTorch
        writes it.
        """
        steps, sizes = shape[0], self.weight_shapes(shape).items()
        macs = sum(prod(size) for name, size in sizes if name.startswith("weight"))
        adds = sum(prod(size) for name, size in sizes if name.startswith("bias"))
        return Costs(steps * macs, steps * adds, self.each.times(self.states(shape)))

    def states(self, shape: Shape) -> int:
        """Elements of the states of all layers and directions after every step."""
        return shape[0] * self.num_layers * len(self.directions) * self.hidden_size

    def between(self, shape: Shape) -> int:
        """Elements of the results that one layer hands to the next."""
        return (self.num_layers - 1) * prod(self.out_shape(shape))

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """All features; along the steps, which are no spatial axis, nothing is said."""
        return through_last_axis(fields[0], shapes[0])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The results of the last layer at every step, those of both directions side by side."""
        (array,) = arrays
        for layer in range(self.num_layers):
            read = []
            for end in self.directions:
                ending = f"_l{layer}{end}"
                own = {
                    name.removesuffix(ending): weight
                    for name, weight in weights.items()
                    if name.endswith(ending)
                }
                read.append(self._read(ops, array, own, backwards=bool(end)))
            array = ops.concat(read, 2)
        return array

    def _read(self, ops: Operations[A], array: A, own: Mapping[str, A], *, backwards: bool) -> A:
        """The results of one layer in one direction, (N, steps, features)."""
        samples, steps = array.shape[:2]
        arriving = ops.linear(array, own["weight_ih"], own.get("bias_ih"))
        state = tuple(
            ops.vector([0] * size, array).reshape(1, size)
            for size in (self.result_size, self.hidden_size)
        )
        results = []
        for step in reversed(range(steps)) if backwards else range(steps):
            state = self.step(ops, arriving[:, step], state, own)
            results.append(state[0].reshape(samples, 1, self.result_size))
        return ops.concat(results[::-1] if backwards else results, 1)

    def _carried(self, ops: Operations[A], state: State[A], own: Mapping[str, A]) -> A:
        """The sums over the state before, (N, gates * elements)."""
        return ops.linear(state[0], own["weight_hh"], own.get("bias_hh"))

    def _gate(self, sums: A, gate: int) -> A:
        """The sums of one gate."""
        return sums[:, gate * self.hidden_size : (gate + 1) * self.hidden_size]


@dataclasses.dataclass(frozen=True)
class LSTM(Recurrent):
    """c' = f*c + i*g, h' = o*tanh(c'); i, f, o are sigmoids and g is a tanh of sums over x and h.

    With `proj_size` h' is a matrix times that, of fewer elements.
    Source: Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000).
    """

    kind: ClassVar[str] = "lstm"
    gates = 4

    proj_size: int = param(
        count(0), "proj", "features that the state is projected on; 0 is none", default=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.proj_size >= self.hidden_size:
            raise ParameterError(
                "proj_size", f"must be below hidden_size={self.hidden_size}, got {self.proj_size}"
            )

    @property
    def result_size(self) -> int:
        """The projected features, else all elements of the state."""
        return self.proj_size or self.hidden_size

    @property
    def each(self) -> ElementOps:
        """3 sigmoids, 2 tanh, 3 products and a sum."""
        return ElementOps(multiply=3, add=4, divide=3, exponent=5)

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weights of every layer and direction; with a projection `weight_hr_l0`, ..."""
        weights: dict[str, Shape] = {}
        for name, size in super().weight_shapes(shape).items():
            weights[name] = size
            last = "bias_hh" if self.bias else "weight_hh"
            if self.proj_size and name.startswith(last):
                weights[name.replace(last, "weight_hr")] = (self.proj_size, self.hidden_size)
        return weights

    def step(
        self, ops: Operations[A], arriving: A, state: State[A], own: Mapping[str, A]
    ) -> State[A]:
        """The result and the state of one more step."""
        sums = arriving + self._carried(ops, state, own)
        enter, forget, leave = (_sigmoid(ops, self._gate(sums, gate)) for gate in (0, 1, 3))
        inner = forget * state[1] + enter * ops.apply("tanh", self._gate(sums, 2))
        result = leave * ops.apply("tanh", inner)
        if self.proj_size:
            result = ops.linear(result, own["weight_hr"], None)
        return result, inner


@dataclasses.dataclass(frozen=True)
class GRU(Recurrent):
    """h' = (1 - z)*n + z*h, n = tanh(W x + b + r*(V h + c)); r and z are sigmoids of such sums.

    Source: Cho et al. (2014), with the reset gate behind the product, as PyTorch and cuDNN have it.
    """

    kind: ClassVar[str] = "gru"
    gates = 3

    @property
    def each(self) -> ElementOps:
        """2 sigmoids, a tanh, 3 products and 3 sums."""
        return ElementOps(multiply=3, add=5, divide=2, exponent=3)

    def step(
        self, ops: Operations[A], arriving: A, state: State[A], own: Mapping[str, A]
    ) -> State[A]:
        """The state after one more step."""
        carried = self._carried(ops, state, own)
        reset, keep = (
            _sigmoid(ops, self._gate(arriving, gate) + self._gate(carried, gate)) for gate in (0, 1)
        )
        new = ops.apply("tanh", self._gate(arriving, 2) + reset * self._gate(carried, 2))
        return ((1 - keep) * new + keep * state[0],)


@dataclasses.dataclass(frozen=True)
class RNN(Recurrent):
    """h' = tanh(W x + b + V h + c), or relu instead of tanh (Elman, 1990)."""

    kind: ClassVar[str] = "rnn"

    nonlinearity: str = param(
        one_of("tanh", "relu"), "nonlinearity", "the function of the sums", default="tanh"
    )

    @property
    def needs_floats(self) -> bool:
        """Whether the function is tanh: with relu whole numbers stay whole."""
        return self.nonlinearity == "tanh"

    @property
    def each(self) -> ElementOps:
        """A tanh, or a comparison."""
        return ElementOps(exponent=1) if self.needs_floats else ElementOps(compare=1)

    def step(
        self, ops: Operations[A], arriving: A, state: State[A], own: Mapping[str, A]
    ) -> State[A]:
        """The state after one more step."""
        sums = ops.add(arriving, self._carried(ops, state, own))
        return (ops.apply("tanh", sums) if self.needs_floats else ops.clip(sums, 0, None),)


def _sigmoid(ops: Operations[A], x: A) -> A:
    """1 / (1 + exp(-x))."""
    return 1 / (ops.apply("exp", -x) + 1)
