"""Where the scratch memory of a convolution comes from: its column matrix, and its spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.analysis.dtypes import BITS
from convcalc.analysis.memory.workspace import (
    COMPLEX,
    convolutions_of,
    transform_lengths,
    workspace,
)
from convcalc.explain.equation import Equation, Said, product
from convcalc.layers.convt import ConvTranspose

if TYPE_CHECKING:
    from convcalc.analysis.memory.report import LayerMemory
    from convcalc.layers import Shape
    from convcalc.layers.conv import Conv

SCRATCH_RULES = (
    "im2col = C * taps * output positions (convt: O * taps * input positions) * bytes",
    "fft = frequencies * (C inputs + O outputs + O * C/g kernels) * bytes of a complex number",
)


def scratch_equations(row: LayerMemory, dtype: str) -> list[Equation]:
    """The two figures of a convolution, of several the larger ones; none of other kinds."""
    needs = row.workspace
    if needs is None:
        return []
    own: dict[str, Said] = {}
    for layer, shape in convolutions_of(row.layer.layer, row.layer.input_shapes[0]):
        one = workspace(layer, shape, dtype)
        if one is not None and one.im2col == needs.im2col:
            own.setdefault("im2col", _columns(layer, shape, dtype) if one.im2col else PLAIN)
        if one is not None and one.fft == needs.fft:
            own.setdefault("fft", _spectra(layer, shape))
    return [
        Equation("im2col", "", needs.im2col, own["im2col"]),
        Equation("fft", "", needs.fft, own["fft"]),
    ]


PLAIN = Said("", "the input is its own column matrix")


def _columns(layer: Conv | ConvTranspose, shape: Shape, dtype: str) -> Said:
    out, taps = layer.out_shape(shape), layer.taps(shape)
    spread = isinstance(layer, ConvTranspose)
    channels, positions = (out[0], shape[1:]) if spread else (shape[0], out[1:])
    elements = f"{channels} * {taps} * {product(positions)}"
    bits = BITS[dtype]
    return Said(f"ceil({elements} * {bits} / 8)" if bits < 8 else f"{elements} * {bits // 8}")


def _spectra(layer: Conv | ConvTranspose, shape: Shape) -> Said:
    """Real numbers have symmetric transforms: of the last axis floor(L / 2) + 1 are kept."""
    *lengths, last = transform_lengths(layer, shape)
    others = "".join(f"{length} * " for length in lengths)
    channels, out = shape[0], layer.out_channels
    kernels = f"{out}*{channels}/{layer.groups}" if layer.groups > 1 else f"{out}*{channels}"
    arrays = f"({channels} + {out} + {kernels})"
    return Said(f"{others}(floor({last} / 2) + 1) * {arrays} * {COMPLEX}")
