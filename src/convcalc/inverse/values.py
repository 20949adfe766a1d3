"""What the rows of a sweep hold: figures, and the values of choices."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias, TypeGuard

Number: TypeAlias = int | float | Fraction
"""A figure that is one number."""

Figure: TypeAlias = "Number | str | tuple[Figure, ...] | None"
"""A figure or the value of a choice: of each axis where they differ, None where it is not known."""


def is_figure(value: object) -> TypeGuard[Figure]:
    """Whether a row can hold a value."""
    if isinstance(value, tuple):
        return all(map(is_figure, value))
    return value is None or isinstance(value, int | float | Fraction | str)
