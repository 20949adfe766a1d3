"""`explain`: one output of a layer or a network, from what it reads to what it comes to."""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from convcalc.cli.commands.explain.drawing import (
    check_pictures,
    wants_picture,
    write_page_of,
    write_picture_of,
)
from convcalc.cli.commands.explain.stepping import step_through
from convcalc.cli.commands.run.inputs import read_network
from convcalc.cli.commands.run.kernels import read_kernel
from convcalc.cli.commands.run.naming import naming_files
from convcalc.cli.commands.run.request import RunRequest
from convcalc.cli.commands.run.run import settings_of
from convcalc.cli.parsing.computing_options import COMPUTED, FILED
from convcalc.cli.parsing.network_argument import read_source
from convcalc.cli.parsing.options import GEOMETRY
from convcalc.cli.parsing.shapes import check_axes, shape_of
from convcalc.cli.parsing.values import COLOURS, choice_of, flag, value_of
from convcalc.cli.terminal.keyboard import check_keyboard
from convcalc.cli.terminal.streams import is_terminal, note, terminal_width, wants_colour
from convcalc.errors import DataError, UsageError, printable
from convcalc.execute.arrays.axes import batch_first
from convcalc.execute.arrays.plain_elements import Elements
from convcalc.execute.in_memory import run_work
from convcalc.execute.network_job import network_work
from convcalc.execute.settings import Settings
from convcalc.execute.weights.made_up import made_up_input, made_up_weights
from convcalc.explain.walk.functions import pieces_of
from convcalc.explain.walk.network import WalkedLayer, walk_network
from convcalc.layers.base import format_shape
from convcalc.network.graph import INPUT
from convcalc.network.usual_input import fits, usual_input
from convcalc.render.walk_document import walk_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from convcalc.cli.parsing.requests import ExplainRequest
    from convcalc.execute.job import Work
    from convcalc.explain.walk.data import Place
    from convcalc.layers import Shape
    from convcalc.network.graph import Network
    from convcalc.render.page.start import PageStart
    from convcalc.render.table import Document

MADE_UP_INPUT = (3, 7, 7)
"""What layers are explained on where nothing is said, if they fit it."""

ONLY_ARRAYS = (*FILED, *GEOMETRY, *COMPUTED)
"""Options that say nothing of layers in words, for which numbers are made up."""

NO_INTEGER = -(2**63)
"""What a maximum of padding alone is in int64, which has no infinity."""

BELOW_0 = 2
"""What is taken off made-up numbers from 0 to 4 for a function, which is another below 0."""

LEAST_MADE_UP = 1e-12
"""Results on made-up numbers below it are 0 but for rounding, as 1/3 + 2/3 - 1 may be."""

PLAIN_WIDTH = 80
"""Columns where nobody looks: in a file or a pipe."""


class Computed(NamedTuple):
    """A network on one sample, with the result of every layer."""

    network: Network
    sample: np.ndarray
    weights: Mapping[str, np.ndarray]
    results: tuple[np.ndarray, ...]

    @property
    def shape(self) -> Shape:
        """The shape of the result."""
        end = self.network.output
        return self.sample.shape if end < 0 else self.results[end].shape

    def walk(self, place: Place) -> list[WalkedLayer]:
        """One output, and what it comes from."""
        weights = {name: Elements(own) for name, own in self.weights.items()}
        results = [Elements(own) for own in self.results]
        return walk_network(self.network, Elements(self.sample), weights, results, place)

    def page(self, place: Place) -> PageStart:
        """What a page of it starts with.

        Raises:
            UsageError: a page cannot show it.
            DataError: a page cannot compute with its numbers.
        """
        from convcalc.render.page.start import page_start

        weights = {name: Elements(own) for name, own in self.weights.items()}
        return page_start(self.network, Elements(self.sample), weights, place)


def explain(given: ExplainRequest) -> Document | None:
    """`convcalc explain`; nothing is left to print after --step.

    Raises:
        UsageError: options do not go together, or the terminal is too small for --step.
    """
    if given["step"]:
        for name in ("format", "output"):
            if given.get(name) is not None:
                raise UsageError(
                    f"--step and {flag(name)} exclude each other: it draws on the screen"
                )
        check_keyboard("--step")
    check_pictures(given)
    computed = _computed(given)
    if computed.network.output < 0:
        raise UsageError("the output is the input itself: no layer leads to it")
    place = _place(given["at"], computed.shape)
    if given["step"]:
        step_through(computed.walk, computed.shape, place, colour=_colour(given))
        return None
    if given["html"] is not None:
        write_page_of(given, computed.page(place))
        return None
    if wants_picture(given):
        write_picture_of(given, computed.walk, computed.shape, place)
        return None
    width = int(given.get("width") or 0) or _width()
    return walk_document(computed.walk(place), computed.sample.shape, width)


def _colour(given: ExplainRequest) -> bool:
    """Whether the screen is drawn with colours."""
    choice = "never" if given["no_color"] else choice_of("color", given["color"], COLOURS)
    return wants_colour(choice, sys.stdout, os.environ)


def _width() -> int:
    return terminal_width(os.environ) if is_terminal(sys.stdout) else PLAIN_WIDTH


def _computed(given: ExplainRequest) -> Computed:
    """The network that is asked about, with its arrays, and everything computed.

    Raises:
        UsageError: options do not go together, or there is nothing to explain.
    """
    if given["kernel"] is None and given["network"] is None:
        return _made_up(given)
    words = given["specs"] or []
    if len(words) != 1:
        raise UsageError(
            f"with {flag('kernel' if given['kernel'] else 'network')} give one array, as image.npy"
        )
    if given["input"] is not None:
        raise UsageError("--input goes with layers alone: the array has a shape of its own")
    return _of_files(given, words[0])


def _of_files(given: ExplainRequest, array: str) -> Computed:
    names = [field.name for field in fields(RunRequest) if field.name != "layer"]
    typed: dict[str, Any] = {**dict.fromkeys(names), **given, "arrays": [array]}
    request = RunRequest.of(typed)
    settings = settings_of(request)
    with naming_files(request):
        if request.network is None:
            work = read_kernel(request, settings)
        else:
            work = read_network(request, settings, network_work)
        if not request.quiet:
            for text in work.axes.notes:
                note(text)
        samples = batch_first(work.named["the input"], work.axes)
        if not len(samples):
            raise DataError("the batch has no samples, so that there is no output to explain")
        if len(samples) > 1 and not request.quiet:
            note(f"the first of {len(samples):,} samples is explained")
        return _run(work.network, samples[:1], work.weights, settings)


def _made_up(given: ExplainRequest) -> Computed:
    """Layers on whole numbers that are made for them.

    Raises:
        UsageError: there are no layers, or options that go with files.
    """
    if not given["specs"]:
        raise UsageError(
            "what is to be explained? give an array with --kernel K.npy, or layers, as\n"
            "convcalc explain conv:8,k3,s2,p1 -i 3x7x7"
        )
    for name in ONLY_ARRAYS:
        if cast("dict[str, object]", given).get(name) is not None:
            raise UsageError(f"{flag(name)} goes with an array and --kernel or --network")
    word = (given["specs"] or [""])[0]
    if word.lower().endswith((".npy", ".npz")):
        raise UsageError(f"'{printable(word)}' is an array; give --kernel K.npy or --network too")
    network = read_source(given["specs"] or [], in_order=bool(given["in_order"]))
    for text in () if given["quiet"] else network.notes:
        note(text)
    shape = _input(given["input"], network, quiet=bool(given["quiet"]))
    if not any(step.layer.needs_floats for step in network.walk(shape)):
        computed = _on_made_up(network, shape, "int64")
        if not any((own == NO_INTEGER).any() for own in computed.results):
            return computed
    return _on_made_up(network, shape, "float64")


def _on_made_up(network: Network, shape: Shape, dtype: str) -> Computed:
    """The network on numbers that are made for it, without what only rounding made."""
    weights = made_up_weights(network, shape, dtype)
    sample = made_up_input(shape, dtype)
    if _begins_with_functions(network, shape):
        sample = sample - BELOW_0
    computed = _run(network, sample, weights, Settings())
    for own in computed.results:
        if own.dtype.kind == "f":
            own[abs(own) < LEAST_MADE_UP] = 0
    return computed


def _begins_with_functions(network: Network, shape: Shape) -> bool:
    """Whether all that reads the input is a function of each number, as an activation."""
    steps = network.walk(shape)
    return all(pieces_of(step.layer) for step in steps if INPUT in step.node.inputs)


def _input(text: str | None, network: Network, *, quiet: bool) -> Shape:
    """The input that is asked for; else the network's own, a small one, or what is usual."""
    if text is not None:
        asked = shape_of("input", text)
        check_axes(network, asked, batch=False)
        return asked
    if network.input_shape is not None:
        return network.input_shape
    shape = MADE_UP_INPUT if fits(network, MADE_UP_INPUT) else usual_input(network).shape
    if not quiet:
        note(f"not given, so assumed: input {format_shape(shape)} (-i)")
    return shape


def _run(
    network: Network, samples: np.ndarray, weights: Mapping[str, np.ndarray], settings: Settings
) -> Computed:
    """Every layer computed on one sample by the executor.

    Raises:
        DataError: the arrays do not fit, or cannot be computed exactly.
    """
    own = Settings(
        dtype=settings.dtype, spatial_dims=samples.ndim - 2, algorithm="auto", backend="numpy"
    )
    work: Work = network_work(network, samples, dict(weights), own)
    results: list[np.ndarray] = []

    def keep(label: str, array: np.ndarray) -> None:  # noqa: ARG001 - layers come in order
        results.append(array[0].copy())

    run_work(work, own, keep)
    return Computed(network, samples[0], work.weights, tuple(results))


def _place(text: str | None, shape: Shape) -> Place:
    """The output that is looked at: the first one, or that of --at.

    Raises:
        UsageError: it is no place, or lies outside.
    """
    if text is None:
        return (0,) * len(shape)
    found = value_of("at", text)
    each = found if isinstance(found, tuple) else (found,)
    place = tuple(at for at in each if isinstance(at, int))
    if len(place) != len(shape) or len(place) != len(each):
        raise UsageError(
            f"--at: the output is {format_shape(shape)}; give a place in it with "
            f"{len(shape)} numbers, as {','.join('0' * len(shape))}; got '{printable(text)}'"
        )
    outside = [axis for axis, at in enumerate(place) if not 0 <= at < shape[axis]]
    if outside:
        axis = outside[0]
        raise UsageError(
            f"--at: {place[axis]} is no place on an axis of {shape[axis]}, counted from 0; "
            f"the output is {format_shape(shape)}"
        )
    return place
