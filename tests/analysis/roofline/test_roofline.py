"""The least time of layers on a machine, and what this machine is measured to reach."""

from fractions import Fraction
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import convcalc
from convcalc.analysis import DEVICES, RooflineMachine, device_machine, report_roofline
from convcalc.analysis.dtypes import BITS
from convcalc.errors import ParameterError, UsageError
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.planning import measure_peak
from convcalc.execute.planning.measure_peak import Work, measure


def on(machine, spec, shape, batch=1, dtype="float32"):
    return report_roofline(convcalc.parse(spec).analyze(shape, batch), machine, dtype)


def machine(peak, bandwidth):
    return RooflineMachine(Fraction(peak), Fraction(bandwidth))


def test_a_large_convolution_on_an_a100():
    # 924,844,032 operations at 19.5e12 a second take 47.4 us; 10,240,000 bytes at 1,555e9 6.6 us.
    a100 = device_machine("a100-40gb", "float32")
    assert Fraction(19_500, 1_555) == a100.ridge  # 12.54
    (layer,) = on(a100, "conv:512,k3,p1,nobias", (512, 14, 14)).layers
    assert ("compute", Fraction(924_844_032, 19_500_000_000_000)) == (layer.bound, layer.seconds)
    assert Fraction(924_844_032, 10_240_000) == layer.traffic.intensity  # 90.3 > 12.54


def test_the_same_convolution_in_float16_on_an_h100_waits_for_memory():
    # 5,120,000 bytes at 3.35e12 a second; 924,844,032 at 989.5e12 would be shorter.
    h100 = device_machine("h100-sxm", "float16")
    (layer,) = on(h100, "conv:512,k3,p1,nobias", (512, 14, 14), dtype="float16").layers
    assert ("memory", Fraction(5_120_000, 3_350_000_000_000)) == (layer.bound, layer.seconds)


# relu on 10 numbers: 10 operations, 80 bytes.
@pytest.mark.parametrize(
    ("peak", "bandwidth", "seconds", "bound"),
    [
        (10, 81, Fraction(1), "compute"),
        (10, 80, Fraction(1), "compute"),  # at the ridge
        (11, 80, Fraction(1), "memory"),
        (2, 80, Fraction(5), "compute"),
        (10, 3, Fraction(80, 3), "memory"),
    ],
)
def test_the_longer_of_computing_and_moving(peak, bandwidth, seconds, bound):
    (layer,) = on(machine(peak, bandwidth), "relu", (2, 5)).layers
    assert (seconds, bound) == (layer.seconds, layer.bound)


def test_layers_run_one_after_the_other():
    # relu: 10 ops, 80 bytes; pw to 10 channels: 200 ops, 40 + 80 + 200 bytes; flatten: a view.
    result = on(machine(10, 40), "relu pw:10,nobias flatten", (2, 5))
    assert [(2, "memory"), (20, "compute"), (0, None)] == [
        (layer.seconds, layer.bound) for layer in result.layers
    ]
    assert (22, 210, 400) == (
        result.seconds,
        result.totals.operations,
        result.totals.ideal.total,
    )
    assert Fraction(210, 220) == result.peak_fraction


def test_a_network_of_views_takes_no_time():
    result = on(machine(1, 1), "dropout flatten", (2, 5))
    assert (0, 0) == (result.seconds, result.peak_fraction)


def test_the_time_of_all_is_not_known_where_that_of_a_layer_is_not():
    result = on(machine(10, 40), "relu opaque:name=Odd relu", (2, 5))
    assert [2, None, 2] == [layer.seconds for layer in result.layers]
    assert (None, None) == (result.seconds, result.peak_fraction)


def test_the_batch_spreads_the_weights():
    # 8 samples: 8*(40 + 200) + 80 bytes instead of 8 * 320
    result = on(machine(1, 1), "pw:10,nobias", (2, 5), batch=8)
    assert (1600, 2000) == (result.totals.operations, result.totals.ideal.total)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.sampled_from(sorted(BITS)))
def test_no_layer_beats_the_machine(peak, bandwidth, dtype):
    result = on(machine(peak, bandwidth), "conv:4,k3,p1 relu maxpool:2 gap", (3, 6, 6), 2, dtype)
    for layer in result.layers:
        assert layer.traffic.operations <= peak * layer.seconds
        assert layer.traffic.ideal.total <= bandwidth * layer.seconds
        below = layer.traffic.intensity < Fraction(peak, bandwidth)
        assert ("memory" if below else "compute") == layer.bound
    assert 0 < result.peak_fraction <= 1


def test_the_devices_say_where_their_figures_are_from():
    for name, device in DEVICES.items():
        assert name == name.lower()
        assert {"float32"} <= set(device.peaks) <= set(BITS)
        assert "data sheet" in device.source
        # No processor of today is outside: 10^11 ... 10^13 bytes, 10^12 ... 10^16 operations.
        assert 10**11 < device.bandwidth < 10**13
        assert all(10**12 < peak < 10**16 for peak in device.peaks.values())


# 10^12 operations and bytes per second, as the data sheets have them (half where with sparsity).
@pytest.mark.parametrize(
    ("name", "dtype", "peak", "bandwidth"),
    [
        ("a100-40gb", "float16", "312", "1.555"),
        ("a100-80gb-pcie", "float32", "19.5", "1.935"),
        ("a100-80gb-sxm", "int8", "624", "2.039"),
        ("h100-pcie", "bfloat16", "756.5", "2"),
        ("h100-sxm", "float32", "67", "3.35"),
        ("h100-sxm", "float16", "989.5", "3.35"),
        ("h200-sxm", "bfloat16", "989.5", "4.8"),
        ("h200-sxm", "int8", "1979", "4.8"),
        ("l4", "float16", "121", "0.3"),
        ("t4", "int4", "260", "0.32"),
        ("v100-sxm2", "float16", "125", "0.9"),
    ],
)
def test_published_figures(name, dtype, peak, bandwidth):
    found = device_machine(name.upper(), dtype)
    tera = 10**12
    assert (Fraction(peak) * tera, Fraction(bandwidth) * tera) == (found.peak, found.bandwidth)
    assert (name, DEVICES[name].source) == (found.name, found.source)


def test_a_device_without_the_dtype_names_those_it_has():
    with pytest.raises(ParameterError, match=r"no peak in int8; v100-sxm2 has float32, float16$"):
        device_machine("v100-sxm2", "int8")
    with pytest.raises(ParameterError, match="no device is called 'a10'"):
        device_machine("a10", "float32")


class FakeBackend:
    """A library whose products take 4 ticks and whose copies take 2; one in three takes more."""

    name, threads, versions = "fake", 1, {"fake": "1.0"}

    def __init__(self):
        self.time = 0.0
        self.runs = count()
        self.loaded = []

    def load(self, array, dtype):
        self.loaded.append((array.size, dtype, float(array.flat[0])))
        return array

    def linear(self, one, other, bias):
        self._take(4.0)

    def copy(self, source, target):
        assert source is not target
        self._take(2.0)

    def _take(self, seconds):
        self.time += seconds + (7.0 if next(self.runs) % 3 else 0.0)


def test_the_best_run_counts():
    fake = FakeBackend()
    found = measure("bfloat16", backend=fake, clock=lambda: fake.time, work=Work(8, 64))
    # 2 * 8^3 = 1024 operations in 4 seconds; 64 bytes read and 64 written in 2 seconds
    assert (256, 64) == (found.peak, found.bandwidth)
    assert "measured: fake 1.0, 1 thread; product of 8x8, copy of 6.10352e-05 MiB" == found.source
    # 64 bytes of bfloat16 are 32 numbers; ones are copied
    assert [(64, "bfloat16", 1.0), (32, "bfloat16", 1.0), (32, "bfloat16", 0.0)] == fake.loaded


def test_the_first_run_warms_up_and_is_not_counted():
    seconds = iter([0.0, *(100.0 * n for n in range(1, 100))])
    calls = []
    best = measure_peak._best(lambda: calls.append(1), lambda: next(seconds))
    assert (100.0, 4) == (best, len(calls))  # the first, and the least number of runs


def test_quick_runs_are_repeated_for_a_while_but_not_for_ever():
    calls = []
    measure_peak._best(lambda: calls.append(1), lambda: float(len(calls)) / 10)
    assert 1 + 10 == len(calls)  # 10 runs of a tenth of a second are a second
    calls.clear()
    assert 1e-9 == measure_peak._best(lambda: calls.append(1), lambda: 0.0)
    assert 1 + measure_peak.MOST_RUNS == len(calls)


def test_this_machine_can_be_measured():
    found = measure(backend=NumpyBackend(), work=Work(64, 2**16))
    assert min(found.peak, found.bandwidth) > 10**4
    assert f"numpy {np.__version__}" in found.source


def test_the_torch_backend_can_be_measured():
    pytest.importorskip("torch")
    from convcalc.execute.backends.torch_backend import TorchBackend

    found = measure("bfloat16", backend=TorchBackend(), work=Work(64, 2**16))
    assert min(found.peak, found.bandwidth) > 10**4
    assert "measured: torch " in found.source


@pytest.mark.parametrize(
    ("library", "dtypes"),
    [("numpy", {"float32"}), ("torch", {"float32", "bfloat16"})],
)
def test_what_has_no_quick_product_is_refused(monkeypatch, library, dtypes):
    monkeypatch.setattr(measure_peak, "find_spec", lambda name: library == "torch" or None)
    for dtype in dtypes:
        measure_peak.check_measurable(dtype)
    for dtype in set(BITS) - dtypes:
        with pytest.raises(UsageError, match=f"{library} computes quickly in .* not in {dtype}"):
            measure_peak.check_measurable(dtype)


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_a_copy_writes_one_array_over_another(name):
    if name == "torch":
        pytest.importorskip("torch")
        from convcalc.execute.backends.torch_backend import TorchBackend as Backend
    else:
        Backend = NumpyBackend
    backend = Backend()
    source, target = (
        backend.load(np.array(values, "f4"), "float32") for values in ([1, 2], [0, 0])
    )
    backend.copy(source, target)
    assert [1.0, 2.0] == backend.unload(target).tolist() == backend.unload(source).tolist()
