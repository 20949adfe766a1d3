"""Texts that are models of Keras: source text, which is read and not run, and JSON."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from convcalc.errors import DataError, UsageError, printable
from convcalc.importers.files.model_files import shapes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.network.given_inputs import GivenInput
    from convcalc.network.graph import Network

_ONLY_KERAS = (
    r"(?:(?:Conv|Convolution|SeparableConv|SeparableConvolution|DepthwiseConv|MaxPool|MaxPooling"
    r"|AvgPool|AveragePooling|GlobalMaxPool|GlobalAvgPool|GlobalMaxPooling|GlobalAveragePooling"
    r"|UpSampling|ZeroPadding|Cropping)[123]D(?:Transpose)?|Dense|BatchNormalization|Activation"
    r"|Rescaling|InputLayer)"
)
_CALL = re.compile(
    r"(?<![\w.])(?<!\): )(?!nn\.|mx\.|gluon\.|paddle\.)"
    rf"(?:(?:(?:[A-Za-z_]\w*+\.){{0,6}}{_ONLY_KERAS}|(?:tf\.|tensorflow\.)?keras\.[\w.]*+)[ ]?\("
    r"|[A-Za-z_]\w*+\.add\([A-Z]\w*+\(|(?:from|import)[ \t]+(?:tensorflow\.)?keras\b)"
)
_CONTINUED = re.compile(r"^[ \t]*+\.{3}:(?=[ \t]|$)", re.MULTILINE)
"""What IPython has before the lines that go on with a statement."""

_OTHERS = re.compile(r"\b(?:import|from)[ \t]+(?:paddle|mxnet|flax|mindspore|oneflow|torch)\b")

_COMMENT = re.compile(r"#[^\n]*+")


def is_json(text: str) -> bool:
    """Whether a text is the JSON of `model.to_json()`, or a string of JSON that holds it."""
    return text.lstrip().startswith(("{", '"{', "'{")) and all(
        word in text for word in ("class_name", "config")
    )


def is_source(text: str) -> bool:
    """Whether a text has layers as source text of Keras makes them."""
    if _CALL.search(text) is None:
        return False
    if _OTHERS.search(text) is None:
        return True
    code = _COMMENT.sub("", text)  # "# in Keras: Dense(10)" in a text of PyTorch
    return "keras" in code.lower() and _CALL.search(code) is not None


def is_script(text: str) -> bool:
    """Whether the text of a Python file is such source text, with nothing in it to be run.

    It defines nothing, or functions alone that are followed to a model of Keras.
    """
    if not is_source(text):
        return False
    from convcalc.python_source import defines_class, defines_nothing

    try:
        if defines_nothing(text):
            return True
        if defines_class(text) or _OTHERS.search(text) is not None:
            return False
    except SyntaxError:
        return False
    from convcalc.importers.keras.source.model import makes_model

    return makes_model(_plain(text))


def _plain(text: str) -> str:
    """A text without prompts and quoting, every character in its place."""
    from convcalc.language.pytorch.cleaning import cleaned
    from convcalc.language.pytorch.posted import unquoted

    return _CONTINUED.sub(lambda found: " " * len(found.group()), unquoted(cleaned(text)))


def names_script(word: str, read: Callable[[str], str]) -> bool:
    """Whether a word is a Python file with nothing but a model of Keras, or a model in one.

    Args:
        word: `model.py` or `model.py:NAME`.
        read: Gives the text of a file.
    """
    path = word.rpartition(":")[0] if ".py:" in word else word
    if not path.endswith(".py") or not os.path.isfile(path):
        return False
    try:
        return is_script(read(path))
    except DataError:
        return False  # whoever runs it says what is wrong with it


def or_read(path: str, text: str) -> str:
    """How a model of Keras is read from a Python file that defines more; nothing of others."""
    shown = printable(path, 100)
    return f"; its text of Keras is read, not run, as: - < {shown}" if is_source(text) else ""


def read_keras(
    text: str, label: str, given: Sequence[GivenInput] = (), model: str | None = None
) -> Network | None:
    """The network of a model of Keras in a text; None where the text is none.

    Args:
        text: The text.
        label: What messages call it, with quotes; nothing of words.
        given: The inputs that it is asked about, in its order.
        model: Which of several models, by its variable or its number.

    Raises:
        ParameterError: an input has a name.
        SpecError: it has what cannot be read.
        DataError: its layers do not fit.
        UsageError: there is no such model, or the shape of its input is not known.
    """
    json = is_json(text)
    if not json and not is_source(text):
        return None
    shapes = shapes_of(given)
    if json:
        from convcalc.importers.keras.source.model import network_of_json

        if model is not None:
            raise UsageError(f"JSON of Keras holds one model, and no '{printable(model, 60)}'")
        return network_of_json(text, label or "the text", next(iter(shapes), None), shapes[1:])
    from convcalc.importers.keras.source.model import network_of

    return network_of(text, _plain(text), label, shapes, model)
