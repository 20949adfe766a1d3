"""Multiply-accumulates without the products that padding and cropping make useless."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.layers.parameters import count

if TYPE_CHECKING:
    from convcalc.layers import Shape
    from convcalc.network.graph import Network


class RealTaps(NamedTuple):
    """The products of one layer that a result depends on, of the whole batch.

    Attributes:
        real: Multiply-accumulates on real elements: no tap on zero padding; of a transposed
            convolution no product that is cropped. None if the costs are not known.
        zero_insertion: Of a transposed convolution, the multiply-accumulates of the dense
            convolution that gives the same, over its input with zeros between the
            elements; else None.
    """

    real: int | None
    zero_insertion: int | None


def real_taps(network: Network, input_shape: Shape, batch: int = 1) -> tuple[RealTaps, ...]:
    """The real products of each layer.

    Raises:
        ShapeError, SpecError, ParameterError: as `analyze`.

    Example:
        >>> import convcalc
        >>> real_taps(convcalc.parse("conv:1,k3,p1"), (1, 7, 7))
        (RealTaps(real=361, zero_insertion=None),)
    """
    batch = count(1).normalise("batch", batch)
    return tuple(
        RealTaps(
            _times(batch, step.layer.real_macs(*step.arriving)),
            _times(batch, step.layer.zero_insertion_macs(*step.arriving)),
        )
        for step in network.walk(input_shape)
    )


def _times(batch: int, macs: int | None) -> int | None:
    return None if macs is None else batch * macs
