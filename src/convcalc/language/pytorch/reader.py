"""PyTorch's own text as a tree of modules: a constructor as it is typed, or a module as printed.

    module  := NAME "(" [part*] ")" ["." NAME "(" ... ")"]*      nn.Conv2d(3, 64, kernel_size=7)
    part    := child | [KEY "="] value ("," | "->")
    child   := "(" NAME "):" [COUNT "x"] module                  (0-2): 3 x Block(...)
    value   := term (("+" | "-") term)*                          12 * 6 * 6
    term    := power (("*" | "//" | "/" | "%") power)*
    power   := atom ["**" power]
    atom    := NUMBER | STRING | WORD | module | "(" value, ... ")" | ["*"] "[" value, ... "]"

`->` is the comma of PyTorch 0.3, which also has a blank before the bracket. Only operations of
whole numbers are worked out, and nothing here knows what a convolution is.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from convcalc.errors import Diagnostic
from convcalc.language.pytorch.arithmetic import Word, calculated, without_number
from convcalc.language.pytorch.module import GIVEN_BACK, Child, Given, Module, given_back
from convcalc.language.tree import Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CUT_OFF = "this bracket is never closed: the text is cut off"
DEEPEST = 100
"""Modules and brackets inside one another that are read; the reader calls itself for each."""

_NAME = r"[A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+)*+"
_GAP = re.compile(r"(?:\s++|\#[^\n]*+)*+")
_WORD = re.compile(_NAME)
_KEY = re.compile(r"([A-Za-z_]\w*+)\s*+=")
_NUMBER = re.compile(r"[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?(?![\w.])")
_STRING = re.compile(r"'([^'\\\n]*+)'|\"([^\"\\\n]*+)\"")
_CHILD = re.compile(r"\(([^()\n]*+)\):[ \t]*+(?:(\d++) x )?")
_SKIPPED = re.compile(r"[^()'\"]++")
_FOR = re.compile(r"for\b")
_IF = re.compile(r"if\b")
_OPEN = re.compile(r"[ \t]?+\(")
_METHOD = re.compile(r"\s*+\.(?:float|double|half|to|cuda|cpu|eval|train|apply|requires_grad_)\(")
_LINE_END = re.compile(r"[ \t]*+\)?+[ \t\r]*+(?:[;#][^\n]*+)?+(?:\n|$)")
_COMMA = re.compile(r",|->")
_OPERATOR = re.compile(r"\s*+(\+|-(?!>)|\*\*?+|//?+|%)")
_START = re.compile(
    rf"{_GAP.pattern}(?:(?:torch\.)?nn\.\w|[A-Z]\w*+[ \t]?+\(|[a-z_]\w*+\(\s*+{_CHILD.pattern})"
)
_PREFIX = re.compile(r"(?:torch\.)?nn\.(?:modules\.\w+\.)?|collections\.")
_NO_LIST = (
    "expected a list of modules behind this '*', made in the text without a loop or a function"
)
_CONSTANTS: dict[str, object] = {"True": True, "False": False, "None": None}


def looks_like_pytorch(text: str) -> bool:
    """Whether a text begins as PyTorch's does and a spec never: `nn.`, `torch.nn.` or `Name(`."""
    return _START.match(text) is not None


def read_module(
    text: str,
    added: Sequence[tuple[int, int]] = (),
    names: Mapping[str, object] = MappingProxyType({}),
) -> tuple[Module | None, list[Diagnostic]]:
    """The module that a text is, or what stood in the way.

    Args:
        text: A module, or several with commas between them, in a list or not, one after the other.
        added: Where calls of `add_module` stand behind it, with places (start, end).
        names: What words in it stand for.
    """
    reader = _Reader(text, names)
    try:
        module = reader.listed() if reader.begins("[") else reader.module(0)
        if not added and reader.comma():
            module = reader.followed(module)
        children = list(module.children)
        for start, _ in added:
            reader.place = start
            children.append(_child_of(reader.module(0)))
        module = replace(module, children=tuple(children))
        reader.skip_gap()
        if reader.place < len(text):
            return None, [reader.problem("expected the end of the text after the module")]
    except _UnreadError as fault:
        return None, [fault.problem]
    return module, []


def values_at(text: str, place: int, names: Mapping[str, object]) -> tuple[list[object], int]:
    """The values with commas between them that a line ends with, and where the last one ends.

    None are given where they cannot be read, or where something follows them.
    """
    reader = _Reader(text, names)
    reader.place = end = place
    values: list[object] = []
    try:
        while not values or (reader.comma() and "\n" not in text[end : reader.skip_gap()]):
            values.append(reader.value(0))
            end = reader.place
    except _UnreadError:
        return [], place
    return (values, end) if _LINE_END.match(text, end) else ([], place)


def _child_of(call: Module) -> Child:
    """The module that a call of `add_module` names and gives."""
    match [argument.value for argument in call.arguments]:
        case [str(name), Module() as inner]:
            return Child(name, None, inner, call.arguments[0].place)
    message = "expected a name and a module, as add_module('conv', nn.Conv2d(3, 8, 3))"
    raise _StopError(Diagnostic(message, call.head.start, call.head.end))


class _UnreadError(Exception):
    """An argument that could not be understood; what comes after it may still be."""

    def __init__(self, problem: Diagnostic) -> None:
        self.problem = problem
        super().__init__(problem.message)


class _StopError(_UnreadError):
    """Nothing after this fault could be understood."""


class _Reader:
    """One pass over one text; `place` is where it stands, and it never goes back.

    `inner` counts the round brackets of values that are open there.
    """

    def __init__(self, text: str, names: Mapping[str, object]) -> None:
        self.text = text
        self.names = names
        self.place = 0
        self.inner = 0

    def begins(self, sign: str) -> bool:
        """Whether a sign comes next, blanks and comments apart."""
        self.skip_gap()
        return self.text.startswith(sign, self.place)

    def listed(self) -> Module:
        """The modules of the list that begins here, as a Sequential."""
        start = self.place
        values = self.sequence(0)
        place = Place(start, self.place)
        modules = values if isinstance(values, tuple) else (values,)
        given = tuple(Given(None, value, place) for value in modules)
        return Module("Sequential", given, (), place, Place(start, start + 1))

    def followed(self, first: Module) -> Module:
        """A module and those behind it, each after a comma, as a Sequential."""
        modules = [first]
        while self.skip_gap() < len(self.text):
            modules.append(self.module(0))
            if not self.comma():
                break
        given = tuple(Given(None, module, module.place) for module in modules)
        place = Place(first.place.start, self.place)
        return first if len(modules) == 1 else Module("Sequential", given, (), place, first.head)

    def module(self, depth: int) -> Module:
        """The module that begins here."""
        self.skip_gap()
        start = self.place
        name = _WORD.match(self.text, start)
        opened = name and _OPEN.match(self.text, name.end())
        if name is None or not opened:
            raise _StopError(self.problem("expected a module, as Conv2d(3, 64, kernel_size=3)"))
        if depth >= DEEPEST:
            raise _StopError(self.problem(f"modules are nested more than {DEEPEST} deep"))
        self.place = opened.end()
        arguments: list[Given] = []
        children: list[Child] = []
        unread: Diagnostic | None = None
        while not self.closes(start):
            outside = self.inner
            try:
                self.part(arguments, children, depth)
            except _StopError:
                raise
            except _UnreadError as fault:
                unread = unread or fault.problem
                self.skip_arguments(start, self.inner - outside)
                self.inner = outside
        self.place += 1
        self.skip_methods()
        short = _PREFIX.sub("", name.group(), count=1)
        place, head = Place(start, self.place), Place(start, name.end())
        return Module(short, tuple(arguments), tuple(children), place, head, unread)

    def closes(self, start: int) -> bool:
        """Whether the ')' of the module at `start` comes next."""
        self.skip_gap()
        if self.place >= len(self.text):
            end = self.text.find("(", start) + 1
            raise _StopError(Diagnostic(f"{CUT_OFF}; expected a ')'", end - 1, end))
        return self.text[self.place] == ")"

    def part(self, arguments: list[Given], children: list[Child], depth: int) -> None:
        """One printed child, or one argument with the comma after it."""
        start = self.place
        child = _CHILD.match(self.text, start)
        if child is not None:
            self.place = child.end()
            times = None if child.group(2) is None else int(child.group(2)[:18])
            module = self.module(depth + 1)
            name = Place(start + 1, child.end(1))
            children.append(Child(child.group(1), times, module, name))
            self.comma()
            return
        key = _KEY.match(self.text, start)
        if key is not None:
            self.place = key.end()
        spread = self.text.startswith("*", self.place)
        self.place += spread
        value = self.value(depth + 1)
        place = Place(start, self.place)
        if spread and not isinstance(value, tuple):
            raise _UnreadError(Diagnostic(_NO_LIST, *place[:2]))
        values = value if spread and isinstance(value, tuple) else (value,)
        arguments += (Given(key.group(1) if key else None, one, place) for one in values)
        printed = "\n" in self.text[self.place : self.skip_gap()]
        if not self.comma() and not printed and not self.text.startswith(")", self.place):
            raise _UnreadError(self.after("expected a ',' or a ')' after this argument"))

    def value(self, depth: int) -> object:
        """The value that begins here; sums and products of whole numbers are worked out."""
        total = self.term(depth)
        while (sign := self.operator("+", "-")) is not None:
            start = self.place
            other = self.term(depth)
            total = self.worked_out(sign, total, other, start)
        return total

    def term(self, depth: int) -> object:
        """A power, or a product of several."""
        product = self.power(depth)
        while (sign := self.operator("*", "//", "/", "%")) is not None:
            start = self.place
            other = self.power(depth)
            product = self.worked_out(sign, product, other, start)
        return product

    def power(self, depth: int) -> object:
        """An atom, or one to the power of another."""
        base = self.atom(depth)
        if self.operator("**") is None:
            return base
        start = self.place
        return self.worked_out("**", base, self.atom(depth), start)

    def operator(self, *signs: str) -> str | None:
        """Past one of the signs, if it comes next."""
        match = _OPERATOR.match(self.text, self.place)
        if match is None or match.group(1) not in signs:
            return None
        self.place = match.end()
        return match.group(1)

    def worked_out(self, sign: str, one: object, other: object, start: int) -> int:
        """What an operation of two whole numbers gives, if that is whole."""
        if isinstance(one, int) and isinstance(other, int):
            result = calculated(sign, one, other)
            if result is not None:
                return result
        message = "only whole numbers of at most 18 digits are worked out here"
        word = next((value for value in (one, other) if isinstance(value, Word)), None)
        message = message if word is None else without_number(word)
        raise _UnreadError(Diagnostic(message, start - len(sign), self.place))

    def atom(self, depth: int) -> object:
        """One number, word, module or sequence."""
        self.skip_gap()
        number = _NUMBER.match(self.text, self.place)
        if number is not None:
            self.place = number.end()
            return self.number(number)
        string = _STRING.match(self.text, self.place)
        if string is not None:
            self.place = string.end()
            return string.group(string.lastindex or 1)
        word = _WORD.match(self.text, self.place)
        if word is not None:
            if _OPEN.match(self.text, word.end()):
                module = self.module(depth)
                return given_back(module) if module.name in GIVEN_BACK else module
            self.place = word.end()
            return self.names.get(word.group(), _CONSTANTS.get(word.group(), Word(word.group())))
        if self.text.startswith(("(", "["), self.place):
            return self.sequence(depth)
        raise _UnreadError(
            self.problem("expected a number, a word or a module here; no expression is worked out")
        )

    def number(self, match: re.Match[str]) -> int | float:
        """A whole number, or a fraction."""
        digits = match.group()
        if len(digits) > 40:
            raise _UnreadError(
                Diagnostic("a number of too many digits", match.start(), match.end())
            )
        return int(digits) if digits.lstrip("+-").isdigit() else float(digits)

    def sequence(self, depth: int) -> object:
        """The values between two brackets; one in round brackets without a comma is itself."""
        opening = self.place
        if depth >= DEEPEST:
            raise _StopError(self.problem(f"brackets are nested more than {DEEPEST} deep"))
        end = ")" if self.text[opening] == "(" else "]"
        self.place += 1
        self.inner += end == ")"
        values: list[object] = []
        comma = True
        while self.skip_gap() < len(self.text) and self.text[self.place] != end:
            if _FOR.match(self.text, self.place):
                message = "what this 'for' repeats is not worked out; write the layers one by one"
                raise _StopError(self.problem(message))
            if not comma:
                raise _UnreadError(self.after(f"expected a ',' or a '{end}' here"))
            spread = self.text.startswith("*", self.place)
            self.place += spread
            value = self.value(depth + 1)
            values += value if spread and isinstance(value, tuple) else (value,)
            comma = self.comma()
        if self.place >= len(self.text):
            message = f"{CUT_OFF}; expected a '{end}'"
            raise _StopError(Diagnostic(message, opening, opening + 1))
        self.place += 1
        self.inner -= end == ")"
        return values[0] if end == ")" and len(values) == 1 and not comma else tuple(values)

    def skip_methods(self) -> None:
        """Past `.float()`, `.to("cuda")` and the like, which change neither shape nor cost."""
        while (method := _METHOD.match(self.text, self.place)) is not None:
            start = self.place = method.end()
            self.skip_arguments(start - 1, 0)
            self.place += 1

    def comma(self) -> bool:
        """Past a comma, if one comes next."""
        self.skip_gap()
        found = _COMMA.match(self.text, self.place)
        self.place = found.end() if found else self.place
        return found is not None

    def skip_gap(self) -> int:
        """Past blanks and comments; the place after them."""
        match = _GAP.match(self.text, self.place)
        self.place = match.end() if match else self.place
        return self.place

    def skip_arguments(self, start: int, inner: int) -> None:
        """To the next printed child of the module at `start`, or to its ')'.

        `inner` round brackets are open that are not the module's own.
        """
        while self.place < len(self.text):
            sign = self.text[self.place]
            if not inner and (sign == ")" or _CHILD.match(self.text, self.place)):
                return
            inner += {"(": 1, ")": -1}.get(sign, 0)
            match = _STRING.match(self.text, self.place) or _SKIPPED.match(self.text, self.place)
            self.place = match.end() if match else self.place + 1
        self.closes(start)

    def after(self, message: str) -> Diagnostic:
        """A fault behind a value: a condition, or something else than the comma."""
        if _IF.match(self.text, self.place):
            message = "what this 'if' decides is not worked out; write what it comes to"
        return self.problem(message)

    def problem(self, message: str) -> Diagnostic:
        """A fault at the word that begins here, or at the end of the text."""
        start = min(self.place, max(0, len(self.text) - 1))
        word = _WORD.match(self.text, start)
        return Diagnostic(message, start, word.end() if word else start + 1)
