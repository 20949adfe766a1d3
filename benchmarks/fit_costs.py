"""Measures every fitted constant of the cost model on this machine, and keeps what was found.

    python benchmarks/fit_costs.py [--quick] [--cpu-time] [--only NAME ...]
        [--write] [--adopt NAME ...]
    python benchmarks/fit_costs.py --explain

Everything is timed in rounds, each in another order; the shortest time counts, because what else
the machine does makes a time longer, never shorter. How far the two shortest are apart says whether
it can be trusted. Printed per constant: the value in use, what was found ("none" where the times do
not tell), the ratio of the two, and that spread. Nothing is written without `--write`: it records
what was found beside the values in use, with the machine and the versions, but for what spread too
far. On a machine that is busy it refuses. `--adopt` takes what was found into use as well.

OMP_NUM_THREADS and OPENBLAS_NUM_THREADS say how many threads compute. With both 1, `--cpu-time`
takes the time of the thread's own work instead of the clock, for a machine that others use too;
constants of threads, and of what other processes do, are left out then.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import random
import re
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

import cv2
import fit_table
import numpy as np
import torch
from fit_experiments import CALIBRATED, EXPERIMENTS
from fit_table import Conditions, Row
from fit_threads import THREADS

from convcalc.execute import fitted_costs
from convcalc.execute.planning import calibrate
from convcalc.execute.planning.machine import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable

    from fit_kinds import Experiment

    from convcalc.execute.planning.machine import CostRates

SAMPLE, PAUSE, PAUSED_SAMPLES = 5e-3, 0.02, 7
"""Seconds of a sample at least; of a pause, and single calls after one, of which the median counts:
the shortest would hide how long the system takes to wake a thread."""

WIDEST = 1.25
"""How far apart the two shortest times of what is trusted may be."""

MOST_WIDE = 0.2
"""The share of experiments that spread further on a machine that is too busy."""


class Found(NamedTuple):
    """What an experiment gave.

    Attributes:
        value: The constant; None where the times do not tell.
        spread: The largest factor between the two shortest times of a function.
    """

    value: float | None
    spread: float


def main(arguments: list[str] | None = None) -> None:
    """Prints the table of what is in use and what was found; writes it if it is told to."""
    options = _options(arguments)
    if options.explain:
        print("\n".join(f"{name}: {_words(name)}" for name in fitted_costs.ROWS))
        return
    if options.cpu_time and torch.get_num_threads() > 1:
        sys.exit("--cpu-time: set OMP_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1, it sees one thread")
    cv2.setNumThreads(1)  # threads are ours; what is measured of OpenCV's own sets them itself
    clock = time.thread_time if options.cpu_time else time.perf_counter
    left_out = {*THREADS, "turned_maps", "torch_import"} if options.cpu_time else set()
    names = set(options.only or fitted_costs.ROWS) - left_out
    machine, rates = calibrated(1 if options.quick else 3, clock)
    found = {name: one for name, one in rates.items() if name in names}
    wanted = {name: one for name, one in EXPERIMENTS.items() if name in names}
    found |= measured(wanted, machine, 2 if options.quick else 10, clock)
    _print(found)
    if options.write or options.adopt:
        _write(found, set(options.adopt))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    known, name = sorted(fitted_costs.ROWS), {"nargs": "+", "metavar": "NAME", "default": []}
    parser.add_argument("--quick", action="store_true", help="two rounds, not ten")
    parser.add_argument("--cpu-time", action="store_true", help="of one thread, see above")
    parser.add_argument("--only", choices=known, help="measure these alone", **name)
    parser.add_argument("--write", action="store_true", help="record what was found in the table")
    parser.add_argument("--adopt", choices=known, help="take these into use, and write", **name)
    parser.add_argument("--explain", action="store_true", help="say how each is measured")
    return parser.parse_args(arguments)


def _words(name: str) -> str:
    return "as `convcalc calibrate` measures it" if name in CALIBRATED else str(EXPERIMENTS[name])


def calibrated(rounds: int, clock: Callable[[], float]) -> tuple[CostRates, dict[str, Found]]:
    """The best of each rate of this machine, and the same as constants of an ordinary one."""
    with patch.object(calibrate, "perf_counter", clock):
        machines = [calibrate.measure() for _ in range(rounds)]
    ordinary = [machine.on(DEFAULT.threads) for machine in machines]
    return _best(machines)[0], _best(ordinary)[1]


def _best(machines: list[CostRates]) -> tuple[CostRates, dict[str, Found]]:
    """The best rates of several rounds, and how far the two best of each are apart."""
    best, found = machines[0], {}
    for name in CALIBRATED:
        several = sorted(_rate_of(machine, name) for machine in machines)
        pair = several[:2] if name.endswith(("call", "import")) else several[:-3:-1]
        found[name] = Found(pair[0], max(pair) / min(pair))
        best = _with_rate(best, name, pair[0])
    return best, found


def _rate_of(machine: CostRates, name: str) -> float:
    part, _, rate = name.partition("_")
    if name == "torch_import":
        return machine.torch_import
    return float(getattr(machine.planes if part == "opencv" else machine.of(part), rate))


def _with_rate(machine: CostRates, name: str, value: float) -> CostRates:
    part, _, rate = name.partition("_")
    if name == "torch_import":
        return machine._replace(torch_import=value)
    if part == "opencv":
        return machine._replace(planes=machine.planes and machine.planes._replace(**{rate: value}))
    return machine._replace(**{part: machine.of(part)._replace(**{rate: value})})


def measured(
    experiments: dict[str, Experiment],
    machine: CostRates,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Found]:
    """What each experiment gives, from the shortest times of some rounds over all of them."""
    order = random.Random(0)
    times: dict[str, dict[str, list[float]]] = {name: {} for name in experiments}
    for _ in range(rounds):
        for name in order.sample(list(experiments), len(experiments)):
            _one_round(experiments[name], times[name], order, clock)
    found = {}
    for name, experiment in experiments.items():
        shortest = {label: min(several) for label, several in times[name].items()}
        value = experiment.conclude(name, shortest, machine)
        found[name] = Found(value, max(map(_spread, times[name].values()), default=1.0))
    return found


def _one_round(
    experiment: Experiment,
    times: dict[str, list[float]],
    order: random.Random,
    clock: Callable[[], float],
) -> None:
    """One sample more of each of the functions of an experiment."""
    functions = experiment.prepare()
    sample = _after_pauses if getattr(experiment, "paused", False) else _repeated
    for label in order.sample(list(functions), len(functions)):
        times.setdefault(label, []).append(sample(functions[label], clock))


def _repeated(function: Callable[[], Any], clock: Callable[[], float]) -> float:
    """The seconds of one call, of many in a row; one call before is not counted."""
    function()
    start = clock()
    function()
    calls = max(1, min(1000, int(SAMPLE / max(clock() - start, 1e-9))))
    start = clock()
    for _ in range(calls):
        function()
    return (clock() - start) / calls


def _after_pauses(function: Callable[[], Any], clock: Callable[[], float]) -> float:
    """The median seconds of single calls, each after a pause."""
    samples = []
    for _ in range(PAUSED_SAMPLES):
        time.sleep(PAUSE)
        start = clock()
        function()
        samples.append(clock() - start)
    return statistics.median(samples)


def _spread(samples: list[float]) -> float:
    """The factor between the two shortest; 1 where there is one only."""
    best = sorted(samples)[:2]
    return best[-1] / best[0]


def is_busy(found: dict[str, Found]) -> bool:
    """Whether too many experiments spread too far for what the others say to be believed."""
    wide = sum(one.spread > WIDEST for one in found.values())
    return wide > MOST_WIDE * len(found)


def _print(found: dict[str, Found]) -> None:
    print(f"{'constant':24} {'in use':>10} {'found':>10} {'ratio':>7} {'spread':>7}  unit")
    for name, row in fit_table.rows().items():
        if name in found:
            value, spread = found[name]
            own = (
                "      none       -" if value is None else f"{value:10.3g} {value / row.value:7.2f}"
            )
            print(f"{name:24} {row.value:10.3g} {own:>18} {spread:7.2f}  {row.unit}")
    if is_busy(found):
        print("the times spread far: this machine is busy, and what was found is no measure")


def _write(found: dict[str, Found], adopted: set[str]) -> None:
    """The table with what was found, in the place of the one that is installed."""
    if is_busy(found):
        sys.exit("nothing is written: measure again when the machine is quiet")
    sources = fit_table.sources()
    label = _label(sources, conditions())
    table = updated(fit_table.rows(), found, label, adopted)
    with open(fitted_costs.__file__, "w", encoding="utf-8") as file:
        file.write(fit_table.text(table, {**sources, label: conditions()}))


def updated(
    table: dict[str, Row], found: dict[str, Found], label: str, adopted: set[str]
) -> dict[str, Row]:
    """The rows with what was found and can be trusted, under the name of its conditions."""
    rows = dict(table)
    for name, (value, spread) in found.items():
        if value is not None and spread <= WIDEST:
            short = float(f"{value:.3g}")
            rows[name] = rows[name]._replace(found=short, found_on=label)
            if name in adopted:
                rows[name] = rows[name]._replace(value=short, source=label)
    return rows


def _label(sources: dict[str, Conditions], now: Conditions) -> str:
    """The date, with a number if another machine or other versions have it already."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    label, count = today, 1
    while sources.get(label, now) != now:
        count += 1
        label = f"{today} ({count})"
    return label


def conditions() -> Conditions:
    """This machine, and the versions that are installed."""
    onednn = re.search(r"MKL-DNN v([0-9.]+)", torch.__config__.show())
    return Conditions(
        _processor(),
        str(torch.get_num_threads()),
        torch.backends.cpu.get_cpu_capability(),
        torch.__version__,
        onednn[1] if onednn else "none",
        cv2.__version__,
        np.__version__,
    )


def _processor() -> str:
    """The name of the processor as the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = re.search(r"model name\s*: (.*)", file.read())
    except OSError:
        name = None
    return name[1].strip() if name else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
