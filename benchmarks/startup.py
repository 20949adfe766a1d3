"""Start-up of `convcalc shape` as a whole process, against a ten-line Typer + Rich program.

Both run alternately in one go, and the medians of their times are compared: machines are shared and
noisy, ratios within one run are not. The promise is a ratio of at most 1.5.

    python benchmarks/startup.py [--runs 21]
"""

from __future__ import annotations

import argparse
import os
import pty
import statistics
import subprocess
import sys
import time
from pathlib import Path

LIMIT = 1.5
HERE = Path(__file__).parent
SHAPE = ["shape", "-i", "3x224x224", "conv:64,k7,s2,p3"]
CONVCALC = [sys.executable, "-m", "convcalc"]
ASKED = ["__complete"]
PEER = "ten lines of Typer + Rich"
PROGRAMS = {
    PEER: [sys.executable, str(HERE / "typer_rich_table.py")],
    "convcalc shape": [*CONVCALC, *SHAPE],
    "convcalc shape (json)": [*CONVCALC, *SHAPE, "--format", "json"],
    "convcalc --help": [*CONVCALC, "--help"],
    "completion of a command": [*CONVCALC, *ASKED, "1", "", "convcalc", "s"],
    "completion of a label": [
        *CONVCALC,
        *ASKED,
        "4",
        "",
        "convcalc",
        "rf",
        "resnet18",
        "--layer",
        "",
    ],
    "convcalc --version": [*CONVCALC, "--version"],
    "python -c pass": [sys.executable, "-c", "pass"],
}


def main() -> None:
    """Prints the table of medians for output to a pipe and to a terminal."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    for place, run in (("pipe", run_to_pipe), ("terminal", run_to_terminal)):
        seconds = measure(run, runs)
        peer = seconds[PEER]
        print(f"\nwhole process, output to a {place}, median of {runs} (ms, ratio to the peer)")
        for name, value in seconds.items():
            verdict = ""
            if name == "convcalc shape":
                verdict = f"  limit {LIMIT}: {'met' if value <= LIMIT * peer else 'MISSED'}"
            print(f"  {name:<28}{1000 * value:8.1f}{value / peer:8.2f}{verdict}")


def measure(run: object, runs: int) -> dict[str, float]:
    """The median seconds of each program, taken in turns."""
    samples: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for command in PROGRAMS.values():
        run(command)  # the first run fills the caches
    for _ in range(runs):
        for name, command in PROGRAMS.items():
            start = time.perf_counter()
            run(command)
            samples[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in samples.items()}


def run_to_pipe(command: list[str]) -> None:
    """One run whose output goes to a pipe."""
    subprocess.run(command, check=True, capture_output=True, env=environment())


def run_to_terminal(command: list[str]) -> None:
    """One run whose output goes to a terminal, so that tables are drawn."""
    leader, follower = pty.openpty()
    try:
        process = subprocess.Popen(command, stdout=follower, stderr=follower, env=environment())
        os.close(follower)
        drain(leader)
        if process.wait():
            raise RuntimeError(f"{command} failed")
    finally:
        os.close(leader)


def drain(descriptor: int) -> None:
    """Reads until the other side has closed."""
    while True:
        try:
            if not os.read(descriptor, 65536):
                return
        except OSError:  # Linux reports a closed terminal as an error
            return


def environment() -> dict[str, str]:
    """Ours, with compiled modules kept: an installed program has them."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


if __name__ == "__main__":
    main()
