"""Models of PyTorch counted by whole processes, against torchinfo and fvcore on the same models.

All run in turns in one go, and the medians of their processor time are compared: machines are
shared and noisy, ratios within one run are not. The promises are at most 0.75 times either tool on
resnet50 and vit_b_16 of torchvision, and 6 s for recording 1,000 blocks of four calls.

    python benchmarks/importing.py [--runs 5]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
LIMIT, BLOCKS, SECONDS = 0.75, 1000, 6
NETWORKS = ("resnet50", "vit_b_16")
TOOLS = ("torchinfo", "fvcore")

LONG = f"""
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)

    def forward(self, x):
        return x + torch.relu(self.norm(self.conv(x)))


def net():
    return nn.Sequential(*(Block() for _ in range({BLOCKS})))
"""

RECORD = """
import sys, time
from convcalc.importers.target import target_of
from convcalc.importers.torch_model import network_of
target, start = target_of(sys.argv[1] + ":net()"), time.process_time()
network_of(target, (8, 32, 32))
print(time.process_time() - start)
"""


def main() -> None:
    """Prints the table of medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    for network in NETWORKS:
        shown(network, measured(network, runs))
    taken = recording()
    verdict = "met" if taken <= SECONDS else "MISSED"
    print(f"\nrecording {BLOCKS} blocks: {taken:.2f} s, limit {SECONDS}: {verdict}")


def shown(network: str, seconds: dict[str, tuple[float, float]]) -> None:
    print(f"\n{network}, whole process, medians: processor s, elapsed s, ours / theirs")
    own = seconds["convcalc"][0]
    for name, (cpu, elapsed) in seconds.items():
        ratio = own / cpu
        verdict = (
            ""
            if name == "convcalc"
            else f"  limit {LIMIT}: " + ("met" if ratio <= LIMIT else "MISSED")
        )
        print(f"  {name:<12}{cpu:8.2f}{elapsed:8.2f}{ratio:8.2f}{verdict}")


def measured(network: str, runs: int) -> dict[str, tuple[float, float]]:
    """The median processor time and elapsed time of each program, taken in turns."""
    peer = [sys.executable, str(HERE / "peer_torchvision.py")]
    programs = {"convcalc": [sys.executable, "-m", "convcalc", "summary", f"torchvision:{network}"]}
    programs |= {tool: [*peer, tool, network] for tool in TOOLS}
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for command in programs.values():
        spent(command)  # the first run fills the caches
    for _ in range(runs):
        for name, command in programs.items():
            samples[name].append(spent(command))
    return {
        name: (statistics.median(cpu for cpu, _ in found), statistics.median(at for _, at in found))
        for name, found in samples.items()
    }


def spent(command: list[str]) -> tuple[float, float]:
    """Processor time and elapsed time of one process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.perf_counter() - start


def recording() -> float:
    """Seconds of the processor for a network of many blocks, without importing torch."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.py"
        path.write_text(LONG)
        command = [sys.executable, "-c", RECORD, str(path)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
