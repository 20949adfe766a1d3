"""The options of `compare`, and what its help says at its end."""

from __future__ import annotations

from typing import Annotated

import typer

from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.document_options import DOCUMENT_FILE
from convcalc.cli.parsing.option_types import Options
from convcalc.cli.parsing.option_types import text_option as _text
from convcalc.cli.parsing.options import BATCH, DTYPE, MACHINE, READING

COMPARE_NETWORKS: Options = {
    "networks": Annotated[
        list[str],
        typer.Argument(
            metavar="NETWORK...",
            help="Networks by name, files, model.py:Net, or layers in quotes: each is one word.",
        ),
    ],
    "input": _text("--input", "-i", metavar="CxHxW", about="Shape of one sample, for all of them."),
    **BATCH,
    "device": MACHINE["device"],
    **DTYPE,
    "sort": _text(
        "--sort",
        metavar="NAME",
        about="By params, macs, activations, memory, time or field, smallest first; -NAME turns "
        "it.",
    ),
    "pareto": _text(
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
