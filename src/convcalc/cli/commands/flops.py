"""`flops`: what a network costs, by which rule, and beside what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.analysis.report import CONVENTION_NAME, analyze
from convcalc.cli.commands.answers import document_of, explaining
from convcalc.cli.commands.shape_rf import network_and_input
from convcalc.cli.parsing.values import flag, text_of
from convcalc.errors import UsageError
from convcalc.network.functional import check_functions
from convcalc.render import costs

if TYPE_CHECKING:
    from convcalc.analysis import Report
    from convcalc.analysis.compare import Variant
    from convcalc.analysis.conventions.real_taps import RealTaps
    from convcalc.cli.parsing.requests import FlopsRequest
    from convcalc.layers import Shape
    from convcalc.network.graph import Network
    from convcalc.render.table import Document

VIEWS = ("compare", "convention", "reconcile", "detail", "real_taps")
"""Options that each ask for a table of its own."""

EXPLAINED = ("convention", "detail")
"""Those whose table has the costs of the layers and nothing else."""


def flops(given: FlopsRequest) -> Document:
    """`convcalc flops`, in one of its views."""
    view = _view(given)
    if view == "compare":
        return _compared(given)
    convention = _convention(given["convention"])
    network, input_shape, batch = network_and_input(given)
    network = _calling(network, given, view)
    if view == "reconcile":
        from convcalc.analysis.conventions.reconcile import reconcile
        from convcalc.render.reconciliation import reconciliation_document

        return document_of(reconcile, reconciliation_document, network, input_shape, batch)
    if view == "real_taps":
        return document_of(_with_real_taps, _real_taps_document, network, input_shape, batch)
    draw = costs.detail_document if view == "detail" else costs.flops_document
    explained = explaining(given, draw, "explain_costs")
    return document_of(analyze, explained, network, input_shape, batch, convention)


def _with_real_taps(
    network: Network, input_shape: Shape, batch: int
) -> tuple[Report, tuple[RealTaps, ...]]:
    from convcalc.analysis.conventions.real_taps import real_taps

    return analyze(network, input_shape, batch), real_taps(network, input_shape, batch)


def _real_taps_document(found: tuple[Report, tuple[RealTaps, ...]]) -> Document:
    return costs.real_taps_document(*found)


def _view(given: FlopsRequest) -> str | None:
    """The option that decides what is shown; at most one is given.

    Raises:
        UsageError: several are.
    """
    views = [name for name in VIEWS if given.get(name) is not None]
    if len(views) > 1:
        raise UsageError(f"give one of {', '.join(map(flag, views))}: each is a table of its own")
    unexplained = [name for name in views if name not in EXPLAINED]
    if given.get("explain") and unexplained:
        raise UsageError(
            f"--explain goes with the table of the layers, not with {flag(unexplained[0])}"
        )
    return views[0] if views else None


def _convention(text: str | None) -> str:
    """The name of the convention that is asked for, read before any work is done.

    Raises:
        UsageError: there is no such convention.
    """
    if text is None:
        return CONVENTION_NAME
    name = text_of("convention", text).lower()
    if name != CONVENTION_NAME:
        from convcalc.analysis.conventions import load_convention

        try:
            load_convention(name)
        except UsageError as error:
            raise UsageError(f"{flag('convention')}: {error}") from None
    return name


def _compared(given: FlopsRequest) -> Document:
    variants = compared(given["compare"] or "")
    from convcalc.analysis.compare import compare
    from convcalc.render.comparison import comparison_document

    network, input_shape, batch = network_and_input(given)
    return document_of(compare, comparison_document, network, input_shape, variants, batch)


def compared(text: str) -> tuple[Variant, ...]:
    """The variants that --compare names, read before any work is done.

    Raises:
        UsageError: one is unknown, or its number is missing or wrong.
    """
    from convcalc.analysis.compare import read_variants

    text = text_of("compare", text)
    try:
        return read_variants(text)
    except UsageError as error:
        raise UsageError(f"{flag('compare')}: {error}") from None


def _calling(network: Network, given: FlopsRequest, view: str | None) -> Network:
    """The network with the functions of --functions in place of those that it declares.

    Raises:
        UsageError: a name is unknown, or nothing that was asked for depends on them.
    """
    if given["functions"] is None:
        return network
    if view not in ("convention", "reconcile"):
        raise UsageError(
            "--functions needs --convention or --reconcile: nothing else depends on it"
        )
    text = text_of("functions", given["functions"])
    names = () if text == "none" else tuple(name.strip() for name in text.split(","))
    if "" in names:
        raise UsageError("--functions: a name is missing; separate them as in relu,gap")
    try:
        check_functions(network, names)
    except UsageError as error:
        raise UsageError(f"--{error}") from None
    return replace(network, functions=names)
