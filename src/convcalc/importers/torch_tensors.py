"""Calls of torch's functions on whole tensors as layers of our kinds, where they are one.

These are tried where no rule of `torch_kinds` is right: products of two tensors, other axes, and
operations that are known by their name. They are held against the call in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcalc import layers
from convcalc.importers.torch_calls import sample_shape
from convcalc.layers.named_operations import ELEMENTWISE

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.importers.torch_calls import Call, Given
    from convcalc.layers import Layer


def tensor_layer_of(call: Call) -> Layer | None:
    """The layer that a call is; None where there is no such kind."""
    rule = RULES.get(call.name)
    try:
        if rule is not None:
            names, write = rule
            return write(call.given(names))
        return _elementwise(call)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None


def _batched(tensor: Any) -> bool:
    """Whether the first axis of a tensor is the batch, which its sample has not."""
    return len(tensor.shape) > 1 and tensor.shape[0] == 1


def _axis(given: Given, axis: int) -> int:
    """An axis of the input as one of its sample, the first as 0.

    Raises:
        ValueError: it is the batch.
    """
    place = int(axis % given.input.dim()) - _batched(given.input)
    if place < 0:
        raise ValueError("the batch")
    return place


def _dim(given: Given, axis: int) -> int:
    """An axis of the input as kinds with a `dim` have it."""
    place = _axis(given, axis)
    last = len(sample_shape(given.input)) - 1
    return -1 if 0 < place == last else place + 1


def _permuted(given: Given, dims: list[int]) -> Layer:
    """The axes in another order; one of the batch among them is no order of a sample's."""
    order = [axis % given.input.dim() for axis in dims]
    if _batched(given.input) and _batched(given.call.out) and order[0] == 0:
        return layers.Permute(tuple(axis - 1 for axis in order[1:]))
    if not _batched(given.input) and not _batched(given.call.out):
        return layers.Permute(tuple(order))
    return _view(given)


def _permute(given: Given) -> Layer:
    return _permuted(given, list(given("dims")))


def _transpose(given: Given) -> Layer:
    order = list(range(given.input.dim()))
    one, other = given("dim0", 0), given("dim1", 1)
    order[one], order[other] = order[other], order[one]
    return _permuted(given, order)


def _turned(given: Given) -> Layer:
    return _permuted(given, list(reversed(range(given.input.dim()))))


def _view(given: Given) -> Layer:
    shape = sample_shape(given.call.out)
    return layers.View(given.call.name, tuple(max(1, size) for size in shape))


def _matmul(given: Given) -> Layer:  # noqa: ARG001 - the inputs decide
    return layers.MatMul()


def _attention(given: Given) -> Layer:
    scale = given("scale")
    return layers.Attention(None if scale is None else float(scale), bool(given("is_causal")))


def _layer_norm(given: Given) -> Layer | None:
    shape = given("normalized_shape")
    if len(shape) != 1:
        return None
    affine = given("weight") is not None
    return layers.LayerNorm(eps=given("eps", 1e-5), affine=affine, dim=_dim(given, -1))


def _softmax(kind: Callable[[int], Layer]) -> Callable[[Given], Layer]:
    return lambda given: kind(_dim(given, given("dim", -1)))


def _concat(given: Given) -> Layer | None:
    tensors = given("tensors")
    if len({_batched(tensor) for tensor in tensors}) > 1:
        return None
    axis = given("dim", 0) % tensors[0].dim() - _batched(tensors[0])
    return layers.Concat(axis + 1) if axis >= 0 else None


def _reduce(name: str) -> Callable[[Given], Layer]:
    def write(given: Given) -> Layer:
        dim = given("dim")
        axes = (
            (dim,)
            if isinstance(dim, int)
            else dim or range(_batched(given.input), given.input.dim())
        )
        return layers.Reduce(
            name, tuple(_axis(given, axis) for axis in axes), bool(given("keepdim"))
        )

    return write


def _elementwise(call: Call) -> Layer | None:
    """An operation of tensors, or of a tensor and a number."""
    name = NAMES.get(call.name, call.name)
    if name not in ELEMENTWISE:
        return None
    values = [*call.arguments, *(one for key, one in call.named.items() if key not in OPTIONS)]
    numbers = [
        float(one) for one in values if isinstance(one, int | float) and not isinstance(one, bool)
    ]
    if call.named.get("alpha", 1) != 1:
        return None
    if len(numbers) != 1 or ELEMENTWISE[name].operands != 2:
        return layers.Elementwise(name)
    first = values[0] if values else None
    if isinstance(first, int | float):
        return None
    return layers.Elementwise(name, numbers[0])


OPTIONS = ("alpha", "rounding_mode", "out", "memory_format")
"""Arguments that are no operands."""

NAMES = {"truediv": "div", "rtruediv": "rdiv", "pow_": "pow"}
"""Functions that have another name here."""

_AXES = "input dim keepdim"

RULES: dict[str, tuple[str, Callable[[Given], Layer | None]]] = {
    "permute": ("input dims", _permute),
    "transpose": ("input dim0 dim1", _transpose),
    "t": ("input", _turned),
    "matmul": ("input other", _matmul),
    "mm": ("input mat2", _matmul),
    "bmm": ("input mat2", _matmul),
    "scaled_dot_product_attention": (
        "query key value attn_mask dropout_p is_causal scale enable_gqa",
        _attention,
    ),
    "layer_norm": ("input normalized_shape weight bias eps", _layer_norm),
    "softmax": ("input dim", _softmax(layers.Softmax)),
    "log_softmax": ("input dim", _softmax(layers.LogSoftmax)),
    "cat": ("tensors dim", _concat),
    "concat": ("tensors dim", _concat),
    **{name: (_AXES, _reduce(name)) for name in ("mean", "sum", "argmax", "argmin", "prod", "all")},
    **{name: (_AXES, _reduce(name)) for name in ("any", "logsumexp")},
    "amax": (_AXES, _reduce("max")),
    "amin": (_AXES, _reduce("min")),
    **dict.fromkeys(
        (
            *("expand", "expand_as", "repeat", "repeat_interleave", "roll", "flip", "select"),
            *("slice", "getitem", "narrow", "index", "index_select", "gather", "take", "unbind"),
            *("split", "chunk", "stack", "unfold", "fold", "diagonal", "squeeze", "unsqueeze"),
            *("view", "reshape", "flatten", "unflatten", "as_strided", "pad", "movedim"),
            *("im2col", "col2im", "tril", "triu", "permute_copy", "tile", "cat", "slice_scatter"),
        ),
        ("input", _view),
    ),
}
"""What each function is: the names of its arguments in order, and the rule."""

RULES["cat"] = RULES["concat"]
