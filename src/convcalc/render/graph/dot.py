"""A diagram in the language of Graphviz."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from convcalc.errors import harmless
from convcalc.render.graph.colours import ARROW, COLOURS, FRAME, MUTED, TEXT
from convcalc.render.graph.diagram import Group, groups_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcalc.render.graph.diagram import Box, Diagram

HEAD = f"""digraph network {{
  graph [rankdir=TB, nodesep=0.25, ranksep=0.3, fontname="Helvetica", fontsize=11,
         fontcolor="{TEXT}", color="{FRAME}", style=rounded]
  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11,
        fontcolor="{TEXT}", margin="0.12,0.06"]
  edge [color="{ARROW}", arrowsize=0.6]"""


def dot_text(diagram: Diagram) -> str:
    """The diagram for `dot`, each block in a frame."""
    lines = [HEAD, *_members(diagram, groups_of(diagram), 1)]
    lines += [f"  n{source} -> n{target}" for source, target in diagram.arrows]
    return "\n".join([*lines, "}"]) + "\n"


def _members(diagram: Diagram, members: Iterable[int | Group], depth: int) -> Iterable[str]:
    indent = "  " * depth
    for one in members:
        if isinstance(one, Group):
            yield f"{indent}subgraph {quoted(f'cluster_{_first(one)}_{depth}')} {{"
            yield f'{indent}  label={quoted(one.name)}; labeljust=l; class="frame"'
            yield from _members(diagram, one.members, depth + 1)
            yield f"{indent}}}"
        else:
            yield f"{indent}n{one} [{_box(diagram.boxes[one])}]"


def _first(group: Group) -> int:
    """The first box in a group, by which it is told from others of its name."""
    one = group.members[0]
    return _first(one) if isinstance(one, Group) else one


def _box(box: Box) -> str:
    colour = COLOURS[box.family]
    label = f"<{'<br/>'.join(_lines(box))}>"
    width = ", penwidth=2.5" if box.is_output else ""
    return (
        f'label={label}, fillcolor="{colour.fill}", color="{colour.line}"{width}, '
        f'class="{box.family}"'
    )


def _lines(box: Box) -> list[str]:
    """What stands in a box: of a layer what it is, and its name in small letters below."""
    lines = [_html(line) for line in box.lines]
    if box.is_named:
        return [_html(box.name), *lines]
    return [*lines, f'<font point-size="8" color="{MUTED}">{_html(box.name)}</font>']


def _html(text: str) -> str:
    r"""A text in a label that is like HTML: blanks stay as many, and \N is no name of a box."""
    return escape(harmless(text)).replace("\\", "\\\\").replace("  ", "&#160; ")


def quoted(text: str) -> str:
    r"""A text in quotes: \N and the like would mean something else in a label, & an entity."""
    plain = harmless(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + plain.replace("\n", "\\n") + '"'
