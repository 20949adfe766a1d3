"""`shape`, `flops` and `rf`: a chain of specs or one layer by flags, on one input shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.analysis.report import analyze
from convcalc.cli.commands.answers import document_of, explaining
from convcalc.cli.parsing.model_inputs import inputs_of
from convcalc.cli.parsing.network_argument import read_source
from convcalc.cli.parsing.onnx_argument import onnx_path
from convcalc.cli.parsing.shapes import check_axes, doubt
from convcalc.cli.parsing.values import (
    count_of,
    flag,
    layer_flags,
    layer_of,
)
from convcalc.cli.terminal.streams import note
from convcalc.errors import UsageError
from convcalc.layers.base import format_shape
from convcalc.network.graph import Network
from convcalc.network.usual_input import usual_input
from convcalc.render import documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.cli.parsing.requests import CalculatorRequest, GivenNetwork
    from convcalc.layers import Shape
    from convcalc.network.given_inputs import GivenInput
    from convcalc.render.table import Document

DEFAULT_LAYER = {"out_channels": 64, "kernel_size": 3}


def shape(given: CalculatorRequest) -> Document:
    """`convcalc shape`."""
    network, input_shape, batch = network_and_input(given)
    draw = explaining(given, documents.shape_document, "explain_shapes")
    return document_of(analyze, draw, network, input_shape, batch)


def rf(given: CalculatorRequest) -> Document:
    """`convcalc rf`."""
    network, input_shape, batch = network_and_input(given)
    draw = explaining(given, documents.field_document, "explain_fields")
    return document_of(analyze, draw, network, input_shape, batch)


def network_and_input(given: GivenNetwork) -> tuple[Network, Shape, int]:
    """The network, input shape and batch that a command line asks about.

    What was assumed, and what may have been meant otherwise, is said aloud.

    Raises:
        UsageError: specs and flags are mixed, or a value is impossible.
        SpecError: a spec has faults.
    """
    words = given["specs"] or ()
    in_file = onnx_path(words) is not None
    inputs = [] if in_file else inputs_of(given["input"], words)
    asked = inputs[0].shape if inputs else None
    samples = given.get("batch")
    batch = 1 if samples is None else count_of("batch", samples)
    network, assumed = _network(given, inputs, batch)
    has_batch = "batch" in given
    input_shape = network.input_shape
    if asked is not None:
        input_shape = asked
        check_axes(network, input_shape, batch=has_batch)
    if input_shape is None:
        input_shape, reason = usual_input(network)
        assumed.insert(0, f"input {format_shape(input_shape)} (-i){reason and f': {reason}'}")
    notes = [*network.notes]
    notes += [f"not given, so assumed: {', '.join(assumed)}"] if assumed else []
    notes.append(doubt(network, input_shape, batch=has_batch) or "")
    for text in () if given["quiet"] else filter(None, notes):
        note(text)
    return network, input_shape, batch


def _network(
    given: GivenNetwork, inputs: Sequence[GivenInput], batch: int
) -> tuple[Network, list[str]]:
    """The network that layers or flags describe, and what was assumed of it."""
    values = layer_flags(given)
    specs = given["specs"]
    if specs and values:
        mixed = ", ".join(map(flag, values))
        raise UsageError(
            f"give layers or flags, not both: with the layer '{specs[0]}' the flag {mixed} has "
            f"no place; write it into the layer, as conv:64,k3,s2"
        )
    if specs:
        in_order = bool(given.get("in_order"))
        network = read_source(
            specs,
            in_order=in_order,
            input_shape=inputs[0].shape if inputs else None,
            inputs=given["input"],
            batch=batch,
            given=inputs,
        )
        return network, []
    missing = {name: DEFAULT_LAYER[name] for name in DEFAULT_LAYER if name not in values}
    assumed = [f"{name} {value} ({flag(name)})" for name, value in missing.items()]
    return Network.chain([layer_of({**missing, **values})]), assumed
