"""`demo`: the first minute, on a photograph that comes with the package.

Each command is shown and then answered as if it had been typed, so that it can be typed again: the
files that it reads are copied into a folder first.
"""

from __future__ import annotations

import os
import shlex
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import typer

import convcalc
from convcalc.arrayfile import check_output
from convcalc.arrayfile.whole_file import write_output
from convcalc.cli.main import run
from convcalc.cli.terminal.streams import write_out
from convcalc.errors import OutputError

if TYPE_CHECKING:
    from convcalc.cli.parsing.requests import DemoRequest

FOLDER = "convcalc-demo"
SAMPLES = os.path.join(os.path.dirname(convcalc.__file__), "samples")
FILES = ("coffee.npy", "sobel.npz", "tiny.npy", "tiny-bias.npy")
"""What is copied: all but the text that says where they are from."""

CONTINUED = " \\\n    "
"""How a shell goes on in the next line."""


class Step(NamedTuple):
    """A command, and what it is for."""

    text: str
    command: str


STEPS = (
    Step(
        "The size that a convolution leaves, and the weights that it needs.",
        "shape -i 3x224x224 conv:64,k7,s2,p3 maxpool:3,s2,p1",
    ),
    Step(
        "One output of a 2 x 2 kernel on a 4 x 4 image, step by step.",
        f'explain {FOLDER}/tiny.npy --kernel "1 0; 2 1" --at 0,1,1 -q',
    ),
    Step(
        "A 3 x 3 convolution against depthwise + pointwise: about a ninth of the work.",
        "flops -i 512x14x14 conv:512,k3,p1,nobias --compare separable",
    ),
)


def demo(given: DemoRequest) -> None:
    """`convcalc demo`: the files, the commands and their answers, and where the result is.

    Raises:
        OutputError: a file of the demo exists, or cannot be written.
        typer.Exit: a command failed, and has said why.
    """
    force = bool(given["force"])
    edges = f"{FOLDER}/edges.{'npy' if find_spec('PIL') is None else 'png'}"
    _copy_samples(edges, force=force)
    for step in (*STEPS, Step("The edges of a photograph: a real convolution.", _drawing(edges))):
        if not write_out(f"{step.text}\n\n$ convcalc {step.command}\n"):
            return
        # What is run is what is shown, but for the file of an earlier demo that may be replaced.
        replacing = ["--force"] if force and edges in step.command else []
        if code := run([*shlex.split(step.command.replace(CONTINUED, " ")), *replacing]):
            raise typer.Exit(code)
        write_out("\n")
    write_out(_ending(edges))


def _copy_samples(edges: str, *, force: bool) -> None:
    """Copies the samples into the folder, none unless all of them and the result may be written.

    Raises:
        OutputError: one exists, or cannot be written.
    """
    copies = {name: f"{FOLDER}/{name}" for name in FILES}
    if os.path.lexists(FOLDER) and not os.path.isdir(FOLDER):
        raise OutputError(f"'{FOLDER}' is no folder; go to another folder, or move it away")
    os.makedirs(FOLDER, exist_ok=True)
    for path in (*copies.values(), edges):
        check_output(path, force=force)
    for name, path in copies.items():
        with open(os.path.join(SAMPLES, name), "rb") as sample:
            write_output(path, sample.read(), force=force)


def _drawing(edges: str) -> str:
    """The command that convolves the photograph, draws the result and writes it."""
    return CONTINUED.join(
        (
            f"run {FOLDER}/coffee.npy",
            '--network "conv:2,k3,same,replicate,nobias reduce:norm,axes0"',
            f"--weights {FOLDER}/sobel.npz --range 60:500 --show",
            f"-o {edges} -q",
        )
    )


def _ending(edges: str) -> str:
    """Where the result is, and how to go on."""
    no_picture = "" if edges.endswith(".png") else "pip install 'convcalc[image]' makes a .png.\n"
    return (
        f"The edges are in {edges}, with the photograph beside them.\n{no_picture}"
        "Every command can be typed again; convcalc --help lists all of them.\n"
    )
