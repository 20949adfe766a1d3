"""What torch leaves out of its messages, or says beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.importers.torch_calls import Call

CHANNELS = "Invalid channel dimensions"
"""What a convolution on the device "meta" says, without numbers."""

ALTERNATIVES = ", but expected one of:"
"""What stands before a list of all that a function takes, in lines of their own."""


def add_channels(error: Exception, call: Call) -> None:
    """Adds to an error that says `CHANNELS` how many channels are expected, and how many came."""
    given = call.given("input weight")
    groups = call.named.get("groups", call.arguments[6] if len(call.arguments) > 6 else 1)
    weight = given("weight")
    expected = weight.shape[0] if "transpose" in call.name else weight.shape[1] * groups
    error.args = (f"{CHANNELS}: {expected} expected, {given.input.shape[1]} given",)


def without_alternatives(reason: str) -> str:
    """A reason that begins a list, without the words that lead to it."""
    return reason.removesuffix(ALTERNATIVES)
