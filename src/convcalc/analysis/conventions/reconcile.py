"""Why every tool says something else: the totals of all conventions and what they differ by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from convcalc.analysis.conventions import MODULE_OF, load_convention
from convcalc.analysis.conventions.base import Reason
from convcalc.analysis.report import analyze
from convcalc.analysis.tabular import Tabular

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcalc.analysis.conventions.base import Convention
    from convcalc.analysis.report import LayerReport, Report
    from convcalc.analysis.tabular import Row
    from convcalc.layers import Shape
    from convcalc.network.graph import Network


LEFT_OUT = Reason("left out: there is no rule for it here")
"""Why layers that a convention does not know are in our total alone."""


class Difference(NamedTuple):
    """One reason for which a tool's total is not ours.

    Attributes:
        reason: What the tool counts, and whether that is a mistake by its own rule.
        kinds: The kinds of layers that it concerns, in the order of their first layers.
        amount: What it adds to the multiply-accumulates; negative where it takes away.
    """

    reason: Reason
    kinds: tuple[str, ...]
    amount: int


@dataclass(frozen=True)
class Reconciled:
    """One tool's count of a network.

    Attributes:
        convention: The tool and its rules.
        total: Its headline figure; of the layers that are known to it.
        difference: That figure less our multiply-accumulates.
        differences: What the difference is made of, the largest first.
        unknown: The layers that it has no rule for.
    """

    convention: Convention
    total: int
    difference: int
    differences: tuple[Difference, ...]
    unknown: tuple[LayerReport, ...]


@dataclass(frozen=True, repr=False)
class Reconciliation(Tabular):
    """Our report of a network, and every other tool's count of it."""

    report: Report
    tools: tuple[Reconciled, ...]

    def rows(self) -> list[Row]:
        """A flat row for each tool and reason: `amount` is what the reason adds to our MACs."""
        return [
            {
                "tool": tool.convention.name,
                "total": tool.total,
                "difference": tool.difference,
                "kinds": None if part is None else ", ".join(part.kinds),
                "amount": None if part is None else part.amount,
                "because": None if part is None else part.reason.text,
            }
            for tool in self.tools
            for part in tool.differences or (None,)
        ]


def reconcile(network: Network, input_shape: Shape, batch: int = 1) -> Reconciliation:
    """Counts a network in every convention, and says what the differences are made of.

    Args:
        network: The layers; its `functions` say which of them a tool that watches modules misses.
        input_shape: (channels, *spatial sizes) of one sample.
        batch: Samples.

    Raises:
        ShapeError: a layer does not fit the shape that arrives at it.
        SpecError: the same, for a network that was read from a text.

    Example:
        >>> import convcalc
        >>> network = convcalc.parse("conv:64,k3,p1 bn")
        >>> thop = reconcile(network, (3, 8, 8)).tools[-1]
        >>> thop.total, thop.differences[0].reason.text, thop.differences[0].amount
        (126976, '4 per element', 16384)
    """
    report = analyze(network, input_shape, batch)
    tools = (
        _reconciled(load_convention(name), analyze(network, input_shape, batch, name))
        for name in MODULE_OF
    )
    return Reconciliation(report, tuple(tools))


def _reconciled(convention: Convention, report: Report) -> Reconciled:
    totals = report.totals
    return Reconciled(
        convention=convention,
        total=totals.total,
        difference=totals.total - totals.macs,
        differences=tuple(_differences(report.layers)),
        unknown=report.unknown,
    )


def _differences(rows: Iterable[LayerReport]) -> list[Difference]:
    """The terms of all layers, those of one reason together."""
    amounts: dict[Reason, int] = {}
    kinds: dict[Reason, dict[str, None]] = {}
    for row in rows:
        terms = row.terms if row.total is not None or not row.macs else [(LEFT_OUT, -row.macs)]
        for reason, amount in terms:
            amounts[reason] = amounts.get(reason, 0) + amount
            kinds.setdefault(reason, {})[row.kind] = None
    found = (Difference(reason, tuple(kinds[reason]), amounts[reason]) for reason in amounts)
    return sorted(found, key=lambda difference: -abs(difference.amount))
