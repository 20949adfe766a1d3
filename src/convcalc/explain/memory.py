"""Where the bytes of a layer come from: its weights, its result, and what is alive beside it."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from convcalc.analysis.dtypes import BITS, size_in_bytes
from convcalc.analysis.memory.lifetimes import placed
from convcalc.analysis.memory.saved import saved_tensors
from convcalc.explain.equation import Equation, Said, product, times
from convcalc.explain.explaining import Explained, Explanation
from convcalc.explain.scratch import SCRATCH_RULES, scratch_equations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcalc.analysis.memory.lifetimes import Placement, Storage
    from convcalc.analysis.memory.report import LayerMemory, MemoryReport
    from convcalc.analysis.memory.saved import SavedPart
    from convcalc.network.graph import Network, Step

RULES = (
    "weights, buffers = parameters, and what is stored beside them * bytes of an element",
    "activations = elements that leave the layer * bytes of an element",
    "live = what the layer reads and writes, and what later layers read",
    *SCRATCH_RULES,
    "saved = what the backward pass needs, where it is first kept",
    "traffic, no reuse = bytes read of inputs and of weights + bytes written",
    "op/byte = (2 * MACs + other operations) / traffic",
)


def explain_memory(network: Network, found: MemoryReport) -> Explanation:
    """Where the bytes of weights and result come from, and what is alive while a layer runs."""
    report = found.report
    steps = list(network.walk(report.input))
    placement = placed(
        steps, report.input, report.batch, in_place=found.in_place, output=network.output
    )
    saved: Sequence[Sequence[SavedPart] | None] = [None] * len(steps)
    if found.training is not None:
        kept = saved_tensors(steps, report.input, report.batch, found.dtype, output=network.output)
        saved = kept.parts
    layers = tuple(
        Explained(row.layer.index, row.layer.spec, _equations(row, found, alive, parts, step))
        for row, alive, parts, step in zip(
            found.layers, _alive(placement), saved, steps, strict=True
        )
    )
    return Explanation(layers, RULES)


def _alive(placement: Placement) -> list[list[Storage]]:
    """What is there while each layer is computed."""
    alive: list[list[Storage]] = [[] for _ in placement.homes]
    for storage in placement.storages:
        for layer in alive[storage.first : storage.last + 1]:
            layer.append(storage)
    return alive


def _equations(
    row: LayerMemory,
    found: MemoryReport,
    alive: Sequence[Storage],
    parts: Sequence[SavedPart] | None,
    step: Step,
) -> tuple[Equation, ...]:
    return (
        Equation("weights", "", row.weights, _weights(row, found.dtype)),
        *_buffers(row, found.dtype, step),
        Equation("activations", "", row.activations, _result(row, found)),
        *([] if row.live is None else [Equation("live", "", row.live, _live(row, found, alive))]),
        *scratch_equations(row, found.dtype),
        *_saved(row, found, parts),
        *_traffic(row),
    )


def _buffers(row: LayerMemory, dtype: str, step: Step) -> list[Equation]:
    shapes = step.layer.buffer_shapes(*step.arriving)
    if not shapes:
        return []
    expression = _bytes((str(prod(shape)) for shape in shapes.values()), dtype)
    return [Equation("buffers", "", row.buffers, Said(expression, ", ".join(shapes)))]


def _saved(
    row: LayerMemory, found: MemoryReport, parts: Sequence[SavedPart] | None
) -> list[Equation]:
    """What is kept first, and whose it is; nothing where training keeps nothing new."""
    if not parts or row.saved is None:
        return []
    names = ["its own" if part.node is None else _label(part.node, found) for part in parts]
    sizes = " + ".join(str(part.bytes) for part in parts)
    return [Equation("saved", "", row.saved, Said(sizes, ", ".join(names)))]


def _traffic(row: LayerMemory) -> list[Equation]:
    """Bytes moved with all reuse and with none, and the operations for each byte."""
    if row.traffic is None:
        return []
    ideal, without = row.traffic.ideal, row.traffic.without_reuse
    if not ideal.total:
        return [Equation("traffic", "", 0, Said("", "it moves nothing"))]
    equations = [
        Equation(name, "", own.total, Said(" + ".join(map(str, own)), "inputs, weights, result"))
        for name, own in (("traffic", ideal), ("no reuse", without))
    ]
    intensity = Fraction(row.traffic.operations, ideal.total)
    per_byte = Said(f"{row.traffic.operations} / {ideal.total}", f"{float(intensity):.6g}")
    return [*equations, Equation("op/byte", "", intensity, per_byte)]


def _result(row: LayerMemory, found: MemoryReport) -> Said:
    if not row.layer.layer.reads:
        return Said("", "there already: an input, or a weight")
    elements = times(found.report.batch, product(row.layer.output_shape))
    return Said(_bytes([elements], found.dtype))


def _weights(row: LayerMemory, dtype: str) -> Said:
    shapes = row.layer.weights.values()
    if not shapes:
        return Said("", "no weights")
    return Said(_bytes((str(prod(shape)) for shape in shapes), dtype))


def _bytes(elements: Iterable[str], dtype: str) -> str:
    """The bytes of some arrays, each of whole bytes."""
    bits = BITS[dtype]
    if bits < 8:
        return " + ".join(f"ceil({own} * {bits} / 8)" for own in elements)
    whole = " + ".join(elements)
    return f"({whole}) * {bits // 8}" if "+" in whole else f"{whole} * {bits // 8}"


def _live(row: LayerMemory, found: MemoryReport, alive: Sequence[Storage]) -> Said:
    """The sizes of all that is there while the layer is computed, and whose they are."""
    index = row.layer.index
    sizes = [str(size_in_bytes(one.elements, found.dtype)) for one in alive]
    labels = [_label(one.held(index), found) for one in alive]
    return Said(" + ".join(sizes), ", ".join(labels))


def _label(node: int, found: MemoryReport) -> str:
    return "input" if node < 0 else found.layers[node].layer.label
