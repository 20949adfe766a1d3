"""`run --dry-run`, `--stats`, `--algorithm`, `--threads`, and `calibrate`."""

import json

import numpy as np
import pytest
from cli_support import call

from convcalc.execute.planning import calibrate
from convcalc.execute.planning.machine import DEFAULT, as_data, forget, this_machine


@pytest.fixture
def files(save):
    draw = np.random.default_rng(0)
    save("image.npy", draw.standard_normal((200, 220)), "f4")
    save("kernel.npy", draw.standard_normal((31, 31)), "f4")
    save("small.npy", draw.standard_normal((5, 5)), "f8")


RUN = ["run", "image.npy", "--kernel", "kernel.npy", "--backend", "numpy", "-q"]


@pytest.mark.usefixtures("files")
def test_a_dry_run_says_what_would_be_done(inside):
    done = inside(*RUN, "--dry-run")
    assert 0 == done.code
    assert all(
        word in done.out for word in ("170x190", "algorithm", "predicted", "nothing has been")
    )
    assert "times faster than" in done.out


@pytest.mark.usefixtures("files")
def test_a_dry_run_in_full(inside):
    document = json.loads(inside(*RUN, "--dry-run", "--format", "json", "--algorithm", "fft").out)
    (own,) = document["convolutions"]
    assert (1, True, "numpy") == (
        document["schema_version"],
        document["dry_run"],
        document["backend"],
    )
    # 170*190 outputs of 31*31 products
    assert (31040300, "fft", [1, 170, 190]) == (own["macs"], own["algorithm"], own["output_shape"])
    assert own["tiles"]["transform"][0] - own["tiles"]["step"][0] == 30
    assert {"direct", "im2col", "lowrank"} == {other["algorithm"] for other in own["alternatives"]}
    assert "it was asked for" == own["reason"]


def test_a_dry_run_reads_only_the_header(inside, save, tmp_path):
    save("kernel.npy", [[1.0]], "f4")
    header = np.lib.format.header_data_from_array_1_0(np.empty((1, 1), "f4"))
    header["shape"] = (100_000, 100_000)
    with open(tmp_path / "image.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 4 * 10**10)  # 40 GB that take no room
    done = inside(*RUN, "--dry-run", "--format", "json")
    assert 0 == done.code, done.err
    assert 10**10 == json.loads(done.out)["convolutions"][0]["macs"]


def test_a_dry_run_writes_nothing(inside, files, tmp_path):
    done = inside(*RUN, "--dry-run", "-o", "out.npy")
    assert (0, False) == (done.code, (tmp_path / "out.npy").exists())


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("algorithm", ["direct", "im2col", "fft", "lowrank"])
def test_every_algorithm_gives_about_the_same(inside, folder, algorithm):
    assert 0 == inside(*RUN, "-o", "one.npy", "--dtype", "float64").code
    assert 0 == inside(*RUN, "-o", "other.npy", "--algorithm", algorithm).code
    np.testing.assert_allclose(
        np.load(folder / "one.npy"), np.load(folder / "other.npy"), atol=1e-3
    )


@pytest.mark.usefixtures("files")
def test_stats_have_the_plan_and_the_time(inside):
    done = inside(*RUN, "--stats", "--format", "json", "--algorithm", "fft")
    (own,) = json.loads(done.out)["convolutions"]
    assert own["measured_seconds"] > 0
    assert own["gflops"] == pytest.approx(2e-9 * own["macs"] / own["measured_seconds"])
    assert "measured ms" in inside(*RUN, "--stats").out


@pytest.mark.usefixtures("files")
def test_stats_say_what_a_verification_found(inside):
    told = json.loads(inside(*RUN, "--stats", "--verify", "9", "--format", "json").out)
    assert (True, 9) == (told["verify"]["passed"], told["verify"]["checked"])
    assert "9 of 32,300 outputs computed again" in inside(*RUN, "--stats", "--verify", "9").out
    assert None is json.loads(inside(*RUN, "--stats", "--format", "json").out)["verify"]


def test_the_stats_of_a_network_have_a_row_for_each_convolution(inside, save):
    save("image.npy", np.ones((1, 3, 40, 40)), "f4")
    run = ["run", "image.npy", "--network", "sep:4,k3 relu convt:2,k2,s2", "--random-weights", "1"]
    document = json.loads(inside(*run, "-q", "--stats", "--format", "json").out)
    shapes = [own["output_shape"] for own in document["convolutions"]]
    assert [[3, 38, 38], [4, 38, 38], [2, 76, 76]] == shapes
    assert [False, False, True] == [own["transposed"] for own in document["convolutions"]]
    planned = json.loads(inside(*run, "-q", "--dry-run", "--format", "json").out)
    assert shapes == [own["output_shape"] for own in planned["convolutions"]]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--algorithm", "ftt"], "--algorithm: expected one of auto, direct, im2col, fft, lowrank"),
        (
            ["--algorithm", "fft", "--kernel", "small.npy"],
            "--algorithm fft: sums of so few",
        ),
        (["--threads", "0"], "--threads: "),
        (["--threads", "two"], "--threads: expected a whole number, got 'two'"),
        (["--dry-run", "--stats"], "--dry-run computes nothing"),
    ],
)
def test_what_cannot_be_is_said(inside, options, message):
    own = RUN[:2] + RUN[4:] if "--kernel" in options else RUN
    done = inside(*own, *options)
    assert (2, "") == (done.code, done.out)
    assert message in done.err


def test_threads_are_limited_before_numpy_is_loaded(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((9, 9), "f4"))
    run = ["run", "x.npy", "--kernel", "x.npy", "--threads", "1", "--format", "json", "-q"]
    done = call(*run, "--backend", "torch", cwd=tmp_path)
    if "not installed" in done.err:
        pytest.skip("torch is not installed")
    assert 1 == json.loads(done.out)["threads"]


def test_a_calibration_is_kept_and_shown(inside, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    own = DEFAULT._replace(torch_import=1.25)
    monkeypatch.setattr(calibrate, "measure", lambda: own)
    monkeypatch.setattr("convcalc.execute.backends.opencv.is_installed", lambda: False)
    done = inside("calibrate", "--format", "json")
    path = tmp_path / "cache" / "convcalc" / "machine.json"
    assert (0, f"convcalc: note: wrote {path}\n") == (done.code, done.err)
    assert 1.25 == json.loads(done.out)["torch_import"]
    assert as_data(own) == json.loads(path.read_text("utf-8"))
    assert own == this_machine(2)
    assert ["machine.json"] == [entry.name for entry in path.parent.iterdir()]
    forget()


def test_a_cache_that_cannot_be_written_is_said(inside, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(calibrate, "measure", lambda: DEFAULT)
    done = inside("calibrate")
    assert 4 == done.code
    assert "cannot write" in done.err


def test_a_busy_machine_is_said(inside, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    busy = iter([1e9, 1e11, 3e9, 2e9])
    numbers = (DEFAULT._replace(numpy=DEFAULT.numpy._replace(copies=rate)) for rate in busy)
    monkeypatch.setattr(calibrate, "measure", lambda: next(numbers))
    done = inside("calibrate", "--format", "json")
    # the best two of four are 1e11 and 3e9
    assert (
        "convcalc: warning: this machine seems busy: numpy copies differed by a factor of 33.3 "
        "between the best two of 4 rounds; calibrate again when it is quiet\n"
    ) in done.err
    data = json.loads(done.out)
    assert (4, 33.333, "numpy copies") == (data["rounds"], data["spread"], data["widest"])
    assert 1e11 == data["numpy"]["copies"]
    forget()


def test_rates_that_are_passed_over_are_said(convcalc, image, folder):
    path = folder / "cache" / "convcalc" / "machine.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**as_data(DEFAULT), "torch_import": 1e308}), "utf-8")
    known = {"XDG_CACHE_HOME": str(folder / "cache")}
    for more in ((), ("--dry-run",)):
        done = convcalc("run", "image.npy", "-k", "kernel.npy", *more, env=known)
        assert (0, 1) == (done.code, done.err.count("passed over"))
        assert (
            f"convcalc: note: passed over the rates in {path}: torch_import is 1e+308, expected "
            "0.001 to 10000; `convcalc calibrate` measures them again\n"
        ) in done.err
        assert "passed" not in convcalc("run", "image.npy", "-k", "kernel.npy", "-q", env=known).err


@pytest.fixture
def _torch_of_little(monkeypatch, folder):
    """Processes that are started import a torch that takes a fiftieth of a second."""
    (folder / "installed").mkdir()
    (folder / "installed" / "torch.py").write_text("import time\ntime.sleep(0.02)\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder / "installed"))


@pytest.mark.usefixtures("_torch_of_little")
def test_a_machine_is_measured_in_positive_numbers(monkeypatch):
    monkeypatch.setattr(calibrate, "MAX_RATE_SECONDS", 0.0)
    monkeypatch.setattr(calibrate, "FRESH", 2**10)
    own = calibrate.measure()
    assert all(rate > 0 for rate in (*own.numpy, *own.torch, own.torch_import))


@pytest.mark.usefixtures("_torch_of_little")
def test_the_seconds_of_importing_torch_are_those_of_the_one_that_is_installed(folder):
    (folder / "torch.py").write_text("open('trapped', 'w').close()\n", "utf-8")
    assert 0.02 <= calibrate._import_seconds() < DEFAULT.torch_import
    assert not (folder / "trapped").exists()
