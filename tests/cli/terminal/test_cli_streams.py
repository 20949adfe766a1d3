"""Who reads what: pipes, terminals, full disks, closed streams, signals, and odd names."""

from __future__ import annotations

import os
import re
import resource
import shlex
import signal
import subprocess
import time
from importlib.util import find_spec

import numpy as np
import pytest
from cli_support import COMMAND, UNCOMPILED, ended, environment

FLOPS = ("flops", "-i", "3x224x224", "conv:64,k7,s2,p3", "conv:128,k3")
EXACT = ("9,472", "118,013,952", "236,027,904", "1,010,122,752", "2,351,616")
SHORT = ("9,472", "118.01 M", "236.03 M", "1.01 G", "2.35 M")
RUN = ("run", "image.npy", "--kernel", "kernel.npy")
NAMES = [
    "shape",
    "flops",
    "rf",
    "summary",
    "diff",
    "memory",
    "roofline",
    "devices",
    "layers",
    "networks",
    "fmt",
    "run",
]

ESCAPE = "\x1b"


def plain(text):
    """The text without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


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


# -- terminals -------------------------------------------------------------------------------------


def test_a_terminal_of_80_columns_shows_no_number_cut(on_terminal):
    done = on_terminal(*FLOPS)
    assert 0 == done.code
    assert "─" in done.out
    assert ESCAPE in done.out
    assert "…" not in done.out
    assert all(number in plain(done.out) for number in SHORT)
    assert max(map(len, plain(done.out).splitlines())) <= 80


@pytest.mark.parametrize(
    ("columns", "env", "widest", "shown"),
    [
        (80, {"COLUMNS": "40"}, 80, EXACT),
        (80, {"COLUMNS": "200"}, 200, EXACT),
        (200, {}, 200, EXACT),
        (40, {}, 80, EXACT),
        (80, {"COLUMNS": "0"}, 80, SHORT),
        (80, {"COLUMNS": "-5"}, 80, SHORT),
        (80, {"COLUMNS": "abc"}, 80, SHORT),
        (80, {"COLUMNS": ""}, 80, SHORT),
        (0, {}, 80, SHORT),
    ],
)
def test_a_terminal_of_any_width_shows_every_number(on_terminal, columns, env, widest, shown):
    done = on_terminal(*FLOPS, columns=columns, env=env)
    assert 0 == done.code
    text = plain(done.out)
    assert [number for number in shown if number not in text] == []
    assert max(map(len, text.splitlines())) <= widest


def test_a_narrow_terminal_gets_one_field_per_line(on_terminal):
    lines = on_terminal(*FLOPS, columns=40).out.splitlines()
    assert sum(line.split() == ["MACs", "118,013,952"] for line in lines) == 1


def test_numbers_on_a_terminal_are_flush_right(on_terminal):
    lines = plain(on_terminal(*FLOPS, columns=200).out).splitlines()
    ends = {line.index(n) + len(n) for line in lines for n in EXACT[1:4:2] if n in line}
    assert 1 == len(ends)


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        ([], {"NO_COLOR": "1"}),
        ([], {"NO_COLOR": "1", "FORCE_COLOR": "1"}),
        ([], {"TERM": "dumb"}),
        ([], {"TERM": "unknown"}),
        (["--no-color"], {}),
        (["--color", "never"], {}),
        (["--color", "NEVER"], {}),
        (["--no-color"], {"FORCE_COLOR": "1"}),
        ([], {"FORCE_COLOR": "0"}),
    ],
)
def test_colours_can_be_turned_off(on_terminal, arguments, env):
    done = on_terminal(*FLOPS, *arguments, env=env)
    assert 0 == done.code
    assert ESCAPE not in done.out
    assert all(number in done.out for number in SHORT)


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": ""}, {"GITHUB_ACTIONS": "1"}])
def test_a_terminal_has_colours_otherwise(on_terminal, env):
    assert ESCAPE in on_terminal(*FLOPS, env=env).out


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_turned_on_in_a_pipe(convcalc, env):
    done = convcalc(*FLOPS, "--color", "always", env=env)
    assert ESCAPE in done.out
    assert all(number in plain(done.out) for number in EXACT)


def test_machine_forms_on_a_terminal_are_those_in_a_pipe(convcalc, on_terminal):
    for form in ("json", "csv", "md"):
        wanted = (*FLOPS, "--format", form)
        assert convcalc(*wanted).out == on_terminal(*wanted, columns=40).out


def test_a_terminal_without_unicode_gets_ascii_lines(on_terminal):
    done = on_terminal(*FLOPS, env={"PYTHONIOENCODING": "ascii"})
    assert done.out.isascii()
    assert all(number in plain(done.out) for number in SHORT)


@pytest.mark.usefixtures("image")
def test_a_terminal_is_no_place_for_binary(on_terminal):
    done = on_terminal(*RUN, "-o", "-")
    assert (2, "") == (done.code, done.out)
    assert all(word in done.err for word in ("terminal", "binary", "-o FILE"))


@pytest.mark.usefixtures("image")
def test_a_terminal_is_no_input_and_nothing_waits_for_it(on_terminal):
    started = time.monotonic()
    done = on_terminal("run", "-", "--kernel", "kernel.npy", keyboard=True)
    assert time.monotonic() - started < 10
    assert (2, "") == (done.code, done.out)
    assert all(word in done.err for word in ("standard input", "terminal", "file"))


@pytest.mark.usefixtures("image")
def test_standard_input_is_not_read_unless_asked(convcalc):
    reading, writing = os.pipe()
    try:
        assert 0 == convcalc("shape", "-q", stdin=reading).code
        assert 0 == convcalc(*RUN, stdin=reading).code
    finally:
        os.close(reading)
        os.close(writing)


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


def test_a_help_that_cannot_be_written_says_where(convcalc):
    with open("/dev/full", "wb") as full:
        assert "standard output" in convcalc("--help", stdout=full).err


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
    assert code == convcalc(*arguments, preexec_fn=lambda: os.close(2)).code


def test_a_disk_that_fills_up_in_the_middle_is_told(convcalc, folder):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    with (folder / "table").open("wb") as file:
        arguments = ["shape", "-q", *["pw:3"] * 50]
        done = convcalc(*arguments, stdout=file, preexec_fn=limit, env=UNCOMPILED)
    assert 4 == done.code
    assert "File too large" in done.err


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    "arguments", [["shape", "-q"], ["--version"], [*RUN, "-q"], [*RUN, "-q", "-o", "-"]]
)
def test_a_closed_standard_output_is_told(convcalc, arguments):
    done = convcalc(*arguments, preexec_fn=lambda: os.close(1))
    assert 4 == done.code
    assert "standard output" in done.err
    assert 1 == len(done.err.splitlines())


@pytest.mark.usefixtures("image")
def test_a_closed_standard_output_never_ends_in_an_array_file(convcalc, folder):
    done = convcalc(*RUN, "-o", "y.npy", preexec_fn=lambda: os.close(1))
    assert 0 == done.code
    assert (3, 3) == np.load(folder / "y.npy").shape


@pytest.mark.usefixtures("image")
def test_a_closed_standard_input_is_told(convcalc):
    done = convcalc("run", "-", "--kernel", "kernel.npy", preexec_fn=lambda: os.close(0))
    assert 3 == done.code
    assert "standard input" in done.err


# -- names -----------------------------------------------------------------------------------------

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


# -- help ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_a_command_has_three_doors(inside, name):
    short = inside(name, "-h")
    assert (0, "") == (short.code, short.err)
    assert short.out.startswith(f"Usage: convcalc {name}")
    assert short.out == inside(name, "--help").out == inside("help", name).out


def test_the_help_names_every_command_and_the_exit_codes(inside):
    done = inside("-h")
    assert 0 == done.code
    assert done.out == inside("--help").out == inside("help").out
    assert [name for name in (*NAMES, "help") if f"\n  {name} " not in done.out] == []
    assert all(code in done.out for code in ("0 done", "2 ", "3 ", "4 ", "70", "130", "143", "129"))


@pytest.mark.parametrize(
    "name",
    [
        None,
        *(name for name in NAMES if name != "summary"),
        ("summary"),
    ],
)
def test_a_help_fits_80_columns(inside, name):
    assert all(len(line) <= 80 for line in inside(*filter(None, [name]), "-h").out.splitlines())


@pytest.mark.parametrize("env", [{"COLUMNS": "0"}, {"COLUMNS": "abc"}, {"TERMINAL_WIDTH": "abc"}])
def test_a_help_survives_odd_widths(convcalc, env):
    done = convcalc("shape", "--help", env=env)
    assert 0 == done.code
    assert "--kernel-size" in done.out


def test_nothing_at_all_shows_the_help(convcalc):
    done = convcalc()
    assert 2 == done.code
    assert "error" not in done.out + done.err
    assert [name for name in NAMES if f"\n  {name} " not in done.out + done.err] == []


def test_nothing_at_all_ends_with_2_and_names_the_commands(convcalc):
    done = convcalc()
    assert 2 == done.code
    assert "Usage: convcalc" in done.out + done.err


def test_the_version_comes_first(convcalc):
    done = convcalc("--version")
    assert (0, "") == (done.code, done.err)
    assert re.fullmatch(r"convcalc \d+\.\d+\.\d+\S*", done.out.splitlines()[0])


def examples(text):
    """The lines of a help that can be typed as they stand."""
    return [line.strip() for line in text.splitlines() if line.startswith("    convcalc ")]


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_every_help_run(inside, folder, save, name):
    (folder / "network.spec").write_text("relu\n")
    save("image.npy", np.arange(81).reshape(9, 9), "f4")
    save("kernel.npy", [[0, 1, 0], [1, -4, 1], [0, 1, 0]], "f4")
    found = examples(inside(name, "--help").out)
    assert len(found) >= 2
    if find_spec("zarr") is None or find_spec("distributed") is None:
        found = [line for line in found if "--scheduler" not in line]
    elif name == "run":
        import zarr

        zarr.create_array("image.zarr", data=np.arange(81, dtype="f4").reshape(9, 9))
    for line in found:
        done = inside(*shlex.split(line)[1:])
        assert (0, line) == (done.code, line), done.err
        assert done.out or "wrote" in done.err or "is in canonical form" in done.err


# -- signals ---------------------------------------------------------------------------------------

LONG = ["run", "large.npy", "--kernel", "wide.npy", "--backend", "numpy", "-q", "-o", "y.npy"]


def heed_interrupts():
    """What a child does first: whoever runs the tests in the background ignores interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def working(save):
    """Starts a convolution of many seconds and returns its process in the middle of it."""
    # Integers leave no quicker way than all the products.
    save("large.npy", np.arange(4_000_000).reshape(2000, 2000) % 251, "i8")
    save("wide.npy", np.arange(6561).reshape(81, 81) % 7, "i8")
    started = []

    def start(*more):
        process = subprocess.Popen(
            [*COMMAND, *LONG, *more],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=heed_interrupts,
        )
        started.append(process)
        deadline = time.monotonic() + 30
        while used(process) < 1.0 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert process.poll() is None, process.communicate()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def used_by_the_ended():
    """Seconds of computing that all processes took which were started here and have ended."""
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


def used(process):
    """Seconds of computing that the process has taken."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_work_and_leaves_nothing(working, folder, number, code):
    (folder / "y.npy").write_bytes(b"old")
    process = working("--force")
    sent = time.monotonic()
    process.send_signal(number)
    done = ended(0, *process.communicate(timeout=30))
    assert time.monotonic() - sent < 3
    assert (code, "") == (process.returncode, done.out)
    assert "Traceback" not in done.err
    assert b"old" == (folder / "y.npy").read_bytes()
    assert {"large.npy", "wide.npy", "y.npy"} == set(os.listdir())


@pytest.mark.parametrize("words", [("--kernel", "k.npy"), ("--network", "conv:512,k11,p5")])
def test_a_long_call_into_torch_is_interrupted(folder, save, words):
    pytest.importorskip("torch")
    # 16 x 512 x 56 x 56 outputs of 256 x 11 x 11 products: 8 * 10^11, in one call of many seconds
    save("x.npy", np.ones((16, 256, 56, 56)), "f4")
    save("k.npy", np.ones((512, 256, 11, 11)), "f4")
    more = ["--random-weights", "1"] if words[0] == "--network" else ["--padding", "5"]
    options = ["--backend", "torch", "--threads", "1", "--algorithm", "direct", "-q"]
    before = used_by_the_ended()
    process = subprocess.Popen(
        [*COMMAND, "run", "x.npy", *words, *more, *options, "-o", "y.npy"],
        env=environment(OMP_NUM_THREADS="1"),
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    )
    deadline = time.monotonic() + 60
    # Torch's import and the drawing of weights take about three seconds.
    while used(process) < 6.0 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None
    begun = used(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    # In time of the processor, whatever else the machine does; half a second is leaving torch.
    assert used_by_the_ended() - before - begun < 2
    assert (130, b"convcalc: interrupted\n") == (process.returncode, err)
    assert {"x.npy", "k.npy"} == set(os.listdir())


def test_an_interrupt_is_said_once(working):
    process = working()
    process.send_signal(signal.SIGINT)
    assert (b"", b"convcalc: interrupted\n") == process.communicate(timeout=30)


def test_interrupts_that_follow_disturb_nothing(working, folder):
    process = working()
    for _ in range(200):  # the interrupt is heard between two steps, the others while it unwinds
        process.send_signal(signal.SIGINT)
    assert (b"", b"convcalc: interrupted\n") == process.communicate(timeout=30)
    assert 130 == process.returncode
    assert {"large.npy", "wide.npy"} == set(os.listdir())


def test_a_kill_leaves_the_old_output(working, folder):
    (folder / "y.npy").write_bytes(b"old")
    process = working("--force")
    process.kill()
    process.communicate()
    assert b"old" == (folder / "y.npy").read_bytes()
    others = set(os.listdir()) - {"large.npy", "wide.npy", "y.npy"}
    assert len(others) <= 1
    assert all(name.startswith(".convcalc-") for name in others)


def test_an_interrupt_before_the_work_is_told(convcalc):
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, "run", "-", "--kernel", "kernel.npy"],
        env=environment(),
        stdin=reading,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    )
    os.close(reading)
    while used(process) < 0.1:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    os.close(writing)
    assert 130 == process.returncode
    assert b"Traceback" not in err
