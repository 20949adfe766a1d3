"""How an answer looks: documents, and their forms as table, JSON, CSV and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.lazy_names import loader_of

if TYPE_CHECKING:
    from convcalc.render.answers import short_text, whole_text
    from convcalc.render.notebook import folded_html

__all__ = ["folded_html", "short_text", "whole_text"]

_MODULE_OF = {"folded_html": "notebook", "short_text": "answers", "whole_text": "answers"}

__getattr__ = loader_of(__name__, _MODULE_OF)
"""What an answer looks like in Python, loaded when it is first looked at."""
