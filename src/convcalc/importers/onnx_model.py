"""An ONNX file as a network: its nodes with the shapes of one sample, and no weight read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrayfile.wording import quoted
from convcalc.errors import DataError, printable
from convcalc.importers.onnx_bodies import body_of
from convcalc.importers.onnx_counting import macs_of
from convcalc.importers.onnx_inputs import (
    bound_inputs,
    check_given,
    names_of,
    of_arrays,
    of_one_sample,
)
from convcalc.importers.onnx_names import Names
from convcalc.importers.onnx_nodes import Nodes
from convcalc.importers.onnx_reading import graphs_of, read_model
from convcalc.importers.onnx_tensors import Tensors
from convcalc.importers.onnx_types import shape_of
from convcalc.layers import Identity, Input, Unreached
from convcalc.network.graph import INPUT, Network, Node
from convcalc.network.inputs import by_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from onnx import GraphProto, ModelProto, TypeProto

    from convcalc.importers.onnx_calls import Values
    from convcalc.importers.onnx_inputs import Bound
    from convcalc.importers.onnx_plans import Recipe
    from convcalc.layers import Shape


class Imported(NamedTuple):
    """A network that a file describes, and how the arrays of its weights are made.

    Attributes:
        network: The network.
        recipes: How each array is made, by the name of the weight.
        made: The elements of all that the file makes of its parameters on the way.
        sizes: What the file asks of shapes, by tensor: weights may be made with it.
        inputs: The label in the network of each input by its name in the file, in order; of the
            first the name itself.
    """

    network: Network
    recipes: Mapping[str, Recipe]
    made: int
    sizes: Mapping[str, Values]
    inputs: Mapping[str, str]


class _Walked(NamedTuple):
    """A graph that was gone through, with what was met on the way."""

    nodes: Nodes
    tensors: Tensors
    bodies: Counter[str]


def network_of(path: str, given: Mapping[str, Shape] | None = None) -> Network:
    """The network of an ONNX file; see `imported`."""
    return imported(path, given).network


def imported(
    path: str,
    given: Mapping[str, Shape] | None = None,
    arrays: Sequence[tuple[str, Shape]] = (),
    *,
    assumed: int | None = None,
) -> Imported:
    """The network of an ONNX file: every node in turn, with the shapes of one sample.

    Nodes are named by the modules that they come from, where the file says so. What is no kind
    of ours is `opaque`, with exact multiply-accumulates or none known.

    Args:
        path: The file; weights in it or beside it are not read.
        given: Shapes of inputs by name, "" for the first: with a batch in front or without.
        arrays: Names, or nothing, and shapes of arrays that are to be its inputs, whatever samples
            they have.
        assumed: The size of open axes that nothing is known of; None refuses them.

    Raises:
        DataError: it is no ONNX model, or none that can be computed.
        UsageError: an axis has no size, or what is given does not fit.
    """
    model = read_model(path)
    label = quoted(path)
    given = given or {}
    if arrays:
        named = by_name(names_of(model.graph), arrays)
        check_given(model.graph, named)
        given = {**given, **of_arrays(model.graph, named)}
    bound = bound_inputs(model.graph, given, assumed)
    types, notes = bound.types, []
    try:
        walked = None if bound.first == 1 else _of_one(model, bound)
        if walked is not None:
            notes.append(f"the file is for batches of {bound.first}; what is shown is one sample's")
        elif bound.first != 1:
            notes.append(
                f"the first axis has {bound.first} elements in the file, and is taken for no "
                "batch: shapes and costs are those of all of it"
            )
        walked = walked or _walked(model, types, bound.fixed)
    except DataError as error:
        raise DataError(f"{label}: {error}") from None
    return _network(model.graph, walked, types, notes, label)


def _of_one(model: ModelProto, bound: Bound) -> _Walked | None:
    """The graph with one sample in the place of a batch, if it works for one."""
    types = of_one_sample(bound)
    try:
        walked = None if types is None else _walked(model, types, False)
    except DataError:
        return None
    shapes = [walked.tensors[one.name].shape for one in model.graph.output] if walked else []
    return walked if all(shape and shape[0] == 1 for shape in shapes) else None


def _walked(model: ModelProto, types: Mapping[str, TypeProto], fixed: bool) -> _Walked:
    graph = model.graph
    tensors = Tensors(model)
    tensors.add_initialisers(graph)
    nodes, bodies = Nodes(tensors.elements, Names(graph)), Counter[str]()
    for place, (name, type_) in enumerate(types.items()):
        begin = nodes.begin_another if place else nodes.begin
        begin(tensors.add_input(name, type_))
    read = _read_names(graph)
    own = {one.name: one.type for one in graph.value_info if shape_of(one.type) is not None}
    own |= {one.name: one.type for one in graph.output if shape_of(one.type) is not None}
    for call in tensors.calls(graph, own if fixed else {}):
        results = [one for one in call.outputs if one is not None]
        if not results or all(one.is_constant for one in results):
            continue
        body = body_of(call, tensors, model)
        if body is not None:
            bodies[call.op] += 1
            nodes.add(call, read, body.macs, body.roots)
        else:
            nodes.add(call, read, macs_of(call), frozenset())
    return _Walked(nodes, tensors, bodies)


def _read_names(graph: GraphProto) -> set[str]:
    """The names that nodes, inner graphs and results of a graph read."""
    names = {one.name for one in graph.output}
    for node in graph.node:
        names.update(node.input)
        for inner in graphs_of(node):
            names |= _read_names(inner)
    return names


def _notes_of(walked: _Walked) -> Iterator[str]:
    """What has to be said of the nodes that were walked."""
    nodes, _, bodies = walked
    if bodies:
        yield f"bodies are counted once, of branches the larger: {_counts(bodies)}"
    if nodes.unnamed:
        yield (
            f"nodes that are no kind of layer ({_counts(nodes.unnamed)}): known products count, "
            "other operations do not, and fields are known behind none but those of single elements"
        )
    if nodes.unshaped:
        yield f"shapes that the file does not tell: {_counts(nodes.unshaped)}"


def _network(
    graph: GraphProto,
    walked: _Walked,
    types: Mapping[str, TypeProto],
    notes: list[str],
    label: str,
) -> Imported:
    nodes, tensors, _ = walked
    ends = [nodes.node_of(one.name) for one in graph.output]
    end = next((one for one in ends if one is not None), None)
    if end is None:
        raise DataError(f"{label} gives nothing that depends on its input")
    written = list(nodes.nodes)
    if end == INPUT:
        end = len(written)
        written.append(Node(Identity(), (INPUT,), "identity"))
    left = _unread(graph, tensors)
    if left:
        count = sum(left.values())
        written.append(Node(Unreached(count), (INPUT,), "unreached"))
        notes.append(f"{count:,} parameters that no node reads: {_some(list(left))}")
    if len(ends) > 1:
        notes.append(f"it gives {len(ends)} tensors; the first is taken for its output")
    notes += _notes_of(walked)
    first = next(iter(types))
    network = Network(
        tuple(written),
        end,
        input_shape=tensors[first].sample,
        notes=tuple(notes),
        input_name=first,
    )
    labels = (first, *(node.label for node in written if isinstance(node.layer, Input)))
    inputs = dict(zip(types, labels, strict=True))
    return Imported(network, nodes.recipes, tensors.made, tensors.sizes, inputs)


def _unread(graph: GraphProto, tensors: Tensors) -> dict[str, int]:
    """The elements of each initialiser that no node reads."""
    read = _read_names(graph)
    return {
        one.name: tensors.elements[one.name]
        for one in graph.initializer
        if tensors.elements.get(one.name, 1) > 1 and one.name not in read
    }


def _some(names: list[str]) -> str:
    more = f", ... {len(names) - 6} more" if len(names) > 6 else ""
    return printable(", ".join(names[:6]), 200) + more


def _counts(found: Counter[str]) -> str:
    """What was met, the most frequent first."""
    shown = ", ".join(f"{name} {count}" for name, count in found.most_common(6))
    more = f", ... {len(found) - 6} more" if len(found) > 6 else ""
    return printable(shown, 200) + more
