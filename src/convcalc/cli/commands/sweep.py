"""`sweep`: the figures of every combination of a grid."""

from __future__ import annotations

import heapq
import sys
from typing import TYPE_CHECKING

from convcalc.cli.commands.sweep_request import SweepPlan, plan_of
from convcalc.cli.terminal.progress import ProgressLine
from convcalc.cli.terminal.streams import is_terminal, note, write_out
from convcalc.errors import NegativeAnswer, UsageError, printable
from convcalc.inverse.batches import batches
from convcalc.inverse.front import Front
from convcalc.render.plot import Plot
from convcalc.render.whole_rows import row_writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from convcalc.cli.parsing.requests import SweepRequest
    from convcalc.inverse.sweep import Row
    from convcalc.inverse.values import Number
    from convcalc.render.plot import Extent
    from convcalc.render.rows import RowWriter
    from convcalc.render.whole_rows import WholeRows

MOST_SORTED = 2_000_000
"""Rows that are sorted at once without --top."""


class _Closed(Exception):  # noqa: N818 - nobody reads any more, which is no error
    """The reader of standard output went away."""


class _Counts:
    """What was looked at so far."""

    looked = unfit = kept = 0


def sweep(given: SweepRequest) -> None:
    """`convcalc sweep`: rows on standard output, as they are found.

    What was complete when an interrupt came is written.

    Raises:
        UsageError: a value is impossible, or there are too many rows.
        NegativeAnswer: no combination fits or keeps to the condition.
    """
    plan = plan_of(given)
    counts = _Counts()
    try:
        _written(plan, counts)
    except _Closed:
        return
    except KeyboardInterrupt:
        note(f"interrupted: {counts.looked:,} of {plan.count:,} combinations were looked at")
        raise
    if counts.unfit and not plan.quiet:
        note(f"{counts.unfit:,} of {plan.count:,} combinations do not fit and are left out")
    if not counts.kept:
        raise NegativeAnswer(f"none of {plan.count:,} combinations fits and keeps to the condition")


def _written(plan: SweepPlan, counts: _Counts) -> None:
    """The sweep on standard output, or in a file, which is whole or not there."""
    if plan.file is None:
        _swept(plan, counts, _write)
        return
    from convcalc.arrayfile.whole_file import write_pieces

    def fill(take: Callable[[bytes], None]) -> None:
        _swept(plan, counts, lambda text: take(text.encode("utf-8", "backslashreplace")))

    write_pieces(plan.file, fill, force=plan.force)
    if not plan.quiet:
        note(f"wrote {printable(plan.file)} ({counts.kept:,} rows)")


def _swept(plan: SweepPlan, counts: _Counts, write: Callable[[str], None]) -> None:
    """Everything that is asked for: the front first, which other rows must be known for."""
    writer = row_writer(plan.form, plan.columns, write)
    front = Front(plan.goals) if plan.goals else None
    drawn = Front(plan.plotted) if plan.plotted else None
    if front is not None or drawn is not None:
        extents = _first_pass(plan, counts, [one for one in (front, drawn) if one is not None])
        if drawn is not None and extents is not None:
            _draw(plan, drawn, extents, counts)
    shown = plan.shown(front)
    if plan.order is not None:
        rows, complete = _sorted(plan, counts, front)
        writer.add(list(map(shown, rows)))
        writer.end()
        if not complete:
            raise KeyboardInterrupt
        return
    _streamed(plan, counts, front, writer, shown)


def _streamed(
    plan: SweepPlan,
    counts: _Counts,
    front: Front | None,
    writer: RowWriter | WholeRows,
    shown: Callable[[Row], Row],
) -> None:
    """The rows as they are found; those of whole batches are written even where it is cut short."""
    try:
        for rows in _found(plan, counts, rows_shown=True):
            kept = [row for row in rows if front is None or not plan.front or front.holds(row)]
            writer.add(list(map(shown, kept)))
    finally:
        writer.end()


def _found(plan: SweepPlan, counts: _Counts, *, rows_shown: bool = False) -> Iterator[list[Row]]:
    """The rows of the sweep, batch by batch, with a bar for those who watch and see no rows."""
    counts.looked = counts.unfit = counts.kept = 0
    wanted = not plan.quiet and not (rows_shown and is_terminal(sys.stdout))
    with ProgressLine(plan.count, wanted=wanted, unit="rows") as line:
        for batch in batches(plan.question, plan.jobs):
            counts.looked += batch.looked
            counts.unfit += batch.unfit
            counts.kept += len(batch.rows)
            yield batch.rows
            line.advance(batch.looked)


def _write(text: str) -> None:
    """Text to standard output, none of it torn by an interrupt.

    Raises:
        _Closed: nobody reads any more.
    """
    import signal

    from convcalc.held_signals import blocked

    with blocked(signal.SIGINT, signal.SIGTERM):
        read = write_out(text)
    if not read:
        raise _Closed


def _first_pass(
    plan: SweepPlan, counts: _Counts, fronts: list[Front]
) -> tuple[Extent, Extent] | None:
    """Fills the fronts, and finds the smallest and largest figures of what is drawn."""
    goals = plan.plotted
    extents: list[Extent | None] = [None, None]
    for rows in _found(plan, counts):
        for row in rows:
            for front in fronts:
                front.add(row)
        for place, goal in enumerate(goals or ()):
            costs = [cost for row in rows if (cost := goal.cost(row)) is not None]
            if costs:
                least, most = min(costs), max(costs)
                ends = (-most, -least) if goal.largest else (least, most)
                low, high = extents[place] or ends
                extents[place] = min(low, ends[0]), max(high, ends[1])
    one, other = extents
    return None if goals is None or one is None or other is None else (one, other)


def _draw(
    plan: SweepPlan,
    front: Front,
    extents: tuple[Extent, Extent],
    counts: _Counts,
) -> None:
    """Writes the drawing, whole or not at all.

    Raises:
        OutputError: it cannot be written, or somebody else has made such a file meanwhile.
    """
    one, other = front.goals
    plot = Plot((one.name, other.name), extents)
    signs = [-1 if goal.largest else 1 for goal in front.goals]
    for rows in _found(plan, counts):
        costs = (front.costs(row) for row in rows)
        plot.add((signs[0] * x, signs[1] * y) for x, y in costs if x is not None and y is not None)
    title = f"{counts.kept:,} variants, front of {one.name} and {other.name}"
    from convcalc.arrayfile.whole_file import write_output

    drawing = plot.svg(front.points(), title).encode()
    write_output(plan.drawing or "", drawing, force=plan.force)


def _sorted(plan: SweepPlan, counts: _Counts, front: Front | None) -> tuple[list[Row], bool]:
    """The rows in order, the first ones only where so few are asked for; and whether all came.

    Raises:
        UsageError: there are too many to be sorted.
    """
    found: list[tuple[tuple[bool, Number], int, Row]] = []
    number = 0
    order = plan.order
    assert order is not None
    complete = True
    try:
        for rows in _found(plan, counts):
            for row in rows:
                if front is not None and plan.front and not front.holds(row):
                    continue
                cost = order.cost(row)
                number += 1
                # What is not known comes last.
                found.append(((cost is None, 0 if cost is None else cost), number, row))
            if plan.top is not None and len(found) > 2 * plan.top + 1000:
                found = heapq.nsmallest(plan.top, found)
            if plan.top is None and len(found) > MOST_SORTED:
                raise UsageError(f"more than {MOST_SORTED:,} rows to sort; --top N keeps the first")
    except KeyboardInterrupt:
        complete = False
    found.sort()
    return [row for *_, row in found[: plan.top]], complete
