"""`run --max-memory`: the same file piece by piece, in so much memory."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tracemalloc
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from cli_support import listing, strict

from changing import appended, removed, replaced, touched, truncated, written_into
from convcalc.cli.commands.run.max_memory import bounds_of
from convcalc.cli.commands.run.request import RunRequest
from convcalc.cli.terminal.progress import ProgressLine
from convcalc.execute.backends import numpy_backend

RUN = ("run", "x.npy", "--kernel", "k.npy", "--backend", "numpy")


@pytest.fixture
def images(folder):
    """Two colour images of whole numbers, 300 x 200, and a kernel of 5 x 3."""
    rng = np.random.default_rng(1)
    np.save("x.npy", rng.integers(-9, 9, (2, 3, 300, 200)))
    np.save("k.npy", rng.integers(-9, 9, (4, 3, 5, 3)))
    np.save("b.npy", np.array([1, -2, 3, 0]))
    np.save("large.npy", np.ones((4, 3, 250, 150)))


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
    pieces = inside(*RUN, *options, "--max-memory", "1M", "-o", "pieces.npy")
    assert (0, 0) == (whole.code, pieces.code)
    assert " pieces of at most " in pieces.err
    assert Path("whole.npy").read_bytes() == Path("pieces.npy").read_bytes()


@pytest.mark.usefixtures("images")
def test_a_transposed_convolution_in_pieces(inside):
    options = ("--transposed", "--stride", "2", "--padding", "1")
    np.save("k.npy", np.random.default_rng(2).integers(-9, 9, (3, 2, 4, 3)))
    assert 0 == inside(*RUN, *options, "-o", "whole.npy").code
    assert 0 == inside(*RUN, *options, "--max-memory", "1536k", "-o", "pieces.npy").code
    assert Path("whole.npy").read_bytes() == Path("pieces.npy").read_bytes()


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("axes", [4, 3])
def test_channels_last_in_pieces(inside, axes):
    image = np.load("x.npy").transpose(0, 2, 3, 1)
    np.save("x.npy", np.ascontiguousarray(image if axes == 4 else image[0]))
    for name, more in (("whole.npy", ()), ("pieces.npy", ("--max-memory", "1M"))):
        assert 0 == inside(*RUN, "--layout", "nhwc", *more, "-o", name).code
    np.testing.assert_array_equal(np.load("whole.npy"), np.load("pieces.npy"))


@pytest.mark.usefixtures("images")
def test_the_figures_are_those_of_the_whole(inside):
    inside(*RUN, "-o", "whole.npy")
    whole = np.load("whole.npy")
    done = inside(*RUN, "--max-memory", "1M", "-o", "pieces.npy", "--format", "json")
    output = strict(done.out)["output"]
    assert (int(whole.min()), int(whole.max())) == (output["min"], output["max"])
    assert whole.mean() == pytest.approx(output["mean"])


@pytest.mark.usefixtures("images")
def test_a_piece_that_is_wrong_leaves_nothing(inside):
    before = listing()
    done = inside(*RUN, "--max-memory", "1M", "--dtype", "int8", "-o", "y.npy")
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
        (("--max-memory", "0", "--dry-run"), 2, "expected bytes"),
        (("--max-memory", "1k", "--dry-run", "--kernel", "large.npy"), 4, "needs 4,500,016 bytes"),
        (("--max-memory", "1G", "-o", "x.npy"), 4, "add --force"),
    ],
)
def test_what_it_goes_with(inside, options, code, said):
    before = listing()
    own = RUN[:2] + RUN[4:] if "--kernel" in options else RUN
    done = inside(*own, *options)
    assert (code, "") == (done.code, done.out)
    assert said in done.err
    assert before == listing()


@pytest.mark.usefixtures("images")
def test_a_network_is_refused_with_the_reason_and_a_way(inside):
    words = ("run", "x.npy", "--network", "conv:4,k3", "--random-weights", "1", "-o", "y.npy")
    done = inside(*words, "--max-memory", "1G")
    assert (2, "") == (done.code, done.out)
    assert "the layers of a network hand whole arrays on; run it on fewer samples" in done.err


# --- the plan, the figures and the proof


@pytest.mark.usefixtures("images")
def test_a_dry_run_has_the_boxes_and_the_plan_of_one(inside):
    done = inside(*RUN, "--max-memory", "1M", "--dry-run", "-q", "--format", "json")
    assert (0, "") == (done.code, done.err)
    found = strict(done.out)
    boxes, (own,) = found["boxes"], found["convolutions"]
    # 296 x 198 outputs of each of two samples
    channels, rows, columns = boxes["output_shape"]
    count = 2 * -(-4 // channels) * -(-296 // rows) * -(-198 // columns)
    assert (count, [4, 296, 198], 2) == (boxes["count"], own["output_shape"], own["batch"])
    assert count > 10
    assert 2**20 > boxes["bytes"] > own["working_bytes"]
    inside(*RUN, "--max-memory", "1M", "-o", "y.npy")
    pieces = inside(*RUN, "--max-memory", "1M", "-o", "y.npy", "--force").err
    assert f"computed in {count:,} pieces of at most {boxes['bytes']:,} bytes" in pieces


@pytest.mark.usefixtures("images")
def test_a_dry_run_tells_the_boxes_in_words(inside):
    shown = inside(*RUN, "--max-memory", "1G", "--dry-run").out
    assert "2 boxes of at most 4x296x198 outputs" in " ".join(shown.split())
    assert "boxes" not in inside(*RUN, "--dry-run").out
    assert None is strict(inside(*RUN, "--dry-run", "--format", "json").out)["boxes"]


def test_a_dry_run_within_bounds_reads_only_the_header(inside, save, folder):
    save("k.npy", np.ones((3, 3)), "f4")
    with open(folder / "x.npy", "wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (100_000, 100_000)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 4 * 10**10)  # 40 GB that take no room
    done = inside(*RUN, "--max-memory", "512M", "--dry-run", "--format", "json")
    assert 0 == done.code, done.err
    boxes = strict(done.out)["boxes"]
    assert boxes["bytes"] <= 512 * 2**20 < 4 * boxes["bytes"]


@pytest.mark.usefixtures("images")
def test_the_seconds_foretold_are_those_of_all_boxes(inside):
    options = ("--dry-run", "--format", "json", "--algorithm", "direct")
    whole, pieces = (
        strict(inside(*RUN, *options, *more).out)["convolutions"][0]
        for more in ((), ("--max-memory", "1M"))
    )
    assert 0.5 < pieces["predicted_seconds"] / whole["predicted_seconds"] < 2
    assert whole["macs"] == pieces["macs"]


@pytest.mark.usefixtures("images")
def test_stats_have_the_plan_of_a_box_and_the_time_of_all(inside):
    words = (*RUN, "--max-memory", "1M", "-o", "y.npy", "--stats")
    (own,) = strict(inside(*words, "--format", "json").out)["convolutions"]
    assert own["gflops"] == pytest.approx(2e-9 * own["macs"] / own["measured_seconds"])
    # 2 x 4 x 296 x 198 outputs of 45 products
    assert (21_098_880, [4, 296, 198]) == (own["macs"], own["output_shape"])
    shown = inside(*words, "--force").out
    assert "measured ms" in shown
    assert "the plan is that of one box, the times are those of all" in shown


@pytest.mark.usefixtures("images")
def test_stats_have_the_plan_that_the_numbers_admit(inside):
    np.save("x.npy", np.random.default_rng(1).standard_normal((600, 400)).astype("f4"))
    kernel = np.random.default_rng(2).standard_normal((9, 9)).astype("f4")
    np.save("k.npy", kernel)
    words = (*RUN, "--max-memory", "1M", "--algorithm", "lowrank")
    (own,) = strict(inside(*words, "--dry-run", "--format", "json").out)["convolutions"]
    assert "lowrank" == own["algorithm"]
    (own,) = strict(inside(*words, "-o", "y.npy", "--stats", "--format", "json").out)[
        "convolutions"
    ]
    assert ("direct", "lowrank is not applicable to these values") == (
        own["algorithm"],
        own["reason"],
    )


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize(("number", "checked"), [("50", 50), ("all", 31_488)])
def test_verify_looks_at_the_file_before_it_gets_its_name(inside, number, checked):
    np.save("x.npy", np.load("x.npy")[:, :, :100, :43].astype("f4"))
    options = ("--max-memory", "16M", "-o", "y.npy", "--verify", number)
    done = inside(*RUN, *options, "--format", "json")
    assert 0 == done.code, done.err
    found = strict(done.out)["verify"]
    assert (True, checked, 31_488) == (found["passed"], found["checked"], found["outputs"])
    done = inside(*RUN, *options, "--stats", "--force")
    assert f"{checked:,} of 31,488 outputs computed again in float64" in done.out


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("options", [(), ("--format", "json"), ("--stats",)])
def test_a_wrong_result_never_gets_its_name(inside, monkeypatch, options):
    real = numpy_backend.add_taps

    def forgetful(out, array, weight, windows, *, transposed):
        weight = weight.copy()
        weight[..., -1, -1] = 0
        real(out, array, weight, windows, transposed=transposed)

    monkeypatch.setattr(numpy_backend, "add_taps", forgetful)
    Path("y.npy").write_bytes(b"what was there")
    before = listing()
    words = (*RUN, "--algorithm", "direct", "--max-memory", "1M", "-o", "y.npy", "--force")
    done = inside(*words, "--verify", *options)
    assert 1 == done.code
    assert "the result is wrong at (" in done.err
    assert "nothing was written" in done.err
    assert b"what was there" == Path("y.npy").read_bytes()
    assert before == listing()


# Not getrusage's ru_maxrss, which begins with the peak of whoever starts the process.
PEAK = """
import sys
from convcalc.cli.main import run
import convcalc.execute.out_of_core.run
def peak():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
before = peak()
code = run(sys.argv[1:])
print((peak() - before) // 1024)
sys.exit(code)
"""


@pytest.mark.parametrize("more", [(), ("--verify", "5000", "--stats")])
def test_no_more_memory_is_taken_than_is_allowed(folder, more):
    x = np.lib.format.open_memmap("x.npy", mode="w+", dtype="float32", shape=(4096, 4000))
    for row in range(0, 4096, 1024):
        x[row : row + 1024] = row
    x.flush()
    np.save("k.npy", np.ones((7, 7), "float32"))
    words = [*RUN, "--max-memory", "40M", "-o", "y.npy", "--quiet", *more]
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *words], capture_output=True, text=True, check=True
    )
    assert "" == done.stderr
    # Input and result are 62 MiB each.
    assert 40 >= int(done.stdout.splitlines()[-1])
    assert (4090, 3994) == np.load("y.npy", mmap_mode="r").shape


DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8"]
LIMIT = 1536 << 10


def of_order(order, dtype):
    """A matrix of 4 MB in float64, of small whole numbers, saved in an order."""
    values = np.random.default_rng(1).integers(-9, 10, (720, 720))
    return np.asarray(values, dtype, order=order)


@pytest.fixture(scope="module")
def convolved(tmp_path_factory):
    """What a kernel of threes and one seven makes of the matrix, from sums of its rows."""
    x = of_order("C", "i8")
    rows = 3 * sum(x[i : i + 717, j : j + 718] for i in range(4) for j in range(3))
    return rows + 4 * x[3:, 2:]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("endian", "<>")
@pytest.mark.parametrize("order", "CF")
def test_the_limit_holds_in_any_order_of_bytes_and_axes(inside, convolved, dtype, endian, order):
    np.save("x.npy", of_order(order, endian + dtype))
    kernel = np.full((4, 3), 3, "i8" if dtype[0] == "i" else dtype)
    kernel[3, 2] = 7
    np.save("k.npy", kernel)
    words = (*RUN, "--max-memory", "1536k", "-q")
    assert 0 == inside(*words, "--dry-run").code  # what is imported is no part of it
    tracemalloc.start()
    try:
        assert 0 == inside(*words, "-o", "y.npy").code
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= LIMIT
    found = np.load("y.npy")
    # |sums| <= 9 * (11 * 3 + 7) = 360, which float16 holds exactly
    np.testing.assert_array_equal(convolved, found)
    assert found.dtype == ("int64" if dtype[0] == "i" else np.dtype(dtype))


def test_verifying_keeps_the_limit_too(inside):
    np.save("x.npy", of_order("F", ">f4"))
    np.save("k.npy", np.ones((3, 3), "f4"))
    words = (*RUN, "--max-memory", "1536k", "-q", "--verify", "30000")
    assert 0 == inside(*words, "--dry-run").code
    tracemalloc.start()
    try:
        assert 0 == inside(*words, "-o", "y.npy").code
        assert tracemalloc.get_traced_memory()[1] <= LIMIT
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["x.npz", "x.npz:x", "-"])
def test_what_is_read_as_a_whole_is_convolved_in_pieces(inside, folder, monkeypatch, name):
    np.save("k.npy", np.array([[1, 2]]))
    np.savez("x.npz", x=np.arange(60_000).reshape(300, 200))
    np.save("x.npy", np.arange(60_000).reshape(300, 200))
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BytesIO(Path("x.npy").read_bytes()), encoding="utf-8")
    )
    words = ("run", name, *RUN[2:], "--max-memory", "1k", "-o", "y.npy", "--verify", "10")
    done = inside(*words)
    assert 0 == done.code, done.err
    # x + 2 (x + 1)
    expected = 3 * np.arange(60_000).reshape(300, 200)[:, :-1] + 2
    np.testing.assert_array_equal(expected, np.load("y.npy"))


# --- an input that changes


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("change", [replaced, truncated, appended, touched, written_into, removed])
def test_an_input_that_changes_in_mid_run_gives_no_result(inside, monkeypatch, change):
    Path("y.npy").write_bytes(b"what was there")
    changed = []

    def advance(line, count):
        if not changed:
            change(Path("x.npy"))
        changed.append(count)

    monkeypatch.setattr(ProgressLine, "advance", advance)
    done = inside(*RUN, "--max-memory", "1M", "-o", "y.npy", "--force", "--verify", "10")
    assert (3, "") == (done.code, done.out)
    assert "x.npy'" in done.err
    assert "has changed since the work began" in done.err or change is removed
    assert 1 == done.err.count("\n")
    assert b"what was there" == Path("y.npy").read_bytes()
    assert ["b.npy", "k.npy", "large.npy", "y.npy"] == sorted({*os.listdir()} - {"x.npy"})


@pytest.mark.parametrize(
    ("text", "size"),
    [("1000000", 10**6), ("64k", 65_536), ("512M", 512 * 2**20), ("2 GiB", 2**31), ("1TB", 2**40)],
)
def test_bytes_are_written_in_powers_of_1024(text, size):
    names = [field.name for field in fields(RunRequest)]
    given = dict.fromkeys(names) | {"max_memory": text, "output": "y.npy"}
    assert size == bounds_of(RunRequest(**given)).memory
