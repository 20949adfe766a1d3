"""What comes out of the most frequent operations on the device "meta", from shapes alone.

torch computes these shapes in Python, by code that first loads its compiler (about a second), and
takes most of the time of a run. Here they are answered where all is as usual: dense tensors of one
dtype that fit. Everything else, errors too, is left to torch.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor
    from torch._ops import OperatorBase

aten = torch.ops.aten
Rule: TypeAlias = "Callable[..., Tensor | tuple[Tensor, ...] | None]"
"""What comes out of a call with such arguments; None where torch has to be asked."""


def answered(
    func: OperatorBase, args: Sequence[object], kwargs: Mapping[str, object]
) -> Tensor | tuple[Tensor, ...] | None:
    """What an operation gives; None where torch has to be asked."""
    rule = RULES.get(func)
    if rule is None:
        return None
    first = args[0][0] if isinstance(args[0], list | tuple) and args[0] else args[0]
    if not _is_usual(first):
        return None
    try:
        return rule(*args, **kwargs)
    except (TypeError, ValueError, IndexError):
        return None


def _is_usual(x: object) -> TypeGuard[Tensor]:
    return isinstance(x, torch.Tensor) and x.is_meta and x.is_contiguous()


def _alike(x: Tensor, other: object) -> TypeGuard[Tensor]:
    """Whether another tensor is as usual, and of the same dtype."""
    return _is_usual(other) and other.dtype == x.dtype


def _same(x: Tensor, *more: object) -> Tensor | None:
    """One operation on each element."""
    del more
    return x.new_empty(x.shape) if x.is_floating_point() else None


def _written(x: Tensor, *more: object) -> Tensor:
    """One operation on each element, in place."""
    del more
    return x


def _both(x: Tensor, other: object, *, alpha: float = 1) -> Tensor | None:
    """One operation on each pair of elements; axes of one element are repeated."""
    del alpha
    if not isinstance(other, torch.Tensor):
        floats = x.is_floating_point() and isinstance(other, int | float)
        return x.new_empty(x.shape) if floats else None
    if not _alike(x, other):
        return None
    size = max(x.dim(), other.dim())
    pairs = zip(_padded(x.shape, size), _padded(other.shape, size), strict=True)
    shape = [
        one if other in (one, 1) else other
        for one, other in pairs
        if 1 in (one, other) or one == other
    ]
    return x.new_empty(shape) if len(shape) == size else None


def _padded(shape: Sequence[int], size: int) -> list[int]:
    return [1] * (size - len(shape)) + list(shape)


def _both_in_place(x: Tensor, other: object, *, alpha: float = 1) -> Tensor | None:
    found = _both(x, other, alpha=alpha)
    return x if found is not None and found.shape == x.shape else None


def _mm(one: Tensor, other: Tensor) -> Tensor | None:
    """Products of matrices; the second factor is often a view, turned over."""
    fits = other.is_meta and one.dtype == other.dtype and one.dim() == other.dim()
    if not fits or one.shape[-1] != other.shape[-2] or one.shape[:-2] != other.shape[:-2]:
        return None
    return one.new_empty((*one.shape[:-1], other.shape[-1]))


def _addmm(
    added: Tensor, one: Tensor, other: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor | None:
    del beta, alpha
    if not _alike(added, one) or added.dim() != 1 or added.shape[0] != other.shape[-1]:
        return None
    return _mm(one, other)


def _convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor | None:
    """`o = (i + 2p - d(k - 1) - 1) // s + 1` on each axis."""
    del output_padding
    axes = x.dim() - 2
    if transposed or not _alike(x, weight) or weight.dim() != x.dim() or axes < 1:
        return None
    if x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        return None
    if bias is not None and (bias.dtype != x.dtype or bias.shape != weight.shape[:1]):
        return None
    sizes = _windows(x.shape[2:], weight.shape[2:], stride, padding, dilation)
    return None if min(sizes) < 1 else x.new_empty((x.shape[0], weight.shape[0], *sizes))


def _windows(
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> list[int]:
    given = [
        list(one) * (len(sizes) if len(one) == 1 else 1)
        for one in (kernel, stride, padding, dilation)
    ]
    axes = zip(sizes, *given, strict=True)
    return [(size + 2 * p - d * (k - 1) - 1) // s + 1 for size, k, s, p, d in axes]


def _max_pool(
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    ceil_mode: bool = False,
) -> tuple[Tensor, ...] | None:
    if ceil_mode or x.dim() != 4 or any(2 * p > k for p, k in zip(padding, kernel, strict=False)):
        return None
    sizes = _windows(x.shape[2:], kernel, stride or kernel, padding, dilation)
    if min(sizes) < 1:
        return None
    shape = (*x.shape[:2], *sizes)
    return x.new_empty(shape), x.new_empty(shape, dtype=torch.int64)


def _batch_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    var: Tensor | None,
    training: bool,
    *more: object,
) -> tuple[Tensor, ...] | None:
    del more
    held = [one for one in (weight, bias, mean, var) if one is not None]
    if training or mean is None or x.dim() < 2:
        return None
    if not all(_alike(x, one) and one.shape == x.shape[1:2] for one in held):
        return None
    return x.new_empty(x.shape), x.new_empty(0), x.new_empty(0)


def _layer_norm(
    x: Tensor, normalized: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, ...] | None:
    del eps
    size = len(normalized)
    held = [one for one in (weight, bias) if one is not None]
    if list(x.shape[-size:]) != list(normalized) or not all(_alike(x, one) for one in held):
        return None
    if any(list(one.shape) != list(normalized) for one in held):
        return None
    rows = (*x.shape[: x.dim() - size], *(1,) * size)
    return x.new_empty(x.shape), x.new_empty(rows), x.new_empty(rows)


def _mean(
    x: Tensor, dim: Sequence[int] | None, keepdim: bool = False, *, dtype: torch.dtype | None = None
) -> Tensor | None:
    if not dim or dtype not in (None, x.dtype) or not x.is_floating_point():
        return None
    gone = {axis % x.dim() for axis in dim}
    sizes = [1 if axis in gone else size for axis, size in enumerate(x.shape)]
    kept = sizes if keepdim else [size for axis, size in enumerate(sizes) if axis not in gone]
    return x.new_empty(kept)


def _cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor | None:
    first = tensors[0]
    if not all(_alike(first, one) and one.dim() == first.dim() for one in tensors):
        return None
    axis = dim % first.dim()
    rest = {(*one.shape[:axis], *one.shape[axis + 1 :]) for one in tensors}
    if len(rest) > 1:
        return None
    size = sum(one.shape[axis] for one in tensors)
    return first.new_empty((*first.shape[:axis], size, *first.shape[axis + 1 :]))


def _clone(x: Tensor, *, memory_format: torch.memory_format | None = None) -> Tensor | None:
    usual = (None, torch.preserve_format, torch.contiguous_format)
    return x.new_empty(x.shape) if memory_format in usual else None


def _unsafe_view(x: Tensor, size: Sequence[int]) -> Tensor | None:
    return x.new_empty(size) if prod(size) == x.numel() and min(size, default=0) >= 0 else None


RULES: Mapping[OperatorBase, Rule] = {
    **dict.fromkeys((aten.gelu.default, aten.silu.default, aten.relu.default), _same),
    **dict.fromkeys((aten.sigmoid.default, aten.tanh.default, aten.hardswish.default), _same),
    **dict.fromkeys((aten._softmax.default, aten._safe_softmax.default), _same),
    **dict.fromkeys((aten.relu_.default, aten.silu_.default, aten.hardswish_.default), _written),
    **dict.fromkeys((aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.mul.Scalar), _both),
    **dict.fromkeys((aten.add_.Tensor, aten.mul_.Tensor), _both_in_place),
    **dict.fromkeys((aten.mm.default, aten.bmm.default), _mm),
    aten.addmm.default: _addmm,
    aten.convolution.default: _convolution,
    aten.max_pool2d_with_indices.default: _max_pool,
    aten.native_batch_norm.default: _batch_norm,
    aten.native_layer_norm.default: _layer_norm,
    aten.mean.dim: _mean,
    aten.cat.default: _cat,
    aten.clone.default: _clone,
    aten._unsafe_view.default: _unsafe_view,
}
"""The shapes of each operation that was seen often, of those that torch answers in Python."""
