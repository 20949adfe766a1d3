"""Conditions on the rows of a sweep: macs < 1e8 and out == 56 and field >= 31.

A small language, parsed here and made into functions; nothing of it is given to Python. From the
outside in: or, and, not, comparisons (which may be chained: 3 <= k < 9), + and -, * / // and %, a
sign, brackets. Numbers may have a prefix: 600M. Of sizes per axis everything is computed axis by
axis, and a comparison must hold on every axis. A comparison with a value that is not known is
itself not known (Kleene's logic of three values), and so is its contrary; a row is kept only where
the whole condition holds for certain.
"""

from __future__ import annotations

import operator
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from convcalc.errors import Diagnostic, SpecError, nearest, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from convcalc.inverse.values import Figure, Number

Row: TypeAlias = "Sequence[Figure]"
Asked: TypeAlias = "Callable[[Row], Figure]"
Compare: TypeAlias = "Callable[[Any, Any], bool]"
"""Raises TypeError where values cannot be compared."""

Operate: TypeAlias = "Callable[[Number, Number], Number]"

MOST_CHARACTERS = 2_000
"""Characters of a condition."""

DEEPEST = 40
"""Brackets inside one another."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?"
    r"[kMGT]?(?![\w.]))|(?P<name>[A-Za-z_]\w*)|(?P<sign><=|>=|==|!=|//|[-+*/%<>()]))"
)

COMPARISONS: dict[str, Compare] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
OPERATIONS: dict[str, Operate] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
NUMBERS = (int, float, Fraction)
PREFIXES = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
WORDS = ("and", "or", "not")
HINTS = {"=": "==", "&": "and", "|": "or", "!": "not", "^": "*", "~": "not"}


class Condition(NamedTuple):
    """A condition, ready to be asked.

    Attributes:
        holds: Whether it holds of a row.
        names: The figures that it asks for.
    """

    holds: Callable[[Row], bool]
    names: frozenset[str]


def read_condition(text: str, places: Mapping[str, int], label: str = "--where") -> Condition:
    """The condition that a text says.

    Args:
        text: The condition.
        places: Where a row has each figure that may be named.
        label: What messages call the text.

    Raises:
        SpecError: the text is no condition; a caret is under the word at fault.

    Example:
        >>> condition = read_condition("macs < 1k and out == 56", {"macs": 0, "out": 1})
        >>> [condition.holds(row) for row in ((900, 56), (900, 28), (1000, 56))]
        [True, False, False]
    """
    reader = _Reader(text, places, label)
    asked = reader.condition()
    return Condition(lambda row: asked(row) is True, frozenset(reader.names))


class _Reader:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str, places: Mapping[str, int], label: str) -> None:
        self.text, self.places, self.label = text, places, label
        self.names: set[str] = set()
        self.depth = 0
        if len(text) > MOST_CHARACTERS:
            raise SpecError(
                text, [Diagnostic(f"more than {MOST_CHARACTERS} characters", 0, 1)], label
            )
        self.place = self.start = self.end = 0
        self.kind = self.word = ""
        self.step()

    def fault(self, message: str, start: int | None = None, end: int | None = None) -> SpecError:
        """What is wrong with the current token, or with a part of the text."""
        begin = self.start if start is None else start
        last = max(begin + 1, self.end) if end is None else end
        return SpecError(self.text or " ", [Diagnostic(message, begin, last)], self.label)

    def step(self) -> None:
        """To the next token; its kind is "number", "name", "sign", or nothing at the end."""
        rest = self.text[self.place :]
        if not rest.strip():
            self.kind, self.word = "", ""
            self.start = self.end = len(self.text.rstrip())
            return
        match = _TOKEN.match(self.text, self.place)
        if match is None or match.lastgroup is None:
            start = self.place + len(rest) - len(rest.lstrip())
            sign = self.text[start]
            hint = f"; write {HINTS[sign]}" if sign in HINTS else ""
            message = f"'{printable(sign)}' means nothing here{hint}"
            raise self.fault(message, start, start + 1)
        self.kind, self.word = match.lastgroup, match[match.lastgroup]
        self.start, self.end = match.span(match.lastgroup)
        self.place = match.end()

    def condition(self) -> Asked:
        """The whole text."""
        if not self.kind:
            raise self.fault("the condition is empty; it is written macs < 1e8 and out == 56")
        asked, is_condition = self.either()
        if self.kind:
            hint = "; conditions have 'and' or 'or' between them" if self.kind == "name" else ""
            raise self.fault(f"unexpected '{printable(self.word, 40)}'{hint}")
        if not is_condition:
            raise self.fault("a condition compares, as macs < 1e8", 0, len(self.text))
        return asked

    def either(self) -> tuple[Asked, bool]:
        return self._joined("or", self.both, _either)

    def both(self) -> tuple[Asked, bool]:
        return self._joined("and", self.negated, _both)

    def _joined(
        self,
        word: str,
        inner: Callable[[], tuple[Asked, bool]],
        join: Callable[[Asked, Asked], Asked],
    ) -> tuple[Asked, bool]:
        """Conditions with a word between them; what is on either side of it must be one."""
        start = self.start
        asked, is_condition = inner()
        while self.word == word and self.kind == "name":
            if not is_condition:
                raise self.fault(f"before '{word}' stands no condition", start, self.start)
            self.step()
            start = self.start
            other, is_condition = inner()
            if not is_condition:
                raise self.fault(f"behind '{word}' stands no condition", start, self.end)
            asked = join(asked, other)
        return asked, is_condition

    def negated(self) -> tuple[Asked, bool]:
        turns = 0
        while self.word == "not" and self.kind == "name":
            turns += 1
            self.step()
        start = self.start
        asked, is_condition = self.comparison()
        if turns and not is_condition:
            raise self.fault("behind 'not' stands no condition", start, self.end)
        return (_negated(asked) if turns % 2 else asked), is_condition

    def comparison(self) -> tuple[Asked, bool]:
        """Sums, compared: a chain holds if all of its comparisons do."""
        left, is_condition = self.sum()
        compared: Asked | None = None
        while self.kind == "sign" and self.word in COMPARISONS:
            if is_condition:
                raise self.fault("a comparison cannot be compared; use 'and'")
            compare = COMPARISONS[self.word]
            self.step()
            right, is_other = self.sum()
            if is_other:
                raise self.fault("a comparison cannot be compared; use 'and'")
            one = _compared(compare, left, right)
            compared = one if compared is None else _both(compared, one)
            left = right
        return (left, is_condition) if compared is None else (compared, True)

    def sum(self) -> tuple[Asked, bool]:
        return self._computed(("+", "-"), self.product)

    def product(self) -> tuple[Asked, bool]:
        return self._computed(("*", "/", "//", "%"), self.factor)

    def _computed(
        self, signs: tuple[str, ...], inner: Callable[[], tuple[Asked, bool]]
    ) -> tuple[Asked, bool]:
        left, is_condition = inner()
        while self.kind == "sign" and self.word in signs:
            sign = self.word
            if is_condition:
                raise self.fault("a condition is no number")
            self.step()
            right, is_other = inner()
            if is_other:
                raise self.fault("a condition is no number")
            left = _operated(OPERATIONS[sign], left, right)
        return left, is_condition

    def factor(self) -> tuple[Asked, bool]:
        kind, word = self.kind, self.word
        if kind == "number":
            value = _number(word)
            self.step()
            return lambda _row: value, False
        if kind == "name" and word not in WORDS:
            return self._figure(word), False
        if word in ("-", "(") and kind == "sign":
            self.depth += 1
            if self.depth > DEEPEST:
                raise self.fault("brackets are nested too deeply")
            self.step()
            found = self._negative() if word == "-" else self._bracket()
            self.depth -= 1
            return found
        if not kind:
            raise self.fault("the condition ends too early")
        raise self.fault(f"expected a figure or a number, got '{printable(word, 40)}'")

    def _figure(self, word: str) -> Asked:
        """What reads a figure of a row."""
        if word not in self.places:
            known = ", ".join(self.places)
            hint = nearest(word, self.places) or f"; there are {known}"
            raise self.fault(f"no figure is called '{printable(word, 40)}'{hint}")
        self.names.add(word)
        self.step()
        return operator.itemgetter(self.places[word])

    def _negative(self) -> tuple[Asked, bool]:
        inner, is_condition = self.factor()
        if is_condition:
            raise self.fault("a condition is no number")
        return _operated(operator.sub, lambda _row: 0, inner), False

    def _bracket(self) -> tuple[Asked, bool]:
        found = self.either()
        if self.word != ")":
            raise self.fault("a bracket is not closed")
        self.step()
        return found


def _number(word: str) -> float:
    """A number with a prefix; whole ones stay whole."""
    size = PREFIXES.get(word[-1], 1)
    digits = word.removesuffix(word[-1]) if size > 1 else word
    return (int(digits) if digits.isdecimal() else float(digits)) * size


def _either(one: Asked, other: Asked) -> Asked:
    """True where one of two holds, whatever is known of the other."""

    def asked(row: Row) -> bool | None:
        first = one(row)
        if first:
            return True
        second = other(row)
        if second:
            return True
        return None if first is None or second is None else False

    return asked


def _both(one: Asked, other: Asked) -> Asked:
    """False where one of two does not hold, whatever is known of the other."""
    return _negated(_either(_negated(one), _negated(other)))


def _negated(one: Asked) -> Asked:
    """The contrary; that of what is not known is not known."""

    def asked(row: Row) -> bool | None:
        holds = one(row)
        return None if holds is None else not holds

    return asked


def _compared(compare: Compare, left: Asked, right: Asked) -> Asked:
    """A comparison: of sizes per axis on every axis; None where a value is not known."""

    def asked(row: Row) -> bool | None:
        one, other = left(row), right(row)
        try:
            if type(one) is not tuple:
                return compare(one, other)
        except TypeError:
            pass
        return _compared_axes(compare, one, other)

    if compare not in (operator.eq, operator.ne):
        return asked

    def asked_of_each(row: Row) -> bool | None:
        one, other = left(row), right(row)
        if isinstance(one, tuple) or isinstance(other, tuple) or one is None or other is None:
            return _compared_axes(compare, one, other)
        return compare(one, other)

    return asked_of_each


def _compared_axes(compare: Compare, one: Figure, other: Figure) -> bool | None:
    """A comparison on every axis, and at both ends of one where there is padding for each."""
    if one is None or other is None:
        return None
    if isinstance(one, str) != isinstance(other, str):
        return False
    if not isinstance(one, tuple) and not isinstance(other, tuple):
        return compare(one, other)
    pairs = _side_by_side(one, other)
    if pairs is None:
        return False
    each = [
        compare(a, b) if type(a) is int and type(b) is int else _compared_axes(compare, a, b)
        for a, b in pairs
    ]
    return None if None in each else all(each)


def _operated(operate: Operate, left: Asked, right: Asked) -> Asked:
    """An operation; None where a value is not known, or there is no such number."""

    def asked(row: Row) -> Figure:
        one, other = left(row), right(row)
        try:
            if isinstance(one, NUMBERS) and isinstance(other, NUMBERS):
                return operate(one, other)
            return _operated_axes(operate, one, other)
        except (ZeroDivisionError, OverflowError):
            return None

    return asked


def _operated_axes(operate: Operate, one: Figure, other: Figure) -> Figure:
    """An operation, of sizes per axis on every axis; of what is no number it is not known."""
    if isinstance(one, tuple) or isinstance(other, tuple):
        pairs = _side_by_side(one, other)
        return None if pairs is None else tuple(_operated_axes(operate, *pair) for pair in pairs)
    if isinstance(one, NUMBERS) and isinstance(other, NUMBERS):
        return operate(one, other)
    return None


def _side_by_side(one: Figure, other: Figure) -> Iterator[tuple[Figure, Figure]] | None:
    """The values of each axis, one value serving all; None for other numbers of axes."""
    ones = one if isinstance(one, tuple) else (one,)
    others = other if isinstance(other, tuple) else (other,)
    if len(ones) == 1:
        ones *= len(others)
    if len(others) == 1:
        others *= len(ones)
    return zip(ones, others, strict=True) if len(ones) == len(others) else None
