"""The options of `compare`, and what its help says at its end."""

from __future__ import annotations

from functools import partial

from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.document_options import DOCUMENT_FILE
from convcalc.cli.parsing.option_types import Argument, Options, text_option
from convcalc.cli.parsing.options import BATCH, DTYPE, MACHINE, READING

_view = partial(text_option, group="View")

COMPARE_NETWORKS: Options = {
    "networks": Argument(
        "NETWORK...",
        "Networks by name, files, model.py:Net, or layers in quotes: each is one word.",
        several=True,
        required=True,
    ),
    "input": text_option(
        "--input",
        "-i",
        metavar="CxHxW",
        about="Shape of one sample, for all of them.",
        group="Input",
    ),
    **BATCH,
    "device": MACHINE["device"],
    **DTYPE,
    "sort": _view(
        "--sort",
        metavar="NAME",
        about="By params, macs, activations, memory, time or field, smallest first; -NAME turns "
        "it.",
    ),
    "pareto": _view(
        "--pareto",
        metavar="X,Y",
        about="Mark what nothing is better than, as macs,field; X:min or X:max says what better "
        "is.",
    ),
    **READING,
    **APPEARANCE,
    **DOCUMENT_FILE,
}

COMPARE_DETAILS = """Each network is taken on the input that it is meant for, unless -i gives one.
One that cannot be read, or that does not fit, keeps its row with the reason, and the exit code is
that of the first such network. The least time is that of `roofline`; memory is the peak of
`memory`: activations that are alive at once."""
