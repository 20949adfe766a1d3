"""The scratch memory of the two usual ways to compute a convolution: a column matrix, and FFTs.

Both are for one sample at a time: an implementation that takes the whole batch at once needs that
many times the columns, and the spectra of inputs and outputs.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.analysis.dtypes import size_in_bytes
from convcalc.layers import Conv, ConvTranspose
from convcalc.layers.stages import Staged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.layers import Layer, Shape
    from convcalc.window import Window

COMPLEX = 8
"""Bytes of a complex number: two float32, which narrower dtypes are transformed in as well."""


class Workspace(NamedTuple):
    """Bytes of scratch memory for one sample.

    Attributes:
        im2col: The column matrix.
        fft: The spectra of the input, the kernels and the output.
    """

    im2col: int
    fft: int


def workspace(layer: Layer, shape: Shape, dtype: str = "float32") -> Workspace | None:
    """The scratch memory of a convolution on an input of `shape`; None for other kinds.

    Of several convolutions in one layer (`sep`) the larger counts: they share it in turn.

    Example:
        >>> import convcalc
        >>> layer = convcalc.parse("conv:64,k7,s2,p3").nodes[0].layer
        >>> workspace(layer, (3, 224, 224)).im2col == 4 * (3 * 7 * 7) * (112 * 112)
        True
    """
    needs = [
        Workspace(size_in_bytes(_columns(one, arriving), dtype), COMPLEX * _spectra(one, arriving))
        for one, arriving in convolutions_of(layer, shape)
    ]
    if not needs:
        return None
    return Workspace(max(need.im2col for need in needs), max(need.fft for need in needs))


def convolutions_of(layer: Layer, shape: Shape) -> Iterator[tuple[Conv | ConvTranspose, Shape]]:
    """The convolutions that a layer is made of, each with the shape that arrives at it."""
    if isinstance(layer, Conv | ConvTranspose):
        yield layer, shape
    elif isinstance(layer, Staged):
        for stage in layer.stages(shape[0]).values():
            yield stage, shape
            shape = stage.out_shape(shape)


def _columns(layer: Conv | ConvTranspose, shape: Shape) -> int:
    """Elements in the column matrix of one sample, 0 where the input is already it.

    `conv`: each output element is a product of the weights with a column of the C * prod(k)
    elements under its window, C/g * prod(k) in each of the g groups: C * prod(k) * prod(out). With
    one tap, stride 1 and no padding that is the input itself.

    `convt`: the other way round, O * prod(k) products of each input element are laid out and then
    added up where they overlap: O * prod(k) * prod(in).

    Source: derived; Chellapilla et al., "High Performance Convolutional Neural Networks for
    Document Processing" (2006), section 4.1.
    """
    taps, out = layer.taps(shape), layer.out_shape(shape)
    plain = all(
        w.kernel == w.stride == 1 and not (w.before or w.after) for w in layer.windows(shape)
    )
    if plain and out[1:] == shape[1:]:
        return 0
    if isinstance(layer, ConvTranspose):
        return out[0] * taps * prod(shape[1:])
    return shape[0] * taps * prod(out[1:])


def transform_lengths(layer: Conv | ConvTranspose, shape: Shape) -> list[int]:
    """Elements of each axis of what is transformed: as long as the full linear convolution."""
    return [
        _elements(layer, size, window) + window.extent - 1
        for size, window in zip(shape[1:], layer.windows(shape), strict=True)
    ]


def _spectra(layer: Conv | ConvTranspose, shape: Shape) -> int:
    """Complex numbers in the spectra of one sample's input, of the kernels and of the output.

    A product of spectra is a circular convolution. It wraps round nowhere if every axis is as long
    as the full linear convolution, L = m + k_eff - 1 for m elements of input. For `conv` m is i, or
    i + pb + pa if the padding is not zeros, which must then be laid out; the stride takes its
    elements from the full result. For `convt` zeros stand between the input elements, m = (i -
    1)*s + 1.

    The transform of real numbers is symmetric, so that the last axis keeps L // 2 + 1 frequencies:
    S = prod(L of the other axes) * (L // 2 + 1), for each of C inputs, O outputs, O * C/g kernels.

    Source: derived; Mathieu et al., "Fast Training of Convolutional Networks through FFTs" (2014),
    section 2.
    """
    lengths = transform_lengths(layer, shape)
    frequencies = prod(lengths[:-1]) * (lengths[-1] // 2 + 1)
    channels, out = shape[0], layer.out_channels
    return frequencies * (channels + out + channels * out // layer.groups)


def _elements(layer: Conv | ConvTranspose, size: int, window: Window) -> int:
    """Elements of one axis of what is transformed."""
    if isinstance(layer, ConvTranspose):
        return (size - 1) * window.stride + 1
    return size if layer.padding_mode == "zeros" else size + window.before + window.after
