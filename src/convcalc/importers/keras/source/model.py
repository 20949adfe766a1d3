"""A model of Keras in a text: source text, which is read and not run, or the JSON of `to_json`."""

from __future__ import annotations

import contextlib
import json
import re
from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.errors import (
    DataError,
    Diagnostic,
    SpecError,
    UsageError,
    line_numbers,
    printable,
)
from convcalc.importers.keras.model import network_of as network_of_config
from convcalc.importers.keras.source.configuration import Configuration
from convcalc.importers.keras.source.endings import followed
from convcalc.importers.keras.source.objects import (
    Fault,
    Made,
    Model,
    Unknown,
    parts_of,
    wrapped_in,
)
from convcalc.importers.keras.source.statements import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from convcalc.layers import Shape
    from convcalc.network.graph import Network

MAX_CHARACTERS = 2**20
"""Characters of source text that are read."""

_TEXT = "text"
_DOTS = re.compile(r"^[ \t]*+((?:#[ \t]*+)?+(?:\.{2,}+|\u2026))[ \t\r,]*+$", re.MULTILINE)
_LAYER = re.compile(r"layer '?([\w.]+)'?")


def network_of_json(
    text: str, label: str, shape: Shape | None, further: Sequence[Shape] = ()
) -> Network:
    """The network of a model that `model.to_json()` describes.

    Args:
        text: The JSON, or a string of JSON that holds it.
        label: What messages call the text.
        shape: (channels, *sizes) of one sample of its first input; None is what the model tells.
        further: Those of the inputs behind it.

    Raises:
        DataError: it is damaged, or has what cannot be read.
        UsageError: sizes of its input are open, and no shape is given.
    """
    try:
        config = json.loads(text.strip().strip("'"))
        config = json.loads(config) if isinstance(config, str) else config
    except (ValueError, RecursionError):
        raise DataError(f"{label} is no JSON, or damaged") from None
    if not isinstance(config, dict):
        raise DataError(f"{label} describes no model of Keras")
    with _labelled(label):
        return network_of_config(config, shape, _TEXT, further)


def makes_model(plain: str) -> bool:
    """Whether source text makes a model, which may have what cannot be read.

    Args:
        plain: The text, without prompts and quoting.
    """
    try:
        return len(plain) <= MAX_CHARACTERS and bool(followed(Source(plain))[1])
    except Fault:
        return False


def network_of(
    text: str, plain: str, label: str, shapes: Sequence[Shape], wanted: str | None = None
) -> Network | None:
    """The network of a model that source text makes; None where it makes none.

    Args:
        text: The text.
        plain: The same without prompts and quoting, every character in its place.
        label: What messages call the text.
        shapes: (channels, *sizes) of the inputs, as far as they are asked for.
        wanted: Which model, by its variable or its number from 1.

    Raises:
        SpecError: the model has what cannot be read.
        DataError: its layers do not fit each other.
        UsageError: there is no such model, or sizes of its input are open.
    """
    if len(plain) > MAX_CHARACTERS:
        message = f"source text of {len(text):,} characters; at most {MAX_CHARACTERS:,} are read"
        raise SpecError(text[:60].replace("\n", " "), [Diagnostic(message, 0, 1)], label)
    source = Source(plain)
    try:
        following, made = followed(source)
        models = _whole(made)
        if not models:
            return None
        model = _chosen(models, following.models, wanted)
        if ">>>" not in text:  # dots alone are an empty line there
            _check_whole(source, model)
        config = Configuration(shapes).of(model)
    except Fault as fault:
        message, place = fault.unknown
        raise SpecError(text, [Diagnostic(message, *place)], label) from None
    with _labelled(label, lambda message: _with_line(message, model, source)):
        found = network_of_config(config, next(iter(shapes), None), _TEXT, shapes[1:])
    notes = (*following.scope.notes, *_around(source, models, model, following.read), *found.notes)
    return replace(found, notes=notes)


@contextlib.contextmanager
def _labelled(label: str, told: Callable[[str], str] = str) -> Iterator[None]:
    """Errors that are raised inside have the label of the text in place of a file's name.

    Args:
        label: What messages call the text.
        told: What is made of a message.
    """
    try:
        yield
    except (DataError, UsageError) as error:
        message = str(error).removeprefix(f"'{_TEXT}'")
        raise type(error)(f"{label or 'the text'}{told(message)}") from None


def _check_whole(source: Source, model: Model) -> None:
    """Nothing is left out between the layers of a model.

    Raises:
        Fault: dots stand for lines.
    """
    places = [model.place[0], *(part.place[0] for part in parts_of(model))]
    dots = _DOTS.search(source.text, min(places), max(places))
    if dots is not None:
        raise Fault(Unknown("something was left out here; give the whole text", dots.span(1)))


def _whole(made: Sequence[Model]) -> Sequence[Model]:
    """The models that are no parts of others."""
    parts = [part for model in made for part in parts_of(model)]
    inside = {id(one) for part in parts for one in (part, *wrapped_in(part))}
    inside |= {id(model) for model in made if model.is_continued and _goes_on(model, made)}
    return [model for model in made if id(model) not in inside] or made


def _goes_on(model: Model, made: Sequence[Model]) -> bool:
    """Whether another model has all layers of this one, and more behind them."""
    own = {id(part) for part in parts_of(model)}
    others = (one for one in made if one.inputs is not None and one.fault is None)
    return any(own < {id(part) for part in parts_of(one)} for one in others)


def _chosen(models: Sequence[Model], every: Sequence[Model], wanted: str | None) -> Model:
    """The model that is wanted by its variable or its number; else the first.

    Raises:
        UsageError: there is none.
    """
    if wanted is None:
        return models[0]
    if wanted.isdecimal() and len(wanted) < 6 and 1 <= int(wanted) <= len(models):
        return models[int(wanted) - 1]
    found = next((model for model in every if wanted in (model.label, model.name)), None)
    if found is None:
        known = [printable(model.label or model.name, 60) for model in every[:6]]
        raise UsageError(
            f"no model of the text is called '{printable(wanted, 60)}'; there are "
            f"{', '.join(known)}"
        )
    return found


def _around(
    source: Source, models: Sequence[Model], model: Model, read: Iterable[tuple[int, int]]
) -> list[str]:
    """Notes on what was passed over: other models, and lines that say nothing of the model."""
    notes = []
    others = [one for one in models if one is not model]
    if others:
        names = ", ".join(_called(source, one) for one in others[:4])
        more = ", ..." if len(others) > 4 else ""
        own = _called(source, model)
        notes.append(f"of {len(models)} models in the text {own} is read, not {names}{more}")
    covered = bytearray(len(source.lines) + 2)
    for first, last in read:
        covered[first : last + 1] = b"\1" * (last + 1 - first)
    said = [
        number
        for number, line in enumerate(source.lines, 1)
        if not covered[number] and line.strip() and line.lstrip()[:1] != "#"
    ]
    if said:
        notes.append(f"passed over: {line_numbers(said)}")
    return notes


def _called(source: Source, model: Model) -> str:
    line = f"line {_line_of(source, model.place[0])}"
    return f"'{printable(model.label, 60)}' ({line})" if model.label else f"that of {line}"


def _line_of(source: Source, place: int) -> int:
    return bisect_right(source.starts, place)


def _with_line(message: str, model: Model, source: Source) -> str:
    """A message about a layer with the line that makes it."""
    message = message.replace("is damaged, or of another kind", "has a parameter of another kind")
    found = _LAYER.search(message)
    if found is None:
        return message
    names = found[1].split(".")
    layers: list[Made | Model] = [model]
    for name in names:
        inner = (one for part in layers if isinstance(part, Model) for one in parts_of(part))
        layers = [one for one in inner if one.name == name] or layers
    if layers[0] is model:
        return message
    return f"{message} (line {_line_of(source, layers[0].place[0])})"
