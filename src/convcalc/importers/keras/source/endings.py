"""The model of a text that keeps none: of a chain of calls, of one layer, of a function."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from convcalc.errors import printable
from convcalc.importers.keras.source.following import Following
from convcalc.importers.keras.source.functions import needed
from convcalc.importers.keras.source.objects import (
    Fault,
    Made,
    Model,
    Tensor,
    Unknown,
    inputs_of,
    tensors_in,
)
from convcalc.importers.keras.source.signatures import class_of, signatures
from convcalc.importers.keras.source.touching import has, makes_layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.importers.keras.source.objects import Function, Use
    from convcalc.importers.keras.source.statements import Source

MOST_TRIED = 8
"""Functions without a call that are looked at."""


def followed(source: Source) -> tuple[Following, list[Model]]:
    """A text that is followed, and the models that it makes; empty ones only if all are.

    Raises:
        Fault: it has none, but layers where they are not read.
    """
    following = Following(source)
    made = [model for model in following.models if model.layers or model.inputs or model.fault]
    made = made or without_model(following) or one_layer(following)
    if made:
        return following, made
    called = from_function(source, following)
    if called is not None:
        return called
    if following.unfollowed:
        raise Fault(following.unfollowed[0])
    return following, following.models


def without_model(following: Following) -> list[Model]:
    """The model that the tensors of a text make, where it ends before `Model(...)`.

    It has one output: the tensor that nothing reads.
    """
    read = {id(one.use) for use in following.uses for one in tensors_in(_given(use))}
    ends = [use for use in following.uses if id(use) not in read and tensors_in(_given(use))]
    if len(ends) != 1:
        return []
    values = following.scope.values.items()
    names = [name for name, one in values if isinstance(one, Tensor) and one.use is ends[0]]
    label = names[0] if names else ends[0].layer.name
    model = Model(label, label, ends[0].place, [], [], [Tensor(ends[0])])
    model.inputs = inputs_of(model)
    shown = printable(label, 60)
    following.scope.note(f"the text makes no Model: '{shown}' is taken for its output")
    return [model]


def _given(use: Use) -> object:
    """What a call is given."""
    return [use.args, use.kwargs]


def one_layer(following: Following) -> list[Model]:
    """The model that is one layer, where the text is nothing else.

    Raises:
        Fault: the layer cannot be read, and the text is none of another library.
    """
    node, layer = following.alone
    if isinstance(layer, Unknown) and _is_layer(node):
        raise Fault(layer)
    if not isinstance(layer, Made):
        return []
    return [Model(None, following.scope.made.next("Sequential"), layer.place, [layer])]


def _is_layer(node: ast.expr | None) -> bool:
    """Whether an expression is a layer of Keras, and not one that another library prints."""
    if not isinstance(node, ast.Call):
        return False
    kind = class_of(getattr(node.func, "attr", getattr(node.func, "id", "")))
    printed = any(one.arg and isinstance(one.value, ast.Name) for one in node.keywords)
    names = {one.arg for one in node.keywords}
    return kind is not None and not printed and names <= signatures()[kind].named


def from_function(source: Source, following: Following) -> tuple[Following, list[Model]] | None:
    """The model of the one function at the top that gives one and needs nothing.

    Raises:
        Fault: functions have layers, and nothing tells which of them is the model.
    """
    left = [one for one in following.functions if id(one) not in following.called]
    left = [one for one in left if has(one.body, makes_layers)]
    used = {name for one in following.functions for name in _names_in(one)}
    fitting = [one for one in left if not needed(one) and one.name not in used]
    found: list[tuple[Following, Model]] = []
    fault: Unknown | None = None
    for function in fitting if len(fitting) <= MOST_TRIED else ():
        alone = Following(source)
        same = alone.functions[following.functions.index(function)]
        model = alone.result_of(same)
        if isinstance(model, Model):
            model.label = function.name
            found.append((alone, model))
        elif isinstance(model, Unknown):
            fault = fault or model
    if len(found) == 1:
        ((alone, model),) = found
        shown = printable(model.label or "", 60)
        alone.scope.note(f"the text does not call {shown}(), which is taken to make the model")
        return alone, [model]
    if fault is not None and not found:
        raise Fault(fault)
    if left and not following.unfollowed:
        raise Fault(_uncalled(left, fitting if found or len(fitting) > MOST_TRIED else ()))
    return None


def _names_in(function: Function) -> set[str]:
    nodes = (node for one in function.body for node in ast.walk(one))
    return {node.id for node in nodes if isinstance(node, ast.Name)} - {function.name}


def _uncalled(left: Sequence[Function], fitting: Sequence[Function]) -> Unknown:
    """That no line says which function makes the model."""
    function = (*fitting, *left)[0]
    shown = printable(function.name, 60)
    parameters = ", ".join(f"{printable(name, 40)}=..." for name in needed(function)[:8])
    what = "which of its functions is the model" if len(fitting) > 1 else f"how {shown} is called"
    reason = f"the text does not tell {what}; add a line as: model = {shown}({parameters})"
    return Unknown(reason, function.place)
