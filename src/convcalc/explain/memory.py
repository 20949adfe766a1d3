"""Where the bytes of a layer come from: its weights, its result, and what is alive beside it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc.analysis.dtypes import BITS, size_in_bytes
from convcalc.analysis.memory.lifetimes import placed
from convcalc.explain.equation import Equation, Said, product, times
from convcalc.explain.explaining import Explained, Explanation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcalc.analysis.memory.lifetimes import Placement, Storage
    from convcalc.analysis.memory.report import LayerMemory, MemoryReport
    from convcalc.network.graph import Network

RULES = (
    "weights = parameters * bytes of an element",
    "activations = elements that leave the layer * bytes of an element",
    "live = what the layer reads and writes, and what later layers read",
)


def explain_memory(network: Network, found: MemoryReport) -> Explanation:
    """Where the bytes of weights and result come from, and what is alive while a layer runs."""
    report = found.report
    steps = list(network.walk(report.input))
    placement = placed(
        steps, report.input, report.batch, in_place=found.in_place, output=network.output
    )
    layers = tuple(
        Explained(row.layer.index, row.layer.spec, _equations(row, found, alive))
        for row, alive in zip(found.layers, _alive(placement), strict=True)
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
    row: LayerMemory, found: MemoryReport, alive: Sequence[Storage]
) -> tuple[Equation, ...]:
    own = (
        Equation("weights", "", row.weights, _weights(row, found.dtype)),
        Equation("activations", "", row.activations, _result(row, found)),
    )
    if row.live is None:
        return own
    return (*own, Equation("live", "", row.live, _live(row, found, alive)))


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
