"""Which of many settings people would take, and why: the order in which they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.window import same_padding

if TYPE_CHECKING:
    from convcalc.inverse.axis import Family, Setting

PATCHES = 4
"""From this stride on, patches are more usual than windows that overlap (ViT, Swin, ConvNeXt)."""

PATCHES_TEXT = "stride = kernel: patches beside each other"
SAME_TEXT = "'same': half of an odd kernel at both ends keeps the size"
CENTRED_TEXT = "half of an odd kernel at both ends: windows are centred"
DIVIDES_TEXT = "kernel - stride at the ends: divides the size exactly"
VALID_TEXT = "'valid': no padding"
EVEN_TEXT = "multiplies the size; stride divides kernel: no checkerboard"
"""Where the stride divides the kernel every output sums as many products.

Source: Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts" (Distill, 2016).
"""


class Reason(NamedTuple):
    """How usual a setting is, 0 first, and what is usual about it."""

    rank: int
    text: str


def reason(setting: Setting, family: Family, size: int) -> Reason:
    """What a setting is known as, on an axis of `size` elements."""
    if family == "convt":
        return _transposed(setting)
    if family == "pool":
        return _pooling(setting, size)
    return _convolution(setting, size)


def order(setting: Setting, family: Family, size: int) -> tuple[object, ...]:
    """The key by which settings are sorted, the most usual first.

    Symmetric comes before asymmetric; then what skips no elements, no dilation, a stride that
    divides the size, what has a reason, and the kernel that is nearest to 3 (of a pooling or a
    transposed convolution: the smallest).
    """
    symmetric = setting.before == setting.after
    skips = family != "convt" and setting.extent < setting.stride
    near = abs(setting.kernel - 3) if family == "conv" else setting.kernel
    small, large = size, setting.out_size(family, size)
    if family != "convt":
        small, large = large, small
    return (
        not symmetric,
        abs(setting.before - setting.after),
        setting.ceil,
        skips,
        setting.dilation,
        small * setting.stride != large,
        reason(setting, family, size).rank,
        setting.extra,
        near,
        setting,
    )


def _convolution(it: Setting, size: int) -> Reason:
    if it.before != it.after:
        return _by_one(it, size)
    if it.extent < it.stride:
        return _skipping(it)
    patches = it.kernel == it.stride and not it.before
    return _first(
        (patches and it.stride >= PATCHES, Reason(0, PATCHES_TEXT)),
        (_is_centred(it) and it.stride == 1, Reason(0, SAME_TEXT)),
        (_is_centred(it), Reason(0, CENTRED_TEXT)),
        (patches, Reason(1, PATCHES_TEXT)),
        (it.before > 0 and it.extent - it.stride == 2 * it.before, Reason(2, DIVIDES_TEXT)),
        (not it.before, Reason(3, VALID_TEXT)),
        (True, Reason(4, "padded alike at both ends")),
    )


def _by_one(it: Setting, size: int) -> Reason:
    """Asymmetric padding; that of SAME is known by this name."""
    total = same_padding(size, it.kernel, it.stride, it.dilation)
    if it.before + it.after == total and abs(it.before - it.after) == 1:
        if it.before < it.after:
            return Reason(5, "'same-upper': TensorFlow's and ONNX's SAME")
        return Reason(6, "'same-lower': ONNX's SAME_LOWER")
    return Reason(8, "padded differently at the ends")


def _transposed(it: Setting) -> Reason:
    exact = it.extent - it.stride == 2 * it.before and not it.extra
    return _first(
        (it.before != it.after, Reason(5, "cropped differently at the ends")),
        (exact and it.kernel % it.stride == 0, Reason(0, EVEN_TEXT)),
        (exact, Reason(1, "kernel - stride is cropped: multiplies the size exactly")),
        (_is_centred(it), Reason(2, "turns a convolution round that pads half of an odd kernel")),
        (not it.before, Reason(3, "nothing is cropped")),
        (True, Reason(4, "cropped alike at both ends")),
    )


def _pooling(it: Setting, size: int) -> Reason:
    if it.before != it.after:
        return _by_one(it, size)
    if it.extent < it.stride:
        return _skipping(it)
    return _first(
        (it.kernel == it.stride and not it.before, Reason(0, "windows beside each other")),
        (_is_centred(it), Reason(1, CENTRED_TEXT)),
        (not it.before, Reason(2, VALID_TEXT)),
        (True, Reason(4, "padded alike at both ends")),
    )


def _first(*cases: tuple[bool, Reason]) -> Reason:
    """The reason of the first case that holds; the last one always does."""
    return next(found for holds, found in cases if holds)


def _is_centred(it: Setting) -> bool:
    """Whether half of an odd extent is added, or cropped, at both ends."""
    return it.extent % 2 == 1 and it.before == it.after == it.extent // 2


def _skipping(it: Setting) -> Reason:
    left = it.stride - it.extent
    return Reason(7, f"leaves {left} element{'s' * (left > 1)} between windows unread")
