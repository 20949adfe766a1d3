"""The calculator's own speed: reading and analysing whole networks.

- resnet152 from text to report in a warm process: at most 20 ms;
- a chain of 100,000 layers: at most 1.5 times the cost per layer of a chain of 1,000;
- `convcalc summary resnet50` as a whole process: at most 2 times the ten-line Typer + Rich program;
- torchinfo and fvcore on the same network, where they are installed, as whole processes: at least
  15 times slower.

    python benchmarks/engine.py [--runs 15]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from startup import PEER, PROGRAMS, environment, run_to_pipe

from convcalc.language.parse import parse
from convcalc.zoo.catalog import network_text

SUMMARY = [sys.executable, "-m", "convcalc", "summary", "resnet50"]

HERE = Path(__file__).parent
OTHERS = ("torchinfo", "fvcore")


def main() -> None:
    """Prints each figure beside its limit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    resnet152(runs)
    chains()
    processes(runs)


def resnet152(runs: int) -> None:
    """Text to report, warm."""
    text = network_text("resnet152")
    samples = []
    for _ in range(runs + 2):
        start = time.perf_counter()
        parse(text).analyze((3, 224, 224))
        samples.append(time.perf_counter() - start)
    seconds = statistics.median(samples[2:])
    report("resnet152, text to report, warm (ms)", 1000 * seconds, 20)


def chains() -> None:
    """Cost per layer of a long chain, as a ratio to a short one."""
    per_layer = {}
    for length, times in ((1_000, 20), (100_000, 3)):
        text = "conv:64,k3,p1 " * length
        samples = []
        for _ in range(times):
            start = time.perf_counter()
            parse(text).analyze((64, 56, 56))
            samples.append(time.perf_counter() - start)
        per_layer[length] = statistics.median(samples) / length
        print(f"chain of {length:,} layers: {1e6 * per_layer[length]:.1f} us per layer")
    report("ratio of the long chain to the short one", per_layer[100_000] / per_layer[1_000], 1.5)


def processes(runs: int) -> None:
    """Whole processes, taken in turns."""
    commands = {PEER: PROGRAMS[PEER], "convcalc summary resnet50": SUMMARY}
    samples: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            start = time.perf_counter()
            run_to_pipe(command)
            samples[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in samples.items()}
    ours = medians["convcalc summary resnet50"]
    print(f"{PEER}: {1000 * medians[PEER]:.1f} ms; summary resnet50: {1000 * ours:.1f} ms")
    report("ratio of the summary to the peer, whole process", ours / medians[PEER], 2)
    for name in OTHERS:
        if find_spec(name) is None:
            print(f"{name}: not measured, it is not installed")
            continue
        command = [sys.executable, str(HERE / f"peer_{name}.py")]
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=environment())
            seconds.append(time.perf_counter() - start)
        ratio = statistics.median(seconds) / ours
        report(f"{name} by ours, whole process", ratio, 15, least=True)


def report(what: str, value: float, limit: float, *, least: bool = False) -> None:
    """One figure, its limit, and whether it was met."""
    met = value >= limit if least else value <= limit
    word = "at least" if least else "at most"
    print(f"{what}: {value:.2f}, {word} {limit}: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
