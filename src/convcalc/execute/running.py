"""A network on real arrays: dtypes, axes, backend and weights settled, then layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, cast

import numpy as np

from convcalc import __version__
from convcalc.analysis.subnetworks import part_until
from convcalc.arrayfile.memory import available_memory
from convcalc.errors import DataError, LayerError, ResourceError, SpecError, UsageError, printable
from convcalc.execute.axes import (
    as_given,
    batch_first,
    full_kernel,
    read_axes,
    read_input_axes,
)
from convcalc.execute.choice import choose_backend, limited_threads, open_backend
from convcalc.execute.dtypes import finished, plan_dtypes
from convcalc.execute.folding import fold_norms
from convcalc.execute.machine import this_machine
from convcalc.execute.planner import plan
from convcalc.execute.problem import problems_of
from convcalc.execute.verifying import verify
from convcalc.execute.weights import check_weights, of_layers, without_counters
from convcalc.layers.base import times
from convcalc.network import INPUT, Network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcalc.analysis import Report
    from convcalc.execute.axes import Axes
    from convcalc.execute.bounded import Bounds
    from convcalc.execute.dtypes import DtypePlan
    from convcalc.execute.figures import Figures
    from convcalc.execute.numpy_backend import NumpyBackend
    from convcalc.execute.planned import Measured
    from convcalc.execute.planner import Plan
    from convcalc.execute.problem import Problem
    from convcalc.execute.torch_backend import TorchBackend
    from convcalc.execute.verifying import Verification
    from convcalc.layers import Shape
    from convcalc.layers.conv import Conv
    from convcalc.layers.convt import ConvTranspose

    Work: TypeAlias = tuple[Network, Axes, Mapping[str, np.ndarray], Mapping[str, np.ndarray]]
    Weights: TypeAlias = (
        Mapping[str, np.ndarray] | Callable[[Network, Shape], Mapping[str, np.ndarray]]
    )

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """How to compute, apart from what.

    Attributes:
        backend: "auto", "numpy" or "torch".
        device: A torch device such as "cuda", or None.
        dtype: The dtype of the result, or None for what the inputs give.
        channels_last: Whether the channels are the last axis of input and result.
        rank: The number of spatial axes, or None to tell from the arrays.
        algorithm: How convolutions are computed, "auto" for the fastest way.
        threads: Threads of torch; numpy takes its threads from the environment.
        until: The label of the node or block whose output is the result; None is the last one.
        fold_norms: Whether `bn` become part of the convolutions before them.
        verify: How many outputs of a single convolution are computed again, or "all"; None none.
    """

    backend: str = "auto"
    device: str | None = None
    dtype: str | None = None
    channels_last: bool = False
    rank: int | None = None
    algorithm: str = "auto"
    threads: int | None = None
    until: str | None = None
    fold_norms: bool = False
    verify: int | Literal["all"] | None = None


@dataclass(frozen=True)
class Result:
    """The array, and how it came about.

    Attributes:
        array: The result, with the axes of the input.
        report: Shapes and costs of the layers.
        backend: The library that computed it.
        dtypes: Of the arithmetic and of the result.
        threads: Threads that the library may use.
        versions: Of every library that took part.
        notes: What was assumed.
        overflowed: Values that left the range of the dtype although every input was finite.
        verification: What came of computing outputs again, if that was asked for.
        convolutions: Each convolution with its plan and the seconds that it took.
        figures: The key figures of the array, where they were taken as it was made.
    """

    array: np.ndarray
    report: Report
    backend: str
    dtypes: DtypePlan
    threads: int
    versions: dict[str, str]
    notes: tuple[str, ...]
    overflowed: int
    verification: Verification | None = None
    convolutions: tuple[Measured, ...] = ()
    figures: Figures | None = None


@dataclass(frozen=True)
class Outlook:
    """What would be computed: the convolutions with their plans, and what was assumed."""

    report: Report
    backend: str
    convolutions: tuple[tuple[Problem, Plan], ...]
    notes: tuple[str, ...]


def run_kernel(
    array: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    make_layer: Callable[[int, Shape], Conv | ConvTranspose],
    *,
    transposed: bool,
    groups: int,
    flip: bool,
    settings: Settings,
    bounds: Bounds | None = None,
) -> Result:
    """One convolution of `array` with `kernel`.

    Args:
        array: (N, C, *spatial), leading axes optional.
        kernel: (O, C/groups, *k), transposed (C, O/groups, *k); leading axes optional.
        bias: (O), or one number, or None.
        make_layer: The layer for an output channel count and a kernel size.
        flip: Turn the kernel round in every spatial axis: the convolution of mathematics.
        bounds: In how much memory, and into which file; None is all there is, and none.

    Raises:
        DataError: the arrays do not fit each other, or cannot be computed exactly.
        ResourceError: there is not enough memory.
    """
    work = _of_kernel(
        array,
        kernel,
        bias,
        make_layer,
        settings,
        transposed=transposed,
        groups=groups,
        flip=flip,
    )
    if bounds is not None:
        from convcalc.execute.bounded import run_bounded

        return run_bounded(*work, settings, bounds)
    return _run(*work, settings)


def plan_kernel(
    array: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    make_layer: Callable[[int, Shape], Conv | ConvTranspose],
    *,
    transposed: bool,
    groups: int,
    flip: bool,
    settings: Settings,
) -> Outlook:
    """What `run_kernel` would do with arrays of these shapes and dtypes."""
    work = _of_kernel(
        array,
        kernel,
        bias,
        make_layer,
        settings,
        transposed=transposed,
        groups=groups,
        flip=flip,
    )
    return _outlook(*work, settings)


def _of_kernel(
    array: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    make_layer: Callable[[int, Shape], Conv | ConvTranspose],
    settings: Settings,
    *,
    transposed: bool,
    groups: int,
    flip: bool,
) -> Work:
    """The network of one layer, how the arrays are read, its weights, and the names of all."""
    named = {"the input": array, "the kernel": kernel}
    if bias is not None:
        named["the bias"] = bias
    _check_content(named)
    axes = read_axes(
        array,
        kernel,
        groups=groups,
        transposed=transposed,
        channels_last=settings.channels_last,
        rank=settings.rank,
    )
    kernel = full_kernel(kernel, axes.rank)
    channels = kernel.shape[1] * groups if transposed else kernel.shape[0]
    layer = make_layer(channels, kernel.shape[2:])
    weights = {"0.weight": np.flip(kernel, tuple(range(2, kernel.ndim))) if flip else kernel}
    if bias is not None:
        weights["0.bias"] = _full_bias(bias, channels)
    return Network.chain([layer]), axes, weights, named


def run_network(
    network: Network,
    array: np.ndarray,
    weights: Weights,
    settings: Settings,
    watch: Callable[[str, np.ndarray], None] | None = None,
) -> Result:
    """A whole network on `array`, with weights named `LABEL.NAME`.

    Args:
        weights: The arrays by name, or a function that gives them from the network that is run
            and the shape of one sample.
        watch: Called with the label and the output of every layer, as soon as it is computed. An
            output is not kept: who needs it later makes a copy.

    Raises:
        UsageError: no layer has the label to stop after, or a network is to be verified.
        DataError: the input does not fit the network, or the weights are not those it needs.
        ResourceError: there is not enough memory.
    """
    if settings.verify is not None:
        raise UsageError(
            "only a single convolution is verified; a network has many, one upon another"
        )
    work = _of_network(network, array, weights, settings)
    result = _run(*work, settings, watch)
    if settings.until is None:
        return result
    part = work[0]
    stopped = (
        f"stopped after '{part.nodes[-1].label}': {len(part.nodes)} of "
        f"{len(network.nodes)} layers computed"
    )
    return replace(result, notes=(*result.notes, stopped))


def plan_network(
    network: Network, array: np.ndarray, weights: Weights, settings: Settings
) -> Outlook:
    """What `run_network` would do with an input of this shape and dtype."""
    return _outlook(*_of_network(network, array, weights, settings), settings)


def _of_network(network: Network, array: np.ndarray, weights: Weights, settings: Settings) -> Work:
    """The part that is computed, how the input is read, the weights, and the names of all."""
    _check_content({"the input": array})
    rank = settings.rank
    if rank is None and not callable(weights):
        rank = _rank(network, weights)
    axes = read_input_axes(array, rank or 2, channels_last=settings.channels_last)
    shape = batch_first(array, axes).shape[1:]
    whole = network
    if settings.until is not None:
        network = fitting(part_until, network, shape, settings.until)
    needed = fitting(network.tensor_shapes, shape)
    if callable(weights):
        given = weights(network, shape)
    else:
        given = of_layers(without_counters(weights), network, whole)
    check_weights(given, needed)
    named = {"the input": array, **{f"'{name}'": weight for name, weight in given.items()}}
    return network, axes, given, named


def _rank(network: Network, weights: Mapping[str, np.ndarray]) -> int:
    """The spatial axes that the kernels among the weights have; 2 where there is none."""
    labels = tuple(f"{node.label}." for node in network.nodes)
    ranks = [weight.ndim - 2 for name, weight in weights.items() if name.startswith(labels)]
    return max((rank for rank in ranks if 1 <= rank <= 3), default=2)


def _run(
    network: Network,
    axes: Axes,
    weights: Mapping[str, np.ndarray],
    named: Mapping[str, np.ndarray],
    settings: Settings,
    watch: Callable[[str, np.ndarray], None] | None = None,
) -> Result:
    """The network on the array called "the input" in `named`; messages use those names."""
    samples, report, dtypes = _prepared(network, axes, named, settings)
    notes = axes.notes + dtypes.notes
    if settings.fold_norms:
        network, weights, folded = fold_norms(network, samples.shape[1:], weights, dtypes.compute)
        report = network.analyze(samples.shape[1:], samples.shape[0])
        notes += (folded,)
    _check_memory(report, dtypes)
    problems = problems_of(network, samples.shape[0], samples.shape[1:], dtypes.compute)
    backend = open_backend(settings.backend, settings.device, problems, settings.algorithm)
    with np.errstate(all="ignore"), limited_threads(settings.threads, backend.name):
        try:
            computed = backend.unload(
                _layers(
                    network,
                    samples,
                    weights,
                    backend,
                    dtypes.compute,
                    watch and _finishing(watch, dtypes, axes),
                )
            )
        except RuntimeError as error:
            raise memory_error(error) from None
        result = finished(computed, dtypes)
    return Result(
        array=as_given(result, axes),
        report=report,
        backend=backend.name,
        dtypes=dtypes,
        threads=backend.threads,
        versions={"convcalc": __version__, **backend.versions},
        notes=notes,
        overflowed=_overflowed(result, named),
        verification=None
        if settings.verify is None
        else verify(_single(network), samples, weights, result, dtypes, settings.verify),
        convolutions=tuple(backend.done),
    )


def _outlook(
    network: Network,
    axes: Axes,
    weights: Mapping[str, np.ndarray],
    named: Mapping[str, np.ndarray],
    settings: Settings,
) -> Outlook:
    """The plans of the network's convolutions; nothing is computed, and torch is not imported."""
    del weights
    samples, report, dtypes = _prepared(network, axes, named, settings)
    problems = problems_of(network, samples.shape[0], samples.shape[1:], dtypes.compute)
    name = settings.backend
    if name == "auto":
        name = "torch" if settings.device is not None else choose_backend(problems)
    library = settings.device not in (None, "cpu")
    algorithm = "library" if library else settings.algorithm
    plans = tuple((p, plan(p, name, this_machine(), algorithm)) for p in problems)
    return Outlook(report, name, plans, axes.notes + dtypes.notes)


def _prepared(
    network: Network, axes: Axes, named: Mapping[str, np.ndarray], settings: Settings
) -> tuple[np.ndarray, Report, DtypePlan]:
    """The input batch first, what the layers make of it, and the dtypes."""
    samples = batch_first(named["the input"], axes)
    try:
        report = fitting(network.analyze, samples.shape[1:], samples.shape[0])
    except DataError as error:
        if not axes.notes or "\n" in str(error):
            raise
        # What was assumed of the axes may be what is wrong.
        raise DataError(f"{error}; {axes.notes[0]}, --dims says otherwise") from None
    dtypes = plan_dtypes(named, settings.dtype)
    _check_floats(network, samples.shape[1:], dtypes)
    return samples, report, dtypes


def _layers(
    network: Network,
    samples: np.ndarray,
    weights: Mapping[str, np.ndarray],
    backend: NumpyBackend | TorchBackend,
    dtype: str,
    watch: Callable[[str, np.ndarray], None] | None,
) -> Any:
    """Every layer in turn; an array is let go once no later layer reads it."""
    last_read = {source: i for i, node in enumerate(network.nodes) for source in node.inputs}
    last_read[len(network.nodes) - 1] = len(network.nodes)
    values: dict[int, Any] = {INPUT: backend.load(samples, dtype)}
    for index, step in enumerate(network.walk(samples.shape[1:])):
        own = {
            name: backend.load(weights[f"{step.node.label}.{name}"], dtype)
            for name in step.layer.tensor_shapes(*step.arriving)
        }
        arrays = [values[source] for source in step.node.inputs]
        values[index] = step.layer.run(backend, arrays, own)
        if watch is not None:
            watch(step.node.label, backend.unload(values[index]))
        for source in (*step.node.inputs, index):
            if last_read.get(source, index) == index:
                values.pop(source, None)
    return values[len(network.nodes) - 1]


def _single(network: Network) -> Conv | ConvTranspose:
    """The one layer of a convolution with a kernel of its own."""
    (node,) = network.nodes
    assert node.layer.kind in ("conv", "convt")
    return cast("Conv | ConvTranspose", node.layer)


def _finishing(
    watch: Callable[[str, np.ndarray], None], dtypes: DtypePlan, axes: Axes
) -> Callable[[str, np.ndarray], None]:
    """The same for arrays as they are computed, which get the dtype and the axes of a result.

    Integers stay int64: within the network they may be larger than what comes out of it.
    """

    def seen(label: str, computed: np.ndarray) -> None:
        whole = dtypes.compute == "int64"
        watch(label, as_given(computed if whole else finished(computed, dtypes), axes))

    return seen


def _check_content(arrays: Mapping[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        if array.ndim == 0 and name != "the bias":
            raise DataError(f"{name} is a single number; a convolution needs at least one axis")
        if array.size == 0:
            raise DataError(f"{name} is empty ({times(array.shape)}): there is nothing to convolve")


def _full_bias(bias: np.ndarray, channels: int) -> np.ndarray:
    if bias.ndim == 0:
        return np.broadcast_to(bias, (channels,))
    if bias.shape != (channels,):
        raise DataError(
            f"the bias is {times(bias.shape)}, the kernel makes {channels} output "
            f"channel{'s' * (channels != 1)}; a bias of {channels} would fit"
        )
    return bias


def fitting(question: Callable[..., T], *arguments: object) -> T:
    """The answer of the network; a shape that does not fit is the data's fault here."""
    try:
        return question(*arguments)
    except (LayerError, SpecError) as error:
        raise DataError(str(error)) from None


def _check_floats(network: Network, shape: Shape, dtypes: DtypePlan) -> None:
    """Integers go through those layers only that compute them exactly."""
    if dtypes.compute.startswith("float"):
        return
    for step in network.walk(shape):
        if step.layer.needs_floats:
            raise DataError(
                f"layer {step.node.label} ({step.layer.spec()}) makes fractions of whole "
                f"numbers; compute with --dtype float32"
            )


def _check_memory(report: Report, dtypes: DtypePlan) -> None:
    """The largest layer: its input, padded, its output, and a copy of each for the current tap.

    Raises:
        ResourceError: that is more than the machine has left.
    """
    itemsize = np.dtype(dtypes.compute).itemsize
    needed = max(
        itemsize * (3 * report.batch * sum(map(prod, row.input_shapes)) + 2 * row.activations)
        + itemsize * row.params
        for row in report.layers
    )
    available = available_memory()
    if available is not None and needed > available:
        raise ResourceError(
            f"computing needs about {needed:,} bytes of memory, {available:,} are available; "
            f"use a smaller input or batch, or --dtype float32"
        )


def memory_error(error: RuntimeError) -> Exception:
    """A lack of memory, which torch reports as a RuntimeError; any other error as it is."""
    text = str(error)
    if "allocate memory" not in text and "out of memory" not in text.lower():
        return error
    return ResourceError(
        f"not enough memory: {printable(text)}; use a smaller input, or --backend numpy"
    )


def _overflowed(result: np.ndarray, arrays: Mapping[str, np.ndarray]) -> int:
    """Values of the result that are not finite although all inputs are."""
    if result.dtype.kind != "f":
        return 0
    broken = int(result.size - np.count_nonzero(np.isfinite(result)))
    if broken and all(np.isfinite(array).all() for array in arrays.values()):
        return broken
    return 0
