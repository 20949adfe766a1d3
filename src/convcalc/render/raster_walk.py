"""Pictures of walks in pixels, drawn by Pillow: PNG, and GIF for several in turn."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from convcalc.render.walk_layout import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.Image import Image

    from convcalc.render.walk_layout import Picture

SCALE = 2
"""Pixels for each of the layout, for screens of many pixels and for print."""

FILLS = {
    "read": "#ffd866",
    "read-zero": "#e9cf8c",
    "read-copy": "#d5cf9e",
    "hole": "#f3ecd8",
    "zero": "#e3e7ec",
    "copy": "#d9e7ff",
    "weight": "#cfead6",
    "result": "#ff9e80",
}
"""The colours of squares, as in SVG on a light page; others are white."""

INK, FRAME, PAPER = "#1b1f24", "#8a929c", "#ffffff"
LETTERS = 13
"""Pixels of the letters' height."""


def png_bytes(picture: Picture) -> bytes:
    """One picture as PNG."""
    out = io.BytesIO()
    _image(picture, picture.width, picture.height).save(out, "PNG", optimize=True)
    return out.getvalue()


def gif_bytes(pictures: Sequence[Picture], seconds: float) -> bytes:
    """Pictures in turn as GIF, each shown for so many seconds, again and again."""
    width = max(picture.width for picture in pictures)
    height = max(picture.height for picture in pictures)
    first, *others = pictures

    def images() -> Iterator[Image]:
        for picture in others:
            yield _image(picture, width, height)

    out = io.BytesIO()
    options = {"duration": round(1000 * seconds), "loop": 0, "optimize": False}
    start = _image(first, width, height)
    start.save(out, "GIF", save_all=True, append_images=images(), **options)
    return out.getvalue()


def _image(picture: Picture, width: float, height: float) -> Image:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (round(SCALE * width), round(SCALE * height)), PAPER)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(SCALE * LETTERS)
    for one in picture.elements:
        if isinstance(one, Text):
            pen.text((SCALE * one.left, SCALE * one.base), one.text, INK, font, "ls")
            continue
        right, bottom = one.left + one.width, one.top + one.height
        box = [round(SCALE * end) for end in (one.left, one.top, right, bottom)]
        pen.rectangle(box, FILLS.get(one.kind, PAPER), FRAME)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        pen.text(middle, one.text, INK, font, "mm")
    return image.quantize(64)
