"""Options that are given more than once: of two different values neither wins silently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcalc.cli.parsing.options import SPECS
from convcalc.cli.parsing.values import SEVERAL, flag
from convcalc.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MANY = {*SPECS, "define", "arrays", "networks"}
"""What may be given several times, and is a list."""


def one_value_each(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the command line gives, with one value, or None, in place of each option's list.

    Raises:
        UsageError: an option is given again with another value.
    """
    specs: Sequence[str] = given.get("specs") or ()
    words = specs if len(specs) == 1 else [given[side] for side in ("a", "b") if side in given]
    if len(given.get("input") or ()) > 1 and any(map(_takes_several, words)):
        given = {**given, "input": [SEVERAL.join(given["input"])]}  # one for each tensor
    return {
        name: _only(name, values) if isinstance(values, list) and name not in MANY else values
        for name, values in given.items()
    }


def _takes_several(word: str) -> bool:
    """Whether a word is a model, which has an input for each shape that is given."""
    from convcalc.cli.parsing.network_argument import holds_keras, model_target
    from convcalc.cli.parsing.onnx_argument import onnx_path

    if model_target(word) is not None or onnx_path([word]) is not None:
        return True
    from convcalc.importers.files.model_files import is_model_file  # only a file needs it

    return is_model_file(word) or holds_keras(word)


def _only(name: str, values: Sequence[str | bool]) -> str | bool | None:
    different = list(dict.fromkeys(values))
    if len(different) <= 1:
        return different[0] if different else None
    if name == "input" and any("=" in str(value) for value in different):
        return ",".join(map(str, different))  # each is the shape of another input
    first, second = different[:2]
    if isinstance(first, bool) or isinstance(second, bool):
        raise UsageError(f"{flag(name)} and {flag(f'no_{name}')} exclude each other; give one")
    raise UsageError(
        f"{flag(name)} is given as '{printable(first, 60)}' and as '{printable(second, 60)}'; "
        f"give it once"
    )
