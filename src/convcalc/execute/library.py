"""Convolution as one function, on numpy arrays and torch tensors."""

from __future__ import annotations

import sys
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convcalc.errors import DataError, UsageError
from convcalc.execute.algorithms import ALGORITHMS
from convcalc.execute.axes import as_given, batch_first, full_kernel, read_axes
from convcalc.execute.choice import BACKENDS, choose_backend, limited_threads, open_backend
from convcalc.execute.dtypes import finished, plan_dtypes
from convcalc.execute.machine import this_machine
from convcalc.execute.planned import attempts, run_plan
from convcalc.execute.planner import Plan, plan
from convcalc.execute.problem import problem_of
from convcalc.layers.base import times
from convcalc.layers.conv import Conv
from convcalc.layers.convt import ConvTranspose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.execute.axes import Axes
    from convcalc.execute.problem import Problem
    from convcalc.layers.parameters import Padding, PerAxis
    from convcalc.window import Window


def convolve(
    x: Any,
    kernel: Any,
    bias: Any | None = None,
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
    out: Any | None = None,
) -> Any:
    """The convolution of `x` with `kernel`, as PyTorch means it: a cross-correlation.

    Integers come out as exact int64 or are refused; float16 and bfloat16 are summed in float32;
    float32 and float64 stay what they are. Missing leading axes are added and taken away again.

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
        bias: (O), or None.
        stride: Cells between windows, for all axes or per axis.
        padding: Cells at the ends, per axis, ((before, after), ...), or a word such as "same".
        dilation: Cells between taps.
        groups: Blocks of channels that do not mix.
        padding_mode: zeros, reflect, replicate or circular.
        transposed: A transposed convolution.
        output_padding: Cells added to the end of a transposed result.
        algorithm: direct, im2col, fft, lowrank, or auto for the one that should be fastest.
        backend: numpy, torch, or auto. Tensors are computed by torch.
        threads: Threads of torch for this call. numpy takes its threads from the environment.
        out: An array of the result's shape and dtype to put it into, which is then returned.

    Returns:
        The result (N, O, *sizes) with the axes of `x`, of the library of `x`. In memory its
        channels may come last.

    Raises:
        DataError: the arrays do not fit each other, or cannot be computed exactly.
        UsageError: the algorithm that was asked for does not apply.
    """
    if not transposed and not output_padding and threads is None:
        try:
            more: Any = bias is None or (type(bias), bias.shape, bias.dtype)
            of_kernel: Any = (type(kernel), kernel.shape, kernel.dtype)
            how: Any = (stride, padding, dilation, groups, padding_mode, algorithm, backend)
            kind: Any = type(x)
            call = _call(kind, x.shape, x.dtype, of_kernel, more, how)
        except (TypeError, AttributeError):  # a list is no key, and has no shape
            call = None
        if call is not None and call.takes(x, kernel, bias):
            return _into(call(x, kernel, bias), out)
    transposing: dict[str, Any] = {"output_padding": output_padding}
    if not transposed:
        transposing = {"padding_mode": padding_mode}
        if output_padding not in (0, (0,), (0, 0), (0, 0, 0)):
            raise UsageError("output_padding goes with transposed=True")
    elif padding_mode != "zeros":
        raise UsageError("a transposed convolution has no padding_mode")
    tensors = _are_tensors(x, kernel, bias)
    if not tensors:
        x, kernel = np.asarray(x), np.asarray(kernel)
        bias = None if bias is None else np.asarray(bias)
    _check_content(x, kernel)
    axes = read_axes(
        x, kernel, groups=groups, transposed=transposed, channels_last=False, rank=None
    )
    weight = full_kernel(kernel, axes.rank)
    samples = batch_first(x, axes)
    shapes = tuple(weight.shape), tuple(samples.shape[1:])
    more = tuple(transposing.items())
    asked = (*shapes, transposed, groups, stride, padding, dilation, more)
    placed = _placed(*asked) if _is_hashable(asked) else _placed.__wrapped__(*asked)
    _check_bias(bias, placed.layer.out_channels)
    given = {"x": samples, "kernel": weight} | ({} if bias is None else {"bias": bias})
    _check_algorithm(algorithm)
    chosen = "torch" if tensors else backend
    if chosen not in ("numpy", "torch"):
        dtype = _dtype_name(given)
        chosen = _backend(
            backend, problem_of(placed.layer, int(samples.shape[0]), shapes[1], dtype)
        )
    with limited_threads(threads, chosen):
        compute = _of_tensors if tensors else _of_arrays
        result = compute(placed, given, chosen, algorithm, threads)
    return _into(as_given(result, axes), out)


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
    transposing: dict[str, Any] = (
        {"output_padding": output_padding} if transposed else {"padding_mode": padding_mode}
    )
    if len(shape) != len(kernel_shape) or not 3 <= len(shape) <= 5:
        raise DataError(
            f"the input {times(tuple(shape))} and the kernel {times(tuple(kernel_shape))} must "
            f"both have 3 to 5 axes: (N, C, *spatial) and (O, C/groups, *k)"
        )
    layer = _layer(
        tuple(kernel_shape), transposed, groups, False, stride, padding, dilation, transposing
    )
    reads = kernel_shape[0] if transposed else kernel_shape[1] * groups
    if reads != shape[1]:
        raise DataError(f"the input has {shape[1]} channels, the kernel reads {reads}")
    layer.out_shape(tuple(shape[1:]))
    _check_algorithm(algorithm)
    problem = problem_of(layer, shape[0], tuple(shape[1:]), dtype)
    return plan(problem, _backend(backend, problem), this_machine(), algorithm)


class Call:
    """A convolution that has been settled but for its numbers: what arrays of these shapes need.

    Args:
        ops: The backend, of whose arrays it is.
        problem: What is convolved.
        axes: How the input is read.
    """

    def __init__(self, ops: Any, problem: Problem, axes: Axes) -> None:
        self._ops, self._problem, self._axes = ops, problem, axes
        self._first = next(attempts(ops, problem))
        self._kernel = (problem.out_channels, problem.depth, *(w.kernel for w in problem.windows))

    def takes(self, x: Any, kernel: Any, bias: Any | None) -> bool:
        """Whether nothing but the numbers matters: no gradient, no other device."""
        if self._ops.name == "numpy":
            return True
        return not (
            x.requires_grad
            or kernel.requires_grad
            or (bias is not None and bias.requires_grad)
            or x.device.type != "cpu"
        )

    def __call__(self, x: Any, kernel: Any, bias: Any | None) -> Any:
        """The result with the axes of `x`."""
        ops, problem = self._ops, self._problem
        if self._axes.added:
            x = batch_first(x, self._axes)
        if kernel.ndim < 2 + problem.rank:
            kernel = kernel.reshape(self._kernel)
        result = run_plan(ops, self._first, problem, x, kernel, bias)
        if result is None:
            result = self._otherwise(x, kernel, bias)
        return as_given(result, self._axes) if self._axes.added else result

    def _otherwise(self, x: Any, kernel: Any, bias: Any | None) -> Any:
        """By the plans that come after the first, which the numbers do not admit."""
        for chosen in islice(attempts(self._ops, self._problem), 1, None):
            result = run_plan(self._ops, chosen, self._problem, x, kernel, bias)
            if result is not None:
                break
        return result


@lru_cache(maxsize=512)
def _call(
    kind: type,
    shape: tuple[int, ...],
    dtype: Any,
    of_kernel: tuple[type, tuple[int, ...], Any],
    of_bias: Any,
    how: Any,
) -> Call | None:
    """A call for arrays of one library and one dtype of floats; None where there is more to it.

    Args:
        kind: The class of the input.
        shape: Its shape.
        dtype: Its dtype.
        of_kernel: The same of the kernel.
        of_bias: The same of the bias; True if there is none.
        how: The arguments of `convolve` from `stride` to `backend`.
    """
    kernel_kind, kernel_shape, kernel_dtype = of_kernel
    stride, padding, dilation, groups, padding_mode, algorithm, backend = how
    name = str(dtype).rpartition(".")[2]
    torch = sys.modules.get("torch")
    tensors = torch is not None and kind is torch.Tensor
    same = (kernel_kind, kernel_dtype) == (kind, dtype) and (
        of_bias is True or (of_bias[0], of_bias[2]) == (kind, dtype)
    )
    if not same or name not in ("float32", "float64") or not (tensors or kind is np.ndarray):
        return None
    stand_in = np.broadcast_to(np.float32(0), shape)
    kernel = np.broadcast_to(np.float32(0), kernel_shape)
    _check_content(stand_in, kernel)
    _check_algorithm(algorithm)
    axes = read_axes(
        stand_in, kernel, groups=groups, transposed=False, channels_last=False, rank=None
    )
    full = batch_first(stand_in, axes).shape
    more = (("padding_mode", padding_mode),)
    weight = full_kernel(kernel, axes.rank).shape
    layer = _placed(weight, full[1:], False, groups, stride, padding, dilation, more).layer
    if of_bias is not True and tuple(of_bias[1]) != (layer.out_channels,):
        return None  # said where everything is checked
    problem = problem_of(layer, full[0], full[1:], name)
    chosen = "torch" if tensors else _backend(backend, problem)
    if tensors != (chosen == "torch"):
        return None
    return Call(open_backend(chosen, None, (), algorithm), problem, axes)


class Placed(NamedTuple):
    """A layer on an input of known shape."""

    layer: Conv | ConvTranspose
    windows: tuple[Window, ...]
    out_sizes: tuple[int, ...]


@lru_cache(maxsize=512)
def _placed(
    kernel: tuple[int, ...],
    shape: tuple[int, ...],
    transposed: bool,
    groups: int,
    stride: PerAxis,
    padding: Padding,
    dilation: PerAxis,
    more: tuple[tuple[str, Any], ...],
) -> Placed:
    """The layer that the arguments describe, checked; kept for the next call with the same."""
    layer = _layer(kernel, transposed, groups, False, stride, padding, dilation, dict(more))
    sizes = layer.out_shape(shape)[1:]
    return Placed(layer, layer.windows(shape), sizes)


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _layer(
    kernel: tuple[int, ...],
    transposed: bool,
    groups: int,
    bias: bool,
    stride: PerAxis,
    padding: Padding,
    dilation: PerAxis,
    more: dict[str, Any],
) -> Conv | ConvTranspose:
    kind = ConvTranspose if transposed else Conv
    channels = kernel[1] * groups if transposed else kernel[0]
    return kind(
        int(channels),
        tuple(int(k) for k in kernel[2:]),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=bias,
        **more,
    )


def _backend(name: str, problem: Problem) -> str:
    if name not in BACKENDS:
        raise UsageError(f"backend: expected {', '.join(BACKENDS)}; got {name!r}")
    return choose_backend([problem]) if name == "auto" else name


def _are_tensors(*arrays: Any) -> bool:
    """Whether the arrays are torch's; torch need not be there for them not to be.

    Raises:
        DataError: some are and some are not.
    """
    torch = sys.modules.get("torch")
    given = [array for array in arrays if array is not None]
    tensors = [torch is not None and isinstance(array, torch.Tensor) for array in given]
    if any(tensors) and not all(tensors):
        raise DataError("x, kernel and bias are of different libraries; give all as torch tensors")
    return all(tensors)


def _check_content(x: Any, kernel: Any) -> None:
    for name, array in (("x", x), ("kernel", kernel)):
        if 0 in array.shape or array.ndim == 0:
            raise DataError(f"{name} is {times(tuple(array.shape))}: there is nothing to convolve")


def _check_bias(bias: Any | None, channels: int) -> None:
    if bias is not None and tuple(bias.shape) != (channels,):
        raise DataError(
            f"the bias is {times(tuple(bias.shape))}, the kernel makes {channels} output channels"
        )


def _check_algorithm(name: str) -> None:
    if name != "auto" and name not in ALGORITHMS:
        raise UsageError(f"algorithm: expected auto, {', '.join(ALGORITHMS)}; got {name!r}")


def _dtype_name(given: dict[str, np.ndarray]) -> str:
    """The dtype that is computed in."""
    return plan_dtypes({f"'{name}'": array for name, array in given.items()}, None).compute


def _tensor_dtypes(given: dict[str, Any]) -> tuple[str, Any]:
    """The dtype that is computed in by name, and that of the result."""
    torch = sys.modules["torch"]
    dtypes = [tensor.dtype for tensor in given.values()]
    if any(dtype.is_complex or dtype == torch.bool for dtype in dtypes):
        raise DataError("real numbers are convolved; x, kernel and bias must be numbers")
    result = dtypes[0]
    for dtype in dtypes[1:]:
        result = torch.promote_types(result, dtype)
    if not result.is_floating_point:
        return "int64", torch.int64
    return "float64" if result == torch.float64 else "float32", result


def _of_arrays(
    placed: Placed,
    given: dict[str, np.ndarray],
    backend: str,
    algorithm: str,
    threads: int | None,
) -> np.ndarray:
    dtypes = plan_dtypes({f"'{name}'": array for name, array in given.items()}, None)
    ops = open_backend(backend, None, (), algorithm, threads)
    loaded = {name: ops.load(array, dtypes.compute) for name, array in given.items()}
    with np.errstate(all="ignore"):
        return finished(ops.unload(_run(placed, ops, loaded)), dtypes)


def _of_tensors(
    placed: Placed, given: dict[str, Any], backend: str, algorithm: str, threads: int | None
) -> Any:
    del threads  # torch has been told
    torch = sys.modules["torch"]
    compute, result = _tensor_dtypes(given)
    ops = open_backend(backend, str(given["x"].device), (), algorithm)
    with torch.no_grad():
        loaded = {
            name: tensor.detach().to(getattr(torch, compute)) for name, tensor in given.items()
        }
        return _run(placed, ops, loaded).to(result)


def _run(placed: Placed, ops: Any, loaded: dict[str, Any]) -> Any:
    arrays = loaded["x"], loaded["kernel"], loaded.get("bias"), placed.windows
    layer = placed.layer
    if isinstance(layer, Conv):
        return ops.conv(*arrays, layer.groups, layer.padding_mode)
    return ops.conv_transpose(*arrays, layer.groups, placed.out_sizes)


def _into(result: Any, out: Any | None) -> Any:
    if out is None:
        return result
    if tuple(out.shape) != tuple(result.shape) or out.dtype != result.dtype:
        raise DataError(
            f"out is {times(tuple(out.shape))} {out.dtype}, the result "
            f"{times(tuple(result.shape))} {result.dtype}"
        )
    out[...] = result
    return out
