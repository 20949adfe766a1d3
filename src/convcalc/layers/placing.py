"""How windows of convolutions and poolings lie on an input: axis by axis, and with which sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import ParameterError, ShapeError
from convcalc.layers.base import format_shape
from convcalc.layers.parameters import LARGEST
from convcalc.window import Window, same_padding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers.base import Shape
    from convcalc.layers.parameters import Ends, Padding, PerAxis


def spatial_dims_of(shape: Shape) -> int:
    """How many spatial axes a shape (channels, *spatial) has: 1, 2 or 3.

    Raises:
        ShapeError: it has none, or more than three.
    """
    spatial_dims = len(shape) - 1
    if not 1 <= spatial_dims <= 3:
        raise ShapeError(
            "needs an input of channels and 1 to 3 spatial sizes, as 3x224x224; got "
            f"{format_shape(shape)}"
        )
    return spatial_dims


def spread(name: str, value: PerAxis, spatial_dims: int) -> tuple[int, ...]:
    """The value of each of `spatial_dims` spatial axes."""
    if isinstance(value, int):
        return (value,) * spatial_dims
    if len(value) != spatial_dims:
        raise ParameterError(name, _dims_message(len(value), spatial_dims))
    return value


def spread_ends(
    name: str, value: int | tuple[int | Ends, ...], spatial_dims: int
) -> tuple[Ends, ...]:
    """(before, after) of each of `spatial_dims` spatial axes; a single pair serves every axis."""
    axes = (value,) if isinstance(value, int) else value
    if len(axes) == 1:
        axes = axes * spatial_dims
    if len(axes) != spatial_dims:
        raise ParameterError(name, _dims_message(len(axes), spatial_dims))
    return tuple((item, item) if isinstance(item, int) else item for item in axes)


def _dims_message(given: int, spatial_dims: int) -> str:
    axes = "axis" if spatial_dims == 1 else "axes"
    return f"{given} values given, but the input has {spatial_dims} spatial {axes}"


def check_same(padding: Padding, stride: PerAxis) -> None:
    """Refuses PyTorch's `same` beside a stride: it keeps the size, which a stride cannot.

    Raises:
        ParameterError: the padding is `same` and an axis has a stride.
    """
    if padding == "same" and max((stride,) if isinstance(stride, int) else stride) > 1:
        raise ParameterError(
            "padding",
            "'same' goes with stride 1 only, as in PyTorch; use 'same-upper' "
            "for ceil(size / stride), TensorFlow's and ONNX's rule",
        )


def placed_windows(
    padding: Padding, axes: Sequence[tuple[int, int, int]], shape: Shape
) -> tuple[Window, ...]:
    """The window of each spatial axis on an input of `shape`, its padding in elements.

    Args:
        padding: As the layer was given it; words are resolved for the sizes of `shape`.
        axes: (kernel, stride, dilation) of each spatial axis.
    """
    ends = _ends(padding, axes, shape)
    return tuple(
        Window(kernel, stride, before, after, dilation)
        for (kernel, stride, dilation), (before, after) in zip(axes, ends, strict=True)
    )


def window_sizes(windows: Sequence[Window], shape: Shape) -> tuple[int, ...]:
    """The output size of each spatial axis.

    Raises:
        ShapeError: a window does not fit on its axis, or the output is beyond `LARGEST`.
    """
    sizes = tuple(w.out_size(size) for w, size in zip(windows, shape[1:], strict=True))
    if min(sizes) < 1:
        raise ShapeError(_too_large(windows, shape))
    return checked_sizes(sizes, "padding")


def checked_sizes(sizes: tuple[int, ...], what: str) -> tuple[int, ...]:
    """Output sizes that exist: none below 1, none beyond `LARGEST`."""
    if min(sizes) < 1:
        raise ShapeError(
            f"{what} leaves an output of {format_shape(sizes)} elements; every axis needs 1"
        )
    if max(sizes) > LARGEST:
        raise ShapeError(f"{what} makes an output axis longer than {LARGEST} elements")
    return sizes


def check_mode(mode: str, windows: Sequence[Window], shape: Shape) -> None:
    """Refuses more padding than there is to turn back once, or to go round once in a circle.

    Raises:
        ShapeError: an axis is too short for its padding.
    """
    room = {"reflect": -1, "symmetric": 0, "circular": 0}.get(mode)
    if room is None:
        return
    for w, size in zip(windows, shape[1:], strict=True):
        # A circle goes round what a crop has left.
        most = (w.real_size(size) if mode == "circular" else size) + room
        widest = max(w.before, w.after)
        if widest > most:
            raise ShapeError(
                f"{mode} padding of {widest} on an axis of {size} elements; "
                f"at most {most} fit, 'replicate' and 'zeros' have no such limit"
            )


def _ends(padding: Padding, axes: Sequence[tuple[int, int, int]], shape: Shape) -> tuple[Ends, ...]:
    """(before, after) of each axis; the odd element is the last one, for same-lower the first."""
    if not isinstance(padding, str):
        return spread_ends("padding", padding, len(axes))
    if padding == "valid":
        return ((0, 0),) * len(axes)
    if padding == "full":  # the first window lies on the input with its last tap alone
        return tuple((dilation * (kernel - 1),) * 2 for kernel, _, dilation in axes)
    totals = [same_padding(size, *axis) for size, axis in zip(shape[1:], axes, strict=True)]
    if padding == "same-lower":
        return tuple((total - total // 2, total // 2) for total in totals)
    return tuple((total // 2, total - total // 2) for total in totals)


def _too_large(windows: Sequence[Window], shape: Shape) -> str:
    """Which axis the kernel does not fit on, and what would make it fit."""
    for size, w in zip(shape[1:], windows, strict=True):
        padded = size + w.before + w.after
        missing = w.extent - padded
        if missing > 0:
            dilated = f" ({w.kernel} taps, dilation {w.dilation})" if w.dilation > 1 else ""
            return (
                f"the kernel spans {w.extent} elements{dilated}, the padded input "
                f"{padded} ({size} + {w.before} + {w.after}) in {format_shape(shape)}; "
                f"{missing} more element{'s' * (missing > 1)} of padding or input would fit"
            )
    raise AssertionError("called for a kernel that fits")
