"""From a tree back to text: on one line, or as a file that keeps its lines and comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.spec.expressions import write_expression
from convcalc.spec.tree import (
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

    from convcalc.spec.expressions import Expression
    from convcalc.spec.tree import Argument, Item, Value

_LETTERS = re.compile(r"[A-Za-z_]+")

INDENT = "    "


def write_line(items: Sequence[Item]) -> str:
    """The items on one line; comments are left out."""
    return " ".join(_inline(item) for item in items if not isinstance(item, Comment))


def write_file(items: Sequence[Item]) -> str:
    """The items as a file: line breaks and comments stay, blanks and indentation are regular."""
    return "\n".join(_lines(items)) + "\n" if items else ""


def write_call(call: Call) -> str:
    """One layer without its label: kind, then arguments."""
    arguments = ",".join(_argument(argument) for argument in call.arguments)
    return f"{call.kind}:{arguments}" if arguments else call.kind


def write_value(value: Value) -> str:
    """A word, an expression, or a value per axis."""
    if isinstance(value, str):
        return value
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
    glued = _LETTERS.fullmatch(argument.key) and value[0] in "-$(0123456789"
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


def _lines(items: Sequence[Item]) -> list[str]:
    """One string per line; items that stood on one line stay on it."""
    lines: list[str] = []
    for number, item in enumerate(items):
        first, *rest = _item_lines(item)
        breaks = item.place.breaks
        after_comment = number > 0 and isinstance(items[number - 1], Comment)
        if lines and not breaks and not after_comment:
            separator = "  " if isinstance(item, Comment) else " "
            lines[-1] += separator + first
        else:
            if lines and breaks > 1:
                lines.append("")
            lines.append(first)
        lines += rest
    return lines


def _item_lines(item: Item) -> list[str]:
    """The lines of one item: more than one where its body had line breaks or comments."""
    match item:
        case Block(call, branches) if any(_spread(branch) for branch in branches):
            return _spread_braces(_labelled(call.label, write_call(call)), branches)
        case Repeat(count, body, label) if _spread(body):
            times = f"{count}x" if isinstance(count, int) else f"({write_expression(count)})x"
            return _spread_braces(_labelled(label, times), (body,))
        case Definition(_, _, body) if _spread(body):
            return _spread_braces(_head(item) + " ", (body,))
        case _:
            return [_inline(item)]


def _spread(items: Sequence[Item]) -> bool:
    """Whether the items need lines of their own: a line break or a comment is in them somewhere."""
    for item in items:
        if isinstance(item, Comment) or item.place.breaks:
            return True
        inside = item.branches if isinstance(item, Block) else (getattr(item, "body", ()),)
        if any(_spread(branch) for branch in inside):
            return True
    return False


def _spread_braces(head: str, branches: Sequence[Sequence[Item]]) -> list[str]:
    lines = [head + "{"]
    for number, branch in enumerate(branches):
        if number:
            lines.append("|")
        lines += [INDENT + line if line else "" for line in _lines(branch)]
    return [*lines, "}"]
