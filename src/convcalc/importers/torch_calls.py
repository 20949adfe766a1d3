"""Calls of torch's functions: their arguments by name, and the shapes of what they give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.torch_types import Dtype, TensorLike
    from convcalc.layers import Shape

T = TypeVar("T")

PASSED = {
    *("contiguous", "detach", "clone", "to", "float", "half", "double", "type", "type_as"),
    *("alias", "data", "requires_grad", "cpu", "positive"),
}
"""Calls that give the elements that they were given: no nodes of their own."""


class Call(NamedTuple):
    """A function that a model calls.

    Attributes:
        name: The function's, without the underscores of other ways to write it.
        arguments: Those without names.
        named: Those with names.
        out: The tensor that it gives; of several the one that is asked about.
        before: The tensors that it gives before that one.
        function: What was called, if that is known.
    """

    name: str
    arguments: tuple[object, ...]
    named: Mapping[str, object]
    out: TensorLike
    before: Sequence[TensorLike] = ()
    function: Callable[..., object] | None = None

    def given(self, names: str) -> Given:
        """The arguments by these names, which are in the order of the function's own."""
        return Given({**dict(zip(names.split(), self.arguments, strict=False)), **self.named}, self)


class Given(NamedTuple):
    """The arguments of a call by their names."""

    values: dict[str, object]
    call: Call

    def __call__(self, name: str, default: object = None) -> Any:
        """The value of one, lists as tuples."""
        value = self.values.get(name, default)
        return tuple(value) if isinstance(value, list) else value

    def axes(self, name: str, default: object = None) -> Any:
        """The value of one that may be said per axis, once where all axes have the same."""
        return folded(self(name, default))

    @property
    def input(self) -> Any:
        """The first tensor."""
        return self.call.arguments[0] if self.call.arguments else self.values["input"]


def folded(value: T | tuple[T, ...]) -> T | tuple[T, ...]:
    """A value per axis as one, if all are the same: 3 for (3, 3)."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def axis_of(tensor: TensorLike, dim: int) -> int | None:
    """The axis of a tensor's sample that an axis of the tensor is; None if it is the batch."""
    place = int(dim) % int(tensor.dim())
    if not (tensor.dim() > 1 and tensor.shape[0] == 1):
        return place
    return place - 1 if place else None


def is_array(value: object) -> TypeGuard[TensorLike]:
    """Whether an argument is a tensor, or what stands for one in a saved program."""
    return hasattr(value, "shape") and hasattr(value, "dim")


def dtype_of(tensor: object) -> Dtype:
    """The type of a tensor's elements.

    Raises:
        TypeError: it has none, as what stands for one in a saved program.
    """
    dtype: Dtype | None = getattr(tensor, "dtype", None)
    if dtype is None:
        raise TypeError("the type of the elements is not known")
    return dtype


def sample_shape(tensor: TensorLike) -> Shape:
    """The shape of one sample: without a batch of 1 in front, or all of it where there is none."""
    shape = tuple(map(int, tensor.shape))
    if len(shape) > 1 and shape[0] == 1:
        return shape[1:]
    return shape or (1,)
