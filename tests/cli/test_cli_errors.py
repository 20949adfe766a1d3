"""What goes wrong, and how it is told: one exit code, a few lines, nothing left behind."""

from __future__ import annotations

import pytest
from cli_support import listing
from refusals import RUN, check

BAD_LAYERS = [
    ("conv:8,k7", "-k 7", ["7", "5", "padd"]),
    ("conv:8,k3,d3", "-k 3 -d 3", ["7", "5"]),
    ("conv:8,k3,g2", "-n 8 -g 2", ["3", "groups=2", "groups 1"]),
    ("conv:8,k3,g3", "-n 8 -g 3", ["8 output channels", "groups=3"]),
    ("conv:8,k3,s0", "-s 0", ["stride", "at least 1", "0"]),
    ("conv:8,k3,s-1", "-s -1", ["stride", "at least 1", "-1"]),
    ("conv:8,k3,d0", "-d 0", ["dilation", "at least 1", "0"]),
    ("conv:8,k3,d-2", "-d -2", ["dilation", "at least 1", "-2"]),
    ("conv:8,k3,g0", "-g 0", ["groups", "at least 1", "0"]),
    ("conv:8,k3,g-3", "-g -3", ["groups", "at least 1", "-3"]),
    ("conv:8,k0", "-k 0", ["kernel", "at least 1", "0"]),
    ("conv:8,k-3", "-k -3", ["kernel", "at least 1", "-3"]),
    ("conv:0,k3", "-n 0", ["channels", "at least 1", "0"]),
    ("conv:8,k3,p-1", "-p -1", ["padding", "at least 0", "-1"]),
    ("conv:8,k3,p0:-1", "-p 0:-1", ["padding", "-1"]),
    ("conv:8,k3x3x3", "-k 3x3x3", ["kernel", "3 values", "2 spatial"]),
    ("conv:8,k3,s1x1x1", "-s 1x1x1", ["stride", "3 values", "2 spatial"]),
    ("conv:8,k3x3x3x3", "-k 3x3x3x3", ["kernel", "1 to 3", "4"]),
    ("conv:8,k3,same,s2", "-p same -s 2", ["padding", "'same'", "stride", "same-upper"]),
    ("conv:8,k3,p5,reflect", "-p 5 --padding-mode reflect", ["reflect", "5", "at most 4"]),
    ("conv:8,k3,constant=1", "--padding-mode constant=1", ["pad:1,constant=0.5"]),
    ("conv:8,k3,p6,circular", "-p 6 --padding-mode circular", ["circular", "6", "at most 5"]),
    ("conv:8,k3000000000", "-k 3000000000", ["kernel", "at most 2147483647"]),
    ("conv:8,k99999999999999999999", "-k 99999999999999999999", ["digits"]),
    ("conv:3000000000,k3", "-n 3000000000", ["channels", "at most 2147483647"]),
    ("conv:8,k2.5", "-k 2.5", ["expected", "2.5"]),
    ("conv:8,k1_0", "-k 1_0", ["expected", "1_0"]),
    ("conv:8,k3,knan", "-k nan", ["nan"]),
]


@pytest.mark.parametrize("command", ["shape", "flops", "rf"])
@pytest.mark.parametrize(("spec", "flags", "words"), BAD_LAYERS)
def test_an_impossible_layer_is_refused(inside, command, spec, flags, words):
    by_spec = inside(command, "-i", "3x5x5", spec)
    check(by_spec, 2, words)
    assert "^" in by_spec.err
    check(inside(command, "-i", "3x5x5", *flags.split()), 2, words)


POINTED = [
    ("conx:8,k3", "conx", "did you mean 'conv'"),
    ("pww:4", "pww", "did you mean 'pw'"),
    ("conv:8,k3,padd=1", "padd", "did you mean 'padding'"),
    ("conv:8,k3,strid=2", "strid", "did you mean 'stride'"),
    ("conv:8,k3,sme", "sme", "did you mean 'same'"),
    ("conv:8,k3,reflct", "reflct", "did you mean 'reflect'"),
    ("conv:8,k3,nobas", "nobas", "did you mean 'nobias'"),
    ("dw:k3 pw:4 conv:8,k3,s0", "s0", "at least 1"),
    ("conv:8,k3,,s2", ",", "argument"),
    ("conv:8,k3,k5", "k5", "twice"),
    ("dw:k3 conv:k3", "conv:k3", "out_channels"),
    ("zzzzzz:3", "zzzzzz", "conv"),
]


@pytest.mark.parametrize(("spec", "word", "hint"), POINTED)
def test_a_caret_stands_under_the_word(inside, spec, word, hint):
    done = inside("shape", "-i", "3x9x9", spec)
    check(done, 2, [hint, "column"])
    _, shown, carets = done.err.splitlines()
    assert spec == shown.strip()
    assert shown[carets.index("^") :].startswith(word)
    assert {" ", "^"} == set(carets)


def test_all_faults_of_a_spec_are_told_at_once(inside):
    done = inside("shape", "-i", "3x9x9", "conx:8", "conv:8,k3,padd=1", "dw:k0")
    check(done, 2, ["conx", "padd", "kernel_size"], lines=9)
    assert 3 == done.err.count("column")
    assert 1 == done.err.count("convcalc: error:")


def test_at_most_three_faults_are_told(inside):
    done = inside("shape", *["conx:8"] * 40)
    check(done, 2, ["conx", "and at least 8 more"], lines=10)
    assert 3 == done.err.count("column")


def test_a_long_spec_is_shown_around_the_fault(inside):
    done = inside("shape", "-i", "3x99x99", *["conv:8,k3"] * 30, "conx:8", *["conv:8,k3"] * 30)
    check(done, 2, ["conx"])
    assert all(len(line) <= 80 for line in done.err.splitlines()[1:])


BAD_USAGE = [
    ("shpe", ["shpe", "did you mean 'shape'"]),
    ("bogus", ["bogus", "--help"]),
    ("help shpe", ["shpe", "did you mean 'shape'"]),
    ("shape --strid 2", ["--strid", "--stride"]),
    ("shape --frobnicate", ["--frobnicate", "--help"]),
    ("shape --kern 3", ["--kern", "--kernel-size"]),
    ("shape -k=3", ["--kernel-size", "=3", "blank"]),
    ("shape --kernel-size=", ["--kernel-size", "empty"]),
    ("shape -i=3x9x9", ["--input", "=3x9x9"]),
    ("shape --input=", ["--input", "empty"]),
    ("shape -k", ["-k", "argument"]),
    ("shape -k abc", ["--kernel-size", "'abc'", "3x5"]),
    ("shape -1", ["-1", "--"]),
    ("shape -i 3x0x5", ["--input", "at least 1", "3x0x5"]),
    ("shape -i 3x-1x5", ["--input", "at least 1", "3x-1x5"]),
    ("shape -i 3", ["conv:64,k3", "3x224x224", "got 3"]),
    ("shape -i 3x5x5x5x5", ["--input", "up to 3", "3x5x5x5x5"]),
    ("shape -i image", ["--input", "'image'", "3x224x224"]),
    ("shape -i 3xx5", ["--input", "3xx5"]),
    ("shape --batch 0", ["--batch", "at least 1", "0"]),
    ("shape --batch 2x2", ["--batch", "whole number"]),
    ("shape --format jsn", ["--format", "'jsn'", "did you mean 'json'", "csv"]),
    ("shape --format xml", ["--format", "'xml'", "table, json, csv, md"]),
    ("shape --color alway", ["--color", "did you mean 'always'"]),
    ("shape --padding sme", ["--padding", "did you mean 'same'"]),
    ("shape --padding-mode reflct", ["--padding-mode", "did you mean 'reflect'"]),
    ("shape --output-padding 1", ["--output-padding", "--transposed"]),
    ("shape --transposed --padding-mode reflect", ["--padding-mode", "--transposed"]),
    ("shape --transposed --padding-mode edge", ["--padding-mode", "--transposed"]),
    ("shape --transposed -s 2 --output-padding 2", ["--output-padding", "smaller", "2"]),
    ("shape --transposed --output-padding 1 --output-size 9", ["--output-size", "only one"]),
    ("flops --compare sepable", ["--compare", "did you mean 'separable'"]),
    ("flops --compare=", ["--compare: the value is empty"]),
    ("flops --compare grouped", ["--compare", "needs a number", "grouped:4"]),
    ("flops --compare stacked:3", ["--compare", "takes no number", "'stacked:3'"]),
    ("flops --compare grouped:1", ["--compare", "at least 2", "grouped:4"]),
    ("flops --compare separable,,stacked", ["--compare", "missing"]),
    ("flops --compare stacked", ["nothing to compare", "layer 0 (conv:64,k3)", "kernel of 3"]),
    ("rf --compare separable", ["--compare"]),
    ("diff", ["'A'", "diff --help"]),
    ("diff resnet18", ["'B'", "diff --help"]),
    ("diff resnet18 resnet35", ["resnet35", "did you mean"]),
    ("diff conv:8 conv:8,k3", ["kernel_size", "conv:8"]),
    ("diff - -", ["standard input", "one"]),
    ("diff conv:8,k3 conv:8,k33 -i 3x9x9", ["spans 33 elements", "conv:8,k33"]),
    ("diff resnet18 resnet34 -i 3x0", ["--input", "at least 1"]),
    ("run", ["INPUT.npy", "--help"]),
    ("run image.npy", ["--kernel", "--network"]),
    (f"{RUN} --network pw:4", ["--kernel", "--network"]),
    (f"{RUN} other.npy", ["other.npy"]),
    (f"{RUN} --dtype float23", ["float23", "did you mean 'float32'"]),
    (f"{RUN} --dtype complex64", ["complex64"]),
    (f"{RUN} --backend jax", ["--backend", "'jax'", "auto, numpy, torch"]),
    (f"{RUN} --layout nchv", ["--layout", "did you mean 'nchw'"]),
    (f"{RUN} --dims 4", ["--dims", "1, 2 or 3", "4"]),
    (f"{RUN} --dims 0", ["--dims", "at least 1"]),
    (f"{RUN} --format jsn", ["--format", "json"]),
    (f"{RUN} --stride 0", ["--stride", "at least 1"]),
    (f"{RUN} --stride -1", ["--stride", "at least 1"]),
    (f"{RUN} --dilation 0", ["--dilation", "at least 1"]),
    (f"{RUN} --groups 0", ["--groups", "at least 1"]),
    (f"{RUN} --padding -1", ["--padding", "at least 0"]),
    (f"{RUN} --padding same --stride 2", ["'same'", "same-upper"]),
    (f"{RUN} --output-padding 1", ["--output-padding", "--transposed"]),
    (f"{RUN} --random-weights 1", ["--random-weights", "--network"]),
    (f"{RUN} --weights w.npz", ["--weights", "--network"]),
    (f"{RUN} --device cuda --backend numpy", ["--device", "torch"]),
    ("run image.npy --kernel=", ["--kernel", "empty"]),
    ("run -k=kernel.npy image.npy", ["--kernel", "=kernel.npy"]),
    ("run - --kernel -", ["standard input", "one"]),
    ("run - --kernel kernel.npy --bias -", ["standard input", "one"]),
    ("run image.npy --network conx:3 --random-weights 1", ["conx", "did you mean 'conv'"]),
    ("run image.npy --network pw:4 --random-weights -1", ["--random-weights", "at least 0"]),
    ("run image.npy --network pw:4 --random-weights x", ["--random-weights", "'x'"]),
    ("run image.npy --network pw:4 --random-weights 1 --stride 2", ["--stride", "--network"]),
    ("run image.npy --network pw:4 --random-weights 1 --flip", ["--flip", "--network"]),
    ("run image.npy --network pw:4 --bias bias.npy --random-weights 1", ["--bias", "--weights"]),
    ("run image.npy --network pw:4 --weights w.npz --random-weights 1", ["not both"]),
    (f"{RUN} -o result.npz", ["--output", "result.npy"]),
    (f"{RUN} --output=", ["--output", "empty"]),
]


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(("line", "words"), BAD_USAGE)
def test_a_wrong_command_line_is_refused_before_any_work(inside, line, words):
    before = listing()
    done = inside(*line.split())
    found = [word.lower() for word in words]
    check(done._replace(err=done.err.lower()), 2, found)
    assert before == listing()


def test_an_empty_spec_is_an_error(inside):
    check(inside("shape", ""), 2, ["expected a layer"], lines=4)


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("shape -i 3x9x9 conv:8,k3", 0),
        ("shape conx:8", 2),
        ("shape --bogus", 2),
        ("run missing.npy --kernel kernel.npy", 3),
        (f"{RUN} -o missing/y.npy", 4),
    ],
)
def test_the_exit_codes_of_a_process(convcalc, line, code):
    done = convcalc(*line.split())
    assert code == done.code
    if code:
        check(done, code, [])
        assert done.err.startswith("convcalc: error: ")


def broken(monkeypatch, error):
    """The calculator has a fault."""

    def fail(given):
        raise error

    monkeypatch.setattr("convcalc.cli.commands.shape_rf.shape", fail)


def test_a_bug_is_told_in_few_lines(inside, monkeypatch):
    broken(monkeypatch, ZeroDivisionError("a \x1b[31m fault"))
    done = inside("shape")
    check(done, 70, ["bug", "ZeroDivisionError", "CONVCALC_TRACEBACK=1"])
    assert "\x1b" not in done.err


def test_a_bug_shows_its_place_on_request(inside, monkeypatch):
    broken(monkeypatch, ZeroDivisionError("a fault"))
    monkeypatch.setenv("CONVCALC_TRACEBACK", "1")
    done = inside("shape")
    assert (70, "") == (done.code, done.out)
    assert all(word in done.err for word in ("Traceback", "ZeroDivisionError", "bug"))


def test_memory_that_runs_out_is_no_bug(inside, monkeypatch):
    broken(monkeypatch, MemoryError("Unable to allocate 5 TiB"))
    check(inside("shape"), 4, ["memory", "5 TiB"])


def test_a_warning_of_a_library_is_one_line(inside, monkeypatch):
    import warnings

    def warned(given):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = sys_showwarning()
            warnings.warn("something\nodd", UserWarning, stacklevel=1)

    def sys_showwarning():
        from convcalc.cli import main

        return main._show_warning

    monkeypatch.setattr("convcalc.cli.commands.shape_rf.shape", warned)
    assert "convcalc: warning: something odd\n" == inside("shape").err
