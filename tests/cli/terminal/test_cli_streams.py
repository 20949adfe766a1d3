"""Who reads what: pipes, full disks, and streams that are closed."""

from __future__ import annotations

import os
import shlex
import subprocess

import numpy as np
import pytest
from cli_support import COMMAND, UNCOMPILED, closed, environment, limited
from shown import ESCAPE, EXACT, FLOPS, RUN

from unix import resource, unix_files

# -- who gets what ---------------------------------------------------------------------------------


def test_results_go_to_one_stream_and_words_to_the_other(convcalc):
    done = convcalc("shape")
    assert "64x222x222" in done.out
    assert "note" not in done.out
    assert "64x222x222" not in done.err
    assert all(line.startswith("convcalc: note: ") for line in done.err.splitlines())


@pytest.mark.parametrize("form", ["table", "json", "csv", "md"])
@pytest.mark.parametrize(
    "env", [{}, {"GITHUB_ACTIONS": "1"}, {"FORCE_COLOR": "0"}, {"TERM": "xterm", "COLUMNS": "20"}]
)
def test_a_pipe_gets_whole_values_and_no_escapes(convcalc, form, env):
    done = convcalc(*FLOPS, "--format", form, env=env)
    assert 0 == done.code
    assert ESCAPE not in done.out + done.err
    assert "\r" not in done.out
    assert all(n in done.out or n.replace(",", "") in done.out for n in EXACT[:3])


def test_the_columns_of_a_table_in_a_pipe_are_aligned(convcalc):
    lines = convcalc(*FLOPS).out.splitlines()
    ends = {line.index(n) + len(n) for line in lines for n in (EXACT[1], EXACT[3]) if n in line}
    assert 1 == len(ends)


def test_a_wide_table_is_never_cut_in_a_pipe(convcalc):
    layer = "conv:64,k3x5,s1x1,p0:1x2:2,d1x1,g1,nobias"
    done = convcalc("shape", "-i", "64x2000x2000", *[layer] * 3, env={"COLUMNS": "40"})
    assert max(map(len, done.out.splitlines())) > 80
    assert "…" not in done.out
    assert 3 == sum("conv:64,k3x5" in line for line in done.out.splitlines())


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "utf-16"},
        {"PYTHONUNBUFFERED": "1"},
    ],
)
def test_any_encoding_will_do(convcalc, env):
    done = convcalc(*FLOPS, env=env)
    assert 0 == done.code
    encoding = env.get("PYTHONIOENCODING", "ascii")
    assert all(number in done.raw.decode(encoding) for number in EXACT)


def test_a_name_beyond_the_encoding_is_escaped(convcalc):
    done = convcalc("run", "bild-ü.npy", "--kernel", "k", env={"PYTHONIOENCODING": "ascii"})
    assert 3 == done.code
    assert r"bild-\xfc.npy" in done.err


# -- streams that fail -----------------------------------------------------------------------------


def into_closed_pipe(convcalc, *arguments):
    """The command with a reader that went away before the first byte."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return convcalc(*arguments, stdout=writing)
    finally:
        os.close(writing)


@pytest.mark.parametrize(
    "arguments",
    [
        ["shape", "-q"],
        ["flops", "-q", "--format", "json"],
        ["--version"],
        ["--help"],
        ["shape", "--help"],
        ["help", "run"],
    ],
)
def test_a_reader_that_went_away_ends_it_quietly(convcalc, arguments):
    done = into_closed_pipe(convcalc, *arguments)
    assert (0, "") == (done.code, done.err)


def test_the_first_byte_is_enough_for_head(convcalc):
    command = f"{shlex.join(COMMAND)} shape -q {'conv:3,k1 ' * 3000} | head -c 1"
    line = f"set -o pipefail; {command}"
    done = subprocess.run(
        ["bash", "-c", line], env=environment(), capture_output=True, check=False, timeout=60
    )
    assert (0, b"i", b"") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.usefixtures("image")
def test_binary_that_nobody_reads_is_a_failure(convcalc):
    done = into_closed_pipe(convcalc, *RUN, "-q", "-o", "-")
    assert 4 == done.code
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) <= 1


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["shape", "-q"],
        ["shape", "-q", "--format", "csv"],
        [*RUN, "-q"],
        [*RUN, "-q", "-o", "-"],
        ["--version"],
    ],
)
def test_a_full_disk_behind_standard_output_is_told(convcalc, arguments, unbuffered):
    check_full_disk(convcalc, arguments, unbuffered)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["help", "shape"]])
def test_a_full_disk_behind_a_help_is_told(convcalc, arguments, unbuffered):
    check_full_disk(convcalc, arguments, unbuffered)


def check_full_disk(convcalc, arguments, unbuffered):
    with open("/dev/full", "wb") as full:
        done = convcalc(*arguments, stdout=full, env={"PYTHONUNBUFFERED": unbuffered})
    assert 4 == done.code
    assert done.err.startswith("convcalc: error: ")
    assert "No space left on device" in done.err
    assert 1 == len(done.err.splitlines())


@unix_files
def test_a_help_that_cannot_be_written_says_where(convcalc):
    with open("/dev/full", "wb") as full:
        assert "standard output" in convcalc("--help", stdout=full).err


@unix_files
@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["shape"], 0),
        (["shape", "--bogus"], 2),
        (["shape", "conx:3"], 2),
        (["run", "missing.npy", "--kernel", "kernel.npy"], 3),
        ([*RUN, "-o", "missing/y.npy"], 4),
        ([*RUN], 0),
    ],
)
def test_the_exit_code_survives_a_standard_error_that_fails(convcalc, arguments, code):
    with open("/dev/full", "wb") as full:
        assert code == convcalc(*arguments, stderr=full).code
    assert code == convcalc(*arguments, preexec_fn=closed(2)).code


def test_a_disk_that_fills_up_in_the_middle_is_told(convcalc, folder):
    with (folder / "table").open("wb") as file:
        arguments = ["shape", "-q", *["pw:3"] * 50]
        done = convcalc(
            *arguments, stdout=file, preexec_fn=limited(resource.RLIMIT_FSIZE, 1000), env=UNCOMPILED
        )
    assert 4 == done.code
    assert "File too large" in done.err


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    "arguments", [["shape", "-q"], ["--version"], [*RUN, "-q"], [*RUN, "-q", "-o", "-"]]
)
def test_a_closed_standard_output_is_told(convcalc, arguments):
    done = convcalc(*arguments, preexec_fn=closed(1))
    assert 4 == done.code
    assert "standard output" in done.err
    assert 1 == len(done.err.splitlines())


@pytest.mark.usefixtures("image")
def test_a_closed_standard_output_never_ends_in_an_array_file(convcalc, folder):
    done = convcalc(*RUN, "-o", "y.npy", preexec_fn=closed(1))
    assert 0 == done.code
    assert (3, 3) == np.load(folder / "y.npy").shape


@pytest.mark.usefixtures("image")
def test_a_closed_standard_input_is_told(convcalc):
    done = convcalc("run", "-", "--kernel", "kernel.npy", preexec_fn=closed(0))
    assert 3 == done.code
    assert "standard input" in done.err
