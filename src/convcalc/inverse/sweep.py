"""Sweeps: the figures of every combination of a grid, one row after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from convcalc.errors import LayerError, SpecError, UsageError
from convcalc.inverse.grid import Combinations, read_template
from convcalc.inverse.layer_rows import FIGURES, layer_rows
from convcalc.inverse.network_rows import NetworkRows
from convcalc.language.parse import reader_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from convcalc.inverse.values import Figure
    from convcalc.layers import Shape
    from convcalc.network.graph import Network

Row: TypeAlias = "tuple[Figure, ...]"
"""The text of a variant, its choices, and its figures."""

Words: TypeAlias = "tuple[int | str, ...]"
"""The values of some choices as they stand in the text."""

MOST_ROWS = 10**9
"""Rows that a sweep may have without a condition or a limit."""

MOST_SHOWN = 60
"""Characters of a spec that is shown in each row; of a longer one the choices are."""

MOST_NETWORKS = 64
"""Networks that are kept, for the next input."""


class Sweep:
    """A grid of variants: every combination of the choices in a text, an input and parameters.

    Args:
        spec: A spec, with choices as conv:{32,64},k{3,5} and parameters as $width.
        input_text: The input, with choices as 3x{128..512:32}; `x=` repeats the size before it.
        variables: The values of each parameter.

    Raises:
        SpecError: a choice is none, or the first variant has faults.
        UsageError: the input is no shape.

    Attributes:
        count: How many combinations there are.
        names: What each place of a row holds.
    """

    def __init__(
        self,
        spec: str,
        input_text: str,
        variables: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        self._variables = dict(variables or {})
        self._spec = read_template(spec)
        self._input = read_template(input_text.replace("x=", "x\1"), "the input", "size")
        self.choices = self._names()
        self.names = ("spec", *self.choices, *FIGURES)
        outer: list[Sequence[int | str]] = list(self._variables.values())
        self._outer = Combinations([*outer, *(choice.values for choice in self._input.choices)])
        self._format = "%s".join(part.replace("%", "%%") for part in self._spec.parts)
        quick = None if self._variables else layer_rows(self._spec)
        self._quick = quick[0] if quick else None
        self._plain: list[Sequence[int | str]]
        self._plain = [choice.values for choice in self._spec.choices]
        self._values: list[Sequence[Figure]]
        self._values = quick[1] if quick else [list(map(_value, one)) for one in self._plain]
        self._inner = Combinations(self._values)
        self._texts = Combinations(self._plain)
        self.count = self._outer.count * self._inner.count
        self._rows = NetworkRows(())
        self._networks: dict[tuple[Words, Words], Network] = {}
        self._readers: dict[str, Callable[[Mapping[str, int | str]], Network]] = {}
        self._check()

    def _names(self) -> tuple[str, ...]:
        """The names of the choices, each once: parameters, sizes of the input, values of layers."""
        found: list[str] = list(self._variables)
        for choice in (*self._input.choices, *self._spec.choices):
            name, number = choice.name, 2
            while name in found or name in FIGURES:
                name, number = f"{choice.name}{number}", number + 1
            found.append(name)
        return tuple(found)

    @property
    def quick(self) -> bool:
        """Whether the grid is of one layer, whose rows take microseconds."""
        return self._quick is not None

    def telling(self) -> tuple[str, ...]:
        """The columns that tell variants apart: a short text, or else the choices in it."""
        inputs = ("input",) if self._input.choices else ()
        if self._spec.choices and len(self._format) <= MOST_SHOWN and "\n" not in self._format:
            return (*self._variables, *inputs, "spec")
        sizes = len(self._variables) + len(self._input.choices)
        return (*self._variables, *inputs, *self.choices[sizes:])

    def want(self, names: Collection[str]) -> None:
        """Says which figures are asked for: receptive fields of networks are not found unasked."""
        self._rows = NetworkRows(names)

    def sizes(self) -> tuple[int, ...]:
        """How many values each choice has."""
        choices = (*self._input.choices, *self._spec.choices)
        values = [*self._variables.values(), *(choice.values for choice in choices)]
        return tuple(map(len, values))

    def _check(self) -> None:
        """Reads the first variant, so that a fault in the text is heard of at once."""
        first = next(self._outer.between(0, 1))
        self._shape(first[len(self._variables) :])
        plain = next(self._texts.between(0, 1))
        self._network(first[: len(self._variables)], plain)

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[Row | None]:
        """The rows of the combinations `start` to `stop` - 1; None for one that does not fit."""
        stop = self.count if stop is None else min(stop, self.count)
        inner = self._inner.count
        while start < stop:
            number, first = divmod(start, inner)
            last = min(inner, first + stop - start)
            (outer,) = self._outer.between(number, number + 1)
            yield from self._inside(outer, first, last)
            start += last - first

    def _inside(self, outer: Words, first: int, last: int) -> Iterator[Row | None]:
        """The rows of one input and one set of parameters."""
        variables = outer[: len(self._variables)]
        shape = self._shape(outer[len(self._variables) :])
        values = self._inner.between(first, last)
        texts = self._texts.between(first, last)
        if self._quick is not None:
            again = self._inner.between(first, last)
            for text, own, figures in zip(
                texts, again, self._quick.rows(shape, values), strict=True
            ):
                yield None if figures is None else (self._format % text, *outer, *own, *figures)
            return
        for text, own in zip(texts, values, strict=True):
            try:
                network = self._network(variables, text)
                figures = self._rows.figures(network, shape)
            except (LayerError, SpecError):
                yield None
                continue
            yield (self._format % text, *outer, *own, *figures)

    def _shape(self, sizes: Sequence[object]) -> Shape:
        """The input with these sizes.

        Raises:
            UsageError: it is none.
        """
        from convcalc.language.shapes import plain_shape

        found: list[int] = []
        for part in plain_shape(self._input.text(sizes)).split("x"):
            if part == "\1" and found:
                found.append(found[-1])
            elif part.isdecimal() and part.isascii() and 0 < len(part) < 10 and int(part):
                found.append(int(part))
            else:
                shown = self._input.text(sizes).replace("\1", "=")
                raise UsageError(
                    "the input is channels and up to 3 sizes, as 3x{128..512:32}x=; got "
                    f"'{shown[:60]}'"
                )
        if not 1 <= len(found) <= 4:
            raise UsageError(f"the input has channels and up to 3 sizes; got {len(found)} numbers")
        return tuple(found)

    def _network(self, variables: Words, text: Words) -> Network:
        """The network of a variant, read once for several inputs."""
        key = (variables, text)
        found = self._networks.get(key)
        if found is None:
            spec = self._format % text
            read = self._readers.get(spec)
            if read is None:
                if len(self._readers) >= MOST_NETWORKS:
                    self._readers.clear()
                read = self._readers[spec] = reader_of(spec)
            if len(self._networks) >= MOST_NETWORKS:
                self._networks.clear()
            found = read(dict(zip(self._variables, variables, strict=True)))
            self._networks[key] = found
        return found


def _value(text: int | str) -> int | str:
    """A value of a choice as conditions see it: a number where it is one."""
    return int(text) if isinstance(text, str) and text.isdecimal() and text.isascii() else text


def check_count(sweep: Sweep, *, bounded: bool) -> None:
    """Refuses grids that nobody wants all rows of.

    Raises:
        UsageError: there are too many.
    """
    if sweep.count > MOST_ROWS and not bounded:
        factors = " x ".join(f"{size:,}" for size in sweep.sizes())
        raise UsageError(
            f"the grid has {sweep.count:,} rows ({factors}); of more than {MOST_ROWS:,} say "
            "which are wanted: --where or --top"
        )
