"""Models of timm and torchvision by their names: made without weights, and never downloaded."""

from __future__ import annotations

import functools
import importlib
import inspect
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import UsageError, printable
from convcalc.importers.loading import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import torch

    from convcalc.importers.target import Target
    from convcalc.layers import Shape

WEIGHTS = (
    *("pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir"),
    *("weights", "weights_backbone", "pretrained_backbone"),
)
"""Arguments that would fetch weights, or read them from files."""


class Maker(NamedTuple):
    """What makes a model of a library.

    Attributes:
        make: Makes it, without weights.
        told: The library and its version, for notes.
    """

    make: Callable[..., object]
    told: str


def library_maker(target: Target) -> Maker:
    """What makes the model that a target names in its library.

    Raises:
        UsageError: the library is not installed, has no such model, or weights are asked for.
        DataError: it cannot be imported.
    """
    name = target.path[0]
    if find_spec(target.where) is None:
        shown = printable(f"{target.where}:{name}", 80)
        raise UsageError(
            f"'{shown}' needs {target.where}, which is not installed; pip install {target.where}"
        )
    refused = [one for one in target.named if one in WEIGHTS]
    if refused:
        raise UsageError(f"{refused[0]}: models are made without weights, which cost nothing")
    with guarded(target, "importing it"):
        library = importlib.import_module(target.where)
    make = _timm_maker(name, target) if target.where == "timm" else _torchvision_maker(name)
    return Maker(make, f"{target.where} {getattr(library, '__version__', '')}".strip())


def _timm_maker(name: str, target: Target) -> Callable[..., object]:
    timm = importlib.import_module("timm")
    if target.positional:
        raise UsageError(f"'timm:{printable(name, 60)}': arguments have names, as num_classes=10")
    architecture, _, tag = name.partition(".")
    if not timm.is_model(architecture):
        raise _unknown("timm", name, timm.list_models())
    tags = [one.partition(".")[2] for one in timm.list_models(f"{architecture}.*", pretrained=True)]
    if tag and tag not in tags:
        raise _unknown("timm", name, [f"{architecture}.{one}" for one in tags] or [architecture])
    # The tag chooses what belongs to the weights: the size of the input, the number of classes.
    return functools.partial(timm.create_model, name, pretrained=False)


def _torchvision_maker(name: str) -> Callable[..., object]:
    models = importlib.import_module("torchvision.models")
    known = models.list_models()
    if name not in known:
        raise _unknown("torchvision", name, known)
    builder = models.get_model_builder(name)
    # Backbones of detectors and segmentation would be fetched by default.
    parameters = inspect.signature(builder).parameters
    kept = [one for one in ("weights", "weights_backbone") if one in parameters]
    return functools.partial(builder, **dict.fromkeys(kept))


def _unknown(library: str, name: str, known: Iterable[str]) -> UsageError:
    import difflib

    close = difflib.get_close_matches(name[:80], list(known), n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return UsageError(f"{library} has no model called '{printable(name, 60)}'{hint}")


def own_input(target: Target, model: torch.nn.Module) -> Shape | None:
    """The input that a model is meant for, (channels, *sizes); None where nothing says it.

    Models of timm carry it in `default_cfg`; of torchvision it is the crop of the transforms that
    belong to its weights, which describe it without being there.
    """
    for holder in ("pretrained_cfg", "default_cfg"):
        given = getattr(model, holder, None)
        size = given.get("input_size") if isinstance(given, dict) else None
        if isinstance(size, tuple | list) and all(isinstance(one, int) for one in size):
            return _as_called(tuple(size), target)
    if target.where != "torchvision":
        return None
    side = getattr(model, "image_size", None)  # vit_h_14 takes 224, its best weights 518
    return (3, side, side) if isinstance(side, int) else _torchvision_input(target.path[0])


def _as_called(size: Shape, target: Target) -> Shape:
    """The input of a model of timm whose call changes it."""
    channels, *sides = size
    asked, image = target.named.get("in_chans"), target.named.get("img_size")
    channels = asked if asked and isinstance(asked, int) else channels
    if image and isinstance(image, tuple | list):
        return (channels, *image)
    return (channels, image, image) if image and isinstance(image, int) else (channels, *sides)


def _torchvision_input(name: str) -> Shape | None:
    models = importlib.import_module("torchvision.models")
    try:
        best = models.get_model_weights(name).DEFAULT
        crop = best.transforms()
    except (ValueError, AttributeError, TypeError):
        return None
    size = getattr(crop, "crop_size", None) or getattr(crop, "resize_size", None)
    if not isinstance(size, list | tuple):
        return None
    high, wide = (*size, *size)[:2]
    if type(crop).__name__ != "VideoClassification":
        return (3, high, wide)
    return (3, max(FRAMES, best.meta.get("min_temporal_size", 1)), high, wide)


FRAMES = 16
"""Frames of a clip, which no description of weights names: those that the networks are trained on.
"""
