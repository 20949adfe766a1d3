"""A call of a class of Keras as a layer with its parameters, by the names of configurations."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from convcalc.errors import described, nearest, printable
from convcalc.importers.keras.activations import FUNCTIONS, OVER_FEATURES
from convcalc.importers.keras.source.legacy import is_old_kernel, renamed
from convcalc.importers.keras.source.objects import Function, Made, Unknown, unknown_in
from convcalc.importers.keras.source.signatures import COUNTS, DEFAULTS, is_training, signatures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.importers.keras.source.scope import Scope
    from convcalc.importers.keras.source.values import Values

_SHAPES = ("shape", "input_shape", "batch_shape", "batch_input_shape")
_STEPS = ("LSTM", "GRU", "SimpleRNN", "Conv1D", "CuDNNLSTM", "CuDNNGRU")
_PADDINGS = ("valid", "same", "causal")


def make(kind: str, written: str, node: ast.Call, values: Values, scope: Scope) -> Made | Unknown:
    """The layer that a call makes.

    Args:
        kind: Its class.
        written: What the text calls that.
        node: The call.
        values: Works expressions out.
        scope: What is known.
    """
    ordered = [_given(kind, "", one, values, scope) for one in node.args]
    named = _named(kind, node, values, scope)
    if isinstance(named, Unknown):
        return named
    if is_old_kernel(kind, written, ordered, old=scope.is_old):
        ordered = [ordered[0], tuple(ordered[1:3]), *ordered[3:]]
    given = _by_name(kind, ordered, renamed(kind, named), node, values)
    if isinstance(given, Unknown):
        return given
    _doubt(kind, ordered, scope)
    shape = _input_shape(kind, given)
    if not isinstance(shape, list | tuple | None):
        reason = f"an input shape is {described(shape)}: expected sizes, as (28, 28, 1)"
        return values.unknown(node, reason)
    config = {**DEFAULTS.get(kind, {})}
    config |= {name: one for name, one in given.items() if not is_training(name)}
    faults = (_fault(kind, name, value, values, node) for name, value in config.items())
    fault = next(filter(None, faults), None)
    if fault is not None:
        return fault
    _order(kind, shape, config, scope)
    if shape is not None:
        config["batch_shape" if kind == "InputLayer" else "batch_input_shape"] = shape
    if scope.data_format == "channels_first" and "data_format" in signatures()[kind].named:
        config["data_format"] = config.get("data_format") or scope.data_format
    called = config.pop("name", None)
    own = called if isinstance(called, str) and called else scope.made.next(kind)
    return Made(kind, own, config, values.place(node))


def _named(kind: str, node: ast.Call, values: Values, scope: Scope) -> dict[str, object] | Unknown:
    """The arguments by name."""
    found: dict[str, object] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            return values.unknown(keyword.value)
        found[keyword.arg] = _given(kind, keyword.arg, keyword.value, values, scope)
    return found


def _given(kind: str, name: str, node: ast.expr, values: Values, scope: Scope) -> object:
    """The value of one argument: an activation may be the name of a function."""
    if is_training(name):
        return None
    value = values(node)
    if isinstance(value, Function):
        value = values.unknown(node)  # swish, of which the text says what it does
    if not isinstance(value, Unknown) or not (name.endswith("activation") or not name):
        return None if name == "name" and isinstance(value, Unknown) else value
    last = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    last = scope.aliases.get(last, last)
    known = last in FUNCTIONS or last in OVER_FEATURES or last in scope.functions
    return last if known and (name or kind in ("Activation", "Dense")) else value


def _by_name(
    kind: str,
    ordered: Sequence[object],
    named: Mapping[str, object],
    node: ast.Call,
    values: Values,
) -> dict[str, object] | Unknown:
    """All arguments by their names; what is wrong with them where that cannot be told."""
    signature = signatures()[kind]
    if len(ordered) > len(signature.ordered):
        most = len(signature.ordered)
        reason = (
            f"{kind} takes {most or 'no'} argument{'s' * (most != 1)} without a name, and "
            f"{len(ordered)} are given; give the others by their names"
        )
        return values.unknown(node, reason)
    given = dict(zip(signature.ordered, ordered, strict=False))
    for name, value in named.items():
        if name not in signature.named and not is_training(name):
            hint = nearest(name, sorted(signature.named))
            return values.unknown(node, f"{kind} has no parameter '{printable(name, 40)}'{hint}")
        if name in given:
            return values.unknown(node, f"{kind} is given {printable(name, 40)} twice")
        given[name] = value
    missing = next((name for name in signature.required if name not in given), None)
    if missing is not None:
        return values.unknown(node, f"{kind} is not given its {missing}")
    return given


def _fault(kind: str, name: str, value: object, values: Values, node: ast.Call) -> Unknown | None:
    """What is wrong with a parameter, if anything is."""
    unknown = unknown_in(value)
    if unknown is not None:
        return unknown._replace(reason=f"{unknown.reason}, and {name} needs it")
    if name == "padding" and not kind.startswith("ZeroPadding"):
        if isinstance(value, str) and value.lower() in _PADDINGS:
            return None
        return values.unknown(node, f"padding is {described(value)}: expected 'same' or 'valid'")
    if name in COUNTS and value is not None and not _is_whole(value):
        return values.unknown(node, f"{name} is {described(value)}: expected whole numbers")
    return None


def _is_whole(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_whole, value))
    return isinstance(value, int) and not isinstance(value, bool)


def _input_shape(kind: str, given: dict[str, object]) -> object:
    """The shape, batch first, that a layer tells of its input; these parameters are taken out."""
    names = _SHAPES if kind == "InputLayer" else _SHAPES[1:4:2]
    found = {name: given.pop(name) for name in names if given.get(name) is not None}
    length = given.pop("input_length", None)
    if kind == "Embedding":
        return [None, length]
    size = given.pop("input_dim", None)
    given.pop("batch_size", None)
    for name, shape in found.items():
        if isinstance(shape, list | tuple) and not isinstance(shape, Unknown):
            return [*([] if name.startswith("batch") else [None]), *shape]
        return shape
    if size is None:
        return None
    return [None, length, size] if kind in _STEPS else [None, size]


def _order(kind: str, shape: object, config: dict[str, object], scope: Scope) -> None:
    """An input that looks as if it had its channels first: in a text of Keras 1 it has.

    Its configuration had "th" in the place of today's `channels_first` where Theano was used.
    """
    pictures = "data_format" in signatures()[kind].named and kind.endswith("2D")
    if not (pictures and isinstance(shape, list) and len(shape) == 4):
        return
    _, first, second, third = shape
    square = isinstance(second, int) and second == third
    given = config.get("data_format") or scope.data_format == "channels_first"
    if given or first not in (1, 2, 3, 4) or not square or second <= 4:
        return
    shown = f"input_shape=({first}, {second}, {third})"
    if scope.is_old:
        scope.data_format = "channels_first"
        scope.note(f"{shown} is taken to have the channels first, as Keras 1 with Theano has them")
    else:
        scope.note(
            f"{shown} is read with the channels last, as Keras has them; the other order is "
            "data_format='channels_first'"
        )


def _doubt(kind: str, ordered: Sequence[object], scope: Scope) -> None:
    """Says how three numbers without names are read."""
    if kind == "Conv2D" and len(ordered) > 2 and all(isinstance(one, int) for one in ordered[:3]):
        shown = ", ".join(map(str, ordered[:3]))
        scope.note(
            f"Conv2D({shown}) is read as Keras 2 and 3 do: filters, kernel and strides; in Keras 1 "
            f"the kernel was {ordered[1]}x{ordered[2]}"
        )
