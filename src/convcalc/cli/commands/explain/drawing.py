"""`explain --svg`, `--png`, `--animate` and `--html`: pictures of outputs, and a page of them."""

from __future__ import annotations

import os
from math import prod
from typing import TYPE_CHECKING, cast

from convcalc.arrayfile.pictures import check_installed
from convcalc.arrayfile.target import check_output
from convcalc.arrayfile.whole_file import write_output
from convcalc.cli.commands.explain.stepping import next_place
from convcalc.cli.parsing.values import count_of, flag, text_of
from convcalc.cli.terminal.streams import note
from convcalc.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.cli.parsing.requests import ExplainRequest
    from convcalc.explain.walk.data import Place
    from convcalc.explain.walk.network import WalkedLayer
    from convcalc.layers import Shape
    from convcalc.render.page.start import PageStart
    from convcalc.render.walk_layout import Picture

FORMS = {"svg": (".svg",), "png": (".png",), "animate": (".svg", ".gif"), "html": (".html",)}
"""The options that write a picture, with the endings of their files."""

MOST_STEPS = 2000
"""Pictures of an animation."""

SECONDS = 0.8
"""How long each of them is shown."""


def wants_picture(given: ExplainRequest) -> bool:
    """Whether a picture is asked for."""
    return any(_path(given, name) is not None for name in FORMS)


def _path(given: ExplainRequest, name: str) -> str | None:
    return cast("dict[str, str | None]", given)[name]


def check_pictures(given: ExplainRequest) -> None:
    """Whether the picture that is asked for can be written, before anything is read.

    Raises:
        UsageError: it has another ending, or goes with something that is shown instead; or Pillow
            is needed and missing.
        OutputError: it exists, or cannot be made.
    """
    asked = [name for name in FORMS if _path(given, name) is not None]
    if given["every"] is not None and given["animate"] is None:
        raise UsageError("--every goes with --animate: it leaves out steps")
    if not asked:
        return
    others = [name for name in ("step", "format", "output") if given.get(name) is not None]
    if together := [*asked, *others][1:2]:
        raise UsageError(f"{flag(asked[0])} and {flag(together[0])} exclude each other; give one")
    path = text_of(asked[0], _path(given, asked[0]) or "")
    endings = FORMS[asked[0]]
    if not path.lower().endswith(endings):
        wanted = " or ".join(f"out{ending}" for ending in endings)
        raise UsageError(f"{flag(asked[0])}: expected a name as {wanted}, got '{printable(path)}'")
    if path.lower().endswith((".png", ".gif")):
        check_installed()
    check_output(path, force=bool(given["force"]), inputs=given["specs"] or ())


def write_picture_of(
    given: ExplainRequest,
    walk: Callable[[Place], list[WalkedLayer]],
    shape: Shape,
    place: Place,
) -> None:
    """Writes what is asked for: the picture of one output, or of all of them in turn.

    Args:
        given: The command line.
        walk: The walk of an output.
        shape: The shape of the outputs.
        place: The output to show; an animation begins with the first one.

    Raises:
        UsageError: an animation has too many steps.
        OutputError: the picture cannot be written.
    """
    from convcalc.render.walk_layout import walk_picture

    path = given["animate"]
    if path is not None:
        places = _places(shape, given["every"])
        data = _animated(path, [walk_picture(walk(one)) for one in places])
    else:
        path = given["svg"] or given["png"] or ""
        data = _still(path, walk_picture(walk(place)))
    _write(given, path, data)


def write_page_of(given: ExplainRequest, start: PageStart) -> None:
    """Writes the page of a network.

    Raises:
        OutputError: the page cannot be written.
    """
    from convcalc.render.page.document import page_html

    _write(given, given["html"] or "", page_html(start).encode())


def _write(given: ExplainRequest, path: str, data: bytes) -> None:
    write_output(path, data, force=bool(given["force"]))
    if not given["quiet"]:
        note(f"wrote {printable(path)} ({len(data):,} bytes)")


def _places(shape: Shape, every: str | None) -> list[Place]:
    """The outputs of an animation in their order.

    Raises:
        UsageError: they are too many.
    """
    step = 1 if every is None else count_of("every", every)
    steps = -(-prod(shape) // step)
    if steps > MOST_STEPS:
        fits = -(-prod(shape) // MOST_STEPS)
        raise UsageError(
            f"--animate: {steps:,} steps are more than {MOST_STEPS:,}; --every {fits} leaves out "
            "as many as needed"
        )
    place = (0,) * len(shape)
    places = []
    for number in range(prod(shape)):
        if number % step == 0:
            places.append(place)
        place = next_place(place, shape)
    return places


def _still(path: str, picture: Picture) -> bytes:
    if os.path.splitext(path)[1].lower() == ".svg":
        from convcalc.render.svg_walk import svg_text

        return svg_text(picture).encode()
    from convcalc.render.raster_walk import png_bytes

    return png_bytes(picture)


def _animated(path: str, pictures: list[Picture]) -> bytes:
    if os.path.splitext(path)[1].lower() == ".svg":
        from convcalc.render.svg_walk import animated_svg_text

        return animated_svg_text(pictures, SECONDS).encode()
    from convcalc.render.raster_walk import gif_bytes

    return gif_bytes(pictures, SECONDS)
