"""Names of files and arguments that would command a terminal print harmlessly."""

from __future__ import annotations

import os

import pytest
from shown import ESCAPE, RUN

ODD_NAMES = [
    (b"[red]x.npy", "[red]x.npy"),
    (b"[bold red]x[.npy", "[bold red]x[.npy"),
    (b":smile:.npy", ":smile:.npy"),
    (b"a b'c.npy", "a b'c.npy"),
    (b"e\x1b[31mx.npy", r"e\x1b[31mx.npy"),
    (b"e\x1b]0;title\x07.npy", r"e\x1b]0;title\x07.npy"),
    ("\u202exyp.npy".encode(), r"\u202exyp.npy"),
    (b"a\nb.npy", r"a\nb.npy"),
    (b"a\rb.npy", r"a\rb.npy"),
    ("\x9b31m.npy".encode(), r"\x9b31m.npy"),
    (b"\xff\xfe.npy", r"\udcff\udcfe.npy"),
    ("ü界.npy".encode(), "ü界.npy"),
]


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(("name", "shown"), ODD_NAMES)
def test_an_odd_name_prints_harmlessly(inside, folder, name, shown):
    text = os.fsdecode(name)
    missing = inside("run", text, "--kernel", "kernel.npy")
    assert 3 == missing.code
    assert f"'{shown}'" in missing.err
    assert 1 == len(missing.err.splitlines())
    written = inside(*RUN, "-o", text)
    assert 0 == written.code
    assert f"wrote {shown} " in written.err
    assert name in os.listdir(os.fsencode(folder))
    assert ESCAPE not in missing.err + written.err


def test_an_undecodable_name_survives_a_process(convcalc):
    done = convcalc("run", b"\xff.npy", "--kernel", "kernel.npy")
    assert 3 == done.code
    assert r"'\udcff.npy'" in done.err


EVIL = "\x1b[31mred\u202e"


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    "arguments",
    [
        [EVIL],
        ["help", EVIL],
        ["shape", f"--{EVIL}"],
        ["shape", EVIL],
        ["shape", f"{EVIL}:8,k3"],
        ["shape", f"conv:8,k3,{EVIL}"],
        ["shape", f"conv:8,k3,{EVIL}=3"],
        ["shape", f"conv:8,k{EVIL}"],
        ["shape", "-i", EVIL],
        ["shape", "-k", EVIL],
        ["shape", "-p", EVIL],
        ["shape", "--padding-mode", EVIL],
        ["shape", "--format", EVIL],
        ["shape", "--color", EVIL],
        ["shape", "--batch", EVIL],
        ["flops", "--compare", EVIL],
        ["flops", "--compare", f"grouped:{EVIL}"],
        ["flops", "--compare", f"stacked:{EVIL}"],
        ["diff", EVIL, "conv:8,k3"],
        ["diff", "conv:8,k3", f"conv:8,k{EVIL}"],
        [*RUN, "--backend", EVIL],
        [*RUN, "--layout", EVIL],
        [*RUN, "--dims", EVIL],
        [*RUN, EVIL],
        ["run", "image.npy", "--network", EVIL, "--random-weights", "1"],
        ["run", "image.npy", "--network", "pw:1", "--random-weights", EVIL],
        ["run", "image.npy", "--network", "pw:1", "--weights", EVIL],
        [*RUN, "--dtype", EVIL],
        [*RUN, "--backend", "torch", "--device", EVIL],
    ],
)
def test_no_argument_reaches_the_terminal_raw(inside, arguments):
    done = inside(*arguments)
    assert done.code in {2, 3}
    assert ESCAPE not in done.err
    assert "\u202e" not in done.err
    assert "" == done.out


def test_a_long_name_is_shortened(inside):
    done = inside("run", "x" * 5000, "--kernel", "kernel.npy")
    assert 3 == done.code
    assert len(done.err) < 400
