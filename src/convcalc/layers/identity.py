"""`identity` and `dropout`: layers that let everything pass."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from convcalc.layers.base import Layer
from convcalc.layers.parameters import param, real


@dataclasses.dataclass(frozen=True)
class Identity(Layer):
    """The input itself."""

    kind: ClassVar[str] = "identity"
    free: ClassVar[bool] = True
    view: ClassVar[bool] = True


@dataclasses.dataclass(frozen=True)
class Dropout(Layer):
    """The input itself: at inference nothing is dropped."""

    kind: ClassVar[str] = "dropout"
    free: ClassVar[bool] = True
    view: ClassVar[bool] = True
    positional: ClassVar[str | None] = "p"

    p: float = param(real(0, 1), "p", "share of values dropped in training", default=0.5)
