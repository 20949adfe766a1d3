"""Multiply-accumulates of torch's own operations, counted while they are run."""

from __future__ import annotations

import functools
from collections import Counter
from math import prod
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from convcalc.importers.torch_shapes import answered
from convcalc.importers.torch_tracing import tensors_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor
    from torch._ops import OperatorBase, OpOverloadPacket

Packet: TypeAlias = "OpOverloadPacket[..., object]"
"""An operation of torch, of whatever types."""

Flops: TypeAlias = "Callable[..., int]"
"""The FLOPs of one call of an operation: of its arguments, with `out_val`, what comes out."""


def _matrix_vector(matrix: Tensor, *_more: object, **_named: object) -> int:
    """Twice the elements of the first factor, each of which is multiplied once."""
    return 2 * int(matrix.numel())


def _added_matrix_vector(_added: Tensor, matrix: Tensor, *_more: object, **_named: object) -> int:
    return 2 * int(matrix.numel())


def _added_products(
    _added: Tensor, one: Tensor, other: Tensor, *_more: object, **_named: object
) -> int:
    """Twice the products of each pair of matrices, which are added up."""
    return 2 * int(one.numel()) * int(other.shape[-1])


def _whole_numbers(one: Tensor, other: Tensor, *_more: object, **_named: object) -> int:
    return 2 * int(one.numel()) * int(other.shape[-1])


def _trilinear(
    one: Tensor, matrix: Tensor, _other: Tensor, *_more: object, **_named: object
) -> int:
    """Two products for each pair of features of each row: nn.Bilinear counts one of them."""
    return 2 * int(one.numel()) // int(one.shape[-1]) * int(matrix.numel())


def _deformed(_x: Tensor, weight: Tensor, *_more: object, out_val: Tensor, **_named: object) -> int:
    """A convolution whose taps are looked up between elements, as any of its kernel."""
    return 2 * int(out_val.numel()) * prod(int(size) for size in weight.shape[1:])


ADDED: Mapping[Packet, Flops] = {
    torch.ops.aten.mv: _matrix_vector,
    torch.ops.aten.dot: _matrix_vector,
    torch.ops.aten.vdot: _matrix_vector,
    torch.ops.aten.addmv: _added_matrix_vector,
    torch.ops.aten.addbmm: _added_products,
    torch.ops.aten._int_mm: _whole_numbers,
    torch.ops.aten._trilinear: _trilinear,
}
"""FLOPs of operations that torch.utils.flop_counter leaves out: products of a vector, sums."""

FLOPS: Mapping[Packet, Flops] = {**flop_registry, **ADDED}
"""FLOPs of each operation that multiplies and adds up, two for each multiply-accumulate."""

BY_NAME: Mapping[str, Flops] = {"torchvision.deform_conv2d": _deformed}
"""FLOPs of operators that exist only where their library is loaded."""

NAMESPACES = ("aten", "prim", "prims", "profiler", "inductor")
"""Where torch's own operators are: others have products or not, and nobody knows."""

UNKNOWN = (
    *("_fft_", "_linalg_", "linalg_", "_cdist", "_pdist", "cholesky", "_sparse_", "lu_"),
    *("triangular_solve", "geqrf", "ormqr", "orgqr", "householder", "_grouped_mm", "conv_tbc"),
    *("_weight_int", "_scaled_grouped", "_native_multi_head", "_transformer_encoder"),
)
"""What operators that multiply by no formula that is known here begin with."""

ELEMENTWISE = ("linalg_vector_norm", "linalg_cross", "linalg_diagonal")
"""Those that begin so, and multiply element by element."""


def packet_of(func: object) -> Packet | None:
    """The operation that an overload belongs to; None where `func` is none."""
    packet: Packet | None = getattr(func, "_overloadpacket", None)
    return packet


@functools.cache
def rule_of(func: Callable[..., object]) -> Flops | None:
    """The formula of an operation; None where it has no products, or none that are known."""
    packet = packet_of(func)
    return None if packet is None else FLOPS.get(packet, BY_NAME.get(str(packet)))


def macs_of(
    func: Callable[..., object],
    args: tuple[object, ...],
    kwargs: dict[str, object],
    out: object,
) -> int:
    """The multiply-accumulates of one operation of torch; 0 where it has no products."""
    rule = rule_of(func)
    return 0 if rule is None else int(rule(*args, **kwargs, out_val=out)) // 2


@functools.cache
def is_unknown(func: OperatorBase) -> bool:
    """Whether an operation may have products, which nobody counts."""
    name = str(getattr(func, "_overloadpacket", func))
    namespace, _, operation = name.rpartition(".")
    maybe = operation.startswith(UNKNOWN) and operation not in ELEMENTWISE
    return bool(namespace) and (namespace not in NAMESPACES or maybe)


BY_VALUES = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape}
"""What torch marks operations with whose numbers or shapes are made of the values of tensors."""


@functools.cache
def _decides(func: object) -> bool:
    return not BY_VALUES.isdisjoint(getattr(func, "tags", ()))


def deciding(func: object, args: tuple[object, ...]) -> list[torch.Tensor]:
    """The tensors whose values decide what leaves an operation, but for its elements."""
    if not _decides(func):
        return []
    packet = packet_of(func)
    if packet is torch.ops.aten.index:
        return [one for one in tensors_in(args[1]) if one.dtype in MASKS]
    if packet is torch.ops.aten.masked_select:
        args = args[1:2]
    return [one for one in args if isinstance(one, torch.Tensor)]


MASKS = (torch.bool, torch.uint8)
"""Dtypes of indices that say which elements are taken, and by that how many."""


class ProductCounter(TorchDispatchMode):
    """Adds up the multiply-accumulates of all that runs inside.

    Attributes:
        macs: All of them.
        added: Those of operations that torch.utils.flop_counter leaves out.
        by_name: Those of each operation.
        unknown: The operations that may have products, and are not among them, in order.
        deciding: The tensors by whose values something was decided since somebody looked.
        inside: Whether an operation is at work, which on "meta" may be written in Python.
        heard: Whether it belongs to a call that modes have heard of.
    """

    def __init__(self) -> None:
        super().__init__()
        self.macs = 0
        self.added = 0
        self.by_name: Counter[str] = Counter()
        self.unknown: list[str] = []
        self.deciding: list[torch.Tensor] = []
        self.inside = False
        self.heard = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: torch would load its compiler, a second's work, to keep it out of this class."""
        return False

    def __torch_dispatch__(
        self,
        func: OperatorBase,
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        kwargs = kwargs or {}
        before, self.inside = self.inside, True
        try:
            return self._counted(func, args, kwargs)
        finally:
            self.inside = before

    def _counted(
        self, func: OperatorBase, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> object:
        rule = rule_of(func)
        self.deciding += deciding(func, args)
        # A call of TorchScript is heard of only when it is made here.
        out = answered(func, args, kwargs) if self.heard else None
        if (
            out is None
            and rule is None
            and func is not torch.ops.prim.device.default
            and hasattr(func, "decompose")
        ):
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        if out is None:
            out = func(*args, **kwargs)
        packet = packet_of(func)
        if packet is not None and rule is not None:
            self._add(packet, int(rule(*args, **kwargs, out_val=out)) // 2)
        elif is_unknown(func):
            self.unknown.append(str(getattr(func, "_overloadpacket", func)))
        return out

    def _add(self, packet: Packet, macs: int) -> None:
        self.macs += macs
        self.by_name[packet.__name__] += macs
        if packet in ADDED or packet not in FLOPS:
            self.added += macs
