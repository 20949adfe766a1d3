"""What the options of `sweep` mean, read and checked before anything is computed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcalc.cli.parsing.document_file import form_of
from convcalc.cli.parsing.network_argument import (
    FILE_ENDINGS,
    is_document,
    model_target,
    read_text,
)
from convcalc.cli.parsing.onnx_argument import onnx_path
from convcalc.cli.parsing.values import count_of, text_of
from convcalc.cli.terminal.streams import note
from convcalc.errors import UsageError, nearest, printable
from convcalc.inverse.batches import Asked, Question
from convcalc.inverse.front import Goal, read_goals, read_order
from convcalc.inverse.ranges import read_numbers
from convcalc.inverse.sweep import check_count
from convcalc.language.shapes import declared_input
from convcalc.layers.base import format_shape
from convcalc.zoo.catalog import network_names, network_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.cli.parsing.requests import SweepRequest
    from convcalc.inverse.front import Front
    from convcalc.inverse.sweep import Row, Sweep

DEFAULT_INPUT = "3x224x224"

_DEFINITION = re.compile(r"([A-Za-z]\w*)=(.*)", re.DOTALL)

FRONT = "front"


@dataclass(frozen=True)
class SweepPlan:
    """A sweep, ready to be carried out.

    Attributes:
        question: The grid and the condition.
        names: What each place of a row holds.
        count: Combinations in all.
        columns: What is shown.
        form: One of the forms of documents.
        file: Where the rows go, if not to standard output.
        order: What rows are sorted by.
        top: How many of them are shown, if not all.
        goals: The figures whose front is marked.
        front: Whether only that front is shown.
        plotted: The figures that are drawn.
        drawing: The file that they are drawn into.
        force: Whether it may be replaced.
        jobs: Processes that work.
        quiet: Whether notes are left out.
    """

    question: Question
    names: tuple[str, ...]
    count: int
    columns: tuple[str, ...]
    form: str
    file: str | None
    order: Goal | None
    top: int | None
    goals: tuple[Goal, Goal] | None
    front: bool
    plotted: tuple[Goal, Goal] | None
    drawing: str | None
    force: bool
    jobs: int
    quiet: bool

    def shown(self, front: Front | None) -> Callable[[Row], Row]:
        """What makes the columns of a row."""
        places = [self.names.index(name) for name in self.columns if name != FRONT]
        if front is None:
            return lambda row: tuple([row[place] for place in places])
        return lambda row: (*[row[place] for place in places], front.holds(row))


def plan_of(given: SweepRequest) -> SweepPlan:
    """The sweep that a command line asks for.

    Raises:
        UsageError: an option has an impossible value, or two contradict each other.
        SpecError: the grid or the condition has faults.
    """
    form = form_of(given)
    words, drawing = _drawing(given)
    spec, input_text = _texts(words, given)
    variables = _variables(given["define"] or [], spec)
    where = given["where"]
    sweep = Asked(Question(spec, input_text, variables, where)).sweep
    names = sweep.names
    goals = None if given["pareto"] is None else read_goals(given["pareto"], names, "--pareto")
    plotted = None if given["plot"] is None else read_goals(given["plot"], names, "--plot")
    order = None if given["sort"] is None else read_order(given["sort"], names, "--sort")
    top = None if given["top"] is None else count_of("top", given["top"])
    if top is not None and order is None:
        raise UsageError("--top needs --sort: the first rows by what?")
    if given["front"] and goals is None:
        raise UsageError("--front needs --pareto: the front of what?")
    check_count(sweep, bounded=top is not None or where is not None)
    columns = _columns(given["columns"], sweep, goals)
    asked = {*columns, *(goal.name for goal in (*(goals or ()), *(plotted or ())))}
    asked |= {order.name} if order else set()
    return SweepPlan(
        question=Question(spec, input_text, variables, where, tuple(sorted(asked))),
        names=names,
        count=sweep.count,
        columns=columns,
        form=form,
        file=given.get("document_file"),
        order=order,
        top=top,
        goals=goals,
        front=bool(given["front"]),
        plotted=plotted,
        drawing=drawing,
        force=bool(given["force"]),
        jobs=1 if given["jobs"] is None else count_of("jobs", given["jobs"]),
        quiet=bool(given["quiet"]),
    )


def _drawing(given: SweepRequest) -> tuple[list[str], str | None]:
    """The words of the grid, and the file of a drawing, which stands behind what is drawn.

    Raises:
        UsageError: a drawing is asked for and no file is named.
        OutputError: the file is there already, or cannot be made.
    """
    words = given["specs"] or []
    if given["plot"] is None:
        return words, None
    files = [word for word in words if word.lower().endswith(".svg")]
    if len(files) != 1:
        raise UsageError("--plot: name the drawing, as --plot macs,field out.svg")
    from convcalc.arrayfile.target import check_output  # only a drawing needs it

    check_output(files[0], force=bool(given["force"]))
    return [word for word in words if word != files[0]], files[0]


def _texts(words: Sequence[str], given: SweepRequest) -> tuple[str, str]:
    """The text of the grid, and that of the input.

    Raises:
        UsageError: there is no grid.
    """
    if not words:
        raise UsageError("say what to sweep, as 'conv:{32,64},k{3,5,7},s{1,2},p{0..3}'")
    text = _text_of(words)
    declared = declared_input(text)
    asked = given["input"]
    if asked is not None:
        return text, _with_axes(text_of("input", asked), 0 if declared is None else len(declared))
    if declared is not None:
        return text, format_shape(declared)
    if not given["quiet"]:
        note(f"not given, so assumed: input {DEFAULT_INPUT} (-i)")
    return text, DEFAULT_INPUT


def _text_of(words: Sequence[str]) -> str:
    if len(words) == 1:
        (word,) = words
        if word.lower() in network_names():
            return network_text(word.lower())
        _refuse_models(word)
        if word == "-" or (word.lower().endswith(FILE_ENDINGS) and "{" not in word):
            return read_text(word)
        if os.path.isfile(word):
            return read_text(word)
    return " ".join(words)


def _refuse_models(word: str) -> None:
    """A sweep writes other values into a text, and a model has none.

    Raises:
        UsageError: the word means a model; the message says how to get its text.
    """
    file = os.path.isfile(word) and "{" not in word
    other = file and (is_document(word) or onnx_path([word]) is not None)
    if other or model_target(word) is not None:
        shown = printable(word, 60)
        raise UsageError(
            f"sweep varies a text, and '{shown}' is none; its text is written by convcalc convert "
            f"{shown} -o net.spec"
        )


def _with_axes(text: str, wanted: int) -> str:
    """The input with the last size again for axes that a network has beyond those given."""
    given = len(text.split("x"))
    return text + "x=" * max(0, wanted - given) if given > 1 else text


def _variables(definitions: Sequence[str], spec: str) -> dict[str, tuple[int, ...]]:
    """The values of each parameter of a text.

    Raises:
        UsageError: a definition has no name or no values, a name is given twice, or the text has
            no such parameter.
    """
    found: dict[str, tuple[int, ...]] = {}
    for text in definitions:
        match = _DEFINITION.fullmatch(text)
        if match is None:
            raise UsageError(f"-D: expected NAME=VALUES, as width=32,64; got '{printable(text)}'")
        name = match[1]
        if name in found:
            raise UsageError(f"-D: {name} is given twice")
        try:
            found[name] = read_numbers(match[2], 0)
        except ValueError as error:
            raise UsageError(f"-D {name}: {error}") from None
    for name in found:
        if not re.search(rf"\${name}(?!\w)", spec):
            raise UsageError(f"-D {name}: there is no ${name} in the text")
    return found


def _columns(text: str | None, sweep: Sweep, goals: tuple[Goal, Goal] | None) -> tuple[str, ...]:
    """What is shown: what is asked for, or what tells the variants apart and the usual figures.

    Raises:
        UsageError: there is no such column.
    """
    marked = (FRONT,) if goals else ()
    if text is not None:
        columns = tuple(part.strip() for part in text.split(","))
        for name in columns:
            if name not in sweep.names:
                hint = nearest(name, sweep.names) or f"; there are {', '.join(sweep.names)}"
                raise UsageError(f"--columns: there is none called '{printable(name, 40)}'{hint}")
        if len(set(columns)) < len(columns):
            raise UsageError("--columns: a column is given twice")
        return (*columns, *marked)
    usual = ("output", "params", "macs", "field" if sweep.quick else "activations")
    asked = [goal.name for goal in goals or () if goal.name not in usual]
    return (*sweep.telling(), *usual, *asked, *marked)
