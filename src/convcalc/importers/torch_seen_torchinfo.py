"""What torchinfo counts: parameters of modules without modules in them, as often as it thinks."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from torch import nn

from convcalc.network.measured import Amount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import torch

    from convcalc.importers.torch_seen_thop import Rule

BIAS = "the bias counted as MACs"
ONCE = "its parameters, once per sample"


def rules(model: nn.Module) -> Mapping[int, Rule]:
    """The rule of each module that has parameters and no module inside (`is_leaf_layer`)."""
    return {
        id(module): _parameters
        for module in model.modules()
        if next(module.children(), None) is None and next(module.parameters(), None) is not None
    }


def _parameters(module: nn.Module, _given: object, out: object) -> Iterator[Amount]:
    """`LayerInfo.calculate_macs`."""
    size = _size(out)
    conv = "Conv" in type(module).__name__
    for own, parameter in module.named_parameters():
        name, count = _elements(module, own, parameter)
        if name in ("weight", "bias"):
            times = prod(size[:1] + size[2:]) if conv else size[0]
        elif "weight" in name or "bias" in name:
            times = prod(size[:2])
        else:
            continue
        yield Amount(times * count, _text(module, name))


def _text(module: nn.Module, name: str) -> str:
    if isinstance(module, nn.Linear | nn.RNNBase) or "Conv" in type(module).__name__:
        return BIAS if "bias" in name else ""
    return ONCE


def _elements(module: nn.Module, name: str, parameter: torch.Tensor) -> tuple[str, int]:
    """`get_param_count`: of a pruned weight the elements that its mask leaves."""
    if name.endswith("_orig"):
        mask = getattr(module, f"{name[:-5]}_mask", None)
        if mask is not None:
            return name[:-5], int(mask.sum())
    return name, parameter.numel()


def _size(out: object) -> list[int]:
    """`LayerInfo.calculate_size` of what a module gives."""
    if out is None:
        return []
    if isinstance(out, list | tuple) and out and hasattr(getattr(out[0], "data", None), "size"):
        return list(out[0].data.size())
    if hasattr(out, "size") and callable(out.size):
        return list(out.size())
    if isinstance(out, dict):
        return _nested(list(out.values())[-1])
    if isinstance(out, list | tuple):
        return _nested(out)
    raise TypeError("an unsupported output")


def _nested(out: object) -> list[int]:
    if hasattr(out, "size") and callable(out.size):
        return list(out.size())
    if isinstance(out, dict):
        return _nested(next(iter(out.values()))) if out else []
    item: Callable[[int], object] | None = getattr(out, "__getitem__", None)
    return [] if item is None or not out else _nested(item(0))
