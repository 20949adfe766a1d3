"""Names of layers on narrow screens: long ones, as imported models have, go on in the next line."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.render.summary import summary_document
from convcalc.render.terminal import terminal_text

LONG = "blocks.0.attention.projection=conv:8,k3 blocks.0.attention.normalisation.layer=bn"


@pytest.fixture(scope="module")
def document():
    return summary_document(convcalc.parse(LONG).analyze((3, 32, 32)))


@pytest.mark.parametrize("width", [50, 60, 70])
def test_a_name_is_broken_behind_dots_alone(document, width):
    lines = terminal_text(document, width=width, colour=False, unicode=True).splitlines()
    names = "".join(line[:26].split("  ")[0].strip() for line in lines[4:9])
    assert max(map(len, lines)) <= width
    assert lines[2].startswith("name ")
    assert names.startswith("blocks.0.attention.projectionblocks.0.attention.normalisation.layer")


def test_a_name_that_has_room_is_whole(document):
    text = terminal_text(document, width=120, colour=False, unicode=True)
    assert "\nblocks.0.attention.normalisation.layer  bn " in text
