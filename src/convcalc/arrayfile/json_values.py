"""Values of a JSON text that is not to be trusted, as what they have to be."""

from __future__ import annotations


def as_object(value: object) -> dict[str, object]:
    """An object, by its names.

    Raises:
        TypeError: the value is none.
    """
    if not isinstance(value, dict):
        raise TypeError(f"expected a JSON object, got {type(value).__name__}")
    return value


def as_list(value: object) -> list[object]:
    """An array.

    Raises:
        TypeError: the value is none.
    """
    if not isinstance(value, list):
        raise TypeError(f"expected a JSON array, got {type(value).__name__}")
    return value


def as_whole(value: object) -> int:
    """A whole number.

    Raises:
        TypeError: the value is none, as true and false are not.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"expected a whole number, got {type(value).__name__}")
    return value


def held(value: object, *names: str) -> object:
    """What lies in objects inside each other, behind a name in each.

    Raises:
        KeyError: one of them has no such name.
        TypeError: one of them is no object.

    Example:
        >>> held({"arg": {"as_tensor": {"name": "x"}}}, "arg", "as_tensor", "name")
        'x'
    """
    for name in names:
        value = as_object(value)[name]
    return value
