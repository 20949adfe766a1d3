"""Calls of `convolve` that are prepared but for the values of their arrays, kept for the next time.

What depends on shapes and dtypes alone (axes, checks, plans, how a library is called) is most of
the time of a call on arrays of a few thousand elements.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from convcalc.execute.arguments import axes_of, check_how, layer_of
from convcalc.execute.arrays.axes import as_given, full_shape
from convcalc.execute.executor.open_executor import limited_threads, open_executor
from convcalc.execute.planning.select_backend import planner_of
from convcalc.execute.problem import problem_of

if TYPE_CHECKING:
    import torch  # noqa: TID251 - a name for type checkers

    from convcalc.execute.arguments import How
    from convcalc.execute.arrays.array import LibraryArray
    from convcalc.execute.arrays.axes import Axes
    from convcalc.execute.executor.executor import Executor
    from convcalc.execute.problem import ConvProblem
    from convcalc.layers import Shape


class PreparedConv:
    """A convolution of arrays of known shapes, in the dtype that it is computed in.

    Args:
        problem: What is computed.
        executor: What computes it.
        axes: How the input is read.
        tensors: Whether the arrays are torch's, and so is the result.
        threads: Threads of the library; None leaves them as they are.
    """

    def __init__(
        self,
        problem: ConvProblem,
        executor: Executor[Any],
        axes: Axes,
        tensors: bool,
        threads: int | None,
    ) -> None:
        whole = (problem.batch, problem.out_channels, *problem.out_sizes)
        self._candidates = tuple(executor.prepared(problem))
        self._added = axes.added > 0
        self._input = (problem.batch, problem.channels, *problem.sizes)
        self._kernel = problem.weight_shape
        self._result = as_given(np.broadcast_to(np.zeros((), problem.dtype), whole), axes).shape
        self._ndim = len(self._kernel)
        self._backend, self._dtype = executor.backend, problem.dtype
        self._own = tensors or executor.backend.name == "numpy"
        self._numpy = not tensors
        self._threads = threads

    def __call__(self, x: Any, kernel: Any, bias: Any) -> Any:
        """The result with the axes of `x`, by the first candidate that applies to its values."""
        if self._threads is None:
            return self._computed(x, kernel, bias)
        with limited_threads(self._threads, self._backend.name):
            return self._computed(x, kernel, bias)

    def _computed(self, x: LibraryArray, kernel: LibraryArray, bias: LibraryArray | None) -> Any:
        if self._numpy:
            # The order in memory decides that of the sums, and so the last bits.
            x, kernel = np.asarray(x, order="C"), np.asarray(kernel, order="C")
            if not self._own:
                load, dtype = self._backend.load, self._dtype
                x, kernel = load(x, dtype), load(kernel, dtype)
                bias = None if bias is None else load(np.asarray(bias), dtype)
        if self._added:
            x = x.reshape(self._input)
        if kernel.ndim < self._ndim:
            kernel = kernel.reshape(self._kernel)
        for candidate in self._candidates:
            result = candidate(x, kernel, bias)
            if result is not None:
                break
        assert result is not None  # the plainest plan computes whatever it is given
        if not self._own:
            result = self._backend.unload(result)
        return result.reshape(self._result) if self._added else result


def call_of(x: Any, kernel: Any, bias: Any | None, how: How) -> PreparedConv | None:
    """The call for such arrays, if nothing but their values matters; None where more does."""
    try:
        kind: Any = type(x)
        of_kernel = (type(kernel), kernel.shape, kernel.dtype)
        of_bias = None if bias is None else (type(bias), bias.shape, bias.dtype)
        call = _call(kind, x.shape, x.dtype, of_kernel, of_bias, how)
    except (TypeError, AttributeError):  # a list is no key, and has no shape
        return None
    if call is None or kind is np.ndarray:
        return call
    plain = _is_plain(x) and _is_plain(kernel) and (bias is None or _is_plain(bias))
    return call if plain else None


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether the memory of a tensor holds its elements, for the processor, and nothing besides."""
    dense = tensor.layout is sys.modules["torch"].strided
    return bool(dense and tensor.is_cpu and not tensor.requires_grad and not tensor.is_neg())


@lru_cache(maxsize=512)
def _call(
    kind: type,
    shape: Shape,
    dtype: object,
    of_kernel: tuple[type, Shape, object],
    of_bias: tuple[type, Shape, object] | None,
    how: How,
) -> PreparedConv | None:
    """The call for arrays of one library and one dtype of floats; None for any others.

    Args:
        kind: The class of the input.
        shape: Its shape.
        dtype: Its dtype.
        of_kernel: The same of the kernel.
        of_bias: The same of the bias.
        how: The other arguments.
    """
    name = str(dtype).rpartition(".")[2]
    torch = sys.modules.get("torch")
    tensors = torch is not None and kind is torch.Tensor
    others = (of_kernel,) if of_bias is None else (of_kernel, of_bias)
    alike = all((other, own) == (kind, dtype) for other, _, own in others)
    if not alike or name not in ("float32", "float64") or not (tensors or kind is np.ndarray):
        return None
    check_how(how)
    shape, kernel = tuple(shape), tuple(of_kernel[1])  # torch's own class of shapes is no plain one
    axes = axes_of(shape, kernel, how)
    if 0 in shape:
        return None
    if of_bias is not None and tuple(of_bias[1]) != (out_channels(kernel, axes, how),):
        return None
    return prepared_conv(shape, kernel, axes, name, how, tensors)


def out_channels(kernel: Shape, axes: Axes, how: How) -> int:
    """The output channels of a kernel of this shape, leading axes optional."""
    first, second = full_shape(kernel, axes.spatial_dims)[:2]
    return second * how.groups if how.transposed else first


def prepared_conv(
    shape: Shape,
    kernel_shape: Shape,
    axes: Axes,
    dtype: str,
    how: How,
    tensors: bool,
    device: str | None = None,
) -> PreparedConv:
    """The call for arrays in the dtype that is computed in.

    Args:
        shape: Of the input, leading axes optional.
        kernel_shape: Of the kernel, leading axes optional.
        axes: How the two are read.
        dtype: float32, float64 or int64.
        how: The other arguments.
        tensors: Whether the arrays are torch's.
        device: Where they lie, None for the processor.

    Raises:
        DataError: the arrays do not fit each other.
        UsageError: what is asked for is not there, or does not apply.
    """
    batch, *sizes = axes.completed(shape)
    layer = layer_of(full_shape(kernel_shape, axes.spatial_dims), how)
    problem = problem_of(layer, batch, tuple(sizes), dtype)
    backend = "torch" if tensors else how.backend
    planner = planner_of(backend, device, [problem], how.algorithm, how.threads)
    executor = open_executor(planner, device, how.threads)
    return PreparedConv(problem, executor, axes, tensors, how.threads)
