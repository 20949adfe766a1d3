"""Layers as text and JSON documents, in files: read within bounds, their faults with places."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.errors import DataError, SpecError, UsageError, printable
from convcalc.importers.files.other_files import refuse_other_kinds
from convcalc.language.parse import parse
from convcalc.language.parser import LONGEST_TEXT
from convcalc.language.shapes import declared_input
from convcalc.network.functional import declared_functions
from convcalc.opening import open_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.network.given_inputs import GivenInput
    from convcalc.network.graph import Network

KERAS_SIGNS = ("keras", "Keras", "Dense(", "1D(", "2D(", "3D(", "class_name")
"""Words of which a text of Keras has one, and hardly any other."""

LONGEST_DOCUMENT = 64 * 2**20
"""Bytes of a JSON document: some hundred for each node."""


def label_of(path: str) -> str:
    """What messages call a file."""
    return f"'{printable(path)}'"


def network_of_text(
    text: str,
    label: str,
    model: str | None = None,
    given: Sequence[GivenInput] = (),
    *,
    in_order: bool = False,
) -> Network:
    """The network of a text or of a JSON document, with what comments say of its input and calls.

    Args:
        text: All of a file.
        label: What messages call it.
        model: Which of several models, as `parse` takes it.
        given: The inputs that a model of Keras is asked about.
        in_order: Whether modules of a printed class are applied in the order of the print.

    Raises:
        SpecError: the text has faults.
        UsageError: a document is asked for one of several models.
        DataError: the document is none that can be read.
    """
    if is_document(text):
        from convcalc.language.document import read_document  # a text does without

        if model is not None:
            raise UsageError(f"a document holds one network, and no '{printable(model, 60)}'")
        return read_document(text, label)
    keras = network_of_keras(text, label, given, model)
    if keras is not None:
        return keras
    try:
        declared_input(text)  # a comment that gives no shape is a fault here
        found = parse(text, model=model, in_order=in_order)
        return replace(found, functions=declared_functions(text))
    except SpecError as error:
        raise SpecError(text, error.problems, label, more=error.more) from None


def network_of_keras(
    text: str, label: str, given: Sequence[GivenInput] = (), model: str | None = None
) -> Network | None:
    """The network of a text of Keras, as `keras_text.read_keras`; None where the text is none."""
    if not any(sign in text for sign in KERAS_SIGNS):
        return None
    from convcalc.importers.files.keras_text import read_keras

    return read_keras(text, label, given, model)


def is_document(text: str) -> bool:
    """Whether a text is a JSON document of a network, and no text of the language."""
    return text.lstrip()[:1] == "{" and '"convcalc_network"' in text


def read_text(path: str) -> str:
    """The text of a file.

    Raises:
        DataError: it cannot be read, is too large or not UTF-8, or is a file of another kind.
        ResourceError: too many files are open.
    """
    refuse_other_kinds(path)
    label = label_of(path)
    most = LONGEST_DOCUMENT if path.lower().endswith(".json") else LONGEST_TEXT
    try:
        with open(open_text(path, label), "rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL byte
        from convcalc.arrayfile.wording import unreadable  # only a failure needs it

        raise unreadable(label, error) from None
    return decoded(data, label, most)


def decoded(data: bytes, label: str, most: int = LONGEST_TEXT) -> str:
    """The text that bytes are in UTF-8.

    Args:
        data: What was read, a byte more than `most` where there is more.
        label: What messages call its source.
        most: The bytes of the longest text.

    Raises:
        DataError: they are more, or no UTF-8.
    """
    if len(data) > most:
        raise DataError(f"{label} is too large for a spec: at most {most:,} bytes are read")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{label} is no text in UTF-8: byte {error.start} is 0x{data[error.start]:02x}"
        ) from None
