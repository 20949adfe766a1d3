"""The primitives that layers ask of a backend: layers say what, backends say how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.window import Window


class Operations(Protocol):
    """The arithmetic of one library on its own arrays, batch first: (N, channels, *spatial)."""

    def conv(
        self,
        array: Any,
        weight: Any,
        bias: Any | None,
        windows: Sequence[Window],
        groups: int,
        padding_mode: str,
    ) -> Any:
        """Cross-correlation with a weight (O, C/groups, *k), one window per spatial axis."""

    def conv_transpose(
        self,
        array: Any,
        weight: Any,
        bias: Any | None,
        windows: Sequence[Window],
        groups: int,
        out_sizes: Sequence[int],
    ) -> Any:
        """Transposed convolution with a weight (C, O/groups, *k), onto `out_sizes` per axis."""
