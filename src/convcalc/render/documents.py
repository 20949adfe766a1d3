"""Reports as documents: the JSON of every calculator command, and the table each one shows."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from convcalc.render.folding import counted, of_first, of_leaving, summed
from convcalc.render.layer_facts import layer_facts
from convcalc.render.table import Cell, Column, Document, Json, Table, per_axis, ranked, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcalc.analysis import LayerReport, Report, Totals
    from convcalc.layers import Fields
    from convcalc.receptive import Field
    from convcalc.render.schemas.layers import NamedInput
    from convcalc.render.table import JsonObject

SCHEMA_VERSION = 1

MOST_NAMES = 8
"""Layers of unknown costs that a remark names; JSON has null for each of them."""

UNKNOWN = "nobody says what it costs"
"""Why the cost of a layer is not known, of which no more is known than its name."""

NO_RULE = "the convention has no rule for it"
"""Why a layer has no figure of another tool's, though its products are known."""

MOST_UNUSED = 2
"""Layers that the output does not depend on that a remark names."""

INDEX = Column("index", "#", numeric=True, of_block=of_first)
LABEL = Column("label", "name", dotted=True)
SPEC = Column("spec", "layer", wraps=True, of_block=counted)
OUTPUT = Column("output_shape", "output", of_block=of_leaving)
PARAMS = Column("params", "params", numeric=True, of_block=summed)
MACS = Column("macs", "MACs", numeric=True, of_block=summed)

LAST = 9
"""What is left out of a narrow screen first."""


def layer_table(
    report: Report,
    columns: Sequence[Column],
    cells: Iterable[Sequence[Cell]],
    total: Sequence[Cell] | None = None,
) -> Table:
    """A table with a row for each layer: its place, name and spec, and what else is said of it.

    Where all names are numbers of places they are not shown twice; else the name goes before the
    number where room is short.

    Args:
        report: The layers.
        columns: Those behind the spec.
        cells: Of each layer, those of these columns.
        total: The same of the whole network; a network of one layer needs none.
    """
    layers = report.layers
    named = any(row.label != str(row.index) for row in layers)
    index = INDEX._replace(optional=LAST * named)
    rows: list[list[Cell]] = [
        [row.index, row.label, row.spec, *own] for row, own in zip(layers, cells, strict=True)
    ]
    words: list[Cell] = ["", "total", ""] if named else ["", "", "total"]
    last = [*words, *total] if total is not None and len(rows) > 1 else None
    return Table([index, LABEL._replace(hidden=not named), SPEC, *columns], rows, last, report)


def shape_document(report: Report) -> Document:
    """What goes in and out of each layer, and the shapes of its weights."""
    columns = [
        Column("input_shape", "input", optional=1, of_block=of_first),
        OUTPUT,
        Column("weights", "weights", wraps=True),
    ]
    cells: list[list[Cell]] = [
        [_arriving(row), row.output_shape, _weights(row)] for row in report.layers
    ]
    table = layer_table(report, columns, cells)
    remarks = output_remarks(report) + [
        f"layer {row.index} leaves elements at the end of its input unread: {written(row.unread)}"
        for row in report.layers
        if any(row.unread)
    ]
    return Document(partial(report_data, "shape", report), table, heading(report), remarks)


def field_document(report: Report) -> Document:
    """Size, effective stride and start of each layer's receptive field."""
    columns = [OUTPUT._replace(optional=2), *FIELD_COLUMNS]
    cells = ([row.output_shape, *_field_cells(row.receptive_field)] for row in report.layers)
    table = layer_table(report, columns, cells)
    return Document(
        partial(report_data, "rf", report), table, heading(report), _field_remarks(report)
    )


FIELD_COLUMNS = [
    Column("size", "size", numeric=True, of_block=of_leaving),
    Column("effective_stride", "effective stride", numeric=True, of_block=of_leaving),
    Column("start", "start", numeric=True, of_block=of_leaving),
    Column("touched", "elements touched", numeric=True, optional=1, of_block=of_leaving),
]


def _field_cells(fields: Fields | None) -> list[Cell]:
    """One text for all axes, sorted by their numbers; nothing where they are not known."""
    if fields is None:
        return [None] * len(FIELD_COLUMNS)
    starred = per_axis(f"{field.size}{'*' * field.whole}" for field in fields)
    touched = [field.touched for field in fields]
    known = None if None in touched else [count for count in touched if count is not None]
    return [
        ranked(starred, [field.size for field in fields]),
        ranked(
            per_axis(field.effective_stride for field in fields),
            [field.effective_stride for field in fields],
        ),
        ranked(per_axis(field.start for field in fields), [field.start for field in fields]),
        ranked(per_axis(_touched(field) for field in fields), known or ()),
    ]


def _field_remarks(report: Report) -> list[str]:
    """How the columns of the fields are to be read."""
    fields = [field for row in report.layers for field in row.receptive_field or ()]
    remarks = [
        *output_remarks(report),
        "output u sees input elements start + u*stride ... start + u*stride + size - 1",
        *unknown_fields_remarks(report),
    ]
    if any(len(field.phases or ()) > 1 for field in fields):
        remarks.append(
            "neighbouring outputs see different sizes, as after a transposed convolution:\n"
            "the largest is shown, and nothing lies before start + u*stride; --format json\n"
            "lists each"
        )
    if any(field.whole for field in fields):
        remarks.append(
            "a size with *: the whole input is seen, here or on another path, as by a gate"
        )
    if not all(field.aligned for field in fields):
        remarks.append(
            "branches with different strides met: their fields drift apart, and the union is shown"
        )
    return remarks + repeats_remarks(report)


def report_data(command: str, report: Report) -> JsonObject:
    """The JSON document of a report, version 1 of its schema."""
    return {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "input": list(report.input),
        **_further_inputs(report),
        "batch": report.batch,
        "dtype": "float32",
        "convention": report.convention._asdict(),
        "status": "partial" if report.unknown else "complete",
        "layers": [_layer_data(row) for row in report.layers],
        "output_layer": report.output,
        "totals": _totals_data(report.totals),
        **_unknown_data(report),
    }


def _unknown_data(report: Report) -> dict[str, Json]:
    """The layers of unknown cost, as those of a model that is run, which have a place in it."""
    unknown: list[Json] = [
        {
            "name": row.layer.called,
            "module": row.label,
            "place": None,
            "output_shape": list(row.output_shape),
            "why": NO_RULE if row.counted else UNKNOWN,
            "times": 1,
        }
        for row in report.unknown
    ]
    return {"unknown": unknown} if unknown else {}


def number(value: Fraction | int) -> int | str:
    """A whole number as one, any other fraction as text: "1/2"."""
    fraction = Fraction(value)
    return fraction.numerator if fraction.denominator == 1 else str(fraction)


def _layer_data(row: LayerReport) -> dict[str, Json]:
    return {
        "index": row.index,
        "label": row.label,
        "kind": row.kind,
        "spec": row.spec,
        "inputs": list(row.inputs),
        "output_shape": list(row.output_shape),
        **layer_facts(row.layer, row.input_shapes, row.weights),
        "params": row.params,
        "params_by_part": row.params_by_part._asdict(),
        "macs": known_macs(row),
        "flops": row.flops if row.counted else None,
        "bias_adds": row.bias_adds if row.counted else None,
        "element_ops": row.element_ops if row.counted else None,
        "element_ops_by_type": row.elements._asdict() if row.counted else None,
        "activations": row.activations,
        "total": row.total,
        "receptive_field": None
        if row.receptive_field is None
        else [
            _field_data(field) | ({"interior_only": True} if row.repeats else {})
            for field in row.receptive_field
        ],
    }


def _totals_data(totals: Totals) -> dict[str, Json]:
    data = dict(vars(totals))
    by_type = data.pop("elements")._asdict()
    return data | {"element_ops_by_type": by_type}


def _field_data(field: Field) -> dict[str, Json]:
    """Size, stride and start; what the interval hides is added where there is such a thing."""
    data: dict[str, Json] = {
        "size": field.size,
        "effective_stride": number(field.effective_stride),
        "start": number(field.start),
    }
    if field.whole:
        data["whole_input"] = True
    if not field.aligned:
        data["aligned"] = False
    if field.touched != field.size:
        data["touched"] = field.touched
    if field.phases is None or len(field.phases) > 1:
        data["phases"] = field.phases and [
            {"start": runs[0][0], "size": runs[-1][1] - runs[0][0] + 1} if runs else None
            for runs in field.phases
        ]
    return data


def heading(report: Report, *more: str) -> list[str]:
    """What stands above a table: the input, the batch, and what else the numbers depend on."""
    batch = [f"batch {report.batch}"] if report.batch > 1 else []
    others = [f"{row.label} {written(row.output_shape)}" for row in further_inputs(report)]
    return [", ".join([f"input {written(report.input)}", *others, *batch, *more])]


def further_inputs(report: Report) -> list[LayerReport]:
    """The rows of inputs beside the first."""
    return [row for row in report.layers if row.kind == "input"]


def _further_inputs(report: Report) -> dict[str, list[NamedInput]]:
    """All inputs by their names, where there are several; the first has none."""
    others = further_inputs(report)
    if not others:
        return {}
    first: NamedInput = {"label": None, "shape": list(report.input)}
    rest: list[NamedInput]
    rest = [{"label": row.label, "shape": list(row.output_shape)} for row in others]
    return {"inputs": [first, *rest]}


def known_macs(row: LayerReport) -> int | None:
    """The multiply-accumulates of a layer; None, and never 0, where they are not known."""
    return row.macs if row.counted else None


def partial_remarks(report: Report, network: str = "") -> list[str]:
    """The layers whose costs are in no total, by name; nothing where everything is known.

    `network` says which one is meant, where there are several: " in A".
    """
    names = called(report.unknown)
    if not names:
        return []
    return [f"partial: not known, and in no total, is the cost of {', '.join(names)}{network}"]


def called(rows: Iterable[LayerReport], most: int = MOST_NAMES) -> list[str]:
    """Some layers by label and name, the first few of many."""
    names = [f"{row.label} ({row.layer.called})" for row in rows]
    if more := names[most:]:
        names[most:] = [f"{len(more)} more"]
    return names


def output_remarks(report: Report, network: str = "") -> list[str]:
    """Which layer the network ends with and what does not lead there; usually nothing to say."""
    names = called(report.unused, MOST_UNUSED)
    if not names:
        return []
    end = "the input" if report.output < 0 else f"that of {report.layers[report.output].label}"
    unused = f"does not depend on {', '.join(names)}, and all layers count"
    return [f"the output{network} is {end}, which {unused}"]


def unknown_fields_remarks(report: Report) -> list[str]:
    """Behind which layers no receptive field is known, by name; usually nothing to say."""
    unknown = {row.index for row in report.layers if row.receptive_field is None}
    first = [report.layers[one] for one in sorted(unknown)]
    names = called(row for row in first if not unknown & {*row.inputs})
    where = f"at and behind {', '.join(names)}"
    return [f"field: not known {where}: which elements it reads is not said"] if names else []


def repeats_remarks(report: Report) -> list[str]:
    """For which outputs the fields hold, where padding repeats elements; usually for all."""
    rows = [row for row in report.layers if row.repeats and row.receptive_field is not None]
    if not rows:
        return []
    which = _which(report, [row.index for row in rows])
    return [
        f"{which} fields are those of outputs that read no copied element; behind reflect,"
        "\nreplicate or circular padding others, near a border, see the copied elements instead"
    ]


def _which(report: Report, indices: list[int]) -> str:
    """Some layers in words: one, all from one on, or the first few by their numbers."""
    first, last = indices[0], report.layers[-1].index
    if len(indices) > 1 and indices == list(range(first, last + 1)):
        return f"from layer {first} on"
    shown = ", ".join(map(str, indices[:4])) + (", ..." if len(indices) > 4 else "")
    return f"in layer{'s' * (len(indices) > 1)} {shown}"


def report_remarks(report: Report) -> list[str]:
    """What stands below every table of a report: its output, and what its totals leave out."""
    return [*output_remarks(report), *partial_remarks(report)]


def _weights(row: LayerReport) -> str:
    """Each weight under the name that it has in a file: 0.weight 64x3x7x7."""
    named = (f"{row.label}.{name} {written(shape)}" for name, shape in row.weights.items())
    return ", ".join(named) or "none"


def _arriving(row: LayerReport) -> str:
    """The shapes of the inputs, equal ones once: 64x56x56, or 64x56x56 256x56x56.

    A concatenation adds them up, so that equal ones are counted: 64x28x28 32x28x28 (x2).
    """
    shapes = [written(shape) for shape in row.input_shapes]
    if row.kind != "concat":
        return " ".join(dict.fromkeys(shapes))
    runs = ((shape, len(list(run))) for shape, run in groupby(shapes))
    return " ".join(shape if count == 1 else f"{shape} (x{count})" for shape, count in runs)


def _touched(field: Field) -> str:
    return "unknown" if field.touched is None else str(field.touched)
