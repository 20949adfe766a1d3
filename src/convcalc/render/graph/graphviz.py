"""A diagram laid out by Graphviz's program `dot`, where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Literal

from convcalc.errors import ResourceError, UsageError, printable
from convcalc.render.graph.colours import (
    COLOURS,
    DARK_ARROW,
    DARK_FRAME,
    DARK_TEXT,
)
from convcalc.render.graph.dot import dot_text

if TYPE_CHECKING:
    from convcalc.render.graph.diagram import Diagram

PATIENCE = 60
"""Seconds that a layout may take."""

MANY_ARROWS = 600
QUICKLY = ["-Gsplines=line", "-Gmclimit=0.1", "-Gnslimit=1"]
"""Straight arrows and fewer rounds where a layout would take minutes: of 1,926 arrows 18 s."""

DPI = 144
"""Pixels of an inch: twice as many as a screen shows, so that a picture can be enlarged."""

STYLE = (
    "<style>svg{background:#fff}\n"
    "@media (prefers-color-scheme:dark){\n"
    f"svg{{background:#14171b}}text{{fill:{DARK_TEXT}}}\n"
    f".edge path,.edge polygon{{stroke:{DARK_ARROW}}}.edge polygon{{fill:{DARK_ARROW}}}\n"
    f".cluster path,.cluster polygon{{stroke:{DARK_FRAME}}}\n"
    + "\n".join(
        f".{name} path{{fill:{colour.dark_fill};stroke:{colour.dark_line}}}"
        for name, colour in COLOURS.items()
    )
    + "}</style>\n"
)


def check_graphviz() -> None:
    """Whether there is the program that lays diagrams out.

    Raises:
        UsageError: there is not.
    """
    if shutil.which("dot") is None:
        raise UsageError(
            "an .svg or .png is laid out by Graphviz's program dot, which is not installed; "
            "-o net.dot and -o net.mmd are written without it"
        )


def drawn(diagram: Diagram, form: Literal["svg", "png"]) -> bytes:
    """The picture.

    Raises:
        UsageError: Graphviz is not installed.
        ResourceError: it fails, or takes too long.
    """
    check_graphviz()
    text = dot_text(diagram)
    if form == "svg":
        text = text.replace("{", "{\n  bgcolor=transparent", 1)
    command = ["dot", f"-T{form}", *([f"-Gdpi={DPI}"] if form == "png" else [])]
    command += QUICKLY if len(diagram.arrows) > MANY_ARROWS else []
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise ResourceError(
            f"dot took more than {PATIENCE} s for {len(diagram.boxes):,} boxes; --depth 1 folds "
            "blocks"
        ) from None
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing was drawn"]
        raise ResourceError(f"dot failed: {printable(said[0], 200)}")
    return styled(done.stdout) if form == "svg" else done.stdout


def styled(svg: bytes) -> bytes:
    """The picture for light and for dark, without the type of document, which names a server."""
    start = svg.index(b"<svg")
    end = svg.index(b">", start) + 1
    body = _NODE.sub(_centred, svg[end:])
    return svg[start:end] + b"\n" + STYLE.encode() + body


_NODE = re.compile(rb'<g id="node[^>]*>.*?</g>', re.DOTALL)
_PLACE = re.compile(rb'text-anchor="start" x="[^"]*"')


def _centred(node: re.Match[bytes]) -> bytes:
    """A box with its lines in the middle, whatever letters a browser has for those of Graphviz."""
    outline = re.search(rb'<path[^>]* d="([^"]*)"', node[0])
    if outline is None:
        return node[0]
    across = [float(x) for x in re.findall(rb"(-?[\d.]+),", outline[1])]
    middle = (min(across) + max(across)) / 2
    return _PLACE.sub(b'text-anchor="middle" x="%.2f"' % middle, node[0])
