"""A network on real arrays: dtypes, axes, backend and weights prepared, then layer by layer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from convcalc import __version__
from convcalc.arrayfile.memory import available_memory
from convcalc.errors import DataError, LayerError, ResourceError, SpecError, UsageError, printable
from convcalc.execute.arrays.axes import as_given
from convcalc.execute.arrays.dtypes import finished
from convcalc.execute.emptiness import EMPTY, empty_outputs, report_of
from convcalc.execute.executor.open_executor import limited_threads
from convcalc.execute.prepare import Prepared, prepare
from convcalc.execute.settings import DryRun, Result, Settings
from convcalc.layers.base import Layer
from convcalc.network.graph import INPUT, Network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcalc.execute.arrays.axes import Axes
    from convcalc.execute.arrays.dtypes import DtypePlan
    from convcalc.execute.executor.executor import Executor
    from convcalc.execute.job import Weights, Work
    from convcalc.layers import Shape
    from convcalc.layers.conv import Conv
    from convcalc.layers.convt import ConvTranspose
    from convcalc.network.graph import Step


def run_network(
    network: Network,
    array: np.ndarray,
    weights: Weights,
    settings: Settings,
    watch: Callable[[str, np.ndarray], None] | None = None,
    others: Mapping[str, np.ndarray] = MappingProxyType({}),
    done: Callable[[int, int], None] | None = None,
) -> Result:
    """A whole network on `array`, with weights named `LABEL.NAME`.

    Args:
        weights: The arrays by name, or a function that gives them from the network that is run
            and the shape of one sample.
        watch: Called with the label and the output of every layer, as soon as it is computed. An
            output is not kept: who needs it later makes a copy.
        others: The arrays of inputs beside the first, by the labels of their nodes.
        done: Called with how many layers are computed, and how many there are.

    Raises:
        UsageError: no layer has the label to stop after, or a network is to be verified.
        DataError: the input does not fit the network, or the weights are not those it needs.
        ResourceError: there is not enough memory.
    """
    if settings.verify is not None:
        raise UsageError(
            "only a single convolution is verified; a network has many, one upon another"
        )
    from convcalc.execute.network_job import network_work

    work = network_work(network, array, weights, settings, others)
    result = run_work(work, settings, watch, done)
    if settings.until is None:
        return replace(result, notes=(*result.notes, *_output_note(work.network)))
    part = work.network
    stopped = (
        f"stopped after '{part.nodes[-1].label}': {len(part.nodes)} of "
        f"{len(network.nodes)} layers computed"
    )
    return replace(result, notes=(*result.notes, stopped))


def _output_note(network: Network) -> list[str]:
    """Which layer the result is that of, where it is not the last one."""
    if network.end is None:
        return []
    name = "the input" if network.end == INPUT else f"that of '{network.nodes[network.end].label}'"
    return [f"the output is {name}; the layers behind it are computed, too"]


def run_work(
    work: Work,
    settings: Settings,
    watch: Callable[[str, np.ndarray], None] | None = None,
    done: Callable[[int, int], None] | None = None,
) -> Result:
    """The work done in memory; `watch` and `done` are told of it as by `run_network`.

    Of a convolution that is verified `done` hears of the outputs that are computed again.

    Raises:
        DataError: the arrays do not fit each other, or cannot be computed exactly.
        ResourceError: there is not enough memory.
    """
    prepared = _prepared(work, settings)
    samples, dtypes = prepared.samples, prepared.dtypes
    notes = work.axes.notes + dtypes.notes
    if settings.fold_norms:
        work, folded = _folded(work, prepared)
        prepared = prepared.of(work.network)
        notes += (folded,)
    if not len(samples):
        return _of_nothing(work, prepared, notes, watch)
    _check_memory(prepared)
    executor = prepared.open()
    result = _computed(work, prepared, executor, settings, watch, done)
    found = None
    if settings.verify is not None:
        from convcalc.execute.verify import verify

        layer = single_layer(work.network)
        found = verify(layer, samples, work.weights, result, dtypes, settings.verify, done=done)
    return Result(
        array=as_given(result, work.axes),
        analyse=partial(report_of, work.network, *_sample_and_batch(samples)),
        backend=executor.backend.name,
        dtypes=dtypes,
        threads=executor.backend.threads,
        versions={"convcalc": __version__, **executor.backend.versions},
        notes=notes,
        overflowed=_overflowed(result, work.named),
        verification=found,
        convolutions=tuple(executor.done),
    )


def _folded(work: Work, prepared: Prepared) -> tuple[Work, str]:
    """The work with norms as parts of the layers before them, and what was folded."""
    from convcalc.execute.weights.batchnorm_folding import fold_norms

    shape, dtype = prepared.samples.shape[1:], prepared.dtypes.compute
    network, weights, folded = fold_norms(work.network, shape, work.weights, dtype)
    return work._replace(network=network, weights=weights), folded


def _computed(
    work: Work,
    prepared: Prepared,
    executor: Executor[Any],
    settings: Settings,
    watch: Callable[[str, np.ndarray], None] | None,
    done: Callable[[int, int], None] | None,
) -> np.ndarray:
    """The result of the last layer, in the dtype that was asked for.

    Raises:
        ResourceError: there is not enough memory.
    """
    dtypes = prepared.dtypes
    finishing = watch and _finishing(watch, dtypes, work.axes)
    with np.errstate(all="ignore"), limited_threads(settings.threads, executor.backend.name):
        try:
            last = _layers(work, prepared, executor, finishing, done)
        except RuntimeError as error:
            raise memory_error(error) from None
        return finished(executor.unload(last), dtypes)


def _of_nothing(
    work: Work,
    prepared: Prepared,
    notes: tuple[str, ...],
    watch: Callable[[str, np.ndarray], None] | None,
) -> Result:
    """The result of a batch without samples."""
    executor, dtypes = prepared.open(), prepared.dtypes
    finishing = watch and _finishing(watch, dtypes, work.axes)
    empty = empty_outputs(prepared.steps, prepared.samples.shape[1:], dtypes, finishing)
    return Result(
        array=as_given(empty, work.axes),
        analyse=partial(report_of, work.network, *_sample_and_batch(prepared.samples)),
        backend=executor.backend.name,
        dtypes=dtypes,
        threads=executor.backend.threads,
        versions={"convcalc": __version__, **executor.backend.versions},
        notes=(*notes, EMPTY),
        overflowed=0,
    )


def plan_work(work: Work, settings: Settings) -> DryRun:
    """The plans of the work's convolutions; nothing is computed, and torch is not imported."""
    prepared = _prepared(work, settings)
    report = report_of(work.network, *_sample_and_batch(prepared.samples))
    notes = work.axes.notes + prepared.dtypes.notes
    if not len(prepared.samples):
        notes += (EMPTY,)
    return DryRun(report, prepared.planner.backend, prepared.plans(), notes)


def _prepared(work: Work, settings: Settings) -> Prepared:
    """The work prepared.

    Raises:
        DataError: the input does not fit the layers, or cannot be computed exactly.
        UsageError: a layer cannot be computed.
    """
    _check_computable(work.network)
    try:
        prepared = prepare(work, settings)
    except (LayerError, SpecError) as error:
        notes = work.axes.notes
        if not notes or "\n" in str(error):
            raise DataError(str(error)) from None
        # What was assumed of the axes may be what is wrong.
        raise DataError(f"{error}; {notes[0]}, --dims says otherwise") from None
    _check_floats(prepared)
    return prepared


def _sample_and_batch(samples: np.ndarray) -> tuple[Shape, int]:
    """The shape of one sample of (N, C, *sizes), and how many there are."""
    return samples.shape[1:], samples.shape[0]


def _layers(
    work: Work,
    prepared: Prepared,
    executor: Executor[Any],
    watch: Callable[[str, np.ndarray], None] | None,
    done: Callable[[int, int], None] | None,
) -> Any:
    """Every layer in turn; an array is let go once no later layer reads it."""
    network, weights, dtype = work.network, work.weights, prepared.dtypes.compute
    last_read = {source: i for i, node in enumerate(network.nodes) for source in node.inputs}
    last_read[network.output] = len(network.nodes)
    values: dict[int, Any] = {INPUT: executor.load(prepared.samples, dtype)}
    for index, step in enumerate(prepared.steps):
        own = {
            name: executor.load(weights[f"{step.node.label}.{name}"], dtype)
            for name in step.layer.tensor_shapes(*step.arriving)
        }
        arrays = [values[source] for source in step.node.inputs]
        other = work.others.get(step.node.label)
        if other is not None:
            values[index] = executor.load(other, dtype)
        else:
            values[index] = step.layer.run(executor, arrays, own)
        if watch is not None:
            watch(step.node.label, executor.unload(values[index]))
        if done is not None:
            done(index + 1, len(network.nodes))
        for source in (*step.node.inputs, index):
            if last_read.get(source, index) == index:
                values.pop(source, None)
    return values[network.output]


def single_layer(network: Network) -> Conv | ConvTranspose:
    """The one layer of a convolution with a kernel of its own."""
    from convcalc.layers.conv import Conv
    from convcalc.layers.convt import ConvTranspose

    (node,) = network.nodes
    assert isinstance(node.layer, Conv | ConvTranspose)
    return node.layer


def _finishing(
    watch: Callable[[str, np.ndarray], None], dtypes: DtypePlan, axes: Axes
) -> Callable[[str, np.ndarray], None]:
    """A `watch` for arrays as they are computed, which get the dtype and the axes of a result.

    Integers stay int64: within the network they may be larger than what comes out of it.
    """

    def seen(label: str, computed: np.ndarray) -> None:
        whole = dtypes.compute == "int64"
        watch(label, as_given(computed if whole else finished(computed, dtypes), axes))

    return seen


def _check_computable(network: Network) -> None:
    """Every layer must know all that it is computed from.

    Raises:
        UsageError: one lacks something that shapes and costs do not need.
    """
    for node in network.nodes:
        if isinstance(node.layer, Layer) and node.layer.refusal:
            raise UsageError(f"layer {node.label} ({node.layer.spec()}): {node.layer.refusal}")


def _check_floats(prepared: Prepared) -> None:
    """Integers go through those layers only that compute them exactly."""
    if prepared.dtypes.compute.startswith("float"):
        return
    for step in prepared.steps:
        if step.layer.needs_floats:
            raise DataError(
                f"layer {step.node.label} ({step.layer.spec()}) makes fractions of whole "
                f"numbers; compute with --dtype float32"
            )


def _check_memory(prepared: Prepared) -> None:
    """The largest layer: its input, padded, its output, and a copy of each for the current tap.

    What lies between its own stages, as the scores of an attention, twice too.

    The input of the first is there already where it can be computed with as it is.

    Raises:
        ResourceError: that is more than the machine has left.
    """
    samples, compute = prepared.samples, prepared.dtypes.compute
    itemsize = np.dtype(compute).itemsize
    layers = [itemsize * _elements_held(step, len(samples)) for step in prepared.steps]
    if samples.dtype == compute and samples.flags.c_contiguous:
        layers[0] -= samples.nbytes
    needed = max(layers)
    available = available_memory()
    if available is not None and needed > available:
        raise ResourceError(
            f"computing needs about {needed:,} bytes of memory, {available:,} are available; "
            f"use a smaller input or batch, or --dtype float32"
        )


def _elements_held(step: Step, batch: int) -> int:
    """Elements in memory while a layer is computed, as `_check_memory` counts them."""
    layer, shapes = step.layer, step.arriving
    own = 3 * sum(map(prod, shapes)) + 2 * layer.between(*shapes)
    if layer.reads:
        own += 2 * prod(step.leaving)
    return batch * own + sum(map(prod, layer.weight_shapes(*shapes).values()))


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
