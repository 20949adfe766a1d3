"""What is not known of a network that was found by running a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from convcalc.layers import Shape


class Gap(NamedTuple):
    """A call whose cost nobody knows.

    Attributes:
        name: The function that was called.
        module: The path of the module that called it, empty for the model's own forward.
        place: File and line of the call, as "model.py:12".
        output_shape: What came out of it.
        why: Why its cost is not known.
        times: How often it was called there.
    """

    name: str
    module: str
    place: str
    output_shape: Shape
    why: str
    times: int = 1


class Decision(NamedTuple):
    """Where a model did something by the values of a tensor that an input has reached.

    They were zeros, or made of zeros: of other values it may do another thing.

    Attributes:
        place: File and line, as "model.py:12".
        code: The text of that line.
        module: The path of the module at work.
    """

    place: str
    code: str
    module: str


class Stop(NamedTuple):
    """Where a model could not be followed further.

    Attributes:
        place: File and line, as "model.py:12".
        code: The text of that line.
        module: The path of the module at work.
        reason: Why.
    """

    place: str
    code: str
    module: str
    reason: str


@dataclass(frozen=True)
class Trace:
    """What a run of a model left open.

    Attributes:
        gaps: The calls of unknown cost.
        stop: Where it ended early, if it did.
        failed: Whether it ended by a fault of the model or its input, and not by what a run without
            values cannot know.
        on_zeros: Whether it was run on zeros, as it needs the values of tensors.
        decisions: Where it decided by values that come of its input.
    """

    gaps: tuple[Gap, ...] = ()
    stop: Stop | None = None
    failed: bool = False
    on_zeros: bool = False
    decisions: tuple[Decision, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether anything about the network is not known, or may be otherwise."""
        return bool(self.gaps or self.stop or self.decisions)

    @property
    def ending(self) -> str:
        """Where and why it ended early, and the code there on a second line; or nothing."""
        if self.stop is None:
            return ""
        stop = self.stop
        module = f" in {stop.module}" if stop.module else ""
        return f"the run ended at {stop.place}{module}: {stop.reason}\n  {stop.code}".rstrip()
