"""A program of torch.export as a network of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.arrayfile.json_values import as_list, as_object
from convcalc.errors import DataError, UsageError, printable
from convcalc.importers.pt2.program import Graph, Reader, document_of
from convcalc.importers.pt2.recording import Recorder
from convcalc.importers.pt2.sizes import hint_of, size_of, symbol_of
from convcalc.importers.torch_calls import sample_shape
from convcalc.importers.written import check_count, naming
from convcalc.layers import Unreached
from convcalc.layers.base import format_shape
from convcalc.network.graph import INPUT, Network, Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.importers.pt2.program import Operation
    from convcalc.layers import Shape

MAX_OPERATIONS = 200_000


def network_of(path: str, shape: Shape | None, further: Sequence[Shape] = ()) -> Network:
    """The network of an exported program, each operation by the path of its module.

    Args:
        path: The archive. Nothing in it is run, and its pickles are not opened.
        shape: (channels, *sizes) of one sample, for sizes that were left open when it was exported;
            None is what it was exported with.
        further: Those of further inputs, in the program's order.

    Raises:
        DataError: the archive is damaged, or of another version.
        UsageError: it was exported for another input.
    """
    document = document_of(path)
    with naming(path):
        return _network(document, [*([] if shape is None else [shape]), *further])


def _network(document: Mapping[str, object], shapes: Sequence[Shape]) -> Network:
    graph = Graph(document)
    if not graph.inputs:
        raise DataError("the program takes no tensor")
    nodes = as_list(graph.json["nodes"])
    if len(nodes) > MAX_OPERATIONS:
        raise DataError(f"the program has over {MAX_OPERATIONS:,} operations")
    bound, notes = _bound(graph, shapes)
    reader = Reader(graph, bound)
    inputs = [reader.array(name) for name in graph.inputs]
    operations = [reader.operation(as_object(node)) for node in nodes]
    recorder = Recorder(sample_shape(inputs[0]), _parents(operations))
    parameters = {name: reader.array(own) for own, name in graph.parameters.items()}
    buffers = {name: reader.array(own) for own, name in graph.buffers.items()}
    recorder.begin(inputs, parameters, buffers)
    for operation in operations:
        recorder.note(operation)
    return _finished(recorder, graph, sample_shape(inputs[0]), notes)


def _parents(operations: Sequence[Operation]) -> set[str]:
    """The paths of modules that have others in them."""
    return {path for operation in operations for path, _ in operation.path[:-1]}


def _bound(graph: Graph, shapes: Sequence[Shape]) -> tuple[dict[str, int], list[str]]:
    """Values of the sizes that were left open: of the first axis 1, for one sample.

    Raises:
        UsageError: a shape that is asked for is not what the program takes.
    """
    bound: dict[str, int] = {}
    given = graph.sizes(graph.inputs[0])
    first = symbol_of(given[0]) if given else None
    if first is not None:
        bound[first] = 1
    check_count(len(shapes), [_shown(graph.sizes(name)) for name in graph.inputs])
    for name, shape in zip(graph.inputs, shapes, strict=False):
        _bind_asked(graph.sizes(name), shape, bound)
    assumed = []
    for name in graph.inputs:
        for size in graph.sizes(name):
            symbol = symbol_of(size)
            if symbol is None or symbol in bound:
                continue
            value = hint_of(size)
            if value is None:
                raise UsageError(f"the program leaves the size {symbol} open: give all with -i")
            bound[symbol] = value
            assumed.append(f"{symbol} {value}")
    notes = [f"sizes left open, as in the example it was exported with: {', '.join(assumed)}"]
    return bound, notes if assumed else []


def _bind_asked(given: Sequence[object], shape: Shape, bound: dict[str, int]) -> None:
    """The sizes of the input as they are asked for."""
    batched = len(given) == len(shape) + 1
    asked = (1, *shape) if batched else shape
    shown = _shown(given[batched:])
    wrong = UsageError(f"the program takes an input {shown}, got {format_shape(shape)}")
    if len(asked) != len(given):
        raise wrong
    for size, wanted in zip(given, asked, strict=True):
        symbol = symbol_of(size)
        if symbol is not None and bound.setdefault(symbol, wanted) == wanted:
            continue
        if symbol is not None or size_of(size, bound) != wanted:
            raise wrong


def _shown(sizes: Sequence[object]) -> str:
    return "x".join(symbol_of(size) or str(_known(size)) for size in sizes) or "a single number"


def _known(size: object) -> object:
    return size.get("as_int", "?") if isinstance(size, dict) else "?"


def _finished(recorder: Recorder, graph: Graph, shape: Shape, notes: list[str]) -> Network:
    """The network of the nodes, and what is said of it beside them."""
    nodes, outputs = list(recorder.written.nodes), graph.outputs()
    if not outputs:
        raise DataError("the program gives no tensor")
    end = recorder.node_of(outputs[0])
    if end is None:
        raise DataError("what the program gives does not depend on its input")
    left = recorder.unreached()
    if left:
        total = sum(left.values())
        nodes.append(Node(Unreached(total), (INPUT,), "unreached"))
        owners = ", ".join(dict.fromkeys(name.partition(".")[0] for name in list(left)[:6]))
        notes.append(f"{total:,} parameters that nothing reads: {printable(owners)}")
    if len(outputs) > 1:
        notes.append(f"it gives {len(outputs)} tensors; the first is taken for its output")
    if recorder.unknown:
        shown = ", ".join(f"{name} {count}" for name, count in recorder.unknown.items())
        notes.append(f"operations whose MACs are not known: {printable(shown)}")
    return Network(tuple(nodes), end, input_shape=shape, notes=tuple(notes))
