"""How an answer looks: documents, and their forms as table, JSON, CSV and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.render.answers import short_text, whole_text
    from convcalc.render.notebook import folded_html

__all__ = ["folded_html", "short_text", "whole_text"]

_MODULE_OF = {"folded_html": "notebook", "short_text": "answers", "whole_text": "answers"}


def __getattr__(name: str) -> object:
    """What an answer looks like in Python, loaded when it is first looked at."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'convcalc.render' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"convcalc.render.{_MODULE_OF[name]}"), name)
