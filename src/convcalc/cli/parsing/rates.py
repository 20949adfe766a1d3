"""Rates as they are typed: 19.5T, 19.5 TFLOP/s, 300GB/s, 280 GiB/s, 1.5e12."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from convcalc.cli.parsing.values import flag, text_of
from convcalc.errors import UsageError, printable

_RATE = re.compile(r"([0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,2})?) ?([A-Za-z/]{0,20})")

DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}


class Unit(NamedTuple):
    """What a rate counts per second: in words, how it may be written, with which prefixes."""

    words: str
    written: tuple[str, ...]
    prefixes: dict[str, int]
    examples: str


OPERATIONS = Unit(
    "operations per second",
    ("FLOP/s", "FLOPS", "FLOPs", "OP/s", "OPS", "OPs"),
    DECIMAL,
    "19.5T, 19.5TFLOP/s or 1.95e13",
)
BYTES = Unit("bytes per second", ("B/s",), DECIMAL | BINARY, "300G, 300GB/s, 280GiB/s or 3e11")


def rate_of(name: str, text: str, unit: Unit) -> Fraction:
    """The exact rate that a text says, in units of 1 per second.

    Raises:
        UsageError: it is no number with a known prefix and unit, or not above 0.
    """
    found = _RATE.fullmatch(text_of(name, text))
    number, rest = found.groups() if found else ("", "")
    ending = next((own for own in unit.written if rest.endswith(own)), "")
    prefix = rest.removesuffix(ending)
    if not found or prefix not in unit.prefixes:
        raise UsageError(
            f"{flag(name)}: expected {unit.words}, as {unit.examples}; "
            f"got '{printable(text, 60)}'{_hint(text, rest, unit)}"
        )
    rate = Fraction(number) * unit.prefixes[prefix]
    if not rate:
        raise UsageError(f"{flag(name)}: must be above 0, got '{printable(text, 60)}'")
    return rate


def _hint(text: str, rest: str, unit: Unit) -> str:
    """What may have been meant."""
    if "," in text:
        return "; write the number without commas"
    if rest.endswith(("b/s", "bps")):
        return "; b is a bit, B a byte of 8 bits"
    other = BYTES if unit is OPERATIONS else OPERATIONS
    if rest.endswith(other.written):
        return f"; that is a rate of {other.words.split()[0]}"
    if rest:
        return f"; prefixes are {', '.join(filter(None, unit.prefixes))}"
    return ""
