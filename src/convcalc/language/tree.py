"""The syntax of a spec as a tree: what was written, where, and nothing about what it means.

Places and line breaks take no part in comparisons: two texts that say the same give
equal trees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from convcalc.language.expressions import AtLabel, Expression


LONGEST_NAME = 1000
"""Characters of the name of a layer, those of the blocks around it included.

Every layer of a block carries the name of the block. The names that ONNX exporters and `torch.fx`
write have up to a few hundred.
"""


class Ends(NamedTuple):
    """begin:end of one axis."""

    begin: Expression
    end: Expression


class Axes(NamedTuple):
    """A value for each axis, as in 3x5; a single pair of ends serves them all."""

    values: tuple[Expression | Ends, ...]


Value: TypeAlias = "str | Expression | Axes | AtLabel | Call"
"""A word, an expression, a value per axis, the sizes of another node, or a layer in brackets."""


class Place(NamedTuple):
    """Characters of the text, and whether a line break stands before them."""

    start: int = 0
    end: int = 0
    breaks: int = 0


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its key if it has one, and its value."""

    key: str | None
    value: Value
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A layer, or a definition that is used: its kind and its arguments."""

    kind: str
    arguments: tuple[Argument, ...] = ()
    label: str | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Block:
    """A layer that joins branches, each a sequence that starts from the same input."""

    call: Call
    branches: tuple[tuple[Item, ...], ...]
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A sequence, several times over."""

    count: Expression
    body: tuple[Item, ...]
    label: str | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Jump:
    """`@label`: go on from the output of the node with that label."""

    label: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Definition:
    """`define name(parameter, other=default) { ... }`."""

    name: str
    parameters: tuple[tuple[str, Value | None], ...]
    body: tuple[Item, ...]
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Comment:
    """`# text`, kept for the formatter alone."""

    text: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)


Item: TypeAlias = "Call | Block | Repeat | Jump | Definition | Comment"
