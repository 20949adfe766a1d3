"""Which backend computes a network, and on which device."""

import subprocess
import sys
from math import prod
from typing import NamedTuple

import numpy as np
import pytest
from convolving import both, conv, run

import convcalc
from convcalc.errors import UsageError
from convcalc.execute.executor import open_executor
from convcalc.execute.planning import select_backend
from convcalc.execute.planning.machine import DEFAULT
from convcalc.execute.problem import ConvProblem, problems_of
from convcalc.layers import Conv
from convcalc.window import Window

PROBLEM = ConvProblem(1, 1, 1, 1, (3,), (Window(2),), (2,))


class Priced(NamedTuple):
    predicted_seconds: float


def with_work(monkeypatch, numpy, torch=0.0):
    """As if the backends needed this long."""
    predicted = {"numpy": numpy, "torch": torch}
    monkeypatch.setattr(
        select_backend, "seconds", lambda problems, backend, machine: predicted[backend]
    )


def test_small_work_is_numpys_and_torch_is_not_imported():
    program = """
import sys, numpy as np
from convcalc.execute.planning.machine import DEFAULT
from convcalc.execute.problem import ConvProblem, problems_of
from convcalc.execute.settings import Settings
from convcalc.execute.in_memory import run_network
from convcalc.execute.weights.random_weights import initial_weights
import convcalc
network = convcalc.parse("conv:8,k3,p1 pw:4")
weights = lambda network, shape: dict(initial_weights(network, shape, 0))
result = run_network(network, np.ones((3, 32, 32), "float32"), weights, Settings())
print(result.backend, "torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "numpy False\n" == done.stdout


@pytest.mark.parametrize(
    ("loaded", "numpy", "torch", "expected"),
    [
        (False, 6.5, 0.5, "numpy"),  # no more than 0.5 + 2*3
        (False, 6.6, 0.5, "torch"),
        (True, 0.5, 0.5, "numpy"),
        (True, 0.6, 0.5, "torch"),
    ],
)
def test_torch_is_chosen_where_it_pays_for_its_import_twice(
    monkeypatch, loaded, numpy, torch, expected
):
    pytest.importorskip("torch")
    monkeypatch.setattr(select_backend, "this_machine", lambda: DEFAULT._replace(torch_import=3.0))
    monkeypatch.setattr(select_backend, "torch_is_loaded", lambda: loaded)
    with_work(monkeypatch, numpy, torch)
    assert expected == select_backend.choose_backend([PROBLEM])


def test_torch_is_not_planned_where_its_import_alone_takes_longer(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(select_backend, "this_machine", lambda: DEFAULT._replace(torch_import=3.0))
    monkeypatch.setattr(select_backend, "torch_is_loaded", lambda: False)
    monkeypatch.setattr(
        select_backend, "seconds", lambda _, backend, machine: {"numpy": 6.0}[backend]
    )
    assert "numpy" == select_backend.choose_backend([PROBLEM])


def test_the_work_is_that_of_every_convolution(monkeypatch):
    monkeypatch.setattr(select_backend, "choose", lambda problem, *_: Priced(problem.macs))
    network = convcalc.parse("conv:64,k3,p1 relu sep:3,k3,p1 convt:2,k2,s2")
    problems = problems_of(network.walk((4, 8, 8)), 2, "float32")
    # 64 cells: 64*4*9; 64*9 and 64*3; from 64 cells 3*2*4
    assert 2 * 64 * (2304 + 576 + 192 + 24) == select_backend.seconds(problems, "numpy", DEFAULT)
    assert [False, False, False, True] == [problem.transposed for problem in problems]


def test_integers_stay_with_numpy_however_many(monkeypatch):
    with_work(monkeypatch, 1e9)
    assert "numpy" == run(Conv, np.ones(3, int), np.ones(2, int), backend="auto").backend


def test_without_torch_numpy_computes_all(monkeypatch):
    with_work(monkeypatch, 1e9)
    monkeypatch.setattr(select_backend, "find_spec", lambda name: None)
    assert "numpy" == run(Conv, np.ones(3), np.ones(2), backend="auto").backend


@pytest.mark.parametrize("settings", [{"backend": "torch"}, {"backend": "auto", "device": "cpu"}])
def test_torch_that_is_missing_is_named_with_its_extra(monkeypatch, settings):
    monkeypatch.setattr(open_executor, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        conv(np.ones(3), np.ones(2), **settings)
    assert "torch is not installed; pip install 'convcalc[torch]' brings it" == str(caught.value)


def test_numpy_has_no_device():
    with pytest.raises(UsageError) as caught:
        conv(np.ones(3), np.ones(2), device="cpu")
    expected = "--device belongs to torch; the numpy backend computes on the CPU"
    assert expected == str(caught.value)


@pytest.mark.parametrize("backend", ["auto", "torch"])
def test_a_device_is_torchs(backend):
    pytest.importorskip("torch")
    assert "torch" == run(Conv, np.ones(3), np.ones(2), backend=backend, device="cpu").backend


def test_an_unknown_device_is_refused():
    pytest.importorskip("torch")
    with pytest.raises(UsageError, match=r"^--device: expected cpu, cuda, .* got \'nonsense\'"):
        conv(np.ones(3), np.ones(2), backend="torch", device="nonsense")


@pytest.mark.parametrize("device", ["meta", "hpu"])
def test_a_device_that_cannot_compute_is_refused(device):
    pytest.importorskip("torch")
    with pytest.raises(UsageError, match=rf"^--device: .* got '{device}'"):
        conv(np.ones(3), np.ones(2), backend="torch", device=device)


def test_a_device_that_is_not_here_is_refused():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(UsageError, match=r"^--device cuda: "):
        conv(np.ones(3), np.ones(2), backend="torch", device="cuda")


@both
def test_torch_computes_float32_in_full(backend):
    # 1 + 2^-12 needs 12 bits behind the point; TF32 would keep 10.
    x = np.full((1, 64, 8, 8), 1 + 2.0**-12, "float32")
    array = conv(x, np.ones((1, 64, 1, 1), "float32"), backend=backend)
    assert {64 + 2.0**-6} == set(array.ravel().tolist())


def test_the_products_of_a_report_are_those_of_the_shapes():
    report = run(Conv, np.ones((2, 3, 7, 9)), np.ones((4, 3, 3, 3))).report
    assert (2, prod((2, 4, 5, 7, 3, 3, 3))) == (report.batch, report.totals.macs)
