"""The reference of the spec language, made from the layer classes themselves."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING

from convcalc.errors import UsageError, printable
from convcalc.explain.symbols import legend_lines, meanings
from convcalc.language import write_line
from convcalc.language.examples import EXAMPLE_VALUES
from convcalc.language.parse import shorthands
from convcalc.language.printer import write_value
from convcalc.layers import KINDS
from convcalc.layers.base import Layer
from convcalc.layers.other_names import kind_hint
from convcalc.render.border_names import border_data, border_names
from convcalc.render.documents import SCHEMA_VERSION
from convcalc.render.table import Cell, Column, Document, Table, written
from convcalc.zoo.catalog import network_input, network_names, network_summary

if TYPE_CHECKING:
    from convcalc.render.schemas.reference import Kind, Parameter, Shorthand

EXAMPLE_INPUT = "16x32x32"

EXAMPLE_INPUTS = {
    **dict.fromkeys(("lstm", "gru", "rnn", "multiheadattention"), "16x64"),
    "embedding": "128",
}
"""Inputs of kinds that do not take that one."""

EXAMPLE_CALLS = {
    "upsample": "upsample:2",
    "opaque": "opaque:name=Swish",
    "view": "view:name=roll,out16x32x32",
    "elementwise": "elementwise:name=exp",
    "matmul": "'matmul{ | permute:0x2x1}'",
    "attention": "'attention{ | | }'",
    "bilinear": "'bilinear:10{relu | sigmoid}'",
    "residual": "'residual{conv:16,k3,p1 | }'",
    "concat": "'concat{conv:16,k3,p1 | }'",
    "scale": "'scale{gap sigmoid}'",
}
"""Examples that do not follow from the parameters."""


def kinds_document() -> Document:
    """Every kind with its first sentence and its keys."""
    columns = [
        Column("kind", "kind"),
        Column("keys", "keys", wraps=True),
        Column("about", "layer", wraps=True),
    ]
    rows: list[list[Cell]] = [
        [name, ",".join(_keys(kind)), _first_line(kind)] for name, kind in sorted(KINDS.items())
    ]
    rows += [
        [name, "", "Squeeze-and-excitation, a shorthand for layers, as se:16."]
        for name in shorthands()
    ]
    data = {
        "schema_version": SCHEMA_VERSION,
        "command": "layers",
        "kinds": [_kind_data(name) for name in sorted(KINDS)],
        "shorthands": [_shorthand_data(name) for name in shorthands()],
    }
    remarks = ["convcalc layers KIND shows the parameters of one kind, with an example"]
    return Document(data, Table(columns, rows), [], remarks)


def kind_document(name: str) -> Document:
    """One kind: its parameters with their defaults, its formulas, an example that runs.

    Raises:
        UsageError: there is no such kind.
    """
    kind = KINDS.get(name.lower())
    if name in shorthands():
        return _shorthand_document(name)
    if kind is None:
        hint = kind_hint(name, shorthands()) or "; `convcalc layers` lists the kinds"
        raise UsageError(f"no kind of layer is called '{printable(name, 60)}'{hint}")
    columns = [
        Column("parameter", "parameter"),
        Column("key", "key"),
        Column("default", "default"),
        Column("about", "meaning", wraps=True),
        Column("form", "written as", wraps=True),
    ]
    rows: list[list[Cell]] = [
        [row["parameter"], row["key"], row["default"], row["about"], row["form"]]
        for row in _parameters(kind)
    ]
    data = {"schema_version": SCHEMA_VERSION, "command": "layers", "kinds": [_kind_data(kind.kind)]}
    if kind.kind == "pad":
        data["modes"] = border_data()
    arriving = example_input(kind)
    legend = legend_lines(meanings(_output(kind), _costs(kind)))
    remarks = [
        f"output: {_output(kind)}",
        f"costs: {_costs(kind)}",
        *legend,
        f"example: convcalc flops -i {arriving} {example(kind)}",
        *_modes(kind),
    ]
    table = Table(columns, rows or [["none", "", "", "", ""]])
    return Document(data, table, [f"{kind.kind}: {_first_line(kind)}"], remarks)


def _modes(kind: type[Layer]) -> list[str]:
    """What other libraries call the modes of padding, for kinds that have them."""
    if "padding_mode" not in kind.rules():
        return []
    if kind.kind != "pad":
        return ["modes by the names of numpy, SciPy, OpenCV and MATLAB: convcalc layers pad"]
    return border_names()


def _shorthand_document(name: str) -> Document:
    """A kind that is written in the language: its parameters and its definition."""
    own = _shorthand_data(name)
    data = {"schema_version": SCHEMA_VERSION, "command": "layers", "shorthands": [own]}
    columns = [Column("parameter", "parameter"), Column("default", "default")]
    rows: list[list[Cell]] = [[row["parameter"], row["default"]] for row in own["parameters"]]
    remarks = [
        f"short for: {own['definition']}",
        f"example: convcalc flops -i {EXAMPLE_INPUT} {name}:4",
    ]
    return Document(
        data,
        Table(columns, rows),
        [f"{name}: Squeeze-and-excitation, a shorthand for layers."],
        remarks,
    )


def _shorthand_data(name: str) -> Shorthand:
    definition = shorthands()[name]
    return {
        "kind": name,
        "parameters": [
            {"parameter": key, "default": "required" if value is None else write_value(value)}
            for key, value in definition.parameters
        ],
        "definition": write_line((definition,)),
    }


def networks_document() -> Document:
    """Every reference network with the input that it is meant for."""
    columns = [
        Column("name", "name"),
        Column("input", "input"),
        Column("about", "network", wraps=True),
    ]
    names = network_names()
    rows: list[list[Cell]] = [[name, network_input(name), network_summary(name)] for name in names]
    data = {
        "schema_version": SCHEMA_VERSION,
        "command": "networks",
        "networks": [
            {"name": name, "input": list(network_input(name)), "about": network_summary(name)}
            for name in names
        ],
    }
    return Document(
        data,
        Table(columns, rows),
        [],
        ["every command takes these names: convcalc summary resnet50 --depth 1"],
    )


def example_input(kind: type[Layer]) -> str:
    """An input that the example of the kind fits on: 16x32x32, or what the kind takes alone."""
    return EXAMPLE_INPUTS.get(kind.kind, EXAMPLE_INPUT)


def example(kind: type[Layer]) -> str:
    """A call of the kind on its example's input, quoted for a shell where it must be."""
    if kind.kind in EXAMPLE_CALLS:
        return EXAMPLE_CALLS[kind.kind]
    given: list[str] = []
    for field in dataclasses.fields(kind):
        if field.default is dataclasses.MISSING:
            value = EXAMPLE_VALUES[field.name]
            bare = field.name == kind.positional
            given.insert(
                0 if bare else len(given), value if bare else f"{field.metadata['short']}{value}"
            )
    return ":".join(filter(None, (kind.kind, ",".join(given))))


def _parameters(kind: type[Layer]) -> list[Parameter]:
    return [
        {
            "parameter": field.name,
            "key": field.metadata["short"],
            "default": _default(field),
            "about": field.metadata["note"],
            "form": field.metadata["rule"].form,
        }
        for field in sorted(dataclasses.fields(kind), key=lambda it: it.name != kind.positional)
    ]


def _kind_data(name: str) -> Kind:
    kind = KINDS[name]
    return {
        "kind": name,
        "about": _first_line(kind),
        "parameters": _parameters(kind),
        "example": example(kind),
    }


def _default(field: dataclasses.Field[object]) -> str:
    default = field.default
    if default is dataclasses.MISSING:
        return "required"
    if default is None:
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, str | int | tuple):
        return written(default)
    # A fraction with all its digits, for a default that is written out to be the same.
    return str(default).removesuffix(".0")


def _keys(kind: type[Layer]) -> list[str]:
    return [field.metadata["short"] for field in dataclasses.fields(kind)]


def _first_line(kind: type[Layer]) -> str:
    return (inspect.getdoc(kind) or "").split("\n", 1)[0]


def _output(kind: type[Layer]) -> str:
    """The shape that leaves a layer, in a sentence; most kinds leave it as it is."""
    unchanged = kind.out_shape is Layer.out_shape
    return "The shape of the input." if unchanged else _sentence(kind.out_shape)


def _costs(kind: type[Layer]) -> str:
    """The arithmetic of a layer, in a sentence."""
    return "No arithmetic." if kind.no_arithmetic else _sentence(kind.costs)


def _sentence(method: object) -> str:
    """The first line of what a method says of itself."""
    return (inspect.getdoc(method) or "").split("\n", 1)[0]
