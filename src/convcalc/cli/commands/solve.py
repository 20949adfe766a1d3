"""`solve`: the layers that give what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli.parsing.option_ranges import ranges_of
from convcalc.cli.parsing.shapes import shape_of
from convcalc.cli.parsing.values import choice_of, count_of
from convcalc.errors import UsageError
from convcalc.inverse.layer import FAMILIES, solve_layer
from convcalc.render.solutions import solutions_document

if TYPE_CHECKING:
    from convcalc.cli.parsing.requests import SolveRequest
    from convcalc.render.table import Document


def solve(given: SolveRequest) -> Document:
    """`convcalc solve`.

    Raises:
        UsageError: what is wanted is not said, or contradicts itself.
    """
    return _layer(given)


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
