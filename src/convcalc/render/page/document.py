"""A page put together: its text, its style and its scripts in one file, which loads nothing."""

from __future__ import annotations

import json
import re
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.render.page.start import PageStart

SCRIPTS = (
    "convolution.mjs",
    "pooling.mjs",
    "functions.mjs",
    "joins.mjs",
    "shares.mjs",
    "moves.mjs",
    "sums.mjs",
    "numbers.mjs",
    "settings.mjs",
    "operations.mjs",
    "network.mjs",
    "spec.mjs",
    "formulas.mjs",
    "words.mjs",
    "grids.mjs",
    "controls.mjs",
    "painting.mjs",
    "arithmetic.mjs",
    "telling.mjs",
    "stage.mjs",
    "state.mjs",
    "page.mjs",
)
"""The scripts in an order in which each imports earlier ones alone."""

STYLES = ("page.css", "squares.css")

IMPORT = re.compile(r'^import \{[^}]*\} from "\./[a-z]+\.mjs";\n', re.MULTILINE)
COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)
INDENT = re.compile(r"^ +", re.MULTILINE)
EXPORT = re.compile(r"^export (?=const |function |class )", re.MULTILINE)


def page_html(start: PageStart) -> str:
    """The page of a network, as HTML; without the indents of its parts, a twentieth of it."""
    # In a script "</" could end it; JSON has no other use for a stroke behind "<".
    data = json.dumps(start, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return Template(_file("page.html")).substitute(
        name=escape(start["name"]),
        style=INDENT.sub("", "".join(map(_file, STYLES))),
        script=INDENT.sub("", joined_scripts()),
        start=data,
    )


def joined_scripts() -> str:
    """All scripts as one module, which a page from disk may run; imports from disk it may not.

    Comments are left out: a sixth of the page, and who wants to read them has the scripts.
    """
    return "".join(map(_script, SCRIPTS))


def _script(name: str) -> str:
    return COMMENT.sub("", EXPORT.sub("", IMPORT.sub("", _file(name))))


def _file(name: str) -> str:
    return files("convcalc.render.page").joinpath(name).read_text(encoding="utf-8")
