"""What is said of a text that is refused."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.errors import SpecError


def fault(text, shape=None):
    """The message of the refusal of a text, or of its network on a shape."""
    with pytest.raises(SpecError) as caught:
        network = convcalc.parse(text)
        if shape is not None:
            network.analyze(shape)
    return str(caught.value)
