"""Torch's own convolutions, in the order in memory that suits them best, on tensors of a device."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from math import isfinite, prod
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

from convcalc.errors import DataError
from convcalc.execute.arrays.integers import check_exact
from convcalc.execute.backends import opencv
from convcalc.execute.backends.layouts import channels_may_be_last
from convcalc.execute.backends.tap_by_tap import (
    add_taps,
    grouped_weight,
    join_channels,
    per_channel,
    split_channels,
)
from convcalc.execute.fitted_costs import FITTED
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from convcalc.execute.problem import ConvProblem

MOST_UNFOLDED = 2**30
"""Bytes of windows that torch may line up for one sample; the taps one by one need none."""

CACHE_ALIASING_STRIDE = FITTED["crowded"]
"""Elements between channels, or a multiple of it, that make torch's own copy slow."""

_ONE = Window(1)

_CONV = (functional.conv1d, functional.conv2d, functional.conv3d)
_TRANSPOSED = (
    functional.conv_transpose1d,
    functional.conv_transpose2d,
    functional.conv_transpose3d,
)


class _Arguments(NamedTuple):
    """The arguments that torch gets for the windows, and what to pad before, if anything."""

    ends: list[int]
    strides: list[int]
    padding: list[int]
    dilations: list[int]
    pads: bool


class Direct:
    """`direct` for the arrays of one problem: what does not depend on the values is prepared.

    Args:
        problem: What is convolved, of floats; zeros pad it.
        layout: As for `direct`.
    """

    def __init__(self, problem: ConvProblem, layout: str) -> None:
        self._problem = problem
        self._layout = _allowed(
            layout, problem.in_channels_per_group, problem.groups, problem.windows, problem.sizes
        )
        self._conv_kwargs = _arguments(problem.windows)
        self._wide = problem.dtype == "float64" or layout == "product"
        self._pads = self._conv_kwargs.pads
        self._looks_at_result = problem.elements_out < problem.weights

    def __call__(
        self, array: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        """The result (N, O, *out) of an array (N, C, *sizes) and a weight (O, C/g, *k).

        Where a weight is not finite, padding must take no part in its products. The fewer of
        weights and results are looked at: a weight that is not finite leaves no finite result
        where it reaches an element, and no trace where torch leaves its padding out.
        """
        problem = self._problem
        looks = self._pads and not self._looks_at_result
        if self._wide or (looks and not _sums_to_a_number(weight)):
            return direct(array, weight, bias, problem.windows, problem.groups, self._layout)
        result = _called(array, weight, bias, self._conv_kwargs, problem.groups, self._layout)
        late = self._pads and self._looks_at_result and not _sums_to_a_number(result)
        if late and not _sums_to_a_number(weight):
            return direct(array, weight, bias, problem.windows, problem.groups, self._layout)
        return result


def _sums_to_a_number(tensor: torch.Tensor) -> bool:
    """Whether a sum is finite, and with it every element; one that overflows proves nothing."""
    return isfinite(tensor.sum().item())


def direct(
    array: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    windows: Sequence[Window],
    groups: int,
    layout: str,
) -> torch.Tensor:
    """Cross-correlation of (N, C, *sizes) with (O, C/groups, *k), padded with zeros.

    Args:
        layout: How the channels lie in memory, "contiguous" or "channels-last"; or "product" of a
            kernel of one tap, which is a matrix.
    """
    if layout == "product":
        return _product(array, weight, bias)
    conv_kwargs = _arguments(tuple(windows))
    if _needs_taps(array, weight, conv_kwargs.pads) or _unfolds_too_far(array, weight, windows):
        sizes = [w.out_size(n) for w, n in zip(windows, array.shape[2:], strict=True)]
        blocks = grouped_weight(weight, groups, transposed=False)
        return _summed(array, blocks, bias, windows, sizes, transposed=False)
    allowed = _allowed(layout, weight.shape[1], groups, windows, array.shape[2:])
    return _called(array, weight, bias, conv_kwargs, groups, allowed)


def _allowed(
    layout: str,
    in_channels_per_group: int,
    groups: int,
    windows: Sequence[Window],
    sizes: Sequence[int],
) -> str:
    """The layout, or "own" where torch would be wrong with the channels last."""
    if layout == "product" or channels_may_be_last(in_channels_per_group, groups, windows, sizes):
        return layout
    return "own"


def _called(
    array: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    conv_kwargs: _Arguments,
    groups: int,
    layout: str,
) -> torch.Tensor:
    """Torch's convolution of values that nothing is against, in the order in memory asked for.

    Channels that come last already stay where they are, if the layout is not "own".
    """
    last = layout == "channels-last" or (layout == "contiguous" and _lies_last(array))
    if last and array.ndim > 3:
        array = _interleaved(array)
        weight = _channels_last(weight) if weight.shape[1] > 1 else _own_order(weight)
    else:
        array, weight = _own_order(array), _own_order(weight)
    if conv_kwargs.ends:
        array = functional.pad(array, conv_kwargs.ends)
    conv = _CONV[len(conv_kwargs.strides) - 1]
    return conv(
        array, weight, bias, conv_kwargs.strides, conv_kwargs.padding, conv_kwargs.dilations, groups
    )


def transposed(
    array: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    windows: Sequence[Window],
    groups: int,
    out_sizes: Sequence[int],
) -> torch.Tensor:
    """Transposed convolution of (N, C, *sizes) with (C, O/groups, *k) onto `out_sizes`."""
    if _needs_taps(array, weight):
        blocks = grouped_weight(weight, groups, transposed=True)
        return _summed(array, blocks, bias, windows, out_sizes, transposed=True)
    strides, dilations = [w.stride for w in windows], [w.dilation for w in windows]
    conv = _TRANSPOSED[len(windows) - 1]
    cut = conv(_own_order(array), _own_order(weight), None, strides, 0, 0, groups, dilations)
    # torch crops both ends alike and adds few elements; ours may differ, so the whole is cut here.
    for axis, (w, size) in enumerate(zip(windows, out_sizes, strict=True), start=2):
        cut = _cut(cut, axis, w.before, size)
    return cut if bias is None else cut + per_channel(bias, len(windows))


def channels_last(
    array: torch.Tensor, weight: torch.Tensor, windows: Sequence[Window]
) -> torch.Tensor:
    """Cross-correlation of a padded (N, 1, *sizes) with (O, 1, *k), as (N, *out, O)."""
    spatial_dims = len(windows)
    if spatial_dims == 1:
        array, weight = array[:, :, None], weight[:, :, None]
        windows = (_ONE, *windows)
    strides, dilations = [w.stride for w in windows], [w.dilation for w in windows]
    conv = _CONV[len(windows) - 1]
    out = conv(_own_order(array), _own_order(weight), None, strides, 0, dilations)
    out = out.movedim(1, -1)
    return out[:, 0] if spatial_dims == 1 else out


def check(
    array: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, groups: int
) -> None:
    """Integers must be exact.

    Raises:
        DataError: a sum could leave int64.
    """
    if not array.is_floating_point():
        blocks = exact(grouped_weight(weight, groups, transposed=False))
        check_exact(exact(array), blocks, None if bias is None else exact(bias))


@lru_cache(maxsize=512)
def _own_steps(shape: torch.Size) -> tuple[int, ...]:
    """The strides that torch gives to a new tensor of that shape."""
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _own_order(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor with the strides that torch itself would give it, copied if it must be.

    `contiguous` looks away from the strides of axes of one element; torch's convolutions do not.
    """
    steps = _own_steps(tensor.shape)
    if tensor.stride() == steps:
        return tensor
    return tensor.contiguous().as_strided(tensor.shape, steps)


def _channels_last(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor with its channels side by side in memory, by its strides too."""
    return _own_order(tensor.movedim(1, -1)).movedim(-1, 1)


def _lies_last(array: torch.Tensor) -> bool:
    """Whether the channels, several of them, come last in memory as it is."""
    if array.is_contiguous() or array.dtype != torch.float32:
        return False
    return array.movedim(1, -1).is_contiguous()


def _interleaved(array: torch.Tensor) -> torch.Tensor:
    """The input (N, C, *sizes) with its channels side by side in memory, the fastest way."""
    channels = array.shape[1]
    if not array.is_contiguous():
        return _channels_last(array)
    elements = array.shape[2:].numel()
    # Rows of which many begin at the same place of a page leave torch's copy few lines of a cache.
    aliasing = elements % CACHE_ALIASING_STRIDE == 0
    if channels < FITTED["fewest_swapped"] or not opencv.is_installed():
        return _channels_last(array)
    if torch.get_num_threads() > 1 and not aliasing:
        return _channels_last(array)
    out = array.new_empty((array.shape[0], *array.shape[2:], channels))
    for sample, target in zip(array.numpy(), out.numpy(), strict=True):
        opencv.transpose(sample.reshape(channels, elements), target.reshape(elements, channels))
    return out.movedim(-1, 1)


def _product(array: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """One sample by a kernel of one tap: (O, C) times (C, elements), or both the other way round.

    By oneMKL the other way round is shared better by threads, but takes half as
    long again where registers are not filled with outputs, and longer where there are few.
    """
    out_channels_per_group, channels = weight.shape[:2]
    columns, matrix = array.reshape(channels, -1), weight.reshape(out_channels_per_group, channels)
    full = (
        out_channels_per_group % 16 == 0 and out_channels_per_group >= FITTED["turned_maps_alone"]
    )
    many = channels >= FITTED["turned_channels"] and out_channels_per_group >= FITTED["turned_maps"]
    if many and (full or torch.get_num_threads() > 1):
        rows = functional.linear(columns.T, matrix, bias)
        return rows.view(1, *array.shape[2:], out_channels_per_group).movedim(-1, 1)
    if bias is None:
        return torch.mm(matrix, columns).view(1, out_channels_per_group, *array.shape[2:])
    return torch.addmm(bias[:, None], matrix, columns).view(
        1, out_channels_per_group, *array.shape[2:]
    )


def _cut(tensor: torch.Tensor, axis: int, first: int, size: int) -> torch.Tensor:
    """The elements first ... first + size - 1 of an axis, zeros where it has none."""
    length = tensor.shape[axis]
    start = min(first, length)
    kept = min(first + size, length) - start
    piece = tensor.narrow(axis, start, kept)
    if kept == size:
        return piece
    missing = [*piece.shape]
    missing[axis] = size - kept
    return torch.cat((piece, piece.new_zeros(missing)), dim=axis)


def ends_of(windows: Sequence[Window]) -> list[int]:
    """Padding in `functional.pad`'s order: the last axis first."""
    return list(chain.from_iterable((w.before, w.after) for w in reversed(windows)))


@lru_cache(maxsize=512)
def _arguments(windows: tuple[Window, ...]) -> _Arguments:
    """The arguments of torch's convolution for some windows, made once."""
    common = [min(w.before, w.after) for w in windows]
    # torch pads both ends alike, and takes no products with what it pads.
    beyond = [
        w._replace(before=w.before - n, after=w.after - n)
        for w, n in zip(windows, common, strict=True)
    ]
    ends = ends_of(beyond)
    return _Arguments(
        ends if any(ends) else [],
        [w.stride for w in windows],
        common,
        [w.dilation for w in windows],
        any(w.before or w.after for w in windows),
    )


def _needs_taps(array: torch.Tensor, weight: torch.Tensor, pads: bool = True) -> bool:
    """Integers, which torch would let wrap, and weights that must not meet a padding's zeros."""
    if not array.is_floating_point():
        return True
    if not pads:
        return False
    # A finite sum has finite terms, and is quicker to take; one that overflows proves nothing.
    return not (isfinite(weight.sum().item()) or bool(torch.isfinite(weight).all()))


def _unfolds_too_far(array: torch.Tensor, weight: torch.Tensor, windows: Sequence[Window]) -> bool:
    """Whether torch would need much memory: it lines up every window of a float64 on the CPU."""
    if array.dtype != torch.float64 or array.device.type != "cpu":
        return False
    sizes = [w.out_size(n) for w, n in zip(windows, array.shape[2:], strict=True)]
    return array.element_size() * prod(weight.shape[1:]) * prod(sizes) > MOST_UNFOLDED


def exact(tensor: torch.Tensor) -> np.ndarray:
    """The integers as a numpy array, for the checks of exactness."""
    if tensor.device.type != "cpu":
        raise DataError(
            "integers are computed exactly on the CPU only; leave out --device, or "
            "compute with --dtype float32"
        )
    return tensor.numpy()


def _summed(
    array: torch.Tensor,
    blocks: torch.Tensor,
    bias: torch.Tensor | None,
    windows: Sequence[Window],
    sizes: Sequence[int],
    *,
    transposed: bool,
) -> torch.Tensor:
    if not array.is_floating_point():
        exact_bias = None if bias is None else exact(bias)
        check_exact(exact(array), exact(blocks), exact_bias)
    groups, channels = blocks.shape[:2]
    out = array.new_zeros((array.shape[0], groups, channels, *sizes))
    add_taps(out, split_channels(array, groups), blocks, windows, transposed=transposed)
    joined: torch.Tensor = join_channels(out)
    return joined if bias is None else joined + per_channel(bias, len(windows))
