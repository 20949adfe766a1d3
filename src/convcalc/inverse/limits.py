"""Limits as they are written: macs <= 600M, peak-memory <= 512KiB, field >= 200."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import UsageError, nearest, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DECIMAL = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
BYTES = {
    "B": 1,
    **{f"{prefix}B": size for prefix, size in DECIMAL.items() if prefix},
    **{f"{prefix}iB": 1 << shift for prefix, shift in zip("KMGTP", range(10, 60, 10), strict=True)},
}
SECONDS = {
    "s": Fraction(1),
    "ms": Fraction(1, 10**3),
    "us": Fraction(1, 10**6),
    "\u00b5s": Fraction(1, 10**6),
    "\u03bcs": Fraction(1, 10**6),
    "ns": Fraction(1, 10**9),
}


class Figure(NamedTuple):
    """What a limit is about.

    Attributes:
        name: As it is written in a budget: peak-memory.
        about: In words.
        units: What may stand behind a number, and how much it is.
        example: A limit.
    """

    name: str
    about: str
    units: Mapping[str, int | Fraction]
    example: str


FIGURES = {
    figure.name: figure
    for figure in (
        Figure("macs", "multiply-accumulates of the batch", DECIMAL, "<= 600M"),
        Figure("flops", "2 per multiply-accumulate, of the batch", DECIMAL, "<= 1.2G"),
        Figure("params", "parameters", DECIMAL, "<= 5M"),
        Figure("activations", "elements that leave layers, of the batch", DECIMAL, "<= 10M"),
        Figure("weight-memory", "bytes of the parameters", BYTES, "<= 1MiB"),
        Figure("peak-memory", "bytes of activations alive at once", BYTES, "<= 512KiB"),
        Figure("field", "elements of the receptive field along each axis", DECIMAL, ">= 200"),
        Figure("time", "least time on a device", SECONDS, "<= 2ms"),
    )
}
"""Every figure that may have a limit."""

SIGNS = ("<=", ">=", "==", "<", ">", "=")

_LIMIT = re.compile(
    r"(<=|>=|==|<|>|=)?\s*([0-9]{1,30}(?:\.[0-9]{1,30})?)\s*([A-Za-z\u00b5\u03bc]*)"
)
_CLAUSE = re.compile(r"([A-Za-z][\w-]*)\s*(.*)", re.DOTALL)
_LINE = re.compile(r"^# budget (.+)$", re.MULTILINE)

MOST_LIMITS = 100


@dataclass(frozen=True)
class Limit:
    """One limit of one figure.

    Attributes:
        figure: What it is about.
        sign: How the figure must compare: <=, <, >=, > or ==.
        bound: What with, in elements, bytes or seconds.
        text: The limit as it was written: "<= 600M".
        line: The line of a spec that it stands in, from 1; None where it is from elsewhere.
    """

    figure: Figure
    sign: str
    bound: Fraction
    text: str
    line: int | None = None

    def holds(self, value: Fraction | int) -> bool:
        """Whether a value keeps to it."""
        return {
            "<=": value <= self.bound,
            "<": value < self.bound,
            ">=": value >= self.bound,
            ">": value > self.bound,
            "==": value == self.bound,
        }[self.sign]


def read_limits(name: str, text: str, line: int | None = None) -> list[Limit]:
    """The limits of one figure, several of them with commas: ">= 200, <= 300".

    Args:
        name: The figure's.
        text: The limits.
        line: Where they stand, if in a spec.

    Raises:
        UsageError: there is no such figure, or a limit has no sign, number or unit.

    Example:
        >>> [(limit.sign, int(limit.bound)) for limit in read_limits("macs", "<= 600M")]
        [('<=', 600000000)]
    """
    figure = FIGURES.get(name)
    if figure is None:
        hint = nearest(name, FIGURES) or f"; there are {', '.join(FIGURES)}"
        raise UsageError(f"budget: no figure is called '{printable(name, 60)}'{hint}")
    return [_limit(figure, part.strip(), line) for part in text.split(",")]


def _limit(figure: Figure, text: str, line: int | None) -> Limit:
    match = _LIMIT.fullmatch(text)
    shown = printable(text, 60)
    if match is None:
        raise UsageError(f"{figure.name}: expected a limit, as '{figure.example}'; got '{shown}'")
    sign, number, unit = match.groups()
    if sign is None:
        raise UsageError(
            f"{figure.name}: which way? write '<= {shown}' for at most, '>= {shown}' for at least"
        )
    if unit not in figure.units:
        known = ", ".join(filter(None, figure.units))
        needed = f"needs a unit, as '{figure.example}'" if not unit else f"has no unit '{unit}'"
        raise UsageError(f"{figure.name}: the limit '{shown}' {needed}; units are {known}")
    bound = Fraction(number) * figure.units[unit]
    return Limit(figure, "==" if sign == "=" else sign, bound, text, line)


def check_possible(limits: Iterable[Limit]) -> None:
    """Refuses limits of one figure that no value keeps to.

    Raises:
        UsageError: there are two such; both are named.
    """
    for name in FIGURES:
        own = [limit for limit in limits if limit.figure.name == name]
        for low in (limit for limit in own if limit.sign in (">=", ">", "==")):
            for high in (limit for limit in own if limit.sign in ("<=", "<", "==")):
                touching = low.sign == ">" or high.sign == "<"
                if low.bound > high.bound or (low.bound == high.bound and touching):
                    raise UsageError(
                        f"{name}: nothing is both '{low.text}' and '{high.text}'; one of the "
                        "limits must go"
                    )


class Budget(NamedTuple):
    """Limits, and what they are to be asked about.

    Attributes:
        limits: All of them.
        settings: `device`, `dtype` and `batch`, where they are given.
    """

    limits: tuple[Limit, ...] = ()
    settings: Mapping[str, str] = {}

    def beside(self, other: Budget) -> Budget:
        """Both together; what the other says of a figure or a setting counts."""
        named = {limit.figure.name for limit in other.limits}
        kept = tuple(limit for limit in self.limits if limit.figure.name not in named)
        return Budget((*kept, *other.limits), {**self.settings, **other.settings})


SETTINGS = ("device", "dtype", "batch")


def declared_budget(text: str) -> Budget:
    r"""What the comments `# budget macs <= 600M, params <= 5M` of a spec say.

    A setting is written without a sign: `# budget time <= 2ms, device t4, dtype int8`.

    Raises:
        UsageError: a clause is no limit; the message has its line.

    Example:
        >>> found = declared_budget("# budget macs <= 1M, field >= 7\nconv:8,k3")
        >>> [(limit.figure.name, limit.text) for limit in found.limits]
        [('macs', '<= 1M'), ('field', '>= 7')]
    """
    limits: list[Limit] = []
    settings: dict[str, str] = {}
    for match in _LINE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        try:
            for clause in match[1].split(","):
                _take(clause.strip(), line, limits, settings)
        except UsageError as error:
            raise UsageError(f"line {line}: {error}") from None
    return Budget(tuple(limits), settings)


def _take(clause: str, line: int, limits: list[Limit], settings: dict[str, str]) -> None:
    """One clause of a budget line, put where it belongs."""
    if len(limits) >= MOST_LIMITS:
        raise UsageError(f"more than {MOST_LIMITS} limits")
    if clause.startswith(SIGNS) and limits:  # as in "field >= 200, <= 300"
        limits += read_limits(limits[-1].figure.name, clause, line)
        return
    match = _CLAUSE.fullmatch(clause)
    if match is None:
        raise UsageError(f"expected a limit, as 'macs <= 600M'; got '{printable(clause, 60)}'")
    name, rest = match[1].lower().replace("_", "-"), match[2].strip()
    if name in SETTINGS:
        settings[name] = rest.removeprefix("=").strip()
    else:
        limits += read_limits(name, rest, line)


def budget_of_toml(text: str, label: str) -> Budget:
    """The table `[budget]` of a TOML file, or `[tool.convcalc.budget]`, as in a pyproject.toml.

    Args:
        text: What the file holds.
        label: What messages call it.

    Raises:
        UsageError: it is no TOML, has no such table, or a limit in it is none.
    """
    import tomllib

    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise UsageError(f"{label} is no TOML: {printable(str(error))}") from None
    table: object = data.get("budget")
    if table is None:
        table = data
        for name in ("tool", "convcalc", "budget"):
            table = table.get(name) if isinstance(table, dict) else None
    if not isinstance(table, dict) or not table:
        raise UsageError(f"{label} has no table [budget]; it is written [budget] macs = '<= 600M'")
    limits: list[Limit] = []
    settings: dict[str, str] = {}
    for key, value in table.items():
        name = key.lower().replace("_", "-")
        if name in SETTINGS:
            settings[name] = str(value)
        elif isinstance(value, str):
            limits += read_limits(name, value)
        elif name in FIGURES:
            shown = printable(str(value), 60)
            raise UsageError(
                f"{label}: {name} is {shown}; a limit is a text, as '{FIGURES[name].example}'"
            )
        else:
            read_limits(name, "")
    return Budget(tuple(limits), settings)
