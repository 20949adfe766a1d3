"""Calls that are no layer of ours, or more than one: computed by the function that was called.

It is called on each sample by itself, as it was when the model was followed, with constants that
are made again (`torch_tape.py`). What a network says of such a call stays as it is.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import torch

from convcalc.errors import UsageError, printable
from convcalc.importers.torch_calls import dtype_of
from convcalc.importers.torch_tape import with_tensors
from convcalc.importers.torch_tracing import tensors_in
from convcalc.importers.whole_operation import CONSTANT, Operation
from convcalc.layers import Costs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np

    from convcalc.importers.torch_calls import Call
    from convcalc.importers.torch_tape import Recipe, Tape
    from convcalc.layers import Shape

RANDOM = {
    *("dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d"),
    *("bernoulli", "rand_like", "randn_like", "randint_like", "multinomial", "normal", "rrelu"),
}
"""Functions whose results nobody can compute again."""


def computed(
    call: Call, nodes: Mapping[int, int], out: Shape, costs: Costs, tape: Tape
) -> tuple[Operation, tuple[int, ...]] | None:
    """The operation that a call is, and the nodes that it reads; None where it cannot be made.

    Args:
        call: The call.
        nodes: The node of each tensor that it reads, by the tensor's id.
        out: The shape of one sample of its result.
        costs: The arithmetic of one sample.
        tape: How constants are made.
    """
    given = {id(one): one for one in tensors_in((call.arguments, call.named))}
    if call.function is None or call.name in RANDOM or 0 in out:
        return None
    if any(dtype_of(one).is_complex for one in (*given.values(), call.out)):
        return None  # arrays of ours have no such elements
    live = [tensor for key, tensor in given.items() if key in nodes]
    if not live:
        return None
    recipe = tape.recipe([tensor for key, tensor in given.items() if key not in nodes])
    function = _of_samples(_called(call), live, recipe)
    layer = _operation(call.name, out, costs, function, recipe)
    return layer, tuple(nodes[id(tensor)] for tensor in live)


def constant(tensor: torch.Tensor, out: Shape, tape: Tape) -> Operation:
    """A tensor that is made of parameters and buffers alone, the same for each sample."""
    recipe = tape.recipe([tensor])
    function = _of_samples(lambda values: values[id(tensor)], [], recipe)
    return _operation(CONSTANT, out, Costs(), function, recipe)


def _operation(
    name: str, out: Shape, costs: Costs, function: Callable[..., object], recipe: Recipe
) -> Operation:
    shapes = {leaf: tuple(map(int, one.shape)) or (1,) for leaf, one in recipe.leaves.items()}
    return Operation(name, out, costs, function, buffers=shapes)


def _called(call: Call) -> Callable[[Mapping[int, torch.Tensor]], torch.Tensor]:
    """What gives the result of a call from the values of the tensors that it was given."""
    written = any(call.out is one for one in tensors_in((call.arguments, call.named)))

    def function(values: Mapping[int, torch.Tensor]) -> torch.Tensor:
        assert call.function is not None
        if written:
            values = {key: one.clone() for key, one in values.items()}
        arguments, named = with_tensors(call.arguments, call.named, values)
        results = list(tensors_in(call.function(*arguments, **named)))
        result = values[id(call.out)] if written else results[len(call.before)]
        if result.dtype.is_complex:
            raise ValueError("its result is complex")
        return result

    return function


def _of_samples(
    function: Callable[[Mapping[int, torch.Tensor]], torch.Tensor],
    live: Sequence[torch.Tensor],
    recipe: Recipe,
) -> Callable[..., object]:
    """What computes the results of all samples, from arrays of numpy or of torch."""

    def compute(
        ops: object,  # noqa: ARG001 - as all operations
        arrays: Sequence[np.ndarray | torch.Tensor],
        weights: Mapping[str, np.ndarray | torch.Tensor],
    ) -> np.ndarray | torch.Tensor:
        first, number = arrays[0], arrays[0].shape[0]
        given = [_tensor(array) for array in arrays[: len(live)]]
        dtype = _tensor(first[:0]).dtype
        leaves = {
            name: _as_traced(_tensor(weights[name]), leaf, dtype)
            for name, leaf in recipe.leaves.items()
        }
        before = torch.get_default_dtype()
        torch.set_default_dtype(dtype)
        try:
            made = [_floating(one, dtype) for one in recipe.values(leaves)]
            fixed = {id(t): one for t, one in zip(recipe.tensors, made, strict=True)}
            results = [
                function({**fixed, **_sample(live, given, place, dtype)}).reshape(-1).to(dtype)
                for place in range(number if live else 1)
            ]
            if len(results) > 1 and any(map(_is_batched, live)):
                both = {**fixed, **_two_samples(live, given, dtype)}
                _check_apart(function, both, torch.stack(results[:2]))
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            told = printable(str(error).strip().partition("\n")[0], 160)
            raise UsageError(f"torch does not compute it on these values: {told}") from None
        finally:
            torch.set_default_dtype(before)
        found = torch.stack(results if live else results * number)
        return found.to(first.device) if isinstance(first, torch.Tensor) else found.numpy()

    return compute


def _sample(
    live: Iterable[torch.Tensor], given: Sequence[torch.Tensor], place: int, dtype: torch.dtype
) -> dict[int, torch.Tensor]:
    """The tensors of one sample, as the model had them."""
    pairs = zip(live, given, strict=True)
    return {id(tensor): _as_traced(array[place], tensor, dtype) for tensor, array in pairs}


def _two_samples(
    live: Iterable[torch.Tensor], given: Sequence[torch.Tensor], dtype: torch.dtype
) -> dict[int, torch.Tensor]:
    """The tensors of the first two samples, side by side where the first axis is the batch."""
    found = {}
    for tensor, array in zip(live, given, strict=True):
        one, other = (_as_traced(array[place], tensor, dtype) for place in (0, 1))
        found[id(tensor)] = torch.cat([one, other]) if _is_batched(tensor) else one
    return found


def _is_batched(tensor: torch.Tensor) -> bool:
    """Whether the first axis is the batch; else all axes are of one sample, as of windows."""
    return tensor.dim() > 1 and tensor.shape[0] == 1


def _check_apart(
    function: Callable[[Mapping[int, torch.Tensor]], torch.Tensor],
    both: Mapping[int, torch.Tensor],
    apart: torch.Tensor,
) -> None:
    """Refuses a call that mixes the samples of a batch; one that takes no two says nothing.

    Raises:
        UsageError: two samples together give other values than each by itself.
    """
    try:
        together = function(both).to(apart.dtype)
    except (RuntimeError, ValueError, IndexError, TypeError):
        return  # a size of one sample is among its arguments
    if together.numel() == apart.numel():
        together = together.reshape(apart.shape)
    elif together.numel() == apart[0].numel():
        together = together.reshape(1, -1).expand(apart.shape)
    if together.shape != apart.shape or not torch.allclose(
        together, apart, rtol=1e-3, atol=1e-5, equal_nan=True
    ):
        raise UsageError("a call of the model mixes the samples of a batch; run one at a time")


def _as_traced(values: torch.Tensor, tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Values in the shape of a tensor; whole numbers and truths in its dtype."""
    if prod(values.shape) != tensor.numel():
        raise ValueError("an array has another size than when the model was followed")
    own = dtype if tensor.dtype.is_floating_point else tensor.dtype
    return values.reshape(tensor.shape).to(own)


def _floating(values: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return values.to(dtype) if values.dtype.is_floating_point else values


def _tensor(array: np.ndarray | torch.Tensor) -> torch.Tensor:
    if isinstance(array, torch.Tensor):
        return array.detach().cpu()
    return torch.from_numpy(array.copy())
