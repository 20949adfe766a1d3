"""Multiply-accumulates of torch's own operations, counted while they are run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

if TYPE_CHECKING:
    from collections.abc import Mapping


def _matrix_vector(matrix: Any, *more: Any, **named: Any) -> int:  # noqa: ARG001 - called as all are
    """Twice the elements of the first factor, each of which is multiplied once."""
    return 2 * int(matrix.numel())


def _added_matrix_vector(added: Any, matrix: Any, *more: Any, **named: Any) -> int:  # noqa: ARG001
    return 2 * int(matrix.numel())


def _trilinear(one: Any, matrix: Any, other: Any, *more: Any, **named: Any) -> int:  # noqa: ARG001
    """Two products for each pair of features of each row: nn.Bilinear counts one of them."""
    return 2 * int(one.numel()) // int(one.shape[-1]) * int(matrix.numel())


FLOPS: Mapping[Any, Any] = {
    **flop_registry,
    torch.ops.aten.mv: _matrix_vector,
    torch.ops.aten.dot: _matrix_vector,
    torch.ops.aten.vdot: _matrix_vector,
    torch.ops.aten.addmv: _added_matrix_vector,
    torch.ops.aten._trilinear: _trilinear,
}
"""FLOPs of each operation that multiplies and adds up, two for each multiply-accumulate.

Those of torch.utils.flop_counter, and products of a vector, which it leaves out.
"""


def macs_of(func: Any, args: Any, kwargs: Any, out: Any) -> int:
    """The multiply-accumulates of one operation of torch; 0 where it has no products."""
    rule = FLOPS.get(getattr(func, "_overloadpacket", None))
    return 0 if rule is None else int(rule(*args, **kwargs, out_val=out)) // 2


class ProductCounter(TorchDispatchMode):
    """Adds up the multiply-accumulates of all that runs inside."""

    def __init__(self) -> None:
        super().__init__()
        self.macs = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        rule = FLOPS.get(getattr(func, "_overloadpacket", None))
        if (
            rule is None
            and func is not torch.ops.prim.device.default
            and hasattr(func, "decompose")
        ):
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        out = func(*args, **kwargs)
        self.macs += macs_of(func, args, kwargs, out)
        return out
