"""Operations of torch as calls of its functions, which have the same rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.importers.torch_calls import Call, is_array
from convcalc.importers.torch_nodes import plain_name
from convcalc.layers import Linear

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.torch_types import TensorLike
    from convcalc.layers import Layer

Named = dict[str, object]


def call_of_operation(
    name: str, named: Mapping[str, object], result: TensorLike, before: Sequence[TensorLike] = ()
) -> Call:
    """The call that an operation is, of one of the tensors that it gives.

    Args:
        name: The operation's, without its namespace.
        named: Its arguments by the names of its schema.
        result: The tensor.
        before: Those that it gives before that one.
    """
    named = {ARGUMENTS.get(word, word): one for word, one in named.items()}
    rule = FORMS.get(name)
    plain = plain_name(name)
    if rule is not None:
        plain, named = rule(named)
    return Call(plain, (), named, result, before)


def renamed(operation: Callable[..., object], words: Sequence[str]) -> Callable[..., object]:
    """An operation that takes its arguments by the names that they have in a call.

    Args:
        operation: Takes them by the names of its schema.
        words: Those that it was given.
    """

    def function(**named: object) -> object:
        return operation(**{word: named[ARGUMENTS.get(word, word)] for word in words})

    return function


def weighted_layer_of(call: Call) -> Layer | None:
    """The fully connected layer that a product is, if its second factor is a weight."""
    weight = call.named.get("mat2", call.named.get("other"))
    if call.name not in ("mm", "addmm", "matmul") or not is_array(weight):
        return None
    return Linear(weight.shape[-1], call.name == "addmm") if weight.dim() == 2 else None


def _array(named: Named, name: str) -> TensorLike:
    """The tensor that an argument is."""
    value = named[name]
    if not is_array(value):
        raise TypeError(f"{name} is no tensor")
    return value


def _convolution(named: Named) -> tuple[str, Named]:
    """The one operation that all convolutions come to."""
    axes = _array(named, "weight").dim() - 2
    kind = "conv_transpose" if named.get("transposed") else "conv"
    return f"{kind}{axes}d", named


def _batch_norm(named: Named) -> tuple[str, Named]:
    return "batch_norm", {**named, "training": False}


def _group_norm(named: Named) -> tuple[str, Named]:
    return "group_norm", {**named, "num_groups": named["group"]}


def _resized(mode: str) -> Callable[[Named], tuple[str, Named]]:
    def write(named: Named) -> tuple[str, Named]:
        size = named.get("output_size")
        return "interpolate", {**named, "size": size or None, "mode": mode}

    return write


def _sliced(named: Named) -> tuple[str, Named]:
    """Some of the elements of an axis, as an index has them."""
    part = slice(named.get("start"), named.get("end"), named.get("step", 1))
    dim = named.get("dim", 0)
    if not isinstance(dim, int):
        raise TypeError("the axis of a slice is no number")
    dim %= _array(named, "input").dim()
    if dim == 0:
        return "getitem", {**named, "index": (part,)}
    return "getitem", {**named, "index": (*(slice(None),) * dim, part)}


def _embedding(named: Named) -> tuple[str, Named]:
    """A row of a table for each index; torch's function has the indices first."""
    return "embedding", {**named, "input": named["indices"]}


def _pixels(name: str, factor: str) -> Callable[[Named], tuple[str, Named]]:
    return lambda named: (name, {**named, "factor": named[factor]})


def _renamed(name: str) -> Callable[[Named], tuple[str, Named]]:
    return lambda named: (name, named)


ARGUMENTS = {"self": "input"}
"""Arguments that torch's functions call otherwise."""

FORMS: Mapping[str, Callable[[Named], tuple[str, Named]]] = {
    "convolution": _convolution,
    "_convolution": _convolution,
    "_native_batch_norm_legit_no_training": _batch_norm,
    "native_layer_norm": _renamed("layer_norm"),
    "native_group_norm": _group_norm,
    "max_pool2d_with_indices": _renamed("max_pool2d"),
    "max_pool3d_with_indices": _renamed("max_pool3d"),
    "upsample_nearest1d": _resized("nearest"),
    "upsample_nearest2d": _resized("nearest"),
    "upsample_nearest3d": _resized("nearest"),
    "upsample_linear1d": _resized("linear"),
    "upsample_bilinear2d": _resized("bilinear"),
    "upsample_trilinear3d": _resized("trilinear"),
    "constant_pad_nd": _renamed("pad"),
    "embedding": _embedding,
    "slice": _sliced,
    "split_with_sizes": _renamed("split"),
    "pixel_shuffle": _pixels("pixel_shuffle", "upscale_factor"),
    "pixel_unshuffle": _pixels("pixel_unshuffle", "downscale_factor"),
    "_softmax": _renamed("softmax"),
    "_log_softmax": _renamed("log_softmax"),
    "special_expit": _renamed("sigmoid"),
}
"""Operations that torch's functions call otherwise, or with other arguments."""
