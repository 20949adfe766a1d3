"""Layers that move elements without computing, those that resize, and those that join branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.explain.equation import (
    GIVEN,
    KEPT,
    Explainer,
    Here,
    Rule,
    Said,
    kept_shape,
    no_costs,
    product,
)
from convcalc.layers.dims import place_of
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

PADDED = Rule("size", "i + pb + pa")
GROWN = Rule("size", "i * r")
BEGIN = Rule("begin in the middle", "floor((i - o) / 2)")
NEIGHBOURS = Rule("operations", "outputs * the 2^axes elements around each")
SUM = Rule("additions", "(branches - 1) * elements")


def _flat(here: Here) -> list[Said]:
    return [Said(product(here.shape))]


def _reshaped(here: Here) -> list[Said]:
    return _filled(here.layer.sizes, here.shape)


def _filled(wanted: Sequence[int], parts: Sequence[int]) -> list[Said]:
    """Sizes as they are given; -1 is all elements over those of the other axes."""
    others = product(size for size in wanted if size > 0)
    left = Said(f"{product(parts)} / ({others})", "what is left")
    return [left if size < 0 else GIVEN for size in wanted]


def _unflattened(here: Here) -> list[Said]:
    wanted, dim = here.layer.unflattened_size, here.layer.dim
    place = dim - 1 if dim > 0 else len(here.shape) + dim
    after = len(here.shape) - place - 1
    return [*[KEPT] * place, *_filled(wanted, here.shape[place : place + 1]), *[KEPT] * after]


def _pad_windows(here: Here) -> tuple[Window, ...]:
    windows: tuple[Window, ...] = here.layer.windows(here.shape)
    return windows


def _padded(here: Here) -> list[Said]:
    axes = zip(here.shape[1:], _pad_windows(here), strict=True)
    return [KEPT, *(_ends(size, window) for size, window in axes)]


def _ends(size: int, window: Window) -> Said:
    ends = (f"- {-more}" if more < 0 else f"+ {more}" for more in (window.before, window.after))
    return Said(" ".join((str(size), *ends)))


def _crop_windows(here: Here) -> tuple[Window, ...]:
    begins: tuple[int, ...] = here.layer.begins(here.shape)
    return tuple(Window(1, before=-begin) for begin in begins)


def _cropped(here: Here) -> list[Said]:
    """The axis cropped as given; where it begins is half of what is left out, or given too."""
    axes = zip(here.layer.begins(here.shape), here.shape[1:], here.out[1:], strict=True)
    return [KEPT, *(_kept_part(here, *axis) for axis in axes)]


def _kept_part(here: Here, begin: int, size: int, out: int) -> Said:
    middle = f" = floor(({size} - {out}) / 2)" if here.layer.offset is None else ""
    return Said("", f"as given, from element {begin}{middle} on")


def _upsampled(here: Here) -> list[Said]:
    layer = here.layer
    if layer.size is not None:
        return [KEPT, *[GIVEN] * (len(here.out) - 1)]
    axes = zip(here.shape[1:], here.out[1:], strict=True)
    return [KEPT, *(Said(f"{size} * {out // size}") for size, out in axes)]


def _between(here: Here) -> dict[str, str]:
    """Nearest copies; bilinear sums the weighted elements around each output."""
    if here.layer.mode == "nearest":
        return {}
    neighbours, outputs = 2 ** (len(here.out) - 1), product(here.out)
    return {"multiply": f"{neighbours} * {outputs}", "add": f"({neighbours} - 1) * {outputs}"}


def _shuffled(here: Here) -> list[Said]:
    factor, axes = here.layer.upscale_factor, len(here.shape) - 1
    channels = Said(f"{here.shape[0]} / ({product((factor,) * axes)})")
    return [channels, *(Said(f"{size} * {factor}") for size in here.shape[1:])]


def _unshuffled(here: Here) -> list[Said]:
    factor, axes = here.layer.downscale_factor, len(here.shape) - 1
    channels = Said(f"{here.shape[0]} * {product((factor,) * axes)}")
    return [channels, *(Said(f"{size} / {factor}") for size in here.shape[1:])]


def _sliced(here: Here) -> list[Said]:
    begin, end = here.layer.channels[0]
    return [Said(f"{end} - {begin}"), *[KEPT] * (len(here.out) - 1)]


def _added(here: Here) -> dict[str, str]:
    return (
        {"add": f"({len(here.shapes)} - 1) * {product(here.out)}"} if len(here.shapes) > 1 else {}
    )


def _put_together(here: Here) -> list[Said]:
    joined = place_of(here.layer.dim, here.shape)
    sizes = Said(" + ".join(str(shape[joined]) for shape in here.shapes))
    return [sizes if place == joined else KEPT for place in range(len(here.out))]


def _gated(here: Here) -> dict[str, str]:
    return {"multiply": product(here.out)}


EXPLAINED = {
    "flatten": Explainer(_flat, no_costs),
    "reshape": Explainer(_reshaped, no_costs),
    "unflatten": Explainer(_unflattened, no_costs),
    "pad": Explainer(_padded, no_costs, _pad_windows, rules=(("shape", PADDED),)),
    "crop": Explainer(_cropped, no_costs, _crop_windows, rules=(("shape", BEGIN),)),
    "upsample": Explainer(_upsampled, _between, rules=(("shape", GROWN), ("flops", NEIGHBOURS))),
    "pixelshuffle": Explainer(_shuffled, no_costs, rules=(("shape", GROWN),)),
    "pixelunshuffle": Explainer(_unshuffled, no_costs),
    "shuffle": Explainer(kept_shape, no_costs),
    "slice": Explainer(_sliced, no_costs),
    "residual": Explainer(kept_shape, _added, rules=(("flops", SUM),)),
    "concat": Explainer(_put_together, no_costs),
    "scale": Explainer(kept_shape, _gated),
}
