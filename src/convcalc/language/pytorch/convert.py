"""PyTorch's own text as a network: a constructor, a printed `Sequential`, or one as source text.

What is in a `Sequential` inside another stands in one flat sequence, and carries the path that
PyTorch names its weights by as a label: `1.0` for the first module of the second one.

A printout leaves some arguments out, which then count as their defaults: `ceil_mode`,
`count_include_pad` and `divisor_override` of `AvgPool`, `align_corners` of `Upsample`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import Diagnostic, LayerError, printable
from convcalc.language.bind import canonical
from convcalc.language.pytorch.arithmetic import Word, one_for_all_words, without_module
from convcalc.language.pytorch.assigned import Assigned, assigned
from convcalc.language.pytorch.module import Module
from convcalc.language.pytorch.modules import Expectation, call_of, is_read, notes_of, opaque
from convcalc.language.pytorch.posted import (
    around,
    chosen,
    incomplete,
    labels_of,
    only,
    posted_models,
    siblings,
    unquoted,
)
from convcalc.language.pytorch.printed import line_of, shown_parameters
from convcalc.language.pytorch.reader import looks_like_pytorch, read_module
from convcalc.language.pytorch.table import form_of
from convcalc.language.pytorch.through import (
    LISTS,
    find_child,
    flattens,
    in_flow,
    is_leaf,
    is_sequence,
    named_pairs,
    only_child,
)
from convcalc.language.reading import Reading
from convcalc.language.tree import LONGEST_NAME, Call, Place
from convcalc.layers.base import Rearrangement
from convcalc.layers.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.language.pytorch.posted import Posted
    from convcalc.language.tree import Item

__all__ = [
    "Expectation",
    "looks_like_pytorch",
    "read_pytorch",
]

MOST_STEPS = 100_000
"""Modules that are written out; beyond that it is a wrong number, not a network."""

MOST_PROBLEMS = 20
"""BindErrors of one text after which the rest is not looked at."""

_LEAVING = ("out_channels", "out_features", "hidden_size", "embedding_dim", "embed_dim")
"""Parameters that count what leaves, in each direction."""

_NAME = re.compile(r"\w+(?:-\w+)*")
_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})")


def read_pytorch(text: str, wanted: str | None = None, *, in_order: bool = False) -> Reading:
    """The layers of a text that has a model of PyTorch in it.

    Args:
        text: A printout or a constructor, with whatever was posted around it.
        wanted: Which model, by its name in the text or its number from 1; or which module inside
            the first, by its path. None is the first model, all of it.
        in_order: Whether modules whose class does not say how they are used are applied in the
            order in which they are printed.

    Raises:
        SpecError: the text is too long to be read at all.

    Example:
        >>> reading = read_pytorch("nn.Conv2d(3, 64, 7, stride=2)")
        >>> reading.items[0].kind, reading.expectations["0"].channels
        ('conv', 3)
    """
    models = posted_models(text)
    if not models:
        module, problems = read_module(text)
        return _flattened(text, module, "", in_order) if module else Reading((), tuple(problems))
    number = _of_source(text, models) if wanted is None else chosen(models, wanted)
    model = models[number or 0]
    fault = incomplete(text, models, model)
    fault = fault or (siblings(models, model) if wanted is None else None)
    if fault is not None:
        return Reading((), (fault,))
    names = Assigned({}, [])
    if not model.printed:
        names = assigned(unquoted(text), model.start, model.end)
    module, problems = read_module(only(text, model), model.added, names.values)
    if module is None:
        return Reading((), tuple(problems))
    path = ""
    if wanted is not None and number is None:
        inside, path = find_child(module, wanted)
        if inside is None:
            path += labels_of(models)
            return Reading((), (Diagnostic(path, module.head.start, module.head.end),))
        module = inside
    reading = _flattened(text, module, path, in_order)
    return reading._replace(notes=(*around(text, models, model, names.places), *reading.notes))


def _of_source(text: str, models: tuple[Posted, ...]) -> int:
    """The index of the model that is read: the first, behind source text the first printed one."""
    if "def forward" not in text:
        return 0
    return next((n for n, model in enumerate(models) if model.printed), 0)


def _flattened(text: str, module: Module, path: str, in_order: bool) -> Reading:
    """The layers of one module, whose own name is `path`."""
    flat = _Flattening(text, module, in_order)
    try:
        flat.visit(module, path, printed=False)
    except _EnoughError:
        return Reading((), tuple(one_for_all_words(flat.problems)))
    except _EndError:
        pass
    if not flat.items and not flat.problems:
        message = "expected at least one module; there is none"
        flat.problems.append(Diagnostic(message, module.head.start, module.head.end))
    if flat.problems:
        refusals = (expects.refusal for expects in flat.expectations.values())
        flat.problems += [refusal for refusal in refusals if refusal]
    notes = tuple(dict.fromkeys(flat.notes))
    problems = one_for_all_words(flat.problems)
    return Reading(tuple(flat.items), tuple(problems), flat.expectations, notes)


class _EnoughError(Exception):
    """The rest of the text is not looked at."""


class _EndError(Exception):
    """Nothing is known of what comes after the last layer."""


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
    in_order: bool = False
    notes: list[str] = field(default_factory=list)
    spatial: bool = False
    begins: bool = False
    channels: int | None = None
    fits: bool = True
    items: list[Item] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    expectations: dict[str, Expectation] = field(default_factory=dict)
    known: dict[int, tuple[Call | None, Expectation, int | None]] = field(default_factory=dict)
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
        prefix = f"{path}." if path else ""
        if not is_sequence(module):
            module = self.without_measures(module)
        child = only_child(module)
        if is_sequence(module):
            for name, inner, _, as_printed in self.inside(module):
                self.visit(inner, f"{prefix}{name}", printed=as_printed)
        elif child is not None:
            self.notes.append(f"{module.name} is read as the one module inside, {child.name}")
            self.visit(child.module, f"{prefix}{child.name}", printed=True)
        elif is_leaf(module):
            self.leaf(module, path or "0", printed)
        elif self.in_order and module.name not in LISTS:
            self.one_after_the_other(module, prefix)
        else:
            refusal = Diagnostic(self.no_flow(module), module.head.start, module.head.end)
            self.fits = False
            if not self.items or self.problems:
                self.problems.append(refusal)
                raise _EnoughError
            self.items.append(replace(opaque(module), label=path))
            self.expectations[path] = Expectation(module.name, refusal=refusal)
            raise _EndError

    def without_measures(self, module: Module) -> Module:
        """A module without its losses and metrics, which are said to be passed over."""
        inner, measures = in_flow(module)
        if measures:
            names = ", ".join(measures[:6]) + (", ..." if len(measures) > 6 else "")
            self.notes.append(f"losses and metrics of {module.name} are passed over: {names}")
        return inner

    def one_after_the_other(self, module: Module, prefix: str) -> None:
        """The modules of a class, on the assumption that it applies them as they are printed."""
        names = ", ".join(child.name for child in module.children[:6])
        more = ", ..." if len(module.children) > 6 else ""
        self.notes.append(f"{module.name} is read in the order of its print: {names}{more}")
        for name, inner, _, _ in self.inside(module):
            self.begins = True
            self.visit(inner, f"{prefix}{name}", printed=True)

    def leaf(self, module: Module, path: str, printed: bool) -> None:
        """One layer."""
        if id(module) not in self.known:
            call, expects, problems = call_of(module)
            for message, start, end in problems:
                self.fault(message, Place(start, end))
            leaving = _channels_of(call) if call else None
            self.known[id(module)] = (call and _shortest(call), expects, leaving)
        call, expects, leaving = self.known[id(module)]
        if call is None:
            return
        self.check_fit(call, expects.channels, leaving)
        self.fits &= expects.refusal is None
        if call.kind == "opaque" and expects.refusal is None:
            self.notes.append(self.kept_shape(module))
        start, end = call.place.start, call.place.end
        self.flatten_before(call, path)
        label = None if path == str(len(self.items)) else path
        breaks = int(bool(self.items) and (printed or self.breaks_before(start)))
        self.items.append(Call(call.kind, call.arguments, label, Place(start, end, breaks)))
        self.expectations[path] = expects
        self.follow(module, path, end)
        spatial = bool(min(expects.axes or (0,))) and not expects.features
        self.spatial = call.kind != "flatten" and (self.spatial or spatial)
        self.notes += notes_of(module)
        names = ", ".join(child.name for child in module.children if not is_read(module, child))
        if names:
            self.notes.append(f"what is printed inside {module.name} is passed over: {names}")

    def kept_shape(self, module: Module) -> str:
        """What is assumed of a module that has no counterpart and keeps its input's shape."""
        return (
            f"{module.name} in line {line_of(self.text, module)} is no kind here: what leaves it "
            "has the shape of its input, and its cost is not counted"
        )

    def check_fit(self, call: Call, wanted: int | None, leaving: int | None) -> None:
        """Whether a layer gets the channels that it expects, or features made of them."""
        if wanted is not None and self.channels is not None:
            whole = call.kind == "linear" and wanted % self.channels == 0
            self.fits &= whole or wanted == self.channels
        if call.kind == "glu" or issubclass(KINDS[call.kind], Rearrangement):
            self.channels = None  # there may be others now
        self.channels = leaving or wanted or self.channels

    def follow(self, module: Module, path: str, end: int) -> None:
        """The layers that are fused behind another."""
        form = form_of(module.name)
        then = form.then if form is not None else ()
        for kind in (*then, *(("flatten",) if flattens(module) else ())):
            self.items.append(Call(kind, (), f"{path}-{kind}", Place(end, end, 0)))

    def flatten_before(self, call: Call, path: str) -> None:
        """A `flatten` where a class would call it: what has axes arrives at a linear layer."""
        if self.begins and self.spatial and call.kind == "linear":
            start = call.place.start
            self.items.append(Call("flatten", (), f"{path}-flatten", Place(start, start, 1)))
            self.spatial = False
            self.notes.append(f"flatten is added before {path}, whose input has axes")
        self.begins = False

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
        if module.name == "OrderedDict" and (named := named_pairs(module)) is not None:
            yield from (_Named(name, inner, module.head, False) for name, inner in named)
            return
        for number, (key, value, place) in enumerate(module.arguments):
            pairs = named_pairs(value) if len(module.arguments) == 1 and key is None else None
            if pairs is not None:
                yield from (_Named(name, inner, place, False) for name, inner in pairs)
            elif isinstance(value, Module) and key is None:
                yield _Named(str(number), value, place, False)
            else:
                word = isinstance(value, Word) and key is None
                expected = "expected a module here, as nn.ReLU()"
                self.fault(without_module(str(value)) if word else expected, place)

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
        return (
            f"a printed {name} does not say how data flows between its modules; only a Sequential "
            f"does\n{shown_parameters(self.text, self.root)}\n{self.way_out()}"
        )

    def way_out(self) -> str:
        """What to do about a printout that does not say how data flows."""
        if not self.in_order and fits_in_order(self.text, self.root):
            return (
                "Channels and features fit in the order of the print: if its modules are applied "
                "in that order, --in-order reads them so"
            )
        return (
            "Give the model itself, as model.py:Net, which is run to see how data flows, or write "
            "its branches as residual{...} or concat{...}"
        )

    def fault(self, message: str, place: Place) -> None:
        self.problems.append(Diagnostic(message, place.start, place.end))
        if len(self.problems) >= MOST_PROBLEMS or self.steps > MOST_STEPS:
            raise _EnoughError


def fits_in_order(text: str, root: Module) -> bool:
    """Whether what each module expects is what the one printed before it gives."""
    flat = _Flattening(text, root, in_order=True)
    try:
        flat.visit(root, "", printed=False)
    except (_EnoughError, _EndError):
        return False
    return flat.fits and not flat.problems


def _channels_of(call: Call) -> int | None:
    """The channels or features that leave a layer, where its text names them."""
    both = any(one.value == "bidirectional" for one in call.arguments)
    named = (one.value for one in call.arguments if one.key in _LEAVING)
    return next((value * (1 + both) for value in named if isinstance(value, int)), None)


def _shortest(call: Call) -> Call:
    """The call without defaults; an impossible one as it is, for its fault to be found later."""
    try:
        return canonical(call)
    except LayerError:
        return call
