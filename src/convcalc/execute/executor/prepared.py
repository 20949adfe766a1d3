"""Calls of `convolve` that have been prepared but for their values, kept by what they are for."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from convcalc.execute.arrays.axes import as_given, batch_first, full_kernel
from convcalc.execute.executor.arguments import (
    axes_of,
    backend_of,
    check_algorithm,
    check_content,
    placed,
)
from convcalc.execute.executor.open_executor import open_executor
from convcalc.execute.problem import problem_of

if TYPE_CHECKING:
    from convcalc.execute.arrays.axes import Axes
    from convcalc.execute.executor.executor import Executor
    from convcalc.execute.problem import ConvProblem


class PreparedConv:
    """A convolution that has been prepared but for its values: what arrays of these shapes need.

    Args:
        executor: What computes, on whose arrays it is.
        problem: What is convolved.
        axes: How the input is read.
    """

    def __init__(self, executor: Executor[Any], problem: ConvProblem, axes: Axes) -> None:
        self._axes, self._added = axes, axes.added > 0
        self._candidates = tuple(executor.prepared(problem))
        self._kernel = (
            problem.out_channels,
            problem.in_channels_per_group,
            *(w.kernel for w in problem.windows),
        )
        self._ndim = len(self._kernel)

    def __call__(self, x: Any, kernel: Any, bias: Any | None) -> Any:
        """The result with the axes of `x`, by the first candidate that applies to its values."""
        if self._added:
            x = batch_first(x, self._axes)
        if kernel.ndim < self._ndim:
            kernel = kernel.reshape(self._kernel)
        for candidate in self._candidates:
            result = candidate(x, kernel, bias)
            if result is not None:
                break
        assert result is not None  # the plainest plan computes whatever it is given
        return as_given(result, self._axes) if self._added else result


def call_of(x: Any, kernel: Any, bias: Any | None, how: tuple[Any, ...]) -> PreparedConv | None:
    """The call for such arrays, if nothing but their values matters; None where more does.

    Args:
        how: The arguments of `convolve`: stride, padding, dilation, groups, padding_mode,
            algorithm, backend and dims.
    """
    try:
        of_bias = None if bias is None else (type(bias), bias.shape, bias.dtype)
        of_kernel = (type(kernel), kernel.shape, kernel.dtype)
        kind: Any = type(x)
        call = _call(kind, x.shape, x.dtype, of_kernel, of_bias, how)
    except (TypeError, AttributeError):  # a list is no key, and has no shape
        return None
    if call is None or isinstance(x, np.ndarray):
        return call
    tensors = (x, kernel) if bias is None else (x, kernel, bias)
    return call if all(map(_is_plain, tensors)) else None


def _is_plain(tensor: Any) -> bool:
    """Whether the memory of a tensor holds its elements, for the processor, and nothing besides."""
    dense = tensor.layout is sys.modules["torch"].strided
    return bool(dense and tensor.is_cpu and not tensor.requires_grad and not tensor.is_neg())


@lru_cache(maxsize=512)
def _call(
    kind: type,
    shape: tuple[int, ...],
    dtype: Any,
    of_kernel: tuple[type, tuple[int, ...], Any],
    of_bias: tuple[type, tuple[int, ...], Any] | None,
    how: tuple[Any, ...],
) -> PreparedConv | None:
    """A call for arrays of one library and one dtype of floats.

    Args:
        kind: The class of the input.
        shape: Its shape.
        dtype: Its dtype.
        of_kernel: The same of the kernel.
        of_bias: The same of the bias.
        how: As for `call_of`.
    """
    stride, padding, dilation, groups, padding_mode, algorithm, backend, dims = how
    name = str(dtype).rpartition(".")[2]
    torch = sys.modules.get("torch")
    tensors = torch is not None and kind is torch.Tensor
    others = (of_kernel,) if of_bias is None else (of_kernel, of_bias)
    alike = all((other, own) == (kind, dtype) for other, _, own in others)
    if not alike or name not in ("float32", "float64") or not (tensors or kind is np.ndarray):
        return None
    placeholder = np.broadcast_to(np.float32(0), shape)
    kernel = np.broadcast_to(np.float32(0), of_kernel[1])
    check_content(placeholder, kernel)
    check_algorithm(algorithm)
    axes = axes_of(placeholder, kernel, groups, False, dims)
    full = batch_first(placeholder, axes).shape
    if 0 in full:
        return None
    more = (("padding_mode", padding_mode),)
    weight = full_kernel(kernel, axes.spatial_dims).shape
    layer = placed(weight, full[1:], False, groups, stride, padding, dilation, more).layer
    if of_bias is not None and tuple(of_bias[1]) != (layer.out_channels,):
        return None  # said where everything is checked
    problem = problem_of(layer, full[0], full[1:], name)
    chosen = "torch" if tensors else backend_of(backend, problem)
    if tensors != (chosen == "torch"):
        return None
    return PreparedConv(open_executor(chosen, None, (), algorithm), problem, axes)
