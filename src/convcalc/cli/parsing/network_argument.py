"""What a command line means by a network: layers, a file, standard input, a reference network."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from convcalc.cli.parsing.onnx_argument import onnx_inputs, onnx_path
from convcalc.cli.parsing.values import STANDARD_INPUT
from convcalc.errors import ConvcalcError, DataError, UsageError, nearest, printable
from convcalc.file_names import begins_like_path, has_folder
from convcalc.language.parse import parse, shorthands
from convcalc.language.parser import LONGEST_TEXT
from convcalc.layers import KINDS
from convcalc.layers.other_names import kind_hint
from convcalc.network.given_inputs import GivenInput
from convcalc.zoo.catalog import load_network, network_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.importers.target import Target
    from convcalc.layers import Shape
    from convcalc.network.graph import Network

_NAME = re.compile(r"[\w-]+")
_SHAPE = re.compile(r"[0-9]+([x*][0-9]+){1,3}")
FILE_ENDINGS = (
    *(".spec", ".txt", ".py", ".onnx", ".pt", ".pth", ".pt2", ".ckpt", ".safetensors", ".npz"),
    *(".npy", ".keras", ".h5", ".hdf5", ".tflite", ".pb", ".mlmodel", ".mlpackage", ".caffemodel"),
    ".json",
)
"""Endings by which a word means a file, whether or not it is there."""

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
    asked = _asked(input_shape, given)
    if len(words) == 1:
        (word,) = words
        if word.lower() in network_names():
            return load_network(word.lower())
        target = model_target(word)
        if target is not None:
            from convcalc.importers.torch_target import run_target  # only a model needs it

            return run_target(target, input_shape, batch, given)
        is_onnx = onnx_path(words) is not None
        path, model = (word, None) if is_onnx else _file_and_model(word)
        if path == "-":
            return _read_standard_input(model, asked, in_order=in_order)
        if path is not None:
            from convcalc.importers.files.reading import read_file  # only a file needs it

            asked = onnx_inputs(inputs) if is_onnx else asked
            return read_file(path, asked, model=model, in_order=in_order)
        check_name(word)
        _check_module(word)
    _check_beside(words)
    return _read_layers(" ".join(words), asked, in_order=in_order)


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
    named = ".py" in word or "." in before or before in ("timm", "torchvision")
    if not named and not (has_folder(word) and os.path.isfile(word)):
        return None
    from convcalc.importers.target import LIBRARIES, Target, target_of, unnamed

    path = word.removesuffix(":")
    if ".py" in word:
        from convcalc.importers.files.keras_text import names_script, or_read

        if names_script(path, read_text):
            return None
        if path.endswith(".py") and os.path.isfile(path):
            text = read_text(path)
            raise UsageError(unnamed(path, text) + or_read(path, text))
    if os.path.isfile(word):
        from convcalc.importers.files.model_files import is_script

        if is_script(word):
            return Target(word, ())
    if path in LIBRARIES and path != word:
        raise UsageError(f"'{word}' names no model of {path}; write one behind it: {word}resnet18")
    return target_of(word)


def _asked(shape: Shape | None, given: Sequence[GivenInput] | None) -> list[GivenInput]:
    """The inputs that a model in a file is asked about, the first of them of a shape."""
    return [] if shape is None else [GivenInput(shape), *(given or ())[1:]]


def holds_keras(path: str) -> bool:
    """Whether the text of a file is of Keras; what cannot be read is left to whoever does."""
    if not os.path.isfile(path):
        return False
    try:
        text = read_text(path)
    except ConvcalcError:
        return False
    from convcalc.importers.files.keras_text import is_json, is_source

    return is_json(text) or is_source(text)


def _read_standard_input(
    model: str | None, asked: Sequence[GivenInput], *, in_order: bool
) -> Network:
    from convcalc.importers.files.texts import network_of_text

    return network_of_text(read_text("-"), "standard input", model, asked, in_order=in_order)


def _read_layers(text: str, asked: Sequence[GivenInput], *, in_order: bool) -> Network:
    """The network of words of a command line."""
    if "(" in text or text.startswith("{"):
        from convcalc.importers.files.texts import network_of_keras  # layers have none, mostly

        keras = network_of_keras(text, "", asked)
        if keras is not None:
            return keras
    return parse(text, in_order=in_order)


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


def is_document(path: str) -> bool:
    """Whether a file is called and written as a JSON document of a network.

    Raises:
        DataError: it is called so, and cannot be read.
    """
    if not path.lower().endswith(".json"):
        return False
    from convcalc.importers.files import texts  # only a file needs it

    return texts.is_document(read_text(path))


def read_text(path: str) -> str:
    """The text of a file, or of standard input for `-`.

    Raises:
        UsageError: standard input is a terminal.
        DataError: it cannot be read, is too large or not UTF-8, or is a file of another kind.
    """
    from convcalc.importers.files import texts  # only a file needs it

    if path != "-":
        return texts.read_text(path)
    if sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("'-' reads standard input, which is a terminal; pipe a spec into it")
    data = _read_stdin(LONGEST_TEXT + 1)
    _refuse_piped(data[:SIGN_BYTES])
    return texts.decoded(data, "standard input")


def _refuse_piped(head: bytes) -> None:
    """Standard input is a text: a model that is piped in is told what it is.

    Raises:
        DataError: it is no text.
    """
    if head.isascii() and b"\0" not in head and not head.startswith(b"\x08"):
        return
    from convcalc.importers.files.other_files import told_of_bytes  # only what is no plain text

    if kind := told_of_bytes(head):
        raise DataError(f"standard input is {kind}; give the name of the file in place of '-'")


def _read_stdin(most: int) -> bytes:
    try:
        return sys.stdin.buffer.read(most)
    except (OSError, AttributeError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:
            from convcalc.arrayfile.wording import unreadable  # only a failure needs it

            raise unreadable("standard input", error) from None
        raise DataError("cannot read standard input: it is closed") from None


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
