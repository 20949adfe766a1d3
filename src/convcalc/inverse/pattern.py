"""Chains of layers of a pattern that give a wanted receptive field or output.

A pattern is layers with choices, one group of which may be repeated: Nx{conv:64,k{3,5},s{1,2}}. N
is what is looked for. Kernels, channels and whatever else has a choice are the same in every turn;
strides may fall from turn to turn but not grow, as networks have them, and dilations grow but not
fall. The search goes turn by turn, so that what begins alike is followed once, and turns back where
the receptive field is too large, which no further layer makes smaller.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, product
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import Diagnostic, LayerError, SpecError, UsageError
from convcalc.inverse.grid import read_template
from convcalc.language.parse import parse
from convcalc.layers.base import Layer
from convcalc.receptive import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.inverse.grid import Template
    from convcalc.layers import Fields, Shape

DEFAULT_PATTERN = "Nx{conv:64,k{2..7},s{1,2}}"
"""What is looked for where no pattern is given."""

MOST_TURNS = 40
MOST_STEPS = 100_000
"""Layers that are asked in one search."""

MOST_NEAREST = 5

_GROUP = re.compile(r"(?<!\S)[Nn]x\{")
_SAME_EACH_TURN = re.compile(r"[sd]\d*")


class Chain(NamedTuple):
    """A chain of layers.

    Attributes:
        spec: It in the spec language, equal neighbours together: 3x{conv:64,k4,s2}.
        layers: How many layers.
        field: Its receptive field, of the axis that sees least.
        output: What it makes of the input.
    """

    spec: str
    layers: int
    field: int
    output: Shape


class Found(NamedTuple):
    """What a search for chains came to.

    Attributes:
        chains: Every chain that gives what is wanted, the shortest first.
        nearest: Where there is none, those that come nearest.
    """

    chains: tuple[Chain, ...]
    nearest: tuple[Chain, ...]


@dataclass(frozen=True)
class Wanted:
    """What is looked for.

    Attributes:
        input_shape: What goes in.
        field: The receptive field along each axis, if it matters.
        output: The output, (channels, *sizes), if it matters.
    """

    input_shape: Shape
    field: int | None = None
    output: Shape | None = None

    def holds(self, field: int, output: Shape) -> bool:
        """Whether a chain of this field and output is one of those."""
        return self.field in (None, field) and self.output in (None, output)

    def distance(self, chain: Chain) -> int:
        """How far a chain is from it: elements of the field and of each axis of the output."""
        far = 0 if self.field is None else abs(self.field - chain.field)
        if self.output is not None and len(self.output) == len(chain.output):
            far += sum(
                abs(one - other) for one, other in zip(self.output, chain.output, strict=True)
            )
        return far


class _State(NamedTuple):
    """Layers so far: their texts, the fields and the shape behind them."""

    words: tuple[str, ...]
    fields: Fields
    shape: Shape


def solve_pattern(text: str, wanted: Wanted) -> Found:
    """Every chain of a pattern that gives a wanted receptive field, or output, or both.

    Args:
        text: The pattern.
        wanted: What is looked for.

    Raises:
        SpecError: the pattern has faults.
        UsageError: nothing is wanted, or the pattern has too many chains.

    Example:
        >>> found = solve_pattern("Nx{conv:64,k4,s{1,2}}", Wanted((3, 256, 256), field=70))
        >>> found.chains[0].spec  # the discriminator of pix2pix
        '3x{conv:64,k4,s2} 2x{conv:64,k4,s1}'
    """
    if wanted.field is None and wanted.output is None:
        raise UsageError("say what is wanted: --field 70, or --output 64x14x14")
    return _Search(text, wanted).found()


class _Search:
    """One search: the three parts of the pattern, what was found, and what came nearest."""

    def __init__(self, text: str, wanted: Wanted) -> None:
        before, group, after = _parts(text)
        self._wanted = wanted
        self._before, self._after = read_template(before), read_template(after)
        self._group = None if group is None else read_template(group)
        self._steps = 0
        self._chains: dict[str, Chain] = {}
        self._near: dict[str, Chain] = {}
        axes = len(wanted.input_shape) - 1
        if axes < 1:
            raise UsageError("a receptive field is one of spatial axes, and the input has none")
        # Of windows the interval is exact; which elements a transposed convolution sees is not.
        start = IDENTITY if "convt" in text else replace(IDENTITY, phases=None)
        self._start = _State((), (start,) * axes, wanted.input_shape)

    def found(self) -> Found:
        """Goes through the pattern."""
        for words in _texts(self._before):
            state = self._through(self._start, words)
            if state is None:
                continue
            if self._group is None:
                self._ends(state)
                continue
            self._turns(state, self._group)
        chains = sorted(self._chains.values(), key=_order)
        if chains:
            return Found(tuple(chains), ())
        nearest = sorted(
            self._near.values(), key=lambda chain: (self._wanted.distance(chain), _order(chain))
        )
        return Found((), tuple(nearest[:MOST_NEAREST]))

    def _turns(self, state: _State, group: Template) -> None:
        """Every number of turns of the group, behind a beginning."""
        varying = [bool(_SAME_EACH_TURN.fullmatch(choice.name)) for choice in group.choices]
        fixed = product(
            *(
                [None] if varies else list(choice.values)
                for choice, varies in zip(group.choices, varying, strict=True)
            )
        )
        for values in fixed:
            self._next_turn(state, group, tuple(values), None, MOST_TURNS)

    def _next_turn(
        self,
        state: _State,
        group: Template,
        values: tuple[object, ...],
        last: tuple[int, ...] | None,
        turns: int,
    ) -> None:
        """One more turn, with every stride and dilation that may follow the last ones."""
        if not turns:
            return
        for chosen in self._following(group, values, last):
            whole = iter(chosen)
            text = group.text([next(whole) if value is None else value for value in values])
            after = self._through(state, tuple(text.split()))
            if after is None:
                continue
            self._ends(after)
            if after.fields == state.fields and after.shape == state.shape:
                continue  # more turns that change nothing change nothing
            self._next_turn(after, group, values, chosen, turns - 1)

    def _following(
        self, group: Template, values: tuple[object, ...], last: tuple[int, ...] | None
    ) -> Iterator[tuple[int, ...]]:
        """The strides and dilations of a turn: strides never grow, dilations never fall."""
        lists: list[list[int]] = []
        for choice, value in zip(group.choices, values, strict=True):
            if value is not None:
                continue
            numbers = sorted(int(one) for one in choice.values)
            place = len(lists)
            if choice.name.startswith("s"):
                numbers = [one for one in reversed(numbers) if last is None or one <= last[place]]
            else:
                numbers = [one for one in numbers if last is None or one >= last[place]]
            lists.append(numbers)
        yield from product(*lists)

    def _ends(self, state: _State) -> None:
        """The chain that ends here, with every end of the pattern."""
        for words in _texts(self._after):
            after = self._through(state, words)
            if after is None or not after.words:
                continue
            chain = Chain(_folded(after.words), len(after.words), _size(after.fields), after.shape)
            if self._wanted.holds(chain.field, chain.output):
                self._chains.setdefault(chain.spec, chain)
            elif not self._chains and len(self._near) < 10_000:
                self._near.setdefault(chain.spec, chain)

    def _through(self, state: _State, words: Sequence[str]) -> _State | None:
        """The state behind some layers; None where one does not fit, or too much is seen.

        Likewise where nobody knows how much is seen.
        """
        fields, shape = state.fields, state.shape
        for word in words:
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise UsageError(
                    f"more than {MOST_STEPS:,} layers would be asked; give fewer choices"
                )
            layer = _layer(word)
            try:
                seen, shape = layer.field((fields,), (shape,)), layer.out_shape(shape)
            except LayerError:
                return None
            if seen is None:
                return None
            fields = seen
        if self._wanted.field is not None and _size(fields) > self._wanted.field:
            self._note_wide((*state.words, *words), fields, shape)
            return None
        return _State((*state.words, *words), fields, shape)

    def _note_wide(self, words: tuple[str, ...], fields: Fields, shape: Shape) -> None:
        """A chain that sees too much may still be the nearest."""
        if not self._chains and len(self._near) < 10_000:
            chain = Chain(_folded(words), len(words), _size(fields), shape)
            self._near.setdefault(chain.spec, chain)


def _parts(text: str) -> tuple[str, str | None, str]:
    """What stands before the group that has N turns, in it, and behind it; None where none has.

    Raises:
        SpecError: several have, or its bracket is not closed.
    """
    match = _GROUP.search(text)
    if match is None:
        return text, None, ""
    depth, end = 1, match.end()
    while depth and end < len(text):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    group, after = text[match.end() : end - 1], text[end:]
    if depth:
        raise SpecError(text, [Diagnostic("the bracket is not closed", *match.span())])
    if _GROUP.search(group) or _GROUP.search(after):
        raise SpecError(text, [Diagnostic("only one group can have N turns", *match.span())])
    return text[: match.start()], group, after


@lru_cache(maxsize=4096)
def _layer(word: str) -> Layer:
    """The layer of one word.

    Raises:
        SpecError: the word is no layer, or several, or one that needs more than its input.
    """
    nodes = parse(word).nodes
    if len(nodes) != 1 or not isinstance(nodes[0].layer, Layer) or nodes[0].layer.joins:
        message = "a pattern is a chain of layers: no blocks, and one group Nx{...}"
        raise SpecError(word, [Diagnostic(message, 0, len(word))])
    return nodes[0].layer


def _texts(template: Template) -> Iterator[tuple[str, ...]]:
    """The words of every combination of a part without turns."""
    for values in product(*(choice.values for choice in template.choices)):
        yield tuple(template.text(values).split())


def _size(fields: Fields) -> int:
    return min((field.size for field in fields), default=1)


def _folded(words: Sequence[str]) -> str:
    """Layers in the spec language, equal neighbours together."""
    runs = ((word, len(list(run))) for word, run in groupby(words))
    return " ".join(word if count == 1 else f"{count}x{{{word}}}" for word, count in runs)


def _order(chain: Chain) -> tuple[int, int, str]:
    """Fewer layers first, then fewer different ones."""
    return chain.layers, chain.spec.count(" "), chain.spec
