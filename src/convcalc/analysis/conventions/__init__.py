"""Other ways of counting by their names; each is one file of rules beside this one.

A new one is a file with a `CONVENTION` and a line in `MODULE_OF`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from convcalc.analysis.report import CONVENTION_NAME
from convcalc.errors import UsageError, described, nearest, printable

if TYPE_CHECKING:
    from convcalc.analysis.conventions.base import Convention

MODULE_OF = {
    "torch": "torch_counter",
    "fvcore": "fvcore",
    "torchinfo": "torchinfo",
    "ptflops": "ptflops",
    "thop": "thop",
}
"""The module of this package that each convention is in."""

CONVENTIONS = (CONVENTION_NAME, *MODULE_OF)
"""Every name, our own first, which needs no rules."""


def load_convention(name: str) -> Convention:
    """The rules of another tool.

    Raises:
        UsageError: there is no such convention; the message has the nearest.

    Example:
        >>> load_convention("thop").tool
        'thop 0.1.1'
    """
    if not isinstance(name, str):
        raise UsageError(f"expected the name of a convention, as torch; got {described(name)}")
    if name not in MODULE_OF:
        hint = nearest(name, CONVENTIONS) or f"; there are {', '.join(CONVENTIONS)}"
        raise UsageError(f"no convention is called '{printable(name, 60)}'{hint}")
    module = import_module(f"convcalc.analysis.conventions.{MODULE_OF[name]}")
    convention: Convention = module.CONVENTION
    return convention
