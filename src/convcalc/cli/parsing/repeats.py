"""Options that are given more than once: of two different values neither wins silently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcalc.cli.parsing.network_argument import model_target
from convcalc.cli.parsing.onnx_argument import onnx_path
from convcalc.cli.parsing.options import SPECS
from convcalc.cli.parsing.values import SEVERAL, flag
from convcalc.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MANY = {*SPECS, "define", "networks"}
"""What may be given several times, and is a list."""


def one_value_each(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the command line gives, with one value, or None, in place of each option's list.

    Raises:
        UsageError: an option is given again with another value.
    """
    words: Sequence[str] = given.get("specs") or ()
    if len(given.get("input") or ()) > 1 and len(words) == 1 and model_target(words[0]):
        given = {**given, "input": [SEVERAL.join(given["input"])]}  # one for each tensor
    return {
        name: _only(name, values, words)
        if isinstance(values, list) and name not in MANY
        else values
        for name, values in given.items()
    }


def _only(name: str, values: Sequence[str | bool], words: Sequence[str]) -> str | bool | None:
    different = list(dict.fromkeys(values))
    if len(different) <= 1:
        return different[0] if different else None
    if name == "input" and any("=" in str(value) for value in different):
        return ",".join(map(str, different))  # each is the shape of another input
    first, second = different[:2]
    if name == "input" and onnx_path(words) is not None:
        raise UsageError("--input: several inputs of an ONNX model have names: -i NAME=1x3x224x224")
    if isinstance(first, bool) or isinstance(second, bool):
        raise UsageError(f"{flag(name)} and {flag(f'no_{name}')} exclude each other; give one")
    raise UsageError(
        f"{flag(name)} is given as '{printable(first, 60)}' and as '{printable(second, 60)}'; "
        f"give it once"
    )
