"""One of PyTorch's modules as a call of the spec language, and what it expects of its input.

Arguments that change neither shapes nor results at inference are passed over; those that would
change an answer and have no counterpart here are refused.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import MOST_PROBLEMS, Diagnostic, nearest, printable
from convcalc.language.pytorch.arguments import (
    OLD,
    OPTIONAL,
    PASSED_OVER,
    READ,
    SPECIAL,
    NoCounterpartError,
    NoNumberError,
    Said,
)
from convcalc.language.pytorch.module import Module
from convcalc.language.pytorch.table import (
    ARRIVING,
    ELEMENTWISE,
    FORMS,
    NORMS,
    OURS,
    REFUSED,
    Form,
    form_of,
)
from convcalc.language.tree import Argument, Call, Place
from convcalc.layers.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.language.pytorch.module import Child, Given


_LAST_AXIS = {
    "LayerNorm": "; it is over the last axis, which is the channels only where there is no other",
    **dict.fromkeys(
        ("GLU", "LogSoftmax", "Softmax", "Softmin"),
        "; with others its dim is not that of the channels",
    ),
    **dict.fromkeys(
        ("LSTM", "GRU", "RNN", "MultiheadAttention"), "; a sample is (steps, features), as 100x64"
    ),
    "Embedding": "; a sample is its indices alone, as 128",
}


class Expectation(NamedTuple):
    """What a module's text says about the input that arrives: its channels, its spatial axes.

    `features` says that the number counts the last axis, as a fully connected layer does. `refusal`
    is why nothing is known of what leaves the module.
    """

    module: str
    channels: int | None = None
    axes: tuple[int, ...] = ()
    features: bool = False
    head: Place = Place()
    channels_place: Place = Place()
    refusal: Diagnostic | None = None

    def problem(self, shape: tuple[int, ...]) -> Diagnostic | None:
        """Why an input of `shape` is not what the text says, if it is not."""
        if self.refusal is not None:
            return self.refusal
        arriving = "x".join(map(str, shape))
        axes = len(shape) - 1
        if self.axes and axes not in self.axes:
            wanted = " or ".join(map(str, self.axes)).replace("0", "no")
            plural = "axis" if self.axes == (1,) else "axes"
            count = f"{axes or 'none'} arrive{'' if axes > 1 else 's'}"
            message = f"this {self.module} expects {wanted} spatial {plural}, {count} ({arriving})"
            message += _LAST_AXIS.get(self.module, "")
            return Diagnostic(message, self.head.start, self.head.end)
        channels = shape[-1] if self.features else shape[0]
        if self.channels in (None, channels):
            return None
        what = "input features" if self.features else "input channels"
        count = f"{channels} arrive{'' if channels > 1 else 's'}"
        last = f" (the last axis of {arriving})" if self.features and axes else ""
        message = f"this {self.module} expects {self.channels} {what}, {count}{last}"
        if axes and not self.features and shape[-1] == self.channels:
            turned = "x".join(map(str, (shape[-1], *shape[:-1])))
            message += f"; {arriving} may have them last: did you mean {turned}?"
        else:
            message += f"; {channels} would fit here"
        return Diagnostic(message, self.channels_place.start, self.channels_place.end)


def _problem_of(argument: Given, whose: str, error: ValueError) -> Diagnostic:
    """What is wrong with an argument, or with the module that is its value."""
    if isinstance(argument.value, Module) and argument.value.unread:
        return argument.value.unread
    of = "" if isinstance(error, NoNumberError) else f"{whose}: "
    return Diagnostic(f"{of}{error}", argument.place.start, argument.place.end)


def call_of(module: Module) -> tuple[Call | None, Expectation, list[Diagnostic]]:
    """A leaf module as a call of ours without a label, what it expects, and what is wrong with it.

    The call is None where there are problems. A module without a counterpart is an opaque layer,
    and what its text expects has the refusal, unless it keeps the shape of what arrives.
    """
    expects = Expectation(module.name, head=module.head, channels_place=module.head)
    form = form_of(module.name)
    if form is None:
        keeps = module.name in ELEMENTWISE
        refusal = None if keeps else _unknown(module)
        return opaque(module, elementwise=keeps), expects._replace(refusal=refusal), []
    given, problems = _named(module, form)
    refusals: list[Diagnostic] = []
    problems += [module.unread] if module.unread and form.kind != "identity" else []
    expects = expects._replace(axes=form.axes, features=form.features)
    arguments = [Argument(name, word, module.place) for name, word in form.fixed.items()]
    for name, argument in given.items():
        try:
            said = _said(form, name, argument.value)
        except ValueError as error:
            problem = _problem_of(argument, f"{name} of {module.name}", error)
            if isinstance(error, NoCounterpartError):
                refusals.append(problem)
            else:
                problems.append(problem)
            continue
        arguments += _written(OURS.get(name, name), said, argument.place)
        if said.channels is not None:
            expects = expects._replace(channels=said.channels, channels_place=argument.place)
        expects = expects._replace(axes=said.axes or expects.axes)
    refusals += _unlike(module, form, given)
    call = Call(form.kind, tuple(arguments), None, module.place)
    if refusals and not problems:
        held = _held(form, given, expects.channels)
        refusal = refusals[0] if held is None else None
        written = opaque(module, held or 0, elementwise=KINDS[form.kind].in_place)
        return written, expects._replace(refusal=refusal), []
    if module.unread in problems:  # what else is said may be of its rest
        problems, refusals = [module.unread], []
    return (None if problems else call), expects, problems + refusals if problems else []


def opaque(module: Module, params: int = 0, *, elementwise: bool = False) -> Call:
    """A module as a layer of which nothing is known but its name and its parameters.

    And perhaps that it works on each element by itself.
    """
    name = "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in module.name)
    named = Argument("name", name[:60], module.head)
    of_elements = Argument("elementwise", elementwise)
    return Call("opaque", (named, Argument("params", params), of_elements), None, module.place)


def _held(form: Form, given: Mapping[str, Given], channels: int | None) -> int | None:
    """The parameters of a module of which only the values are not known; None of any other."""
    kind = KINDS[form.kind]
    if kind.normalises and channels:
        switch, bias = given.get("affine"), given.get("bias")
        affine = form.kind != "in" if switch is None else bool(switch.value)
        return channels * affine * (2 if bias is None or bias.value else 1)
    return 0 if kind.in_place and not kind.has_weights() else None


def notes_of(module: Module) -> list[str]:
    """What is assumed of a leaf module, and what it does besides."""
    form = form_of(module.name)
    if form is None or not (form.notes or "return_indices" in form.only):
        return []
    given, _ = _named(module, form)
    notes = [note for name, note in form.notes.items() if name not in given]
    if "return_indices" in given and given["return_indices"].value is True:
        notes.append("gives its indices beside its output: the output alone is passed on")
    return [f"{module.name} {note}" for note in notes]


def is_read(module: Module, child: Child) -> bool:
    """Whether the arguments of a module inside say what those of a leaf are."""
    form = form_of(module.name)
    return form is not None and child.name in form.inside


def _unknown(module: Module) -> Diagnostic:
    start, end = module.head.start, module.head.end
    if module.name in REFUSED:
        message = f"{module.name} has no counterpart here: {REFUSED[module.name]}"
        return Diagnostic(message, start, end)
    hint = _meant(module.name)
    hint = hint or "; in the spec language opaque:name=X,out=64x7x7 stands for what has no kind"
    message = f"unknown PyTorch module '{printable(module.name, 60)}'{hint}"
    return Diagnostic(message, start, end)


@functools.lru_cache
def _meant(name: str) -> str:
    """The hint for a name that no module has: a model may have hundreds of the same."""
    names = {name.lower(): name for name in (*FORMS, "Sequential")}
    hint = nearest(name, names, alike=0.8)  # DeformConv2d is not meant as Conv2d
    for lower, known in names.items():
        hint = hint.replace(f"'{lower}'", f"'{known}'")
    return hint


def _named(module: Module, form: Form) -> tuple[dict[str, Given], list[Diagnostic]]:
    """The arguments by PyTorch's names for them."""
    given: dict[str, Given] = {}
    problems: list[Diagnostic] = []
    if form.kind == "identity":
        return given, problems
    for index, argument in enumerate(_arguments(module, form)):
        name, place = argument.key, argument.place
        if name is None and index < len(form.parameters):
            name = form.parameters[index]
        if name in OLD and OLD[name] in form.parameters and name not in form.parameters:
            name = OLD[name]
        if name is None:
            most = len(form.parameters)
            message = f"{module.name} takes at most {most} argument{'s' * (most != 1)}"
            problems.append(Diagnostic(message, place.start, place.end))
            break
        if name not in form.parameters:
            known = f"; it has {', '.join(form.parameters) or 'none'}"
            hint = nearest(name, form.parameters) or known
            message = f"{module.name} has no argument '{printable(name, 60)}'{hint}"
        elif name in given:
            message = f"{module.name} is given {name} twice"
        else:
            given[name] = argument
            continue
        problems.append(Diagnostic(message, place.start, place.end))
        if len(problems) > MOST_PROBLEMS:
            break
    missing = [name for name in form.parameters[: form.required] if name not in given]
    if missing and not module.unread and not problems:
        message = f"{module.name} needs {' and '.join(missing)}"
        problems.append(Diagnostic(message, module.head.start, module.head.end))
    return given, problems


def _arguments(module: Module, form: Form) -> tuple[Given, ...]:
    """The arguments, or those of the modules inside that say them.

    Without the 0 of a lazy module that has not seen its input.
    """
    if form.inside and not module.arguments:
        return tuple(
            argument._replace(key=form.inside[child.name][argument.key])
            for child in module.children
            if child.name in form.inside
            for argument in child.module.arguments
            if argument.key is not None and argument.key in form.inside[child.name]
        )
    if not form.lazy:
        return module.arguments
    keys = (None, *ARRIVING)
    first = [argument for argument in module.arguments[:1] if argument.value == 0]
    return module.arguments[1:] if first and first[0].key in keys else module.arguments


def _said(form: Form, name: str, value: object) -> Said:
    """What one argument says.

    Raises:
        ValueError: the value is impossible, or has no counterpart.
    """
    if name in form.only:
        allowed = form.only[name]
        # True == 1 and False == 0 in Python, but not here.
        if any(
            value == one and isinstance(value, bool) == isinstance(one, bool) for one in allowed
        ):
            return Said()
        raise NoCounterpartError(
            f"{printable(repr(value), 60)} has no counterpart here; only "
            f"{' and '.join(map(repr, allowed))} can be expressed"
        )
    if name in PASSED_OVER or (value is None and name in OPTIONAL):
        return Said()
    axes = form.axes[0] if len(form.axes) == 1 else 0
    said = SPECIAL.get((form.kind, name), READ[name])(value, axes)
    return Said() if form.kind in NORMS and name == "bias" else said


def _written(name: str, said: Said, place: Place) -> list[Argument]:
    """The argument of ours, if there is one; a switch is a word by itself."""
    if said.switch is not None:
        return [Argument(None, f"{'' if said.switch else 'no'}{name}", place)]
    return [] if said.value is None else [Argument(name, said.value, place)]


def _unlike(module: Module, form: Form, given: Mapping[str, Given]) -> list[Diagnostic]:
    """Combinations of arguments that have no counterpart."""
    bias, switch = given.get("bias"), given.get("affine") or given.get("elementwise_affine")
    affine = form.kind != "in" if switch is None else switch.value
    if form.kind not in NORMS or bias is None or bias.value or not affine:
        return []
    message = f"a {module.name} with a weight and without a bias has no counterpart here"
    return [Diagnostic(message, bias.place.start, bias.place.end)]
