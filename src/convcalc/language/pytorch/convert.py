"""PyTorch's own text as a network: a constructor, a printed `Sequential`, or one as source text.

What is in a `Sequential` inside another stands in one flat sequence, and carries the path that
PyTorch names its weights by as a label: `1.0` for the first module of the second one.

A printout leaves some arguments out, which then count as their defaults: `ceil_mode`,
`count_include_pad` and `divisor_override` of `AvgPool`, `align_corners` of `Upsample`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import Diagnostic, LayerError, SpecError, printable
from convcalc.language.bind import BindErrors, DeferredLayer, bind, canonical
from convcalc.language.pytorch.modules import Expectation, call_of
from convcalc.language.pytorch.reader import Module, looks_like_pytorch, read_module
from convcalc.language.pytorch.table import FORMS
from convcalc.language.tree import LONGEST_NAME, Call, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.language.tree import Item

__all__ = [
    "Expectation",
    "looks_like_pytorch",
    "printed_parameters",
    "read_pytorch",
]

MOST_STEPS = 100_000
"""Modules that are written out; beyond that it is a wrong number, not a network."""

MOST_PROBLEMS = 20
"""Faults of one text after which the rest is not looked at."""

_NAME = re.compile(r"\w+(?:-\w+)*")
_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})")


def read_pytorch(text: str) -> tuple[tuple[Item, ...], list[Diagnostic], dict[str, Expectation]]:
    """The layers of a text, what could not be read, and what each layer expects by its label.

    Raises:
        SpecError: the text is too long to be read at all.

    Example:
        >>> items, problems, expectations = read_pytorch("nn.Conv2d(3, 64, 7, stride=2)")
        >>> items[0].kind, problems, expectations["0"].channels, expectations["0"].axes
        ('conv', [], 3, (2,))
    """
    module, problems = read_module(text)
    if module is None:
        return (), problems, {}
    flat = _Flattening(text, module)
    try:
        flat.visit(module, "", printed=False)
    except _EnoughError:
        return (), flat.problems, {}
    if not flat.items and not flat.problems:
        message = "expected at least one module; there is none"
        flat.problems.append(Diagnostic(message, module.head.start, module.head.end))
    return tuple(flat.items), flat.problems, flat.expectations


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
    return _parameters(module)


def _parameters(root: Module) -> PrintedParameters:
    printed = 0
    alike: dict[object, int] = {}
    for module, times in _every_module(root, 1):
        own = _own_parameters(module)
        if own and times:
            printed += times * own
            said = tuple((argument.key, repr(argument.value)) for argument in module.arguments)
            alike[module.name, said] = own
    return PrintedParameters(printed, sum(alike.values()))


def _every_module(module: Module, times: int) -> Iterator[tuple[Module, int]]:
    """A module and all that are in it, each with how many times over it is there."""
    yield module, times
    for argument in module.arguments:
        for inner in _modules(argument.value):
            yield from _every_module(inner, times)
    for child in module.children:
        count = 1 if child.times is None else child.times
        yield from _every_module(child.module, times * count)


def _own_parameters(module: Module) -> int:
    """The parameters of one leaf; 0 where its text does not say enough."""
    if module.name not in FORMS:
        return 0
    call, expects, _ = call_of(module)
    if call is None:
        return 0
    try:
        layer = bind(call, {}, -1)
        if isinstance(layer, DeferredLayer):
            return 0
        axes = 0 if expects.features or not expects.axes else expects.axes[-1]
        shape = (expects.channels or 1, *(1,) * axes)
        return sum(prod(weight) for weight in layer.weight_shapes(shape).values())
    except (BindErrors, LayerError):
        return 0


def _modules(value: object) -> Iterator[Module]:
    """The modules in a value, those in lists included."""
    if isinstance(value, Module):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _modules(item)


class _EnoughError(Exception):
    """The rest of the text is not looked at."""


class _Named(NamedTuple):
    """A module inside a `Sequential`, and its name there."""

    name: str
    module: Module
    place: Place
    printed: bool


@dataclass
class _Flattening:
    """One module, written out: `items` are the result and `problems` what stood in the way."""

    text: str
    root: Module
    items: list[Item] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    expectations: dict[str, Expectation] = field(default_factory=dict)
    known: dict[int, tuple[Call | None, Expectation]] = field(default_factory=dict)
    gaps: dict[tuple[int, int], bool] = field(default_factory=dict)
    steps: int = 0

    def visit(self, module: Module, path: str, *, printed: bool) -> None:
        """One module with everything in it; `path` is its name from the outside in."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            self.fault(f"more than {MOST_STEPS} modules", module.place)
        if len(path) > LONGEST_NAME:
            shown = f"{len(path)} characters in the name of a module and of those around it"
            self.fault(f"{shown}; at most {LONGEST_NAME} are read", module.head)
            return
        if module.name == "Sequential":
            prefix = f"{path}." if path else ""
            for name, inner, _, as_printed in self.inside(module):
                self.visit(inner, f"{prefix}{name}", printed=as_printed)
        elif module.children:
            head = module.head
            self.problems.append(Diagnostic(self.no_flow(module), head.start, head.end))
            raise _EnoughError
        else:
            self.leaf(module, path or "0", printed)

    def leaf(self, module: Module, path: str, printed: bool) -> None:
        """One layer."""
        if id(module) not in self.known:
            call, expects, problems = call_of(module)
            for message, start, end in problems:
                self.fault(message, Place(start, end))
            self.known[id(module)] = (call and _shortest(call), expects)
        call, expects = self.known[id(module)]
        if call is None:
            return
        start, end = call.place.start, call.place.end
        label = None if path == str(len(self.items)) else path
        breaks = int(bool(self.items) and (printed or self.breaks_before(start)))
        self.items.append(Call(call.kind, call.arguments, label, Place(start, end, breaks)))
        self.expectations[path] = expects

    def inside(self, module: Module) -> Iterator[_Named]:
        """What is in a `Sequential`, in order and each under a name of its own."""
        if module.unread:
            self.fault(module.unread.message, Place(module.unread.start, module.unread.end))
        seen: set[str] = set()
        for named in chain(self.typed(module), self.printed(module)):
            name, _, place, _ = named
            if not _NAME.fullmatch(name):
                shown = printable(name, 60)
                self.fault(f"'{shown}' is no name of letters, digits and underscores", place)
            elif name in seen:
                self.fault(f"the name '{name}' is there twice", place)
            else:
                seen.add(name)
                yield named

    def typed(self, module: Module) -> Iterator[_Named]:
        """The modules given as arguments, one by one or as an `OrderedDict`."""
        for number, (key, value, place) in enumerate(module.arguments):
            pairs = _pairs(value) if len(module.arguments) == 1 and key is None else None
            if pairs is not None:
                yield from (_Named(name, inner, place, False) for name, inner in pairs)
            elif isinstance(value, Module) and key is None:
                yield _Named(str(number), value, place, False)
            else:
                self.fault("expected a module here, as nn.ReLU()", place)

    def printed(self, module: Module) -> Iterator[_Named]:
        """The modules in a printout, repeated ones under each of their numbers."""
        for name, count, inner, place in module.children:
            span = _SPAN.fullmatch(name)
            if count is None:
                yield _Named(name, inner, place, True)
                continue
            first, last = (int(end) for end in span.groups()) if span else (0, -1)
            if count != last - first + 1 or count < 1:
                self.fault(f"expected the numbers of {count} modules, as (0-{count - 1})", place)
                continue
            for number in range(first, last + 1):
                yield _Named(str(number), inner, place, True)

    def breaks_before(self, start: int) -> bool:
        """Whether a line break stands between the layer before and this one.

        Modules that are there many times over have the same text between them each time.
        """
        gap = (self.items[-1].place.end, start)
        if gap not in self.gaps:
            self.gaps[gap] = self.text.find("\n", *gap) >= 0
        return self.gaps[gap]

    def no_flow(self, module: Module) -> str:
        """Why a module that is no `Sequential` is no network, and what its text shows of it."""
        name = printable(module.name, 60)
        printed, distinct = _parameters(self.root)
        shared = f" ({distinct:,} if those printed alike are one)" if distinct < printed else ""
        return (
            f"a printed {name} does not say how data flows between its modules; only a Sequential "
            f"does\nPrinted are convolutions, linear layers and norms of {printed:,} parameters"
            f"{shared}; shared weights, and those outside of modules, are not to be seen.\n"
            "The rest needs an importer of ONNX models, which this version has not: "
            "write its branches as residual{...} or concat{...}"
        )

    def fault(self, message: str, place: Place) -> None:
        self.problems.append(Diagnostic(message, place.start, place.end))
        if len(self.problems) >= MOST_PROBLEMS or self.steps > MOST_STEPS:
            raise _EnoughError


def _pairs(value: object) -> list[tuple[str, Module]] | None:
    """The names and modules of `OrderedDict([("name", module), ...])`, if it is one."""
    if not isinstance(value, Module) or value.name != "OrderedDict" or value.unread:
        return None
    if len(value.arguments) != 1 or not isinstance(value.arguments[0].value, tuple):
        return None
    found = []
    for pair in value.arguments[0].value:
        match pair:
            case (str(name), Module() as module):
                found.append((name, module))
            case _:
                return None
    return found


def _shortest(call: Call) -> Call:
    """The call without defaults; an impossible one as it is, for its fault to be found later."""
    try:
        return canonical(call)
    except LayerError:
        return call
