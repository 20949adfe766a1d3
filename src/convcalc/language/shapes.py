"""The shape of an input as people write it: 3x224x224, (3, 224, 224), 3 224 224."""

from __future__ import annotations

import re

from convcalc.errors import Diagnostic, SpecError
from convcalc.language.signs import narrowed

_SIGN = re.compile(r"\s*[xX,]\s*|\s+")
_SHAPE = re.compile(r"[1-9][0-9]{0,9}(?:x[1-9][0-9]{0,9}){0,3}")
_SIGNS = "xX,()\\[\\] \t\u00d7\uff0c\uff08\uff09\uff58"
"""Those between sizes and around them, as pages and papers have them, too."""

_INPUT = re.compile(rf"^# input ([0-9(\[\uff08][0-9{_SIGNS}]*|\S+)\s*$", re.MULTILINE)
"""Signs of a shape alone, or one word: a comment that goes on in words says no input."""


def plain_shape(text: str) -> str:
    """A shape in the form 3x224x224; what is no shape stays none.

    Example:
        >>> [plain_shape(text) for text in ("(3, 224, 224)", "3X224 x 224", "[3 224]", "(784,)")]
        ['3x224x224', '3x224x224', '3x224', '784']
    """
    inner = narrowed(text).strip()
    if inner[:1] + inner[-1:] in ("()", "[]"):
        inner = inner[1:-1].strip().removesuffix(",").rstrip()
    return _SIGN.sub("x", inner)


def declared_input(text: str) -> tuple[int, ...] | None:
    r"""The shape that a comment `# input 3x224x224` of a spec gives.

    Raises:
        SpecError: there is such a comment, and what it gives is no shape.

    Example:
        >>> declared_input("# input 3x224x224\nconv:8,k3")
        (3, 224, 224)
    """
    match = _INPUT.search(text)
    if match is None:
        return None
    shape = plain_shape(match[1])
    if not _SHAPE.fullmatch(shape):
        message = "expected channels and up to 3 spatial sizes after '# input', as 3x224x224"
        raise SpecError(
            text, [Diagnostic(message, match.start(1), match.start(1) + len(match[1].rstrip()))]
        )
    return tuple(map(int, shape.split("x")))
