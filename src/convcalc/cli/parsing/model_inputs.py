"""`-i`, given once for each input of a model: shapes, with dtypes and names where needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.cli.parsing.network_argument import model_target
from convcalc.cli.parsing.shapes import shape_of
from convcalc.cli.parsing.values import SEVERAL
from convcalc.network.given_inputs import GivenInput

if TYPE_CHECKING:
    from collections.abc import Sequence

_INPUT = re.compile(r"(?:(?P<name>[^\W\d]\w*)=)?(?P<shape>.*?)(?::(?P<dtype>[a-z]\w*))?", re.DOTALL)


def inputs_of(text: str | None, words: Sequence[str]) -> list[GivenInput]:
    """The inputs that `-i` describes: 3x224x224, 128:int64, mask=1x128.

    Args:
        text: What was given, several times perhaps; None if it was not.
        words: What the network is: only models of PyTorch take several inputs, dtypes and names.

    Raises:
        UsageError: one is no shape.
    """
    items = [] if text is None else text.split(SEVERAL)
    if not (len(words) == 1 and _is_model(words[0])):
        return [GivenInput(shape_of("input", item)) for item in items]
    found = []
    for item in items:
        match = _INPUT.fullmatch(item)
        parts = match.groupdict("") if match else {"shape": item, "dtype": "", "name": ""}
        shape = shape_of("input", parts["shape"])
        found.append(GivenInput(shape, parts["dtype"], parts["name"]))
    return found


def _is_model(word: str) -> bool:
    return model_target(word) is not None
