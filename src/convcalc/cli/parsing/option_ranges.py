"""What a layer's flags may be where several values are asked for: -k 3..7 -s 1,2 -p 1:2."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from convcalc.cli.parsing.values import flag, text_of
from convcalc.errors import UsageError, printable
from convcalc.inverse.axis import Ranges
from convcalc.inverse.ranges import read_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.cli.parsing.requests import SolveRequest

Read = TypeVar("Read")


class _Ends(NamedTuple):
    """Padding as it is typed: of each end by itself, or of both together."""

    ends: tuple[int, ...] | None = None
    pairs: tuple[tuple[int, int], ...] | None = None


def ranges_of(given: SolveRequest, spatial_dims: int, ceils: tuple[bool, ...]) -> list[Ranges]:
    """The ranges of each spatial axis that the flags of a command line give.

    Axes whose flags are the same share one object.

    Raises:
        UsageError: a flag has no numbers, impossible ones, or another number of axes.
    """
    kernels = _per_axis("kernel_size", given["kernel_size"], spatial_dims, _numbers(1))
    strides = _per_axis("stride", given["stride"], spatial_dims, _numbers(1))
    dilations = _per_axis("dilation", given["dilation"], spatial_dims, _numbers(1))
    extras = _per_axis("output_padding", given["output_padding"], spatial_dims, _numbers(0))
    paddings = _per_axis("padding", given["padding"], spatial_dims, _padding)
    made: dict[Ranges, Ranges] = {}
    found = []
    for axis in range(spatial_dims):
        ends = paddings[axis] or _Ends()
        one = Ranges(
            kernels[axis],
            strides[axis],
            ends.ends,
            ends.pairs,
            dilations[axis] or (1,),
            extras[axis],
            ceils,
        )
        found.append(made.setdefault(one, one))
    return found


def _per_axis(
    name: str, text: str | None, spatial_dims: int, read: Callable[[str], Read]
) -> list[Read | None]:
    """What a flag says of each axis: one text for all of them, or one each, as 3x5."""
    if text is None:
        return [None] * spatial_dims
    parts = text_of(name, text).split("x")
    if len(parts) not in (1, spatial_dims):
        axes = "axis" if spatial_dims == 1 else "axes"
        raise UsageError(
            f"{flag(name)}: {len(parts)} values given, but the input has {spatial_dims} spatial "
            f"{axes}"
        )
    try:
        found: list[Read | None] = [read(part) for part in parts]
    except ValueError as error:
        raise UsageError(f"{flag(name)}: {error} in '{printable(text, 60)}'") from None
    return found * (spatial_dims // len(found))


def _numbers(minimum: int) -> Callable[[str], tuple[int, ...]]:
    return lambda text: read_numbers(text, minimum)


def _padding(text: str) -> _Ends:
    """Numbers that each end may have, or begin:end pairs."""
    if ":" not in text or ".." in text:
        return _Ends(ends=read_numbers(text, 0))
    pairs = []
    for part in text.split(","):
        both = [read_numbers(end, 0) for end in part.split(":")]
        if len(both) != 2 or any(len(end) != 1 for end in both):
            raise ValueError("expected begin:end, as 2:3")
        pairs.append((both[0][0], both[1][0]))
    return _Ends(pairs=tuple(pairs))
