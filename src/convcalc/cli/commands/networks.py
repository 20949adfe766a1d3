"""`summary`, `fmt`, `layers` and `networks`: whole networks, and what they are written with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.analysis import analyze
from convcalc.cli.commands.answers import document_of
from convcalc.cli.commands.shape_rf import network_and_input
from convcalc.cli.parsing.network_argument import (
    check_name,
    is_document,
    is_layers,
    model_target,
    read_source,
    read_text,
)
from convcalc.cli.terminal.streams import note, write_out
from convcalc.errors import NegativeAnswer, UsageError, printable
from convcalc.language.parse import formatted
from convcalc.render.reference import kind_document, kinds_document, networks_document
from convcalc.render.summary import summary_document
from convcalc.zoo.catalog import network_names, network_text

if TYPE_CHECKING:
    from convcalc.cli.parsing.requests import (
        CalculatorRequest,
        DocumentRequest,
        FormatRequest,
        KindRequest,
    )
    from convcalc.render.table import Document


def summary(given: CalculatorRequest) -> Document:
    """`convcalc summary`: one table of everything, up to a layer that does not fit."""
    network, input_shape, batch = network_and_input(given)
    return document_of(analyze, summary_document, network, input_shape, batch)


def fmt(given: FormatRequest) -> None:
    """`convcalc fmt`: a spec in its canonical form, or with --check whether it is.

    Raises:
        NegativeAnswer: it is not, and --check asked.
    """
    name = given["file"]
    if name.lower() in network_names():
        text = network_text(name.lower())
    elif (written := _written(given)) is not None:
        write_out(written)
        return
    elif is_layers(name):
        text = f"{name}\n"
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


def _written(given: FormatRequest) -> str | None:
    """The spec of a network that is no text: a model of PyTorch, or a document; None of a text.

    Raises:
        UsageError: --check asks for the form of a text.
    """
    name = given["file"]
    if not is_document(name) and model_target(name) is None:
        return None
    if given["check"]:
        raise UsageError(f"--check asks about a text; '{printable(name, 60)}' is none")
    from convcalc.importers.target import lasting
    from convcalc.language.spec_file import spec_file

    network = read_source([name])
    for text in () if given["quiet"] else network.notes:
        note(text)
    return spec_file(replace(network, notes=lasting(network.notes)), None)


def layers(given: KindRequest) -> Document:
    """`convcalc layers`: every kind, or one kind and its parameters."""
    return kinds_document() if given["kind"] is None else kind_document(given["kind"])


def networks(given: DocumentRequest) -> Document:
    """`convcalc networks`: the reference networks."""
    del given
    return networks_document()
