"""What is asked of a network as a document, up to the layer that does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from convcalc.cli.parsing.values import flag_error
from convcalc.errors import ParameterError, ShapeError, SpecError
from convcalc.layers import KINDS
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.analysis import Report
    from convcalc.cli.parsing.requests import CalculatorRequest
    from convcalc.layers import Shape
    from convcalc.network.graph import Network
    from convcalc.network.trace import Trace
    from convcalc.render.table import Document

Found = TypeVar("Found")
More = TypeVarTuple("More")


def document_of(
    ask: Callable[[Network, Shape, *More], Found],
    draw: Callable[[Found], Document],
    network: Network,
    input_shape: Shape,
    *more: *More,
) -> Document:
    """The document of a question about a network; of its first layers, where one does not fit.

    Args:
        ask: The question, of a network, an input shape and what else it needs.
        draw: The document of its answer.
        network: The layers.
        input_shape: (channels, *spatial sizes) of one sample.
        more: What else `ask` needs.

    Raises:
        ShapeError, SpecError: the first layer does not fit.
        UsageError: a parameter that a flag gave is impossible.
    """
    try:
        document = draw(with_flag_names(ask, network, input_shape, *more))
        return document if network.trace is None else _of_a_run(document, network.trace)
    except (ShapeError, SpecError) as error:
        failure = error
    # Only a network that does not fit needs these.
    from convcalc.analysis.fitting import fitting_part
    from convcalc.inverse.nearby import nearby_inputs
    from convcalc.render.failures import ended_early

    part = fitting_part(network, input_shape)
    if len(part.nodes) in (0, len(network.nodes)):
        raise failure
    document = draw(with_flag_names(ask, part, input_shape, *more))
    nearby = nearby_inputs(network, input_shape)
    if KINDS[network.nodes[len(part.nodes)].layer.kind].joins and nearby.shapes:
        failure = _saying(failure, f"near {_sizes(input_shape)} fit {nearby}")
    return ended_early(document, failure, nearby.shapes)


def _sizes(input_shape: Shape) -> str:
    """The spatial sizes of an input: one number where all are alike."""
    sizes = input_shape[1:]
    return str(sizes[0]) if len(set(sizes)) == 1 else format_shape(sizes)


def _saying(failure: ShapeError | SpecError, more: str) -> ShapeError | SpecError:
    """The failure with a few words more."""
    if isinstance(failure, SpecError):
        return failure.saying(more)
    return type(failure)(f"{failure}; {more}")


def _of_a_run(document: Document, trace: Trace) -> Document:
    """The document of a model that was run, with what that left open."""
    from convcalc.render.failures import left_open

    return left_open(document, trace)


def explaining(
    given: CalculatorRequest, draw: Callable[[Report], Document], name: str
) -> Callable[[Report], Document]:
    """What draws a report, with --explain by what `explain/explaining.py` has under a name."""
    if not given.get("explain"):
        return draw
    # Who asks for no explanation does not wait for the formulas.
    from convcalc.explain import explaining as formulas
    from convcalc.render.explanation import with_explanation

    explain = getattr(formulas, name)
    return lambda report: with_explanation(draw(report), explain(report))


def with_flag_names(ask: Callable[[*More], Found], *arguments: *More) -> Found:
    """The answer; a layer that came from flags has its errors named after them.

    Raises:
        UsageError: a parameter is impossible.
    """
    try:
        return ask(*arguments)
    except ParameterError as error:
        raise flag_error(error) from None
