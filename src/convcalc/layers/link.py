"""Another layer of the same network, as a parameter names it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Link:
    """The layer at a label.

    Two links to equal layers are equal: which of them it is, the inputs of the node say.

    Attributes:
        label: What it is called where it is named.
        layer: A `Layer`, or one whose parameters wait for shapes; None for the network's input.
    """

    label: str = field(compare=False)
    layer: object

    def __str__(self) -> str:
        return f"@{self.label}"
