"""The speed of sweeps, in seconds of one processor, and beside one report for each variant.

- a grid of one layer: at least 100,000 rows a second, of channels and of geometry alone;
- a grid of one layer as a whole process that writes CSV: at least 100,000 rows a second;
- resnet50 with other widths and with other inputs: at least 200 variants a second;
- each of these beside a text that is parsed and analysed for each variant.

    python benchmarks/sweeping.py
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING

from convcalc.inverse.sweep import Sweep
from convcalc.language.parse import parse
from convcalc.zoo.catalog import network_text

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANNELS = "conv:{1..50},k{1..11},s{1..4},p{0..5},d{1..4}"
GEOMETRY = "conv:64,k{1..40},s{1..10},p{0..19},d{1..10}"
WHOLE = GEOMETRY.replace("conv:64", "conv:{60..64}")
INPUT = "3x224x224"

WIDTHS = {"w": range(16, 216)}

ONE_BY_ONE = 30
"""Variants that are analysed one by one, for the ratio."""


def main() -> None:
    """Prints each figure beside its limit."""
    for name, spec in (("channels and geometry", CHANNELS), ("geometry alone", GEOMETRY)):
        compared(f"one layer, {name}", Sweep(spec, INPUT), 100_000)
    whole_process()
    text = network_text("resnet50")
    compared("resnet50, other inputs", Sweep(text, "3x{128..512:2}x="), 200)
    compared("resnet50, other widths", Sweep(with_width(text), INPUT, WIDTHS), 200, WIDTHS["w"])


def with_width(text: str) -> str:
    """resnet50 with its width as a parameter."""
    for old, new in (
        ("conv1=conv:64", "conv1=conv:$w"),
        ("stage:64,3", "stage:$w,3"),
        ("stage:128,4", "stage:$w*2,4"),
        ("stage:256,6", "stage:$w*4,6"),
        ("stage:512,3", "stage:$w*8,3"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


def compared(name: str, sweep: Sweep, least: int, widths: Sequence[int] = ()) -> None:
    """Rows a second, and how many times quicker than reports one by one."""
    begin = time.process_time()
    rows = sum(1 for _ in sweep.rows())
    rate = rows / (time.process_time() - begin)
    report(f"{name} (rows a second)", rate, least)
    variants = [row for row in islice(sweep.rows(), ONE_BY_ONE) if row is not None]
    begin = time.process_time()
    for number, row in enumerate(variants):
        text = row[0].replace("$w", str(widths[number])) if widths else row[0]
        shape = row[sweep.names.index("input")]
        parse(text).analyze(tuple(map(int, shape.split("x"))))
    each = (time.process_time() - begin) / len(variants)
    print(f"    {rate * each:.1f} times as quick as a text and a report for each")


def whole_process() -> None:
    """The command with CSV on a pipe, its start included."""
    command = [sys.executable, "-m", "convcalc", "sweep", "-i", INPUT, WHOLE]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*command, "--format", "csv", "-q"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rows = Sweep(WHOLE, INPUT).count
    report("one layer, CSV of a whole process (combinations a second)", rows / seconds, 100_000)
    print(f"    {done.stdout.count(os.linesep.encode()) - 1:,} of {rows:,} fit")


def report(what: str, value: float, least: float) -> None:
    """One figure beside its limit, and their ratio."""
    met = "met" if value >= least else "MISSED"
    print(f"{what}: {value:,.0f}, at least {least:,}: {value / least:.1f} times, {met}")


if __name__ == "__main__":
    main()
