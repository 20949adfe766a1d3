"""Answers to inverse questions: solve, sizes, check, and a row of sweep."""

from typing import Annotated, Literal, NotRequired, TypedDict

from convcalc.render.schemas.layers import Shape


class Solution(TypedDict):
    """A layer that makes the wanted output."""

    spec: str
    output_shape: Shape
    unused: Annotated[list[int], "elements of each axis that no window reaches"]
    why: str


class LayerSolutions(TypedDict):
    """The layers that make a wanted output of an input."""

    schema_version: Literal[1]
    command: str
    kind: str
    input: Shape
    output: Shape
    count: int
    solutions: list[Solution]
    why_none: NotRequired[str]
    nearest: NotRequired[list[Solution]]


class Chain(TypedDict):
    """Layers one after the other."""

    spec: str
    layers: int
    field: int
    output: Shape


class ChainSolutions(TypedDict):
    """The chains of a pattern with a wanted receptive field or output."""

    schema_version: Literal[1]
    command: str
    pattern: str
    field: int | None
    output: list[int] | None
    count: int
    chains: list[Chain]
    nearest: NotRequired[list[Chain]]


class Input(TypedDict):
    """An input that gives the wanted output."""

    input: Shape
    dropped: Annotated[int, "elements of an axis that are dropped at an edge, at most"]


class NearInput(TypedDict):
    """An input that gives another output than the wanted one."""

    input: Shape
    output: list[int]


class InputSolutions(TypedDict):
    """The inputs of which a network makes a wanted output."""

    schema_version: Literal[1]
    command: str
    output: list[int]
    count: int
    inputs: list[Input]
    nearest: NotRequired[list[NearInput]]


class Breaking(TypedDict):
    """The first layer that some sizes do not fit."""

    label: str
    spec: str
    sizes: int
    example: int
    reason: str


class Dropping(TypedDict):
    """A layer that drops elements at some sizes."""

    label: str
    count: int


class SizesDocument(TypedDict):
    """The input sizes that a network takes."""

    schema_version: Literal[1]
    command: str
    channels: int
    axes: int
    range: list[int]
    rule: str
    period: int | None
    residues: list[int]
    start: int | None
    exceptions: list[int]
    count: int
    near: NotRequired[int]
    nearest: NotRequired[list[int]]
    breaking: list[Breaking]
    dropping: list[Dropping]


class Dearest(TypedDict):
    """A layer that takes most of a figure."""

    label: str
    amount: int | float | str


class Limit(TypedDict):
    """A limit, and whether it is kept."""

    figure: str
    limit: str
    sign: str
    bound: int | float | str
    value: int | float | str | None
    margin: int | float | str | None
    holds: bool
    line: int | None
    dearest: list[Dearest]


class CheckDocument(TypedDict):
    """Whether a network keeps to its limits."""

    schema_version: Literal[1]
    command: str
    network: str
    input: Shape
    holds: bool
    limits: list[Limit]


SweepRow = dict[str, bool | int | float | str | list[int] | None]
"""A line of `sweep`: the columns that are shown, by their names."""
