"""Convolutions of all kinds to be cut into boxes."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError
from convcalc.layers import Conv, ConvTranspose

MODES = ("zeros", "reflect", "symmetric", "replicate", "circular")


@st.composite
def convolutions(draw, modes=MODES):
    """(a layer that fits, the shape (N, C, *sizes) of its input)."""
    spatial_dims = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    transposed = draw(st.booleans())
    each = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(spatial_dims))  # noqa: E731
    more = {} if transposed else {"padding_mode": draw(st.sampled_from(modes))}
    kind = ConvTranspose if transposed else Conv
    try:
        layer = kind(
            groups * draw(st.integers(1, 3)),
            kernel_size=each(1, 4),
            stride=each(1, 3),
            dilation=each(1, 2),
            padding=tuple(zip(each(0, 3), each(0, 3), strict=True)),
            groups=groups,
            **more,
        )
        shape = (groups * draw(st.integers(1, 2)), *each(1, 9))
        layer.out_shape(shape)
    except ConvcalcError:
        assume(False)
    return layer, (draw(st.integers(1, 2)), *shape)
