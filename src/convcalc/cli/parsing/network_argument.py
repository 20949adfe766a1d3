"""What a command line means by a network: layers, a file, standard input, a reference network."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.cli.parsing.onnx_argument import check_installed, input_shapes, onnx_path
from convcalc.cli.parsing.values import STANDARD_INPUT
from convcalc.errors import (
    ConvcalcError,
    DataError,
    ResourceError,
    SpecError,
    UsageError,
    is_shortage,
    nearest,
    printable,
)
from convcalc.file_names import begins_like_path, has_folder
from convcalc.language.parse import parse, shorthands
from convcalc.language.parser import LONGEST_TEXT
from convcalc.language.shapes import declared_input
from convcalc.layers import KINDS
from convcalc.layers.other_names import kind_hint
from convcalc.network.functional import declared_functions
from convcalc.opening import open_text
from convcalc.zoo.catalog import load_network, network_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.importers.target import Target
    from convcalc.layers import Shape
    from convcalc.network.given_inputs import GivenInput
    from convcalc.network.graph import Network

LONGEST_DOCUMENT = 64 * 2**20
"""Bytes of a JSON document: some hundred for each node."""

_NAME = re.compile(r"[\w-]+")
_SHAPE = re.compile(r"[0-9]+([x*][0-9]+){1,3}")
FILE_ENDINGS = (
    *(".spec", ".txt", ".py", ".onnx", ".pt", ".pth", ".pt2", ".ckpt", ".safetensors", ".npz"),
    *(".npy", ".keras", ".h5", ".hdf5", ".tflite", ".pb", ".mlmodel", ".mlpackage", ".caffemodel"),
    ".json",
)
"""Endings by which a word means a file, whether or not it is there."""

_KERAS = ("keras", "Keras", "Dense(", "1D(", "2D(", "3D(", "class_name")
"""Words of which a text of Keras has one, and hardly any other."""

SIGN_BYTES = 512
"""The first bytes of standard input, by which what is no text is told."""


def read_source(
    words: Sequence[str],
    *,
    in_order: bool = False,
    input_shape: Shape | None = None,
    inputs: str | None = None,
    batch: int = 1,
    given: Sequence[GivenInput] | None = None,
) -> Network:
    """The network that the words of a command line mean.

    One word may be `-` (standard input), a reference network or a file; everything else is the text
    of a spec. A kind of layer wins over a file of the same name; `./relu` is always the file,
    whatever signs are in its name. `FILE:NAME` is one of several models in a file, by its name
    there or its number, or a module inside the first by its path; so is `-:NAME` of standard input.
    `model.py:Net` and `package.module:attribute` are models of PyTorch, whose code is run, and so
    are `timm:NAME` and `torchvision:NAME`. Files of Keras, torch.export and TFLite are models that
    are read and not run. An ONNX file is read without its weights.

    Args:
        words: The words.
        in_order: Whether modules of a printed class are applied in the order of the print.
        input_shape: What a model is run on or asked about, (channels, *sizes).
        inputs: The shapes of an ONNX model's inputs, as a command line has them.
        batch: Samples that its figures are asked for.
        given: All inputs of a model, where there are several or they have a dtype; None where
            nobody can give them.

    Raises:
        UsageError: standard input is a terminal.
        DataError: the file cannot be read, or is no text.
        SpecError: the text has faults.
    """
    if len(words) == 1:
        (word,) = words
        if word.lower() in network_names():
            return load_network(word.lower())
        target = model_target(word)
        if target is not None:
            return _run_model(target, input_shape, batch, given)
        if onnx_path(words) is not None:
            return _read_onnx(word, inputs)
        path, model = _file_and_model(word)
        if path is not None:
            further = [one.shape for one in (given or ())[1:]]
            found = _read_model(path, input_shape, further)
            if model is not None and (found or onnx_path([path])):
                raise UsageError(f"{_label(path)} holds one model, and no '{printable(model, 60)}'")
            return found or _read_file(path, model, input_shape, further, in_order=in_order)
        check_name(word)
        _check_module(word)
    _check_beside(words)
    text = " ".join(words)
    keras = _read_keras(text, "", input_shape, [one.shape for one in (given or ())[1:]], None)
    return keras or parse(text, in_order=in_order)


def _check_module(word: str) -> None:
    """`model:Net` beside a file model.py is a model in it without the ending of the file.

    Raises:
        UsageError: it is; the message has the whole of it.
    """
    before, colon, name = word.partition(":")
    if colon and before.lower() not in KINDS and os.path.isfile(f"{before}.py"):
        file, shown = printable(f"{before}.py", 60), printable(f"{before}.py:{name}", 120)
        raise UsageError(f"no kind is called '{printable(before, 60)}'; of '{file}' it is {shown}")


def _check_beside(words: Sequence[str]) -> None:
    """Words that are to be layers are neither the names of networks nor shapes.

    Raises:
        UsageError: one is; the message says where it belongs.
    """
    alone = [printable(word, 60) for word in words if word.lower() in network_names()]
    if alone and len(alone) == len(words):
        several = " ".join(alone)
        raise UsageError(f"one network is taken here; for several: convcalc compare {several}")
    if alone:
        raise UsageError(f"a reference network stands alone: '{alone[0]}' has layers beside it")
    shape = next((word for word in words if _SHAPE.fullmatch(word)), None)
    if shape is not None:
        shown = printable(shape, 60)
        raise UsageError(f"'{shown}' is no layer; the shape of the input is given as -i {shown}")


def is_layers(word: str) -> bool:
    """Whether a word is a text of layers: it begins with a kind, and no file is called so."""
    kind = (
        re.split("[:\N{FULLWIDTH COLON}{\\s]", word.strip(), maxsplit=1)[0]
        .rpartition("=")[2]
        .lower()
    )
    return (kind in KINDS or kind in shorthands()) and not os.path.lexists(word)


def model_target(word: str) -> Target | None:
    """The object of Python that a word names; None where it is none, and nothing is run.

    Raises:
        UsageError: it is a Python file, and what is in it is not named.
    """
    before = word.partition(":")[0]
    if ".py" not in word and "." not in before and before not in ("timm", "torchvision"):
        return None
    from convcalc.importers.target import LIBRARIES, Target, target_of, unnamed

    path = word.removesuffix(":")
    if ".py" in word:
        from convcalc.cli.parsing.keras_text import names_script, or_read

        if names_script(path, read_text):
            return None
        if path.endswith(".py") and os.path.isfile(path):
            text = read_text(path)
            raise UsageError(unnamed(path, text) + or_read(path, text))
    if os.path.isfile(word):
        from convcalc.cli.parsing.model_files import is_script

        if is_script(word):
            return Target(word, ())
    if path in LIBRARIES and path != word:
        raise UsageError(f"'{word}' names no model of {path}; write one behind it: {word}resnet18")
    return target_of(word)


def holds_keras(path: str) -> bool:
    """Whether the text of a file is of Keras; what cannot be read is left to whoever does."""
    if not os.path.isfile(path):
        return False
    try:
        text = read_text(path)
    except ConvcalcError:
        return False
    from convcalc.cli.parsing.keras_text import is_json, is_source

    return is_json(text) or is_source(text)


def _may_be_keras(text: str) -> bool:
    return any(sign in text for sign in _KERAS)


def _run_model(
    target: Target, input_shape: Shape | None, batch: int, given: Sequence[GivenInput] | None
) -> Network:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise UsageError("a model of PyTorch needs torch; pip install 'convcalc[torch]' brings it")
    from convcalc.importers.torch_model import network_of

    return network_of(target, input_shape, batch, given)


def _read_model(path: str, shape: Shape | None, further: Sequence[Shape]) -> Network | None:
    """The network of a model that another program has saved; None where a file is none."""
    from convcalc.cli.parsing.model_files import read_model_file  # only a file needs it

    return read_model_file(path, shape, further)


def _read_onnx(path: str, inputs: str | None) -> Network:
    check_installed()
    from convcalc.importers.onnx_model import network_of

    return network_of(path, input_shapes(inputs))


def _read_file(
    path: str, model: str | None, shape: Shape | None, further: Sequence[Shape], *, in_order: bool
) -> Network:
    text = read_text(path)
    if is_document(text):
        return _read_document(path, model, text)
    keras = _read_keras(text, path, shape, further, model)
    if keras is not None:
        return keras
    try:
        declared_input(text)  # a comment that gives no shape is a fault here
        found = parse(text, model=model, in_order=in_order)
        return replace(found, functions=declared_functions(text))
    except SpecError as error:
        raise SpecError(text, error.problems, _label(path), more=error.more) from None


def _read_keras(
    text: str, path: str, shape: Shape | None, further: Sequence[Shape], model: str | None
) -> Network | None:
    """The network of a text of Keras, None of another; words of a command line have no path."""
    if not _may_be_keras(text):
        return None
    from convcalc.cli.parsing.keras_text import read_keras

    found = read_keras(text, _label(path) if path else "", shape, further, model)
    if found is None or not path.endswith(".py"):
        return found
    from convcalc.importers.target import READ

    return replace(found, notes=(READ, *found.notes))


def is_document(text: str) -> bool:
    """Whether a text is a JSON document of a network, and no text of the language."""
    return text.lstrip()[:1] == "{" and '"convcalc_network"' in text


def _read_document(path: str, model: str | None, text: str) -> Network:
    from convcalc.language.document import read_document

    if model is not None:
        raise UsageError(f"a document holds one network, and no '{printable(model, 60)}'")
    return read_document(text, _label(path))


def _label(path: str) -> str:
    """What messages call a file."""
    return "standard input" if path == "-" else f"'{printable(path)}'"


def _file_and_model(word: str) -> tuple[str | None, str | None]:
    """The file that a word means, if any, and the model in it that it names behind a colon."""
    path, _, model = word.rpartition(":")
    if model and path in ("-", STANDARD_INPUT):
        return "-", model
    if model and _is_file(path) and os.path.isfile(path) and not os.path.exists(word):
        return path, model
    return (word, None) if word == "-" or _is_file(word) else (None, None)


def check_name(word: str) -> None:
    """A word that is no layer and looks like the name of a network is probably meant so.

    Raises:
        UsageError: it is; the message names the nearest, or where other libraries' models are.
    """
    if not _NAME.fullmatch(word) or word.lower() in KINDS or word in shorthands():
        return
    hint = nearest(word, network_names())
    if kind_hint(word):
        return
    shown = printable(word, 60)
    if not hint and "_" in word:
        hint = f"; models of other libraries are torchvision:{shown} or timm:{shown}"
    if hint:
        raise UsageError(f"no layer, file or network is called '{shown}'{hint}")


def read_text(path: str) -> str:
    """The text of a file, or of standard input for `-`.

    Raises:
        UsageError: standard input is a terminal.
        DataError: it cannot be read, is too large or not UTF-8, or is a file of another kind.
    """
    label = _label(path)
    if path != "-":
        from convcalc.cli.parsing.other_files import refuse_other_kinds  # only a file needs it

        refuse_other_kinds(path)
    elif sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("'-' reads standard input, which is a terminal; pipe a spec into it")
    most = LONGEST_DOCUMENT if path.lower().endswith(".json") else LONGEST_TEXT
    data = _read(path, label, most)
    if path == "-":
        _refuse_piped(data[:SIGN_BYTES])
    if len(data) > most:
        raise DataError(f"{label} is too large for a spec: at most {most:,} bytes are read")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{label} is no text in UTF-8: byte {error.start} is 0x{data[error.start]:02x}"
        ) from None


def _refuse_piped(head: bytes) -> None:
    """Standard input is a text: a model that is piped in is told what it is.

    Raises:
        DataError: it is no text.
    """
    if head.isascii() and b"\0" not in head and not head.startswith(b"\x08"):
        return
    from convcalc.cli.parsing.other_files import told_of_bytes  # only what is no plain text

    if kind := told_of_bytes(head):
        raise DataError(f"standard input is {kind}; give the name of the file in place of '-'")


def _read(path: str, label: str, most: int) -> bytes:
    """Its bytes; one more than `most` where it has more."""
    try:
        if path == "-":
            return sys.stdin.buffer.read(most + 1)
        with open(open_text(path, label), "rb") as file:
            return file.read(most + 1)
    except (OSError, AttributeError, ValueError) as error:  # ValueError: a name with a NUL byte
        unnamed = "it is closed" if path == "-" else str(error)
        number = getattr(error, "errno", None)
        kind = ResourceError if is_shortage(error) else DataError
        raise kind(f"cannot read {label}: {os.strerror(number) if number else unnamed}") from None


def _is_file(word: str) -> bool:
    """Whether a word is meant as a file: it has a folder or an ending, or such a file is there.

    No layer begins like a path, with '=' or with '-'. A word with the signs of a layer is a file
    only if there is one that has a folder or an ending.
    """
    if begins_like_path(word):
        return True
    if word.startswith(("=", "-")) and os.path.isfile(word):
        return True
    kind = re.split("[:{]", word, maxsplit=1)[0].rpartition("=")[2]
    if kind.lower() in KINDS or kind in shorthands():
        return False
    named = has_folder(word) or "." in os.path.basename(word)
    if any(sign in word for sign in ":{("):
        return named and os.path.isfile(word)
    return (
        has_folder(word) or word.lower().endswith(FILE_ENDINGS) or (named and os.path.exists(word))
    )
