"""The tasks of a convolution, run here one after the other: the bits of the whole."""

from __future__ import annotations

import os

import numpy as np
import pytest
from boxing import convolutions
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError, DataError
from convcalc.execute.arrays.axes import Axes, as_given, kept_axes
from convcalc.execute.arrays.dtypes import plan_dtypes
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.cluster.worker import TileJob
from convcalc.execute.executor.executor import Executor
from convcalc.execute.planning.machine import this_machine
from convcalc.execute.planning.planner import Planner
from convcalc.execute.problem import problem_of
from convcalc.execute.tiling import choose
from convcalc.layers import Conv

dask = pytest.importorskip("dask")
tile_graph = pytest.importorskip("convcalc.execute.cluster.graph", exc_type=ImportError)
pytest.importorskip("zarr")

OPS = Executor(NumpyBackend(), this_machine())

MOST_TILES = 10_000 if "EXAMPLES" in os.environ else 64
"""Of hundreds each has its like among the first, and every one is a millisecond of Dask's."""


class Kept:
    """An array that is stored in the memory."""

    path = "memory"

    def __init__(self, array):
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype

    def read(self, index):
        return self._array[index].copy()


def tiled(monkeypatch, layer, x, weight, bias=None, *, budget, axes=None, requested=None):
    """(result, what is known of each tile)."""
    spatial_dims = x.ndim - 2
    axes = axes or Axes(spatial_dims, 0, channels_last=False, notes=())
    few = x[(slice(1),) * x.ndim]
    dtypes = plan_dtypes({"the input": few, "the kernel": weight}, requested)
    problem = problem_of(layer, x.shape[0], x.shape[1:], dtypes.compute)
    while (tiling := choose(problem, budget, lambda part: part.bytes)).boxes > MOST_TILES:
        budget *= 2
    whole = (problem.batch, problem.out_channels, *problem.out_sizes)
    out = np.full(
        [whole[axis] for axis in kept_axes(axes, channels=problem.out_channels > 1)],
        77,
        dtypes.stored,
    )
    monkeypatch.setattr(
        "convcalc.arrayfile.zarr_folder.write_box",
        lambda _path, _name, index, values: out.__setitem__(index, values),
    )
    stored = Kept(as_given(x, axes) if problem.channels > 1 or axes.added < 2 else x[0, 0])
    named = {"the kernel": weight} | ({} if bias is None else {"the bias": bias})
    job = TileJob(
        *(problem, tiling, weight, bias, named, dtypes, requested, axes),
        *(Planner("numpy", this_machine()), None, None, "memory", "memory"),
    )
    known = dask.compute(*tile_graph.tile_tasks(job, stored), scheduler="synchronous")
    assert tiling.boxes == len(known)
    return out, known


@settings(max_examples=80)
@given(
    convolutions(),
    st.sampled_from([200, 800, 3_000, 10**6]),
    st.booleans(),
    st.integers(0, 2),
    st.integers(0, 10**6),
)
def test_tasks_give_the_integers_of_the_whole(case, budget, channels_last, added, seed):
    layer, shape = case
    rng = np.random.default_rng(seed)
    shape = (1, *shape[1:]) if added else shape
    assume(added < 2 or shape[1] == 1)
    x = rng.integers(-9, 10, shape)
    weights = {
        name: rng.integers(-9, 10, size) for name, size in layer.weight_shapes(shape[1:]).items()
    }
    whole = layer.run(OPS, [x], weights)
    axes = Axes(x.ndim - 2, added, channels_last, ())
    with pytest.MonkeyPatch.context() as patch:
        try:
            result, known = tiled(
                patch, layer, x, weights["weight"], weights["bias"], budget=budget, axes=axes
            )
        except ConvcalcError:
            assume(False)
    np.testing.assert_array_equal(result, as_given(whole, axes))
    assert whole.size == sum(tile.figures.finite for tile in known)


def problem(size, *, out_channels=1, batch=1, **options):
    layer = Conv(out_channels, **options)
    return problem_of(layer, batch, (1, size), "float32")


@pytest.mark.parametrize(
    ("options", "tile", "cut"),
    [
        # Padded as "same": chunks are the tiles, with one cell from each neighbour.
        ({"kernel_size": 3, "padding": 1}, 5, ((0, 5, 10, 12), 1, 1)),
        # Without padding all of the halo comes from the next chunk.
        ({"kernel_size": 3}, 5, ((0, 5, 12), 0, 2)),
        # Windows of 4 at a stride of 2: two cells of halo, one of each side.
        ({"kernel_size": 4, "stride": 2, "padding": 1}, 2, ((0, 4, 8, 12), 1, 1)),
        # Windows that do not touch need nothing of their neighbours.
        ({"kernel_size": 1, "stride": 3}, 2, ((0, 6, 12), 0, 0)),
        # More padding than halo: chunks move towards the front.
        ({"kernel_size": 3, "padding": 4}, 9, ((0, 7, 12), 2, 0)),
        # One chunk has no neighbours, however far its windows reach into the padding.
        ({"kernel_size": 9, "padding": 9, "dilation": 2}, 14, ((0, 12), 0, 0)),
    ],
)
def test_chunks_follow_the_tiles(options, tile, cut):
    assert cut == tile_graph.cut_axis(problem(12, **options), 0, tile, padded=False)


@pytest.mark.parametrize(
    ("options", "tile"),
    [
        ({"kernel_size": 9, "padding": 4}, 2),  # the halo is wider than a chunk
        ({"kernel_size": 1, "padding": 6}, 3),  # tiles of nothing but padding
    ],
)
def test_where_overlaps_do_not_serve(options, tile):
    assert None is tile_graph.cut_axis(problem(12, **options), 0, tile, padded=False)


def test_an_infinite_weight_meets_no_padding(monkeypatch):
    layer = Conv(1, 3, padding=1, bias=False)
    x = np.ones((1, 1, 6), np.float32)
    weight = np.array([[[np.inf, 1, 1]]], np.float32)
    result, _ = tiled(monkeypatch, layer, x, weight, budget=60)
    np.testing.assert_array_equal([2, *[np.inf] * 5], result[0, 0])


def test_an_integer_that_the_dtype_cannot_hold_is_refused_in_any_tile(monkeypatch):
    layer = Conv(1, 1, bias=False)
    x = np.array([[[1, 2, 3, 200]]])
    with pytest.raises(DataError, match="int8 cannot hold"):
        tiled(monkeypatch, layer, x, np.ones((1, 1, 1), int), budget=24, requested="int8")


def test_overflow_is_counted_where_the_input_is_finite(monkeypatch):
    layer = Conv(1, 1, bias=False)
    x = np.array([[[1.0, 3e38, 2.0, np.inf]]], np.float32)
    _, known = tiled(monkeypatch, layer, x, np.full((1, 1, 1), 2, np.float32), budget=12)
    assert [0, 1, 0, 0] == [tile.overflowed for tile in known]
