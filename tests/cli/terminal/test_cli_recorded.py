"""Tables as they look at several widths, recorded as text.

A change of looks is recorded anew by

    convcalc summary resnet50 --width 60 > tests/cli/terminal/recorded/summary-resnet50-60.txt

and read before it is committed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

RECORDED = Path(__file__).parent / "recorded"
WIDTHS = (60, 80, 100, 120)


@pytest.fixture(scope="module")
def specs():
    """The spec of every layer of resnet50."""
    from convcalc.zoo.catalog import load_network

    return [row.spec for row in load_network("resnet50").analyze((3, 224, 224)).layers]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_summary_looks_as_it_was_recorded(inside, width):
    recorded = (RECORDED / f"summary-resnet50-{width}.txt").read_text(encoding="utf-8")
    done = inside("summary", "resnet50", "--width", str(width))
    assert (0, recorded, "") == (done.code, done.out, done.err)
    assert max(map(len, recorded.splitlines())) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_a_recorded_spec_is_broken_behind_a_comma_alone(specs, width):
    lines = (RECORDED / f"summary-resnet50-{width}.txt").read_text(encoding="utf-8").split("\n\n")
    head, *rows = lines[1].splitlines()
    begin, end = head.index("layer"), head.index("output" if "output" in head else "MACs")
    table = [row for row in rows if not row.startswith("─")][:-1]
    cells = [row[begin:end].split("  ")[0].strip() for row in table]
    if rows[0].strip() and not rows[0].startswith(("conv1", "─")):
        cells = cells[1:]  # the line of the units
    joined = ",".join(cells).replace(",,", ",")
    assert ",".join(specs) == joined


@pytest.mark.parametrize("width", WIDTHS)
def test_no_recorded_cell_has_a_unit_of_its_own(width):
    text = (RECORDED / f"summary-resnet50-{width}.txt").read_text(encoding="utf-8")
    table = text.split("\n\n")[1]
    assert [] == re.findall(r"\d ?[kMGT]\b", table)
