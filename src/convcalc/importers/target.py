"""Words that name an object of Python: `model.py:Net(10)`, `package.module:attribute`, `timm:NAME`.

Reading a word runs nothing, and neither does listing what a file defines.
"""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from convcalc.errors import UsageError, printable
from convcalc.python_source import defined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RUN = "the model's Python code was run, which may do all that you may"
"""What is said wherever a model of PyTorch was made and run."""

READ = "the model's Python code was read as text of Keras, and none of it was run"
"""What is said where a Python file is read."""

SCRIPT = "a TorchScript file is a program, and was run, which may read and write your files"
"""What is said of one."""

DECLARED = (
    "torchvision's compiled operators do not load beside this torch: nms and qnms are declared "
    "without a kernel, and a call of them ends the trace"
)
"""What is said where torchvision is imported without its compiled operators."""

UNIMPORTED = " without importing "
"""What a note says of names that a file uses and does not define (`usual_names`)."""

_FILE = re.compile(r"(?P<where>.*?\.py):(?P<what>.+)", re.DOTALL)
_PACKAGE = re.compile(r"(?P<where>[^\W\d]\w*(?:\.[^\W\d]\w*)+):(?P<what>[^\W\d].*)", re.DOTALL)
LIBRARIES = ("timm", "torchvision")
"""Libraries whose models have names: `timm:resnet50.a1_in1k`."""

_LIBRARY = re.compile(
    rf"(?P<where>{'|'.join(LIBRARIES)}):(?P<name>[^()]+)(?P<call>\(.*\))?", re.DOTALL
)
FILES = (
    *(".txt", ".spec", ".cfg", ".log", ".out", ".md", ".json", ".yaml", ".yml", ".onnx"),
    *(".pt", ".pth", ".pt2", ".h5", ".keras", ".tflite", ".safetensors"),
)
"""Endings of files that are no modules of Python, whether or not they are there."""

_CALL = re.compile(r"[^\W\d][\w.]*(?:\(.*\))?", re.DOTALL)


@dataclass(frozen=True)
class Target:
    """An object of Python, by where it is defined.

    Attributes:
        where: A file that ends in .py or is of TorchScript, the dotted name of a module, or one of
            `LIBRARIES`.
        path: The attributes that lead to it: ("Net",), or ("models", "Net"); of a library the name,
            of TorchScript none.
        called: Whether it is called, as in Net().
        positional: The arguments of the call, literals.
        named: Those that have names.
    """

    where: str
    path: tuple[str, ...]
    called: bool = False
    positional: tuple[object, ...] = ()
    named: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_file(self) -> bool:
        """Whether it is defined in a file, and not in a module that is installed."""
        return self.where.endswith(".py")

    @property
    def is_library(self) -> bool:
        """Whether it is a model that a library has a name for."""
        return self.where in LIBRARIES

    @property
    def is_script(self) -> bool:
        """Whether it is a file of TorchScript, which holds one model."""
        return not self.path

    @property
    def folder(self) -> str:
        """The folder that is importable while its code is run; nothing for a library's own."""
        if self.is_library or self.is_script:
            return ""
        return os.path.dirname(os.path.abspath(self.where)) if self.is_file else os.getcwd()


def target_of(word: str) -> Target | None:
    """What a word of a command line names; None where it is no object of Python.

    A dotted name that is the name of a file is that file, whatever its colon means.

    Raises:
        UsageError: the arguments of the call are no literals.
    """
    library = _LIBRARY.fullmatch(word)
    if library is not None:
        call = _read(library["where"], f"model{library['call'] or '()'}", word)
        return replace(call, path=(library["name"],))
    match = _FILE.fullmatch(word) or _PACKAGE.fullmatch(word)
    if match is None or not _CALL.fullmatch(match["what"]):
        return None
    where = match["where"]
    if not where.endswith(".py") and (where.endswith(FILES) or os.path.exists(where)):
        return None
    return _read(match["where"], match["what"], word)


def _read(where: str, what: str, word: str) -> Target:
    shown = printable(word, 80)
    try:
        tree = ast.parse(what, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(f"'{shown}' is no call: write it as model.py:Net(10, width=2)") from None
    if not isinstance(tree, ast.Call):
        return Target(where, tuple(what.split(".")))
    try:
        values = [ast.literal_eval(value) for value in tree.args]
        named = {str(one.arg): ast.literal_eval(one.value) for one in tree.keywords if one.arg}
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise UsageError(
            f"'{shown}': arguments are numbers, texts, lists and the like, written out"
        ) from None
    if any(value is ... for value in [*values, *named.values()]):
        raise UsageError(f"'{shown}': write a value in place of each ...")
    if len(named) < len(tree.keywords) or not isinstance(tree.func, ast.Name | ast.Attribute):
        raise UsageError(f"'{shown}': expected one call, as model.py:Net(10, width=2)")
    return Target(where, tuple(ast.unparse(tree.func).split(".")), True, tuple(values), named)


def lasting(notes: Iterable[str]) -> tuple[str, ...]:
    """The notes that are about a network, and not about how it was read this time."""
    passing = (RUN, READ, SCRIPT, DECLARED)
    return tuple(
        text
        for text in notes
        if text not in passing and text[:13] != "not given, so" and UNIMPORTED not in text
    )


def unnamed(path: str, text: str) -> str:
    """What to write where a Python file is given and no name of what is in it."""
    shown = printable(path, 100)
    try:
        found = defined(text)
    except SyntaxError as error:
        return f"'{shown}' is no Python that can be read: line {error.lineno}: {error.msg}"
    if not found.names:
        return f"'{shown}' is a Python file that defines no class and no function at its top"
    some = printable(", ".join(found.names[:12]), 300) + (", ..." if found.names[12:] else "")
    example = quoted(f"{shown}:{printable(found.example, 200)}")
    return f"'{shown}' is a Python file: name what to run, as {example}; it has {some}"


def quoted(word: str) -> str:
    """A word of a command line as a shell takes it: parentheses stand in quotes."""
    return f'"{word}"' if "(" in word else word
