"""`diff`: two networks side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.analysis.diff import difference
from convcalc.analysis.memory.report import analyze_memory
from convcalc.cli.commands.answers import with_flag_names
from convcalc.cli.parsing.model_inputs import inputs_of
from convcalc.cli.parsing.network_argument import model_target, read_source
from convcalc.cli.parsing.onnx_argument import onnx_path
from convcalc.cli.parsing.shapes import check_axes, doubt
from convcalc.cli.parsing.values import STANDARD_INPUT, count_of
from convcalc.cli.terminal.streams import note
from convcalc.errors import UsageError, printable
from convcalc.layers.base import format_shape
from convcalc.network.usual_input import usual_input
from convcalc.render.difference import difference_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.cli.parsing.requests import DiffRequest
    from convcalc.layers import Shape
    from convcalc.network.given_inputs import GivenInput
    from convcalc.network.graph import Network
    from convcalc.render.table import Document


def diff(given: DiffRequest) -> Document:
    """`convcalc diff`: the layers of two networks, paired.

    Raises:
        UsageError: both networks would come from standard input, or a value is impossible.
        SpecError: a network has faults, or does not fit its input.
    """
    words = [given[name].replace(STANDARD_INPUT, "-") for name in ("a", "b")]
    if all(word == "-" or word.startswith("-:") for word in words):
        raise UsageError("only one of the two networks can come from standard input, '-'")
    depth = None if given["depth"] is None else count_of("depth", given["depth"])
    text, in_order = given["input"], bool(given["in_order"])
    in_files = all(onnx_path([word]) is not None for word in words)
    models = [word for word in words if model_target(word) is not None]
    inputs = [] if in_files else inputs_of(text, models[:1])
    asked = inputs[0].shape if inputs else None
    networks = _networks(words, inputs, text, in_order=in_order)
    shapes = _shapes(networks, asked, quiet=bool(given["quiet"]))
    reports = [
        with_flag_names(network.analyze, shape)
        for network, shape in zip(networks, shapes, strict=True)
    ]
    peaks = [
        analyze_memory(network, shape).peak_bytes if network.nodes else 0
        for network, shape in zip(networks, shapes, strict=True)
    ]
    names = [printable(" ".join(word.split()), 60) for word in words]
    found = difference(reports[0], reports[1], (names[0], names[1]), (peaks[0], peaks[1]))
    document = difference_document(found, complete=bool(given["all"]), depth=depth)
    for letter, network in zip("AB", networks, strict=True):
        if network.trace is not None:
            from convcalc.render.failures import left_open_beside  # of models that were run

            left_open_beside(document, letter, network.trace)
    return document


def _networks(
    words: Sequence[str], given: Sequence[GivenInput], text: str | None, *, in_order: bool
) -> list[Network]:
    """Both networks; a model that is run takes the input of the other, where none is asked for."""
    found: dict[str, Network] = {}
    asked = given[0].shape if given else None
    for word in sorted(words, key=lambda word: model_target(word) is not None):
        found[word] = read_source(
            [word], in_order=in_order, input_shape=asked, inputs=text, given=given
        )
        asked = found[word].input_shape if asked is None else asked
    return [found[word] for word in words]


def _shapes(networks: Sequence[Network], asked: Shape | None, *, quiet: bool) -> list[Shape]:
    """The input of each network: what is asked for, its own, that of the other, or the default.

    What was assumed, and what may have been meant otherwise, is said.
    """
    notes: list[str] = []
    if asked is not None:
        for network in networks:
            check_axes(network, asked, batch=False)
        shapes = [asked, asked]
    else:
        shapes, notes = _assumed(networks)
    notes += [
        doubt(network, shape, batch=False) or ""
        for network, shape in zip(networks, shapes, strict=True)
    ]
    notes = [*(text for network in networks for text in network.notes), *notes]
    for text in () if quiet else filter(None, dict.fromkeys(notes)):
        note(text)
    return shapes


def _assumed(networks: Sequence[Network]) -> tuple[list[Shape], list[str]]:
    """The shapes where none is asked for, and a note of those that were assumed."""
    declared = [network.input_shape for network in networks]
    known = [shape for shape in declared if shape is not None]
    missing = [letter for letter, shape in zip("AB", declared, strict=True) if shape is None]
    if not missing:
        return known, []
    if known:
        assumed, why = known[0], f" for {missing[0]}, as for the other (-i)"
    else:
        guesses = [usual_input(network) for network in networks]
        assumed, reason = next((one for one in guesses if one.reason), guesses[0])
        why = f" (-i){reason and f': {reason}'}"
    notes = [f"not given, so assumed: input {format_shape(assumed)}{why}"]
    return [shape or assumed for shape in declared], notes
