"""A walk as a document: the text on a screen, the products as a table, everything as JSON."""

from __future__ import annotations

import textwrap
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from convcalc.explain.walk.data import Copied, Joined, Mapped, Passed, Pooled, Shared, Stages, Sum
from convcalc.explain.walk.shares import SHARES
from convcalc.render.documents import SCHEMA_VERSION
from convcalc.render.layer_facts import layer_facts
from convcalc.render.table import Column, Document, Table
from convcalc.render.walk_grid import coloured_lines, plain_lines
from convcalc.render.walk_sums import Room, place_text
from convcalc.render.walks import walk_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.explain.walk.data import Number, Place, Walk
    from convcalc.explain.walk.network import WalkedLayer
    from convcalc.layers import Shape
    from convcalc.render.table import Cell, Json, JsonObject

COLUMNS = [
    Column("layer", "layer"),
    Column("spec", "spec"),
    Column("output", "output"),
    Column("channel", "channel", numeric=True),
    Column("tap", "tap"),
    Column("place", "place"),
    Column("value", "value", numeric=True),
    Column("weight", "weight", numeric=True),
    Column("product", "product", numeric=True),
    Column("result", "result", numeric=True),
]

MARKS = "[ ] is read, ( ) is passed over, . is padding, ~ is a copy made by padding"


def walk_document(walked: Sequence[WalkedLayer], shape: Shape, width: int) -> Document:
    """One output of the last layer of a walk, and what it is made of."""

    def source() -> JsonObject:
        return _data(walked, shape)

    lines = walk_lines(walked, Room(width))
    rows = [row for one in walked for row in _rows(one)]
    return Document(
        source,
        Table(COLUMNS, rows),
        textwrap.wrap(MARKS, width),
        body=plain_lines(lines),
        coloured=coloured_lines(lines),
    )


def _rows(one: WalkedLayer) -> Iterator[list[Cell]]:
    """A row for each product, and one for the result."""
    start: list[Cell] = [one.label, one.layer.spec(), place_text(one.walk.place)]
    for own in _used(one.walk):
        texts = [None if at is None else place_text(at) for at in (own.tap, own.place)]
        yield [*start, own.channel, *texts, own.value, own.weight, own.product, None]
    yield [*start, None, None, None, None, None, None, one.walk.result]


class _Used(NamedTuple):
    """Something that is read: by which tap, where, and what it is multiplied with."""

    channel: int | None
    tap: Place | None
    place: Place | None
    value: Number | None
    weight: Number | None = None
    product: Number | None = None


def _used(walk: Walk) -> list[_Used]:
    """Everything that an output is made of; the channel of a branch is its number."""
    match walk:
        case Sum():
            return [
                _Used(part.channel, one.tap, one.place, one.value, one.weight, one.product)
                for part in walk.parts
                for one in part.factors
            ]
        case Stages():
            return [used for own in (*walk.first, walk.last) for used in _used(own)]
        case Pooled():
            return [_Used(walk.place[0], None, one.place, one.value) for one in walk.elements]
        case Joined():
            pairs = enumerate(zip(walk.read, walk.values, strict=True))
            return [_Used(branch, None, place, value) for branch, (place, value) in pairs]
        case Shared():
            return [_Used(None, None, one.place, one.value) for one in walk.elements]
        case _:
            return [_Used(None, None, *_one_read(walk))]


def _one_read(walk: Mapped | Copied | Passed) -> tuple[Place | None, Number | None]:
    """The one element that is read, with its place; nothing where there is none, or are several."""
    match walk:
        case Mapped():
            return walk.place, walk.value
        case Copied():
            return walk.source, walk.result if walk.source is not None else None
        case Passed():
            return walk.read, walk.value


def _data(walked: Sequence[WalkedLayer], shape: Shape) -> JsonObject:
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "explain",
        "input": list(shape),
        "status": "complete",
        "layers": [
            {
                "index": one.number,
                "label": one.label,
                "kind": one.layer.kind,
                "spec": one.layer.spec(),
                "inputs": list(one.sources),
                "output_shape": list(one.output.shape),
                **_facts(one),
                **walk_data(one.walk),
            }
            for one in walked
        ],
    }


def _facts(one: WalkedLayer) -> dict[str, Json]:
    shapes = [tuple(values.shape) for values in one.inputs]
    return layer_facts(one.layer, shapes, one.layer.weight_shapes(*shapes))


def walk_data(walk: Walk) -> dict[str, Json]:
    """A walk as JSON holds it: every product, sum and result."""
    own: dict[str, Json] = {"output": list(walk.place), "result": _plain(walk.result)}
    match walk:
        case Sum():
            bias = None if walk.bias is None else _plain(walk.bias)
            return own | {"channels": _channels(walk), "sum": _plain(walk.total), "bias": bias}
        case Stages():
            return own | {
                "first": [walk_data(one) for one in walk.first],
                "last": walk_data(walk.last),
            }
        case Pooled():
            reads = [_read(one.place, one.source, one.value) for one in walk.elements]
            return own | {"how": walk.how, "elements": reads, "divisor": _plain(walk.divisor)}
        case Joined():
            pairs = zip(walk.read, walk.values, strict=True)
            branches = [None if at is None else _read(at, at, value) for at, value in pairs]
            return own | {"how": walk.how, "branches": branches}
        case Shared():
            reads = [_read(one.place, one.source, one.value) for one in walk.elements]
            formula = SHARES[walk.how].formula
            arrives = _plain(walk.value)
            return own | {
                "how": walk.how,
                "elements": reads,
                "arrives": arrives,
                "formula": formula,
            }
        case _:
            return own | _element_data(walk)


def _element_data(walk: Mapped | Copied | Passed) -> dict[str, Json]:
    """What arrives of one element, and what is made of it."""
    _, value = _one_read(walk)
    own: dict[str, Json] = {"arrives": None if value is None else _plain(value)}
    match walk:
        case Mapped():
            told = {"formula": walk.formula, "expression": walk.expression}
            return own | told | {"case": walk.case or None}
        case Copied():
            return own | {"source": None if walk.source is None else list(walk.source)}
        case Passed():
            steps: list[Json] = [
                {"name": one.name, "expression": one.expression, "value": _plain(one.value)}
                for one in walk.steps
            ]
            return own | {"steps": steps}


def _channels(walk: Sum) -> list[Json]:
    return [
        {
            "channel": part.channel,
            "products": [
                _read(one.place, one.source, one.value)
                | {
                    "tap": list(one.tap),
                    "weight": _plain(one.weight),
                    "product": _plain(one.product),
                }
                for one in part.factors
            ],
            "sum": _plain(part.sum),
        }
        for part in walk.parts
    ]


def _read(place: Place, source: Place | None, value: Number | None) -> dict[str, Json]:
    return {
        "place": list(place),
        "source": None if source is None else list(source),
        "value": None if value is None else _plain(value),
    }


def _plain(value: Number) -> Json:
    """A number as JSON can hold it, and words for NaN and infinities."""
    if isfinite(value):
        return value
    return {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")
