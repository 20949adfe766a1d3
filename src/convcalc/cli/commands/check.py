"""`check`: whether a network keeps to its budget."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from convcalc.analysis.dtypes import BITS
from convcalc.cli.commands.answers import with_flag_names
from convcalc.cli.commands.shape_rf import network_and_input
from convcalc.cli.parsing.network_argument import read_text
from convcalc.cli.parsing.values import choice_of, count_of, flag, text_of
from convcalc.cli.terminal.streams import write_out
from convcalc.errors import UsageError, printable
from convcalc.inverse.budget import check_budget
from convcalc.inverse.limits import (
    FIGURES,
    SETTINGS,
    Budget,
    budget_of_toml,
    check_possible,
    declared_budget,
    read_limits,
)
from convcalc.render.budget import budget_document, github_text, junit_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.analysis.roofline.model import RooflineMachine
    from convcalc.cli.parsing.requests import CheckRequest
    from convcalc.inverse.limits import Limit
    from convcalc.network.graph import Network
    from convcalc.render.table import Document

REPORTS = ("table", "github", "junit")


def check(given: CheckRequest) -> Document | None:
    """`convcalc check`: a table, or the form of `--report` before the exit code.

    Raises:
        UsageError: there is no limit, or one cannot be read or kept.
        NegativeAnswer: a limit is not kept.
    """
    report = choice_of("report", given["report"], REPORTS)
    if report != "table" and (given["format"] or given.get("document_file")):
        raise UsageError(f"--report {report} is a form of its own: leave out --format and -o")
    asked = _asked(given)
    network, input_shape, batch = network_and_input(given)
    budget = _of_file(given["budget"], declared_budget(_text_of(network))).beside(asked)
    if not budget.limits:
        raise UsageError(
            "there is no limit: give one, as --macs '<= 600M', or a line in the spec, as "
            "# budget macs <= 600M"
        )
    check_possible(budget.limits)
    if given.get("batch") is None and "batch" in budget.settings:
        batch = count_of("batch", budget.settings["batch"])
    dtype = choice_of("dtype", budget.settings.get("dtype"), tuple(BITS))
    machine = _machine(budget.settings.get("device"), dtype)
    name = _name(given)
    checks = with_flag_names(
        check_budget, network, input_shape, budget.limits, batch, dtype, machine
    )
    document = budget_document(checks, name, input_shape)
    if network.trace is not None:
        from convcalc.render.failures import left_open  # of models that were run

        document = left_open(document, network.trace)
    if report == "table":
        return document
    file = name if os.path.isfile(name) else None
    write_out(github_text(checks, name, file) if report == "github" else junit_text(checks, name))
    if document.failure is not None:
        raise document.failure
    return None


def _asked(given: CheckRequest) -> Budget:
    """The limits and settings of the command line."""
    limits: list[Limit] = []
    typed: Mapping[str, object] = given
    for figure in FIGURES:
        text = typed.get(figure.replace("-", "_"))
        if isinstance(text, str):
            try:
                limits += read_limits(figure, text)
            except UsageError as error:
                shown = str(error).removeprefix(flag(figure)).removeprefix(figure)
                raise UsageError(f"{flag(figure)}{shown}") from None
    settings = {name: text for name in SETTINGS if isinstance(text := typed.get(name), str)}
    return Budget(tuple(limits), settings)


def _of_file(path: str | None, declared: Budget) -> Budget:
    """The limits of a spec, and those of a TOML file, which count for the same figure."""
    if path is None:
        return declared
    text = read_text(text_of("budget", path))
    return declared.beside(budget_of_toml(text, f"'{printable(path)}'"))


def _text_of(network: Network) -> str:
    """The text that a network was read from, if it was read from one."""
    origin = network.nodes[0].origin if network.nodes else None
    return "" if origin is None else origin.text


def _machine(device: str | None, dtype: str) -> RooflineMachine | None:
    if device is None:
        return None
    from convcalc.analysis.roofline.devices import device_machine

    return with_flag_names(device_machine, device, dtype)


def _name(given: CheckRequest) -> str:
    """What was checked, as it was typed."""
    return " ".join(given["specs"] or ["one layer"])
