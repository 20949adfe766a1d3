"""A model that source text makes as a configuration of Keras, as `model.to_json()` has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.importers.keras.graph import MAX_DEPTH
from convcalc.importers.keras.source.objects import (
    INSTEAD,
    Fault,
    Made,
    Model,
    Tensor,
    Unknown,
    Use,
    tensors_in,
    unknown_in,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Shape

_GIVE = "give it with -i, as -i 3x32x32"


class Configuration:
    """Writes the configurations of a model and of those within it.

    Args:
        shapes: The shapes of the inputs that are asked for, channels first.
    """

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._shapes = shapes
        self._known: dict[int, dict[str, object]] = {}

    def of(self, model: Model, depth: int = 0) -> dict[str, object]:
        """The configuration of a model.

        Raises:
            Fault: it cannot be read.
        """
        if model.fault is not None:
            raise Fault(model.fault)
        if depth > MAX_DEPTH:
            raise Fault(Unknown(f"models are nested more than {MAX_DEPTH} times", model.place))
        found = self._known.get(id(model))
        if found is None:
            write = self._chain if model.inputs is None else self._graph
            found = self._known[id(model)] = write(model, depth)
        return found

    def _chain(self, model: Model, depth: int) -> dict[str, object]:
        _check_names(model.layers)
        config: dict[str, object] = {
            "name": model.name,
            "layers": [self._layer(layer, depth) for layer in model.layers],
        }
        if not depth:
            told = _told(model)
            config["build_input_shape"] = self._sizes(told, model, 0)
        return {"class_name": "Sequential", "config": config}

    def _layer(self, layer: Made | Model, depth: int) -> dict[str, object]:
        if isinstance(layer, Model):
            return {**self.of(layer, depth + 1), "name": layer.name}
        if layer.fault is not None:
            raise Fault(layer.fault)
        found = self._known.get(id(layer))
        if found is None:
            config = {name: self._value(value, depth) for name, value in layer.config.items()}
            for name in ("batch_shape", "batch_input_shape"):
                if unknown_in(layer.config.get(name)):
                    del config[name]
            found = {"class_name": layer.kind, "config": {"name": layer.name, **config}}
            self._known[id(layer)] = found
        return found

    def _value(self, value: object, depth: int) -> object:
        """A parameter as JSON has it: layers within layers by their configurations."""
        if isinstance(value, Made | Model):
            if depth > MAX_DEPTH:
                raise Fault(Unknown("layers are nested too deeply", value.place))
            return self._layer(value, depth + 1)
        if isinstance(value, list | tuple) and not isinstance(value, Unknown):
            return [self._value(one, depth) for one in value]
        return value

    def _sizes(self, told: object, model: Model, number: int) -> list[object]:
        """The shape of an input, batch first: open where the text does not tell a size.

        Raises:
            Fault: it does not, and no shape is asked for.
        """
        asked = self._shapes[number] if number < len(self._shapes) else None
        unknown = unknown_in(told)
        if asked is None and (unknown is not None or not isinstance(told, list)):
            reason = "the text does not tell the shape of the input"
            if unknown is not None:
                raise Fault(unknown._replace(reason=f"{unknown.reason}; {reason}: {_GIVE}"))
            raise Fault(Unknown(f"{reason}; {_GIVE}", model.place))
        if isinstance(told, list):
            return [None if isinstance(size, Unknown) else size for size in told]
        return [None] * (1 + len(asked or ()))

    def _graph(self, model: Model, depth: int) -> dict[str, object]:
        uses = _uses_of(model)
        places: dict[int, tuple[str, int]] = {}
        nodes: dict[int, list[Use]] = {}
        layers: dict[int, Made | Model] = {}
        for use in uses:
            layers[id(use.layer)] = use.layer
            own = nodes.setdefault(id(use.layer), [])
            places[id(use)] = (use.layer.name, len(own))
            own.append(use)
        _check_names(list(layers.values()))
        written = []
        inputs = [one.use for one in model.inputs or ()]
        for key, layer in layers.items():
            config = self._layer(layer, depth)
            calls = [_written_call(use, places) for use in nodes[key] if use not in inputs]
            if nodes[key][0] in inputs and isinstance(layer, Made) and not depth:
                told = layer.config.get("batch_shape")
                sizes = self._sizes(told, model, inputs.index(nodes[key][0]))
                parameters = config["config"]
                assert isinstance(parameters, dict)
                parameters["batch_shape"] = sizes
            written.append({**config, "name": layer.name, "inbound_nodes": calls})
        ends = [[[*places[id(t.use)], t.output] for t in e] for e in _ends(model)]
        config = {"name": model.name, "layers": written}
        config |= {"input_layers": ends[0], "output_layers": ends[1]}
        return {"class_name": "Functional", "config": config}


def _ends(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    return model.inputs or [], model.outputs


def _written_call(use: Use, places: dict[int, tuple[str, int]]) -> dict[str, object]:
    """A call as Keras 3 writes it."""

    def written(item: object) -> object:
        if isinstance(item, Tensor):
            history = [*places[id(item.use)], item.output]
            return {"class_name": "__keras_tensor__", "config": {"keras_history": history}}
        if isinstance(item, list | tuple):
            return [written(one) for one in item]
        return item

    named = {name: written(value) for name, value in use.kwargs.items()}
    return {"args": [written(one) for one in use.args], "kwargs": named}


def _uses_of(model: Model) -> list[Use]:
    """The calls between the inputs and the outputs of a functional model, in their order.

    Raises:
        Fault: one reads what is no input of it.
    """
    inputs, outputs = _ends(model)
    found = {id(tensor.use): tensor.use for tensor in inputs}
    left = [tensor.use for tensor in outputs]
    while left:
        use = left.pop()
        if id(use) in found:
            continue
        found[id(use)] = use
        read = tensors_in([use.args, use.kwargs])
        if not read:
            name = use.layer.name
            reason = f"the model reads '{name}', which is none of its inputs; {INSTEAD}"
            raise Fault(Unknown(reason, use.place))
        left += [tensor.use for tensor in read]
    return sorted(found.values(), key=lambda use: use.number)


def _told(model: Model) -> object:
    """The shape, batch first, that a chain tells of its input; None where it does not."""
    first: Made | Model | None = model
    for _ in range(MAX_DEPTH):
        if isinstance(first, Model) and first.inputs is not None:
            first = first.inputs[0].use.layer if first.inputs else None
        elif isinstance(first, Model):
            first = first.layers[0] if first.layers else None
    if isinstance(first, Made):
        told = first.config.get("batch_shape", first.config.get("batch_input_shape"))
        if told is not None and (unknown_in(told) is None or model.built is None):
            return told
    built = model.built
    return (
        list(built) if isinstance(built, list | tuple) and not isinstance(built, Unknown) else built
    )


def _check_names(layers: Sequence[Made | Model]) -> None:
    """Every layer of a model has a name of its own.

    Raises:
        Fault: two layers have one.
    """
    known: dict[str, Made | Model] = {}
    for layer in layers:
        if known.setdefault(layer.name, layer) is not layer:
            raise Fault(Unknown(f"two layers are called '{layer.name[:60]}'", layer.place))
