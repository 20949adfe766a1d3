"""The result of a convolution for a reader: a grid of small ones, the key figures of large ones."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from convcalc.render.documents import SCHEMA_VERSION
from convcalc.render.layer_facts import layer_facts
from convcalc.render.table import Cell, Column, Document, Table, written

if TYPE_CHECKING:
    import numpy as np

    from convcalc.analysis.report import LayerReport
    from convcalc.execute.arrays.statistics import Figures
    from convcalc.execute.settings import Result
    from convcalc.execute.verify import Verification
    from convcalc.render.schemas.computing import Verification as VerificationData
    from convcalc.render.table import Json, JsonObject

MOST_GRID_VALUES = 400
MOST_GRID_COLUMNS = 16

COLUMNS = [
    Column("output_shape", "output"),
    Column("dtype", "dtype"),
    Column("min", "min", numeric=True),
    Column("mean", "mean", numeric=True),
    Column("max", "max", numeric=True),
    Column("macs", "MACs", numeric=True),
    Column("backend", "backend"),
]


MAP_COLUMNS = [Column("label", "name", dotted=True), *COLUMNS[:5]]


class KeyFigures(TypedDict):
    """The finite values of an array in three figures, and how many are not finite."""

    min: int | float | str | None
    mean: float | None
    max: int | float | str | None
    nonfinite: int


class MapRow(NamedTuple):
    """A feature map that was written: where it is from, the file, and its key figures."""

    label: str
    file: str
    shape: tuple[int, ...]
    dtype: str
    figures: KeyFigures


def result_document(result: Result, seed: int | None, maps: list[MapRow] | None = None) -> Document:
    """Shape, dtype and range of the result; its values too where they are few.

    With feature maps, a row for each of them in the place of all that; the last is the result.
    """
    document = _result_document(result, seed)
    if result.verification is not None and result.verification.passed:
        document.remarks.append(verification_text(result.verification))
    if maps is None:
        return document
    document.data["maps"] = [
        {
            "label": row.label,
            "file": row.file,
            "shape": list(row.shape),
            "dtype": row.dtype,
            **row.figures,
        }
        for row in maps
    ]
    rows: list[list[Cell]] = [
        [
            *(row.label, row.shape, row.dtype),
            *(row.figures["min"], row.figures["mean"], row.figures["max"]),
        ]
        for row in maps
    ]
    remarks = [f"{row.label}: {_broken(row.figures)}" for row in maps if row.figures["nonfinite"]]
    return Document(document.data, Table(MAP_COLUMNS, rows), remarks=remarks)


def verification_text(found: Verification) -> str:
    """What was computed again, the largest error, and what it is held against."""
    again = f"{found.checked:,} of {found.outputs:,} outputs computed again"
    if not found.factor:
        equal = "all of them equal" if found.passed else f"one is off by {found.error:.6g}"
        return f"{again} in exact integers: {equal}"
    left_out = f"; {found.beyond:,} beyond the range are left out" if found.beyond else ""
    return (
        f"{again} in float64: the largest error is {found.error:.3g} of {found.bound:.3g} allowed "
        f"({found.factor:.3g} * eps * sum|x||w|){left_out}"
    )


def _result_document(result: Result, seed: int | None) -> Document:
    array = result.array
    figures = key_figures(array) if result.figures is None else _taken(result.figures)
    row: list[Cell] = [
        array.shape,
        result.dtypes.result,
        figures["min"],
        figures["mean"],
        figures["max"],
        result.report.totals.macs,
        result.backend,
    ]
    small = _is_small(array)
    remarks = [_broken(figures)] if figures["nonfinite"] else []
    return Document(
        _data(result, figures, seed, small),
        Table(COLUMNS, [row]),
        [f"{written(array.shape)} {result.dtypes.result}, computed with {result.backend}"]
        if small
        else [],
        remarks,
        grid(array) if small else None,
    )


def grid(array: np.ndarray) -> str:
    """The values in rows and columns, one block per leading index, six digits each."""
    if array.ndim <= 2:
        return _block(array.reshape(-1, array.shape[-1]))
    planes = array.reshape(-1, *array.shape[-2:])
    leading = array.shape[:-2]
    return "\n\n".join(
        f"[{_index(number, leading)}]\n{_block(plane)}" for number, plane in enumerate(planes)
    )


def plain_number(value: np.number) -> int | float | str:
    """A value for JSON: its shortest digits in its own dtype, and words for NaN and infinities."""
    if not isfinite(value):
        return {"inf": "Infinity", "-inf": "-Infinity"}.get(str(float(value)), "NaN")
    return int(value) if value.dtype.kind in "iu" else float(str(value))


def _block(plane: np.ndarray) -> str:
    texts = [[_text(value) for value in row] for row in plane]
    width = max(len(text) for row in texts for text in row)
    return "\n".join("  ".join(text.rjust(width) for text in row) for row in texts)


def _text(value: np.number) -> str:
    return str(value) if value.dtype.kind in "iu" else f"{value:.6g}"


def _index(number: int, leading: tuple[int, ...]) -> str:
    """The leading indices of a plane: 0, 2."""
    places = []
    for size in reversed(leading):
        number, place = divmod(number, size)
        places.append(str(place))
    return ", ".join(reversed(places))


def _is_small(array: np.ndarray) -> bool:
    return 0 < array.size <= MOST_GRID_VALUES and array.shape[-1] <= MOST_GRID_COLUMNS


def key_figures(array: np.ndarray) -> KeyFigures:
    """min, mean (in float64) and max of the finite values, and how many are not finite."""
    import numpy as np

    values = array
    nonfinite = 0
    if array.dtype.kind == "f":
        finite = np.isfinite(array)
        nonfinite = int(array.size - np.count_nonzero(finite))
        if nonfinite:
            values = array[finite]
    if values.size == 0:
        return {"min": None, "mean": None, "max": None, "nonfinite": nonfinite}
    return {
        "min": plain_number(values.min()),
        "mean": float(values.mean(dtype=np.float64)),
        "max": plain_number(values.max()),
        "nonfinite": nonfinite,
    }


def _taken(figures: Figures) -> KeyFigures:
    """The same, from figures that were taken on the way."""
    return {
        "min": None if figures.least is None else plain_number(figures.least),
        "mean": figures.mean,
        "max": None if figures.largest is None else plain_number(figures.largest),
        "nonfinite": figures.nonfinite,
    }


def _broken(figures: KeyFigures) -> str:
    return f"{figures['nonfinite']:,} values are NaN or infinite; the figures leave them out"


def _layer_data(row: LayerReport) -> dict[str, object]:
    return {
        "index": row.index,
        "label": row.label,
        "kind": row.kind,
        "spec": row.spec,
        "output_shape": list(row.output_shape),
        **layer_facts(row.layer, row.input_shapes, row.weights),
        "macs": row.macs,
    }


def _data(
    result: Result,
    figures: KeyFigures,
    seed: int | None,
    small: bool,
) -> JsonObject:
    array = result.array
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "run",
        "input": list(result.report.input),
        "batch": result.report.batch,
        "dtype": result.dtypes.result,
        "accumulate_dtype": result.dtypes.compute,
        "backend": result.backend,
        "algorithm": _algorithm(result),
        "threads": result.threads,
        "versions": result.versions,
        "seed": seed,
        "assumed": list(result.notes),
        "status": "complete",
        "verify": verification_data(result.verification),
        "layers": list(map(_layer_data, result.report.layers)),
        "output": {
            "shape": list(array.shape),
            "dtype": array.dtype.name,
            **figures,
            "values": _nested(array) if small else None,
        },
    }


def verification_data(found: Verification | None) -> VerificationData | None:
    """What came of computing outputs again, for JSON; None where nobody asked."""
    if found is None:
        return None
    return {
        "passed": found.passed,
        "checked": found.checked,
        "outputs": found.outputs,
        "seed": found.seed,
        "largest_error": found.error if isfinite(found.error) else "Infinity",
        "bound": found.bound,
        "place": list(found.place),
        "factor": found.factor,
        "eps": found.eps,
        "beyond_range": found.beyond,
    }


def _algorithm(result: Result) -> str | None:
    """The algorithm of the convolutions; "mixed" where they differ, None where there is none."""
    names = {done.plan.algorithm for done in result.convolutions}
    return "mixed" if len(names) > 1 else next(iter(names), None)


def _nested(array: np.ndarray) -> list[Json]:
    """The values as nested lists, each as JSON can hold it."""
    if array.ndim == 1:
        return [plain_number(value) for value in array]
    return [_nested(part) for part in array]
