"""`memory`: how many bytes a network takes, to run and to train."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.analysis.dtypes import BITS
from convcalc.analysis.memory.report import STATE, TRAINABLE, analyze_memory
from convcalc.cli.commands.answers import document_of
from convcalc.cli.commands.shape_rf import network_and_input
from convcalc.cli.parsing.values import choice_of
from convcalc.errors import UsageError
from convcalc.render.memory import memory_document

if TYPE_CHECKING:
    from convcalc.analysis.memory.report import MemoryReport
    from convcalc.cli.parsing.requests import MemoryRequest
    from convcalc.layers import Shape
    from convcalc.network.graph import Network
    from convcalc.render.table import Document


def memory(given: MemoryRequest) -> Document:
    """`convcalc memory`.

    Raises:
        UsageError: an option has an unknown value, or an optimiser is asked for in integers.
    """
    dtype = choice_of("dtype", given["dtype"], tuple(BITS))
    optimizer = choice_of("optimizer", given["optimizer"], tuple(STATE))
    if given["optimizer"] is not None and dtype not in TRAINABLE:
        raise UsageError(
            f"--optimizer: {dtype} has no gradients, so that nothing is trained in it; "
            f"{', '.join(TRAINABLE)} have"
        )
    network, input_shape, batch = network_and_input(given)
    ask = partial(
        analyze_memory, dtype=dtype, in_place=bool(given["in_place"]), optimizer=optimizer
    )
    if not given.get("explain"):
        return document_of(ask, memory_document, network, input_shape, batch)

    def ask_with_network(part: Network, shape: Shape, batch: int) -> tuple[Network, MemoryReport]:
        return part, ask(part, shape, batch)

    return document_of(ask_with_network, _explained, network, input_shape, batch)


def _explained(found: tuple[Network, MemoryReport]) -> Document:
    """The memory of a network with where the bytes of each layer come from."""
    from convcalc.explain.memory import explain_memory
    from convcalc.render.explanation import with_explanation

    return with_explanation(memory_document(found[1]), explain_memory(*found))
