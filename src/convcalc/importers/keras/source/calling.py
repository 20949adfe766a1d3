"""Calls in source text: of classes, of layers on tensors, of functions and methods of Keras."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from convcalc.errors import printable
from convcalc.importers.keras import joining
from convcalc.importers.keras.source.builtin import worked_out
from convcalc.importers.keras.source.continuing import tensors_of
from convcalc.importers.keras.source.functions import MOST_DEEP, anonymous, bound
from convcalc.importers.keras.source.legacy import merging
from convcalc.importers.keras.source.making import make
from convcalc.importers.keras.source.objects import (
    INSTEAD,
    Fault,
    Function,
    Lost,
    Made,
    Model,
    Tensor,
    Unknown,
    Use,
    is_lost,
    spoil,
    tensors_in,
    unknown_in,
)
from convcalc.importers.keras.source.signatures import class_of
from convcalc.importers.keras.source.texts import formatted
from convcalc.importers.keras.source.touching import forget, is_of_torch, locals_of
from convcalc.importers.keras.source.values import MAX_VALUES, Values, size_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.importers.keras.source.scope import Scope
    from convcalc.importers.keras.source.statements import Source

_JOINS = {
    **{name: name.capitalize() for name in ("add", "subtract", "multiply", "average", "maximum")},
    **{name: name.capitalize() for name in ("minimum", "concatenate", "dot")},
    "concat": "Concatenate",
}
"""Functions of Keras and TensorFlow on tensors in a list, and the layers that do the same."""

_OPERATIONS = {*joining.ELEMENTWISE, *joining.ACTIVATIONS, *joining.REDUCTIONS, "Matmul"}
"""Functions on tensors, by the classes that configurations have for them."""

MOST_MODELS = 200
"""Models of a text."""

_FORMATS = ("image_data_format", "image_dim_ordering", "backend_image_data_format")
_SETTERS = ("set_image_data_format", "set_image_dim_ordering")


class Calls:
    """Works calls out, and keeps the models that are made.

    Attributes:
        values: Works expressions out.
        models: The models so far.
        uses: The calls of layers so far.

    Args:
        source: The text.
        scope: What is known.
        follow: What a function gives whose parameters have their values.
        listed: What a list comes to that is made in one expression.
    """

    def __init__(
        self,
        source: Source,
        scope: Scope,
        follow: Callable[[Function], object],
        listed: Callable[[ast.ListComp | ast.GeneratorExp], object],
    ) -> None:
        self._scope, self._follow = scope, follow
        others: dict[type, Callable[..., object]] = {
            ast.GeneratorExp: listed,
            ast.Lambda: lambda node: anonymous(node, self.values, scope),
            ast.ListComp: listed,
        }
        self.values = Values(source, scope, self._call, self._operation, self._tensors, others)
        self.models: list[Model] = []
        self.uses: list[Use] = []

    def _call(self, node: ast.Call) -> object:
        """What a call comes to."""
        func = node.func
        if isinstance(func, ast.Attribute):
            owner = self._owner(func)
            if owner is not None:
                return self._method(owner, func.attr, node)
            holder = self._scope.values.get(getattr(func.value, "id", ""))
            if isinstance(holder, Unknown) and holder in self._scope.classes:
                return self._applied(holder, node)
            other = is_of_torch(func)
            return self.values.unknown(node) if other else self._named(func.attr, node)
        if isinstance(func, ast.Name) and func.id not in self._scope.values:
            return self._named(self._scope.aliases.get(func.id, func.id), node)
        return self._applied(self.values(func), node)

    def _owner(self, func: ast.Attribute) -> object:
        """The model, list or text whose method is called; None of what is not known."""
        if isinstance(func.value, ast.Name):
            value = self._scope.values.get(func.value.id)
        else:
            worked = isinstance(func.value, ast.Call | ast.Subscript | ast.Constant)
            value = self.values(func.value) if worked else None
        return value if isinstance(value, Model | list | str) else None

    def _named(self, name: str, node: ast.Call) -> object:
        """What a class or function comes to by its name, whatever module it is in."""
        kind = class_of(name)
        if kind is not None:
            return make(kind, name, node, self.values, self._scope)
        if name in ("Sequential", "Model", "Functional"):
            model = self._chain(node) if name == "Sequential" else self._functional(node)
            if len(self.models) == MOST_MODELS:
                reason = f"a text of more than {MOST_MODELS} models"
                raise Fault(self.values.unknown(node, reason))
            self.models.append(model)
            return model
        if name == "Input":
            made = make("InputLayer", name, node, self.values, self._scope)
            return made if isinstance(made, Unknown) else self._use(made, [], {}, node)
        if name in _FORMATS:
            self._scope.note(f"{name}() is taken to be '{self._format(name)}' (Keras's own)")
            return self._format(name)
        if name in _SETTERS:
            self._set_format(node)
            return None
        return self._function(name, node)

    def _format(self, name: str) -> str:
        if name != "image_dim_ordering":
            return self._scope.data_format
        return "tf" if self._scope.data_format == "channels_last" else "th"

    def _set_format(self, node: ast.Call) -> None:
        """The order of axes that layers have from here on."""
        given = self.values(node.args[0]) if node.args else None
        first = given in ("channels_first", "th")
        self._scope.data_format = "channels_first" if first else "channels_last"

    def _chain(self, node: ast.Call) -> Model:
        """A `Sequential`, with the layers that it is given."""
        model = Model(None, self._scope.made.next("Sequential"), self.values.place(node))
        given = [*node.args[:1], *(one.value for one in node.keywords if one.arg == "layers")]
        layers = self.values(given[0]) if given else []
        if isinstance(layers, list | tuple) and not isinstance(layers, Unknown):
            for layer in layers:
                model.add(layer, model.place)
        else:
            model.add(layers, model.place)
        return self._called(model, node)

    def _functional(self, node: ast.Call) -> Model:
        """A `Model` of its inputs and outputs."""
        model = Model(None, self._scope.made.next("Functional"), self.values.place(node))
        named = {one.arg: one.value for one in node.keywords}
        ends = []
        for number, names in enumerate((("inputs", "input"), ("outputs", "output"))):
            found = [node.args[number]] if len(node.args) > number else []
            found += [named[name] for name in names if name in named]
            ends.append(self.values(found[0]) if found else None)
        model.inputs, model.outputs = tensors_in(ends[0]), tensors_in(ends[1])
        unknown = unknown_in(ends)
        if unknown is not None:
            model.spoil(unknown)
        elif not (model.inputs and model.outputs):
            model.spoil(Unknown(f"this model has no inputs and outputs; {INSTEAD}", model.place))
        return self._called(model, node)

    def _called(self, model: Model, node: ast.Call) -> Model:
        """The model with the name that it is given."""
        name = next((self.values(one.value) for one in node.keywords if one.arg == "name"), None)
        model.name = name if isinstance(name, str) and name else model.name
        return model

    def _method(self, owner: object, name: str, node: ast.Call) -> object:
        """A method of a model or a list: those that change it have their effect."""
        given = [self.values(one) for one in (*node.args, *(k.value for k in node.keywords))]
        if isinstance(owner, str):
            told = formatted(owner, given) if name == "format" and not node.keywords else None
            return self.values.unknown(node) if told is None else told
        if isinstance(owner, list):
            return self._of_list(owner, name, given, node)
        assert isinstance(owner, Model)
        if name == "add" and given:
            owner.add(given[0], self.values.place(node.args[0] if node.args else node))
        elif name == "pop" and owner.layers:
            owner.layers.pop()
        elif name == "build" and given:
            owner.built = given[0]
        return self.values.unknown(node)

    def _handed(self, item: object, unknown: Unknown) -> bool:
        """What a function changes is not known once somebody has it who may call it.

        Returns:
            Whether it may change what it is given.
        """
        if isinstance(item, Function):
            return forget(item.body, self._scope, unknown, item.frame, locals_of(item))
        changes = False
        for one in item if isinstance(item, list | tuple) else ():
            changes |= self._handed(one, unknown)
        return changes

    def _of_list(
        self, owner: list[object], name: str, given: list[object], node: ast.Call
    ) -> object:
        """A method of a list; others than append, extend and pop are not followed."""
        one = given[0] if len(given) == 1 else None
        if name == "append" and len(given) == 1:
            self.extend(owner, [one], node)
        elif name == "extend" and isinstance(one, list | tuple) and not isinstance(one, Unknown):
            self.extend(owner, list(one), node)
        elif name == "pop" and len(given) < 2 and not is_lost(owner):
            place = given[0] if given else -1
            if isinstance(place, int) and -len(owner) <= place < len(owner):
                return owner.pop(place)
            owner[:] = [Lost(*self.values.unknown(node))]
            return owner[0]
        else:
            owner[:] = [Lost(*self.values.unknown(node))]
        return None

    def extend(self, owner: list[object], more: list[object], node: ast.expr) -> None:
        """Puts values behind those of a list."""
        if size_of(owner) + size_of(more) > MAX_VALUES or _holds(more, owner):
            owner[:] = [Lost(*self.values.unknown(node))]
        else:
            owner += more

    def _applied(self, callee: object, node: ast.Call) -> object:
        """A function of the text, or a layer or model on tensors."""
        args = self.values.several(node.args)
        if isinstance(args, Unknown):
            args = [args]
        kwargs = {one.arg: self.values(one.value) for one in node.keywords if one.arg}
        if isinstance(callee, Unknown):
            own, whole = self._scope.classes.get(callee, ([], False))
            changes = self._handed(own, callee) or not whole
            for one in (*args, *kwargs.values()):
                if isinstance(one, Model | list) and changes:
                    spoil(one, callee)  # who gets it may change it
                self._handed(one, callee)
            return callee
        if isinstance(callee, Function):
            return self.returned(callee, args, kwargs, node)
        if not isinstance(callee, Made | Model):
            return self.values.unknown(node)
        unknown = unknown_in([*args, kwargs])
        if unknown is not None:
            return unknown
        return self._use(callee, args, kwargs, node)

    def returned(
        self, function: Function, args: list[object], kwargs: dict[str, object], node: ast.Call
    ) -> object:
        """What a function of the text gives, its lines followed with the values of this call."""
        refused = function.refusal
        spread = [one for one in node.args if isinstance(one, ast.Starred)]
        if any(one.arg is None for one in node.keywords) or (spread and unknown_in(args)):
            refused = refused or self.values.unknown(node)
        if self._scope.depth >= MOST_DEEP:
            reason = f"functions call each other more than {MOST_DEEP} times; {INSTEAD}"
            refused = refused or self.values.unknown(node, reason)
        if refused is not None:
            own = locals_of(function)
            if forget(function.body, self._scope, refused, function.frame, own):
                spoil((*args, *kwargs.values()), refused)
            return refused
        given = bound(function, args, kwargs)
        if isinstance(given, str):
            return self.values.unknown(node, given)
        nothing = Unknown("a name has no value here", function.place)
        own_names: dict[str, object] = dict.fromkeys(locals_of(function), nothing)
        with self._scope.inside(function.frame.new_child({**own_names, **given})):
            return self._follow(function)

    def _use(
        self, layer: Made | Model, args: list[object], kwargs: dict[str, object], node: ast.expr
    ) -> Tensor:
        use = Use(layer, args, kwargs, len(self.uses), self.values.place(node))
        self.uses.append(use)
        return Tensor(use)

    def _tensors(self, model: Model, node: ast.Attribute) -> object:
        return tensors_of(model, node.attr, lambda layer, args: self._use(layer, args, {}, node))

    def _operation(self, kind: str, operands: list[object], node: ast.expr) -> object:
        """An operation on tensors, by its class."""
        if kind not in joining.RULES:
            return self.values.unknown(node)
        layer = Made(kind, self._scope.made.next(kind), {}, self.values.place(node))
        if kind == "Add" and len(tensors_in(operands)) == 2:
            return self._use(layer, [operands], {}, node)
        return self._use(layer, operands, {}, node)

    def _function(self, name: str, node: ast.Call) -> object:
        """A function: one on tensors, or one on numbers that is worked out."""
        given = [self.values(one) for one in node.args]
        kwargs = {one.arg: self.values(one.value) for one in node.keywords if one.arg}
        if name == "enumerate" and kwargs.keys() == {"start"}:
            given.append(kwargs.pop("start"))
        found = worked_out(name, given, is_bare=isinstance(node.func, ast.Name))
        if found is not None and not kwargs:
            return found
        for one in (*given, *kwargs.values()):
            self._handed(one, self.values.unknown(node))
        if tensors_in([*given, kwargs]):
            return self._on_tensors(name, given, kwargs, node)
        shown = printable(name, 60)
        if name[:1].isupper():
            reason = f"'{shown}' is no layer of Keras that is known here; {INSTEAD}"
            return self.values.unknown(node, reason)
        return self.values.unknown(node)

    def _on_tensors(
        self, name: str, given: list[object], kwargs: dict[str, object], node: ast.Call
    ) -> object:
        unknown = unknown_in([*given, kwargs])
        if unknown is not None:
            return unknown
        if name == "merge":
            name = merging(kwargs.get("mode", "sum")) or name
            kwargs = {"axis": kwargs["concat_axis"]} if "concat_axis" in kwargs else {}
        join = _JOINS.get(name)
        words = name.removeprefix("reduce_").split("_")
        kind = "".join(word.capitalize() for word in words)
        if join is None and kind in _OPERATIONS and given:
            layer = Made(kind, self._scope.made.next(kind), {}, self.values.place(node))
            return self._use(layer, given, kwargs, node)
        if join is None:
            reason = f"'{printable(name, 60)}' is no function that is known here; {INSTEAD}"
            return self.values.unknown(node, reason)
        return self._join(join, given, kwargs, node)

    def _join(
        self, kind: str, given: list[object], kwargs: dict[str, object], node: ast.Call
    ) -> object:
        """The layer that joins tensors as a function does."""
        tensors = [one for one in given if tensors_in(one)]
        tensors += [kwargs[name] for name in ("inputs", "values", "xs") if name in kwargs]
        config: dict[str, object] = {n: kwargs[n] for n in ("axis", "axes") if n in kwargs}
        others = [one for one in given if not tensors_in(one)]
        if others and kind in ("Concatenate", "Dot"):
            config["axis" if kind == "Concatenate" else "axes"] = others[0]
        name = kwargs.get("name")
        own = name if isinstance(name, str) and name else self._scope.made.next(kind)
        layer = Made(kind, own, config, self.values.place(node))
        listed = tensors if len(tensors) > 1 else tensors[0]
        return self._use(layer, [listed], {}, node)


def _holds(items: list[object], owner: list[object]) -> bool:
    """Whether a list is among values, or in lists among them."""
    left: list[object] = [*items]
    while left:
        one = left.pop()
        if one is owner:
            return True
        if isinstance(one, list | tuple):
            left += one
    return False
