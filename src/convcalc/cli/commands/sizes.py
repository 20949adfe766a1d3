"""`sizes`: the input sizes that a network takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli.commands.shape_rf import network_and_input
from convcalc.cli.parsing.values import count_of, flag, text_of
from convcalc.cli.terminal.progress import told
from convcalc.errors import NegativeAnswer, UsageError, printable
from convcalc.inverse.ranges import read_range
from convcalc.inverse.sizes import LAST, most_sizes, network_sizes
from convcalc.render.sizes import sizes_document

if TYPE_CHECKING:
    from convcalc.cli.parsing.requests import SizesRequest
    from convcalc.render.table import Document

BEYOND = 256
"""Sizes beyond the one that is asked about which are tried, too."""


def sizes(given: SizesRequest) -> Document:
    """`convcalc sizes`.

    Raises:
        UsageError: the network has no spatial axes, or the range is none.
    """
    near = None if given["near"] is None else count_of("near", given["near"])
    unused = None if given["unused"] is None else count_of("unused", given["unused"], 0)
    network, input_shape, _ = network_and_input(given)
    channels, *own = input_shape
    if not own:
        raise UsageError(
            f"a network of {channels} features has no spatial sizes to choose from; -i says how "
            "many axes there are, as -i 3x224x224"
        )
    first, last = _usual_range(own, near, most_sizes(network))
    if given["range"] is not None:
        first, last = _range(given["range"])
        if near is not None and not first <= near <= last:
            raise UsageError(f"--near {near} lies outside of --range {first}..{last}")
    found = network_sizes(network, channels, len(own), first, last, unused, told("sizes"))
    document = sizes_document(found, near, unused)
    if not found.rule.sizes():
        document.failure = NegativeAnswer(f"no size from {first} to {last} fits")
    return document


def _usual_range(own: list[int], near: int | None, most: int) -> tuple[int, int]:
    """The sizes that are tried where none are said: up to well beyond those that are spoken of.

    Of a size that is too large for that, those around it.
    """
    spoken = max(own) if near is None else near
    last = max(LAST, spoken + BEYOND, 2 * max(own))
    if last <= most:
        return 1, last
    last = max(min(LAST, most), spoken + min(BEYOND, most // 2))
    return max(1, last - min(most, 2 * BEYOND) + 1), last


def _range(text: str) -> tuple[int, int]:
    """The first and the last size of a range.

    Raises:
        UsageError: it is none.
    """
    try:
        found = read_range(text_of("range", text))
    except ValueError as error:
        raise UsageError(f"{flag('range')}: {error}, got '{printable(text, 60)}'") from None
    if found is None or found.step > 1:
        raise UsageError(f"--range: expected first..last, as 1..512; got '{printable(text, 60)}'")
    return found[0], found[-1]
