"""The primitives in torch: its kernels on the CPU or a GPU, for work that pays for its import."""

from __future__ import annotations

import re
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from convcalc.errors import UsageError, printable
from convcalc.execute.arrays.integers import check_exact, check_indices, check_product, check_sum
from convcalc.execute.arrays.padding import filling, source_indices
from convcalc.execute.backends import opencv, torch_conv
from convcalc.execute.backends.pooling import pooled
from convcalc.execute.backends.torch_conv import exact
from convcalc.execute.backends.unpooling import unpooled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.execute.problem import ConvProblem
    from convcalc.layers.operations import Function, Reduction
    from convcalc.window import Window

_DEVICE = re.compile(r"cpu|mps|(cuda|xpu)(:[0-9]{1,3})?")

_JOIN: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "sum": torch.add,
    "max": torch.maximum,
}


class TorchBackend:
    """The arithmetic of torch on tensors of one device.

    Args:
        device: Where they lie.

    Raises:
        UsageError: torch knows no such device, or has none here.
    """

    name = "torch"

    def __init__(self, device: str = "cpu") -> None:
        self.device = _checked_device(device)
        # Other devices than the processor have their own convolutions, which know them better.
        self.plans = self.device.type == "cpu"
        if self.device.type == "cuda":
            # torch would round float32 to TF32's 10 bits of mantissa by default.
            torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
            torch.backends.cuda.matmul.fp32_precision = "ieee"

    def direct(
        self,
        array: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        windows: Sequence[Window],
        groups: int,
        layout: str,
    ) -> torch.Tensor:
        """Cross-correlation by the library's own convolution, padded with zeros.

        Args:
            layout: How the channels lie in memory, "contiguous" or "channels-last"; or "product"
                of a kernel of one tap, which is a matrix.
        """
        return torch_conv.direct(array, weight, bias, windows, groups, layout)

    def prepared(
        self, problem: ConvProblem, layout: str
    ) -> Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]:
        """`direct` for the arrays of one problem, many times over."""
        return torch_conv.Direct(problem, layout)

    def direct_transpose(
        self,
        array: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        windows: Sequence[Window],
        groups: int,
        out_sizes: Sequence[int],
    ) -> torch.Tensor:
        """Transposed convolution by the library's own means, or tap by tap."""
        return torch_conv.transposed(array, weight, bias, windows, groups, out_sizes)

    def channels_last_conv(
        self, array: torch.Tensor, weight: torch.Tensor, windows: Sequence[Window]
    ) -> torch.Tensor:
        """Cross-correlation of a padded (N, 1, *sizes) with (O, 1, *k), as (N, *out, O)."""
        return torch_conv.channels_last(array, weight, windows)

    def check(
        self, array: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, groups: int
    ) -> None:
        """Integers must be exact.

        Raises:
            DataError: a sum could leave int64.
        """
        torch_conv.check(array, weight, bias, groups)

    def empty(self, shape: Sequence[int], like: torch.Tensor) -> torch.Tensor:
        """Elements of any content, of the dtype and in the place of `like`."""
        return like.new_empty(tuple(shape))

    def zeros(
        self, shape: Sequence[int], like: torch.Tensor, dtype: str | None = None
    ) -> torch.Tensor:
        """Zeros, of the dtype (if none is named) and in the place of `like`."""
        return like.new_zeros(tuple(shape), dtype=getattr(torch, dtype) if dtype else None)

    def lengthened(self, array: torch.Tensor, length: int) -> torch.Tensor:
        """The last axis with zeros added, or elements taken away, at its end."""
        return functional.pad(array, (0, length - array.shape[-1]))

    def steps(self, array: torch.Tensor) -> tuple[int, ...]:
        """How far neighbours along each axis lie apart, in elements."""
        return tuple(array.stride())

    def strided(
        self, array: torch.Tensor, shape: Sequence[int], steps: Sequence[int]
    ) -> torch.Tensor:
        """Another view of the same memory, that may show an element several times."""
        return array.as_strided(tuple(shape), tuple(steps))

    def contiguous(self, array: torch.Tensor) -> torch.Tensor:
        """The array in the order of its axes, copied if it must be."""
        return array.contiguous()

    def flip(self, array: torch.Tensor, spatial_dims: int) -> torch.Tensor:
        """The last axes in reverse."""
        return array.flip(tuple(range(array.ndim - spatial_dims, array.ndim)))

    def rfftn(self, array: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
        """The spectrum of real numbers over the last axes, lengthened with zeros to `sizes`."""
        spectrum: torch.Tensor = torch.fft.rfftn(array, tuple(sizes))
        return spectrum

    def irfftn(self, array: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
        """The real numbers of a spectrum over the last axes."""
        # Axis by axis: torch's own irfftn takes half as long again.
        if len(sizes) > 1:
            array = torch.fft.ifftn(array, dim=tuple(range(-len(sizes), -1)))
        elements: torch.Tensor = torch.fft.irfft(array, sizes[-1])
        return elements

    def is_finite(self, array: torch.Tensor) -> bool:
        """Whether no number is NaN or infinite; where a sum overflows, this says no too."""
        return isfinite(array.sum().item())

    def factors(self, values: torch.Tensor, spatial_dims: int) -> torch.Tensor | float:
        """One number per channel, as `accumulate` takes them."""
        return float(values[0]) if len(values) == 1 else values.reshape(-1, *(1,) * spatial_dims)

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
            exact_bias = None if bias is None else exact(bias)
            check_exact(exact(array), exact(weight)[None], exact_bias)
        product = array @ weight.T
        return product if bias is None else product + bias

    def pool(self, array: torch.Tensor, windows: Sequence[Window], how: Reduction) -> torch.Tensor:
        """Sums or maxima over windows of (N, C, *sizes)."""
        begin = 0 if how == "sum" else _lowest(array)
        result: torch.Tensor = pooled(
            array, windows, lambda shape: array.new_full(shape, begin), _JOIN[how]
        )
        return result

    def unpool(
        self, array: torch.Tensor, pooled: torch.Tensor, windows: Sequence[Window]
    ) -> torch.Tensor:
        """The elements of `array` where the windows of `pooled` have their maxima."""
        return unpooled(array, pooled, windows, self.zeros, self.where)

    def pad(
        self, array: torch.Tensor, windows: Sequence[Window], mode: str, value: float = 0
    ) -> torch.Tensor:
        """Elements added at both ends of each spatial axis of (N, C, *sizes)."""
        if mode == "zeros":
            fill = filling(value, str(array.dtype).rpartition(".")[2])
            return functional.pad(array, torch_conv.ends_of(windows), value=fill)
        for axis, window in enumerate(windows, start=2):
            elements = source_indices(array.shape[axis], window, mode)
            array = array.index_select(axis, torch.from_numpy(elements).to(self.device))
        return array

    def reduce(self, array: torch.Tensor, axes: Sequence[int], how: Reduction) -> torch.Tensor:
        """The sum or maximum over whole axes, which stay with one element."""
        function = torch.sum if how == "sum" else torch.amax
        return function(array, tuple(axes), keepdim=True)

    def lookup(self, table: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        """The rows of a table that numbers name."""
        check_indices(self.unload(indices), len(table))
        return table[indices.long()]

    def take(self, array: torch.Tensor, axis: int, elements: Sequence[int]) -> torch.Tensor:
        """The named elements of one axis."""
        return array.index_select(axis, torch.tensor(elements, device=self.device))

    def concat(self, arrays: Sequence[torch.Tensor], axis: int) -> torch.Tensor:
        """Arrays side by side along one axis."""
        return torch.cat(tuple(arrays), dim=axis)

    def permute(self, array: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
        """The axes in another order."""
        return array.permute(tuple(axes))

    def add(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """The sum; integers exactly or not at all."""
        if not one.is_floating_point():
            check_sum(exact(one), exact(other))
        return one + other

    def multiply(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """The product; integers exactly or not at all."""
        if not one.is_floating_point():
            check_product(exact(one), exact(other))
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
        """Values as a tensor of one axis."""
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
            **opencv.versions(),
        }

    def adopt(self, array: np.ndarray) -> torch.Tensor:
        """An array of numpy as one of this library, without a copy."""
        return torch.from_numpy(array)

    def copy(self, source: torch.Tensor, target: torch.Tensor) -> None:
        """The elements of one tensor written over those of another."""
        target.copy_(source)

    def load(self, array: np.ndarray, dtype: str) -> torch.Tensor:
        """The array as a tensor of `dtype` on the device."""
        own = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        if not (own.flags.writeable and own.flags.aligned):
            own = own.copy()  # torch has no read-only tensors
        # numpy looks away from the strides of axes of one element, which torch refuses below 0.
        own = np.ravel(own).reshape(own.shape)
        tensor = torch.from_numpy(own)
        return tensor.to(device=self.device, dtype=getattr(torch, dtype))

    def unload(self, tensor: torch.Tensor) -> np.ndarray:
        """The tensor as a numpy array."""
        return tensor.numpy() if tensor.is_cpu else tensor.cpu().numpy()


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


def _lowest(tensor: torch.Tensor) -> float:
    """What a maximum starts from."""
    return -torch.inf if tensor.is_floating_point() else torch.iinfo(tensor.dtype).min
