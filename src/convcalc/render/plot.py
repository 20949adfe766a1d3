"""Two figures of many variants as a drawing in SVG, with their Pareto front."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, TypeAlias
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcalc.inverse.values import Number

Extent: TypeAlias = "tuple[Number, Number]"
"""The smallest value of a figure, and the largest."""

WIDTH, HEIGHT = 720, 480
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 30, 50
LOGARITHMIC = 100
"""From this ratio of the largest value to the smallest on, an axis has powers of ten."""

MOST_TICKS = 8


class Axis:
    """One axis of a drawing: where a value lies, and which values are written beside it.

    Args:
        name: What it shows.
        low: The smallest value.
        high: The largest one.
        begin: Where the smallest value lies, in pixels.
        end: Where the largest one lies.
    """

    def __init__(self, name: str, low: Number, high: Number, begin: float, end: float) -> None:
        self.name = name
        self._log = low > 0 and high >= LOGARITHMIC * low
        self._begin, self._end = begin, end
        self._low, self._high = self._scaled(low), self._scaled(high)
        if self._high == self._low:
            self._low, self._high = self._low - 1, self._high + 1
        margin = (self._high - self._low) / 20
        self._low, self._high = self._low - margin, self._high + margin

    def place(self, value: Number) -> float:
        """The pixel of a value."""
        share = (self._scaled(value) - self._low) / (self._high - self._low)
        return self._begin + share * (self._end - self._begin)

    def ticks(self) -> list[float]:
        """Round values within the axis."""
        if self._log:
            powers = range(ceil(self._low), floor(self._high) + 1)
            step = max(1, -(-len(powers) // MOST_TICKS))
            found = [10.0**power for power in powers[::step]]
            if len(found) > 1:
                return found
            low, high = 10**self._low, 10**self._high
        else:
            low, high = self._low, self._high
        step_size = 10 ** floor(log10((high - low) / 2))
        while (high - low) / step_size > MOST_TICKS:
            step_size *= 2 if f"{step_size:e}"[0] in "15" else 2.5
        count = floor(high / step_size) - ceil(low / step_size) + 1
        return [(ceil(low / step_size) + turn) * step_size for turn in range(count)]

    def _scaled(self, value: Number) -> float:
        return log10(value) if self._log else float(value)


class Plot:
    """A drawing of points, equal pixels once, so that its size does not grow with their number.

    Args:
        names: What is drawn to the right and upwards.
        extents: (smallest, largest) of each.
    """

    def __init__(self, names: tuple[str, str], extents: tuple[Extent, Extent]) -> None:
        (x_low, x_high), (y_low, y_high) = extents
        self._x = Axis(names[0], x_low, x_high, LEFT, WIDTH - RIGHT)
        self._y = Axis(names[1], y_low, y_high, HEIGHT - BOTTOM, TOP)
        self._pixels: set[tuple[int, int]] = set()

    def add(self, points: Iterable[tuple[Number, Number]]) -> None:
        """More points."""
        for x, y in points:
            self._pixels.add((round(self._x.place(x)), round(self._y.place(y))))

    def svg(self, front: Sequence[tuple[Number, Number]], title: str) -> str:
        """The whole drawing; the front is a line through its points."""
        dots = "".join(f'<circle cx="{x}" cy="{y}" r="2"/>' for x, y in sorted(self._pixels))
        places = [(self._x.place(x), self._y.place(y)) for x, y in sorted(front)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in places)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">\n'
            f"<title>{escape(title)}</title>\n"
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n'
            f"{self._frame()}"
            f'<g fill="#7a8ca5" fill-opacity="0.6">{dots}</g>\n'
            f'<polyline points="{line}" fill="none" stroke="#c0392b" stroke-width="1.5"/>\n'
            f'<g fill="#c0392b">{marks}</g>\n'
            f'<text x="{LEFT}" y="{TOP - 12}">{escape(title)}</text>\n'
            "</svg>\n"
        )

    def _frame(self) -> str:
        """The axes with their ticks and names."""
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        pieces = [f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="black"/>\n']
        for value in self._x.ticks():
            x = self._x.place(value)
            pieces.append(
                f'<path d="M{x:.1f} {bottom}v5" stroke="black"/>'
                f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{_short(value)}</text>\n'
            )
        for value in self._y.ticks():
            y = self._y.place(value)
            pieces.append(
                f'<path d="M{LEFT} {y:.1f}h-5" stroke="black"/>'
                f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_short(value)}</text>\n'
            )
        pieces.append(
            f'<text x="{(LEFT + right) / 2:.0f}" y="{HEIGHT - 10}" text-anchor="middle">'
            f"{escape(self._x.name)}</text>\n"
            f'<text transform="translate(16 {(TOP + bottom) / 2:.0f}) rotate(-90)" '
            f'text-anchor="middle">{escape(self._y.name)}</text>\n'
        )
        return "".join(pieces)


def _short(value: float) -> str:
    """A tick with a prefix: 1M, 250k."""
    for prefix, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.4g}{prefix}"
    return f"{value:.4g}"
