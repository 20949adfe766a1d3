"""What a command says that refuses."""

from __future__ import annotations

RUN = "run image.npy --kernel kernel.npy"


def check(done, code, words, lines=3):
    """The failure is told in a few lines on standard error and nowhere else."""
    assert (code, "") == (done.code, done.out), done.err
    assert "convcalc: error: " in done.err
    assert [word for word in words if word not in done.err] == [], done.err
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) <= lines, done.err
