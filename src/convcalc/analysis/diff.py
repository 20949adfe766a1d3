"""Two networks side by side: which layers they share, which changed, which only one of them has.

The layers are aligned in order so that the pairs are worth most together: above all layers that are
written alike, then those of the same shape, then those of one kind or family of kinds. Layers of
different families are never paired. The best alignment is found pair by pair, as Needleman and
Wunsch (1970) do for sequences; of several equally good ones, the one that pairs layers earliest.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from convcalc.analysis.tabular import Tabular
from convcalc.collecting import gc_paused
from convcalc.layers.kinds import KINDS, row_of
from convcalc.network.graph import INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.analysis.report import LayerReport, Report
    from convcalc.analysis.tabular import Row

EQUAL = "equal"
CHANGED = "changed"
RESHAPED = "reshaped"
REWIRED = "rewired"
ONLY_A = "only_a"
ONLY_B = "only_b"

MOST_PAIRS = 1_000_000
"""Pairs of layers that are weighed, in about a second; beyond that layers are paired by place."""

FAMILIES = (
    ("Convolution", "Staged", "linear"),
    ("Pool", "Adaptive"),
    ("Norm", "layerscale", "lrn"),
    ("Join",),
    ("Activation",),
    ("attention", "matmul", "multiheadattention"),
    ("upsample", "pixelshuffle", "pixelunshuffle", "maxunpool"),
    ("flatten", "reshape", "unflatten", "permute", "view"),
    ("Recurrent",),
)
"""Kinds that do the same in different ways, by their names or by those of their families; a kind
that is in none is by itself.
"""

_FAMILY = {name: number for number, names in enumerate(FAMILIES) for name in names}


class Pair(NamedTuple):
    """Two layers that correspond to each other, or one that has no counterpart.

    Attributes:
        status: `equal`; `changed`: another kind or other parameters; `reshaped`: the same layer on
            another shape; `rewired`: the same layer, reading others; `only_a` and `only_b`.
        a: The layer of the first network, or None.
        b: The layer of the second network, or None.
    """

    status: str
    a: LayerReport | None
    b: LayerReport | None

    def flat(self) -> Row:
        """Both layers in a flat row; None for one that is not there."""
        return {
            "status": self.status,
            **{f"{name}_a": value for name, value in _figures(self.a).items()},
            **{f"{name}_b": value for name, value in _figures(self.b).items()},
        }


class PairedBlock(NamedTuple):
    """Neighbouring pairs that stand in one block of each network.

    Attributes:
        a: The label of the block in the first network, "" where none of the pairs is in it.
        b: The label of the block in the second one.
        pairs: The pairs, at least one.
    """

    a: str
    b: str
    pairs: tuple[Pair, ...]


def paired_blocks(pairs: Sequence[Pair], depth: int) -> list[PairedBlock]:
    """Runs of pairs whose labels agree in their first `depth` parts, on each side by itself."""
    found: list[PairedBlock] = []
    for pair in pairs:
        a, b = _block(pair.a, depth), _block(pair.b, depth)
        last = found[-1] if found else PairedBlock("", "", ())
        if found and a in ("", last.a or a) and b in ("", last.b or b):
            found[-1] = PairedBlock(last.a or a, last.b or b, (*last.pairs, pair))
        else:
            found.append(PairedBlock(a, b, (pair,)))
    return found


def _block(layer: LayerReport | None, depth: int) -> str:
    """The first parts of a label."""
    return "" if layer is None else ".".join(layer.label.split(".")[:depth])


def _figures(layer: LayerReport | None) -> Row:
    names = ("label", "spec", "output_shape", "params", "macs", "activations")
    row = {} if layer is None else layer.flat()
    return {name: row.get(name) for name in names}


class Quantity(NamedTuple):
    """One total of both networks."""

    name: str
    a: int
    b: int

    @property
    def ratio(self) -> Fraction | None:
        """The second per one of the first; None if that is 0."""
        return Fraction(self.b, self.a) if self.a else None


@dataclass(frozen=True, repr=False)
class Difference(Tabular):
    """Two networks and how their layers correspond.

    Attributes:
        a: The first network.
        b: The second one.
        pairs: Every layer of both, in order; what only the first has stands before what only the
            second has.
        in_order: Whether there were too many layers to look for the best pairs, so that those
            between the first difference and the last were paired by their place.
        names: What the networks are called, if they have names.
        peaks: Bytes of float32 that are alive at once in each, where they are known.
    """

    a: Report
    b: Report
    pairs: tuple[Pair, ...]
    in_order: bool = False
    names: tuple[str, str] = ("", "")
    peaks: tuple[int | None, int | None] = (None, None)

    def count(self, *statuses: str) -> int:
        """How many pairs have one of these statuses."""
        return sum(pair.status in statuses for pair in self.pairs)

    def rows(self) -> list[Row]:
        """A flat row for each pair: `label_a`, `label_b`, `macs_a`, `macs_b`, ..."""
        return [pair.flat() for pair in self.pairs]

    @property
    def outputs_differ(self) -> bool:
        """Whether both results are those of known layers that are not paired with each other."""
        partner = {p.a.index: p.b.index for p in self.pairs if p.a is not None and p.b is not None}
        partner[INPUT] = INPUT
        a, b = self.a.output, self.b.output
        return a in partner and b in partner.values() and partner[a] != b

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Parameters, multiply-accumulates, activations and what is known beside them of both.

        `peak_memory` is in bytes, `field` the size of the output's receptive field along the axis
        where it is smallest.
        """
        names = ("params", "macs", "activations")
        a, b = self.a.totals, self.b.totals
        found = [Quantity(name, getattr(a, name), getattr(b, name)) for name in names]
        before, after = self.peaks
        if before is not None and after is not None:
            found.append(Quantity("peak_memory", before, after))
        fields = _field_size(self.a), _field_size(self.b)
        if fields[0] is not None and fields[1] is not None:
            found.append(Quantity("field", fields[0], fields[1]))
        return tuple(found)


def _field_size(report: Report) -> int | None:
    """The receptive field of the output, along its smallest axis; None without axes, or unknown."""
    if report.output == INPUT:
        return 1 if len(report.input) > 1 else None
    axes = report.layers[report.output].receptive_field
    return min((axis.size for axis in axes or ()), default=None)


def difference(
    a: Report,
    b: Report,
    names: tuple[str, str] = ("", ""),
    peaks: tuple[int | None, int | None] = (None, None),
) -> Difference:
    """How the layers of two networks correspond, from their reports.

    Args:
        a: The first network.
        b: The second one.
        names: What they are called.
        peaks: Bytes that are alive at once in each, as `analyze_memory` finds them.

    Example:
        >>> import convcalc
        >>> plain = convcalc.parse("conv:8,k3,p1 relu conv:8,k3,p1").analyze((3, 9, 9))
        >>> other = convcalc.parse("conv:8,k3,p1 bn relu conv:8,k5,p2").analyze((3, 9, 9))
        >>> [pair.status for pair in difference(plain, other).pairs]
        ['equal', 'only_b', 'equal', 'changed']
    """
    head = _alike(a.layers, b.layers)
    first, second = a.layers[head:], b.layers[head:]
    ends: list[_Match] = []
    if len(first) * len(second) > MOST_PAIRS:  # the same layers at the end may be enough
        tail = _alike(first[::-1], second[::-1])
        ends = list(zip(first[len(first) - tail :], second[len(second) - tail :], strict=True))
        first, second = first[: len(first) - tail], second[: len(second) - tail]
    in_order = len(first) * len(second) > MOST_PAIRS
    with gc_paused():
        middle = _by_place(first, second) if in_order else _aligned(first, second)
    heads = zip(a.layers[:head], b.layers[:head], strict=True)
    pairs = _classify([*heads, *middle, *ends])
    return Difference(a, b, pairs, in_order, names, peaks)


_Match = tuple["LayerReport | None", "LayerReport | None"]


def _alike(first: Sequence[LayerReport], second: Sequence[LayerReport]) -> int:
    """How many layers at the beginning are the same in both."""
    return sum(1 for _ in takewhile(bool, map(_same, first, second)))


def _same(a: LayerReport, b: LayerReport) -> bool:
    return (a.input_shapes, a.output_shape, a.layer) == (b.input_shapes, b.output_shape, b.layer)


def _by_place(first: Sequence[LayerReport], second: Sequence[LayerReport]) -> list[_Match]:
    """Each layer with the one at the same place, where they are of one family."""
    matches: list[_Match] = []
    for a, b in zip(first, second, strict=False):
        matches += [(a, b)] if _match_score(a, b) else [(a, None), (None, b)]
    shorter = min(len(first), len(second))
    return [
        *matches,
        *((a, None) for a in first[shorter:]),
        *((None, b) for b in second[shorter:]),
    ]


def _aligned(first: Sequence[LayerReport], second: Sequence[LayerReport]) -> list[_Match]:
    """The alignment that is worth most, followed from the beginning.

    `best[i][j]` is what the layers from i on of one and from j on of the other are worth together.
    """
    worth = _remembered()
    best = [[0] * (len(second) + 1)]
    for a in reversed(first):
        below, row, right = best[-1], [0], 0
        for j in range(len(second) - 1, -1, -1):
            right = max(below[j], right)
            own = worth(a, second[j])
            if own and below[j + 1] + own > right:
                right = below[j + 1] + own
            row.append(right)
        best.append(row[::-1])
    best.reverse()
    matches: list[_Match] = []
    i = j = 0
    while i < len(first) and j < len(second):
        own = worth(first[i], second[j])
        if own and best[i][j] == best[i + 1][j + 1] + own:
            matches.append((first[i], second[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            matches.append((first[i], None))
            i += 1
        else:
            matches.append((None, second[j]))
            j += 1
    return [*matches, *((a, None) for a in first[i:]), *((None, b) for b in second[j:])]


def _remembered() -> Callable[[LayerReport, LayerReport], int]:
    """`_match_score`, asked once for each two equal layers: networks repeat themselves."""
    known: dict[tuple[object, ...], int] = {}

    def worth(a: LayerReport, b: LayerReport) -> int:
        key = (a.spec, a.input_shapes, a.output_shape, b.spec, b.input_shapes, b.output_shape)
        value = known.get(key)
        if value is None:
            value = known[key] = _match_score(a, b)
        return value

    return worth


def _match_score(a: LayerReport, b: LayerReport) -> int:
    """What a pair of layers is worth; 0 if they cannot be paired."""
    if a.kind != b.kind and not _related(a.kind, b.kind):
        return 0
    return sum(
        weight
        for weight, alike in (
            (32, a.layer == b.layer),
            (16, a.output_shape == b.output_shape),
            (8, a.input_shapes == b.input_shapes),
            (4, a.kind == b.kind),
            (2, _first_argument(a) == _first_argument(b)),
            (1, True),
        )
        if alike
    )


def _related(one: str, other: str) -> bool:
    """Whether two kinds do the same in different ways."""
    family = row_of(_FAMILY, KINDS[one])
    return family is not None and family == row_of(_FAMILY, KINDS[other])


def _first_argument(row: LayerReport) -> str:
    """What stands behind the kind: the output channels of most."""
    return row.spec.partition(":")[2].partition(",")[0]


def _classify(matches: Sequence[_Match]) -> tuple[Pair, ...]:
    """The matches with what they are."""
    partner = {a.index: b.index for a, b in matches if a is not None and b is not None}
    partner[INPUT] = INPUT
    found = set(partner.values())
    return tuple(Pair(_status(a, b, partner, found), a, b) for a, b in matches)


def _status(
    a: LayerReport | None, b: LayerReport | None, partner: dict[int, int], found: set[int]
) -> str:
    if b is None:
        return ONLY_A
    if a is None:
        return ONLY_B
    if a.layer != b.layer:
        return CHANGED
    if not _same(a, b):
        return RESHAPED
    # A layer that only one network has changes what the next one reads, and nothing else of it.
    known = all(source in partner for source in a.inputs) and found.issuperset(b.inputs)
    rewired = known and tuple(partner[source] for source in a.inputs) != b.inputs
    return REWIRED if rewired else EQUAL
