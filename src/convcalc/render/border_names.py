"""What other libraries call the modes of padding, side by side.

Sources: the documentation of `numpy.pad`, of SciPy's `ndimage.correlate`, of OpenCV's
`cv::BorderTypes`, of MATLAB's `padarray` and `imfilter`, of `torch.nn.functional.pad`.
"""

from __future__ import annotations

from convcalc.render.table import Cell, Column, Table
from convcalc.render.text import aligned

TITLES = ("mode", "abcd and 3 more", "numpy.pad", "scipy.ndimage", "OpenCV", "MATLAB", "torch")

BORDER_NAMES = (
    ("zeros", "000|abcd|000", "constant", "constant", "BORDER_CONSTANT", "0", "constant"),
    ("reflect", "dcb|abcd|cba", "reflect", "mirror", "BORDER_REFLECT_101", "-", "reflect"),
    ("symmetric", "cba|abcd|dcb", "symmetric", "reflect", "BORDER_REFLECT", "symmetric", "-"),
    ("replicate", "aaa|abcd|ddd", "edge", "nearest", "BORDER_REPLICATE", "replicate", "replicate"),
    ("circular", "bcd|abcd|abc", "wrap", "wrap", "BORDER_WRAP", "circular", "circular"),
)
"""Each mode, what it adds, and its name in each library; a dash where one has none."""


def border_data() -> list[dict[str, str | None]]:
    """Each mode, what stands around abcd, and its name by library, None where one has none."""
    keys = ("mode", "elements", *TITLES[2:])
    return [
        {key: None if name == "-" else name for key, name in zip(keys, row, strict=True)}
        for row in BORDER_NAMES
    ]


def border_names() -> list[str]:
    """The lines of the table, and what it does not say."""
    columns = [Column(title, title) for title in TITLES]
    rows: list[list[Cell]] = [list(row) for row in BORDER_NAMES]
    return [
        "",
        *aligned(Table(columns, rows)).splitlines(),
        "",
        "reflect is numpy's and torch's; SciPy's and OpenCV's reflect is symmetric here, and the",
        "other names are read as well: mirror, edge, nearest, wrap, grid-mirror, BORDER_WRAP ...",
    ]
