"""Calls that move elements, as layers that can be run: where each element comes from is looked up.

The function itself tells it: it is called once on the numbers of its input's elements.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, ClassVar

import torch

from convcalc.errors import UsageError
from convcalc.importers.torch_calls import dtype_of
from convcalc.importers.torch_steps import IN_ORDER
from convcalc.importers.torch_tracing import tensors_in
from convcalc.layers import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.torch_calls import Call
    from convcalc.layers.operations import A, Operations

MOVES = (IN_ORDER - {"cat"}) | {
    *("permute", "transpose", "t", "T", "mT", "movedim", "roll", "flip", "rot90", "fliplr"),
    *("tile", "repeat_interleave", "unfold", "diagonal", "tensor_split", "hsplit", "vsplit"),
    *("dsplit", "split_with_sizes"),
}
"""Functions of one tensor whose results hold elements of it, and nothing else."""


AMONG_SAMPLES = ("roll", "flip", "rot90")
"""Those that may put elements of one sample into another, as their arguments say."""


class Moved(View):
    """A `view` of which it is known where its elements come from; as a text it is a `view`."""

    computable: ClassVar[bool] = True
    places: Callable[[], Sequence[int]]

    def __init__(self, view: View, places: Callable[[], Sequence[int]]) -> None:
        """Makes it of what it is as a text, and of what gives the place of each element."""
        super().__init__(view.name, view.out)
        object.__setattr__(self, "places", places)

    def __eq__(self, other: object) -> bool:
        """Whether another is the same `view` as a text."""
        return isinstance(other, View) and (self.name, self.out) == (other.name, other.out)

    def __hash__(self) -> int:
        """That of its text."""
        return hash((self.name, self.out))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:  # noqa: ARG002 - as all layers
        """The elements in their places.

        Raises:
            UsageError: its function gives others than those of its input.
        """
        (array,) = arrays
        number, *sizes = array.shape
        flat = array.reshape(number, prod(sizes))
        return ops.take(flat, 1, self.places()).reshape(number, *self.out)


def moved(view: View, call: Call) -> View:
    """A view that can be run, if the function that was called moves elements of one tensor alone.

    Args:
        view: What the call is as a text.
        call: The call.
    """
    given = list(tensors_in((call.arguments, call.named)))
    if call.function is None or call.name not in MOVES or len(given) != 1:
        return view
    if given[0].dtype != dtype_of(call.out) or _has_border(call):
        return view
    shape, device = tuple(given[0].shape), torch.device("cpu")
    arguments, named = _all_replaced(call.arguments, call.named, None)
    function, place = call.function, len(call.before)

    def numbered(samples: int) -> torch.Tensor:
        whole = (samples * shape[0], *shape[1:])
        numbers = torch.arange(1, prod(whole) + 1, dtype=torch.float64, device=device)
        args, kwargs = _all_replaced(arguments, named, numbers.reshape(whole))
        return list(tensors_in(function(*args, **kwargs)))[place].reshape(-1) - 1

    def places() -> Sequence[int]:
        found = numbered(1)
        if found.numel() != prod(view.out) or bool((found < 0).any()):
            raise UsageError(f"{view.spec()} cannot be run: not all elements are of its input")
        if call.name in AMONG_SAMPLES and len(shape) > 1 and shape[0] == 1:
            both = torch.cat([found, found + prod(shape)])
            if not torch.equal(numbered(2), both):
                raise UsageError(f"{view.spec()} cannot be run: it moves samples of a batch")
        return [int(one) for one in found]

    return Moved(view, places)


def _has_border(call: Call) -> bool:
    """Whether patches are taken of an image with zeros around it."""
    padding = call.given("input kernel_size dilation padding")("padding", 0)
    return call.name == "unfold" and padding not in (0, (0, 0))


class _Place:
    """Stands for the tensor among arguments that are kept."""


def _all_replaced(
    arguments: Sequence[object], named: Mapping[str, object], tensor: torch.Tensor | None
) -> tuple[list[object], dict[str, object]]:
    """Arguments with a stand-in for the tensor; or, given one, with it for the stand-in."""
    return (
        [_replaced(one, tensor) for one in arguments],
        {name: _replaced(one, tensor) for name, one in named.items()},
    )


def _replaced(item: object, tensor: torch.Tensor | None) -> object:
    if isinstance(item, torch.Tensor):
        return _Place()
    if isinstance(item, _Place):
        return tensor
    if type(item) is list:
        return [_replaced(one, tensor) for one in item]
    if type(item) is tuple:
        return tuple(_replaced(one, tensor) for one in item)
    if type(item) is dict:
        return {name: _replaced(one, tensor) for name, one in item.items()}
    return item
