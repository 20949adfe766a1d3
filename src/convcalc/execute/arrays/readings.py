"""How many spatial axes an input and a kernel have: what is possible, and what comes first.

A kernel of three axes may be (O, C/g, k), (C/g, kh, kw) or (kd, kh, kw), and an input of three axes
(N, C, L), (C, H, W) or (D, H, W). Readings whose channels do not agree are none. Of the others:

- Channels that come last are those of an image: two axes come before one, and one before three.
- Channels first: one axis and two both fit only where the kernel is as high as the image. Files may
  be either, and whoever gave them is asked; a caller of the library is known to give complete ones.
- Three axes come last: one channel of a volume fits nearly everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import DataError
from convcalc.layers.base import format_shape
from convcalc.layers.picture_shapes import COLOURS, looks_like_picture

if TYPE_CHECKING:
    from convcalc.layers import Shape

READINGS = {1: (1,), 2: (2, 1), 3: (1, 2, 3), 4: (2, 3), 5: (3,)}
"""Spatial axes that a kernel may have, by its number of axes, the likeliest first.

Two axes are (kh, kw) before (C/g, k); three are (O, C/g, k), then (C/g, kh, kw), then (kd, kh, kw).
"""

INPUT_AXES = {0: "", 1: "L", 2: "H, W", 3: "D, H, W"}
KERNEL_AXES = {1: ("k",), 2: ("kh", "kw"), 3: ("kd", "kh", "kw")}


class Pair(NamedTuple):
    """An input and a kernel that are to be convolved, by their shapes.

    Attributes:
        array: The shape of the input.
        kernel: The shape of the kernel.
        groups: Blocks of channels that do not mix.
        transposed: Whether the convolution is.
        channels_last: Whether the channels of the input come last.
    """

    array: Shape
    kernel: Shape
    groups: int
    transposed: bool
    channels_last: bool

    def channels(self, dims: int) -> int:
        """Channels of the input, if it has so many spatial axes."""
        if len(self.array) == dims:
            return 1
        return int(self.array[-1 if self.channels_last else -1 - dims])

    def complete(self, dims: int) -> Shape:
        """The kernel with all its axes, if so many of them are spatial."""
        return (1,) * (dims + 2 - len(self.kernel)) + self.kernel

    def reads(self, dims: int) -> int:
        """Channels that the kernel reads, if so many of its axes are spatial."""
        full = self.complete(dims)
        return full[0] if self.transposed else full[1] * self.groups

    def moves(self, dims: int) -> bool:
        """Whether the kernel is smaller than the input along each of so many spatial axes."""
        if self.channels_last and len(self.array) > dims:
            sizes = self.array[-1 - dims : -1]
        else:
            sizes = self.array[len(self.array) - dims :]
        return all(n > k for n, k in zip(sizes, self.kernel[-dims:], strict=True))


def possible_dims(pair: Pair) -> list[int]:
    """Numbers of spatial axes that both can have by their own number of axes."""
    return [
        dims
        for dims in READINGS.get(len(pair.kernel), ())
        if all(0 <= len(shape) - dims <= 2 for shape in (pair.array, pair.kernel))
    ]


def fitting_dims(pair: Pair) -> list[int]:
    """Numbers of spatial axes with which the channels agree, the likeliest first."""
    fitting = [dims for dims in possible_dims(pair) if pair.channels(dims) == pair.reads(dims)]
    if pair.channels_last and fitting[:2] == [1, 2]:
        return [2, 1, *fitting[2:]]
    return fitting


def chosen_dims(pair: Pair, asked_dims: int | None, *, full_first: bool) -> int:
    """The number of spatial axes of both.

    Args:
        asked_dims: It, where it is known.
        full_first: Whether a kernel that may be complete is complete.

    Raises:
        DataError: there is none, or there are several.
    """
    if asked_dims is not None:
        if not all(0 <= len(shape) - asked_dims <= 2 for shape in (pair.array, pair.kernel)):
            raise DataError(_unfit(pair, asked_dims))
        if pair.channels(asked_dims) != pair.reads(asked_dims):
            raise DataError(channels_unfit(pair, asked_dims))
        return asked_dims
    possible = possible_dims(pair)
    if not possible:
        raise DataError(_unfit(pair, None))
    fitting = fitting_dims(pair)
    if not fitting:
        raise DataError(channels_unfit(pair, possible[0]))
    if not full_first:
        _check_one(pair, fitting)
    return fitting[0]


def other_notes(pair: Pair, dims: int) -> tuple[str, ...]:
    """How else a pair could have been read: with more axes, or as no image though it may be one."""
    return tuple(
        f"--dims {other} would read it as ({input_names(pair.array, other, pair.channels_last)})"
        for other in fitting_dims(pair)
        if pair.moves(other) and (other > dims or (other < dims and pair.channels_last))
    )


def order_notes(pair: Pair, dims: int) -> tuple[str, ...]:
    """Which axis of a kernel is which, where its channels could be taken to come last as well."""
    if not (pair.channels_last and _may_be_last(pair, dims)):
        return ()
    names, last = kernel_names(pair, dims), _names_last(pair, dims)
    return (f"the kernel {format_shape(pair.kernel)} is ({names}), not ({last})",)


def last_notes(shape: Shape, dims: int, channels_last: bool) -> tuple[str, ...]:
    """How a picture is read whose channels come last, where nothing says that they do."""
    if channels_last or dims != 2 or len(shape) <= dims:
        return ()
    *sizes, colours = shape
    if colours not in COLOURS[1:] or not looks_like_picture(*sizes[-2:]):
        return ()
    return (
        f"{format_shape(shape)} looks like a picture whose channels come last, which --layout nhwc "
        f"says; as it is, {sizes[-2]} are its channels",
    )


def layouts(dims: int, channels_last: bool) -> tuple[str, str, str]:
    """The names of an input's axes without channels, without samples, and complete."""
    spatial = INPUT_AXES[dims]
    if not spatial:
        return "", "C", "N, C"
    single = f"{spatial}, C" if channels_last else f"C, {spatial}"
    return spatial, single, f"N, {single}"


def input_names(shape: Shape, dims: int, channels_last: bool) -> str:
    """The names of the axes that an input has."""
    return layouts(dims, channels_last)[len(shape) - dims]


def kernel_names(pair: Pair, dims: int) -> str:
    """The names of the axes that the kernel has."""
    outer = ("C", "O/groups") if pair.transposed else ("O", "C/groups")
    return ", ".join((*outer, *KERNEL_AXES[dims])[-len(pair.kernel) :])


def channels_unfit(pair: Pair, dims: int) -> str:
    """Why the channels of both do not agree, and what would."""
    channels, shape, reads = pair.channels(dims), pair.complete(dims), pair.reads(dims)
    message = (
        f"the input {format_shape(pair.array)} has {channels} channel{'s' * (channels != 1)}, "
        f"the kernel {format_shape(pair.kernel)} reads {reads}"
    )
    if not pair.channels_last and len(pair.array) > dims and pair.array[-1] == reads:
        return f"{message}; if the channels come last, --layout nhwc says so"
    if pair.channels_last and _may_be_last(pair, dims):
        return f"{message}; {_turned(pair, dims)}"
    if channels % pair.groups:
        return f"{message}; {channels} do not divide by groups={pair.groups}"
    if pair.transposed:
        return (
            f"{message}; a kernel (C, O/groups, *k) of {format_shape((channels, *shape[1:]))} "
            "would fit"
        )
    if len(pair.kernel) == dims and pair.groups == 1:
        each = format_shape((channels, 1, *pair.kernel))
        return f"{message}; for each channel by itself give --each-channel, or {each} in groups"
    outputs = -(-shape[0] // pair.groups) * pair.groups
    wanted = (outputs, channels // pair.groups, *shape[2:])
    return f"{message}; a kernel (O, C/groups, *k) of {format_shape(wanted)} would fit"


def _check_one(pair: Pair, fitting: list[int]) -> None:
    """Raises where two readings are as likely."""
    both = f"the input {format_shape(pair.array)} and the kernel {format_shape(pair.kernel)}"
    if fitting[:2] == [1, 2] and pair.kernel[-2] > 1:
        ways = " or ".join(
            f"({input_names(pair.array, dims, False)}) and ({kernel_names(pair, dims)})"
            for dims in (1, 2)
        )
        raise DataError(
            f"{both} may be {ways}; --dims 1 takes the first reading, --dims 2 the other"
        )
    if pair.channels_last and fitting == [3] and _may_be_last(pair, 2):
        raise DataError(
            f"{both} may be (D, H, W) and (kd, kh, kw), which --dims 3 says, or (H, W, C) and a "
            f"kernel with its channels last; {_turned(pair, 2)}"
        )


def _may_be_last(pair: Pair, dims: int) -> bool:
    """Whether a kernel with its channels behind its spatial axes would fit the input."""
    if len(pair.kernel) <= dims or pair.transposed or len(pair.array) <= dims:
        return False
    in_channels_per_group = pair.kernel[-1] if len(pair.kernel) == dims + 1 else pair.kernel[-2]
    return in_channels_per_group > 1 and in_channels_per_group * pair.groups == pair.array[-1]


def _names_last(pair: Pair, dims: int) -> str:
    outer = ("C/groups", "O")[: len(pair.kernel) - dims]
    return ", ".join((*KERNEL_AXES[dims], *outer))


def _turned(pair: Pair, dims: int) -> str:
    """What makes a kernel with its channels last one with its channels first."""
    order = (*range(dims, len(pair.kernel)), *range(dims))
    if len(pair.kernel) == dims + 2:
        order = (dims + 1, dims, *range(dims))
    return (
        f"a kernel ({_names_last(pair, dims)}) is given as ({kernel_names(pair, dims)}): "
        f"kernel.transpose{order}"
    )


def _unfit(pair: Pair, asked_dims: int | None) -> str:
    both = f"the input is {format_shape(pair.array)} and the kernel {format_shape(pair.kernel)}"
    if asked_dims is not None:
        return (
            f"{both}; {asked_dims} spatial axes need {asked_dims} to {asked_dims + 2} axes in each"
        )
    axes = len(pair.kernel)
    if axes not in READINGS:
        return f"{both}; a kernel has 1 to 5 axes: (O, C/groups, kh, kw) or just (kh, kw)"
    dims = READINGS[axes][0]
    return (
        f"{both}; a kernel of {axes} {'axis' if axes == 1 else 'axes'} is {dims}-D, "
        f"so that the input must have {dims} to {dims + 2} axes"
    )
