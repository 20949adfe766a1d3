"""`run --max-memory`: the same file piece by piece, in so much memory."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_support import listing, strict

from convcalc.cli.bounding import bounds_of
from convcalc.cli.progress import ProgressLine

RUN = ("run", "x.npy", "--kernel", "k.npy", "--backend", "numpy")


@pytest.fixture
def images(folder):
    """Two colour images of whole numbers, 600 x 400, and a kernel of 5 x 3."""
    rng = np.random.default_rng(1)
    np.save("x.npy", rng.integers(-9, 9, (2, 3, 600, 400)))
    np.save("k.npy", rng.integers(-9, 9, (4, 3, 5, 3)))
    np.save("b.npy", np.array([1, -2, 3, 0]))


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize(
    "options",
    [
        ("--padding", "same"),
        ("--stride", "2", "--padding", "3", "--padding-mode", "reflect", "--bias", "b.npy"),
        ("--padding", "2:9x30:0", "--dilation", "3", "--bias", "b.npy"),
        ("--flip",),
    ],
)
def test_the_result_is_that_of_the_whole(inside, options):
    whole = inside(*RUN, *options, "-o", "whole.npy")
    pieces = inside(*RUN, *options, "--max-memory", "3M", "-o", "pieces.npy")
    assert (0, 0) == (whole.code, pieces.code)
    assert " pieces of at most " in pieces.err
    assert Path("whole.npy").read_bytes() == Path("pieces.npy").read_bytes()


@pytest.mark.usefixtures("images")
def test_a_transposed_convolution_in_pieces(inside):
    options = ("--transposed", "--stride", "2", "--padding", "1")
    np.save("k.npy", np.random.default_rng(2).integers(-9, 9, (3, 2, 4, 3)))
    assert 0 == inside(*RUN, *options, "-o", "whole.npy").code
    assert 0 == inside(*RUN, *options, "--max-memory", "4M", "-o", "pieces.npy").code
    assert Path("whole.npy").read_bytes() == Path("pieces.npy").read_bytes()


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("axes", [4, 3])
def test_channels_last_in_pieces(inside, axes):
    image = np.load("x.npy").transpose(0, 2, 3, 1)
    np.save("x.npy", np.ascontiguousarray(image if axes == 4 else image[0]))
    for name, more in (("whole.npy", ()), ("pieces.npy", ("--max-memory", "3M"))):
        assert 0 == inside(*RUN, "--layout", "nhwc", *more, "-o", name).code
    np.testing.assert_array_equal(np.load("whole.npy"), np.load("pieces.npy"))


@pytest.mark.usefixtures("images")
def test_the_figures_are_those_of_the_whole(inside):
    inside(*RUN, "-o", "whole.npy")
    whole = np.load("whole.npy")
    done = inside(*RUN, "--max-memory", "3M", "-o", "pieces.npy", "--format", "json")
    output = strict(done.out)["output"]
    assert (int(whole.min()), int(whole.max())) == (output["min"], output["max"])
    assert whole.mean() == pytest.approx(output["mean"])


@pytest.mark.usefixtures("images")
def test_a_piece_that_is_wrong_leaves_nothing(inside):
    before = listing()
    done = inside(*RUN, "--max-memory", "3M", "--dtype", "int8", "-o", "y.npy")
    assert (3, "") == (done.code, done.out)
    assert "which int8 cannot hold" in done.err
    assert before == listing()


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--max-memory", "512"), 2, "give a file with -o"),
        (("--max-memory", "512Q", "-o", "y.npy"), 2, "expected bytes, as 512M or 2G; got '512Q'"),
        (("--max-memory", "0", "-o", "y.npy"), 2, "expected bytes"),
        (("--max-memory", "1G", "-o", "-"), 2, "give a file with -o"),
        (("--max-memory", "1G", "-o", "y.npy", "--stats"), 2, "exclude each other"),
        (("--max-memory", "1G", "-o", "y.npy", "--dry-run"), 2, "exclude each other"),
        (("--max-memory", "1G", "-o", "y.npy", "--verify"), 2, "exclude each other"),
        (("--max-memory", "1G", "-o", "x.npy"), 4, "add --force"),
    ],
)
def test_what_it_goes_with(inside, options, code, said):
    before = listing()
    done = inside(*RUN, *options)
    assert (code, "") == (done.code, done.out)
    assert said in done.err
    assert before == listing()


PEAK = """
import resource, sys
from convcalc.cli.main import run
import convcalc.execute.bounded
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
code = run(sys.argv[1:])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
sys.exit(code)
"""


def test_no_more_memory_is_taken_than_is_allowed(folder):
    x = np.lib.format.open_memmap("x.npy", mode="w+", dtype="float32", shape=(8192, 6000))
    for row in range(0, 8192, 1024):
        x[row : row + 1024] = row
    x.flush()
    np.save("k.npy", np.ones((7, 7), "float32"))
    words = [*RUN, "--max-memory", "64M", "-o", "y.npy", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *words], capture_output=True, text=True, check=True
    )
    assert "" == done.stderr
    # Input and result are 187 MiB each.
    assert 64 >= int(done.stdout)
    assert (8186, 5994) == np.load("y.npy", mmap_mode="r").shape


@pytest.mark.parametrize(
    ("text", "size"),
    [("1000000", 10**6), ("64k", 65_536), ("512M", 512 * 2**20), ("2 GiB", 2**31), ("1TB", 2**40)],
)
def test_bytes_are_written_in_powers_of_1024(text, size):
    given = {"max_memory": text, "output": "y.npy", "quiet": None, "format": None}
    assert size == bounds_of(given).memory


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "wanted", "drawn"),
    [(Screen, True, True), (Screen, False, False), (io.StringIO, True, False)],
)
def test_progress_is_drawn_for_those_who_watch(monkeypatch, stream, wanted, drawn):
    screen = stream()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr("convcalc.cli.progress.PATIENCE", -1)
    with ProgressLine(200, wanted=wanted) as line:
        line.advance(50)
        line.advance(100)
    assert drawn == ("75%" in screen.getvalue())


def test_what_is_done_soon_needs_no_progress(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    with ProgressLine(200, wanted=True) as line:
        line.advance(150)
    assert "" == screen.getvalue()
