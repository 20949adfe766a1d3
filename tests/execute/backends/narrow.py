"""Convolutions with axes of one element, in every order in memory, by every way there is.

Libraries of fast convolutions look away from axes of one element where they choose a kernel, and
go wrong there first. So each case has one at least: a channel, an axis of the input or of the
kernel, or an output one element wide, beside strides that differ and kernels as wide as the input.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from convcalc import convolve
from convcalc.errors import UsageError
from convcalc.execute.algorithms import ALGORITHMS
from convcalc.execute.executor.open_executor import open_executor
from convcalc.execute.executor.run_plan import Arrays, prepared_plan, run_plan
from convcalc.execute.planning import planner as planning
from convcalc.execute.planning.select_backend import planner_of
from convcalc.execute.problem import ConvProblem
from convcalc.window import Window
from tolerances import TOLERANCES

MOST_PRODUCTS = 3e5
MOST_NUMBERS = 3e5

CONV = (functional.conv1d, functional.conv2d, functional.conv3d)
TRANSPOSED = (
    functional.conv_transpose1d,
    functional.conv_transpose2d,
    functional.conv_transpose3d,
)


class Case(NamedTuple):
    """One convolution: what it is, and numbers of its shapes."""

    problem: ConvProblem
    x: np.ndarray
    w: np.ndarray
    b: np.ndarray | None

    @property
    def arrays(self):
        return self.x, self.w, self.b

    @property
    def options(self):
        """The keywords of `convolve`."""
        windows, problem = self.problem.windows, self.problem
        told = {
            "stride": tuple(w.stride for w in windows),
            "padding": tuple((w.before, w.after) for w in windows),
            "dilation": tuple(w.dilation for w in windows),
            "groups": problem.groups,
        }
        return told | ({"transposed": True} if problem.transposed else {})


def drawn(seed, transposed=False):
    """A random case with an axis of one element."""
    draw = np.random.default_rng(seed)
    while True:
        problem = _problem(draw, transposed)
        numbers = max(problem.elements_in, problem.elements_out, problem.weights)
        if _has_one(problem) and problem.macs < MOST_PRODUCTS and numbers < MOST_NUMBERS:
            return _filled(draw, problem)


def _has_one(problem):
    kernels = [w.kernel for w in problem.windows]
    channels = problem.channels, problem.out_channels
    return 1 in (*channels, *problem.sizes, *problem.out_sizes, *kernels)


def _problem(draw, transposed):
    spatial_dims = int(draw.choice((1, 2, 2, 3)))
    # Some have long axes, and few products: a buffer that is too small is far too small then.
    axes = [_axis(draw, spatial_dims, transposed) for _ in range(spatial_dims)]
    windows, sizes, outs = (tuple(part) for part in zip(*axes, strict=True))
    groups = int(draw.choice((1, 1, 1, 2, 3, 16)))
    in_channels_per_group, maps = (
        int(draw.choice((1, 1, 1, 2, 3, 8, 17))),
        int(draw.choice((1, 1, 2, 4, 8, 16, 33))),
    )
    dtype = str(draw.choice(("float32", "float32", "float32", "float64")))
    batch = int(draw.choice((1, 2, 3, 8)))
    shapes = (batch, groups * in_channels_per_group, groups * maps, groups, sizes, windows, outs)
    return ConvProblem(*shapes, dtype, "zeros", transposed)


def _axis(draw, spatial_dims, transposed):
    """(window, elements of the input, of the output) of one axis."""
    kernel = int(draw.choice((1, 2, 3, 3, 5, 7, draw.integers(1, 12))))
    stride, dilation = int(draw.integers(1, 8)), int(draw.choice((1, 1, 1, 2, 3)))
    extent = dilation * (kernel - 1) + 1
    before, after = (int(draw.choice((0, 0, 1, draw.integers(0, extent + 3)))) for _ in "ba")
    longest = (400, 200, 12)[spatial_dims - 1]
    outputs = int(draw.choice((1, 1, draw.integers(1, 6), draw.integers(1, longest))))
    most = (outputs - 1) * stride + extent  # reached by so many windows, one after the other
    if most <= before + after:
        before = after = 0
    window, reached = Window(kernel, stride, before, after, dilation), most - before - after
    if transposed:
        return window, outputs, reached
    return window, reached + int(draw.integers(0, stride)), outputs


def _filled(draw, problem):
    """The case with numbers: some kernels are products of one kernel per axis.

    Float64 are small whole numbers: of them the reference, in float64 too, is exact.
    """
    kernel = tuple(w.kernel for w in problem.windows)
    lead = problem.out_channels, problem.in_channels_per_group
    if problem.transposed:
        lead = problem.channels, problem.out_channels // problem.groups
    x, w = _numbers(draw, problem, (problem.batch, problem.channels, *problem.sizes)), None
    if draw.random() < 0.3:
        axes = (_numbers(draw, problem, (*lead, size)) for size in kernel)
        w = next(axes)
        for line in axes:
            w = w[..., None] * line.reshape(*lead, *(1,) * (w.ndim - 2), -1)
    w = _numbers(draw, problem, (*lead, *kernel)) if w is None else w
    b = _numbers(draw, problem, (problem.out_channels,)) if draw.random() < 0.3 else None
    return Case(problem, x, w, b)


def _numbers(draw, problem, shape):
    if problem.dtype == "float64":
        return draw.choice((-3.0, -2.0, -1.0, 1.0, 2.0, 3.0), shape)
    return draw.standard_normal(shape).astype(np.float32)


def reference(case):
    """Torch's own plain call in float64, and the same of the magnitudes."""
    return _plain(case, lambda a: a), _plain(case, np.abs)


def _plain(case, of):
    x, w, b = (None if a is None else torch.tensor(of(a)).double() for a in case.arrays)
    problem = case.problem
    windows, spatial_dims = problem.windows, problem.spatial_dims
    steps, dilations = [v.stride for v in windows], [v.dilation for v in windows]
    if not problem.transposed:
        ends = [n for v in reversed(windows) for n in (v.before, v.after)]
        padded = functional.pad(x, ends)
        return CONV[spatial_dims - 1](padded, w, b, steps, 0, dilations, problem.groups).numpy()
    whole = TRANSPOSED[spatial_dims - 1](x, w, b, steps, 0, 0, problem.groups, dilations)
    axes = zip(windows, problem.out_sizes, strict=True)
    return whole[(..., *(slice(v.before, v.before + size) for v, size in axes))].numpy()


def excess(case, result, exact, products):
    """How many times the tolerance a result is off; infinity where it is no number."""
    terms = case.problem.in_channels_per_group * case.problem.taps + (case.b is not None)
    if case.problem.transposed:
        terms = case.problem.channels // case.problem.groups * case.problem.taps + 1
    allowed = TOLERANCES[case.problem.dtype].bound(products, terms)
    error = np.abs(np.asarray(result, np.float64) - exact) / allowed
    return float(np.nan_to_num(error, nan=np.inf).max())


# --- orders in memory


def laid(draw, array, *, torches=False):
    """The same numbers in another order in memory, NaN around them and between them.

    Args:
        torches: Whether torch is to take it as it is: it knows no steps backwards.
    """
    if array is None:
        return None
    ways = [_amid, _last, _spaced] if torches else [_amid, _last, _spaced, _backwards, _field]
    return _odd(draw, ways[draw.integers(len(ways))](array))


def _amid(array):
    memory = np.full(array.size + 2048, np.nan, array.dtype)
    found = memory[1024 : 1024 + array.size].reshape(array.shape)
    found[...] = array
    return found


def _last(array):
    return np.moveaxis(_amid(np.moveaxis(array, 1, -1)), -1, 1) if array.ndim > 1 else array


def _spaced(array):
    memory = np.full([2 * size for size in array.shape], np.nan, array.dtype)
    found = memory[(slice(None, None, 2),) * array.ndim]
    found[...] = array
    return found


def _backwards(array):
    flipped = (slice(None, None, -1),) * array.ndim
    return array[flipped].copy()[flipped]


def _field(array):
    records = np.zeros(array.shape, [("number", array.dtype), ("other", "i2")])
    records["number"] = array
    return records["number"]


def _odd(draw, array):
    """Other strides for the axes of one element, which mean nothing."""
    steps = [
        int(draw.integers(0, 300)) * array.itemsize if size == 1 and draw.random() < 0.5 else step
        for size, step in zip(array.shape, array.strides, strict=True)
    ]
    return np.lib.stride_tricks.as_strided(array, array.shape, steps)


# --- ways to the result


def ways(case, draw):
    """Every way to the result of a case: a name, and a call that gives an array, or None."""
    yield from _asked(case, draw, ("auto", *ALGORITHMS))
    if not case.problem.transposed:
        for name in ("numpy", "torch"):
            yield from _planned(case, draw, name)


def torch_ways(case, draw):
    """The orders in memory that torch's own convolutions are called with, and `convolve`."""
    yield from _asked(case, draw, ("auto", "direct"))
    if not case.problem.transposed:
        yield from _planned(case, draw, "torch", ("channels-last", "contiguous", "product"))


def _asked(case, draw, algorithms):
    """`convolve` twice, of arrays on both backends and of tensors."""
    for algorithm in algorithms:
        for backend in ("numpy", "torch", "tensors"):
            make = _tensor if backend == "tensors" else laid
            given = [make(draw, array) for array in case.arrays]
            told = {"algorithm": algorithm, "backend": backend if make is laid else "auto"}
            yield f"{backend} {algorithm}", partial(_convolved, given, case.options | told)


def _convolved(given, options):
    try:
        first, second = convolve(*given, **options), convolve(*given, **options)
    except UsageError:
        return None
    return np.where(np.asarray(first) == np.asarray(second), first, np.nan)


def _tensor(draw, array):
    return None if array is None else torch.from_numpy(laid(draw, array, torches=True))


def _planned(case, draw, backend, layouts=None):
    """Every plan, also those that are never chosen, and those that are settled beforehand."""
    executor = open_executor(planner_of(backend, None, (), "auto"))
    ops, planner = executor.backend, executor.planner
    make = laid if backend == "numpy" else _tensor
    for chosen in _plans(case.problem, backend, planner.machine):
        name = f"{backend} {chosen.algorithm} {chosen.layout}"
        if layouts and chosen.layout not in layouts:
            continue

        def run(*given, chosen=chosen):
            return run_plan(ops, planner, chosen, case.problem, Arrays(*given))

        yield name, partial(_ran, ops, run, [make(draw, array) for array in case.arrays])
        if chosen.algorithm == "direct":
            prepared = prepared_plan(ops, planner, chosen, case.problem)
            given = [make(draw, array) for array in case.arrays]
            yield f"{name}, prepared", partial(_ran, ops, prepared, given)


def _ran(ops, run, given):
    result = run(*given)
    return None if result is None else ops.unload(result)


def _plans(problem, backend, machine):
    layouts = set(planning._layouts(problem, backend, machine))
    if backend == "torch":
        layouts.add("channels-last")  # which is to be right also where it is never chosen
    direct = planning._direct(problem, backend, machine)
    yield from (direct._replace(layout=layout) for layout in sorted(layouts))
    for name in ("im2col", "fft", "lowrank"):
        if planning._refusal(name, problem) is None:
            plans = planning._plans(name, problem, backend, machine)
            yield from {plan.layout: plan for plan in plans}.values()


def poison():
    """Freed memory full of NaN, for whoever reads what it has not written."""
    for count in (100, 1000, 8000, 30_000):
        torch.full((count,), torch.nan)


def excesses(seed, ways_of, transposed):
    """The case of a seed, and the excess of every way to its result by name."""
    case, draw = drawn(seed, transposed), np.random.default_rng(seed)
    exact, products = reference(case)
    found = {}
    for name, way in ways_of(case, draw):
        poison()
        result = way()
        if result is not None:
            assert exact.shape == result.shape, name
            found[name] = excess(case, result, exact, products)
    return case, found
