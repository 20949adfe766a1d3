"""What the arguments of PyTorch's modules say, each by its name there, in values of a spec.

Every reading takes the value as it was written and the number of spatial axes, or 0 if any fits,
and raises `ValueError` for what is impossible or has no counterpart.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from convcalc.errors import printable
from convcalc.language.pytorch.arithmetic import Word, without_number
from convcalc.language.pytorch.module import Module
from convcalc.language.tree import Axes, Ends, Value

if TYPE_CHECKING:
    from collections.abc import Callable


class NoCounterpartError(ValueError):
    """A value that PyTorch knows and the spec language does not."""


class NoNumberError(ValueError):
    """A word that stands for a number of which the text does not say."""


class Said(NamedTuple):
    """What one argument says: a value for our parameter, or something about the input."""

    value: Value | None = None
    channels: int | None = None
    axes: tuple[int, ...] = ()
    switch: bool | None = None


Reading: TypeAlias = "Callable[[object, int], Said]"
"""From a value and the number of spatial axes to what it says."""


def _whole(value: object, axes: int) -> Said:  # noqa: ARG001 - every reading is told the axes
    """A single whole number."""
    return Said(_integer(value))


def _channels(value: object, axes: int) -> Said:  # noqa: ARG001
    """The channels that arrive; `LayerNorm2d` prints them as (96,)."""
    (one,) = value if isinstance(value, tuple) and len(value) == 1 else (value,)
    return Said(channels=_integer(one))


def _kept(value: object, axes: int) -> Said:  # noqa: ARG001
    """The features that arrive and leave."""
    return Said(_integer(value), channels=_integer(value))


def _normalized(value: object, axes: int) -> Said:  # noqa: ARG001
    """The last axes, which are the channels only where there is no other axis."""
    sizes = value if isinstance(value, tuple) else (value,)
    if len(sizes) != 1:
        raise NoCounterpartError(
            "several axes together have no counterpart here; only the channels can be"
        )
    return Said(channels=_integer(sizes[0]), axes=(0,))


def _per_axis(value: object, axes: int) -> Said:
    """One whole number, or one for each axis."""
    if not isinstance(value, tuple):
        return Said(_integer(value))
    if not 1 <= len(value) <= 3 or (axes and len(value) != axes):
        raise ValueError(f"expected one number or {axes or '1 to 3'}, got {len(value)}")
    return Said(_folded(tuple(_integer(item) for item in value)))


def padding(value: object, axes: int) -> Said:
    """Elements at both ends of each axis, or a word."""
    if isinstance(value, str):
        if value not in ("same", "valid"):
            raise ValueError(f"expected numbers, 'same' or 'valid', got '{printable(value, 60)}'")
        return Said(value)
    return _per_axis(value, axes)


def ends(value: object, axes: int) -> Said:
    """Elements at each end, the last axis first: (left, right, top, bottom); below 0 cut off."""
    if not isinstance(value, tuple):
        return Said(_integer(value))
    if len(value) != 2 * axes:
        raise ValueError(f"expected one number or {2 * axes}, got {len(value)}")
    elements = [_integer(item) for item in value]
    if len(set(elements)) == 1:
        return Said(elements[0])
    pairs = [Ends(*elements[place : place + 2]) for place in range(0, len(elements), 2)]
    return Said(Axes(tuple(reversed(pairs))))


def _factors(value: object, axes: int) -> Said:
    """Whole factors, which PyTorch prints as 2.0."""
    whole = [
        int(item) if isinstance(item, float) and item.is_integer() else item
        for item in (value if isinstance(value, tuple) else (value,))
    ]
    if any(isinstance(item, float) for item in whole):
        raise NoCounterpartError(
            "a factor that is not whole has no counterpart here; give the size instead"
        )
    return _per_axis(tuple(whole) if isinstance(value, tuple) else whole[0], axes)


def _switch(value: object, axes: int) -> Said:  # noqa: ARG001
    """True or False."""
    if not isinstance(value, bool):
        raise ValueError(f"expected True or False, got {printable(repr(value), 60)}")
    return Said(switch=value)


def _border(value: object, axes: int) -> Said:  # noqa: ARG001
    """What the added elements contain."""
    if value not in ("zeros", "reflect", "replicate", "circular"):
        got = printable(repr(value), 60)
        raise ValueError(f"expected 'zeros', 'reflect', 'replicate' or 'circular', got {got}")
    return Said(str(value))


def _function(value: object, axes: int) -> Said:  # noqa: ARG001
    """The function of a recurrent layer's sums."""
    if value not in ("tanh", "relu"):
        raise ValueError(f"expected 'tanh' or 'relu', got {printable(repr(value), 60)}")
    return Said(str(value))


def _approximation(value: object, axes: int) -> Said:  # noqa: ARG001
    """By which function `gelu` is computed."""
    if value not in ("none", "tanh"):
        raise ValueError(f"expected 'none' or 'tanh', got {printable(repr(value), 60)}")
    return Said(str(value))


def _resizing(value: object, axes: int) -> Said:  # noqa: ARG001
    """Nearest, or linear along 1, 2 or 3 axes."""
    linear = {"linear": 1, "bilinear": 2, "trilinear": 3}
    if value == "nearest":
        return Said("nearest")
    if isinstance(value, str) and value in linear:
        return Said("bilinear", axes=(linear[value],))
    got = printable(repr(value), 60)
    raise NoCounterpartError(f"{got} has no counterpart here; 'nearest' and linear modes have")


def _dim(value: object, axes: int) -> Said:  # noqa: ARG001
    """The axis of the channels, counted from the front or from the back."""
    if value is None:
        return Said(axes=(0, 2, 3))  # PyTorch takes the batch where three axes arrive
    if value == 1 and not isinstance(value, bool):
        return Said(axes=(0, 1, 2, 3))
    if isinstance(value, int) and -4 <= value <= -1:
        return Said(axes=(-value - 1,))
    raise ValueError(f"expected 1, the channels, got {printable(repr(value), 60)}")


def _end_dim(value: object, axes: int) -> Said:  # noqa: ARG001
    """The last axis of all."""
    if value == -1:
        return Said()
    if isinstance(value, int) and 1 <= value <= 4 and not isinstance(value, bool):
        return Said(axes=(value - 1,))
    raise ValueError(f"expected -1, the last axis, got {printable(repr(value), 60)}")


def _sizes(value: object, axes: int) -> Said:  # noqa: ARG001
    """The sizes of several axes, torch.Size([...]) among the ways to write them."""
    arguments: Any = getattr(value, "arguments", ())  # of torch.Size(...), which reads as a module
    items = arguments[0].value if len(arguments) == 1 else value
    if not isinstance(items, tuple):
        raise ValueError(f"expected sizes, as (16, 4, 4), got {printable(repr(value), 60)}")
    return Said(Axes(tuple(_integer(item) for item in items)))


def _number(value: object, axes: int) -> Said:  # noqa: ARG001
    """A number, whole or not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"expected a number, got {printable(repr(value), 60)}")
    return Said(int(value) if value == int(value) and abs(value) < 10**18 else value)


def _integer(value: object) -> int:
    if isinstance(value, Module):
        raise ValueError(
            f"expected a whole number; {printable(value.name, 60)}() is not worked out"
        )
    if isinstance(value, Word):
        raise NoNumberError(without_number(value))
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"expected a whole number, got {printable(repr(value), 60)}")
    return value


def _folded(values: tuple[int, ...]) -> Value:
    """(3, 3) as 3: the number of axes is checked apart from the value."""
    return values[0] if len(set(values)) == 1 else Axes(values)


PASSED_OVER = frozenset(
    (
        *("momentum", "inplace", "device", "dtype", "init", "process_group"),
        *("batch_first", "dropout"),  # of layers for sequences
        *("padding_idx", "scale_grad_by_freq", "sparse", "_freeze"),  # of training
        *("scale", "zero_point", "qscheme", "version"),  # of quantized modules
        *("flatten", "input_fmt"),  # of timm's poolings, whose Flatten is a layer of its own
    )
)
"""Arguments that change neither a shape nor a cost nor a result at inference."""

OLD = {"size": "kernel_size"}
"""What parameters were called in the printouts of PyTorch 0.3."""

OPTIONAL = frozenset(("stride", "size", "scale_factor", "align_corners"))
"""Arguments whose None is as good as leaving them out."""

READ: dict[str, Reading] = {
    **dict.fromkeys(("in_channels", "in_features", "num_features", "num_channels"), _channels),
    "input_size": _channels,
    "embed_dim": _kept,
    **dict.fromkeys(("out_channels", "out_features", "groups", "num_groups"), _whole),
    **dict.fromkeys(("num_parameters", "upscale_factor", "downscale_factor"), _whole),
    **dict.fromkeys(("hidden_size", "num_layers", "num_heads", "proj_size"), _whole),
    **dict.fromkeys(("num_embeddings", "embedding_dim"), _whole),
    **dict.fromkeys(("kernel_size", "stride", "padding", "dilation", "output_padding"), _per_axis),
    **dict.fromkeys(("size", "output_size"), _per_axis),
    **dict.fromkeys(("bias", "ceil_mode", "count_include_pad"), _switch),
    **dict.fromkeys(("align_corners", "bidirectional"), _switch),
    **dict.fromkeys(("affine", "elementwise_affine"), _switch),
    **dict.fromkeys(("min_val", "max_val", "alpha", "negative_slope", "eps", "p"), _number),
    **dict.fromkeys(("beta", "k", "lambd", "lower", "norm_type"), _number),
    **dict.fromkeys(("threshold", "upper", "value"), _number),
    "approximate": _approximation,
    "normalized_shape": _normalized,
    "nonlinearity": _function,
    "padding_mode": _border,
    "scale_factor": _factors,
    "mode": _resizing,
    "dim": _dim,
    "end_dim": _end_dim,
    "unflattened_size": _sizes,
}
"""How each parameter is read, by PyTorch's name."""

SPECIAL: dict[tuple[str, str], Reading] = {
    ("conv", "padding"): padding,
    ("pad", "padding"): ends,
    ("embedding", "norm_type"): lambda _, __: Said(),  # of max_norm, which is refused
    ("unflatten", "dim"): _whole,
}
"""How a parameter of one of our kinds is read, where it means something else there."""
