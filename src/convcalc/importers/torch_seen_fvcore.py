"""What fvcore counts: the operators that a trace of the model shows."""

from __future__ import annotations

import math
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import torch

from convcalc.network.measured import Amount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

WORD = "padding given as a word: left out"


class Heard(NamedTuple):
    """A call of one of torch's functions.

    Attributes:
        name: The function's.
        args, kwargs: Its arguments.
        out: What it gave.
        macs: The multiply-accumulates under it.
        by_name: Those of each operator, of a call that comes to several.
    """

    name: str
    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    out: object
    macs: int
    by_name: Mapping[str, int]

    def __call__(self, place: int, name: str, default: object = None) -> object:
        """An argument by its place and name."""
        return self.args[place] if len(self.args) > place else self.kwargs.get(name, default)

    def tensor(self, place: int, name: str) -> torch.Tensor:
        """An argument that has to be a tensor."""
        return _tensor(self(place, name))


def _tensor(value: object) -> torch.Tensor:
    if not isinstance(value, torch.Tensor):
        raise TypeError("the tool asks for a tensor")
    return value


def amounts(call: Heard) -> Iterator[Amount]:
    """The amounts of a call; an operator without a handle counts nothing."""
    rule = RULES.get(call.name)
    return rule(call) if rule else iter(())


def _products(call: Heard) -> Iterator[Amount]:
    yield Amount(call.macs)


def _conv(call: Heard) -> Iterator[Amount]:
    """`conv_flop_jit`; there is no handle for what a word as padding becomes."""
    if not isinstance(call(4, "padding"), str):
        yield Amount(call.macs)


def _matmul(call: Heard) -> Iterator[Amount]:
    """`matmul_flop_jit`, which takes the last axis but one of the second factor."""
    one, other = call.tensor(0, "input"), call.tensor(1, "other")
    if one.shape[-1] != other.shape[-2]:
        raise ValueError("input_shapes")
    yield Amount(prod(one.shape) * other.shape[-1])


def _reversed(call: Heard) -> Iterator[Amount]:
    return _matmul(call._replace(args=(call.args[1], call.args[0])))


def _einsum(call: Heard) -> Iterator[Amount]:
    """`einsum_flop_jit`: numpy's figure of the best order, which has four digits."""
    written, *given = call.args
    listed = given[0] if len(given) == 1 else None
    factors = list(map(_tensor, listed if isinstance(listed, list | tuple) else given))
    if not isinstance(written, str):
        raise TypeError("the tool asks for an equation")
    equation = written.replace(" ", "")
    letters = dict.fromkeys(letter for letter in equation if letter.isalpha())
    plain = equation.translate({ord(one): 97 + place for place, one in enumerate(letters)})
    if plain == "abc,abd->acd":
        yield Amount(factors[0].numel() * factors[-1].shape[-1])
    elif plain == "abc,adc->adb":
        yield Amount(factors[0].numel() * factors[-1].shape[1])
    else:
        yield Amount(_best_order(plain, [tuple(one.shape) for one in factors]))


def _best_order(equation: str, shapes: list[tuple[int, ...]]) -> int:
    """Half of numpy's figure for two factors: all letters once, twice where one is summed.

    numpy prints it with four digits (`numpy.einsum_path`), and the tool reads what is printed.
    """
    given, arrow, kept = equation.partition("->")
    if len(shapes) > 2 or not arrow or "." in equation:
        raise NotImplementedError
    letters = zip(
        "".join(given.split(",")), (size for shape in shapes for size in shape), strict=True
    )
    sizes = dict(letters)
    steps = prod(sizes.values()) * (2 if set(sizes) - set(kept) else 1)
    return math.floor(float(f"{steps:.3e}") / 2)


def _attention(call: Heard) -> Iterator[Amount]:
    """Linear layers; scores and means where they are written out, and without a mask."""
    macs = {name: one for name, one in call.by_name.items() if name in ("addmm", "mm")}
    if call(17, "need_weights", True):
        macs["bmm"] = call.by_name.get("bmm", 0)
    yield Amount(sum(macs.values()))


def _norm(place: int) -> Callable[[Heard], Iterator[Amount]]:
    """`norm_flop_counter`: "5 is just a rough estimate"."""

    def rule(call: Heard) -> Iterator[Amount]:
        x, affine = call.tensor(0, "input"), call(place, "weight") is not None
        if not 2 <= x.dim() <= 5:
            raise ValueError("an axis too many")
        text = "5 per element" if affine else "4 per element, without weights"
        yield Amount(x.numel() * (5 if affine else 4), text)

    return rule


def _batch_norm(call: Heard) -> Iterator[Amount]:
    """`batchnorm_flop_jit`."""
    if call(5, "training", False):
        yield from _norm(3)(call)
        return
    affine = call(3, "weight") is not None
    text = "2 per element" if affine else "1 per element, without weights"
    yield Amount(call.tensor(0, "input").numel() * (2 if affine else 1), text)


def _adaptive(call: Heard) -> Iterator[Amount]:
    yield Amount(call.tensor(0, "input").numel(), "1 per input element")


def _resized(call: Heard) -> Iterator[Amount]:
    """`upsample_nearest2d` and `upsample_bilinear2d`; "area" is an adaptive mean."""
    x, mode = call.tensor(0, "input"), call(3, "mode", "nearest")
    if x.dim() != 4 or call(6, "antialias", False):
        return
    if mode == "nearest":
        yield Amount(_tensor(call.out).numel(), "1 per output element")
    elif mode == "bilinear":
        yield Amount(4 * _tensor(call.out).numel(), "4 per output element")
    elif mode == "area":
        yield from _adaptive(call)


def _looked_up(call: Heard) -> Iterator[Amount]:
    yield Amount(4 * _tensor(call.out).numel(), "4 per output element")


WITHOUT_PRODUCTS: Mapping[str, Callable[[Heard], Iterator[Amount]]] = {
    "batch_norm": _batch_norm,
    "group_norm": _norm(2),
    "layer_norm": _norm(2),
    "instance_norm": _norm(3),
    "adaptive_avg_pool2d": _adaptive,
    "interpolate": _resized,
    "upsample": _resized,
    "grid_sample": _looked_up,
    "grid_sampler": _looked_up,
}

RULES: Mapping[str, Callable[[Heard], Iterator[Amount]]] = {
    **WITHOUT_PRODUCTS,
    **dict.fromkeys((f"conv{axes}d" for axes in (1, 2, 3)), _conv),
    **dict.fromkeys((f"conv_transpose{axes}d" for axes in (1, 2, 3)), _products),
    **dict.fromkeys(("convolution", "_convolution", "linear", "addmm", "mm", "bmm"), _products),
    "matmul": _matmul,
    "rmatmul": _reversed,
    "einsum": _einsum,
    "multi_head_attention_forward": _attention,
}
"""fvcore/nn/flop_count.py, `_DEFAULT_SUPPORTED_OPS`, by the functions that become them."""
