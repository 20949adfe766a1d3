"""How each fitted constant of the cost model is measured: one experiment a row of the table.

`python benchmarks/fit_costs.py --explain` prints them in words. The rates of an ordinary machine,
such as `numpy_products`, are what `convcalc calibrate` measures.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import torch
from fit_kinds import Case, Experiment, Formula, Inversion, Overtaking, Step
from fit_threads import THREADS

from convcalc.execute.algorithms import separable, toeplitz
from convcalc.execute.backends import opencv
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.executor.executor import Executor
from convcalc.execute.fitted_costs import FITTED
from convcalc.execute.planning.machine import DEFAULT
from convcalc.execute.planning.planner import plan
from convcalc.execute.problem import ConvProblem
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from fit_kinds import Functions, Times

    from convcalc.execute.planning.machine import CostRates


def _normal(*shape: int) -> Any:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def _one(case: Case) -> Inversion:
    return Inversion((case,))


def _both(*shape: Any, **more: Any) -> Inversion:
    return Inversion(tuple(Case(backend, *shape, **more) for backend in ("numpy", "torch")))


def _torch(way: str, channels: int, out: int, size: int, kernel: int, **more: Any) -> Case:
    """A case of torch's own convolution of planes."""
    return Case("torch", f"direct {way}", channels, out, (size, size), kernel, **more)


def _deep(size: int, kernel: int, channels: int = 64, way: str = "contiguous") -> Case:
    """A depthwise case."""
    return _torch(way, channels, channels, size, kernel, groups=channels)


def _planes(way: str, channels: int, sizes: tuple[int, ...], kernel: int, **more: Any) -> Case:
    """A depthwise case of OpenCV."""
    more = {"groups": channels, **more}
    return Case("numpy", f"{way} planes", channels, channels, sizes, kernel, **more)


def _row(backend: str, elements: int) -> Case:
    """A row in blocks of transforms of so many elements."""
    return Case(backend, "fft blocks", 1, 1, (2**19,), elements // 8 + 1, tiles=elements)


def _rate(name: str) -> Formula:
    """A rate of OpenCV, as `convcalc calibrate` measures it."""

    def formula(_: Times, machine: CostRates) -> float | None:
        return getattr(machine.planes, name) if machine.planes else None

    return Formula(f"OpenCV's rate of {name}, as `convcalc calibrate` measures it", dict, formula)


def _swapping(channels: float, elements: int = 128 * 128) -> tuple[Callable[[], Any], ...]:
    """OpenCV's and torch's way to put channels side by side, into fresh memory."""
    array = _normal(int(channels), elements)
    tensor = torch.from_numpy(array)
    return (
        lambda: opencv.transpose(array, np.empty(array.shape[::-1], np.float32)),
        tensor.T.contiguous,
    )


def _crowding(distance: float) -> tuple[Callable[[], Any], ...]:
    """Torch's copy of 64 channels side by side, at other distances and at that one, 49 times it."""
    elements = 49 * int(distance)
    one, other = (torch.from_numpy(_normal(64, n)[:, :6272]) for n in (elements + 16, elements))
    return one.T.contiguous, other.T.contiguous


def _swap() -> Functions:
    array, out = _normal(64, 56 * 56), np.empty((56 * 56, 64), np.float32)
    return {"swap": lambda: opencv.transpose(array, out)}


def _blocking() -> Functions:
    x, w = torch.from_numpy(_normal(1, 64, 56, 56)), torch.from_numpy(_normal(64, 64, 3, 3))
    last = x.contiguous(memory_format=torch.channels_last)
    conv = torch.nn.functional.conv2d
    return {"contiguous": lambda: conv(x, w, None, 1, 1), "last": lambda: conv(last, w, None, 1, 1)}


def _blocked(times: Times, machine: CostRates) -> float | None:
    longer = times["contiguous"] - times["last"]
    fastest = 2 * 4 * 64 * 56 * 56 / machine.torch.copies
    return fastest / longer if longer > 0 else None


def _joining() -> Functions:
    one, other = _normal(256, 256), _normal(256, 256)
    return {"add": lambda: np.add(one, other, out=one)}


def _mixing() -> Functions:
    sizes = (128, 128)
    return {
        "mixed": Case("numpy", "direct planes", 8, 1, sizes, 3).function(),
        "apart": _planes("direct", 8, sizes, 3).function(),
    }


def _adding(times: Times, machine: CostRates) -> float | None:
    longer = times["mixed"] - times["apart"]
    if machine.planes is None or longer <= 0:
        return None
    return longer * machine.planes.sums / (7 * 128**2)


def _spectra() -> Functions:
    transform = opencv.Transform((64, 64))
    taps, block = _normal(15, 15), _normal(64, 64).astype(np.float64)
    return {
        "kernel": lambda: transform.spectrum(taps),
        "block": lambda: transform.spectrum(block),
    }


def _few_rows() -> Functions:
    one, other = _normal(2, 576), _normal(576, 3136)
    return {"product": lambda: one @ other}


def _gathered_few(times: Times, machine: CostRates) -> float | None:
    """Of rows * (1 + few / rows) products at the rate of numpy."""
    rows = times["product"] * machine.numpy.products / (2 * 576 * 3136)
    return rows - 2 if rows > 2 else None


def _kept(least: int = 20, most: int = 28) -> Functions:
    def fresh(size: int) -> Callable[[], Any]:
        return lambda: torch.empty(size // 4).fill_(1)

    return {str(2**power): fresh(2**power) for power in range(least, most)}


def _largest_kept(times: Times, _: CostRates) -> float | None:
    """The last size before the greatest step in the time of a byte."""
    sizes = sorted(map(int, times))
    each = [times[str(size)] / size for size in sizes]
    steps = [after / before for before, after in pairwise(each)]
    return sizes[steps.index(max(steps))] if max(steps) > 1.5 else None


def _kernel() -> Functions:
    weight = np.ones((1, 1, 7, 7), np.float32)
    return {"factors": lambda: separable.factors(weight)}


def _phases() -> Functions:
    ops = Executor(NumpyBackend(), DEFAULT, "im2col")
    x, w = _normal(1, 1, 6, 6), _normal(1, 1, 6, 6)
    windows = (Window(6, 3),) * 2
    return {"phases": lambda: ops.conv_transpose(x, w, None, windows, 1, (21, 21))}


def _phase_calls(times: Times, machine: CostRates) -> float | None:
    """What the phases took longer than their convolutions and what is written, in calls."""
    problem = ConvProblem(1, 1, 1, 1, (6, 6), (Window(6, 3),) * 2, (21, 21), transposed=True)
    foretold = plan(problem, "numpy", machine, "im2col").predicted_seconds
    counted = FITTED["phase_calls"] * 9 * machine.numpy.call
    calls = (times["phases"] - foretold + counted) / (9 * machine.numpy.call)
    return calls if calls > 0 else None


def _turned(channels: int, out_channels_per_group: int) -> tuple[Callable[[], Any], ...]:
    """A product of 56 x 56 positions by torch, the positions as rows, and as columns."""
    matrix = torch.from_numpy(_normal(out_channels_per_group, channels))
    columns = torch.from_numpy(_normal(channels, 56 * 56))
    return (
        lambda: torch.nn.functional.linear(columns.T, matrix),
        lambda: torch.mm(matrix, columns),
    )


def _wide_blocks(kernel: int, size: int) -> tuple[Callable[[], Any], ...]:
    """The blocks of numpy on 1->1 16 x size, of 32 outputs and of 16."""
    case = Case("numpy", "direct blocks", 1, 1, (16, size), kernel)

    def of(outputs: int) -> Callable[[], Any]:
        own = case.function()

        def run() -> None:
            with patch.object(toeplitz, "block_size", lambda _: outputs):
                own()

        return run

    return of(32), of(16)


def _plain_and_planned(size: float) -> tuple[Callable[[], Any], ...]:
    """A kernel of 5 x 5 in blocks of outputs, and tap by tap."""
    sides = (int(size), int(size))
    ways = ("direct blocks", "direct contiguous")
    one, other = (Case("numpy", way, 1, 1, sides, 5).function() for way in ways)
    return one, other


def _integers() -> Case:
    return Case("numpy", "direct contiguous", 16, 16, (56, 56), 3, dtype="int64")


TINY = 1, 1, (8, 8), 3
"""Channels, sizes and kernel of a convolution that is all calls."""

EXPERIMENTS: dict[str, Experiment] = {
    **THREADS,
    "shared_sums": _rate("sums"),
    "shared_transforms": _rate("transforms"),
    "largest_kept": Formula(
        "the last size before the greatest step in the time per byte of torch.empty(n).fill_(1), "
        "n = 2^20 ... 2^27 bytes",
        _kept,
        _largest_kept,
    ),
    "fewest_planned": Overtaking(
        "the products 25 n^2 at which blocks of outputs overtake tap by tap, numpy, 1->1 n x n k5",
        (4, 6, 8, 12, 16, 24, 32, 48, 64),
        _plain_and_planned,
        value=lambda size, _: 25 * size**2,
    ),
    "crowded": Overtaking(
        "torch's copy of 64 channels side by side, 49 n + 16 numbers between them instead of 49 n",
        (32, 64, 128, 256, 512),
        _crowding,
        1.2,
    ),
    "turned_channels": Overtaking(
        "torch's product of 56 x 56 positions, n channels to 64, positions as rows, not columns",
        (1, 2, 3, 4, 8, 16),
        lambda channels: _turned(int(channels), 64),
    ),
    "turned_maps_alone": Overtaking(
        "torch's product of 56 x 56 positions, 64 channels to n, on one thread, positions as rows",
        (16, 32, 48, 64, 96),
        lambda out_channels_per_group: _turned(64, int(out_channels_per_group)),
    ),
    "turned_maps": Overtaking(
        "torch's product of 56 x 56 positions, 64 channels to n, on two threads, positions as rows",
        (4, 8, 16, 24, 32, 48),
        lambda out_channels_per_group: _turned(64, int(out_channels_per_group)),
    ),
    "wide_blocks": Overtaking(
        "blocks of 32 outputs instead of 16 by numpy, 1->1 16x1024 of n taps",
        (15, 31, 47, 64, 95, 127),
        lambda kernel: _wide_blocks(int(kernel), 1024),
    ),
    "wide_blocks_row": Overtaking(
        "blocks of 32 outputs instead of 16 by numpy, 1->1 16xn of 95 taps",
        (128, 256, 512, 1024),
        lambda size: _wide_blocks(95, int(size)),
    ),
    "factors_calls": Formula(
        "the factors of a kernel of 7 x 7 over a call of numpy",
        _kernel,
        lambda times, machine: times["factors"] / machine.numpy.call,
    ),
    "integers": _one(_integers()),
    "few_maps": Step((1, 2, 4, 8, 16, 32), lambda out: _torch("product", 64, out, 112, 1)),
    "product_few": _one(_torch("product", 64, 4, 112, 1)),
    "inner_call": _both("direct passes", 1, 1, (16, 16), 15),
    "double": _one(_torch("contiguous", 64, 256, 28, 3, dtype="float64")),
    "double_few": _one(_torch("contiguous", 64, 4, 112, 1, dtype="float64")),
    "lining_up": _one(_torch("contiguous", 16, 16, 112, 3, dtype="float64")),
    "single": _one(_torch("contiguous", 1, 1, 224, 15)),
    "single_wide": _one(_torch("contiguous", 1, 1, 224, 63)),
    "wide_single": Step(
        (15, 23, 31, 32, 40, 48, 56, 63), lambda k: _torch("contiguous", 1, 1, 128, k)
    ),
    "fresh_padding": Inversion((_torch("contiguous", 1, 1, 1024, 3),), fresh=True),
    "kept_padding": _one(_torch("contiguous", 1, 1, 224, 1)),
    "depthwise": _one(_deep(112, 5)),
    "depthwise_odd": _one(_deep(112, 5, 48)),
    "depthwise_few": _one(_deep(112, 7, 4)),
    "depthwise_wide": _one(_deep(56, 15)),
    "wide": Step((9, 11, 12, 13, 14, 15, 17), lambda k: _deep(56, k, 32)),
    "long_last_from": Step((7, 8, 9, 10, 11, 12), lambda k: _deep(112, k, 64, way="channels-last")),
    "long_last": _one(_deep(112, 11, way="channels-last")),
    "mixed_few": _one(_torch("contiguous", 64, 4, 56, 3)),
    "blocks_wide": _one(_torch("contiguous", 64, 64, 56, 15)),
    "mixed_wide": _one(_torch("contiguous", 16, 16, 56, 31)),
    "wide_mixed": Step(
        (21, 25, 27, 28, 29, 30, 31, 33), lambda k: _torch("contiguous", 16, 16, 56, k)
    ),
    "blocked": Formula(
        "input and result of torch 64->64 56x56 k3, as fresh ones are written, over what it takes "
        "longer contiguous than with the channels last before and after",
        _blocking,
        _blocked,
    ),
    "swapped": Formula(
        "64 channels of 56 x 56 put side by side by OpenCV, over writing as much fresh memory",
        _swap,
        lambda times, machine: 4 * 64 * 56 * 56 / machine.torch.copies / times["swap"],
    ),
    "fewest_swapped": Overtaking(
        "channels of 128 x 128 put side by side by OpenCV instead of torch",
        (2, 3, 4, 5, 6, 8, 12, 16),
        _swapping,
    ),
    "numpy_blocks_double": _one(
        Case("numpy", "direct blocks", 1, 1, (512, 512), 15, dtype="float64")
    ),
    "torch_blocks_double": _one(
        Case("torch", "direct blocks", 1, 1, (512, 512), 15, dtype="float64")
    ),
    "blocks_calls": _both("direct blocks", *TINY),
    "tap_moves": _one(Case("numpy", "direct contiguous", 4, 4, (112, 112), 3)),
    "tap_calls": _one(Case("numpy", "direct contiguous", *TINY)),
    "gathering": _both("im2col columns", 16, 32, (112, 112), 3),
    "gathered_few": Formula(
        "the rows that numpy's product of 2x576 by 576x3136 takes as long as, less 2",
        _few_rows,
        _gathered_few,
    ),
    "im2col_calls": _both("im2col columns", *TINY),
    "numpy_row": _one(_row("numpy", 4096)),
    "torch_row": _one(_row("torch", 4096)),
    "long_row": Inversion((_row("numpy", 2**17), _row("torch", 2**17))),
    "longest_cached_row": Step(
        [2**power for power in range(11, 19)], lambda n: _row("numpy", n), before=True
    ),
    "checked": _both("fft blocks", 1, 1, (512, 512), 31, tiles=160, dtype="float64"),
    "transforms_calls": _both("fft blocks", *TINY, tiles=16),
    "band_calls": _both("fft blocks", *TINY, tiles=16, batch=64),
    "blocks_a_call": _both("fft blocks", 1, 1, (512, 512), 3, tiles=16),
    "phase_calls": Formula(
        "nine phases by im2col of numpy, 1->1 6x6 k6 stride 3, less their convolutions as foretold",
        _phases,
        _phase_calls,
    ),
    "separable_calls": _both("lowrank passes", *TINY),
    "sum_setup": _one(_planes("direct", 1, (512, 512), 3)),
    "part_joining": Formula(
        "adding a plane of 256 x 256 to another by numpy, in products of OpenCV's sums",
        _joining,
        lambda times, machine: (
            times["add"] * machine.planes.sums / 256**2 if machine.planes else None
        ),
    ),
    "adding_1d": _one(_planes("direct", 8, (100_000,), 3, groups=1)),
    "adding_2d": Formula(
        "what OpenCV's sums of planes of 128 x 128 with 3 x 3 taps take longer for eight channels "
        "that are added than for eight that are not, in products of its sums for each of seven",
        _mixing,
        _adding,
    ),
    "adding_3d": _one(_planes("direct", 1, (40, 40, 40), 3)),
    "sum_calls_1d": _one(_planes("direct", 64, (8,), 3)),
    "sum_calls_2d": _one(_planes("direct", 64, (8, 8), 3)),
    "sum_calls_3d": _one(_planes("direct", 16, (4, 4, 4), 3)),
    "sum_double": _one(_planes("direct", 1, (256, 256), 5, dtype="float64")),
    "row_ends": _one(_planes("direct", 1, (4096, 16), 5)),
    "columns": _one(_planes("lowrank", 1, (512, 512), 31)),
    "plane_pass_calls": _one(_planes("lowrank", 64, (8, 8), 3)),
    "kernel_rows": Formula(
        "OpenCV's transform of 15 x 15 taps over that of 64 x 64 cells, both in blocks of 64 x 64",
        _spectra,
        lambda times, _: times["kernel"] / times["block"],
    ),
    "plane_block_calls": _one(_planes("fft", 1, (512, 512), 3, tiles=16)),
    "plane_transforms_calls": _one(_planes("fft", *TINY[1:], tiles=16)),
    "plane_writes": _one(_planes("fft", 1, (1024, 1024), 31, tiles=144)),
}
"""By the name of the constant."""

CALIBRATED = (
    *(f"{backend}_{name}" for backend in ("numpy", "torch") for name in DEFAULT.numpy._fields),
    *(f"opencv_{name}" for name in ("sums", "transforms", "call")),
    "torch_import",
)
"""The constants that `convcalc calibrate` measures by itself."""
