"""Where everything of a walk lies in a picture, whatever it is drawn with: squares and texts."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.errors import harmless
from convcalc.render.panels import block_of
from convcalc.render.walk_sums import Room, place_text, sum_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.explain.walk.network import WalkedLayer
    from convcalc.render.panels import Block, Line, Panel

HEIGHT = 26
"""Pixels of a square's height; its width follows from the longest number."""

LETTER = 8
"""Pixels of a letter in a square, and of one in the lines below, a little more than it takes."""

GAP = 18
TITLE = 20
LEAST_WIDTH = 600.0
MARGIN = 16
LEAST_TOTAL = 8
"""Letters that are kept free for a sum, so that steps of an animation lie alike."""

LEGEND = 14
"""Pixels of a square of the legend."""

MEANING = (
    ("read", "read"),
    ("hole", "passed over"),
    ("zero", "padding, or zeros put in"),
    ("copy", "copied by padding"),
    ("weight", "kernel"),
    ("result", "result"),
    ("read-zero", "padding read"),
    ("read-copy", "copy read"),
)
"""The kinds of squares that a legend explains; at the end those that some steps alone have."""


class Square(NamedTuple):
    """A square with a number in its middle; `kind` says what it is."""

    kind: str
    left: float
    top: float
    width: float
    height: float
    text: str


class Text(NamedTuple):
    """A line of text, from its left end and its base line on."""

    left: float
    base: float
    text: str
    title: bool = False


Element: TypeAlias = Square | Text


class Drawn(NamedTuple):
    """Elements of a picture, and the room that they take."""

    elements: list[Element]
    width: float
    height: float


class Picture(NamedTuple):
    """A picture with its name, and its story in words."""

    elements: tuple[Element, ...]
    width: float
    height: float
    name: str
    story: str


def walk_picture(walked: Sequence[WalkedLayer]) -> Picture:
    """The picture of a walk: of each layer its channels, its result and the arithmetic."""
    blocks = [block_of(one) for one in walked]
    wide = max(LEAST_WIDTH, *(_block(block, 0).width for block in blocks))
    elements: list[Element] = []
    top: float = MARGIN
    for one, block in zip(walked, blocks, strict=True):
        drawn = _layer(one, block, walked, wide, top)
        elements += drawn.elements
        top += drawn.height + GAP
    legend = _legend(blocks, wide, top)
    last = walked[-1]
    return Picture(
        (*elements, *legend.elements),
        wide + 2 * MARGIN,
        top + legend.height + MARGIN,
        f"{last.layer.spec()}, output {place_text(last.walk.place)}",
        " ".join(sum_lines(last, walked, Room(10_000))),
    )


def _layer(
    one: WalkedLayer, block: Block, walked: Sequence[WalkedLayer], wide: float, top: float
) -> Drawn:
    name = f"{one.layer.spec()}, output {place_text(one.walk.place)}"
    name += f" ({one.label})" if len(walked) > 1 else ""
    letters = int(wide // LETTER)
    titles = textwrap.wrap(name, letters)
    elements: list[Element] = [
        _text(MARGIN, top + TITLE * (n + 0.7), line, title=True) for n, line in enumerate(titles)
    ]
    height: float = TITLE * len(titles) + 4
    drawn = _block(block, top + height)
    elements += drawn.elements
    height += drawn.height + 6
    lines = sum_lines(one, walked, Room(letters))
    elements += [
        _text(MARGIN, top + height + TITLE * (n + 0.7), text) for n, text in enumerate(lines)
    ]
    return Drawn(elements, wide, height + TITLE * len(lines))


def _block(block: Block, top: float) -> Drawn:
    """The channels below each other, and the result to their right."""
    elements: list[Element] = []
    width = height = 0.0
    for line in block.lines:
        drawn = _line(line, top + height)
        elements += drawn.elements
        width, height = max(width, drawn.width), height + drawn.height + 8
    if block.result is not None:
        left = width + GAP if width else 0
        own = _panel(block.result, left, top)
        elements += own.elements
        width, height = left + own.width, max(height, own.height)
    return Drawn(elements, width, height)


def _line(line: Line, top: float) -> Drawn:
    elements: list[Element] = []
    left = height = 0.0
    for panel in line.panels:
        drawn = _panel(panel, left, top)
        elements += drawn.elements
        left, height = left + drawn.width + GAP, max(height, drawn.height)
    if line.total:
        total = f"= {line.total}"
        middle = top + TITLE + (height - TITLE) / 2 + 4
        elements.append(_text(MARGIN + left - 6, middle, total))
        left += LETTER * max(LEAST_TOTAL, len(total))
    return Drawn(elements, left, height)


def _panel(panel: Panel, left: float, top: float) -> Drawn:
    """A grid under its title, each number in the middle of its square."""
    longest = max(len(text) for row in panel.rows for text, _ in row)
    side = max(HEIGHT + 4, LETTER * longest + 8)
    elements: list[Element] = [_text(MARGIN + left, top + TITLE * 0.7, panel.title)]
    for down, row in enumerate(panel.rows):
        for across, square in enumerate(row):
            at = MARGIN + left + across * side, top + TITLE + down * HEIGHT
            elements.append(Square(square[1], *at, side, HEIGHT, harmless(square[0])))
    width = max(side * len(panel.rows[0]), LETTER * len(panel.title))
    return Drawn(elements, width, TITLE + HEIGHT * len(panel.rows))


def _legend(blocks: Sequence[Block], wide: float, top: float) -> Drawn:
    """What the colours mean, of those that are there, in as many lines as they need."""
    panels = [panel for block in blocks for line in block.lines for panel in line.panels]
    panels += [block.result for block in blocks if block.result is not None]
    there = {kind for panel in panels for row in panel.rows for _, kind in row}
    elements: list[Element] = []
    left, line = float(MARGIN), 0.0
    for kind, meaning in MEANING:
        if kind not in there:
            continue
        takes = 20 + LETTER * len(meaning)
        if left > MARGIN and left + takes > MARGIN + wide:
            left, line = float(MARGIN), line + TITLE
        elements.append(Square(kind, left, top + line, LEGEND, LEGEND, ""))
        elements.append(_text(left + 20, top + line + 11.5, meaning))
        left += takes + GAP
    return Drawn(elements, wide, line + 16)


def _text(left: float, base: float, text: str, *, title: bool = False) -> Text:
    return Text(left, base, harmless(text), title)
