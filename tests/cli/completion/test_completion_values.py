"""The words that are offered are those that are read, although the reading rooms are not loaded."""

from __future__ import annotations

import dataclasses

import pytest

from convcalc.analysis.compare import EXAMPLES
from convcalc.analysis.conventions import CONVENTIONS
from convcalc.analysis.memory.report import STATE
from convcalc.analysis.roofline.devices import DEVICES
from convcalc.cli.catalog.commands import COMMANDS
from convcalc.cli.commands.check import REPORTS
from convcalc.cli.commands.run.run import LAYOUTS
from convcalc.cli.completion import values
from convcalc.cli.parsing.option_types import Argument
from convcalc.cli.parsing.values import COLOURS, FORMATS
from convcalc.execute.algorithms import ALGORITHMS
from convcalc.execute.planning.select_backend import BACKENDS
from convcalc.inverse.layer import FAMILIES
from convcalc.layers import KINDS
from convcalc.render.schemas.commands import DOCUMENTS, ROWS
from convcalc.several.comparing import FIGURES

WITHOUT = {
    *("input", "batch", "near", "at", "every", "define", "where", "top"),
    *("jobs", "width", "depth", "unused", "field", "input_for", "output_size"),
    *("out_channels", "kernel_size", "stride", "dilation", "groups", "output_padding"),
    *("functions", "peak", "bandwidth", "random_weights", "max_memory", "threads"),
    *("scheduler_timeout", "macs", "flops", "params", "activations", "weight_memory"),
    *("peak_memory", "time"),
}
"""Options whose values nobody could list."""


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("algorithm", ["auto", *ALGORITHMS]),
        ("backend", BACKENDS),
        ("color", COLOURS),
        ("compare", EXAMPLES),
        ("convention", CONVENTIONS),
        ("device", DEVICES),
        ("format", FORMATS),
        ("layout", LAYOUTS),
        ("optimizer", STATE),
        ("report", REPORTS),
    ],
)
def test_the_words_of_an_option_are_all_that_it_takes(name, known):
    assert list(known) == list(values.VALUES[name])


def test_solve_looks_for_these_kinds():
    assert list(FAMILIES) == list(values.OF_COMMAND["solve", "kind"])


@pytest.mark.parametrize("command", sorted(values.COLUMNS))
def test_the_columns_of_a_table_are_those_of_its_csv(inside, command):
    machine = ["--device", "t4"] if command == "roofline" else []
    done = inside(command, "relu", "-i", "1x2x2", "--format", "csv", *machine)
    assert ",".join(values.COLUMNS[command]) == done.out.splitlines()[0]


def test_figures_and_schemas_that_are_offered_are_all():
    assert FIGURES == values.FIGURES
    assert sorted({**DOCUMENTS, **ROWS}) == list(values.WITH_JSON)


def test_kinds_with_a_colon_are_those_that_need_a_parameter():
    needing = {
        name
        for name, kind in KINDS.items()
        if any(field.default is dataclasses.MISSING for field in dataclasses.fields(kind))
    }
    assert needing == set(values.NEEDING_VALUES)


def test_of_every_option_with_a_value_it_is_known_what_is_offered():
    known = {
        *values.VALUES,
        *(name for _, name in values.OF_COMMAND),
        *(*values.KINDS, *values.COMMAND_NAMES, *values.LABELS, *values.NETWORKS, *values.FILES),
    }
    taking = {
        name
        for command in COMMANDS.values()
        for name, option in command.options.items()
        if isinstance(option, Argument) or option.metavar is not None
    }
    assert (set(), set()) == (taking - known - WITHOUT, WITHOUT - taking)
