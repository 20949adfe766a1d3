"""The colours of the boxes by what is in them, on light ground and on dark."""

from __future__ import annotations

from typing import NamedTuple


class Colour(NamedTuple):
    """A box: its ground and its border, and both in the dark."""

    fill: str
    line: str
    dark_fill: str
    dark_line: str


COLOURS = {
    "input": Colour("#ffffff", "#5c6370", "#20242a", "#9aa3b0"),
    "convolution": Colour("#d8e8fa", "#3f7fc4", "#1d3a5c", "#5b9be0"),
    "weights": Colour("#e6defa", "#7a5cc0", "#352a58", "#9d84dd"),
    "pooling": Colour("#d9f0dd", "#4c9a5c", "#1f4028", "#6fbf80"),
    "norm": Colour("#eceef1", "#8a929c", "#2b3138", "#7d8794"),
    "activation": Colour("#fdf0cf", "#c09a2b", "#45390f", "#d8b54a"),
    "join": Colour("#fbdfd2", "#cc6a3d", "#502a17", "#e58a5f"),
    "block": Colour("#dcefef", "#3c8f8f", "#1a3d3d", "#5fb5b5"),
    "other": Colour("#f6f7f9", "#b0b7c0", "#24282e", "#666f7b"),
}

TEXT, DARK_TEXT = "#1b1f24", "#e8eaed"
MUTED = "#5c6370"
ARROW, DARK_ARROW = "#5c6370", "#9aa3b0"
FRAME, DARK_FRAME = "#c9ced6", "#3a404a"
