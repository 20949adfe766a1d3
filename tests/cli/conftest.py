"""Fixtures of the command-line tests: each runs in an empty folder of its own."""

from __future__ import annotations

import io
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
from cli_support import CLEANED, FORKS, Done, call, terminal
from valid_json import check_document


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty current folder, and an environment that changes nothing."""
    monkeypatch.chdir(tmp_path)
    for name in CLEANED:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def convcalc():
    """`convcalc(*arguments, stdin=b"", env={})` in a process of its own."""
    return call


@pytest.fixture
def on_terminal():
    """The same, but standard output is a terminal."""
    return terminal


@pytest.fixture
def inside(capsys, monkeypatch):
    """The same in this process: a tenth of the time, for the many cases that need no streams."""
    from convcalc.cli.main import run

    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)

    def answer(*arguments: str) -> Done:
        capsys.readouterr()
        code = run(list(arguments))
        out, err = capsys.readouterr()
        check_document(out)
        return Done(code, out, err)

    return answer


@pytest.fixture
def typed(monkeypatch):
    """`typed(b"relu")`: what standard input holds."""

    def hold(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))

    return hold


@pytest.fixture
def save(folder):
    """`save("x.npy", values, dtype)` makes an array file in the folder."""

    def write(name: str, values: object, dtype: str | None = None) -> None:
        np.save(folder / name, np.array(values, dtype))

    return write


@pytest.fixture
def image(save):
    """image.npy, kernel.npy and bias.npy: a small convolution that can be done by hand."""
    save("image.npy", [[4, 1, 7, 5], [4, 4, 2, 5], [7, 7, 2, 4], [1, 0, 2, 4]], "f8")
    save("kernel.npy", [[1, 0], [2, 1]], "f8")
    save("bias.npy", [-0.2050])


def pytest_sessionfinish():
    """No process is left."""
    for forks in FORKS.values():
        forks.close()


def _is_text(value):
    """A word, or the words of a command line."""
    return isinstance(value, str | tuple | list)


def pytest_collection_modifyitems(items):
    """Cases that name the torch backend need torch, which the core is tested without."""
    if find_spec("torch") is not None:
        return
    for item in items:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if any("torch" in ([v] if isinstance(v, str) else v) for v in parameters if _is_text(v)):
            item.add_marker(pytest.mark.skip(reason="torch is not installed"))
