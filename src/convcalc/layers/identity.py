"""`identity` and `dropout`: layers that let everything pass."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from convcalc.layers.base import Rearrangement
from convcalc.layers.parameters import param, real


@dataclasses.dataclass(frozen=True)
class Identity(Rearrangement):
    """The input itself."""

    kind: ClassVar[str] = "identity"
    view: ClassVar[bool] = True


@dataclasses.dataclass(frozen=True)
class Dropout(Rearrangement):
    """The input itself: at inference nothing is dropped."""

    kind: ClassVar[str] = "dropout"
    view: ClassVar[bool] = True
    positional: ClassVar[str | None] = "p"

    p: float = param(real(0, 1), "p", "share of values dropped in training", default=0.5)
