"""Plans as documents: what would be computed and how, and what it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.render.documents import SCHEMA_VERSION
from convcalc.render.results import verification_data, verification_text
from convcalc.render.table import Cell, Column, Document, Json, Table, written

if TYPE_CHECKING:
    from convcalc.execute.planning.planner import Plan
    from convcalc.execute.problem import ConvProblem
    from convcalc.execute.settings import DryRun, Result
    from convcalc.execute.tiling import Tiling

INDEX = Column("index", "#", numeric=True)
OUTPUT = Column("output_shape", "output")
ALGORITHM = Column("algorithm", "algorithm")
LAYOUT = Column("layout", "layout")
TILES = Column("tiles", "blocks", optional=2)
MEMORY = Column("working_bytes", "memory", numeric=True, optional=1)
PREDICTED = Column("predicted_ms", "predicted ms", numeric=True)
MEASURED = Column("measured_ms", "measured ms", numeric=True)
RATE = Column("gflops", "GFLOP/s", numeric=True)


MOST_REASONS = 4
"""Convolutions whose plans are explained on a screen; JSON explains all."""


def plan_document(outlook: DryRun) -> Document:
    """One row per convolution, and in words why."""
    columns = [INDEX, OUTPUT, ALGORITHM, LAYOUT, TILES, MEMORY, PREDICTED]
    rows = [_row(i, problem, plan) for i, (problem, plan) in enumerate(outlook.convolutions)]
    data = {
        "schema_version": SCHEMA_VERSION,
        "command": "run",
        "dry_run": True,
        "backend": outlook.backend,
        "assumed": list(outlook.notes),
        "boxes": _boxes_data(outlook.tiling),
        "convolutions": [_data(problem, plan) for problem, plan in outlook.convolutions],
    }
    heading = [f"{_counted(len(rows))} with {outlook.backend}; nothing has been computed"]
    remarks = _boxes(outlook.tiling) + [
        f"convolution {i}: {plan.reason}{_others(plan)}"
        for i, (_, plan) in enumerate(outlook.convolutions[:MOST_REASONS])
    ]
    return Document(data, Table(columns, rows), heading, remarks)


def stats_document(result: Result) -> Document:
    """The plan of each convolution beside the time it took, and the rate that it reached."""
    columns = [INDEX, OUTPUT, ALGORITHM, LAYOUT, TILES, MEMORY, PREDICTED, MEASURED, RATE]
    rows = [
        [*_row(i, done.problem, done.plan), *_measured(done.problem, done.seconds)]
        for i, done in enumerate(result.convolutions)
    ]
    data = {
        "schema_version": SCHEMA_VERSION,
        "command": "run",
        "stats": True,
        "backend": result.backend,
        "threads": result.threads,
        "versions": result.versions,
        "assumed": list(result.notes),
        "verify": verification_data(result.verification),
        "boxes": _boxes_data(result.tiling),
        "convolutions": [
            {
                **_data(done.problem, done.plan),
                "measured_seconds": done.seconds,
                "gflops": _gflops(done.problem, done.seconds),
            }
            for done in result.convolutions
        ],
    }
    threads = f"{result.threads} thread{'s' * (result.threads != 1)}"
    heading = [f"{_counted(len(rows))} with {result.backend} on {threads}"]
    remarks = _boxes(result.tiling)
    remarks += [
        "GFLOP/s count two per multiply-accumulate of the definition, whatever was computed"
    ]
    if result.verification is not None and result.verification.passed:
        remarks.append(verification_text(result.verification))
    return Document(data, Table(columns, rows), heading, remarks)


def _boxes(tiling: Tiling | None) -> list[str]:
    """How the result is cut, and what the table is then about."""
    if tiling is None:
        return []
    size = written((tiling.channels, *tiling.sizes))
    boxes = f"{tiling.boxes:,} box{'es' * (tiling.boxes != 1)}"
    return [
        f"{boxes} of at most {size} outputs and {tiling.bytes:,} bytes",
        "the plan is that of one box, the times are those of all",
    ]


def _boxes_data(tiling: Tiling | None) -> dict[str, Json] | None:
    if tiling is None:
        return None
    return {
        "output_shape": [tiling.channels, *tiling.sizes],
        "count": tiling.boxes,
        "bytes": tiling.bytes,
    }


def _counted(count: int) -> str:
    return f"{count} convolution{'s' * (count != 1)}"


def _row(index: int, problem: ConvProblem, plan: Plan) -> list[Cell]:
    return [
        index,
        (problem.out_channels, *problem.out_sizes),
        plan.algorithm,
        plan.layout,
        _tiles(plan),
        plan.working_bytes,
        f"{1000 * plan.predicted_seconds:.3g}",
    ]


def _measured(problem: ConvProblem, seconds: float) -> list[Cell]:
    return [f"{1000 * seconds:.3g}", f"{_gflops(problem, seconds):.3g}"]


def _gflops(problem: ConvProblem, seconds: float) -> float:
    return 2e-9 * problem.macs / max(seconds, 1e-9)


def _tiles(plan: Plan) -> str:
    """How many blocks of how many elements."""
    if plan.tiles is None:
        return ""
    return f"{written(plan.tiles.counts)} of {written(plan.tiles.transform)}"


def _others(plan: Plan) -> str:
    """The other algorithms, the likeliest first."""
    parts = [
        f"{name} {1000 * seconds:.3g} ms" if seconds is not None else f"not {name}: {why}"
        for name, seconds, why in plan.alternatives
    ]
    return f" ({'; '.join(parts)})" if parts else ""


def _data(problem: ConvProblem, plan: Plan) -> dict[str, Json]:
    tiles = plan.tiles
    return {
        "batch": problem.batch,
        "output_shape": [problem.out_channels, *problem.out_sizes],
        "macs": problem.macs,
        "dtype": problem.dtype,
        "transposed": problem.transposed,
        "algorithm": plan.algorithm,
        "layout": plan.layout,
        "backend": plan.backend,
        "tiles": tiles
        and {
            "transform": list(tiles.transform),
            "step": list(tiles.step),
            "counts": list(tiles.counts),
        },
        "working_bytes": plan.working_bytes,
        "predicted_seconds": plan.predicted_seconds,
        "reason": plan.reason,
        "alternatives": [
            {"algorithm": name, "predicted_seconds": seconds, "refusal": why or None}
            for name, seconds, why in plan.alternatives
        ],
    }
