"""Every failure that convcalc expects, and the exit code it ends with.

    ConvcalcError
    |- NegativeAnswer       1   nothing went wrong: the answer to what was asked is no
    |- UsageError           2   the command line alone is wrong
    |- SpecError            2   the text of a layer spec is wrong (carries the places)
    |- UnknownLayerError    2   (also a KeyError) a report has no such layer
    |- LayerError           2   (also a ValueError)
    |  |- ParameterError        a layer's own parameter is impossible
    |  `- ShapeError            a layer does not fit the shape that arrives
    |- DataError            3   an input file or its contents
    `- OutputError          4   the result cannot be written
       |- ResourceError         not enough memory or disk
       `- ClusterError          a scheduler or its workers cannot do the work

A message is one to three lines: what is wrong, where, what was expected, what to do.
Anything else that escapes is a bug and ends with 70.
"""

from __future__ import annotations

from errno import EMFILE, ENFILE, ENOMEM
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


SHORTAGES = (EMFILE, ENFILE, ENOMEM)


class ConvcalcError(Exception):
    """The base of every expected failure; `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 70


class NegativeAnswer(ConvcalcError):  # noqa: N818 - it is no error
    """The answer to a question such as --check is no."""

    exit_code = 1


class UsageError(ConvcalcError):
    """The command line alone is wrong, whatever the files contain."""

    exit_code = 2


class UnknownLayerError(ConvcalcError, KeyError):
    """No layer and no block has the label that was asked for."""

    exit_code = 2

    __str__ = Exception.__str__  # a KeyError would put its message into quotes


class LayerError(ConvcalcError, ValueError):
    """A layer that cannot exist, or cannot stand where it stands."""

    exit_code = 2


class ParameterError(LayerError):
    """A parameter of a layer has an impossible value.

    `parameter` is the long name of the field at fault, so that the text it came from can be shown;
    `reason` is the message without it.
    """

    def __init__(self, parameter: str, message: str) -> None:
        self.parameter = parameter
        self.reason = message
        super().__init__(f"{parameter}: {message}")


class ShapeError(LayerError):
    """A layer does not fit the shape that arrives at it."""


class DataError(ConvcalcError):
    """An input file, or the array in it, cannot be used."""

    exit_code = 3


class PartialError(ConvcalcError):
    """The answer is not complete, and only a complete one was asked for."""

    exit_code = 3


class OutputError(ConvcalcError):
    """A result cannot be written."""

    exit_code = 4


class ResourceError(OutputError):
    """The machine has not enough memory or disk for what was asked."""


class ClusterError(OutputError):
    """A scheduler does not answer, or its workers cannot do the work or were lost."""


class Diagnostic(NamedTuple):
    """One fault in a text: what is wrong, and the characters `start` to `end` where it stands."""

    message: str
    start: int
    end: int


MOST_PROBLEMS = 10
"""Faults of one text that are kept; whoever reads a text may stop at the next one."""

SHOWN_PROBLEMS = 3
"""Those that are shown: the first are the causes, more of them hide what to do."""


class SpecError(ConvcalcError):
    """One or more faults in a spec, the first three with a caret under the word at fault.

    `problems` are the first ten; `more` says that there were others.
    """

    exit_code = 2

    def __init__(
        self, text: str, problems: Iterable[Diagnostic], name: str = "", *, more: bool = False
    ) -> None:
        found = tuple(problems)
        self.text = text
        self.name = name
        self.problems = found[:MOST_PROBLEMS]
        self.more = more or len(found) > MOST_PROBLEMS
        shown = [_pointed(text, problem, name) for problem in self.problems[:SHOWN_PROBLEMS]]
        if (others := len(self.problems) - SHOWN_PROBLEMS + self.more) > 0:
            shown.append(f"and {'at least ' * self.more}{others} more")
        super().__init__("\n".join(shown))

    def saying(self, more: str) -> SpecError:
        """The error with a few words more behind the message of its first fault."""
        first, *others = self.problems
        first = first._replace(message=f"{first.message}; {more}")
        return SpecError(self.text, (first, *others), self.name, more=self.more)


MOST_HINTS = 1000
"""Known names that a misspelt word is held against."""

LONGEST_HINT = 60
"""Characters of a word or a name that are compared: the time grows with their product."""


def is_shortage(error: BaseException) -> bool:
    """Whether the system refused something because too many files are open, or memory is full."""
    return isinstance(error, OSError) and error.errno in SHORTAGES


SHORT_DTYPES = {
    "fp16": "float16",
    "f16": "float16",
    "half": "float16",
    "bf16": "bfloat16",
    "fp32": "float32",
    "f32": "float32",
    "single": "float32",
    "i8": "int8",
    "i4": "int4",
    "fp64": "float64",
    "f64": "float64",
    "double": "float64",
}
"""What other programs call dtypes."""


def nearest(word: str, known: Iterable[str], alike: float = 0.6) -> str:
    """The hint "; did you mean 'conv'?" for a misspelt word, or nothing.

    Args:
        word: What was written.
        known: What may have been meant.
        alike: The share of their letters that both must have in common, in order.
    """
    import difflib  # only a mistake needs it

    if len(word) > LONGEST_HINT:
        return ""
    names = [name for name in islice(known, MOST_HINTS) if len(name) <= LONGEST_HINT]
    meant = SHORT_DTYPES.get(word.lower())
    if meant in names:
        return f"; did you mean '{meant}'?"
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=alike)
    return f"; did you mean '{close[0]}'?" if close else ""


SHOWN_ITEMS = 4
"""Values of a list that a message shows; of more it says how many there are."""

LONGEST_NUMBER = 60
"""Bits of a whole number that a message shows, about 18 digits."""


def described(value: object) -> str:
    """What a caller gave, in a few words that fit into a message of one line.

    Arrays and tensors are told by their dtype and shape, long lists by their length.

    Example:
        >>> described([0] * 1000), described("conx"), described((3, 2.5))
        ('a list of 1,000 values', "'conx'", '(3, 2.5)')
    """
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and shape and dtype is not None:
        what = "a tensor" if type(value).__module__.startswith("torch") else "an array"
        return f"{what} of {str(dtype).removeprefix('torch.')} {'x'.join(map(str, shape))}"
    if isinstance(value, str):
        return f"'{printable(value, 60)}'"
    if isinstance(value, list | tuple | set | frozenset | dict) and len(value) > SHOWN_ITEMS:
        return f"a {type(value).__name__} of {len(value):,} values"
    if isinstance(value, list | tuple):
        items = ", ".join(map(described, value))
        return printable(f"({items})" if isinstance(value, tuple) else f"[{items}]", 60)
    if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER:
        return "a very large number" if value > 0 else "a number far below 0"
    return printable(repr(value), 60)


def printable(text: str, limit: int = 200) -> str:
    """Untrusted text made harmless for a terminal: invisible characters escaped, length capped."""
    if len(text) > 2 * limit:  # no character becomes shorter, so that both ends are enough
        text = text[:limit] + text[-limit:]
    shown = harmless(text, kept="")
    if len(shown) <= limit:
        return shown
    half = (limit - 3) // 2
    return f"{shown[:half]}...{shown[-half:]}"


def line_numbers(numbers: Sequence[int]) -> str:
    """Lines of a text by their numbers, those that follow each other as first-last.

    The first eight of these are named.

    Example:
        >>> line_numbers([3]), line_numbers([1, 2, 3, 7])
        ('line 3', 'lines 1-3, 7')
    """
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = [f"{first}-{last}" if first < last else str(first) for first, last in spans[:8]]
    more = ", ..." if len(spans) > 8 else ""
    return f"line{'s' * (len(numbers) > 1)} {', '.join(shown)}{more}"


def harmless(text: str, kept: str = "\n") -> str:
    """Text that does nothing to a terminal but appear: what is not printable is escaped.

    Control characters, escape sequences and marks of direction are written as Python writes them.

    Args:
        text: Of any origin.
        kept: Characters that stay although they are not printable.
    """
    if text.isprintable():
        return text
    return "".join(
        c
        if c.isprintable() or c in kept
        else c.encode("unicode_escape", "backslashreplace").decode()
        for c in text
    )


def shortened(text: str, limit: int) -> str:
    """The text with the middle of every word beyond `limit` characters left out.

    Example:
        >>> shortened("a label of wwwwwwwwwwwwwwwww.weight", 16)
        'a label of wwwwww...weight'
    """
    if len(text) <= limit:
        return text
    import re  # the version alone is told without it

    return re.sub(rf"\S{{{limit + 1},}}", lambda word: printable(word[0], limit), text)


def _pointed(text: str, problem: Diagnostic, name: str) -> str:
    """The message, the line of the text it is about, and carets under the word.

    `name` is the file that the text is from, or nothing.
    """
    from convcalc.widths import display_width  # only a mistake needs it

    line_start = text.rfind("\n", 0, problem.start) + 1
    line_end = text.find("\n", problem.start)
    line = text[line_start : line_end if line_end >= 0 else len(text)].removesuffix("\r")
    column = problem.start - line_start
    width = max(1, min(problem.end - problem.start, len(line) - column))
    where = f"column {column + 1}"
    if "\n" in text.strip():
        where = f"line {text.count(chr(10), 0, line_start) + 1}, {where}"
    if name:
        where = f"{name}, {where}"
    shown, column = _window(line, column)
    # Under wide characters stand as many signs as they take columns.
    marked = shown[column : column + width] or " "
    pointer = " " * display_width(shown[:column]) + "^" * display_width(marked)
    return f"{problem.message} ({where})\n  {shown}\n  {pointer}"


def _window(line: str, column: int, width: int = 76) -> tuple[str, int]:
    """At most `width` characters of a long line around a column, one character a column."""
    begin = max(0, min(column - width // 2, len(line) - width))
    cut = line[begin : begin + width]
    return "".join(c if c.isprintable() else "?" for c in cut), column - begin
