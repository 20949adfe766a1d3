"""`solve`: the layers that give what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.analysis.report import analyze
from convcalc.cli.parsing.network_argument import read_source
from convcalc.cli.parsing.option_ranges import ranges_of
from convcalc.cli.parsing.shapes import shape_of
from convcalc.cli.parsing.values import choice_of, count_of, flag, text_of
from convcalc.cli.terminal.streams import note
from convcalc.errors import UsageError
from convcalc.inverse.input_for import inputs_for
from convcalc.inverse.layer import FAMILIES, solve_layer
from convcalc.inverse.pattern import DEFAULT_PATTERN, Wanted, solve_pattern
from convcalc.network.subgraph import last_node
from convcalc.network.usual_input import usual_input
from convcalc.render.solutions import chains_document, inputs_document, solutions_document

SIDE = 256
"""Elements of an axis of the input that patterns are tried on where none is given."""

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.cli.parsing.requests import SolveRequest
    from convcalc.render.table import Document


def solve(given: SolveRequest) -> Document:
    """`convcalc solve`.

    Raises:
        UsageError: what is wanted is not said, or contradicts itself.
    """
    by_field = given["field"] is not None or given["field_of"] is not None
    if given["input_for"] is not None:
        _refuse(given, "input_for", ("output", "field", "field_of"))
        return _inputs(given)
    if given["until"] is not None and given["field_of"] is None:
        raise UsageError("--until needs --field-of NET, or --input-for HxW with a network")
    if by_field or given["specs"]:
        return _chains(given)
    return _layer(given)


LAYER_OPTIONS = (
    *("kind", "transposed", "kernel_size", "stride", "padding", "dilation", "output_padding"),
    *("ceil", "unused"),
)
"""What describes one layer."""


def _refuse(given: SolveRequest, option: str, others: Sequence[str]) -> None:
    """Refuses options that have no place beside another one.

    Raises:
        UsageError: one is given.
    """
    typed: Mapping[str, object] = given
    for name in (*others, *LAYER_OPTIONS):
        if typed.get(name) is not None:
            hint = "; a pattern has its numbers itself, as conv:64,k{3,5},s2"
            more = hint if name in LAYER_OPTIONS else ""
            raise UsageError(f"{flag(name)} has no place beside {option_name(option)}{more}")


def option_name(option: str) -> str:
    """An option as messages call it; a pattern is none."""
    return option if option == "a pattern" else flag(option)


def _chains(given: SolveRequest) -> Document:
    """Chains of a pattern with a receptive field or an output."""
    beside = "field" if given["field"] is not None else "field_of"
    _refuse(given, "a pattern" if given["specs"] else beside, ())
    if given["field"] is not None and given["field_of"] is not None:
        raise UsageError("--field and --field-of both say what is wanted; give one of them")
    field = None if given["field"] is None else count_of("field", given["field"])
    if given["field_of"] is not None:
        field = _field_of(text_of("field_of", given["field_of"]), given["until"])
    output = None if given["output"] is None else shape_of("output", given["output"])
    if field is None and output is None:
        raise UsageError("say what the pattern is to give: --field 70, or --output 64x14x14")
    if given["input"] is not None:
        input_shape = shape_of("input", given["input"])
    else:
        side = max(SIDE, 2 * (field or 0))
        input_shape = (3, side, side)
    pattern = " ".join(given["specs"] or ()) or DEFAULT_PATTERN
    found = solve_pattern(pattern, Wanted(input_shape, field, output))
    return chains_document(found, pattern, field, output, every=bool(given["all"]))


def _field_of(word: str, until: str | None) -> int:
    """The receptive field of a network, or of the layer or block `until` in it.

    Raises:
        UsageError: its axes see differently much, or it has none, or it is not known.
    """
    network = read_source([word])
    shape = network.input_shape or usual_input(network).shape
    node = last_node(network, until)
    fields = analyze(network, shape).layers[node].receptive_field
    if fields is None:
        raise UsageError(
            "--field-of: its receptive field is not known; --field N says what is wanted"
        )
    sizes = {field.size for field in fields}
    if len(sizes) != 1:
        raise UsageError(
            "--field-of: its axes have "
            + (f"fields of {', '.join(map(str, sorted(sizes)))}" if sizes else "no field")
            + "; --field N says what is wanted"
        )
    return sizes.pop()


def _inputs(given: SolveRequest) -> Document:
    """Inputs of a network that give an output."""
    if not given["specs"]:
        raise UsageError("say of which network, as convcalc solve unet --input-for 64x64")
    wanted = shape_of("input_for", given["input_for"] or "")
    network = read_source(given["specs"])
    meant = network.input_shape
    if given["input"] is not None:
        meant = shape_of("input", given["input"])
    channels = 3 if meant is None else meant[0]
    if meant is None and not given["quiet"]:
        note("not given, so assumed: 3 channels (-i)")
    node = last_node(network, given["until"])
    found = inputs_for(network, channels, wanted, node)
    return inputs_document(found, wanted, every=bool(given["all"]))


def _layer(given: SolveRequest) -> Document:
    """One layer from an input and an output."""
    if given["input"] is None or given["output"] is None:
        raise UsageError(
            "say what goes in and what is to come out, as -i 3x224x224 --output 64x112x112"
        )
    kind = _kind(given)
    input_shape = shape_of("input", given["input"])
    output_shape = shape_of("output", given["output"])
    unused = None if given["unused"] is None else count_of("unused", given["unused"], 0)
    ranges = ranges_of(given, len(input_shape) - 1, _ceils(given, kind))
    solved = solve_layer(kind, input_shape, output_shape, ranges, unused)
    return solutions_document(solved, kind, input_shape, output_shape, every=bool(given["all"]))


def _kind(given: SolveRequest) -> str:
    """The kind that is looked for.

    Raises:
        UsageError: two options name different ones, or an option belongs to another kind.
    """
    kind = choice_of("kind", given["kind"], tuple(FAMILIES))
    if given["transposed"]:
        if given["kind"] is not None and kind != "convt":
            raise UsageError(f"--transposed and --kind {kind} exclude each other; give one")
        kind = "convt"
    if given["output_padding"] is not None and kind != "convt":
        raise UsageError("--output-padding needs --transposed")
    if given["dilation"] is not None and kind in ("avgpool", "lppool"):
        raise UsageError(f"--dilation: {kind} has none")
    return kind


def _ceils(given: SolveRequest, kind: str) -> tuple[bool, ...]:
    """Whether poolings may round up.

    Raises:
        UsageError: it is asked of a convolution.
    """
    if FAMILIES[kind] != "pool":
        if given["ceil"] is not None:
            raise UsageError(f"--ceil belongs to poolings: --kind maxpool; {kind} rounds down")
        return (False,)
    return (False, True) if given["ceil"] is None else (given["ceil"],)
