"""What calls what in a model of Keras: its layers in an order in which each finds its inputs."""

from __future__ import annotations

import heapq
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.errors import DataError, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Config: TypeAlias = "Mapping[str, object]"
"""What a file says of a model, of a layer, or of the parameters of one: an object of JSON."""
MAX_DEPTH = 50
"""Models within models."""

MODELS = ("Sequential", "Functional", "Model")


class Ref(NamedTuple):
    """One of the tensors that one call of a layer gives."""

    layer: str
    call: int
    place: int


class Use(NamedTuple):
    """One call of a layer.

    Attributes:
        ref: What it gives first.
        layer: The configuration of the layer.
        args: Its arguments, each tensor as a Ref.
        kwargs: Those by name.
    """

    ref: Ref
    layer: Config
    args: object
    kwargs: Mapping[str, object]


class Graph(NamedTuple):
    """A functional model.

    Attributes:
        uses: Its calls, each after those that it reads.
        inputs: What its inputs give.
        outputs: What it gives.
        shapes: The shape of each tensor that the file tells, the batch and open sizes as None.
    """

    uses: Sequence[Use]
    inputs: Sequence[Ref]
    outputs: Sequence[Ref]
    shapes: Mapping[Ref, Sequence[object]]


def is_model(layer: Config) -> bool:
    """Whether a layer is a model: its configuration lists layers."""
    config = layer.get("config")
    if isinstance(config, list):
        return layer.get("class_name") == "Sequential"
    return isinstance(config, dict) and isinstance(config.get("layers"), list)


def name_of(layer: Config) -> str:
    """The name of a layer, by which others refer to it."""
    name = layer.get("name") or parameters_of(layer).get("name")
    return str(name or layer.get("class_name", "layer"))


def parameters_of(layer: Config) -> Config:
    """The configuration of a layer; none where a `Sequential` lists its layers in its place."""
    config = layer.get("config")
    return config if isinstance(config, dict) else {}


def layer_in(item: object) -> Config | None:
    """A layer or model as a file describes it; None where that is none."""
    if isinstance(item, dict) and (isinstance(item.get("config"), dict) or is_model(item)):
        return item
    return None


def layers_of(model: Config) -> list[Config]:
    """The layers of a model, in the order of the file.

    Raises:
        DataError: one is no layer.
    """
    config = model["config"]
    listed = config if isinstance(config, list) else parameters_of(model)["layers"]
    layers = [layer_in(one) for one in listed] if isinstance(listed, list) else [None]
    found = [layer for layer in layers if layer is not None]
    if len(found) < len(layers):
        raise DataError("the model's configuration lists a layer that is none")
    return found


def is_chain(model: Config) -> bool:
    """Whether each layer of a model reads the one before it."""
    return not parameters_of(model).get("input_layers")


def graph_of(model: Config) -> Graph:
    """The calls of a functional model.

    Raises:
        DataError: a call reads what nothing gives, or what comes of itself, or is none.
    """
    shapes: dict[Ref, Sequence[object]] = {}
    uses: dict[tuple[str, int], Use] = {}
    for layer in layers_of(model):
        name = name_of(layer)
        for number, call in enumerate(_calls_of(layer)):
            args, kwargs = _arguments(call, shapes)
            uses[name, number] = Use(Ref(name, number, 0), layer, args, kwargs)
    config = parameters_of(model)
    ordered = [uses[key] for key in _order(uses)]
    inputs, outputs = (list(_refs_of(config.get(f"{end}_layers"))) for end in ("input", "output"))
    missing = next((ref for ref in (*inputs, *outputs) if ref[:2] not in uses), None)
    if missing or not outputs:
        raise DataError(f"the model has no layer '{printable(missing[0] if missing else '?', 60)}'")
    return Graph(ordered, inputs, outputs, shapes)


def _calls_of(layer: Config) -> Sequence[object]:
    """The calls of a layer as the file lists them: of an input one, which reads nothing."""
    calls = layer.get("inbound_nodes") or [[]]
    if not isinstance(calls, list):
        raise DataError(f"layer '{printable(name_of(layer), 60)}' has no list of its calls")
    return calls


def _order(uses: Mapping[tuple[str, int], Use]) -> Iterator[tuple[str, int]]:
    """The calls, each after those that it reads, else in the order of the file."""
    place = {key: number for number, key in enumerate(uses)}
    sorter: TopologicalSorter[tuple[str, int]] = TopologicalSorter()
    for key, use in uses.items():
        read = {ref[:2] for ref in refs_in((use.args, use.kwargs))}
        unknown = next((one for one in read if one not in uses), None)
        if unknown is not None:
            names = printable(key[0], 60), printable(unknown[0], 60)
            raise DataError(f"layer '{names[0]}' reads '{names[1]}', which nothing gives")
        sorter.add(key, *read)
    try:
        sorter.prepare()
    except CycleError:
        raise DataError("the model's layers read each other in a circle") from None
    ready: list[tuple[int, tuple[str, int]]] = []
    while sorter.is_active():
        for key in sorter.get_ready():
            heapq.heappush(ready, (place[key], key))
        _, key = heapq.heappop(ready)
        sorter.done(key)
        yield key


def refs_in(item: object) -> list[Ref]:
    """The tensors among arguments, in lists and mappings too."""
    if isinstance(item, Ref):
        return [item]
    if isinstance(item, list | tuple):
        return [ref for one in item for ref in refs_in(one)]
    if isinstance(item, dict):
        return [ref for one in item.values() for ref in refs_in(one)]
    return []


def replaced(item: object, value: Callable[[Ref], object]) -> object:
    """Arguments with what each tensor stands for in its place."""
    if isinstance(item, Ref):
        return value(item)
    if isinstance(item, list | tuple):
        return [replaced(one, value) for one in item]
    if isinstance(item, dict):
        return {name: replaced(one, value) for name, one in item.items()}
    return item


def _arguments(
    call: object, shapes: dict[Ref, Sequence[object]]
) -> tuple[object, Mapping[str, object]]:
    """The arguments of one call, as Keras 3 writes them or as version 2 did."""
    if isinstance(call, dict):
        args, kwargs = call.get("args", []), _resolved(call.get("kwargs", {}), shapes, 0)
        if not isinstance(kwargs, dict):
            raise DataError("the model's configuration has a call whose named arguments are none")
        return _resolved(args, shapes, 0), kwargs
    if isinstance(call, list) and call and isinstance(call[0], str):
        call = [call]
    refs = list(_refs_of(call))
    named: dict[str, object] = {}
    for one in call if isinstance(call, list) else ():
        if isinstance(one, list) and one and isinstance(one[-1], dict):
            named |= {name: _resolved_old(value) for name, value in one[-1].items()}
    return refs, named


def _resolved(item: object, shapes: dict[Ref, Sequence[object]], depth: int) -> object:
    """Arguments of Keras 3 with each tensor as a Ref, its shape noted."""
    if depth > MAX_DEPTH:
        raise DataError(f"arguments of a layer are nested more than {MAX_DEPTH} times")
    if isinstance(item, list):
        return [_resolved(one, shapes, depth + 1) for one in item]
    if not isinstance(item, dict):
        return item
    if item.get("class_name") != "__keras_tensor__":
        return {name: _resolved(one, shapes, depth + 1) for name, one in item.items()}
    config = item.get("config")
    config = config if isinstance(config, dict) else {}
    found = list(_refs_of(config.get("keras_history")))
    if len(found) != 1:
        raise DataError("the model's configuration has a tensor without a layer")
    if isinstance(config.get("shape"), list):
        shapes[found[0]] = config["shape"]
    return found[0]


def _resolved_old(item: object) -> object:
    """A named argument of Keras 2, where a tensor is ["layer", 0, 0]."""
    found = list(_refs_of(item))
    return found[0] if len(found) == 1 else item


def _refs_of(item: object) -> Iterator[Ref]:
    """The tensors in lists as Keras writes them: ["layer", 0, 0], one or several."""
    if isinstance(item, dict):
        item = list(item.values())
    if not isinstance(item, list):
        return
    if len(item) >= 3 and isinstance(item[0], str):
        if isinstance(item[1], int) and isinstance(item[2], int):
            yield Ref(item[0], item[1], item[2])
        return
    for one in item:
        if isinstance(one, list):
            yield from _refs_of(one)
