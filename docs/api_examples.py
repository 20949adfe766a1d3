"""For mkdocstrings: a docstring's `Example:` is code, as `Examples:` is to griffe."""

from __future__ import annotations

import re
from typing import Any

import griffe


class ExamplesAsCode(griffe.Extension):
    """Writes the section in the plural before the docstring is read."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Every object that has a docstring."""
        if obj.docstring is not None:
            obj.docstring.value = re.sub(
                r"^Example:$", "Examples:", obj.docstring.value, flags=re.MULTILINE
            )
