"""A diagram in the language of Mermaid, which pages of Markdown draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import harmless
from convcalc.render.graph.colours import COLOURS, TEXT
from convcalc.render.graph.diagram import Group, groups_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcalc.render.graph.diagram import Box, Diagram

ENTITIES = str.maketrans(
    {
        "#": "#35;",
        "&": "#amp;",
        "<": "#lt;",
        ">": "#gt;",
        '"': "#quot;",
        "`": "#96;",
    }
)
"""Signs that Mermaid reads as quotes, tags or the beginning of Markdown."""


def mermaid_text(diagram: Diagram) -> str:
    """The diagram as a flowchart, each block as a subgraph."""
    lines = ["flowchart TD", *_members(diagram, groups_of(diagram), 1)]
    lines += [f"  n{source} --> n{target}" for source, target in diagram.arrows]
    used = dict.fromkeys(box.family for box in diagram.boxes)
    lines += [
        f"  classDef {name} fill:{colour.fill},stroke:{colour.line},color:{TEXT}"
        for name, colour in COLOURS.items()
        if name in used
    ]
    ends = [place for place, box in enumerate(diagram.boxes) if box.is_output]
    return "\n".join([*lines, *(f"  style n{end} stroke-width:3px" for end in ends)]) + "\n"


def _members(diagram: Diagram, members: Iterable[int | Group], depth: int) -> Iterable[str]:
    indent = "  " * depth
    for number, one in enumerate(members):
        if isinstance(one, Group):
            yield f'{indent}subgraph b{depth}_{_first(one)}_{number} ["{escaped(one.name)}"]'
            yield from _members(diagram, one.members, depth + 1)
            yield f"{indent}end"
        else:
            yield f"{indent}n{one}{_box(diagram.boxes[one])}"


def _first(group: Group) -> int:
    one = group.members[0]
    return _first(one) if isinstance(one, Group) else one


def _box(box: Box) -> str:
    lines = (box.name, *box.lines) if box.is_named else (*box.lines, box.name)
    label = "<br/>".join(map(escaped, lines))
    return f'["{label}"]:::{box.family}'


def escaped(text: str) -> str:
    """A text in a label, with the signs of the language as entities."""
    return harmless(text, kept="").translate(ENTITIES)
