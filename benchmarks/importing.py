"""Models of other programs counted by whole processes, those of PyTorch against other tools.

All run in turns in one go, and the medians of their processor time are compared: machines are
shared and noisy, ratios within one run are not. The promises are at most 0.75 times torchinfo and
fvcore on resnet50 and vit_b_16 of torchvision; 6 s for recording 1,000 blocks of four calls; 1 s,
and 150 MB more than Python alone, for an ONNX file with 500 MB of weights; and a converted network
at the speed of a network that the calculator has itself.

The other tools compute with as many threads as torch takes of its own accord, and the waiting of
threads is processor time as well. With OMP_NUM_THREADS=1 what is left is mostly the import of torch
and torchvision, which all have to pay: on resnet50 the ratios are then 0.8.

    python benchmarks/importing.py [--runs 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
CONVCALC = [sys.executable, "-m", "convcalc"]
LIMIT, BLOCKS, SECONDS = 0.75, 1000, 6
NETWORKS = ("resnet50", "vit_b_16")
TOOLS = ("torchinfo", "fvcore")
FILE_SECONDS, FILE_MEGABYTES, OWN_SPEED = 1, 150, 1.2

LARGE = """
import sys
import numpy, onnx
from onnx import TensorProto, helper, numpy_helper
FLOAT, SIDE = TensorProto.FLOAT, 11180  # squared and in float32 500 MB
weight = numpy_helper.from_array(numpy.zeros((SIDE, SIDE), numpy.float32), "weight")
value = helper.make_tensor_value_info
x, y = value("x", FLOAT, (1, SIDE)), value("y", FLOAT, (1, SIDE))
graph = helper.make_graph([helper.make_node("Gemm", ["x", "weight"], ["y"])], "graph", [x], [y])
graph.initializer.append(weight)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), sys.argv[1])
"""

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


class Spent(NamedTuple):
    """Processor time and elapsed time of a process, and the most memory that it had."""

    cpu: float
    elapsed: float
    megabytes: float


def main() -> None:
    """Prints the table of medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    for network in NETWORKS:
        shown(network, measured(network, runs))
    print()
    with tempfile.TemporaryDirectory() as folder:
        told(f"recording {BLOCKS} blocks, s", recording(Path(folder)), SECONDS)
        seconds, megabytes = large_file(Path(folder), runs)
        told("ONNX file of 500 MB, s", seconds, FILE_SECONDS)
        told("the same, MB more than Python", megabytes, FILE_MEGABYTES)
        told("converted network, times one of ours", converted(Path(folder), runs), OWN_SPEED)


def told(what: str, found: float, limit: float) -> None:
    print(f"{what}: {found:.2f}, limit {limit}: {'met' if found <= limit else 'MISSED'}")


def shown(network: str, seconds: dict[str, Spent]) -> None:
    print(f"\n{network}, whole process, medians: processor s, elapsed s, ours / theirs")
    own = seconds["convcalc"].cpu
    for name, (cpu, elapsed, _) in seconds.items():
        ratio = own / cpu
        verdict = (
            ""
            if name == "convcalc"
            else f"  limit {LIMIT}: " + ("met" if ratio <= LIMIT else "MISSED")
        )
        print(f"  {name:<12}{cpu:8.2f}{elapsed:8.2f}{ratio:8.2f}{verdict}")


def measured(network: str, runs: int) -> dict[str, Spent]:
    """What each program spends on a network."""
    peer = [sys.executable, str(HERE / "peer_torchvision.py")]
    programs = {"convcalc": [*CONVCALC, "summary", f"torchvision:{network}"]}
    programs |= {tool: [*peer, tool, network] for tool in TOOLS}
    return medians(programs, runs)


def medians(programs: dict[str, list[str]], runs: int) -> dict[str, Spent]:
    """The medians of what each program spends, taken in turns."""
    samples: dict[str, list[Spent]] = {name: [] for name in programs}
    for command in programs.values():
        spent(command)  # the first run fills the caches
    for _ in range(runs):
        for name, command in programs.items():
            samples[name].append(spent(command))
    return {
        name: Spent(*(statistics.median(column) for column in zip(*found, strict=True)))
        for name, found in samples.items()
    }


def spent(command: list[str]) -> Spent:
    """What one process spends."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        complaint = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} failed: {complaint.decode()}")
    elapsed = time.perf_counter() - start
    return Spent(usage.ru_utime + usage.ru_stime, elapsed, usage.ru_maxrss / 1000)


def recording(folder: Path) -> float:
    """Seconds of the processor for a network of many blocks, without importing torch."""
    path = folder / "long.py"
    path.write_text(LONG)
    command = [sys.executable, "-c", RECORD, str(path)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def large_file(folder: Path, runs: int) -> tuple[float, float]:
    """Seconds of the processor for a file of large weights, and megabytes beside Python's."""
    path = str(folder / "large.onnx")
    subprocess.run([sys.executable, "-c", LARGE, path], check=True)
    own, python = [*CONVCALC, "summary", path], [sys.executable, "-c", "pass"]
    found = medians({"own": own, "python": python}, runs)
    return found["own"].cpu, found["own"].megabytes - found["python"].megabytes


def converted(folder: Path, runs: int) -> float:
    """How many times longer a network from PyTorch takes than the same one from the calculator."""
    path = str(folder / "net.spec")
    subprocess.run([*CONVCALC, "convert", "torchvision:resnet50", "-o", path], check=True)
    ours, theirs = ([*CONVCALC, "summary", name] for name in ("resnet50", path))
    found = medians({"ours": ours, "theirs": theirs}, runs)
    return found["theirs"].cpu / found["ours"].cpu


if __name__ == "__main__":
    main()
