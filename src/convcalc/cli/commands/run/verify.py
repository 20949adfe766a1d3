"""`run --verify`: how many outputs are asked for, and the answer when one of them is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from convcalc.cli.parsing.values import count_of, text_of
from convcalc.errors import NegativeAnswer

if TYPE_CHECKING:
    from convcalc.execute.verify import Verification


def samples_of(text: str | None) -> int | Literal["all"] | None:
    """How many outputs to compute again; None where nobody asked.

    Raises:
        UsageError: the text is no whole number of at least 1 and not "all".
    """
    if text is None:
        return None
    return "all" if text_of("verify", text).lower() == "all" else count_of("verify", text)


def failed(found: Verification | None) -> NegativeAnswer | None:
    """The answer no, if an output is further off than its sums explain."""
    if found is None or found.passed:
        return None
    from convcalc.render.results import verification_text

    place = ", ".join(map(str, found.place))
    return NegativeAnswer(
        f"the result is wrong at ({place}), counted as (sample, channel, position): "
        f"{verification_text(found)}"
    )
