"""Every help: three doors, 80 columns, and examples that run."""

from __future__ import annotations

import re
import shlex
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest

from convcalc.execute.planning import measure_peak

NAMES = [
    "shape",
    "flops",
    "rf",
    "summary",
    "diff",
    "memory",
    "roofline",
    "devices",
    "layers",
    "networks",
    "fmt",
    "run",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_a_command_has_three_doors(inside, name):
    short = inside(name, "-h")
    assert (0, "") == (short.code, short.err)
    assert short.out.startswith(f"Usage: convcalc {name}")
    assert short.out == inside(name, "--help").out == inside("help", name).out


def test_the_help_names_every_command_and_the_exit_codes(inside):
    done = inside("-h")
    assert 0 == done.code
    assert done.out == inside("--help").out == inside("help").out
    assert [name for name in (*NAMES, "help") if f"\n  {name} " not in done.out] == []
    assert all(code in done.out for code in ("0 done", "2 ", "3 ", "4 ", "70", "130", "143", "129"))


@pytest.mark.parametrize(
    "name",
    [
        None,
        *(name for name in NAMES if name != "summary"),
        ("summary"),
    ],
)
def test_a_help_fits_80_columns(inside, name):
    assert all(len(line) <= 80 for line in inside(*filter(None, [name]), "-h").out.splitlines())


@pytest.mark.parametrize("env", [{"COLUMNS": "0"}, {"COLUMNS": "abc"}, {"TERMINAL_WIDTH": "abc"}])
def test_a_help_survives_odd_widths(convcalc, env):
    done = convcalc("shape", "--help", env=env)
    assert 0 == done.code
    assert "--kernel-size" in done.out


def test_nothing_at_all_shows_the_help(convcalc):
    done = convcalc()
    assert 2 == done.code
    assert "error" not in done.out + done.err
    assert [name for name in NAMES if f"\n  {name} " not in done.out + done.err] == []


def test_nothing_at_all_ends_with_2_and_names_the_commands(convcalc):
    done = convcalc()
    assert 2 == done.code
    assert "Usage: convcalc" in done.out + done.err


def test_the_version_comes_first(convcalc):
    done = convcalc("--version")
    assert (0, "") == (done.code, done.err)
    assert re.fullmatch(r"convcalc \d+\.\d+\.\d+\S*", done.out.splitlines()[0])


MODEL = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3), nn.ReLU())
"""


def examples(text):
    """The lines of a help that can be typed as they stand."""
    return [line.strip() for line in text.splitlines() if line.startswith("    convcalc ")]


@pytest.fixture
def _small_machine(monkeypatch):
    """What is measured is small, and workers on this machine are one thread.

    Machines are measured in tests of roofline, workers of their own work in those of --scheduler.
    """
    small = measure_peak.Work(side=64, copied=2**16)
    monkeypatch.setattr(measure_peak, "measure", partial(measure_peak.measure, work=small))
    if find_spec("distributed"):
        import distributed

        real = distributed.LocalCluster
        one = {"n_workers": 1, "processes": False, "protocol": "tcp://"}
        monkeypatch.setattr(distributed, "LocalCluster", lambda **more: real(**{**more, **one}))


@pytest.mark.usefixtures("_small_machine")
@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_every_help_run(inside, folder, save, name):
    (folder / "network.spec").write_text("relu\n")
    (folder / "model.py").write_text(MODEL)
    save("image.npy", np.arange(81).reshape(9, 9), "f4")
    save("kernel.npy", [[0, 1, 0], [1, -4, 1], [0, 1, 0]], "f4")
    # A model of two inputs is made where its arrays are tried: tests of run with ONNX files.
    found = [
        line
        for line in examples(inside(name, "--help").out)
        if "net.onnx" not in line or "-o net.onnx" in line
    ]
    assert len(found) >= 2
    if find_spec("zarr") is None or find_spec("distributed") is None:
        found = [line for line in found if "--scheduler" not in line]
    elif name == "run":
        import zarr

        zarr.create_array("image.zarr", data=np.arange(81, dtype="f4").reshape(9, 9))
    if find_spec("torch") is None:
        found = [line for line in found if "model.py" not in line]
    for line in found:
        done = inside(*shlex.split(line)[1:])
        assert (0, line) == (done.code, line), done.err
        assert done.out or "wrote" in done.err or "is in canonical form" in done.err
