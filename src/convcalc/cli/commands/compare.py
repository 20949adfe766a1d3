"""`compare`: a row of figures for each of several networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.analysis.dtypes import BITS
from convcalc.cli.commands.answers import with_flag_names
from convcalc.cli.parsing.model_inputs import inputs_of
from convcalc.cli.parsing.network_argument import read_source
from convcalc.cli.parsing.onnx_argument import onnx_path
from convcalc.cli.parsing.values import STANDARD_INPUT, choice_of, count_of
from convcalc.cli.terminal.streams import note
from convcalc.errors import ConvcalcError, UsageError, printable
from convcalc.network.usual_input import asked_input
from convcalc.render.several import several_document
from convcalc.several.comparing import NetworkFigures, compared, figures_of, machine_of

if TYPE_CHECKING:
    from convcalc.analysis.roofline.model import RooflineMachine
    from convcalc.cli.parsing.requests import CompareRequest
    from convcalc.layers import Shape
    from convcalc.render.table import Document

LONGEST_NAME = 40
"""Characters of a network, as it was typed, that stand for its name."""


def compare(given: CompareRequest) -> Document:
    """`convcalc compare`: one that has no figures keeps its row, and decides the exit code.

    Raises:
        UsageError: an option has an unknown value, or several networks are standard input.
    """
    words = [word.replace(STANDARD_INPUT, "-") for word in given["networks"]]
    if sum(word == "-" or word.startswith("-:") for word in words) > 1:
        raise UsageError("only one of the networks can come from standard input, '-'")
    dtype = choice_of("dtype", given["dtype"], tuple(BITS))
    batch = 1 if given["batch"] is None else count_of("batch", given["batch"])
    machine = with_flag_names(machine_of, given["device"], dtype)
    options = ("--sort", "--pareto")
    asked = (given["sort"], given["pareto"], options)
    with_flag_names(compared, (), batch, dtype, machine, *asked)  # told before anything is read
    rows = [_figures(word, given, batch, dtype, machine) for word in words]
    return several_document(compared(rows, batch, dtype, machine, *asked))


def _figures(
    word: str, given: CompareRequest, batch: int, dtype: str, machine: RooflineMachine | None
) -> NetworkFigures:
    """The row of one network."""
    name = printable(" ".join(word.split()), LONGEST_NAME)
    text = given["input"]
    asked: Shape | None = None
    if text is not None and onnx_path([word]) is None:
        asked = inputs_of(text, ())[0].shape
    try:
        network = read_source(
            [word], in_order=bool(given["in_order"]), input_shape=asked, inputs=text, batch=batch
        )
        for line in () if given["quiet"] else network.notes:
            note(f"{name}: {line}")
        shape = asked_input(network, asked)
    except ConvcalcError as error:
        return NetworkFigures(name, asked, failure=error)
    return figures_of(name, network, shape, batch, dtype, machine)
