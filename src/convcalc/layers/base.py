"""What every kind of layer answers, and the table of kinds.

A kind is one frozen dataclass in one file. Its fields are the parameters of the spec language; its
methods answer a closed list of questions from shapes alone. The defaults here fit a layer without
parameters that works on each element by itself; what such a layer costs it has to say.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

from convcalc.layers.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.operations import A, Operations
    from convcalc.layers.parameters import Rule
    from convcalc.network import Network
    from convcalc.receptive import Field

Shape: TypeAlias = tuple[int, ...]
"""(channels, *spatial sizes) of one sample."""

Fields: TypeAlias = "tuple[Field, ...]"
"""The receptive field of each spatial axis."""


class ElementOps(NamedTuple):
    """Operations of normalisation, activation, pooling and merging, by type."""

    multiply: int = 0
    add: int = 0
    compare: int = 0
    divide: int = 0
    exponent: int = 0

    @property
    def total(self) -> int:
        """The operations of all types together."""
        return sum(self)

    def times(self, count: int) -> ElementOps:
        """The operations of `count` elements, from those of one."""
        return ElementOps(*(count * own for own in self))


class Costs(NamedTuple):
    """The arithmetic of one layer on one sample, in exact whole numbers.

    Attributes:
        macs: Multiply-accumulates of convolutions and matrix products, bias apart.
        bias_adds: Additions of the bias.
        elements: Operations on single elements, by type.
    """

    macs: int = 0
    bias_adds: int = 0
    elements: ElementOps = ElementOps()

    def __add__(self, other: Costs) -> Costs:  # type: ignore[override]
        """The costs of both together, column by column."""
        elements = zip(self.elements, other.elements, strict=True)
        return Costs(
            self.macs + other.macs,
            self.bias_adds + other.bias_adds,
            ElementOps(*(mine + its for mine, its in elements)),
        )


@dataclasses.dataclass(frozen=True)
class Layer:
    """The base of every kind: registers it, checks its parameters, answers for the simplest."""

    kind: ClassVar[str] = ""
    positional: ClassVar[str | None] = None
    """The parameter that a bare first value means, as 64 in `conv:64`."""
    joins: ClassVar[bool] = False
    """Whether it has several inputs: such a kind is written with branches, KIND{a|b}."""
    reads: ClassVar[bool] = True
    """Whether it reads what is before it; else its node names the input, and ignores it."""
    stands_alone: ClassVar[bool] = False
    """Whether a kind that joins may also be written without branches, and reads what is before."""
    branches: ClassVar[str] = "no branches"
    """How many branches it is written with, in words."""
    view: ClassVar[bool] = False
    """Whether the result is the input's own elements where they lie: nothing is moved or stored."""
    in_place: ClassVar[bool] = False
    """Whether the result may be written over its first input: element by element, same shape."""
    commutative: ClassVar[bool] = False
    """Whether that is so of each of its inputs."""
    computable: ClassVar[bool] = True
    """Whether it can be run; all else may be known of a layer that cannot."""
    no_arithmetic: ClassVar[bool] = False
    """Whether it computes nothing: elements are passed on, moved or left out."""
    spatial_axes: ClassVar[int | None] = None
    """How many spatial axes its input has, where no other number will do: a sequence's one."""
    normalises: ClassVar[bool] = False
    """Whether its weights scale and shift what it has normalised, and count as such."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not cls.__dict__.get("kind"):
            return
        KINDS.add(cls)

    def __post_init__(self) -> None:
        for name, rule in self.rules().items():
            object.__setattr__(self, name, rule.normalise(name, getattr(self, name)))

    def __rshift__(self, after: Network | Layer | str) -> Network:
        """The network of this layer and what reads it: `Conv(8, 3) >> ReLU()`."""
        from convcalc.language import chained

        return chained(self, after)

    def __rrshift__(self, before: str) -> Network:
        from convcalc.language import chained

        return chained(before, self)

    @property
    def called(self) -> str:
        """What messages call it: its kind, or the name that its text has for it."""
        return self.kind

    @classmethod
    def rules(cls) -> dict[str, Rule[object]]:
        """The rule of each parameter, by its long name, in the order of the fields."""
        found = _RULES.get(cls)
        if found is None:
            fields = dataclasses.fields(cls)
            found = _RULES[cls] = {field.name: field.metadata["rule"] for field in fields}
        return found

    @classmethod
    def implied(
        cls,
        field: dataclasses.Field[object],
        values: Mapping[str, object],  # noqa: ARG003 - for kinds whose defaults depend on others
    ) -> object:
        """What a parameter is when it is not given, beside the `values` of others."""
        return field.default

    @classmethod
    def branch_inputs(
        cls,
        source: int,  # noqa: ARG003 - for kinds that read it beside their branches
        ends: Sequence[int],
    ) -> tuple[int, ...] | None:
        """The nodes it reads, from the node before the block and the last one of each branch.

        None if it cannot have that many branches.
        """
        return tuple(ends) if len(ends) > 1 else None

    def spec(self) -> str:
        """The layer in the spec language, defaults left out: `conv:64,k7,s2,p3`."""
        fields = dataclasses.fields(self)
        written = [
            _written(field, getattr(self, field.name), bare=field.name == self.positional)
            for field in sorted(fields, key=lambda field: field.name != self.positional)
            if getattr(self, field.name) != self.implied(field, vars(self))
        ]
        return ":".join(filter(None, (self.kind, ",".join(written))))

    def out_shape(self, shape: Shape, /) -> Shape:
        """(channels, *spatial) of the result for one sample of `shape`.

        Raises:
            ShapeError: the layer does not fit on `shape`.
        """
        return shape

    def weight_shapes(self, shape: Shape, /) -> dict[str, Shape]:
        """The shape of each weight by its name, in the order in which they are stored."""
        return {}

    @classmethod
    def has_weights(cls) -> bool:
        """Whether layers of this kind may have weights, which `weight_shapes` says."""
        return cls.weight_shapes is not Layer.weight_shapes

    def buffer_shapes(self, shape: Shape, /) -> dict[str, Shape]:
        """The shape of each array that is stored beside the weights and is no parameter."""
        return {}

    def tensor_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        """Everything that running needs: the weights, then the buffers."""
        return {**self.weight_shapes(*shapes), **self.buffer_shapes(*shapes)}

    def costs(self, shape: Shape, /) -> Costs | None:
        """The arithmetic for one sample of `shape`; None where unknown, which is not zero."""
        return Costs() if self.no_arithmetic else None

    def between(self, shape: Shape, /) -> int:
        """Elements of one sample that its own stages hand to each other."""
        return 0

    def real_macs(self, shape: Shape, /) -> int | None:
        """The multiply-accumulates of one sample without those on zero padding, if known."""
        costs = self.costs(shape)
        return None if costs is None else costs.macs

    def zero_insertion_macs(self, shape: Shape, /) -> int | None:
        """Multiply-accumulates of the dense convolution that a transposed one equals; else None."""
        return None

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields | None:
        """The receptive field per axis after this layer, from those of its inputs.

        `shapes` are the inputs': with SAME padding and a stride, the start depends on the size.
        None where it is not known which elements of them the layer reads.
        """
        return fields[0]

    def repeats_elements(self, shape: Shape, /) -> bool:
        """Whether it reads copies of its input's elements beyond a border: padding not of zeros.

        Outputs near a border then see the elements that were copied, wherever those lie.
        """
        return False

    def padded_ends(self, *shapes: Shape) -> tuple[tuple[int, int], ...] | None:
        """Elements added before and after each spatial axis; None where it has no padding.

        Of a transposed convolution they are taken away from the result.
        """
        return None

    def scatters(self, shape: Shape, /) -> bool:
        """Whether what it leaves of a sample, as a view, does not lie in one piece."""
        return False

    def dropped_input(self, shape: Shape, /) -> tuple[int, ...]:
        """How many elements at the end of each spatial axis no window reaches due to the stride."""
        return (0,) * (len(shape) - 1)

    @property
    def refusal(self) -> str | None:
        """What it lacks to be computed, and what to do; its shape and costs are known without."""
        return None

    @property
    def needs_floats(self) -> bool:
        """Whether integers cannot pass: the result of whole numbers is not whole."""
        return False

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The result for a batch of each input (N, channels, *spatial), computed by a backend.

        `weights` holds the buffers too.
        """
        return arrays[0]


class Rearrangement(Layer):
    """A layer that computes nothing and has no weights."""

    no_arithmetic: ClassVar[bool] = True


class SeveralInputs(Layer):
    """A layer that may have several inputs, and no weights unless a kind says so."""

    def weight_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        """The shape of each weight: there are none."""
        return {}

    @classmethod
    def has_weights(cls) -> bool:
        """Whether layers of this kind may have weights, which `weight_shapes` says."""
        return cls.weight_shapes is not SeveralInputs.weight_shapes

    def buffer_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        """The shape of each buffer: there are none."""
        return {}

    def costs(self, *shapes: Shape) -> Costs | None:
        """Zero where there is no arithmetic; None if nobody has said."""
        return Costs() if self.no_arithmetic else None

    def between(self, *shapes: Shape) -> int:
        """0: there are no stages."""
        return 0

    def real_macs(self, *shapes: Shape) -> int | None:
        """0: inputs are not multiplied with weights."""
        return 0

    def zero_insertion_macs(self, *shapes: Shape) -> int | None:
        """None: it is no transposed convolution."""
        return None

    def dropped_input(self, *shapes: Shape) -> tuple[int, ...]:
        """0 for each axis: there are no windows that leave elements out."""
        return (0,) * (len(shapes[0]) - 1)


_RULES: dict[type, dict[str, Rule[object]]] = {}
"""The rules of each kind, by which every layer of it is checked: looked up once."""


def _written(field: dataclasses.Field[object], value: object, *, bare: bool) -> str:
    """One argument as the spec language writes it: 64, k3x5, p0:1, same, nobias, of=@pool."""
    short = field.metadata["short"]
    if isinstance(value, bool):
        return short if value else f"no{short}"
    if isinstance(value, str):
        return value if value in field.metadata["rule"].words else f"{short}={value}"
    if isinstance(value, Layer):
        return f"{short}=({value.spec()})"
    items = value if isinstance(value, tuple) else (value,)
    text = "x".join(
        ":".join(map(str, item)) if isinstance(item, tuple) else str(item).removesuffix(".0")
        for item in items
    )
    if bare:
        return text
    return f"{short}={text}" if text.startswith("@") else f"{short}{text}"


def field_behind(
    layer: Layer, fields: Sequence[Fields | None], shapes: Sequence[Shape]
) -> Fields | None:
    """The receptive field per axis after a layer, where those of its inputs may not be known.

    None where that of the layer is not known, or that of anything that it reads.
    """
    known = [one for one in fields if one is not None]
    return layer.field(known, shapes) if len(known) == len(fields) else None


def format_shape(shape: Shape) -> str:
    """A shape as it is typed: 64x112x112."""
    return "x".join(map(str, shape)) or "no axes"
