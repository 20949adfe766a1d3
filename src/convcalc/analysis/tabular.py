"""Answers that are tables: how they print, what a notebook shows, and their rows as data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeAlias

from convcalc.errors import UnknownLayerError, UsageError, described, nearest, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    import pandas as pd

Value: TypeAlias = (
    "int | float | Fraction | str | bool | tuple[int, ...] | tuple[Fraction | int, ...] | None"
)
"""What a row has in one place: a tuple is a shape, or a value for each axis; None is not known."""

Row: TypeAlias = dict[str, Value]
"""One row by the names of its columns."""


class Tabular(ABC):
    """An answer with one row for each thing that it is about.

    `str()` is the whole table as the command prints it into a file, `repr()` its beginning, and a
    notebook shows it folded by block.
    """

    @abstractmethod
    def rows(self) -> list[Row]:
        """Every row, flat: exact numbers under the same names in each of them."""

    def to_frame(self) -> pd.DataFrame:
        """The rows as a data frame of pandas.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise UsageError(
                "pandas is not installed; pip install 'convcalc[pandas]' brings it, "
                "or rows() gives the same as a list"
            ) from None
        return pd.DataFrame(self.rows())

    def __str__(self) -> str:
        from convcalc.render import whole_text

        return whole_text(self)

    def __repr__(self) -> str:
        from convcalc.render import short_text

        return short_text(self)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from convcalc.render import folded_html

        return folded_html(self)


class Layered(Tabular):
    """An answer with a row for each layer, which can be asked for layers by their labels.

    `answer["layer1.0"]` is the layer of that label, or all that stands in the block of that name;
    iterating gives the labels, and `in` says whether there is such a layer or block.
    """

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """The label of each layer, in their order."""

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and bool(_under(path, self.labels))

    def places(self, path: str) -> list[int]:
        """The places of the layers that a path means, in their order.

        Args:
            path: A label, or the beginning of labels up to one of their points: "layer1.0".

        Raises:
            UnknownLayerError: there is none; the message has the nearest label.
        """
        found = _under(path, self.labels) if isinstance(path, str) else []
        if not found:
            raise UnknownLayerError(_unknown(path, self.labels))
        return found


def whole(number: Fraction) -> Fraction | int:
    """A fraction, as an integer where it is one."""
    return number.numerator if number.denominator == 1 else number


def _under(path: str, labels: Sequence[str]) -> list[int]:
    """The places of the label itself, and of those that begin with it and a point."""
    begin = path + "."
    return [place for place, label in enumerate(labels) if label == path or label.startswith(begin)]


def _unknown(path: object, labels: Sequence[str]) -> str:
    """What there is instead of a layer that is not there."""
    if not isinstance(path, str):
        return f"expected a label or a block, as 'layer1.0', got {described(path)}"
    blocks = dict.fromkeys(
        label[:place] for label in labels for place, sign in enumerate(label) if sign == "."
    )
    hint = nearest(path, (*blocks, *labels))
    if not hint and labels:
        hint = f"; the first is '{printable(labels[0], 40)}'"
    return f"no layer and no block is called '{printable(path, 40)}'{hint}"
