"""The operations that a page's scripts know, as plain data over channels, rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

from convcalc.errors import UsageError
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Shape

Pair: TypeAlias = tuple[int, int]
"""Numbers for rows and for columns."""

Triple: TypeAlias = tuple[int, int, int]
"""Numbers for channels, rows and columns."""


class PageConvolution(TypedDict):
    """A convolution; pairs are of rows and columns.

    `multiplier` is that of a first stage, whose groups and channels follow its input; else None.
    """

    op: Literal["convolution"]
    transposed: bool
    channels: int
    outChannels: int
    groups: int
    mode: str
    bias: bool
    multiplier: int | None
    size: Pair
    kernel: Pair
    stride: Pair
    dilation: Pair
    before: Pair
    after: Pair
    extra: Pair


class PageMatrix(TypedDict):
    """A matrix over the last axis."""

    op: Literal["matrix"]
    outFeatures: int
    bias: bool
    channels: int
    size: Pair


class PagePooling(TypedDict):
    """A pooling; `how` is "max", "mean" or "norm", `exponent` that of a norm."""

    op: Literal["pooling"]
    how: str
    exponent: float
    ceil: bool
    include: bool
    channels: int
    size: Pair
    kernel: Pair
    stride: Pair
    dilation: Pair
    before: Pair
    after: Pair


class PageAdaptive(TypedDict):
    """A pooling whose windows follow from the size of its output, `reached`."""

    op: Literal["adaptive"]
    how: str
    channels: int
    size: Pair
    reached: Pair


class PagePiece(TypedDict):
    """A formula for the numbers up to a bound, as `explain/walk/functions.py` has it."""

    text: str
    case: str
    bound: float | None
    strict: bool


class PageFunction(TypedDict):
    """A function of each element.

    Attributes:
        how: Its kind.
        numbers: Its parameters by their names.
        along: The axis that has weights of its own at each place.
        pieces: Its formula.
    """

    op: Literal["function"]
    how: str
    numbers: dict[str, float | str | bool]
    along: int
    pieces: list[PagePiece]


class PageShare(TypedDict):
    """`softmax` or its like along an axis, told as `explain/walk/shares.py` has it."""

    op: Literal["share"]
    how: str
    axis: int
    formula: str
    text: str
    term: str


class PageJoin(TypedDict):
    """Branches put together: by "sum", "product" or "choice", of which `axis` says where."""

    op: Literal["join"]
    how: str
    axis: int


class PagePad(TypedDict):
    """Elements added at the ends, or cut off: `value` where `mode` is "zeros"."""

    op: Literal["pad"]
    mode: str
    value: float
    channels: int
    size: Pair
    before: Pair
    after: Pair


class PageResize(TypedDict):
    """A resizing, `mode` being "nearest", "bilinear" or "aligned": by `scale`, or to `reached`."""

    op: Literal["resize"]
    mode: str
    channels: int
    size: Pair
    scale: Pair | None
    reached: Pair | None


class PageMove(TypedDict):
    """Elements in other places; which numbers there are depends on `how`."""

    op: Literal["move"]
    how: str
    numbers: dict[str, int | Sequence[int] | None]


PageLayer: TypeAlias = (
    PageConvolution
    | PageMatrix
    | PagePooling
    | PageAdaptive
    | PageFunction
    | PageShare
    | PageJoin
    | PagePad
    | PageResize
    | PageMove
)


def pair(axes: Sequence[int], row: int) -> Pair:
    """Rows and columns; a sequence is one row."""
    rows, columns = (row, *axes) if len(axes) == 1 else axes
    return rows, columns


def triple(shape: Shape) -> Triple:
    """Channels, rows and columns; of features the columns alone are more than one.

    Raises:
        UsageError: there are more axes.
    """
    if len(shape) > 3:
        raise UsageError(
            f"--html: a page draws rows and columns, and {format_shape(shape)} has "
            f"{len(shape) - 1} axes beside its channels; without --html it is told plane by plane"
        )
    if len(shape) == 1:
        return 1, 1, shape[0]
    return shape[0], *pair(shape[1:], 1)


def axis_of(place: int, rank: int) -> int:
    """Which of channels, rows and columns an axis of a sample is."""
    return place + 3 - rank if place else (2 if rank == 1 else 0)
