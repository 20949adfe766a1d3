"""The parameters that a printout shows, where it does not say how data flows."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import LayerError, SpecError, printable
from convcalc.language.bind import BindErrors, DeferredLayer, bind
from convcalc.language.pytorch.module import Module
from convcalc.language.pytorch.modules import call_of
from convcalc.language.pytorch.reader import read_module
from convcalc.language.pytorch.table import form_of
from convcalc.language.pytorch.through import MEASURES, is_sequence

if TYPE_CHECKING:
    from collections.abc import Iterator


class PrintedParameters(NamedTuple):
    """Parameters of the convolutions, linear layers and norms that a text shows.

    Neither is certain: a module that the model uses in two places is printed in both, two modules
    may share a weight, and what is no known module, or outside of modules, may have more.

    Attributes:
        printed: Every module counts as often as it is printed.
        distinct: Modules that are printed alike count once, as if they were one.
    """

    printed: int
    distinct: int


def printed_parameters(text: str) -> PrintedParameters:
    """What the modules of a text hold, whatever joins them.

    Raises:
        SpecError: the text is not what PyTorch writes.

    Example:
        >>> printed_parameters("Net((a): Linear(3, 4) (b): Linear(3, 4) (c): Linear(4, 1))")
        PrintedParameters(printed=37, distinct=21)
    """
    module, problems = read_module(text)
    if module is None:
        raise SpecError(text, problems)
    return parameters_of(module)


def parameters_of(root: Module) -> PrintedParameters:
    """The parameters of a module and of all modules printed inside it."""
    printed = 0
    alike: dict[object, int] = {}
    for module, times in _every_module(root, 1):
        own = _own_parameters(module)
        if own and times:
            printed += times * own
            said = tuple((argument.key, repr(argument.value)) for argument in module.arguments)
            alike[module.name, said] = own
    return PrintedParameters(printed, sum(alike.values()))


def shown_parameters(text: str, root: Module) -> str:
    """What a printout shows of parameters, and what it cannot, in a sentence."""
    printed, distinct = parameters_of(root)
    fewer = distinct < printed
    pair = alike(root) if fewer else None
    named = f", as {printable(pair[0], 60)} and {printable(pair[1], 60)}" if pair else ""
    shared = f" ({distinct:,} if those printed alike are one{named})" if fewer else ""
    return (
        f"Printed are convolutions, linear layers and norms of {printed:,} parameters"
        f"{shared}; {_not_counted(text, root)}shared weights, and those outside of modules, "
        f"are not to be seen."
    )


def line_of(text: str, module: Module) -> int:
    """The line of a text that a module begins in, from 1."""
    return text.count("\n", 0, module.head.start) + 1


def _not_counted(text: str, root: Module) -> str:
    """Modules that may have parameters of which the text says nothing, with their lines."""
    modules = uncounted_modules(root)
    named = [f"{printable(one.name, 60)} (line {line_of(text, one)})" for one in modules[:4]]
    named += [f"{len(modules) - 4} more"] if len(modules) > 4 else []
    return f"not counted are {', '.join(named)}; " if named else ""


def uncounted_modules(root: Module) -> list[Module]:
    """The modules in another one that may hold parameters of which the text says nothing."""
    return [
        module
        for module, times in _every_module(root, 1)
        if times and _own_parameters(module) is None
    ]


def alike(root: Module) -> tuple[str, str] | None:
    """The paths of the first two modules with parameters that are printed alike, if any are."""
    seen: dict[object, str] = {}
    for path, module in _paths(root, ""):
        said = (module.name, tuple((one.key, repr(one.value)) for one in module.arguments))
        if said in seen and _own_parameters(module):
            return seen[said], path
        seen.setdefault(said, path)
    return None


def _paths(module: Module, path: str) -> Iterator[tuple[str, Module]]:
    """A module and all that are printed inside it, by their paths."""
    yield path, module
    for child in module.children:
        yield from _paths(child.module, f"{path}.{child.name}" if path else child.name)


def _every_module(module: Module, times: int) -> Iterator[tuple[Module, int]]:
    """A module and all that are in it, each with how many times over it is there."""
    yield module, times
    for argument in module.arguments:
        for inner in _modules(argument.value):
            yield from _every_module(inner, times)
    for child in module.children:
        count = 1 if child.times is None else child.times
        yield from _every_module(child.module, times * count)


def _own_parameters(module: Module) -> int | None:
    """The parameters of one leaf, 0 of what only holds others; None if its text does not say."""
    if MEASURES.search(module.name) or not module.name[:1].isupper():
        return 0  # a loss, or a value as tensor([1])
    if module.children and (form_of(module.name) is None or is_sequence(module)):
        return 0
    call, expects, _ = call_of(module)
    if call is None or expects.refusal is not None:
        return None
    try:
        layer = bind(call, {}, -1).layer
        if isinstance(layer, DeferredLayer):
            return None
        axes = 0 if expects.features or not expects.axes else expects.axes[-1]
        shape = (expects.channels or 1, *(1,) * axes)
        return sum(prod(weight) for weight in layer.weight_shapes(shape).values())
    except (BindErrors, LayerError):
        return None


def _modules(value: object) -> Iterator[Module]:
    """The modules in a value, those in lists included."""
    if isinstance(value, Module):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _modules(item)
