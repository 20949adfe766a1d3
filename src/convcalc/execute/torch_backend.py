"""The primitives in torch: its kernels on the CPU or a GPU, for work that pays for its import."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from math import isfinite, prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from convcalc.errors import DataError, UsageError, printable
from convcalc.execute import planes
from convcalc.execute.border import source_cells
from convcalc.execute.cost import FEWEST_SWAPPED
from convcalc.execute.exact import check_exact, check_product, check_sum
from convcalc.execute.machine import this_machine
from convcalc.execute.planned import Measured, planned_conv, planned_conv_transpose
from convcalc.execute.pooling import pooled
from convcalc.execute.taps import (
    add_taps,
    grouped_weight,
    join_channels,
    per_channel,
    split_channels,
)
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.execute.machine import Machine
    from convcalc.layers.operations import Function, Reduction

MOST_UNFOLDED = 2**30
"""Bytes of windows that torch may line up for one sample; the taps one by one need none."""

CROWDED = 256
"""Numbers between channels, or a multiple of it, that make torch's own copy slow."""

_ONE = Window(1)

_DEVICE = re.compile(r"cpu|mps|(cuda|xpu)(:[0-9]{1,3})?")

_CONV = (functional.conv1d, functional.conv2d, functional.conv3d)
_JOIN: dict[str, Callable[[Any, Any], Any]] = {"sum": torch.add, "max": torch.maximum}
_TRANSPOSED = (
    functional.conv_transpose1d,
    functional.conv_transpose2d,
    functional.conv_transpose3d,
)


class _Arguments(NamedTuple):
    """What torch is to be told of the windows, and what to pad before, if anything."""

    ends: list[int]
    strides: list[int]
    padding: list[int]
    dilations: list[int]
    pads: bool


class TorchBackend:
    """The primitives on torch tensors of one device.

    Args:
        device: Where they lie.
        algorithm: How to convolve, or "auto" for the fastest.
        machine: The rates to plan with; those of this machine if there are none.

    Raises:
        UsageError: torch knows no such device, or has none here.
    """

    name = "torch"

    def __init__(
        self, device: str = "cpu", algorithm: str = "auto", machine: Machine | None = None
    ) -> None:
        self.machine = machine or this_machine()
        self.done: list[Measured] = []
        self.device = _checked_device(device)
        # Other devices than the processor have their own convolutions, which know them better.
        self.algorithm = algorithm if self.device.type == "cpu" else "library"
        if self.device.type == "cuda":
            # torch would round float32 to TF32's 10 bits of mantissa by default.
            torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
            torch.backends.cuda.matmul.fp32_precision = "ieee"

    def conv(
        self,
        array: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        windows: Sequence[Window],
        groups: int,
        padding_mode: str,
    ) -> torch.Tensor:
        """Cross-correlation of (N, C, *sizes) with (O, C/groups, *k)."""
        result: torch.Tensor = planned_conv(
            self, array, weight, bias, windows, groups, padding_mode
        )
        return result

    def direct(
        self,
        array: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        windows: Sequence[Window],
        groups: int,
        layout: str,
    ) -> torch.Tensor:
        """The same by the library's own convolution, padded with zeros.

        Args:
            layout: How the channels lie in memory, "contiguous" or "channels-last"; or "product"
                of a kernel of one tap, which is a matrix.
        """
        if layout == "product":
            return _product(array, weight, bias)
        settled = _arguments(tuple(windows))
        if _needs_taps(array, weight, settled.pads) or _unfolds_too_far(array, weight, windows):
            sizes = [w.out_size(n) for w, n in zip(windows, array.shape[2:], strict=True)]
            blocks = grouped_weight(weight, groups, transposed=False)
            return _summed(array, blocks, bias, windows, sizes, transposed=False)
        if layout == "channels-last":
            array, weight = _interleaved(array), _channels_last(weight)
        if settled.ends:
            array = functional.pad(array, settled.ends)
        conv = _CONV[len(windows) - 1]
        return conv(
            array, weight, bias, settled.strides, settled.padding, settled.dilations, groups
        )

    def conv_transpose(
        self,
        array: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        windows: Sequence[Window],
        groups: int,
        out_sizes: Sequence[int],
    ) -> torch.Tensor:
        """Transposed convolution of (N, C, *sizes) with (C, O/groups, *k) onto `out_sizes`."""
        result: torch.Tensor = planned_conv_transpose(
            self, array, weight, bias, windows, groups, out_sizes
        )
        return result

    def direct_transpose(
        self,
        array: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        windows: Sequence[Window],
        groups: int,
        out_sizes: Sequence[int],
    ) -> torch.Tensor:
        """The same by the library's own means, or tap by tap."""
        if _needs_taps(array, weight):
            blocks = grouped_weight(weight, groups, transposed=True)
            return _summed(array, blocks, bias, windows, out_sizes, transposed=True)
        whole = _TRANSPOSED[len(windows) - 1](
            array,
            weight,
            None,
            [w.stride for w in windows],
            0,
            0,
            groups,
            [w.dilation for w in windows],
        )
        # torch crops both ends alike and adds few cells; ours may differ, so the whole is cut here.
        cut = whole
        for axis, (w, size) in enumerate(zip(windows, out_sizes, strict=True), start=2):
            cut = _cut(cut, axis, w.before, size)
        return cut if bias is None else cut + per_channel(bias, len(windows))

    def channels_last_conv(
        self, array: torch.Tensor, weight: torch.Tensor, windows: Sequence[Window]
    ) -> torch.Tensor:
        """Cross-correlation of a padded (N, 1, *sizes) with (O, 1, *k), as (N, *out, O)."""
        rank = len(windows)
        if rank == 1:
            array, weight = array[:, :, None], weight[:, :, None]
            windows = (_ONE, *windows)
        out = _CONV[len(windows) - 1](
            _channels_last(array),
            _channels_last(weight),
            None,
            [w.stride for w in windows],
            0,
            [w.dilation for w in windows],
        )
        out = out.movedim(1, -1)
        return out[:, 0] if rank == 1 else out

    def check(
        self, array: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, groups: int
    ) -> None:
        """Integers must be exact.

        Raises:
            DataError: a sum could leave int64.
        """
        if not array.is_floating_point():
            blocks = _exact(grouped_weight(weight, groups, transposed=False))
            check_exact(_exact(array), blocks, None if bias is None else _exact(bias))

    def empty(self, shape: Sequence[int], like: torch.Tensor) -> torch.Tensor:
        """Cells of any content, of the dtype and in the place of `like`."""
        return like.new_empty(tuple(shape))

    def zeros(
        self, shape: Sequence[int], like: torch.Tensor, dtype: str | None = None
    ) -> torch.Tensor:
        """Zeros, of the dtype (if none is named) and in the place of `like`."""
        return like.new_zeros(tuple(shape), dtype=getattr(torch, dtype) if dtype else None)

    def lengthened(self, array: torch.Tensor, length: int) -> torch.Tensor:
        """The last axis with zeros added, or cells taken away, at its end."""
        return functional.pad(array, (0, length - array.shape[-1]))

    def steps(self, array: torch.Tensor) -> tuple[int, ...]:
        """How many numbers lie between neighbours along each axis."""
        return tuple(array.stride())

    def strided(
        self, array: torch.Tensor, shape: Sequence[int], steps: Sequence[int]
    ) -> torch.Tensor:
        """Another view of the same memory, that may show a cell several times."""
        return array.as_strided(tuple(shape), tuple(steps))

    def contiguous(self, array: torch.Tensor) -> torch.Tensor:
        """The array in the order of its axes, copied if it must be."""
        return array.contiguous()

    def flip(self, array: torch.Tensor, rank: int) -> torch.Tensor:
        """The last axes in reverse."""
        return array.flip(tuple(range(array.ndim - rank, array.ndim)))

    def rfftn(self, array: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
        """The spectrum of real numbers over the last axes, lengthened with zeros to `sizes`."""
        spectrum: torch.Tensor = torch.fft.rfftn(array, tuple(sizes))
        return spectrum

    def irfftn(self, array: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
        """The real numbers of a spectrum over the last axes."""
        # Axis by axis: torch's own irfftn takes half as long again.
        if len(sizes) > 1:
            array = torch.fft.ifftn(array, dim=tuple(range(-len(sizes), -1)))
        cells: torch.Tensor = torch.fft.irfft(array, sizes[-1])
        return cells

    def is_finite(self, array: torch.Tensor) -> bool:
        """Whether no number is NaN or infinite; where a sum overflows, this says no too."""
        return isfinite(array.sum().item())

    def factors(self, values: torch.Tensor, rank: int) -> torch.Tensor | float:
        """One number per channel, as `accumulate` takes them."""
        return float(values[0]) if len(values) == 1 else values.reshape(-1, *(1,) * rank)

    def accumulate(
        self,
        out: torch.Tensor,
        piece: torch.Tensor,
        factors: torch.Tensor | float,
        own: slice,
        first: bool,
    ) -> None:
        """Adds `piece` times its channels' factors to `out`, or puts it there first."""
        if isinstance(factors, float):
            if first:
                torch.mul(piece, factors, out=out)
            else:
                out.add_(piece, alpha=factors)
        elif first:
            torch.mul(piece, factors[own], out=out)
        else:
            out.addcmul_(piece, factors[own])

    def linear(
        self, array: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        """(..., in) times (out, in), plus a bias (out)."""
        if not array.is_floating_point():
            numbers = None if bias is None else _exact(bias)
            check_exact(_exact(array), _exact(weight)[None], numbers)
        product = array @ weight.T
        return product if bias is None else product + bias

    def pool(self, array: torch.Tensor, windows: Sequence[Window], how: Reduction) -> torch.Tensor:
        """Sums or maxima over windows of (N, C, *sizes)."""
        begin = 0 if how == "sum" else _lowest(array)
        result: torch.Tensor = pooled(
            array, windows, lambda shape: array.new_full(shape, begin), _JOIN[how]
        )
        return result

    def pad(self, array: torch.Tensor, windows: Sequence[Window], mode: str) -> torch.Tensor:
        """Cells added at both ends of each spatial axis of (N, C, *sizes)."""
        if mode == "zeros":
            return functional.pad(array, _ends(windows))
        for axis, window in enumerate(windows, start=2):
            cells = source_cells(array.shape[axis], window, mode)
            array = array.index_select(axis, torch.from_numpy(cells).to(self.device))
        return array

    def reduce(self, array: torch.Tensor, axes: Sequence[int], how: Reduction) -> torch.Tensor:
        """The sum or maximum over whole axes, which stay with one cell."""
        function = torch.sum if how == "sum" else torch.amax
        return function(array, tuple(axes), keepdim=True)

    def take(self, array: torch.Tensor, axis: int, cells: Sequence[int]) -> torch.Tensor:
        """The named cells of one axis."""
        return array.index_select(axis, torch.tensor(cells, device=self.device))

    def concat(self, arrays: Sequence[torch.Tensor], axis: int) -> torch.Tensor:
        """Arrays side by side along one axis."""
        return torch.cat(tuple(arrays), dim=axis)

    def permute(self, array: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
        """The axes in another order."""
        return array.permute(tuple(axes))

    def add(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """The sum; integers exactly or not at all."""
        if not one.is_floating_point():
            check_sum(_exact(one), _exact(other))
        return one + other

    def multiply(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """The product; integers exactly or not at all."""
        if not one.is_floating_point():
            check_product(_exact(one), _exact(other))
        return one * other

    def clip(self, array: torch.Tensor, low: float | None, high: float | None) -> torch.Tensor:
        """Values within bounds; NaN stays."""
        return array.clamp(low, high)

    def where(
        self, condition: torch.Tensor, one: torch.Tensor | float, other: torch.Tensor | float
    ) -> torch.Tensor:
        """`one` where the condition holds, elsewhere `other`."""
        return torch.where(condition, one, other)

    def apply(self, function: Function, array: torch.Tensor) -> torch.Tensor:
        """A function of each element."""
        result: torch.Tensor = getattr(torch, function)(array)
        return result

    def vector(self, values: Sequence[float], like: torch.Tensor) -> torch.Tensor:
        """Numbers as a tensor of one axis."""
        return torch.tensor(values, dtype=like.dtype, device=like.device)

    @property
    def threads(self) -> int:
        """Threads that torch computes with."""
        return torch.get_num_threads()

    @property
    def versions(self) -> dict[str, str]:
        """The version of each library that computes."""
        return {
            "numpy": np.__version__,
            "torch": str(torch.__version__),
            **planes.versions(),
        }

    def adopt(self, array: np.ndarray) -> torch.Tensor:
        """An array of numpy as one of this library, without a copy."""
        return torch.from_numpy(array)

    def copy(self, source: torch.Tensor, target: torch.Tensor) -> None:
        """The numbers of one tensor written over those of another."""
        target.copy_(source)

    def load(self, array: np.ndarray, dtype: str) -> torch.Tensor:
        """The array as a tensor of `dtype` on the device."""
        own = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        if not own.flags.writeable:
            own = own.copy()  # torch has no read-only tensors
        tensor = torch.from_numpy(own)
        return tensor.to(device=self.device, dtype=getattr(torch, dtype))

    def unload(self, tensor: torch.Tensor) -> np.ndarray:
        """The tensor as a numpy array."""
        return tensor.cpu().numpy()


@lru_cache(maxsize=16)
def _checked_device(name: str) -> torch.device:
    """The device of that name, on which a number has been put to see whether it is there."""
    if not _DEVICE.fullmatch(name):
        shown = printable(name, 60)
        raise UsageError(f"--device: expected cpu, cuda, cuda:1, mps or xpu; got '{shown}'")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = printable(str(error).split("\n", 1)[0])
        raise UsageError(f"--device {name}: {reason}") from None
    return device


def _channels_last(tensor: torch.Tensor) -> torch.Tensor:
    """The same tensor with its channels side by side in memory; one axis has no such form."""
    if tensor.ndim < 4:
        return tensor.contiguous()
    form = torch.channels_last if tensor.ndim == 4 else torch.channels_last_3d
    return tensor.contiguous(memory_format=form)


def _interleaved(array: torch.Tensor) -> torch.Tensor:
    """The input (N, C, *sizes) with its channels side by side in memory, the fastest way."""
    channels = array.shape[1]
    if array.ndim < 4 or not array.is_contiguous():
        return _channels_last(array)
    if channels == 1:
        # Both orders are the same; the steps are what torch knows the second one by.
        return array.view(-1, *array.shape[2:], 1).movedim(-1, 1)
    cells = array.shape[2:].numel()
    # Rows of which many begin at the same place of a page leave torch's copy few lines of a cache.
    crowded = cells % CROWDED == 0
    if channels < FEWEST_SWAPPED or not planes.is_installed():
        return _channels_last(array)
    if torch.get_num_threads() > 1 and not crowded:
        return _channels_last(array)
    out = array.new_empty((array.shape[0], *array.shape[2:], channels))
    for sample, target in zip(array.numpy(), out.numpy(), strict=True):
        planes.swap(sample.reshape(channels, cells), target.reshape(cells, channels))
    return out.movedim(-1, 1)


def _product(array: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """One sample by a kernel of one tap: (O, C) times (C, cells), or both the other way round.

    Measured on oneMKL 2024.2: the other way round is shared better by threads, but takes half as
    long again where registers are not filled with outputs, and longer where there are few.
    """
    maps, channels = weight.shape[:2]
    columns, matrix = array.reshape(channels, -1), weight.reshape(maps, channels)
    full = maps % 16 == 0 and maps >= 32
    if channels > 2 and maps >= 16 and (full or torch.get_num_threads() > 1):
        rows = functional.linear(columns.T, matrix, bias)
        return rows.view(1, *array.shape[2:], maps).movedim(-1, 1)
    if bias is None:
        return torch.mm(matrix, columns).view(1, maps, *array.shape[2:])
    return torch.addmm(bias[:, None], matrix, columns).view(1, maps, *array.shape[2:])


def _cut(tensor: torch.Tensor, axis: int, first: int, size: int) -> torch.Tensor:
    """The cells first ... first + size - 1 of an axis, zeros where it has none."""
    length = tensor.shape[axis]
    start = min(first, length)
    kept = min(first + size, length) - start
    piece = tensor.narrow(axis, start, kept)
    if kept == size:
        return piece
    missing = [*piece.shape]
    missing[axis] = size - kept
    return torch.cat((piece, piece.new_zeros(missing)), dim=axis)


def _ends(windows: Sequence[Window]) -> list[int]:
    """Padding in `functional.pad`'s order: the last axis first."""
    return list(chain.from_iterable((w.before, w.after) for w in reversed(windows)))


@lru_cache(maxsize=512)
def _arguments(windows: tuple[Window, ...]) -> _Arguments:
    """What windows need of torch, settled once."""
    common = [min(w.before, w.after) for w in windows]
    # torch pads both ends alike, and takes no products with what it pads.
    beyond = [
        w._replace(before=w.before - n, after=w.after - n)
        for w, n in zip(windows, common, strict=True)
    ]
    ends = _ends(beyond)
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


def _exact(tensor: torch.Tensor) -> np.ndarray:
    """The same integers, to be looked at by the checks of exactness."""
    if tensor.device.type != "cpu":
        raise DataError(
            "integers are computed exactly on the CPU only; leave out --device, or "
            "compute with --dtype float32"
        )
    return tensor.numpy()


def _lowest(tensor: torch.Tensor) -> float:
    """What a maximum starts from."""
    return -torch.inf if tensor.is_floating_point() else torch.iinfo(tensor.dtype).min


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
        numbers = None if bias is None else _exact(bias)
        check_exact(_exact(array), _exact(blocks), numbers)
    groups, channels = blocks.shape[:2]
    out: Any = array.new_zeros((array.shape[0], groups, channels, *sizes))
    add_taps(out, split_channels(array, groups), blocks, windows, transposed=transposed)
    joined: torch.Tensor = join_channels(out)
    return joined if bias is None else joined + per_channel(bias, len(windows))
