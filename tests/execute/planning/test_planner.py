"""Plans: which algorithm, why, and what a machine's rates change about it."""

import json
import random

import pytest

from convcalc.errors import UsageError
from convcalc.execute.algorithms.fft import blocks
from convcalc.execute.backends import opencv
from convcalc.execute.planning import cost, cost_fft, kept_rates, planner
from convcalc.execute.planning.machine import (
    DEFAULT,
    CostRates,
    PlaneRates,
    Rates,
    as_data,
    forget,
    this_machine,
)
from convcalc.execute.planning.planner import choose, plan
from convcalc.execute.problem import ConvProblem
from convcalc.window import Window

both = pytest.mark.parametrize("backend", ["numpy", "torch"])


def problem(channels=1, out_channels=1, size=1024, kernel=3, *, groups=1, spatial_dims=2, **more):
    windows = (Window(kernel, 1, kernel // 2, kernel // 2),) * spatial_dims
    sizes = tuple(w.out_size(size) for w in windows)
    return ConvProblem(
        1, channels, out_channels, groups, (size,) * spatial_dims, windows, sizes, **more
    )


def planned(*shape, backend="torch", algorithm="auto", separable=False, rates=DEFAULT, **more):
    return plan(problem(*shape, **more), backend, rates, algorithm, separable)


@both
def test_a_wide_kernel_on_one_channel_is_transformed(backend):
    chosen = planned(1, 1, 1024, 63, backend=backend)
    assert "fft" == chosen.algorithm
    assert chosen.tiles.transform[0] >= 63 + 1
    # every output is in a block, and none is beyond the last one
    (step, _), (count, _) = chosen.tiles.step, chosen.tiles.counts
    assert (count - 1) * step < 1024 <= count * step


def test_the_price_of_a_transformed_row_counts_its_blocks_and_what_is_written():
    row, tiles = problem(size=1000, kernel=25, spatial_dims=1), blocks.Tiles((128,), (104,), (10,))
    rates = Rates(1e30, 1e30, 1e30, 1e30, 1e30, 1e-30)
    # 10 blocks there and back, and the kernel, 128 cells of log2 = 7, rows at 0.75
    work = cost_fft.spectral(row, tiles, "numpy", rates._replace(transforms=1))
    assert 21 * 128 * 7 * 0.75 == pytest.approx(work)
    # blocks in float64, a result of 1000 cells in float32
    assert 10 * 128 * 8 + 4000 == pytest.approx(
        cost_fft.spectral(row, tiles, "numpy", rates._replace(copies=1))
    )
    # one band
    assert 10 + 20 == pytest.approx(cost_fft.spectral(row, tiles, "numpy", rates._replace(call=1)))


@both
def test_a_small_kernel_is_direct(backend):
    assert "direct" == planned(1, 1, 1024, 3, backend=backend).algorithm
    assert "direct" == planned(1, 1, 9, 3, backend=backend).algorithm


def test_the_layout_is_that_of_the_case():
    assert "blocks" == planned(1, 1, 1024, 7).layout
    assert "passes" == planned(1, 1, 1024, 3).layout
    assert "contiguous" == planned(256, 256, 56, 3).layout
    assert "channels-last" == planned(64, 64, 112, 15, groups=64).layout


def test_a_kernel_with_factors_is_run_in_passes_if_it_is_known():
    assert "lowrank" == planned(1, 1, 1024, 31, separable=True).algorithm
    assert "lowrank" != planned(1, 1, 1024, 31, separable=False).algorithm
    refused = {name: why for name, seconds, why in planned(1, 1, 1024, 15).alternatives if why}
    assert {"lowrank": "the kernel is no product of one kernel per axis"} == refused


@both
def test_integers_are_never_transformed(backend):
    chosen = planned(1, 1, 1024, 63, backend=backend, dtype="int64")
    assert "fft" != chosen.algorithm
    with pytest.raises(UsageError, match=r"^--algorithm fft: "):
        planned(1, 1, 1024, 63, backend=backend, dtype="int64", algorithm="fft")


@both
def test_float64_is_transformed_where_its_sums_are_long_enough(backend):
    assert "fft" == planned(1, 1, 1024, 63, backend=backend, dtype="float64").algorithm
    assert "fft" == planned(1, 1, 512, 31, backend=backend, dtype="float64").algorithm
    assert "fft" != planned(1, 1, 1024, 7, backend=backend, dtype="float64").algorithm
    with pytest.raises(UsageError, match=r"^--algorithm fft: sums of so few products"):
        planned(1, 1, 1024, 5, backend=backend, dtype="float64", algorithm="fft")


def test_torch_lines_up_the_windows_of_float64():
    small = {"dtype": "float64", "separable": False}
    assert "passes" == planned(1, 1, 512, 5, **small).layout
    assert "passes" == planned(8, 8, 512, 9, groups=8, **small).layout
    assert "im2col" == planned(64, 64, 56, 3, **small).algorithm


@pytest.mark.parametrize("algorithm", ["direct", "im2col", "fft", "lowrank"])
def test_what_is_asked_for_is_planned(algorithm):
    chosen = planned(1, 1, 64, 5, algorithm=algorithm, separable=None)
    assert (algorithm, "it was asked for") == (chosen.algorithm, chosen.reason)
    assert chosen.working_bytes > 0
    assert algorithm not in {name for name, *_ in chosen.alternatives}


def test_the_alternatives_are_in_the_order_of_their_seconds():
    chosen = planned(1, 1, 1024, 31)
    seconds = [s for _, s, _ in chosen.alternatives if s is not None]
    assert sorted(seconds) == seconds
    assert chosen.predicted_seconds <= seconds[0]
    assert "times faster than" in chosen.reason


def test_the_rates_of_the_machine_decide():
    slow_transforms = DEFAULT._replace(torch=DEFAULT.torch._replace(transforms=1e6))
    fast_transforms = DEFAULT._replace(torch=DEFAULT.torch._replace(transforms=1e13))
    assert "direct" == planned(1, 1, 1024, 31, rates=slow_transforms).algorithm
    assert "fft" == planned(1, 1, 1024, 31, rates=fast_transforms).algorithm


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_more_work_takes_longer(backend):
    seconds = [
        planned(c, c, size, k, backend=backend, algorithm=a).predicted_seconds
        for a in ("direct", "im2col", "fft")
        for c, size, k in ((4, 32, 3), (4, 64, 5), (16, 64, 7))
    ]
    assert all(seconds[i] < seconds[i + 1] < seconds[i + 2] for i in (0, 3, 6))


def test_a_problem_counts():
    own = problem(4, 6, 10, 3, groups=2)
    # 6 maps of 100 cells, each 2 channels * 9 taps
    assert (6 * 100 * 18, 6 * 2 * 9, 9, 2) == (
        own.macs,
        own.weights,
        own.taps,
        own.in_channels_per_group,
    )
    assert 4 * (400 + 600 + 108) == own.bytes
    assert (12, 12) == own.padded_sizes
    assert not own.depthwise
    assert problem(4, 4, groups=4).depthwise
    # transposed: 400 inputs, each with 3 maps of its group * 9 taps
    assert 400 * 27 == own._replace(transposed=True).macs


# --- the rates of a machine


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(opencv, "is_installed", lambda: False)
    forget()
    yield tmp_path / "convcalc" / "machine.json"
    forget()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    forget()


def test_without_a_file_the_machine_is_ordinary(cache):
    assert cache == kept_rates.cache_path()
    assert DEFAULT == this_machine(2)


def test_the_file_is_read(cache):
    own = CostRates(DEFAULT.torch, DEFAULT.numpy, 1.5)
    write(cache, json.dumps(as_data(own)))
    assert own == this_machine(2)


def test_more_threads_compute_faster_but_do_not_write_faster(cache):
    two, four = this_machine(2).torch, this_machine(4).torch
    assert (2 * two.products, 2 * two.transforms, 2 * two.spectra) == (
        four.products,
        four.transforms,
        four.spectra,
    )
    assert (two.copies, two.call, two.passes) == (four.copies, four.call, four.passes)
    assert this_machine(2).numpy == this_machine(4).numpy
    own = DEFAULT._replace(threads=8)
    write(cache, json.dumps(as_data(own)))
    assert own.torch.products / 4 == this_machine(2).torch.products


PLANES = PlaneRates(3e10, 4e9, 1e-6, 5)


def test_the_rates_of_opencv_are_those_kept_where_it_is_installed_now(cache, monkeypatch):
    write(cache, json.dumps(as_data(DEFAULT._replace(planes=PLANES))))
    assert this_machine(3).planes is None
    monkeypatch.setattr(opencv, "is_installed", lambda: True)
    forget()
    assert PlaneRates(3e10, 4e9, 1e-6, 3) == this_machine(3).planes
    write(cache, json.dumps(as_data(DEFAULT)))
    assert PlaneRates(2.8e10, 6e9, 3e-6, 3) == this_machine(3).planes


WITH_PLANES = DEFAULT._replace(planes=PlaneRates(2.8e10, 6e9, 3e-6, 1))


@both
def test_opencv_adds_few_taps_and_transforms_many(backend):
    few = planned(1, 1, 1024, 5, backend=backend, rates=WITH_PLANES)
    assert ("direct", "planes") == (few.algorithm, few.layout)
    many = planned(1, 1, 1024, 31, backend=backend, rates=WITH_PLANES)
    assert ("fft", "planes") == (many.algorithm, many.layout)


def test_many_channels_are_the_librarys_and_few_are_planes():
    assert "contiguous" == planned(64, 64, 112, 5, groups=64, rates=WITH_PLANES).layout
    # 20 channels are no even number of blocks: put side by side, if OpenCV is there to do it
    assert "channels-last" == planned(20, 20, 100, 3, groups=20, rates=WITH_PLANES).layout
    assert "contiguous" == planned(20, 20, 100, 3, groups=20).layout
    assert "planes" == planned(3, 3, 512, 5, groups=3, rates=WITH_PLANES).layout


@pytest.mark.parametrize("rates", [DEFAULT, WITH_PLANES])
@pytest.mark.parametrize(
    ("shape", "groups", "layout"),
    [
        ((3, 64, 224, 3), 1, "channels-last"),  # the result is much larger than the input
        ((1, 32, 224, 5), 1, "channels-last"),  # an input that has no other order
        ((20, 30, 100, 3), 1, "channels-last"),  # 20 channels would be filled up to 32
        ((64, 3, 112, 15), 1, "channels-last"),  # wide kernels
        ((64, 64, 56, 15), 4, "channels-last"),
        ((16, 16, 128, 3), 1, "contiguous"),
        ((64, 64, 56, 7), 1, "contiguous"),
        ((3, 512, 14, 15), 1, "contiguous"),  # the kernel is larger than what it is applied to
        ((64, 64, 56, 3), 4, "contiguous"),
        ((20, 20, 100, 11), 20, "contiguous"),
        ((64, 3, 112, 5), 1, "contiguous"),
    ],
)
def test_the_channels_are_last_where_that_was_measured_to_be_faster(shape, groups, layout, rates):
    assert layout == planned(*shape, groups=groups, rates=rates, algorithm="direct").layout


def test_wide_kernels_of_few_outputs_are_transformed():
    assert "fft" == planned(64, 3, 112, 15).algorithm
    assert "direct" == planned(64, 3, 112, 7).algorithm
    assert "direct" == planned(16, 16, 64, 7, spatial_dims=3).algorithm


def test_a_stride_leaves_too_little_work_for_another_order():
    sizes, windows = (112, 112), (Window(3, 2, 1, 1),) * 2
    strided = ConvProblem(1, 64, 64, 64, sizes, windows, (56, 56))
    assert "contiguous" == plan(strided, "torch", WITH_PLANES).layout
    assert "contiguous" == plan(strided, "torch", DEFAULT).layout


def test_a_kernel_of_one_tap_is_a_matrix():
    for shape in ((3, 64, 224, 1), (64, 3, 112, 1), (256, 256, 56, 1), (1, 32, 224, 1)):
        assert "product" == planned(*shape).layout
        assert "product" == planned(*shape, dtype="float64").layout
    assert "product" != planned(64, 64, 56, 1, groups=4).layout
    assert "product" != planned(64, 64, 56, 1, dtype="int64").layout
    assert "product" != planned(64, 64, 56, 1, backend="numpy").layout
    one = problem(64, 64, 56, 1)
    strided = one._replace(windows=(Window(1, 2),) * 2, out_sizes=(28, 28))
    padded = one._replace(windows=(Window(1, 1, 1, 1),) * 2, out_sizes=(58, 58))
    for other in (strided, padded, one._replace(batch=2), one._replace(transposed=True)):
        assert "product" != plan(other, "torch", DEFAULT).layout


def test_opencv_has_no_part_in_what_it_cannot_do():
    assert "planes" != planned(16, 16, 64, 3, rates=WITH_PLANES).layout
    assert "planes" != planned(1, 1, 64, 3, rates=WITH_PLANES, dtype="int64").layout
    assert "planes" == planned(1, 1, 40, 3, rates=WITH_PLANES, spatial_dims=3).layout


@both
def test_a_plan_is_not_built_on_factors_that_nobody_has_looked_for(backend):
    hoped = planned(1, 1, 1024, 31, backend=backend, separable=None, rates=WITH_PLANES)
    assert "lowrank" != hoped.algorithm
    assert hoped.reason.endswith("; lowrank if the kernel has factors")
    assert "lowrank" in [name for name, seconds, _ in hoped.alternatives if seconds]


# --- what is chosen without pricing everything


def drawn_problem(draw):
    """A convolution of 1 to 3 axes, of few or many channels, elements and taps."""
    spatial_dims = draw.choice((1, 2, 2, 3))
    groups, dtype = draw.choice((1, 1, 4, 32)), draw.choice(("float32", "float64", "int64"))
    channels, outputs = (groups * draw.choice((1, 1, 1, 3, 16)) for _ in "io")
    longest = {1: 18, 2: 10, 3: 6}[spatial_dims]
    kernels = [int(2 ** draw.uniform(0, {1: 9, 2: 5, 3: 3}[spatial_dims])) for _ in "dhw"]
    sizes = tuple(int(2 ** draw.uniform(1, longest)) + kernel for kernel in kernels[:spatial_dims])
    windows = tuple(Window(k, draw.choice((1, 1, 2)), k // 2, k // 2) for k in kernels)
    windows = windows[:spatial_dims]
    outs = tuple(w.out_size(n) for w, n in zip(windows, sizes, strict=True))
    return ConvProblem(
        draw.choice((1, 1, 8)), channels, outputs, groups, sizes, windows, outs, dtype
    )


@pytest.mark.parametrize("hundred", range(4))
@pytest.mark.parametrize("rates", [DEFAULT, DEFAULT._replace(planes=PlaneRates(2e10, 6e9, 3e-6))])
@both
def test_the_choice_is_the_fastest_of_all_that_apply(backend, rates, hundred):
    draw, names, passed_over = random.Random(hundred), set(), 0
    for _ in range(100):
        own, separable = drawn_problem(draw), draw.choice((None, True, False))
        chosen = choose(own, backend, rates, "auto", separable)
        names.add(chosen.algorithm)
        if chosen.reason:  # so small that it is the plainest
            assert own.macs < 20_000
            continue
        for name in ("direct", "im2col", "fft", "lowrank"):
            if planner._refusal(name, own) or (name == "lowrank" and not separable):
                continue
            for other in planner._plans(name, own, backend, rates):
                assert chosen.predicted_seconds <= other.predicted_seconds
                if name != "direct":
                    least = cost.at_least(name, own, backend, rates)
                    assert least <= other.predicted_seconds
                    passed_over += least >= chosen.predicted_seconds
        explained = plan(own, backend, rates, "auto", separable)
        assert explained.reason
        assert chosen == explained._replace(reason="", alternatives=())
    assert {"direct", "fft"} <= names
    assert passed_over > 50


def test_transforms_that_cannot_be_chosen_are_not_priced(monkeypatch):
    def priced(*_):
        raise AssertionError("priced")

    monkeypatch.setattr(cost_fft, "priced", priced)
    own = problem(size=61, kernel=5)  # 61 * 61 * 25 products
    rates = DEFAULT._replace(planes=PlaneRates(2e10, 6e9, 3e-6))
    assert "planes" == choose(own, "numpy", rates).layout
    with pytest.raises(AssertionError, match="priced"):
        plan(own, "numpy", rates)
