"""Names that posted code uses without importing them, and what everybody means by them.

A class that somebody posted is often saved without the imports that stood above it. What such a
name means is put into the module before its code is run, if the text reads the name as a global and
binds it nowhere: not at its top, nor later, nor in a function that declares it `global`. The text
decides (`symtable` has Python's own account of whose a name is), and not a look-up that fails: who
reads a module's names from outside, as torch.jit.script does, would not find what only a look-up
from inside finds, and running a file again after a NameError would do twice what it does.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import pkgutil
import symtable
import sys
import traceback
import warnings
from importlib.util import decode_source
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import printable
from convcalc.importers.target import UNIMPORTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

USUAL = {
    # Above every network; of the 151 files of models in torchvision and timm 136, 149 and 66.
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    # Of forward's annotations (31), and of those who import the names of torch.nn singly.
    "Tensor": "torch.Tensor",
    "Parameter": "torch.nn.Parameter",
    # Written around every input up to torch 0.4, and still posted; it gives back the tensor.
    "Variable": "torch.autograd.Variable",
    # Sizes, and the initialisation of weights (math: 49).
    "np": "numpy",
    "numpy": "numpy",
    "math": "math",
    # copy.deepcopy of a layer, as transformers make their stacks.
    "copy": "copy",
    # partial(nn.LayerNorm, eps=1e-6) (96), nn.Sequential(OrderedDict([...])) (31).
    "partial": "functools.partial",
    "OrderedDict": "collections.OrderedDict",
    # Annotations, which are evaluated when a function is defined (58 to 150 each).
    **{
        name: f"typing.{name}"
        for name in ("Any", "Callable", "Dict", "List", "Optional", "Tuple", "Type", "Union")
    },
}
"""What a name means by convention. Names that mean several things (`init`, `models`, `checkpoint`)
are not here: a wrong guess would say less than the NameError."""

PACKAGES = {
    "torchvision": "torchvision",
    "models": "torchvision",
    "timm": "timm",
    "DropPath": "timm",
    "trunc_normal_": "timm",
    "einops": "einops",
    "rearrange": "einops",
    "Rearrange": "einops",
}
"""Packages of others that networks are built with, and names that are usually theirs."""


class Given(NamedTuple):
    """What a module is given before its code is run.

    Attributes:
        names: What its names mean.
        stars: The modules from which its code then takes all names, by `from ... import *`.
    """

    names: Mapping[str, object]
    stars: Sequence[str] = ()


def usual_names(source: bytes) -> Given:
    """What the names mean that a file uses as everybody does and defines nowhere.

    A name of a module counts only where something of the module is asked of it: `F` in
    `x.view(B, T, F)` is somebody's number, and its NameError is to be seen.

    Args:
        source: The file. Nothing is found in one that is no Python.

    Raises:
        ImportError: a library is not installed.
    """
    try:
        text = decode_source(source)
        tree, unbound = ast.parse(text), _unbound(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Given({})  # running it says what is wrong
    asked: dict[str, set[str]] = {}
    stars = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            asked.setdefault(node.value.id, set()).add(node.attr)
        elif isinstance(node, ast.ImportFrom) and node.module and node.names[0].name == "*":
            stars.append(node.module)
    names = {}
    for name, meaning in USUAL.items():
        if name in unbound and not hasattr(builtins, name):
            value = pkgutil.resolve_name(meaning)
            its_own = any(hasattr(value, one) for one in asked.get(name, ()))
            if its_own or not isinstance(value, ModuleType):
                names[name] = value
    return Given(names, stars)


def _unbound(text: str) -> set[str]:
    """The names that a file reads as globals and binds in no part of it."""
    read, bound = set(), set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes such as \alpha in a docstring
        tables = [symtable.symtable(text, "<file>", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for one in table.get_symbols():
            if not one.is_global():
                continue
            if one.is_assigned() or one.is_imported():
                bound.add(one.get_name())
            elif one.is_referenced():
                read.add(one.get_name())
    return read - bound


def names_note(file: str, module: ModuleType, given: Given) -> str:
    """The note that names which a module was given were used; nothing if there were none.

    A name that the module has by `from ... import *`, or has set otherwise, is its own.

    Args:
        file: The file as it was named.
        module: The module, its code run.
        given: What it was given.
    """
    stars = [vars(sys.modules[name]) for name in given.stars if name in sys.modules]
    used = [
        name
        for name, value in given.names.items()
        if vars(module).get(name) is value
        if not any(name in star.get("__all__", star) for star in stars)
    ]
    if not used:
        return ""
    it, was = ("it", "was") if len(used) == 1 else ("them", "were")
    meanings = _listed(USUAL[name] for name in used)
    return f"{printable(file, 100)} uses {_listed(used)}{UNIMPORTED}{it}; {meanings} {was} taken"


def _listed(words: Iterable[str]) -> str:
    """Words in a sentence: a, b and c."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def package_hint(error: BaseException) -> str:
    """What a file does not import, where it ended because a package's name is not defined.

    Example:
        >>> package_hint(NameError("name 'x' is not defined", name="x"))
        ''
    """
    if type(error) is not NameError or error.name not in PACKAGES:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    text = "".join(linecache.getlines(frames[-1].filename)) if frames else ""
    try:
        unbound = _unbound(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    name, package = error.name, PACKAGES[error.name]
    if name not in unbound:
        return ""
    usually = "" if name == package else f", which is usually of {package}"
    return f"; the file does not import {name}{usually}"
