"""`summary`, `fmt`, `layers` and `networks`: whole networks, and what they are written with."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.analysis import analyze
from convcalc.cli.commands.answers import document_of
from convcalc.cli.commands.shape_rf import network_and_input
from convcalc.cli.parsing.network_argument import check_name, read_text
from convcalc.cli.parsing.values import count_of
from convcalc.cli.terminal.streams import note, write_out
from convcalc.errors import NegativeAnswer, printable
from convcalc.language.parse import formatted
from convcalc.render.reference import kind_document, kinds_document, networks_document
from convcalc.render.summary import summary_document
from convcalc.zoo.catalog import network_names, network_text

if TYPE_CHECKING:
    from convcalc.cli.parsing.requests import Appearance, FormatRequest, KindRequest, SummaryRequest
    from convcalc.render.table import Document


def summary(given: SummaryRequest) -> Document:
    """`convcalc summary`: one table of everything, up to a layer that does not fit."""
    network, input_shape, batch = network_and_input(given)
    depth = None if given["depth"] is None else count_of("depth", given["depth"])
    return document_of(analyze, partial(summary_document, depth=depth), network, input_shape, batch)


def fmt(given: FormatRequest) -> None:
    """`convcalc fmt`: a spec in its canonical form, or with --check whether it is.

    Raises:
        NegativeAnswer: it is not, and --check asked.
    """
    name = given["file"]
    if name.lower() in network_names():
        text = network_text(name.lower())
    else:
        check_name(name)
        text = read_text(name)
    canonical = formatted(text)
    if not given["check"]:
        write_out(canonical)
    elif canonical != text:
        raise NegativeAnswer(
            f"'{printable(name)}' is not in canonical form; convcalc fmt prints it"
        )
    elif not given["quiet"]:
        note(f"'{printable(name)}' is in canonical form")


def layers(given: KindRequest) -> Document:
    """`convcalc layers`: every kind, or one kind and its parameters."""
    return kinds_document() if given["kind"] is None else kind_document(given["kind"])


def networks(given: Appearance) -> Document:
    """`convcalc networks`: the reference networks."""
    del given
    return networks_document()
