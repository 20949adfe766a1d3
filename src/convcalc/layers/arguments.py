"""What a caller gives in Python, checked once at the door: a fault is told in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import ParameterError, described, nearest
from convcalc.layers.parameters import count

if TYPE_CHECKING:
    from collections.abc import Collection


def checked_text(name: str, value: object, form: str) -> str:
    """A text.

    Args:
        name: What the caller calls it.
        value: What was given.
        form: What is expected, as "layers, as 'conv:64,k3 relu'".

    Raises:
        ParameterError: it is none.
    """
    if not isinstance(value, str):
        raise ParameterError(name, f"expected {form}, got {described(value)}")
    return value


def checked_word(name: str, value: object, known: Collection[str]) -> str:
    """One of some words.

    Raises:
        ParameterError: it is none of them; the message has the nearest.
    """
    if isinstance(value, str) and value in known:
        return value
    hint = nearest(value, known) if isinstance(value, str) else ""
    raise ParameterError(name, f"expected one of {', '.join(known)}; got {described(value)}{hint}")


def checked_count(name: str, value: object, minimum: int) -> int:
    """A whole number.

    Raises:
        ParameterError: it is none, or out of bounds.
    """
    return count(minimum).normalise(name, value)


def checked_switch(name: str, value: object) -> bool:
    """True or False, of Python or of numpy.

    Raises:
        ParameterError: it is neither.
    """
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return bool(value)
    raise ParameterError(name, f"expected True or False, got {described(value)}")
