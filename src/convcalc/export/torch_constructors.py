"""Modules and calls of torch as text: as a person would write them, defaults left out."""

from __future__ import annotations

import inspect
import math
import operator
from typing import TYPE_CHECKING

from torch import fx, nn

from convcalc.export.torch_modules import (
    ChannelNorm,
    ChannelScale,
    Learned,
    SymmetricPad,
    symmetric_pad,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN: dict[object, tuple[object, ...]] = {
    ChannelNorm: (ChannelNorm,),
    ChannelScale: (ChannelScale,),
    Learned: (Learned,),
    SymmetricPad: (symmetric_pad, SymmetricPad),
    symmetric_pad: (symmetric_pad,),
}
"""What torch has not, with all that its text needs."""

RECURRENT = (
    *("input_size", "hidden_size", "num_layers", "bias", "batch_first", "bidirectional"),
    "proj_size",
)
SIGNS = {operator.add: "+", operator.mul: "*", operator.truediv: "/", operator.pow: "**"}


def constructor(module: nn.Module) -> str:
    """The call that makes a module: nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)."""
    if isinstance(module, ChannelScale):
        return f"ChannelScale({module.shape[0]}, {len(module.shape) - 1})"
    if isinstance(module, Learned):
        return f"Learned({literal(tuple(module.weight.shape))})"
    if isinstance(module, ChannelNorm):
        affine, eps = module.weight is not None, literal(module.eps)
        size = 1 if module.weight is None else module.weight.numel()
        axes = len(module.last) - 2
        return f"ChannelNorm({size}, {eps}, affine={affine}, spatial_dims={axes})"
    kind = type(module)
    written = []
    for name, default in _parameters(module).items():
        value = _value(module, name)
        if value is inspect.Parameter.empty or _left_out(module, name, value, default):
            continue
        text = literal(_folded(value))
        written.append(text if default is inspect.Parameter.empty else f"{name}={text}")
    room = "" if kind in OWN else "nn."
    return f"{room}{kind.__name__}({', '.join(written)})"


def _parameters(module: nn.Module) -> dict[str, object]:
    """What the constructor of a module takes, with its defaults."""
    if isinstance(module, nn.RNNBase):
        needed = dict.fromkeys(RECURRENT[:2], inspect.Parameter.empty)
        own = {"num_layers": 1, "bias": True, "batch_first": False, "bidirectional": False}
        more = {"nonlinearity": "tanh"} if isinstance(module, nn.RNN) else {}
        return {**needed, **own, **({"proj_size": 0} if isinstance(module, nn.LSTM) else more)}
    found = inspect.signature(type(module)).parameters
    return {name: one.default for name, one in found.items()}


def _value(module: nn.Module, name: str) -> object:
    """What a parameter was given; `empty` where the module does not keep it."""
    if name == "bias":
        name = "in_proj_bias" if isinstance(module, nn.MultiheadAttention) else "bias"
        own = getattr(module, name, None)
        return own if isinstance(own, bool) else own is not None
    return getattr(module, name, inspect.Parameter.empty)


def _left_out(module: nn.Module, name: str, value: object, default: object) -> bool:
    """Whether a parameter says nothing that is not so without it."""
    if name in ("device", "dtype", "inplace"):
        return True
    if name == "stride" and default is None:
        return bool(_folded(value) == _folded(module.kernel_size))
    if name == "bias" and isinstance(module, nn.LayerNorm):
        return True
    return default is not inspect.Parameter.empty and bool(_folded(value) == default)


def _folded(value: object) -> object:
    """One number, as it is usually written, where all axes have the same; 2 for 2.0 elements."""
    if isinstance(value, tuple | list) and value and len(set(value)) == 1:
        return _folded(value[0])
    if isinstance(value, tuple | list):
        return tuple(map(_folded, value))
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def literal(value: object, names: Mapping[fx.Node, str] | None = None) -> str:
    """An argument as Python writes it; `names` are those of the values that were computed."""
    match value:
        case fx.Node():
            return (names or {})[value]
        case tuple():
            inside = ", ".join(literal(item, names) for item in value)
            return f"({inside}{',' if len(value) == 1 else ''})"
        case list():
            return "[" + ", ".join(literal(item, names) for item in value) + "]"
        case _:
            return _plain(value)


def _plain(value: object) -> str:
    """A word, a number or an ellipsis as Python writes it."""
    if isinstance(value, float) and math.isinf(value):
        return 'float("inf")' if value > 0 else '-float("inf")'
    if isinstance(value, str):
        return f'"{value}"'
    return "..." if value is Ellipsis else repr(value)


def called(node: fx.Node, module: str, names: Mapping[fx.Node, str]) -> str:
    """The expression of a call; `module` is how the module that it calls is reached."""
    arguments = [literal(argument, names) for argument in node.args]
    arguments += [f"{key}={literal(value, names)}" for key, value in node.kwargs.items()]
    if node.op == "call_module":
        return f"{module}({', '.join(arguments)})"
    if node.op == "call_method":
        return f"{arguments[0]}.{node.target}({', '.join(arguments[1:])})"
    target = node.target
    assert not isinstance(target, str)
    if target in SIGNS:
        return f" {SIGNS[target]} ".join(arguments)
    if target is operator.getitem:
        return f"{arguments[0]}[{_index(node.args[1])}]"
    if target in OWN:
        return f"{target.__name__}({', '.join(arguments)})"
    room = "functional" if "functional" in target.__module__ else "torch"
    return f"{room}.{target.__name__}({', '.join(arguments)})"


def _index(index: object) -> str:
    """What stands between the brackets of an index: :, 2:5."""
    parts = index if isinstance(index, tuple) else (index,)
    shown = []
    for part in parts:
        if isinstance(part, slice):
            begin, end = ("" if edge is None else str(edge) for edge in (part.start, part.stop))
            shown.append(f"{begin}:{end}")
        else:
            shown.append(literal(part))
    return ", ".join(shown)
