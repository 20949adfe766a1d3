"""`run --network`: parts of a network, every feature map, folded bn; and `run --verify`."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from cli_support import appears, forked, listing, strict

from convcalc.execute.backends import numpy_backend

NET = "stem=conv:4,k3,p1 bn relu body=2x{residual{dw:k3,p1 bn}} gap flatten linear:2"
LABELS = [
    *("stem", "1", "2", "body.0.0.0.0", "body.0.0.0.1", "body.0.0"),
    *("body.1.0.0.0", "body.1.0.0.1", "body.1.0", "4", "5", "6"),
]
RUN = ["run", "x.npy", "--network", NET, "--random-weights", "3"]


@pytest.fixture
def x(save):
    save("x.npy", np.random.default_rng(0).standard_normal((3, 8, 6)), "f4")


# --- where a network comes from


@pytest.mark.usefixtures("x")
def test_a_network_is_a_name_a_file_standard_input_or_a_text(convcalc):
    text = "conv:4,k3 relu"
    Path("net.spec").write_text(f"{text}\n", encoding="utf-8")
    results = []
    for name, stdin in ((text, b""), ("net.spec", b""), ("./net.spec", b""), ("-", text.encode())):
        done = convcalc(
            *RUN[:2], "--network", name, "--random-weights", "1", "--format", "json", stdin=stdin
        )
        assert 0 == done.code, done.err
        results.append(strict(done.out)["output"])
    assert results[1:] == results[:1] * 3


def test_a_reference_network_runs_by_its_name(inside, save):
    save("x.npy", np.ones((3, 32, 32)), "f4")
    done = inside(
        "run", "x.npy", "--network", "MobileNet_V2", "--random-weights", "1", "-o", "y.npy"
    )
    assert 0 == done.code, done.err
    assert (1000,) == np.load("y.npy").shape


def test_the_input_that_a_file_declares_says_how_many_axes_there_are(inside, save):
    save("x.npy", np.ones((2, 50)), "f4")
    Path("net.spec").write_text("# input 2x50\nconv:4,k9 relu\n", encoding="utf-8")
    done = inside("run", "x.npy", "--network", "net.spec", "--random-weights", "1", "-o", "y.npy")
    assert 0 == done.code, done.err
    assert (4, 42) == np.load("y.npy").shape


# --- until


@pytest.mark.usefixtures("x")
@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize(
    ("label", "last", "shape"),
    [
        ("stem", "stem", [4, 8, 6]),
        ("body.0", "body.0.0", [4, 8, 6]),
        ("body", "body.1.0", [4, 8, 6]),
        ("4", "4", [4, 1, 1]),
        ("5", "5", [4]),
    ],
)
def test_until_gives_the_output_of_that_layer(inside, backend, label, last, shape):
    done = inside(*RUN, "--until", label, "--backend", backend, "--format", "json")
    told = strict(done.out)
    assert (shape, LABELS[: LABELS.index(last) + 1]) == (
        told["output"]["shape"],
        [row["label"] for row in told["layers"]],
    )
    number = LABELS.index(last) + 1
    assert f"stopped after '{last}': {number} of 12 layers computed" in told["assumed"]


@pytest.mark.usefixtures("x")
def test_a_wrong_label_is_found_before_the_input_is_read(inside):
    done = inside("run", "none.npy", *RUN[2:], "--until", "steem")
    assert (2, "") == (done.code, done.out)
    assert "no layer or block is called 'steem'; did you mean 'stem'?" in done.err


# --- feature maps


@pytest.mark.usefixtures("x")
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_every_feature_map_is_a_file_of_its_own(inside, backend):
    done = inside(*RUN, "--save-all", "maps", "--backend", backend, "-o", "y.npy")
    assert 0 == done.code, done.err
    assert {f"{label}.npy" for label in LABELS} == set(os.listdir("maps"))
    assert Path("maps/6.npy").read_bytes() == Path("y.npy").read_bytes()
    for label in LABELS:
        inside(*RUN, "--until", label, "--backend", backend, "-o", "part.npy", "-f")
        assert Path(f"maps/{label}.npy").read_bytes() == Path("part.npy").read_bytes()
    # float32: 9 maps of 4x8x6, and 4, 4 and 2 numbers behind them
    size = 4 * (9 * 192 + 4 + 4 + 2)
    assert f"wrote 12 feature maps to maps ({size:,} bytes)" in done.err


@pytest.mark.usefixtures("x")
def test_the_summary_has_the_figures_of_every_map(inside, on_terminal):
    told = strict(inside(*RUN, "--save-all", "maps", "--format", "json").out)
    assert LABELS == [row["label"] for row in told["maps"]]
    for row in told["maps"]:
        array = np.load(row["file"])
        assert (list(array.shape), "float32", 0) == (row["shape"], row["dtype"], row["nonfinite"])
        assert [array.min(), array.max()] == np.array([row["min"], row["max"]], "f4").tolist()
        assert row["mean"] == pytest.approx(array.mean(dtype="f8"))
    assert told["output"]["shape"] == told["maps"][-1]["shape"]
    rows = csv.DictReader(
        io.StringIO(inside(*RUN, "--save-all", "maps", "-f", "--format", "csv").out)
    )
    assert [(row["label"], row["output_shape"]) for row in rows][:2] == [
        ("stem", "4x8x6"),
        ("1", "4x8x6"),
    ]
    shown = on_terminal(*RUN, "--save-all", "maps", "-f", "-q", "--color", "never").out
    assert "body.1.0.0.1" in shown
    assert max(map(len, shown.splitlines())) <= 80
    plain = strict(inside(*RUN, "--format", "json").out)
    assert {"maps"} == told.keys() ^ plain.keys()


@pytest.mark.usefixtures("x")
def test_only_what_until_needs_is_saved(inside):
    inside(*RUN, "--save-all", "maps", "--until", "body.0.0.0")
    assert {f"{label}.npy" for label in LABELS[:5]} == set(os.listdir("maps"))


@pytest.mark.usefixtures("x")
def test_existing_maps_need_force_and_are_asked_about_first(inside, monkeypatch):
    os.mkdir("maps")
    Path("maps/6.npy").write_bytes(b"old")
    before = listing()
    with monkeypatch.context() as patched:
        patched.setattr("convcalc.cli.commands.run.inputs.read_array", None)
        done = inside(*RUN, "--save-all", "maps")
    assert (4, "") == (done.code, done.out)
    assert "cannot write 'maps/6.npy': it exists; add --force" in done.err
    assert before == listing()
    assert 0 == inside(*RUN, "--save-all", "maps", "--force").code
    assert 12 == len(os.listdir("maps"))
    assert b"old" != Path("maps/6.npy").read_bytes()


@pytest.mark.usefixtures("x")
@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (["--save-all", "no/maps"], 4, ["there is no folder 'no'"]),
        (["--save-all", "x.npy"], 4, ["'x.npy'", "not a folder"]),
        (["--save-all", "-"], 2, ["--save-all", "folder"]),
        (["--save-all", ""], 2, ["--save-all", "empty"]),
        (["--save-all", "maps", "--fold-bn"], 2, ["--save-all", "--fold-bn"]),
        (["--verify"], 2, ["--verify", "--kernel"]),
        (["--until", ""], 2, ["--until", "empty"]),
        (["--save-all", "maps", "--weights", "none.npz"], 2, ["--weights", "--random-weights"]),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(inside, more, code, words):
    before = listing()
    done = inside(*RUN, *more)
    assert (code, "") == (done.code, done.out)
    assert all(word in done.err for word in words), done.err
    assert before == listing()


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("more", [["--until", "0"], ["--save-all", "maps"], ["--fold-bn"]])
def test_what_belongs_to_a_network_is_refused_beside_a_kernel(inside, more):
    before = listing()
    done = inside("run", "image.npy", "--kernel", "kernel.npy", *more)
    assert (2, "") == (done.code, done.out)
    assert f"{more[0]} goes with --network" in done.err
    assert before == listing()


@pytest.mark.usefixtures("x")
@pytest.mark.parametrize("there", [False, True])
def test_a_disk_that_fills_up_leaves_no_map(inside, monkeypatch, there):
    if there:
        os.mkdir("maps")
        Path("maps/stem.npy").write_bytes(b"old")
    before = listing()
    real, calls = os.write, []

    def write(descriptor, data):
        calls.append(len(data))
        if len(calls) > 8:  # two writes each, and none of the fifth
            raise OSError(28, "full")
        return real(descriptor, data)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        done = inside(*RUN, "--save-all", "maps", "-q", "-o", "y.npy", "--force")
    assert (4, "") == (done.code, done.out)
    assert (
        "convcalc: error: cannot write 'maps/body.0.0.0.1.npy': No space left on device\n"
        == done.err
    )
    assert before == listing()


@pytest.mark.usefixtures("x")
@pytest.mark.parametrize("more", [["--save-all", "maps"], ["-o", "y.npy"]])
def test_a_name_that_is_taken_during_the_work_is_left_alone(inside, monkeypatch, more):
    real = numpy_backend.NumpyBackend.unload

    def unload(backend, array):
        Path(more[1]).write_bytes(b"theirs")
        return real(array)

    with monkeypatch.context() as patched:
        patched.setattr(numpy_backend.NumpyBackend, "unload", unload)
        done = inside(*RUN, "--backend", "numpy", *more)
    assert (4, "") == (done.code, done.out)
    assert f"cannot write '{more[1]}': it was made by somebody else during the work" in done.err
    assert sorted([more[1], "x.npy"]) == sorted(os.listdir())
    assert b"theirs" == Path(more[1]).read_bytes()


@pytest.mark.usefixtures("x")
def test_a_label_that_is_no_file_name_is_refused_before_the_input_is_read(inside):
    label = "b" + "x" * 250
    for text, code in ((f"{label}=relu", 0), (f"a=relu {label}y=relu", 4)):
        name = "x.npy" if code == 0 else "none.npy"
        done = inside("run", name, "--network", text, "--save-all", f"maps{code}", "-q")
        assert code == done.code, done.err
    # 252 bytes of the label, 4 of .npy
    assert "its name has 256 bytes, at most 255 are possible; give the layer a" in done.err
    assert 1 == len(done.err.splitlines())
    assert ["maps0", "x.npy"] == sorted(os.listdir())


@pytest.mark.usefixtures("x")
def test_the_result_is_none_of_the_maps(inside):
    os.mkdir("maps")
    os.symlink("maps", "link")
    before = listing()
    done = inside(*RUN, "--save-all", "maps", "-o", "link/6.npy", "--force")
    assert (2, "") == (done.code, done.out)
    assert "'link/6.npy' is one of the files of --save-all; name another" in done.err
    assert before == listing()


@pytest.mark.parametrize("there", [False, True])
def test_an_interrupt_leaves_no_map(save, there):
    save("x.npy", np.ones((64, 256, 256)), "f4")
    command = ["run", "x.npy", "--network", "200x{relu}", "--save-all", "maps", "-q"]
    if there:
        os.mkdir("maps")
    before = listing()
    process = forked(*command, "--force")
    appears(process, "**/*.npy", count=7)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (130, "convcalc: interrupted\n") == (process.returncode, err.decode())
    assert before == listing()


# --- folded bn


@pytest.mark.usefixtures("x")
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_fold_bn_gives_the_same_and_says_what_it_did(inside, backend):
    plain = inside(*RUN, "--backend", backend, "-o", "plain.npy")
    folded = inside(*RUN, "--backend", backend, "-o", "folded.npy", "--fold-bn")
    assert "3 bn folded into the convolutions before them" in folded.err
    assert "folded" not in plain.err
    np.testing.assert_allclose(np.load("folded.npy"), np.load("plain.npy"), rtol=1e-5, atol=1e-6)
    told = strict(inside(*RUN, "--fold-bn", "--format", "json").out)
    assert "bn" not in [row["kind"] for row in told["layers"]]
    assert ["stem", "2"] == [row["label"] for row in told["layers"]][:2]


# --- verify


BY_HAND = [
    *("run", "image.npy", "--kernel", "kernel.npy", "--padding", "same", "--bias", "bias.npy"),
    *("--backend", "numpy"),
]


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_verify_says_how_much_was_looked_at_and_how_far_off_it_was(inside, backend):
    by_hand = [*BY_HAND[:-1], backend]
    done = inside(*by_hand, "--verify")
    assert 0 == done.code
    last = done.out.splitlines()[-1]
    assert last.startswith("16 of 16 outputs computed again in float64: the largest error is ")
    assert "allowed (4 * eps * sum|x||w|)" in last
    told = strict(inside(*by_hand, "--verify", "--format", "json").out)
    found = told["verify"]
    assert (True, 16, 16, 0) == tuple(found[k] for k in ("passed", "checked", "outputs", "seed"))
    assert 0 <= found["largest_error"] <= found["bound"]
    assert (4, 2.0**-52, 0) == (found["factor"], found["eps"], found["beyond_range"])
    assert None is strict(inside(*BY_HAND, "--format", "json").out)["verify"]


@pytest.mark.parametrize(
    ("words", "checked"),
    [
        (["--verify"], 1000),
        (["--verify", "7"], 7),
        (["--verify=7"], 7),
        (["--verify", "all"], 4900),
        (["--verify", "ALL"], 4900),
        (["--verify", "-q"], 1000),
        (["--verify", "--padding", "0"], 1000),
    ],
)
def test_the_number_of_samples_may_be_left_out(inside, save, words, checked):
    save("x.npy", np.arange(72 * 72).reshape(72, 72), "i8")
    save("k.npy", np.ones((3, 3)), "i8")
    for command in (["run", *words, "x.npy"], ["run", "x.npy", *words]):
        done = inside(*command, "--kernel", "k.npy", "--format", "json")
        assert checked == strict(done.out)["verify"]["checked"]
    told = inside("run", "x.npy", "--kernel", "k.npy", *words).out
    assert f"{checked:,} of 4,900 outputs computed again in exact integers: all" in told


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("value", ["0", "half"])
def test_a_number_of_samples_that_is_none_is_refused(inside, value):
    done = inside(*BY_HAND, f"--verify={value}")
    assert (2, "") == (done.code, done.out)
    assert "--verify" in done.err


@pytest.mark.usefixtures("image")
def test_verify_is_told_beside_a_file_too(inside):
    done = inside(*BY_HAND, "--verify", "-o", "y.npy")
    assert (0, "") == (done.code, done.out)
    assert "note: 16 of 16 outputs computed again in float64" in done.err
    assert "" == inside(*BY_HAND, "--verify", "-o", "y.npy", "-f", "-q").err


@pytest.fixture
def broken(monkeypatch):
    """A backend whose second row is off by a little."""
    real = numpy_backend.NumpyBackend.unload

    def unload(backend, array):
        array = real(array).copy()
        array[..., 1, :] += 1e-9
        return array

    monkeypatch.setattr(numpy_backend.NumpyBackend, "unload", unload)


@pytest.mark.usefixtures("image", "broken")
def test_a_wrong_result_ends_with_1_and_is_not_written(inside):
    before = listing()
    done = inside(*BY_HAND, "--verify", "-o", "y.npy")
    assert (1, "") == (done.code, done.out)
    assert "the result is wrong at (0, 0, 1, " in done.err
    assert "nothing was written" in done.err
    assert before == listing()
    assert 0 == inside(*BY_HAND, "-o", "y.npy").code


@pytest.mark.usefixtures("image", "broken")
def test_a_wrong_result_is_told_in_json_too(inside):
    done = inside(*BY_HAND, "--verify", "all", "--format", "json")
    found = json.loads(done.out)["verify"]
    assert (1, False, [0, 0, 1]) == (done.code, found["passed"], found["place"][:3])
    assert found["largest_error"] == pytest.approx(1e-9, rel=1e-3)
    assert "the result is wrong" in done.err
