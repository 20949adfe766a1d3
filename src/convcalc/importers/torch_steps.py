"""Calls of torch's functions on whole tensors, as the layers that do the same, one after another.

A rule says which layers a call may be, from its arguments alone. Whether that is right is held
against what the call gave: shape, parameters and multiply-accumulates have to be equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc import layers
from convcalc.importers.torch_calls import PASSED, axis_of, is_array, sample_shape
from convcalc.importers.torch_einsum import products_of
from convcalc.layers.named_operations import ELEMENTWISE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from convcalc.importers.torch_calls import Call, Given
    from convcalc.importers.torch_types import TensorLike
    from convcalc.layers import Layer


class Step(NamedTuple):
    """A layer, and what it reads: tensors, or the numbers of earlier steps."""

    layer: Layer
    inputs: tuple[TensorLike | int, ...]


Steps: TypeAlias = list[Step]


def steps_of(call: Call) -> Iterator[Steps]:
    """What a call may be, likeliest first; the last step gives its result."""
    name = ALIASES.get(call.name, call.name)
    rule = RULES.get(name)
    try:
        if rule is not None:
            yield from rule[1](call.given(rule[0]))
        elif name in ELEMENTWISE:
            yield from _elementwise(call, name)
        elif name == "rpow":
            yield [Step(layers.Elementwise("pow"), tuple(filter(is_array, call.arguments)))]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        pass  # arguments in a way that the rule does not know
    if name in VIEWS:
        yield from _views(call, name)


def reads_arrays(name: str) -> bool:
    """Whether a function reads learned arrays as inputs, and not as the weights of its own kind."""
    name = ALIASES.get(name, name)
    return name not in WEIGHTED | PASSED and (name in RULES or name in ELEMENTWISE or name in VIEWS)


def _elementwise(call: Call, name: str) -> Iterator[Steps]:
    """One operation on each element; tensors that no input has reached are left out."""
    given = [*call.arguments, *call.named.values()][: ELEMENTWISE[name].operands]
    if "input" in call.named:
        given.sort(key=lambda one: one is not call.named["input"])
    tensors = tuple(one for one in given if is_array(one))
    numbers = [one for one in given if isinstance(one, int | float) and not isinstance(one, bool)]
    plain = len(given) == 2 and len(numbers) == 1 and given[1] is numbers[0]
    if plain and not {"alpha", "rounding_mode"} & call.named.keys():
        yield [Step(layers.Elementwise(name, float(numbers[0])), tensors)]
    yield [Step(layers.Elementwise(name), tensors)]
    # A constant operand may be larger than the inputs, which are then spread to its size.
    spread = layers.View("expand", tuple(max(1, size) for size in sample_shape(call.out)))
    yield [Step(spread, tensors[:1]), Step(layers.Elementwise(name), (0, *tensors[1:]))]


def _clamped(given: Given) -> Iterator[Steps]:
    low, high = given("min"), given("max")
    numbers = all(isinstance(one, int | float) for one in (low, high))
    if numbers:
        yield [Step(layers.Hardtanh(low, high), (given.input,))]
    elif low is None or high is None:
        bound, name = (high, "clamp_max") if low is None else (low, "clamp_min")
        if isinstance(bound, int | float):
            yield [Step(layers.Elementwise(name, float(bound)), (given.input,))]
        else:
            yield [Step(layers.Elementwise(name), (given.input, bound))]
    yield [Step(layers.Elementwise("clamp"), (given.input,))]


def _views(call: Call, name: str) -> Iterator[Steps]:
    """Elements moved, repeated or left out; in their own order where none is."""
    out = tuple(max(1, size) for size in sample_shape(call.out))
    tensors = tuple(_tensors(call))
    same = len(tensors) == 1 and tensors[0].numel() == call.out.numel()
    if same and name in IN_ORDER and sample_shape(tensors[0]) == out:
        yield [Step(layers.Identity(), tensors)]
    elif same and name in IN_ORDER:
        yield [Step(layers.Flatten() if len(out) == 1 else layers.Reshape(out), tensors)]
    yield [Step(layers.View(name, out), tensors)]


def _tensors(call: Call) -> Iterator[TensorLike]:
    for one in (*call.arguments, *call.named.values()):
        for item in one if isinstance(one, list | tuple) else (one,):
            if is_array(item):
                yield item


def _permuted(order: Callable[[Given, int], list[int]]) -> Callable[[Given], Iterator[Steps]]:
    """Axes in another order, as torch has it with the batch among them."""

    def rule(given: Given) -> Iterator[Steps]:
        x = given.input
        axes = [axis % x.dim() for axis in order(given, x.dim())]
        moved = [axis for axis in axes if x.shape[axis] != 1]
        out = sample_shape(given.call.out)
        if moved == sorted(moved):
            yield [Step(layers.Flatten() if len(out) == 1 else layers.Reshape(out), (x,))]
        elif axis_of(x, 0) is None and axes[0] == 0:
            yield [Step(layers.Permute(tuple(axis - 1 for axis in axes[1:])), (x,))]
        elif axis_of(x, 0) is not None:
            whole = layers.Permute(tuple(axes))
            yield [Step(whole, (x,))]
            yield [Step(whole, (x,)), Step(layers.Reshape(out), (0,))]
        else:
            full = layers.Reshape(tuple(x.shape))
            yield [Step(full, (x,)), Step(layers.Permute(tuple(axes)), (0,))]

    return rule


def _dims(given: Given, axes: int) -> list[int]:  # noqa: ARG001 - as all orders are
    dims = given("dims")
    rest = given.call.arguments[1:]
    return list(dims if isinstance(dims, tuple) else rest)


def _exchanged(given: Given, axes: int) -> list[int]:
    one, other = given("dim0", -1) % axes, given("dim1", -2) % axes
    order = list(range(axes))
    order[one], order[other] = other, one
    return order


def _reversed(given: Given, axes: int) -> list[int]:  # noqa: ARG001
    return list(reversed(range(axes)))


def _moved(given: Given, axes: int) -> list[int]:
    source, target = given("source"), given("destination")
    sources = [one % axes for one in (source if isinstance(source, tuple) else (source,))]
    targets = [one % axes for one in (target if isinstance(target, tuple) else (target,))]
    order = [axis for axis in range(axes) if axis not in sources]
    for place, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(place, axis)
    return order


def _matmul(given: Given) -> Iterator[Steps]:
    yield [Step(layers.MatMul(), (given.input, given("other")))]


def _reversed_matmul(given: Given) -> Iterator[Steps]:
    yield [Step(layers.MatMul(), (given("other"), given.input))]


def _einsum(given: Given) -> Iterator[Steps]:
    equation, *operands = given.call.arguments
    listed = operands[0] if len(operands) == 1 else None
    factors = listed if isinstance(listed, list) else operands
    tensors = list(filter(is_array, factors))
    if not isinstance(equation, str) or len(tensors) < len(factors):
        return
    shapes = [sample_shape(tensor) for tensor in tensors]
    dropped = [axis_of(tensor, 0) is None for tensor in tensors]
    for found in products_of(equation, shapes, dropped, sample_shape(given.call.out)):
        yield [
            Step(layer, tuple(n if n >= 0 else tensors[-1 - n] for n in inputs))
            for layer, inputs in found
        ]


def _attention(given: Given) -> Iterator[Steps]:
    query, key, value = given("query"), given("key"), given("value")
    layer = layers.Attention(given("scale"), bool(given("is_causal", False)))
    mask = given("attn_mask")
    if mask is not None:
        yield [Step(layer, (query, key, value, mask))]
    else:
        yield [Step(layer, (query, key, value))]


def _attention_module(given: Given) -> Iterator[Steps]:
    """F.multi_head_attention_forward of one sample with itself: (steps, 1, features)."""
    query = given("query")
    if (
        not (query is given("key") is given("value"))
        or query.numel() != query.shape[0] * query.shape[-1]
    ):
        return
    size, heads = query.shape[-1], given("num_heads")
    attend = layers.MultiheadAttention(size, heads, given("in_proj_bias") is not None)
    yield [
        Step(layers.Reshape((query.shape[0], size)), (query,)),
        Step(attend, (0,)),
        Step(layers.Reshape(sample_shape(given.call.out)), (1,)),
    ]


def _reduced(name: str) -> Callable[[Given], Iterator[Steps]]:
    """One number in the place of some axes, or of all."""

    def rule(given: Given) -> Iterator[Steps]:
        x, dim = given.input, given("dim")
        dims = range(x.dim()) if dim is None else dim if isinstance(dim, tuple) else (dim,)
        places = [axis_of(x, axis) for axis in dims]
        axes = tuple(sorted(axis for axis in places if axis is not None))
        if axes:
            yield [Step(layers.Reduce(name, axes, bool(given("keepdim", False))), (x,))]

    return rule


def _normalised(given: Given) -> Iterator[Steps]:
    """F.normalize: x / max(norm(x), eps)."""
    x, axis = given.input, axis_of(given.input, given("dim", 1))
    if given("p", 2.0) != 2 or axis is None:
        return
    yield [
        Step(layers.Reduce("norm", (axis,), True), (x,)),
        Step(layers.Elementwise("clamp_min", float(given("eps", 1e-12))), (0,)),
        Step(layers.Elementwise("div"), (x, 1)),
    ]


def _recurrent(kind: Callable[..., Layer]) -> Callable[[Given], Iterator[Steps]]:
    """A sequence with the steps first, of one sample: (steps, 1, features)."""

    def rule(given: Given) -> Iterator[Steps]:
        x, hx = given.input, given("hx")
        if given("batch_first") or x.dim() != 3 or x.shape[1] != 1:
            return
        hidden, *inner = hx if isinstance(hx, tuple) else (hx,)
        size = (inner or [hidden])[0].shape[-1]
        projected = {"proj_size": hidden.shape[-1]} if hidden.shape[-1] != size else {}
        layer = kind(
            size,
            given("num_layers"),
            given("has_biases"),
            given("bidirectional"),
            **projected,
        )
        yield [
            Step(layers.Reshape((x.shape[0], x.shape[2])), (x,)),
            Step(layer, (0,)),
            Step(layers.Reshape(sample_shape(given.call.out)), (1,)),
        ]

    return rule


def _joined(given: Given) -> Iterator[Steps]:
    """Tensors put together along one axis, without empty ones; a single one as it is."""
    tensors = tuple(one for one in given("tensors") if one.numel())
    places = {axis_of(tensor, given("dim", 0)) for tensor in tensors}
    place = places.pop()
    if len(tensors) == 1:
        yield [Step(layers.Identity(), tensors)]
    elif not places and place is not None:
        yield [Step(layers.Concat(dim=1 + place), tensors)]


def _embedding(given: Given) -> Iterator[Steps]:
    rows, features = given("weight").shape
    yield [Step(layers.Embedding(rows, features), (given.input,))]


def _taken(given: Given) -> Iterator[Steps]:
    """x[:, begin:end] and x[:, one]: a part of the first axis of a sample."""
    x, index = given.input, given("index")
    items = list(index) if isinstance(index, tuple) else [index]
    place = axis_of(x, 0) is None
    if place and items.pop(0) != slice(None):
        return
    first, *others = items
    if any(one not in (slice(None), Ellipsis) for one in others) or isinstance(first, bool):
        return
    size = x.shape[int(place)]
    if isinstance(first, int):
        begin, end, step = first % size, first % size + 1, 1
    else:
        begin, end, step = first.indices(size)
    if step != 1:
        return
    out = sample_shape(given.call.out)
    part = Step(layers.Slice(((begin, end),)), (x,))
    if isinstance(first, slice):
        yield [part]
    else:
        yield [part, Step(layers.Flatten() if len(out) == 1 else layers.Reshape(out), (0,))]


def _padded(given: Given) -> Iterator[Steps]:
    if not any(given("pad")):
        yield [Step(layers.Identity(), (given.input,))]


def _cast(given: Given) -> Iterator[Steps]:
    """Whole numbers of others; casts that keep the numbers are no calls here."""
    yield [Step(layers.Elementwise("trunc"), (given.input,))]


_RNN = "input hx params has_biases num_layers dropout train bidirectional batch_first"
_QKV = "query key value attn_mask dropout_p is_causal scale enable_gqa"
_MHA = "query key value embed_dim num_heads in_proj_weight in_proj_bias"

RULES: dict[str, tuple[str, Callable[[Given], Iterator[Steps]]]] = {
    "permute": ("input dims", _permuted(_dims)),
    "transpose": ("input dim0 dim1", _permuted(_exchanged)),
    **dict.fromkeys(("t", "T", "mT"), ("input", _permuted(_exchanged))),
    "movedim": ("input source destination", _permuted(_moved)),
    "matmul": ("input other", _matmul),
    "rmatmul": ("input other", _reversed_matmul),
    "einsum": ("equation", _einsum),
    "scaled_dot_product_attention": (_QKV, _attention),
    "multi_head_attention_forward": (_MHA, _attention_module),
    "clamp": ("input min max", _clamped),
    **{
        name: ("input dim keepdim", _reduced(own))
        for name, own in {
            **{
                one: one for one in ("sum", "mean", "prod", "var", "std", "logsumexp", "any", "all")
            },
            "amax": "max",
            "amin": "min",
            "max": "max",
            "min": "min",
            "argmax": "argmax",
            "argmin": "argmin",
        }.items()
    },
    "linalg_vector_norm": ("input ord dim keepdim", _reduced("norm")),
    "norm": ("input p dim keepdim", _reduced("norm")),
    "normalize": ("input p dim eps", _normalised),
    "lstm": (_RNN, _recurrent(layers.LSTM)),
    "gru": (_RNN, _recurrent(layers.GRU)),
    "rnn_tanh": (_RNN, _recurrent(layers.RNN)),
    "cat": ("tensors dim", _joined),
    "embedding": ("input weight", _embedding),
    "pad": ("input pad", _padded),
    "getitem": ("input index", _taken),
    **dict.fromkeys(("to", "type", "type_as"), ("input", _cast)),
}
"""What each function is: the names of its arguments in order, and the rule."""

WEIGHTED = {"lstm", "gru", "rnn_tanh", "multi_head_attention_forward", "embedding"}
"""Those whose parameters are weights of a kind."""

ALIASES = {
    **dict.fromkeys(("bmm", "mm", "mv", "dot", "linalg_matmul"), "matmul"),
    "truediv": "div",
    "true_divide": "div",
    "divide": "div",
    "rtruediv": "rdiv",
    "subtract": "sub",
    "negative": "neg",
    "absolute": "abs",
    "clip": "clamp",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "invert": "logical_not",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "greater": "gt",
    "less": "lt",
    "not_equal": "ne",
    "float_power": "pow",
    "moveaxis": "movedim",
    "concat": "cat",
    "concatenate": "cat",
    "swapdims": "transpose",
}
"""Other names of the same functions."""

IN_ORDER = {
    *("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as", "reshape_as"),
    *("expand", "expand_as", "broadcast_to", "getitem", "select", "chunk", "split", "unbind"),
    *("narrow", "ravel", "repeat", "stack", "cat", "atleast_2d"),
}
"""Views that keep the elements in their order where they keep all of them."""

VIEWS = {
    *IN_ORDER,
    *("permute", "transpose", "t", "T", "mT", "movedim", "roll", "flip", "rot90", "fliplr"),
    *("index", "index_select", "gather", "take", "take_along_dim", "tile", "repeat_interleave"),
    *("unfold", "im2col", "as_strided", "diagonal", "diag_embed", "tril", "triu", "pad"),
    *("tensor_split", "hsplit", "vsplit", "dsplit", "split_with_sizes", "hstack", "vstack"),
    *("dstack", "column_stack", "meshgrid"),
    *("setitem", "written", "copy", "fill", "zero", "index_copy", "scatter", "embedding"),
    *("masked_scatter", "select_scatter", "slice_scatter", "one_hot"),
}
"""Functions that move elements, repeat them or leave them out, and compute nothing."""
