"""What ptflops counts: hooks on modules whose very class it knows, and functions it replaces."""

from __future__ import annotations

import contextlib
import functools
import sys
from math import prod
from typing import TYPE_CHECKING, Protocol, SupportsInt

import torch
from torch import nn
from torch.nn import functional

from convcalc.importers.torch_seen_thop import paths, times
from convcalc.network.measured import Amount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from torch import Tensor

    from convcalc.importers.figures import Seen
    from convcalc.importers.torch_counting import ProductCounter
    from convcalc.importers.torch_seen_thop import Given, Rule

BIAS = "the bias counted as MACs"
ELEMENT = "1 per element"
TWICE = "functions that it replaces, beside hooks on modules that call them"


def _conv(
    module: nn.Conv2d, given: Given, out: Tensor, *, transposed: bool = False
) -> Iterator[Amount]:
    """`conv_flops_counter_hook`."""
    positions = given[0].shape[2:] if transposed else out.shape[2:]
    each = prod(module.kernel_size) * module.in_channels * (module.out_channels // module.groups)
    yield Amount(each * given[0].shape[0] * prod(positions))
    if module.bias is not None:
        yield Amount(given[0].shape[0] * prod(out.shape[1:]), BIAS)


def _transposed(module: nn.Conv2d, given: Given, out: Tensor) -> Iterator[Amount]:
    return _conv(module, given, out, transposed=True)


def _linear(module: nn.Linear, given: Given, out: Tensor) -> Iterator[Amount]:
    """`linear_flops_counter_hook`."""
    rows, size = prod(given[0].shape[:-1]), out.shape[-1]
    yield Amount(rows * given[0].shape[-1] * size)
    yield Amount(rows * size if module.bias is not None else 0, BIAS)


def _inputs(_module: nn.Module, given: Given, _out: Tensor) -> Iterator[Amount]:
    yield Amount(given[0].numel(), "1 per input element")


def _outputs(_module: nn.Module, _given: Given, out: Tensor) -> Iterator[Amount]:
    yield Amount(out.numel(), ELEMENT)


def _upsampled(_module: nn.Module, _given: Given, out: Tensor) -> Iterator[Amount]:
    """`upsample_flops_counter_hook`, of the first sample, whose first axis is the channels."""
    yield Amount(out[0].numel(), "1 per output element")


def _norm(module: nn.Module, given: Given, _out: Tensor) -> Iterator[Amount]:
    """`bn_flops_counter_hook`."""
    affine = bool(getattr(module, "affine", False))
    yield Amount(given[0].numel() * (2 if affine else 1), f"{2 if affine else 1} per element")


def _recurrent(module: nn.RNNBase, given: Given, _out: Tensor) -> Iterator[Amount]:
    """`rnn_flops_counter_hook`, for both directions what the first one has."""
    steps = given[0].shape[0] * given[0].shape[1] * (2 if module.bidirectional else 1)
    for layer in range(module.num_layers):
        yield from _step_of(module, f"_l{layer}", steps)


def _step(module: nn.RNNCellBase, given: Given, _out: Tensor) -> Iterator[Amount]:
    return _step_of(module, "", given[0].shape[0])


def _step_of(module: nn.RNNBase | nn.RNNCellBase, end: str, steps: int) -> Iterator[Amount]:
    """`rnn_flops`."""
    weights = getattr(module, f"weight_ih{end}"), getattr(module, f"weight_hh{end}")
    each = 10 if "LSTM" in type(module).__name__ else 7 if "GRU" in type(module).__name__ else 1
    yield Amount(steps * sum(weight.shape[0] * weight.shape[1] for weight in weights))
    yield Amount(steps * each * module.hidden_size, f"{each} per element of the state")
    if module.bias:
        biases = getattr(module, f"bias_ih{end}"), getattr(module, f"bias_hh{end}")
        yield Amount(steps * sum(one.shape[0] for one in biases), BIAS)


def _attention(module: nn.MultiheadAttention, given: Given, _out: Tensor) -> Iterator[Amount]:
    """`multihead_attention_counter_hook`."""
    query, _key, _value = given
    batch, place = (query.shape[0], 1) if module.batch_first else (query.shape[1], 0)
    lengths = [one.shape[place] for one in given]
    sizes = [one.shape[2] for one in given]
    heads = module.num_heads
    per_head = sizes[0] // heads + sizes[2] // heads
    products = sum(length * size**2 for length, size in zip(lengths, sizes, strict=True))
    products += heads * lengths[0] * lengths[1] * per_head + lengths[0] * sizes[2] ** 2
    biases = lengths[0] * sizes[2]
    if module.in_proj_bias is not None:
        biases += sum(lengths) * sizes[0]
    yield Amount(batch * products)
    yield Amount(batch * biases, BIAS)
    yield Amount(batch * lengths[0] * sizes[0], "1 per element for the scale")
    yield Amount(batch * heads * lengths[0] * lengths[1], "1 per score")


class _TimmAttention(Protocol):
    """The attention of timm's vision transformers."""

    num_heads: int
    head_dim: int


def _timm_attention(module: _TimmAttention, given: Given, _out: Tensor) -> Iterator[Amount]:
    """`timm_attention_counter_hook`; the linear layers inside are then not summed up."""
    batch, steps, _ = given[0].shape
    heads, size = module.num_heads, module.head_dim
    yield Amount(batch * heads * 2 * steps * steps * size)
    yield Amount(batch * heads * steps * size, "1 per element for the scale")
    yield Amount(batch * heads * steps * steps, "1 per score")


KNOWN: Mapping[type[nn.Module], Rule] = {
    **dict.fromkeys((nn.Conv1d, nn.Conv2d, nn.Conv3d), _conv),
    **dict.fromkeys((nn.ReLU, nn.PReLU, nn.ELU, nn.LeakyReLU, nn.ReLU6, nn.GELU), _outputs),
    **dict.fromkeys((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), _inputs),
    **dict.fromkeys((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), _inputs),
    **dict.fromkeys((nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d), _inputs),
    **dict.fromkeys((nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), _inputs),
    **dict.fromkeys((nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d), _norm),
    **dict.fromkeys((nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d), _norm),
    **dict.fromkeys((nn.GroupNorm, nn.LayerNorm), _norm),
    nn.Linear: _linear,
    nn.Upsample: _upsampled,
    **dict.fromkeys((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), _transposed),
    **dict.fromkeys((nn.RNN, nn.GRU, nn.LSTM), _recurrent),
    **dict.fromkeys((nn.RNNCell, nn.GRUCell, nn.LSTMCell), _step),
    nn.MultiheadAttention: _attention,
}
"""`ptflops.pytorch_ops.MODULES_MAPPING`."""


def _known() -> Mapping[type[nn.Module], Rule]:
    """The classes that are known, with that of timm where it is loaded."""
    transformer = sys.modules.get("timm.models.vision_transformer")
    own = getattr(transformer, "Attention", None)
    return KNOWN if own is None else {**KNOWN, own: _timm_attention}


def rules(model: nn.Module) -> Mapping[int, Rule]:
    """The rule of each module whose class is known, as often as it counts.

    The sum of such a module stands for all that is inside it, and is taken once by each parent
    (`accumulate_flops`).
    """
    known = _known()
    taken = paths(model, stops=lambda module: type(module) in known)
    if type(model) in known:
        taken.clear()
        taken[id(model)] = 1
    return {
        id(module): times(known[type(module)], taken[id(module)])
        for module in model.modules()
        if type(module) in known and taken[id(module)]
    }


def _numel(x: Tensor, *_args: object, **_kwargs: object) -> int:
    return int(x.numel())


def _interpolated(*args: object, **kwargs: object) -> int:
    """`_interpolate_functional_flops_hook`."""
    x = args[0] if args else kwargs["input"]
    size = args[1] if len(args) > 1 else kwargs.get("size")
    if not torch.is_tensor(x) or x.dim() <= 2:
        raise ValueError("no axes")
    axes = x.dim() - 2
    if size is not None:
        if not isinstance(size, tuple | list | SupportsInt):
            raise TypeError("no size")
        positions = prod(size) if isinstance(size, tuple | list) else int(size) ** axes
        return int(positions * prod(x.shape[:2]))
    factor = args[2] if len(args) > 2 else kwargs["scale_factor"]
    if isinstance(factor, tuple) and len(factor) == axes:
        return int(x.numel()) * int(prod(factor))
    if not isinstance(factor, int | float):
        raise TypeError("no factor")
    return int(x.numel() * factor**axes)


def _matmul(one: Tensor, other: Tensor, *_args: object, **_kwargs: object) -> int:
    return int(prod(one.shape) * other.shape[-1])


def _addmm(
    added: Tensor,
    one: Tensor,
    other: Tensor,
    *,
    beta: float = 1,
    **_kwargs: object,
) -> int:
    return int(prod(one.shape) * other.shape[-1] + (prod(added.shape) if beta != 0 else 0))


def _elementwise(one: object, other: object, *_args: object, **_kwargs: object) -> int:
    """`_elementwise_tensor_flops_hook`, which lines shapes up at their first axes."""
    if not torch.is_tensor(one):
        return int(prod(other.shape)) if torch.is_tensor(other) else 1
    if not torch.is_tensor(other):
        return int(prod(one.shape))
    axes = max(one.dim(), other.dim())
    sizes = [(*shape, *(1,) * (axes - len(shape))) for shape in (one.shape, other.shape)]
    return int(prod(max(pair) for pair in zip(*sizes, strict=True)))


REPLACED: tuple[tuple[ModuleType | type[Tensor], str, Callable[..., int]], ...] = (
    *((functional, name, _numel) for name in ("relu", "prelu", "elu", "relu6", "gelu", "silu")),
    *((functional, f"{kind}_pool{n}d", _numel) for kind in ("avg", "max") for n in (1, 2, 3)),
    *(
        (functional, f"adaptive_{kind}_pool{n}d", _numel)
        for kind in ("avg", "max")
        for n in (1, 2, 3)
    ),
    (functional, "softmax", _numel),
    (functional, "upsample", _interpolated),
    (functional, "interpolate", _interpolated),
    *((owner, name, _matmul) for owner in (torch, torch.Tensor) for name in ("matmul", "mm")),
    *((owner, "bmm", _matmul) for owner in (torch, torch.Tensor)),
    *((torch, name, _addmm) for name in ("addmm", "baddbmm")),
    (torch.Tensor, "addmm", _addmm),
    *((owner, name, _elementwise) for owner in (torch, torch.Tensor) for name in ("mul", "add")),
)
"""`patch_functional` and `patch_tensor_ops`: what is replaced while the model runs, by what."""

PRODUCTS = (_matmul, _addmm)


@contextlib.contextmanager
def patched(seen: Seen, counter: ProductCounter) -> Iterator[None]:
    """Replaces the functions that ptflops replaces, as it does: by their names in their places.

    Who has taken one under another name before calls it unnoticed, here as there.
    """
    before = [(owner, name, vars(owner).get(name)) for owner, name, _ in REPLACED]
    try:
        for owner, name, rule in REPLACED:
            setattr(owner, name, _wrapped(getattr(owner, name), rule, seen, counter))
        yield
    finally:
        for owner, name, own in before:
            if own is None:
                delattr(owner, name)  # inherited again
            else:
                setattr(owner, name, own)


def _wrapped(
    function: Callable[..., object], rule: Callable[..., int], seen: Seen, counter: ProductCounter
) -> Callable[..., object]:
    """The function, counted; once, though modes that hear of the call make it again.

    An operator, as in x + y, is told to modes as the function of its name, and was not called by
    it. What operations on the device "meta" call themselves is computed in C++ elsewhere.
    """
    at_work = False

    @functools.wraps(function)
    def called(*args: object, **kwargs: object) -> object:
        nonlocal at_work
        if at_work or counter.inside or seen.hearing is function:
            return function(*args, **kwargs)
        since, at_work = len(seen.nodes), True
        try:
            with torch._C.DisableTorchFunction():
                amount = _amount(rule, args, kwargs)
            out = function(*args, **kwargs)
        finally:
            at_work = False
        seen.add("ptflops", since, lambda: amount)
        return out

    return called


def _amount(
    rule: Callable[..., int], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> list[Amount] | None:
    try:
        return [Amount(rule(*args, **kwargs), "" if rule in PRODUCTS else TWICE)]
    except Exception:
        return None  # ptflops itself ends here
