"""Rates that are kept: read without trust, and measured until they agree."""

import json
import os

import pytest

from convcalc.execute.backends import opencv
from convcalc.execute.planning import calibrate as rates
from convcalc.execute.planning.machine import (
    DEFAULT,
    PlaneRates,
    as_data,
    complaint,
    forget,
    this_machine,
)
from unix import unix_files

GOOD = as_data(DEFAULT)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The path at which rates are kept, in a folder that is there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(opencv, "is_installed", lambda: False)
    (tmp_path / "convcalc").mkdir()
    forget()
    yield tmp_path / "convcalc" / "machine.json"
    forget()


def with_numpy(**more):
    return json.dumps({**GOOD, "numpy": {**GOOD["numpy"], **more}})


HUGE = "1" + "0" * 400

BROKEN = [
    ("{", "it is no JSON"),
    ("\0", "it is no JSON"),
    ("[" * 60_000, "it is no JSON"),
    ("\ud800".encode("utf-8", "surrogatepass"), "it is no JSON"),
    ('{"version": ' + "9" * 5000 + "}", "it is no JSON"),  # more digits than Python converts
    ("[]", "it is no calibration of version 3"),
    ("null", "it is no calibration of version 3"),
    (json.dumps({**GOOD, "version": 0}), "it is no calibration of version 3"),
    (json.dumps({**GOOD, "numpy": None}), "it has no rates of numpy"),
    (json.dumps({**GOOD, "numpy": {}}), "numpy.products is null, expected 100000 to 1e+18"),
    (json.dumps({**GOOD, "torch_import": "soon"}), 'torch_import is "soon", expected 0.001 to'),
    (json.dumps({**GOOD, "torch_import": -1}), "torch_import is -1, expected 0.001 to 10000"),
    (json.dumps({**GOOD, "torch_import": True}), "torch_import is true, expected 0.001 to 10000"),
    (json.dumps({**GOOD, "planes": {"sums": 1e9}}), "planes.transforms is null, expected"),
    (with_numpy(copies=0), "numpy.copies is 0, expected 100000 to 1e+18"),
    (with_numpy(copies=float("nan")), "numpy.copies is NaN, expected 100000 to 1e+18"),
    (with_numpy(products=5e-324), "numpy.products is 5e-324, expected 100000 to 1e+18"),
    (with_numpy(spectra=1e308), "numpy.spectra is 1e+308, expected 100000 to 1e+18"),
    (with_numpy(call=1e308), "numpy.call is 1e+308, expected 1e-09 to 1"),
    (with_numpy(call=[1]), "numpy.call is [1], expected 1e-09 to 1"),
    (with_numpy(copies=0).replace('"copies": 0', f'"copies": {HUGE}'), "numpy.copies is 1000"),
    (json.dumps({**GOOD, "threads": 0}), "threads is 0, expected 1 to 65536"),
    (json.dumps(GOOD).replace('"threads": 2', f'"threads": {HUGE}'), "threads is 1000"),
    (json.dumps(GOOD) + " " * 2**16, "it has more than 65,536 bytes"),
]


@pytest.mark.parametrize(("content", "fault"), BROKEN)
def test_what_is_no_plausible_calibration_is_passed_over_and_said(cache, content, fault):
    cache.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert DEFAULT == this_machine(2)
    said = complaint()
    assert said.startswith(f"passed over the rates in {cache}: {fault}")
    assert said.endswith("; `convcalc calibrate` measures them again")
    assert len(said) < 300 + len(str(cache))


def test_a_pipe_that_nobody_fills_is_passed_over(cache):
    os.mkfifo(cache)
    assert DEFAULT == this_machine(2)
    assert "it is no regular file" in complaint()


@unix_files
@pytest.mark.parametrize("target", ["/dev/zero", "."])
def test_a_link_to_what_is_no_regular_file_is_passed_over(cache, target):
    cache.symlink_to(target)
    assert DEFAULT == this_machine(2)
    assert any(why in complaint() for why in ("it is no regular file", "Is a directory"))


@unix_files
def test_a_link_to_a_calibration_is_followed(cache):
    own = DEFAULT._replace(torch_import=1.5)
    (cache.parent / "elsewhere").write_text(json.dumps(as_data(own)))
    cache.symlink_to("elsewhere")
    assert own == this_machine(2)
    assert complaint() is None


def test_nothing_is_said_of_no_file_at_all(cache):
    assert DEFAULT == this_machine(2)
    assert complaint() is None


# --- rounds


def machines(*numbers):
    """A round that finds these rates of numpy's products, one after the other."""
    found = iter(numbers)
    return lambda: DEFAULT._replace(numpy=DEFAULT.numpy._replace(products=next(found)))


def test_two_rounds_that_agree_are_enough_and_the_better_is_kept():
    found = rates.calibrate(machines(1.0e11, 1.5e11))
    assert (2, 1.5, True) == (found.rounds, found.spread, found.trusted)
    assert ("numpy products", 1.5e11) == (found.widest, found.machine.numpy.products)


def test_a_slow_round_is_outvoted():
    found = rates.calibrate(machines(1e9, 1e11, 0.9e11))
    assert (3, True, 1e11) == (found.rounds, found.trusted, found.machine.numpy.products)


def test_rounds_that_never_agree_are_not_trusted():
    found = rates.calibrate(machines(1e9, 2e9, 4e9, 8e9))
    assert (4, 2.0, False) == (found.rounds, found.spread, found.trusted)
    assert 8e9 == found.machine.numpy.products


def test_the_shortest_calls_and_imports_are_kept():
    imports = iter([3.0, 2.0])
    calls = iter([2e-6, 3e-6])

    def measure():
        own = PlaneRates(2e10, 6e9, next(calls))
        return DEFAULT._replace(torch_import=next(imports), planes=own)

    found = rates.calibrate(measure)
    assert (2.0, 2e-6) == (found.machine.torch_import, found.machine.planes.call)
    assert 2 == found.machine.planes.threads
