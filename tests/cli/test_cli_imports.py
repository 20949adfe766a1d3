"""What a command loads, and what it never runs: the start stays quick and safe."""

from __future__ import annotations

import subprocess
import sys

import pytest
from cli_support import COMMAND, environment, loaded_by, terminal

HEAVY = {"numpy", "torch", "onnx", "scipy", "pydantic", "rich", "rich.traceback"}
HEAVY |= {"dask", "distributed", "zarr"}
LAYER = ("-i", "3x9x9", "conv:8,k3", "sep:4,k3")


@pytest.mark.parametrize(
    "arguments",
    [
        ("shape", *LAYER),
        ("flops", *LAYER),
        ("rf", *LAYER),
        ("flops", *LAYER, "--compare", "separable,bottleneck:4,factorized"),
        ("diff", "resnet18", "conv:8,k3 relu"),
        ("shape", "-n", "8", "-k", "3", "--format", "json"),
        ("flops", *LAYER, "--format", "csv"),
        ("flops", *LAYER, "--format", "md"),
        ("--help",),
        ("shape", "--help"),
        ("run", "--help"),
        ("help", "run"),
    ],
)
def test_the_calculator_loads_no_library(arguments):
    loaded = loaded_by(*arguments)
    assert "convcalc.cli.main" in loaded
    assert set() == loaded & HEAVY


def test_the_version_loads_next_to_nothing():
    loaded = loaded_by("--version")
    assert "convcalc" in loaded
    assert set() == loaded & (HEAVY | {"typer", "convcalc.cli.app", "importlib.metadata"})


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    "more", [(), ("-o", "y.npy"), ("--format", "json"), ("--backend", "numpy")]
)
def test_a_small_run_does_not_load_torch(more):
    loaded = loaded_by("run", "image.npy", "--kernel", "kernel.npy", *more)
    assert "numpy" in loaded
    assert set() == loaded & (HEAVY - {"numpy"})


UNASKED = {
    f"convcalc.{name}"
    for name in (
        *("language.parser", "zoo.catalog", "analysis.report", "importers", "render.table"),
        *("execute.network_job", "execute.out_of_core.run", "execute.verify"),
        *("execute.algorithms.fft.overlap_save", "arrayfile.stored", "arrayfile.picture_writing"),
    )
}
"""What a convolution of two files into a third has no use for."""


@pytest.mark.usefixtures("image")
def test_a_run_loads_what_it_uses():
    files = ("image.npy", "--kernel", "kernel.npy", "-o", "y.npy")
    loaded = loaded_by("run", *files, "--backend", "numpy", "-q")
    assert "convcalc.execute.in_memory" in loaded
    assert set() == loaded & UNASKED


def test_a_command_declares_its_neighbours_at_most():
    loaded = loaded_by("shape", *LAYER)
    assert {"convcalc.cli.catalog.calculator"} == {
        name for name in loaded if name.startswith("convcalc.cli.catalog.")
    } - {f"convcalc.cli.catalog.{name}" for name in ("command", "commands", "program")}


PRINT_RICH = """
import os, sys
from convcalc.__main__ import main
code = main()
os.write(2, b"rich" if "rich" in sys.modules else b"none")
sys.exit(code)
"""


@pytest.mark.parametrize("arguments", [("flops", *LAYER), ("flops", *LAYER, "--format", "json")])
def test_no_table_needs_rich(monkeypatch, arguments):
    monkeypatch.setattr("cli_support.COMMAND", [sys.executable, "-c", PRINT_RICH])
    assert "none" == terminal(*arguments).err


TRAPS = ("rich", "numpy", "typer", "torch", "json", "signal", "dataclasses", "errno")


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    "arguments",
    [
        ("shape", "-q"),
        ("flops", "-q", "--color", "always"),
        ("run", "image.npy", "--kernel", "kernel.npy", "-q"),
        ("--version",),
    ],
)
def test_a_module_in_the_current_folder_is_not_run(convcalc, folder, arguments):
    for name in TRAPS:
        (folder / f"{name}.py").write_text("open('trapped', 'w').close()")
    done = convcalc(*arguments, fresh=True)
    assert (0, "") == (done.code, done.err)
    assert not (folder / "trapped").exists()


def test_not_even_a_module_that_python_has_itself(convcalc, folder):
    (folder / "typing.py").write_text("open('trapped', 'w').close()")
    assert 0 == convcalc("shape", "-q", fresh=True).code
    assert not (folder / "trapped").exists()


GUARD = """
import socket

def refuse(*_, **__):
    raise SystemExit("somebody is calling")

socket.socket.connect = socket.socket.connect_ex = refuse
socket.create_connection = socket.getaddrinfo = refuse
"""


def guarded(folder, *command):
    """A process in which every connection ends the program."""
    hooks = folder / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "sitecustomize.py").write_text(GUARD)
    env = environment()
    env["PYTHONPATH"] = f"{hooks}:{env['PYTHONPATH']}"
    return subprocess.run(command, env=env, capture_output=True, check=False, timeout=60)


def test_the_guard_hears_a_call(folder):
    code = "import socket; socket.socket().connect(('127.0.0.1', 9))"
    assert b"somebody is calling" in guarded(folder, sys.executable, "-c", code).stderr


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    "arguments",
    [
        ("shape",),
        ("flops", "--compare", "separable"),
        ("run", "image.npy", "--kernel", "kernel.npy"),
        ("run", "image.npy", "--kernel", "kernel.npy", "--backend", "torch"),
        ("--version",),
        ("--help",),
    ],
)
def test_nothing_calls_the_network(folder, arguments):
    done = guarded(folder, *COMMAND, *arguments)
    assert 0 == done.returncode, done.stderr
