"""From a tree back to text: on one line, or as a file that keeps its lines and comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.language.expressions import AtLabel, write_expression
from convcalc.language.tree import (
    Axes,
    Block,
    Call,
    Comment,
    Definition,
    Ends,
    Jump,
    Repeat,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.language.expressions import Expression
    from convcalc.language.tree import Argument, Item, Value

_LETTERS = re.compile(r"[A-Za-z_]+")

INDENT = "    "


def write_line(items: Sequence[Item]) -> str:
    """The items on one line; comments are left out."""
    return " ".join(_inline(item) for item in items if not isinstance(item, Comment))


def write_file(items: Sequence[Item]) -> str:
    """The items as a file: line breaks and comments stay, blanks and indentation are regular."""
    return _Page(items).text() + "\n" if items else ""


def write_call(call: Call) -> str:
    """One layer without its label: kind, then arguments."""
    arguments = ",".join(_argument(argument) for argument in call.arguments)
    return f"{call.kind}:{arguments}" if arguments else call.kind


def write_value(value: Value) -> str:
    """A word, an expression, a value per axis, a label, or a layer in brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, AtLabel):
        return f"@{value.label}"
    if isinstance(value, Call):
        return f"({write_call(value)})"
    if not isinstance(value, Axes):
        return write_expression(value)
    if len(value.values) == 1 and isinstance(value.values[0], Ends):
        begin, end = value.values[0]
        return f"{write_expression(begin)}:{write_expression(end)}"
    return "x".join(_axis(axis) for axis in value.values)


def _axis(axis: Expression | Ends) -> str:
    if isinstance(axis, Ends):
        return f"{write_expression(axis.begin, 9)}:{write_expression(axis.end, 9)}"
    return (
        write_expression(axis, 9)
        if isinstance(axis, int | float)
        else f"({write_expression(axis)})"
    )


def _argument(argument: Argument) -> str:
    value = write_value(argument.value)
    if argument.key is None:
        return value
    number = value[0] in "-$(0123456789" and not isinstance(argument.value, Call)
    glued = _LETTERS.fullmatch(argument.key) and number
    return f"{argument.key}{'' if glued else '='}{value}"


def _inline(item: Item) -> str:
    match item:
        case Comment(text):
            return text
        case Jump(label):
            return f"@{label}"
        case Call():
            return _labelled(item.label, write_call(item))
        case Block(call, branches):
            return _labelled(call.label, write_call(call)) + _braces(branches)
        case Repeat(count, body, label):
            return _labelled(label, _repeated(count, body))
        case Definition(_, _, body):
            return f"{_head(item)} {_braces((body,))}"


def _braces(branches: Sequence[Sequence[Item]]) -> str:
    inside = " | ".join(write_line(branch) for branch in branches)
    return "{" + inside.replace("  ", " ") + "}"


def _repeated(count: Expression, body: Sequence[Item]) -> str:
    times = f"{count}x" if isinstance(count, int) else f"({write_expression(count)})x"
    match [item for item in body if not isinstance(item, Comment)]:
        case [Call(label=None) as call] if isinstance(count, int):
            return times + write_call(call)
    return times + _braces((body,))


def _head(definition: Definition) -> str:
    parameters = ", ".join(
        name if default is None else f"{name}={write_value(default)}"
        for name, default in definition.parameters
    )
    return f"define {definition.name}({parameters})"


def _labelled(label: str | None, text: str) -> str:
    return f"{label}={text}" if label else text


class _Page:
    """Lines that grow at their end: how deep each is indented, and the parts that it is made of."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.lines: list[tuple[int, list[str]]] = []
        self.spread: set[int] = set()
        self.spreads(items)
        self.items(items, 0)

    def text(self) -> str:
        return "\n".join(INDENT * depth + "".join(parts) for depth, parts in self.lines)

    def spreads(self, items: Sequence[Item]) -> bool:
        """Whether items need lines of their own: a line break or comment is in them somewhere.

        Those whose bodies do are noted, so that each is looked at once, however deep it is.
        """
        found = False
        for item in items:
            found = found or isinstance(item, Comment) or bool(item.place.breaks)
            inside = item.branches if isinstance(item, Block) else (getattr(item, "body", ()),)
            if any([self.spreads(branch) for branch in inside]):  # noqa: C419 - every one is noted
                self.spread.add(id(item))
                found = True
        return found

    def items(self, items: Sequence[Item], depth: int) -> None:
        """The items of one sequence; those that stood on one line stay on it."""
        first, after_comment = True, False
        for item in items:
            breaks = item.place.breaks
            if not first and not breaks and not after_comment:
                self.lines[-1][1].append("  " if isinstance(item, Comment) else " ")
            else:
                if not first and breaks > 1:
                    self.lines.append((0, []))
                self.lines.append((depth, []))
            self.item(item, depth)
            first, after_comment = False, isinstance(item, Comment)

    def item(self, item: Item, depth: int) -> None:
        """One item, from the end of the last line on."""
        if id(item) not in self.spread:
            self.lines[-1][1].append(_inline(item))
            return
        match item:
            case Block(call, branches):
                self.braces(_labelled(call.label, write_call(call)), branches, depth)
            case Repeat(count, body, label):
                times = f"{count}x" if isinstance(count, int) else f"({write_expression(count)})x"
                self.braces(_labelled(label, times), (body,), depth)
            case Definition(_, _, body):
                self.braces(_head(item) + " ", (body,), depth)

    def braces(self, head: str, branches: Sequence[Sequence[Item]], depth: int) -> None:
        """Branches on lines of their own, between the braces after a head."""
        self.lines[-1][1].append(head + "{")
        for number, branch in enumerate(branches):
            if number:
                self.lines.append((depth, ["|"]))
            self.items(branch, depth + 1)
        self.lines.append((depth, ["}"]))
