"""A model of Keras, by its configuration, as a network of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.errors import DataError, LayerError, UsageError, printable
from convcalc.importers.channels_last import Value, channels_first, channels_last, values_in
from convcalc.importers.keras import activations, joining, norms, sequences, windows
from convcalc.importers.keras.call import Account, Call
from convcalc.importers.keras.graph import (
    MAX_DEPTH,
    graph_of,
    is_chain,
    is_model,
    layer_in,
    layers_of,
    name_of,
    parameters_of,
    replaced,
)
from convcalc.importers.written import DAMAGE, Written, check_count, naming
from convcalc.layers.base import format_shape
from convcalc.network.graph import INPUT, Network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.keras.graph import Config, Graph, Ref
    from convcalc.layers import Shape

RULES: dict[str, Callable[[Call], Value | tuple[Value, ...]]] = {
    **joining.RULES,
    **windows.RULES,
    **norms.RULES,
    **activations.RULES,
    **sequences.RULES,
}
"""Every layer that is known, by the class of Keras."""

MAX_CALLS = 200_000
"""Calls of layers: models within models that are called twice each are soon very many."""

INSIDE = (*windows.RULES, "Dense", "EinsumDense")
"""Layers whose results go through the activation in their configuration."""

SEQUENCES = ("LSTM", "GRU", "SimpleRNN", "Bidirectional", "MultiHeadAttention", "Embedding")
MASKS = ("mask", "attention_mask", "training", "use_causal_mask")


def network_of(
    model: Config, shape: Shape | None, path: str, further: Sequence[Shape] = ()
) -> Network:
    """The network of a model, every layer by its name in the model.

    Args:
        model: Its configuration.
        shape: (channels, *sizes) of one sample of its first input; None is what the model tells.
        path: The file, for errors.

    Raises:
        DataError: it is no model, or has a layer that does not fit.
        UsageError: sizes of its input are open, and no shape is given.
    """
    with naming(path):
        return _Builder(model).network([*([] if shape is None else [shape]), *further])


class _Builder:
    """Writes the nodes of a model and of those within it."""

    def __init__(self, model: Config) -> None:
        if not is_model(model):
            name = printable(str(model.get("class_name", "?")), 60)
            raise DataError(
                f"the model is of class {name}, whose layers are in Python code, not in the file"
            )
        self.model = model
        self.account = Account()
        self.written = Written(())
        self.notes: list[str] = []
        self._calls = 0
        self._graphs: dict[int, Graph] = {}

    def network(self, shapes: Sequence[Shape]) -> Network:
        """All of it, for inputs of these shapes where they are given."""
        own, *others = (self._ours(one) for one in _input_shapes(self.model))
        check_count(len(shapes), [_shown(meant) for meant, _ in (own, *others)])
        asked = [*shapes, *[None] * (len(others) + 1 - len(shapes))]
        meant, moved = own
        first = self._filled(meant, asked[0], moved=moved)
        self.written = Written(first)
        value = Value(INPUT, channels_last(first) if moved else first, moved)
        rest = zip(others, asked[1:], strict=True)
        further = [
            self._further_input(self._filled(meant, shape, moved=moved), number, moved=moved)
            for number, ((meant, moved), shape) in enumerate(rest, 2)
        ]
        results = self.run(self.model, [value, *further], "", 0)
        end = results[0].node
        return Network(
            tuple(self.written.nodes),
            end,
            input_shape=first,
            notes=tuple(self._told(value, results)),
        )

    def _ours(self, own: Sequence[int | None]) -> tuple[Sequence[int | None], bool]:
        """The sizes of an input in our order, and whether that is another one."""
        moved = _is_moved(self.model, own)
        return (*own[-1:], *own[:-1]) if moved else own or (1,), moved

    def _further_input(self, shape: Shape, number: int, *, moved: bool) -> Value:
        """An input beside the first."""
        node = self.written.add(layers.Input(shape), (INPUT,), f"input-{number}")
        return Value(node, channels_last(shape) if moved else shape, moved)

    def _filled(self, meant: Sequence[int | None], shape: Shape | None, *, moved: bool) -> Shape:
        """The shape of the input: the one that is asked for, else the model's own.

        Raises:
            UsageError: it has other axes, channels or features than the model's, or open sizes.
        """
        shown = _shown(meant)
        if shape is not None:
            axis = 0 if moved else -1
            if len(shape) != len(meant) or (meant and meant[axis] not in (None, shape[axis])):
                raise UsageError(f"the model takes an input {shown}, got {format_shape(shape)}")
            return shape
        if len(meant) == 3 and meant[0] and meant[1:] == (None, None):
            self.notes.append(f"not given, so assumed: input {meant[0]}x224x224 (-i)")
            return (meant[0], 224, 224)
        if None in meant or not meant:
            raise UsageError(f"the model leaves sizes of its input open: {shown}; give all (-i)")
        return tuple(size or 1 for size in meant)

    def _told(self, value: Value, results: Sequence[Value]) -> list[str]:
        """What is said of the model beside its layers."""
        notes = self.notes
        if value.moved:
            notes.append(
                f"channels first: the model's {format_shape(value.shape)} is "
                f"{format_shape(value.ours)} here"
            )
        if self.account.statistics:
            notes.append(
                f"{self.account.statistics:,} elements of statistics, which Keras counts among its "
                "parameters, are none here"
            )
        if len(results) > 1:
            notes.append(f"it gives {len(results)} tensors; the first is taken for its output")
        unknown = self.account.unknown
        if unknown:
            shown = ", ".join(f"{name} {count}" for name, count in unknown.most_common(6))
            notes.append(
                f"layers that are not known ({shown}): neither their weights nor MACs count"
            )
        return notes

    def run(self, model: Config, values: Sequence[Value], path: str, depth: int) -> list[Value]:
        """What a model gives on some values."""
        if depth > MAX_DEPTH:
            raise DataError(f"models are nested more than {MAX_DEPTH} times")
        if not is_chain(model):
            return self._run_graph(model, values, path, depth)
        found = list(values)
        for layer in layers_of(model):
            if layer.get("class_name") != "InputLayer":
                found = self._call(layer, found, {}, None, path, depth)
        return found

    def _run_graph(
        self, model: Config, values: Sequence[Value], path: str, depth: int
    ) -> list[Value]:
        graph = self._graphs.get(id(model))
        if graph is None:
            graph = self._graphs[id(model)] = graph_of(model)
        if len(values) != len(graph.inputs):
            shown = printable(path or name_of(model), 60)
            raise DataError(f"model '{shown}' has {len(graph.inputs)} inputs, {len(values)} arrive")
        known: dict[Ref, Value] = dict(zip(graph.inputs, values, strict=True))

        def value_of(ref: Ref) -> Value:
            if ref not in known:
                raise DataError(f"layer '{printable(ref.layer, 60)}' gives no tensor {ref.place}")
            return known[ref]

        for use in graph.uses:
            if use.ref in known:
                continue
            args = replaced(use.args, value_of)
            kwargs = {name: replaced(one, value_of) for name, one in use.kwargs.items()}
            recorded = self._recorded(graph, use.ref)
            results = self._call(use.layer, args, kwargs, recorded, path, depth)
            for place, value in enumerate(results):
                known[use.ref._replace(place=place)] = value
        return [value_of(ref) for ref in graph.outputs]

    def _recorded(self, graph: Graph, ref: Ref) -> Shape | None:
        """The shape that the file tells of a tensor, if it tells all of it."""
        shape = graph.shapes.get(ref, (None,))[1:]
        sizes = tuple(size for size in shape if isinstance(size, int) and size > 0)
        return sizes if sizes and len(sizes) == len(shape) else None

    def _call(
        self,
        layer: Config,
        args: object,
        kwargs: Mapping[str, object],
        recorded: Shape | None,
        path: str,
        depth: int,
    ) -> list[Value]:
        """What one call of a layer gives."""
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise DataError(f"the model calls layers more than {MAX_CALLS:,} times")
        own = f"{path}.{name_of(layer)}".removeprefix(".")
        named = {name: one for name, one in kwargs.items() if name not in MASKS}
        values = values_in([args, named])
        if is_model(layer):
            return self.run(layer, values, own, depth + 1)
        kind = str(layer.get("class_name", "?")).rpartition(">")[2]
        config = parameters_of(layer)
        call = Call(
            own,
            _operation_of(config, own) if kind == "TFOpLambda" else kind,
            config,
            args,
            kwargs,
            values,
            recorded,
            self.written,
            self.account,
        )
        results = self._results(call, depth)
        self.account.owned.add(own)
        return [results] if isinstance(results, Value) else list(results)

    def _results(self, call: Call, depth: int) -> Value | tuple[Value, ...]:
        """What a layer gives, through the activation in its configuration."""
        if call.kind == "TimeDistributed" and call.values:
            return self._in_each_step(call, depth)
        rule = RULES.get(call.kind)
        shown = f"layer '{printable(call.path, 60)}' ({printable(call.kind, 60)})"
        try:
            results = call.unknown() if rule is None else rule(call)
            if call.kind in INSIDE and isinstance(results, Value):
                results = activations.with_activation(call, results)
        except LayerError as error:
            raise DataError(f"{shown}: {error}") from None
        except DAMAGE as error:
            what = printable(f"{type(error).__name__}: {error}")
            raise DataError(f"{shown} is damaged, or of another kind ({what})") from None
        return results

    def _in_each_step(self, call: Call, depth: int) -> Value:
        """A layer or model that is applied to each step by itself, as one node for all steps."""
        inner, value = layer_in(call("layer")), call.value
        if inner is None:
            return call.unknown()
        if inner.get("class_name") == "Dense":
            return sequences.dense(replace(call, config=parameters_of(inner)))
        steps, *shape = value.shape
        moved = len(shape) > 2
        outer = self.written
        self.written = Written(channels_first(tuple(shape)) if moved else tuple(shape))
        try:
            one = Value(INPUT, tuple(shape), moved)
            result = self._call(inner, [one], {}, None, call.path, depth + 1)[0]
            params, macs = self.written.params, self.written.macs
        finally:
            self.written = outer
        macs = None if macs is None else steps * macs
        return call.nameless(call.kind, (steps, *result.shape), params, macs, value)


def _operation_of(config: Config, path: str) -> str:
    """The operation of Keras 3 that is like one of TensorFlow."""
    name = str(config.get("function", path)).rpartition(".")[2].removeprefix("reduce_")
    return "".join(word.capitalize() for word in name.split("_"))


def _shown(sizes: Sequence[int | None]) -> str:
    return "x".join("?" if size is None else str(size) for size in sizes)


def _input_shapes(model: Config) -> list[Sequence[int | None]]:
    """The shape of each input without its batch, open sizes as None."""
    found = layers_of(model)
    if not is_chain(model):
        by_name = {name_of(layer): layer for layer in found}
        return [_input_shape(by_name[ref.layer]) for ref in graph_of(model).inputs]
    built = parameters_of(model).get("build_input_shape")
    if not found:
        raise DataError("the model has no layers")
    try:
        return [_input_shape(found[0])]
    except DataError:
        if not isinstance(built, list):
            raise
        return [_without_batch(built)]


def _input_shape(layer: Config) -> Sequence[int | None]:
    """The shape that an input, or the first layer of a chain, takes."""
    if is_model(layer):
        return _input_shapes(layer)[0]
    config = parameters_of(layer)
    built = layer.get("build_config")
    found = config.get("batch_shape", config.get("batch_input_shape"))
    if found is None and isinstance(built, dict):
        found = built.get("input_shape")
    if not isinstance(found, list):
        raise DataError("the model does not tell the shape of its input")
    return _without_batch(found)


def _without_batch(shape: Sequence[object]) -> tuple[int | None, ...]:
    sizes = list(shape)[1:]
    known = tuple(one for one in sizes if one is None or (isinstance(one, int) and one > 0))
    if len(known) < len(sizes):
        raise DataError("the shape of the model's input is none")
    return known


def _is_moved(model: Config, shape: Sequence[int | None]) -> bool:
    """Whether the last axis of the input is the channels, which are the first of ours."""
    if len(shape) < 2:
        return False
    wanted = [wants for wants in _layouts(model, 0) if wants is not None]
    return wanted[0] if wanted else len(shape) > 2


def _layouts(model: Config, depth: int) -> list[bool | None]:
    """What each layer wants: channels moved to the front, left where they are, or either."""
    found: list[bool | None] = []
    for layer in layers_of(model) if depth <= MAX_DEPTH else ():
        kind = str(layer.get("class_name"))
        if is_model(layer):
            found += _layouts(layer, depth + 1)
        elif kind in windows.RULES:
            found.append(parameters_of(layer).get("data_format") != "channels_first")
        elif kind in SEQUENCES:
            found.append(False)
    return found
