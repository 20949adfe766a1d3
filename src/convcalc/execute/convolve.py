"""Convolution as one function, on numpy arrays and torch tensors."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, cast

import numpy as np

from convcalc.errors import DataError, ParameterError, described
from convcalc.execute.arguments import (
    How,
    axes_of,
    check_algorithm,
    check_how,
    layer_of,
)
from convcalc.execute.arrays.array import A
from convcalc.execute.arrays.axes import as_given, full_shape
from convcalc.execute.arrays.biases import bias_of_number, full_bias
from convcalc.execute.arrays.dtypes import finished, plan_dtypes
from convcalc.execute.arrays.tensor_dtypes import dtype_name, plan_tensors
from convcalc.execute.planning.select_backend import planner_of
from convcalc.execute.problem import problem_of
from convcalc.execute.repeating import call_of, prepared_conv
from convcalc.layers.arguments import checked_word
from convcalc.layers.base import format_shape
from convcalc.layers.parameters import read_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch  # noqa: TID251 - a name for type checkers

    from convcalc.execute.arrays.array import Array, LibraryArray, Own
    from convcalc.execute.arrays.axes import Axes
    from convcalc.execute.planning.planner import Plan
    from convcalc.layers.parameters import Padding, PerAxis

COMPUTED = ("float32", "float64", "int64")
"""The dtypes that convolutions are computed in."""

ArrayLike: TypeAlias = "LibraryArray | np.generic | Sequence[object] | float"
"""An array of numpy, a tensor of torch, or what numpy makes an array of: nested lists, a number."""


def convolve(
    x: ArrayLike,
    kernel: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    transposed: bool = False,
    output_padding: PerAxis = 0,
    algorithm: str = "auto",
    backend: str = "auto",
    threads: int | None = None,
    out: LibraryArray | None = None,
    dims: int | None = None,
) -> Any:
    """The convolution of `x` with `kernel`, as PyTorch means it: a cross-correlation.

    Integers come out as exact int64 or are refused; float16 and bfloat16 are summed in float32;
    float32 and float64 stay what they are. Arrays of several dtypes are promoted as their library
    does it, all integers to int64; an integer that a float cannot hold exactly is refused. Missing
    leading axes are added and taken away again.

        >>> import numpy as np
        >>> convolve(np.array([1, 2, 3, 4, 5]), np.array([1, 2, 3]))
        array([14, 20, 26])
        >>> convolve(np.ones((4, 4), "float32"), np.ones((3, 3), "float32"), padding="same")
        array([[4., 6., 6., 4.],
               [6., 9., 9., 6.],
               [6., 9., 9., 6.],
               [4., 6., 6., 4.]], dtype=float32)

    Args:
        x: The input (N, C, *spatial), a numpy array or a torch tensor; 1 to 3 spatial axes.
        kernel: (O, C/groups, *k), transposed (C, O/groups, *k), of the same library.
        bias: (O), one number for every output channel, or None.
        stride: Step from one window to the next, for all axes or per axis.
        padding: Elements at the ends, per axis, ((before, after), ...), or a word such as "same".
        dilation: Spacing of kernel elements; 1 leaves no holes.
        groups: Blocks of channels that do not mix.
        padding_mode: zeros, reflect, symmetric, replicate or circular, or another library's name.
        transposed: A transposed convolution.
        output_padding: Elements added to the end of a transposed result.
        algorithm: direct, im2col, fft, lowrank, or auto for the one that should be fastest.
        backend: numpy, torch, or auto. Tensors are computed by torch.
        threads: Threads of torch for this call. numpy takes its threads from the environment.
        out: An array of the result's shape and dtype to put it into, which is then returned.
        dims: Spatial axes, 1, 2 or 3, where shapes leave it open: without it a kernel of three axes
            is (O, C/groups, k) wherever that fits, then (C/groups, kh, kw), then (kd, kh, kw).

    Returns:
        The result (N, O, *sizes) with the axes of `x`, of the library of `x`; empty for an empty
        batch. In memory its channels may come last.

    Raises:
        DataError: the arrays do not fit each other, or cannot be computed exactly.
        UsageError: the algorithm that was asked for does not apply.
    """
    how = How(
        *(stride, padding, dilation, groups, padding_mode, transposed, output_padding),
        *(algorithm, backend, threads, dims),
    )
    call = call_of(x, kernel, bias, how)
    result = _convolved(x, kernel, bias, how) if call is None else call(x, kernel, bias)
    return result if out is None else _into(result, out)


def plan_convolution(
    shape: Sequence[int],
    kernel_shape: Sequence[int],
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    transposed: bool = False,
    output_padding: PerAxis = 0,
    dtype: str = "float32",
    algorithm: str = "auto",
    backend: str = "auto",
) -> Plan:
    """How `convolve` would compute arrays of these shapes; nothing is computed.

        >>> plan_convolution((1, 1, 1024, 1024), (1, 1, 63, 63), backend="numpy").algorithm
        'fft'
        >>> plan_convolution((1, 1, 64, 64), (1, 1, 3, 3), dtype="int64", backend="numpy").algorithm
        'direct'

    Args:
        shape: Of the input, (N, C, *spatial).
        kernel_shape: (O, C/groups, *k), transposed (C, O/groups, *k).
        dtype: What is computed in: float32, float64 or int64.
        algorithm: As for `convolve`; so are the others.

    Raises:
        UsageError: the algorithm that is asked for does not apply.
        ShapeError: the shapes do not fit each other.
    """
    shape = read_shape("shape", shape, "(N, C, *spatial)")
    kernel_shape = read_shape("kernel_shape", kernel_shape, "(O, C/groups, *k)")
    if len(shape) != len(kernel_shape) or not 3 <= len(shape) <= 5:
        raise DataError(
            f"the input {format_shape(shape)} and the kernel {format_shape(kernel_shape)} must "
            f"both have 3 to 5 axes: (N, C, *spatial) and (O, C/groups, *k)"
        )
    how = How(
        *(stride, padding, dilation, groups, padding_mode, transposed, output_padding),
        algorithm=algorithm,
    )
    check_how(how)
    checked_word("dtype", dtype, COMPUTED)
    layer = layer_of(kernel_shape, how)
    reads = kernel_shape[0] if transposed else kernel_shape[1] * groups
    if reads != shape[1]:
        raise DataError(f"the input has {shape[1]} channels, the kernel reads {reads}")
    layer.out_shape(shape[1:])
    problem = problem_of(layer, shape[0], shape[1:], dtype)
    return planner_of(backend, None, [problem], algorithm).plan(problem)


def _convolved(x: ArrayLike, kernel: ArrayLike, bias: ArrayLike | None, how: How) -> LibraryArray:
    """The result, with all that the arrays may be: lists, of other dtypes, on other devices."""
    check_how(how)
    number = isinstance(bias, int | float) and not isinstance(bias, np.generic | bool)
    if _are_tensors(x, kernel, None if number else bias):
        tensors = cast("tuple[torch.Tensor, torch.Tensor]", (x, kernel))
        return _of_tensors(_read(*tensors, cast("torch.Tensor | float | None", bias), how), how)
    if not number and bias is not None:
        bias = np.asarray(bias)
    own = cast("np.ndarray | float | None", bias)
    return _of_arrays(_read(np.asarray(x), np.asarray(kernel), own, how), how)


class _Read(NamedTuple, Generic[A]):
    """The arrays of a call by their names, how they are read, and a result (O, *sizes) in shape."""

    given: dict[str, A]
    axes: Axes
    sizes: tuple[int, ...]


def _read(x: Own, kernel: Own, bias: Own | float | None, how: How) -> _Read[Own]:
    """How the arrays of one library go together.

    Raises:
        DataError: they do not.
    """
    if isinstance(bias, int | float):
        bias = bias_of_number(bias, x, kernel)
    _check_no_text(x, kernel)
    shape, kernel_shape = tuple(x.shape), tuple(kernel.shape)
    axes = axes_of(shape, kernel_shape, how)
    layer = layer_of(full_shape(kernel_shape, axes.spatial_dims), how)
    sizes = layer.out_shape(axes.completed(shape)[1:])
    given = {"x": x, "kernel": kernel}
    if bias is not None:
        given["bias"] = full_bias(bias, layer.out_channels)
    check_algorithm(how.algorithm)
    return _Read(given, axes, sizes)


def _check_no_text(x: Array, kernel: Array) -> None:
    """Raises where a path was given for the array of its file.

    Raises:
        DataError: one is a text.
    """
    for name, array in (("x", x), ("kernel", kernel)):
        if array.ndim == 0 and str(array.dtype).startswith(("<U", ">U", "|S")):
            raise DataError(f"{name} is a text; numpy.load(...) reads the array of a file")


def _are_tensors(*arrays: object) -> bool:
    """Whether the arrays are torch's; torch need not be there for them not to be.

    Raises:
        DataError: some are and some are not, or one is sparse.
    """
    torch = sys.modules.get("torch")
    given = [array for array in arrays if array is not None]
    tensors = [torch is not None and isinstance(array, torch.Tensor) for array in given]
    if any(tensors) and not all(tensors):
        raise DataError("x, kernel and bias are of different libraries; give all as torch tensors")
    layouts = {str(getattr(array, "layout", None)) for array in given}
    if all(tensors) and layouts != {"torch.strided"}:
        raise DataError("a sparse tensor is not convolved; give x.to_dense() instead")
    return all(tensors)


def _of_arrays(read: _Read[np.ndarray], how: How) -> np.ndarray:
    given = read.given
    dtypes = plan_dtypes({f"'{name}'": array for name, array in given.items()}, None)
    if 0 in given["x"].shape:
        return as_given(np.zeros((0, *read.sizes), dtypes.stored), read.axes)
    loaded = {name: np.asarray(array, dtypes.compute) for name, array in given.items()}
    shapes = given["x"].shape, given["kernel"].shape
    call = prepared_conv(*shapes, read.axes, dtypes.compute, how, False)
    with np.errstate(all="ignore"):
        result: np.ndarray = call(loaded["x"], loaded["kernel"], loaded.get("bias"))
        return finished(result, dtypes)


def _of_tensors(read: _Read[torch.Tensor], how: How) -> torch.Tensor:
    library, x = sys.modules["torch"], read.given["x"]
    compute, dtype = plan_tensors({f"'{name}'": one for name, one in read.given.items()})
    if 0 in x.shape:
        return as_given(x.new_zeros((0, *read.sizes), dtype=dtype), read.axes)
    shapes = tuple(x.shape), tuple(read.given["kernel"].shape)
    call = prepared_conv(*shapes, read.axes, compute, how, True, str(x.device))
    with library.no_grad():
        loaded = {
            name: tensor.detach().resolve_neg().to(getattr(library, compute))
            for name, tensor in read.given.items()
        }
        result: torch.Tensor = call(loaded["x"], loaded["kernel"], loaded.get("bias"))
        return result.to(dtype)


def _into(result: Any, out: LibraryArray) -> LibraryArray:
    if not hasattr(out, "shape") or not hasattr(out, "dtype"):
        raise ParameterError("out", f"expected an array or a tensor, got {described(out)}")
    wanted, given = ((tuple(one.shape), dtype_name(one.dtype)) for one in (result, out))
    if given != wanted:
        raise DataError(
            f"out is {format_shape(given[0])} {given[1]}, the result {format_shape(wanted[0])} "
            f"{wanted[1]}"
        )
    out[...] = result
    return out
