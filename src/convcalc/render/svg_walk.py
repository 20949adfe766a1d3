"""Pictures in SVG: for slides, lecture notes and pages, light and dark, still and moving.

Nothing in one is loaded from elsewhere, and nothing is run. Every number is text, so that it can be
searched, read aloud and copied.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from convcalc.render.walk_layout import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcalc.render.walk_layout import Element, Picture

STYLE = """
svg{background:#fff}
text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#1b1f24}
.title{font-weight:bold}
.number{text-anchor:middle}
rect{stroke:#8a929c;stroke-width:1;fill:#fff}
.read{fill:#ffd866}.read-zero{fill:#e9cf8c}.read-copy{fill:#d5cf9e}.hole{fill:#f3ecd8}.zero{fill:#e3e7ec}.copy{fill:#d9e7ff}
.weight{fill:#cfead6}.result{fill:#ff9e80}
@media (prefers-color-scheme:dark){
svg{background:#14171b}text{fill:#e8eaed}rect{stroke:#6b7480;fill:#14171b}
.read{fill:#7a5c00}.read-zero{fill:#54481c}.read-copy{fill:#4d4a2e}.hole{fill:#3a3322}.zero{fill:#2b3138}.copy{fill:#22375c}
.weight{fill:#1e4a2c}.result{fill:#8a3218}}
"""

MOVING = """
.step{{visibility:hidden;animation:step {seconds:g}s step-end infinite}}
.first{{visibility:visible}}
@keyframes step{{0%{{visibility:visible}}{share:.6g}%{{visibility:hidden}}}}
@media (prefers-reduced-motion:reduce){{.step{{animation:none}}}}
"""
"""Every step is there all the time, and is seen in its turn; who wants no motion sees the first."""


def svg_text(picture: Picture) -> str:
    """One picture as SVG."""
    return _document(picture, [*map(_drawn, picture.elements)], STYLE, picture.story)


def animated_svg_text(pictures: Sequence[Picture], seconds: float) -> str:
    """Pictures in turn as one SVG, each shown for so many seconds.

    What most of them have in common is drawn once, and under them.
    """
    base = _common(pictures)
    parts = [*map(_drawn, base)]
    known = set(base)
    for step, picture in enumerate(pictures):
        own = "".join(_drawn(one) for one in picture.elements if one not in known)
        first = " first" if step == 0 else ""
        delay = f"animation-delay:{step * seconds:g}s"
        parts.append(f'<g class="step{first}" style="{delay}">{own}</g>')
    moving = MOVING.format(seconds=seconds * len(pictures), share=100 / len(pictures))
    widest = pictures[0]._replace(
        width=max(picture.width for picture in pictures),
        height=max(picture.height for picture in pictures),
    )
    story = f"{len(pictures)} outputs in turn; the first: {pictures[0].story}"
    return _document(widest, parts, STYLE + moving, story)


def _common(pictures: Sequence[Picture]) -> list[Element]:
    """The texts that all have, and at each place the square that most have.

    A step draws another square over it, and so its number.
    """
    counts = Counter(one for picture in pictures for one in dict.fromkeys(picture.elements))
    everywhere = set.intersection(
        *({_box(one) for one in picture.elements} for picture in pictures)
    )
    places: dict[object, Element] = {}
    for one, count in counts.items():
        if isinstance(one, Text):
            if count == len(pictures):
                places[one] = one
        elif _box(one) in everywhere:  # a step has another square to draw over it
            known = places.get(_box(one))
            if known is None or count > counts[known]:
                places[_box(one)] = one
    return list(places.values())


def _box(one: Element) -> tuple[float, ...]:
    """Where a square lies; nothing of texts."""
    return () if isinstance(one, Text) else (one.left, one.top, one.width, one.height)


def _document(picture: Picture, parts: Iterable[str], style: str, story: str) -> str:
    size = f'width="{picture.width:g}" height="{picture.height:g}"'
    box = f'viewBox="0 0 {picture.width:g} {picture.height:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} {size} role="img"'
    return "\n".join(
        (
            f'{head} aria-labelledby="name story">',
            f'<title id="name">{escape(picture.name)}</title>',
            f'<desc id="story">{escape(story)}</desc>',
            f"<style>{style}</style>",
            *parts,
            "</svg>\n",
        )
    )


def _drawn(one: Element) -> str:
    if isinstance(one, Text):
        kind = ' class="title"' if one.title else ""
        return f'<text{kind} x="{one.left:g}" y="{one.base:g}">{escape(one.text)}</text>'
    place = f'x="{one.left:g}" y="{one.top:g}" width="{one.width:g}" height="{one.height:g}"'
    square = f'<rect class="{one.kind}" {place}/>'
    if not one.text and one.height < 20:  # of the legend
        return square
    middle = f'x="{one.left + one.width / 2:g}" y="{one.top + one.height / 2 + 4.5:g}"'
    return f'{square}<text class="number of-{one.kind}" {middle}>{escape(one.text)}</text>'
