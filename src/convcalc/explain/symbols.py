"""What the letters in formulas stand for, for every place where a formula is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SYMBOLS = {
    "i": "elements of the axis that arrive",
    "o": "elements of the axis that leave",
    "u": "the place of an output, from 0",
    "pb": "padding before the axis",
    "pa": "padding after it",
    "p": "padding at each end",
    "s": "stride",
    "k": "taps of the kernel, or elements of the window",
    "d": "dilation",
    "e": "d*(k - 1) + 1, the elements from the first tap to the last",
    "g": "groups",
    "r": "the factor",
    "C": "channels that arrive",
    "O": "channels that leave",
    "H": "elements of the state, or heads",
    "I": "features that arrive",
    "T": "steps",
    "E": "features",
    "L": "queries",
    "S": "keys",
    "Ev": "features of a value",
    "K": "the elements that each output sums over",
    "op": "output padding",
    "in1": "features of the first branch",
    "in2": "features of the second branch",
}
"""What is meant by each letter, whatever the formula."""

USES = {"e": ("d", "k")}
"""Letters that the meaning of another one is made of."""

_WORD = re.compile(r"(?<![A-Za-z'-])(pb|pa|op|Ev|in1|in2|[A-Zb-z])(?![A-Za-z])")


def symbols_of(formula: str) -> list[str]:
    """The letters that a formula uses, in their order, and those that explain them."""
    found: dict[str, None] = {}
    for name in _WORD.findall(formula):
        found[name] = None
        found.update(dict.fromkeys(USES.get(name, ())))
    return list(found)


def meanings(*formulas: str) -> list[str]:
    """What each letter of some formulas stands for, as `s: stride`; none where there are none.

    Raises:
        KeyError: a letter is not known.
    """
    used = dict.fromkeys(name for formula in formulas for name in symbols_of(formula))
    return [f"{name}: {SYMBOLS[name]}" for name in used]


def legend_lines(meant: Sequence[str]) -> list[str]:
    """The meanings below each other, the letters in a column: a line of all is too long to read."""
    wide = max((len(line.partition(":")[0]) for line in meant), default=0)
    column = (f"{name:>{wide}}:{meaning}" for name, _, meaning in (m.partition(":") for m in meant))
    return [f"{'where' if place == 0 else '     '} {line}" for place, line in enumerate(column)]
