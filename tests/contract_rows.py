"""A row of the contract: what one layer of a kind must answer."""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from convcalc.layers import ElementOps

if TYPE_CHECKING:
    from collections.abc import Mapping


class Row(NamedTuple):
    """What one layer must answer; `field` is (size, effective stride, start) of each axis.

    `module` is the class that torch has for it, `call` what is written where it is called as a
    function; one of them may be missing. A layer that joins is written with its branches, and is
    the last of that network, as is one that names a layer `before` it.
    """

    spec: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    field: tuple[tuple[int, int | Fraction, int | Fraction], ...]
    weights: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    params: int = 0
    macs: int = 0
    bias_adds: int = 0
    elements: ElementOps = ElementOps()
    module: str = ""
    call: str = ""
    before: str = ""

    @property
    def network(self) -> str:
        """The layer behind what it names."""
        return f"{self.before} {self.spec}".lstrip()


def activation(spec, module, call, *, weights=None, **each):
    """A row of 2*3*4 elements, each with these operations."""
    return Row(
        spec=spec,
        module=module,
        call=call and f"torch.nn.functional.{call}",
        input=(2, 3, 4),
        output=(2, 3, 4),
        weights=weights or {},
        params=sum(size for (size,) in (weights or {}).values()),
        elements=ElementOps(**{name: 24 * number for name, number in each.items()}),
        field=CELL,
    )


HALF = Fraction(1, 2)
CELL = ((1, 1, 0), (1, 1, 0))
"""Each output sees the cell at its own place."""
