"""The explanation of every layer of a report, for each of the commands that explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.explain.equation import Equation, Here, Said, axis_names, product, times, written
from convcalc.explain.fields import RULES, Passed, field_equations
from convcalc.explain.symbols import meanings
from convcalc.explain.table import explainer_of
from convcalc.explain.windows import SAME
from convcalc.network.graph import INPUT
from convcalc.receptive import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcalc.analysis import LayerReport, Report
    from convcalc.explain.equation import Rule
    from convcalc.receptive import Field


class Explained(NamedTuple):
    """One layer with the equations of its numbers.

    Attributes:
        place: Its index in the network.
        spec: The layer in the spec language.
        equations: Its numbers, each with where it comes from.
    """

    place: int
    spec: str
    equations: tuple[Equation, ...]

    def lines(self) -> list[str]:
        """The equations as text; those that are the same along several axes are said once."""
        merged: dict[tuple[object, ...], list[Equation]] = {}
        for one in self.equations:
            own = (one.value, one.said.expression) if one.said.expression else (one.said,)
            merged.setdefault((one.of, *own), []).append(one)
        return [_line(group, self.equations) for group in merged.values()]


class Explanation(NamedTuple):
    """What a command explains.

    Attributes:
        layers: The layers one by one.
        rules: The formulas in symbols.
        meanings: What each symbol stands for, as `s: stride`.
    """

    layers: tuple[Explained, ...]
    rules: tuple[str, ...]
    meanings: tuple[str, ...] = ()


def explain_shapes(report: Report) -> Explanation:
    """Where every size comes from, how much padding there is, and what no window reads."""
    return _explanation("shape", report, [_shape(row, report.batch) for row in report.layers])


def explain_costs(report: Report) -> Explanation:
    """Where parameters, multiply-accumulates, bias additions and other operations come from."""
    return _explanation("flops", report, [_costs(row, report) for row in report.layers])


def explain_fields(report: Report) -> Explanation:
    """Where size, stride and start of every receptive field come from."""
    return _explanation("rf", report, [_fields(row, report) for row in report.layers])


def _explanation(
    command: str, report: Report, equations: Iterable[Iterable[Equation]]
) -> Explanation:
    layers = tuple(
        Explained(row.index, row.spec, tuple(own))
        for row, own in zip(report.layers, equations, strict=True)
    )
    rules: dict[Rule, None] = dict.fromkeys(RULES) if command == "rf" else {}
    for kind in dict.fromkeys(row.kind for row in report.layers):
        own_rules = explainer_of(kind).rules
        rules.update(dict.fromkeys(rule for name, rule in own_rules if name == command))
    if not any(one.of == "padding" for layer in layers for one in layer.equations):
        rules.pop(SAME, None)
    formulas = tuple(dict.fromkeys(f"{rule.of} = {rule.formula}" for rule in rules))
    meant = meanings(*(formula.partition(" = ")[2] for formula in formulas))
    return Explanation(layers, formulas, tuple(meant))


def here_of(row: LayerReport, batch: int) -> Here:
    """A layer of a report in its place."""
    return Here(row.layer, row.input_shapes, row.output_shape, batch)


def _shape(row: LayerReport, batch: int) -> list[Equation]:
    here, explainer = here_of(row, batch), explainer_of(row.kind)
    names = _names(row)
    sizes = zip(names, row.output_shape, explainer.shape(here), strict=True)
    equations = [Equation("", name, size, said) for name, size, said in sizes]
    return [*equations, *(explainer.padding(here) if explainer.padding else [])]


def _names(row: LayerReport) -> tuple[str, ...]:
    steps = row.layer.spatial_axes == 1 or row.kind == "embedding"
    return axis_names(len(row.output_shape), steps=steps)


def _costs(row: LayerReport, report: Report) -> list[Equation]:
    equations = [Equation("params", "", row.params, _params(row))]
    if not row.counted:
        return equations
    said = explainer_of(row.kind).costs(here_of(row, report.batch))
    figures = {"MACs": row.macs, "bias adds": row.bias_adds, **row.elements._asdict()}
    equations += [
        Equation(name, "", value, Said(times(report.batch, said[name])))
        for name, value in figures.items()
        if value
    ]
    return [*equations, *_total(row, report)]


def _params(row: LayerReport) -> Said:
    """The elements of every weight."""
    if not row.weights:
        return Said("", "no weights")
    return Said(" + ".join(product(shape) for shape in row.weights.values()), _list(row.weights))


def _list(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown if len(shown) <= 4 else [*shown[:3], f"... {len(shown) - 3} more"])


def _total(row: LayerReport, report: Report) -> list[Equation]:
    """What another convention makes of the multiply-accumulates, term by term."""
    if row.total is None or not row.terms:
        return []
    parts = [str(row.macs), *(str(term.amount) for term in row.terms)]
    expression = " + ".join(parts).replace("+ -", "- ")
    reasons = "; ".join(dict.fromkeys(term.reason.text for term in row.terms))
    name = f"{report.convention.name} total"
    return [Equation(name, "", row.total, Said(expression, reasons))]


def _fields(row: LayerReport, report: Report) -> list[Equation]:
    """Nothing where the field is not known."""
    if row.receptive_field is None:
        return []
    here, explainer = here_of(row, report.batch), explainer_of(row.kind)
    windows = explainer.windows(here) if explainer.windows else ()
    names = _field_names(row, report, len(row.receptive_field))
    before = [_arriving(source, report) for source in row.inputs]
    equations: list[Equation] = []
    for place, after in enumerate(row.receptive_field):
        window = windows[place] if len(windows) == len(row.receptive_field) else None
        own = [fields[place] for fields in before if len(fields) == len(row.receptive_field)]
        equations += field_equations(Passed(names[place], own, after, window))
    return equations


def _field_names(row: LayerReport, report: Report, count: int) -> tuple[str, ...]:
    """What the axes of the fields are called: those of the result, or of the network's input."""
    own = _names(row)[1:]
    if len(own) == count:
        return own
    names = axis_names(len(report.input))[1:]
    return names if len(names) == count else tuple(f"axis {place}" for place in range(count))


def _arriving(source: int, report: Report) -> tuple[Field, ...]:
    if source == INPUT:
        return (IDENTITY,) * (len(report.input) - 1)
    return report.layers[source].receptive_field or ()


def _line(group: list[Equation], among: tuple[Equation, ...]) -> str:
    """One line for equations that agree, under the names of their axes."""
    first = group[0]
    axes = [one.axis for one in group if one.axis]
    alone = len(group) == sum(one.of == first.of for one in among)
    name = first.of if first.of and alone else _named(first.of, axes)
    remarks = dict.fromkeys(one.said.remark for one in group if one.said.remark)
    values = [written(one.value) for one in group]
    value = values[0] if len(set(values)) == 1 else "x".join(values)
    return first.said.beside(name, value, "; ".join(remarks))


def _named(of: str, axes: list[str]) -> str:
    together = " and ".join(filter(None, (", ".join(axes[:-1]), axes[-1]))) if axes else ""
    return f"{of} ({together})" if of else together
