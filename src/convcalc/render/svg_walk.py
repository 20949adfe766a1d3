"""A walk as one picture in SVG: for slides, lecture notes and pages, light and dark.

Nothing in it is loaded from elsewhere, and nothing is run. Every number is text, so that it can be
searched, read aloud and copied.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from convcalc.errors import harmless
from convcalc.render.panels import block_of
from convcalc.render.walk_sums import Room, place_text, sum_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.explain.walk.network import WalkedLayer
    from convcalc.render.panels import Block, Line, Panel, Square

HEIGHT = 26
"""Pixels of a square's height; its width follows from the longest number."""

LETTER = 8
"""Pixels of a letter in a square, and of one in the lines below, a little more than it takes."""

GAP = 18
TITLE = 20
LEAST_WIDTH = 600.0
MARGIN = 16

STYLE = """
svg{background:#fff}
text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#1b1f24}
.title{font-weight:bold}
.number{text-anchor:middle}
rect{stroke:#8a929c;stroke-width:1;fill:#fff}
.read{fill:#ffd866}.hole{fill:#f3ecd8}.zero{fill:#e3e7ec}.copy{fill:#d9e7ff}
.weight{fill:#cfead6}.result{fill:#ff9e80}
@media (prefers-color-scheme:dark){
svg{background:#14171b}text{fill:#e8eaed}rect{stroke:#6b7480;fill:#14171b}
.read{fill:#7a5c00}.hole{fill:#3a3322}.zero{fill:#2b3138}.copy{fill:#22375c}
.weight{fill:#1e4a2c}.result{fill:#8a3218}}
"""

MEANING = (
    ("read", "read"),
    ("hole", "passed over"),
    ("zero", "padding"),
    ("copy", "copied by padding"),
    ("weight", "kernel"),
    ("result", "result"),
)


class Drawn(NamedTuple):
    """Elements of a picture, and the room that they take."""

    elements: list[str]
    width: float
    height: float


def svg_text(walked: Sequence[WalkedLayer]) -> str:
    """The picture of a walk: of each layer its channels, its result and the arithmetic."""
    blocks = [block_of(one) for one in walked]
    wide = max(LEAST_WIDTH, *(_block(block, 0).width for block in blocks))
    elements: list[str] = []
    top: float = MARGIN
    for one, block in zip(walked, blocks, strict=True):
        drawn = _layer(one, block, walked, wide, top)
        elements += drawn.elements
        top += drawn.height + GAP
    legend = _legend(blocks, top)
    height = top + legend.height + MARGIN
    last = walked[-1]
    name = f"{last.layer.spec()}, output {place_text(last.walk.place)}"
    size = f"{wide + 2 * MARGIN:g} {height:g}"
    width, tall = size.split()
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{width}" '
            f'height="{tall}" role="img" aria-labelledby="name story">',
            f'<title id="name">{_safe(name)}</title>',
            f'<desc id="story">{_safe(_story(walked))}</desc>',
            f"<style>{STYLE}</style>",
            *elements,
            *legend.elements,
            "</svg>\n",
        )
    )


def _story(walked: Sequence[WalkedLayer]) -> str:
    """The arithmetic of the last layer, for those who do not see the picture."""
    return " ".join(sum_lines(walked[-1], walked, Room(10_000)))


def _layer(
    one: WalkedLayer, block: Block, walked: Sequence[WalkedLayer], wide: float, top: float
) -> Drawn:
    name = f"{one.label} {one.layer.spec()}, output {place_text(one.walk.place)}"
    letters = int(wide // LETTER)
    titles = textwrap.wrap(name, letters)
    elements = [
        _text(MARGIN, top + TITLE * (n + 0.7), line, "title") for n, line in enumerate(titles)
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
    elements: list[str] = []
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
    elements: list[str] = []
    left = height = 0.0
    for panel in line.panels:
        drawn = _panel(panel, left, top)
        elements += drawn.elements
        left, height = left + drawn.width + GAP, max(height, drawn.height)
    if line.total:
        total = f"= {line.total}"
        middle = top + TITLE + (height - TITLE) / 2 + 4
        elements.append(_text(MARGIN + left - 6, middle, total))
        left += LETTER * len(total)
    return Drawn(elements, left, height)


def _panel(panel: Panel, left: float, top: float) -> Drawn:
    """A grid under its title, each number in the middle of its square."""
    longest = max(len(text) for row in panel.rows for text, _ in row)
    side = max(HEIGHT + 4, LETTER * longest + 8)
    elements = [_text(MARGIN + left, top + TITLE * 0.7, panel.title)]
    for down, row in enumerate(panel.rows):
        for across, square in enumerate(row):
            at = MARGIN + left + across * side, top + TITLE + down * HEIGHT
            elements += _square(square, *at, side)
    width = max(side * len(panel.rows[0]), LETTER * len(panel.title))
    return Drawn(elements, width, TITLE + HEIGHT * len(panel.rows))


def _square(square: Square, left: float, top: float, side: float) -> list[str]:
    text, kind = square
    return [
        f'<rect class="{kind}" x="{left:g}" y="{top:g}" width="{side:g}" height="{HEIGHT}"/>',
        _text(left + side / 2, top + HEIGHT / 2 + 4.5, text, f"number of-{kind}"),
    ]


def _legend(blocks: Sequence[Block], top: float) -> Drawn:
    """What the colours mean, of those that are there."""
    panels = [panel for block in blocks for line in block.lines for panel in line.panels]
    panels += [block.result for block in blocks if block.result is not None]
    there = {kind for panel in panels for row in panel.rows for _, kind in row}
    elements: list[str] = []
    left = float(MARGIN)
    for kind, meaning in MEANING:
        if kind in there:
            elements.append(
                f'<rect class="{kind}" x="{left:g}" y="{top:g}" width="14" height="14"/>'
            )
            elements.append(_text(left + 20, top + 11.5, meaning))
            left += 20 + LETTER * len(meaning) + GAP
    return Drawn(elements, left, 16)


def _text(left: float, top: float, text: str, kind: str = "") -> str:
    given = f' class="{kind}"' if kind else ""
    return f'<text{given} x="{left:g}" y="{top:g}">{_safe(text)}</text>'


def _safe(text: str) -> str:
    """Text that is no markup, without signs that XML has no place for."""
    return escape(harmless(text))
