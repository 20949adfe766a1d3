"""Kernels by name, as image processing knows them, and kernels typed as numbers.

They are what OpenCV correlates with, so that results are those of its `Sobel`, `Scharr`,
`Laplacian`, `GaussianBlur`, `blur` and `getGaborKernel`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import cos, pi, sin
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from convcalc.errors import UsageError, nearest, printable
from convcalc.file_names import begins_like_path

if TYPE_CHECKING:
    from collections.abc import Callable

FIXED: dict[str, list[list[int]]] = {
    "sobel-x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "sobel-y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "scharr-x": [[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]],
    "scharr-y": [[-3, -10, -3], [0, 0, 0], [3, 10, 3]],
    "prewitt-x": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "prewitt-y": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
}
"""Kernels without parameters: they are whole numbers, so that pictures stay exact."""

LARGEST_SIZE = 1001
MOST_NUMBERS = 10_000
"""Numbers that a kernel typed as text may have."""


class Family(NamedTuple):
    """Kernels with parameters.

    Attributes:
        form: How one is written.
        defaults: The values of the parameters, None for those that must be given.
        make: The kernel for them.
    """

    form: str
    defaults: tuple[float | None, ...]
    make: Callable[..., np.ndarray]


def is_kernel_text(text: str) -> bool:
    """Whether a word is a kernel itself: a name, or rows of numbers. Files go by ./NAME."""
    name = text.partition(":")[0].lower()
    return name in FIXED or name in FAMILIES or _is_rows(text)


def kernel_of_text(text: str) -> np.ndarray:
    """The kernel (rows, columns) that a text means: `sobel-x`, `gaussian:5,1.0`, `1 2 1; 2 4 2`.

    Raises:
        UsageError: a parameter is missing or impossible, or rows have different lengths.
    """
    name, colon, values = text.partition(":")
    if name.lower() in FIXED:
        if colon:
            raise UsageError(f"--kernel: {name} takes no parameters; got '{printable(text)}'")
        return np.array(FIXED[name.lower()])
    if name.lower() in FAMILIES:
        return _of_family(name.lower(), values)
    return _rows(text)


def meant_kernel(word: str) -> str:
    """What is said of a word that is no kernel and no file; empty where it is a file's name."""
    name = word.partition(":")[0].lower()
    if word.lstrip()[:1] in ("[", "("):
        return "; numbers are written with blanks and semicolons, as '1 0; 2 1'"
    if not re.fullmatch(r"\w[\w-]*", name):
        return ""
    begun = [one for one in FIXED if one.startswith(f"{name}-")]
    hint = f"; did you mean {' or '.join(map(repr, begun))}?" if begun else ""
    hint = hint or nearest(name, (*FIXED, *FAMILIES))
    return "; no kernel has that name" + (hint or f"; there are {', '.join((*FIXED, *FAMILIES))}")


def _of_family(name: str, text: str) -> np.ndarray:
    form, defaults, make = FAMILIES[name]
    words = [word.strip() for word in text.split(",")] if text else []
    if len(words) > len(defaults):
        raise UsageError(f"--kernel: expected {form}, got {len(words)} numbers")
    values: list[float] = []
    for place, default in enumerate(defaults):
        if place < len(words):
            values.append(_number(words[place], form))
        elif default is None:
            raise UsageError(f"--kernel: expected {form}; a number is missing")
        else:
            values.append(default)
    size = values[0]
    if size != int(size) or not 1 <= size <= LARGEST_SIZE:
        raise UsageError(f"--kernel: the size in {form} is a whole number up to {LARGEST_SIZE}")
    return make(int(size), *values[1:])


def _number(word: str, form: str) -> float:
    try:
        value = float(Fraction(word)) if "/" in word else float(word)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise UsageError(f"--kernel: expected {form}; '{printable(word)}' is no number") from None
    if not np.isfinite(value):
        raise UsageError(f"--kernel: expected {form}; '{printable(word)}' is not finite")
    return value


def _gaussian(size: int, sigma: float) -> np.ndarray:
    """exp(-x^2 / (2 sigma^2)), from the middle, with a sum of 1 along each axis.

    Without a sigma it is 0.3*((n - 1)/2 - 1) + 0.8, as in OpenCV's `getGaussianKernel`.
    """
    sigma = sigma if sigma > 0 else 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    places = np.arange(size) - (size - 1) / 2
    line = np.exp(-(places**2) / (2 * sigma**2))
    line /= line.sum()
    return np.outer(line, line)


def _box(size: int) -> np.ndarray:
    """The mean of a square."""
    return np.full((size, size), 1 / size**2)


def _gabor(
    size: int, sigma: float, theta: float, wave: float, gamma: float, phase: float
) -> np.ndarray:
    """exp(-(x'^2 + gamma^2 y'^2) / (2 sigma^2)) * cos(2 pi x' / wave + phase), turned by theta.

    Angles are degrees. Source: OpenCV, `getGaborKernel`, which turns the kernel round.
    """
    if sigma <= 0 or wave <= 0:
        raise UsageError("--kernel: sigma and the wavelength of a gabor kernel are above 0")
    half = size // 2
    axis = np.arange(half, half - 2 * half - 1, -1, dtype=float)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    angle = theta * pi / 180
    along = x * cos(angle) + y * sin(angle)
    across = y * cos(angle) - x * sin(angle)
    bell = np.exp(-(along**2 + (gamma * across) ** 2) / (2 * sigma**2))
    return np.asarray(bell * np.cos(2 * pi * along / wave + phase * pi / 180))


FAMILIES = {
    "gaussian": Family("gaussian:SIZE,SIGMA, as gaussian:5,1.0", (None, 0.0), _gaussian),
    "box": Family("box:SIZE, as box:3", (None,), _box),
    "gabor": Family(
        "gabor:SIZE,SIGMA,DEGREES,WAVELENGTH[,GAMMA[,PHASE]], as gabor:21,4,45,10",
        (None, None, None, None, 0.5, 90.0),
        _gabor,
    ),
}
"""Kernels with parameters, by name."""

_ROW = re.compile(r"[-+0-9./,eE \t]+")


def _is_rows(text: str) -> bool:
    """Whether a text is rows of numbers: it has a semicolon, or nothing but several numbers."""
    if ";" in text:
        return not begins_like_path(text.lstrip())
    return len(_words(text)) > 1 and _ROW.fullmatch(text) is not None


def _words(text: str) -> list[str]:
    return re.split(r"[ \t,]+", text.strip(" \t,")) if text.strip(" \t,") else []


def _rows(text: str) -> np.ndarray:
    """Rows of numbers, apart by semicolons; all of them have the same length.

    Raises:
        UsageError: they have not; the message shows the first that differs.
    """
    rows = [_words(part) for part in text.split(";")]
    if not rows[-1]:
        rows.pop()  # a semicolon at the end
    if sum(map(len, rows)) > MOST_NUMBERS:
        raise UsageError(f"--kernel: more than {MOST_NUMBERS:,} numbers; put them into a file")
    for place, row in enumerate(rows):
        if len(row) != len(rows[0]) or not row:
            raise UsageError(
                f"--kernel: row {place} has {len(row)} numbers, row 0 has {len(rows[0])}; "
                f"all rows are equally long\n{_caret(text, place)}"
            )
    values = [[_number(word, "numbers, as '1 2 1; 2 4 2'") for word in row] for row in rows]
    kernel = np.array(values)
    return kernel.astype(np.int64) if (kernel == np.round(kernel)).all() else kernel


def _caret(text: str, row: int) -> str:
    """The text with a mark under one of its rows."""
    parts = text.split(";")
    start = sum(len(part) + 1 for part in parts[:row])
    start += len(parts[row]) - len(parts[row].lstrip())
    length = max(1, len(parts[row].strip()))
    return f"  {printable(text, 200)}\n  {' ' * start}{'^' * length}"
