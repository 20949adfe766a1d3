"""The inputs of an ONNX model, with sizes for all of their axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from onnx import TypeProto, helper

from convcalc.errors import DataError, UsageError, printable
from convcalc.layers.base import format_shape
from convcalc.network.inputs import missing_input

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onnx import GraphProto, ValueInfoProto

    from convcalc.layers import Shape

Dims: TypeAlias = "list[int | str]"
"""The sizes of axes; a name, or nothing, where a file leaves one open."""

ASSUMED = 224
"""The side of the picture in the advice of how to give a size."""


class Bound(NamedTuple):
    """Inputs of a graph with all sizes.

    Attributes:
        types: Their types by name, in the order of the graph.
        fixed: Whether the file itself says all of them.
        first: The elements that the file fixes for the first axis, where they are the same of all
            inputs; else 1.
    """

    types: dict[str, TypeProto]
    fixed: bool
    first: int


def bound_inputs(
    graph: GraphProto, given: Mapping[str, Shape], assumed: int | None = None
) -> Bound:
    """The inputs of a graph, open axes with the sizes that are given.

    An open first axis is a batch of 1. Axes with the same name have the same size.

    Args:
        graph: Its initialisers are no inputs, whatever it says.
        given: Shapes by the names of inputs; "", "#2", "#3" and so on are those of the inputs that
            are not named, in their order.
        assumed: The size of axes that are open all the same; None refuses them.

    Raises:
        UsageError: a size is missing, or what is given does not fit.
        DataError: an input is no tensor.
    """
    names = names_of(graph)
    inputs = [one for one in graph.input if one.name in names]
    given = _by_name(inputs, given)
    sizes: dict[str, int] = {}
    shapes: dict[str, Dims | None] = {}
    for one in inputs:
        dims = _dims_of(one)
        asked = given.get(one.name)
        shapes[one.name] = dims if asked is None else _with_given(one.name, dims, asked, sizes)
    all_dims = [dim for dims in shapes.values() for dim in dims or [""]]
    fixed = not given and all(isinstance(dim, int) for dim in all_dims)
    types = {}
    for one in inputs:
        shape = _closed(one.name, shapes[one.name], sizes, assumed)
        types[one.name] = helper.make_tensor_type_proto(one.type.tensor_type.elem_type, shape)
    firsts = {dims[0] if dims else 1 for dims in shapes.values()}
    first = firsts.pop() if len(firsts) == 1 else 1
    return Bound(types, fixed, first if isinstance(first, int) and not given else 1)


def names_of(graph: GraphProto) -> list[str]:
    """The names of the inputs of a graph, without those that are arrays of the file."""
    constants = {one.name for one in graph.initializer}
    return [one.name for one in graph.input if one.name not in constants]


def check_given(graph: GraphProto, shapes: Mapping[str, Shape]) -> None:
    """Refuses arrays for some inputs where another has no size but that of its own array.

    Raises:
        UsageError: an input is missing.
    """
    inputs = {one.name: one for one in graph.input}
    names = names_of(graph)
    for name in names:
        dims = _dims_of(inputs[name])
        if name not in shapes and (dims is None or any(isinstance(d, str) for d in dims[1:])):
            raise UsageError(missing_input(names, name))


def of_arrays(graph: GraphProto, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """What arrays that are to be inputs say of open axes: nothing of the first, their samples.

    Args:
        graph: The graph.
        shapes: The shapes of arrays by the names of inputs.

    Raises:
        DataError: one has too few or too many axes, or another size than the file says.
    """
    inputs = {one.name: one for one in graph.input}
    found = {name: _of_array(inputs[name], shape) for name, shape in shapes.items()}
    return {name: sample for name, sample in found.items() if sample}


def _of_array(one: ValueInfoProto, shape: Shape) -> Shape | None:
    """The sizes of a sample of an array; None where the file says them itself."""
    dims = _dims_of(one)
    if not dims:
        return None
    sample = shape[1:] if len(shape) == len(dims) else shape
    fits = len(sample) == len(dims) - 1 and all(
        own == size or not isinstance(own, int) for own, size in zip(dims[1:], sample, strict=True)
    )
    if not fits:
        raise DataError(
            f"the input is {format_shape(shape)}; the model reads {_shown(dims)} as "
            f"'{printable(one.name, 60)}'"
        )
    fixed = all(isinstance(dim, int) for dim in dims)
    return None if fixed or not sample else sample


def of_one_sample(bound: Bound) -> dict[str, TypeProto] | None:
    """The types of inputs with one sample in the place of the batch that a file fixes.

    None where the first axis may be another thing: of pictures and volumes alone it is a batch.
    """
    found = {}
    for name, type_ in bound.types.items():
        if len(type_.tensor_type.shape.dim) not in (4, 5):
            return None
        found[name] = TypeProto()
        found[name].CopyFrom(type_)
        found[name].tensor_type.shape.dim[0].dim_value = 1
    return found


def _by_name(inputs: Sequence[ValueInfoProto], given: Mapping[str, Shape]) -> dict[str, Shape]:
    """Shapes by the names of inputs: those without a name are of the rest, in their order.

    Raises:
        DataError: there is no input.
        UsageError: a name is none of theirs, or there are more shapes than inputs.
    """
    names = [one.name for one in inputs]
    if not names:
        raise DataError("the ONNX model has no input")
    if len(given) > len(names):
        number = "1 input" if len(names) == 1 else f"{len(names)} inputs"
        known = ", ".join(f"{one.name} {_shown(_dims_of(one) or [])}" for one in inputs[:8])
        raise UsageError(
            f"--input is given {len(given)} times; the model takes {number}: "
            f"{printable(known, 300)}"
        )
    rest = (name for name in names if name not in given)
    found: dict[str, Shape] = {}
    for name, shape in given.items():
        is_nameless = not name or (name[0] == "#" and name not in names)
        found[next(rest) if is_nameless else name] = shape
    unknown = next((name for name in found if name not in names), None)
    if unknown is not None:
        known = printable(", ".join(names[:8]), 200)
        raise UsageError(
            f"--input: the model has no input '{printable(unknown, 60)}'; its inputs are {known}"
        )
    return found


def _dims_of(one: ValueInfoProto) -> Dims | None:
    """The axes of an input; None where the file does not say how many."""
    if not one.type.HasField("tensor_type"):
        raise DataError(f"the input '{printable(one.name, 60)}' is no tensor, and is not read")
    if not one.type.tensor_type.HasField("shape"):
        return None
    return [
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else dim.dim_param
        for dim in one.type.tensor_type.shape.dim
    ]


def _with_given(name: str, dims: Dims | None, asked: Shape, sizes: dict[str, int]) -> Dims:
    """The axes of an input for the shape that is given, with a batch in front or without."""
    if dims is None:
        return list(asked)
    if len(asked) == len(dims) - 1:
        first = dims[0]
        asked = (first if isinstance(first, int) else 1, *asked)
    fits = len(asked) == len(dims) and all(
        own == size or not isinstance(own, int) for own, size in zip(dims, asked, strict=True)
    )
    if not fits:
        raise UsageError(
            f"--input: the file says that its input '{printable(name, 60)}' is {_shown(dims)}; "
            f"got {format_shape(asked)}"
        )
    for own, size in zip(dims, asked, strict=True):
        if isinstance(own, str) and own and sizes.setdefault(own, size) != size:
            raise UsageError(
                f"--input: the axis '{printable(own, 60)}' has {sizes[own]} elements in one input "
                f"and {size} in another"
            )
    return list(asked)


def _closed(name: str, dims: Dims | None, sizes: Mapping[str, int], assumed: int | None) -> Shape:
    """The sizes of all axes.

    Raises:
        UsageError: one is not known; the message says how to give it.
    """
    shown = printable(name, 60)
    if dims is None:
        raise UsageError(f"the input '{shown}' has no shape in the file; give -i {shown}=1x...")
    whole = [size if isinstance(size, int) else sizes.get(size, assumed) for size in dims]
    if whole and not isinstance(dims[0], int):
        whole[0] = sizes.get(dims[0], 1)
    missing = [
        f"'{printable(str(dim), 40)}'" if dim else f"axis {axis}"
        for axis, (dim, size) in enumerate(zip(dims, whole, strict=True))
        if size is None
    ]
    if missing:
        example = format_shape(tuple(ASSUMED if size is None else size for size in whole))
        have = "has no size" if len(missing) == 1 else "have no sizes"
        raise UsageError(
            f"the input '{shown}' is {_shown(dims)}, where {', '.join(missing)} {have}; "
            f"give -i {shown}={example}"
        )
    return tuple(size for size in whole if size is not None)


def _shown(dims: Dims) -> str:
    return printable("x".join(str(dim) or "?" for dim in dims) or "a single number", 100)
