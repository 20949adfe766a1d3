"""Two networks, layer beside layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.analysis.diff import difference
from convcalc.analysis.memory.report import analyze_memory
from convcalc.network.usual_input import asked_input
from convcalc.several.meant import name_of, network_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.analysis.diff import Difference
    from convcalc.network.graph import Network


def diff(
    a: Network | str, b: Network | str, input_shape: Sequence[int] | None = None
) -> Difference:
    """The layers that two networks share, those that changed, and what that comes to.

    Args:
        a: A network, the name of a reference network, or layers as text.
        b: The other one.
        input_shape: (channels, *sizes) of one sample for both; None is each one's own.

    Raises:
        ParameterError: one is no network, or the input is none.
        ShapeError, SpecError: a layer does not fit, or a text has faults.

    Example:
        >>> import convcalc
        >>> found = convcalc.diff("conv:8,k3,p1 relu", "conv:8,k5,p2 relu", (3, 9, 9))
        >>> [(pair.status, pair.b.spec) for pair in found.pairs]
        [('changed', 'conv:8,k5,p2'), ('equal', 'relu')]
    """
    networks = network_of(a), network_of(b)
    shapes = [asked_input(network, input_shape) for network in networks]
    reports = [one.analyze(shape) for one, shape in zip(networks, shapes, strict=True)]
    first, second = (
        analyze_memory(one, shape).peak_bytes if one.nodes else 0
        for one, shape in zip(networks, shapes, strict=True)
    )
    return difference(reports[0], reports[1], (name_of(a), name_of(b)), (first, second))
