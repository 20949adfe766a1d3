"""From the text of a spec to a network: read, written out, and every fault with its place."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from convcalc.collecting import gc_paused
from convcalc.errors import Diagnostic, SpecError, printable
from convcalc.language import Definition, read_tree, write_file
from convcalc.language.bind import canonical_items
from convcalc.language.bound_layers import BoundLayers
from convcalc.language.expand import Lowering, Unreadable
from convcalc.language.parser import LONGEST_TEXT
from convcalc.language.reading import Reading
from convcalc.language.scope import Scope
from convcalc.language.shapes import declared_input
from convcalc.language.source import TreeSource
from convcalc.layers.arguments import checked_switch, checked_text
from convcalc.network.graph import INPUT, Network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcalc.language import Value
    from convcalc.layers import Shape

_MAY_BE_PYTORCH = re.compile(r"(?:\s++|#[^\n]*+\n)*+(?:[\w.]++\s*+\(|[\w.]*?\bnn\.)")
"""A name and a bracket at the beginning, comments apart, where a spec has a kind or `define`."""

_CALL = re.compile(r"(?<![\w.])(?:(?:torch\.)?+nn\.)?+[A-Z]\w*+[ \t\u00a0]?+\(")

_MAY_BE_DARKNET = re.compile(r"(?:[ \t]*+(?:[#;][^\n]*+)?+\n)*+[ \t]*+\[(?:net|network)\]")
"""The section that a configuration of darknet begins with; comments may stand before it."""

LONGEST_PYTORCH = 2**20
"""Characters of such a text; the printouts of the largest models have less than half."""

SHORTHANDS = """
# Squeeze-and-excitation (Hu et al., 2018): each channel scaled by a gate computed from all of them.
define se(reduction, squeezed=in//$reduction, channels=in) {
    scale{gap pw:$squeezed relu pw:$channels sigmoid}
}
"""
"""Kinds that are written in the language itself."""


def parse(text: str, *, model: str | None = None, in_order: bool = False) -> Network:
    """The network that a spec describes.

    Args:
        text: Layers separated by blanks, as "conv:64,k3,p1 dw:k3 pw:128", or PyTorch's own text, as
            "nn.Conv2d(3, 64, 7, stride=2)" or a printed Sequential. A line `# input 3x224x224`
            gives the network's `input_shape`, and with it the number of axes that it takes.
        model: Of a text with several of PyTorch's models, which one: its name there or its number
            from 1; or the path of a module inside the first.
        in_order: Whether modules of PyTorch whose class does not say how they are used are applied
            in the order in which they are printed.

    Raises:
        SpecError: the text has faults; the first ten are named, each with a caret under its word.

    Example:
        >>> parse("dw:k3  pw:n=4").spec()
        'dw:k3 pw:4'
        >>> parse("2x{conv:8,k3,p1 relu} residual{conv:8,k1}").nodes[-1].inputs
        (4, 3)
    """
    checked_text("text", text, "layers, as 'conv:64,k3 relu'")
    if model is not None:
        checked_text("model", model, "the name of a model in the text")
    checked_switch("in_order", in_order)
    with gc_paused():
        return _parsed(text, _read(text, model, in_order))


def reader_of(text: str) -> Callable[[Mapping[str, Value]], Network]:
    """What makes a network of a text for values of its `$parameters`; the text is read once.

    Args:
        text: As `parse` takes it; outside of definitions it may name parameters, as conv:$width,k3.

    Returns:
        A function of the parameters' values by name, which raises SpecError as `parse` does.

    Example:
        >>> read = reader_of("conv:$width,k3 relu")
        >>> [read({"width": width}).spec() for width in (8,)]
        ['conv:$width,k3 relu']
        >>> read({"width": 8}).nodes[0].layer.spec()
        'conv:8,k3'
    """
    with gc_paused():
        reading = _read(text, None, in_order=False)
    return partial(_parsed, text, reading, bound=BoundLayers())


def _parsed(
    text: str,
    reading: Reading,
    parameters: Mapping[str, Value] = MappingProxyType({}),
    bound: BoundLayers | None = None,
) -> Network:
    items, expectations, problems = reading.items, reading.expectations, list(reading.problems)
    lowering = Lowering(text, shorthands(), bound or BoundLayers())
    end = INPUT
    try:
        end = lowering.sequence(items, INPUT, Scope(parameters), "", 0)
    except Unreadable:
        lowering.nodes.clear()
    problems += lowering.problems
    if problems:
        in_order = sorted(dict.fromkeys(problems), key=lambda problem: problem.start)
        raise SpecError(text, in_order)
    if not lowering.nodes:
        raise SpecError(text, [Diagnostic("expected a layer, as conv:64,k3,p1; found none", 0, 1)])
    nodes = (replace(node, expects=expectations.get(node.label)) for node in lowering.nodes)
    found = tuple(nodes if expectations else lowering.nodes)
    return Network(
        found,
        end,
        TreeSource(items),
        ends=lowering.ends,
        input_shape=reading.input_shape or _input_shape(text),
        notes=reading.notes,
    )


def _input_shape(text: str) -> Shape | None:
    """The input that a comment names; a comment that names none is one like any other."""
    try:
        return declared_input(text)
    except SpecError:
        return None


def _read(text: str, model: str | None, in_order: bool) -> Reading:
    """The tree of a text, and for PyTorch's what it says of each layer's input."""
    readable = len(text) <= LONGEST_TEXT
    found = _pytorch(text, model, in_order) if readable and _may_be_pytorch(text) else None
    if found is not None:
        return found
    if readable and _MAY_BE_DARKNET.match(text):
        from convcalc.language.darknet import read_darknet

        return read_darknet(text)
    if model is not None:
        message = f"there are no models in a spec, and so none called '{printable(model, 60)}'"
        return Reading((), (Diagnostic(message, 0, 1),))
    items, problems = read_tree(text)
    if problems:
        from convcalc.language.foreign import format_of, session_in

        known = format_of(text) or session_in(text)
        if known:
            return Reading((), (Diagnostic(known, *_first_line(text)),))
    return Reading(items, tuple(problems))


def _pytorch(text: str, model: str | None, in_order: bool) -> Reading | None:
    """What is read of a text with PyTorch's modules in it; None where it has none."""
    # Its reader takes a while to import.
    from convcalc.language.foreign import format_of
    from convcalc.language.pytorch.cleaning import cleaned
    from convcalc.language.pytorch.convert import read_pytorch
    from convcalc.language.pytorch.posted import mentioned, posted_models
    from convcalc.language.pytorch.reader import looks_like_pytorch

    if len(text) > LONGEST_PYTORCH:
        message = (
            f"a text of {len(text)} characters with modules of PyTorch; at most {LONGEST_PYTORCH} "
            f"are read"
        )
        return Reading((), (Diagnostic(message, *_first_line(text[:60])),))
    plain = cleaned(text)
    models = posted_models(plain)
    printed = any(one.printed for one in models)
    known = format_of(plain, printed=printed, found=bool(models))
    if known:
        return Reading((), (Diagnostic(known, *_first_line(plain)),))
    if models or looks_like_pytorch(plain):
        return read_pytorch(plain, model, in_order=in_order)
    fault = mentioned(plain)
    return Reading((), (fault,)) if fault else None


def _first_line(text: str) -> tuple[int, int]:
    """Where the first line that says anything begins and ends."""
    start = len(text) - len(text.lstrip())
    return start, start + len(text[start:].split("\n", 1)[0].rstrip())


def _may_be_pytorch(text: str) -> bool:
    """Whether a text has a name and a bracket as a module has them, and a spec never."""
    if _MAY_BE_PYTORCH.match(text) or any(map(_calls, text.splitlines())):
        return True
    return _CALL.search(text) is not None and all(map(_says_nothing, text.splitlines()))


def _says_nothing(line: str) -> bool:
    """Whether a line is blank or a comment."""
    return line.lstrip()[:1] in ("", "#")


def _calls(line: str) -> bool:
    return "(" in line and not line.lstrip().startswith("#") and _CALL.search(line) is not None


def formatted(text: str) -> str:
    """A spec in its canonical form: lines and comments stay, everything else is regular.

    Raises:
        SpecError: the text has faults.

    Example:
        >>> print(formatted("conv:64,kernel_size=3   relu"), end="")
        conv:64,k3 relu
    """
    network = parse(text)
    refusals = (node.expects.refusal for node in network.nodes if node.expects)
    if refused := [refusal for refusal in refusals if refusal]:
        raise SpecError(text, refused)
    source = network.source
    assert isinstance(source, TreeSource)
    return write_file(canonical_items(source.items))


@cache
def shorthands() -> Mapping[str, Definition]:
    """The definitions that every spec may use, by name."""
    items, _ = read_tree(SHORTHANDS)
    return {item.name: item for item in items if isinstance(item, Definition)}
