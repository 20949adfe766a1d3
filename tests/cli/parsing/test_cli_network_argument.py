"""What a command takes as a network: layers, a file, standard input, or a name."""

from __future__ import annotations

import os
import socket

import numpy as np
import pytest
from cli_support import call

from unix import unix_files

LAYER = b"conv:8,k3\n"


def specs(done):
    """The layers of a CSV answer as they are written."""
    assert 0 == done.code, done.err
    return [line.split(",")[2].strip('"') for line in done.out.splitlines()[1:]]


def said(done, code, words):
    """The failure is told on standard error, and nothing on standard output."""
    assert (code, "") == (done.code, done.out), done.err
    assert [word for word in words if word not in done.err] == [], done.err


# -- what a word means -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("relu", ["relu"]),
        ("./relu", ["bn"]),
        ("RELU", ["relu"]),
        ("resnet18.spec", ["bn"]),
        ("./resnet18", ["bn"]),
        ("net.txt", ["bn"]),
        ("net.v2", ["bn"]),
        ("folder/net", ["bn"]),
    ],
)
def test_a_kind_or_a_name_wins_over_a_file(inside, folder, word, meant):
    (folder / "folder").mkdir()
    for name in ("relu", "RELU", "resnet18", "resnet18.spec", "net.txt", "net.v2", "folder/net"):
        (folder / name).write_text("bn\n")
    assert meant == specs(inside("shape", "-q", word, "--format", "csv"))


def test_a_quotient_in_a_constructor_is_no_folder(inside, folder):
    assert ["linear:3"] == specs(inside("shape", "-q", "nn.Linear(10//2, 3)", "--format", "csv"))
    (folder / "net (2)").mkdir()
    (folder / "net (2)" / "a").write_bytes(b"bn\n")
    assert ["bn"] == specs(inside("shape", "-q", "net (2)/a", "--format", "csv"))


def test_a_reference_network_wins_over_a_file(inside, folder):
    (folder / "resnet18").write_text("bn\n")
    assert 69 > len(specs(inside("shape", "./resnet18", "-q", "--format", "csv")))
    assert "11,689,512" in inside("summary", "resnet18").out


def test_an_absolute_path_is_a_file(inside, folder):
    (folder / "net").write_bytes(LAYER)
    assert ["relu"] != specs(inside("shape", "-q", str(folder / "net"), "--format", "csv"))


@pytest.mark.parametrize("command", ["shape", "flops", "rf", "summary"])
def test_every_command_reads_a_file_and_standard_input_alike(inside, folder, typed, command):
    text = b"# input 3x9x9\nconv:8,k3 relu\n"
    (folder / "net.spec").write_bytes(text)
    typed(text)
    done = inside(command, "-")
    assert (0, "") == (done.code, done.err)
    assert done == inside(command, "net.spec") == inside(command, "-i", "3x9x9", "conv:8,k3 relu")


def test_standard_input_of_a_process(convcalc):
    done = convcalc("flops", "-", stdin=b"# input 3x9x9\nconv:8,k3\n")
    assert (0, "") == (done.code, done.err)
    assert "10,584" in done.out  # 8 * 7 * 7 * 3 * 9


@pytest.mark.parametrize("command", ["summary", "shape", "fmt"])
def test_a_terminal_is_no_standard_input_for_a_spec(on_terminal, command):
    done = on_terminal(command, "-", keyboard=True)
    assert (2, "") == (done.code, done.out)
    assert [word for word in ("'-'", "terminal", "pipe") if word not in done.err] == []


@pytest.mark.parametrize("closed", ["sys.stdin"])
def test_a_closed_standard_input_is_told(inside, monkeypatch, closed):
    monkeypatch.setattr(closed, None)
    said(inside("shape", "-"), 3, ["standard input", "closed"])


def test_standard_input_is_the_only_word(inside, typed):
    typed(LAYER)
    said(inside("shape", "-", "relu"), 2, ["expected a layer", "^"])


@pytest.mark.parametrize("data", [b"", b"\n", b"# input 3x9x9\n"])
def test_standard_input_without_a_layer_is_told(inside, typed, data):
    typed(data)
    said(inside("shape", "-"), 2, ["expected a layer"])


def test_a_fault_of_standard_input_has_its_line(inside, typed):
    typed(b"relu\nconx:3\n")
    said(inside("summary", "-"), 2, ["conx", "'conv'", "line 2, column 1", "^^^^"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.spec", ["'missing.spec'", "No such file"]),
        ("./missing", ["'./missing'", "No such file"]),
        ("folder.spec", ["'folder.spec'", "folder"]),
        ("./folder.spec", ["folder"]),
        ("latin.spec", ["UTF-8", "byte 0", "0xff"]),
    ],
)
def test_a_file_that_cannot_be_read_is_told(inside, folder, name, words):
    (folder / "folder.spec").mkdir()
    (folder / "latin.spec").write_bytes(b"\xff\xferelu")
    said(inside("flops", name), 3, words)


@pytest.mark.parametrize("command", ["shape", "flops", "summary", "fmt", "diff"])
def test_a_pipe_that_nobody_writes_is_named_and_not_waited_for(convcalc, folder, command):
    os.mkfifo(folder / "p.spec")
    words = ("relu", "./p.spec") if command == "diff" else ("./p.spec",)
    said(convcalc(command, *words), 3, ["'./p.spec'", "a named pipe", "use - for"])


def test_a_network_to_run_is_no_pipe_either(convcalc, folder):
    os.mkfifo(folder / "p.spec")
    np.save("x.npy", np.ones((1, 4, 4)))
    done = convcalc("run", "x.npy", "--network", "p.spec", "--random-weights", "1")
    said(done, 3, ["'p.spec'", "a named pipe"])


@unix_files
def test_a_device_and_a_socket_are_no_specs(inside):
    said(inside("fmt", "/dev/zero"), 3, ["cannot read '/dev/zero': it is a device, expected a"])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        said(inside("shape", "./s"), 3, ["cannot read './s': it is a socket"])


def test_a_name_that_becomes_a_pipe_before_it_is_opened_is_named(inside, folder, monkeypatch):
    os.mkfifo(folder / "p")
    (folder / "file").write_bytes(LAYER)
    regular = os.stat(folder / "file")
    monkeypatch.setattr("convcalc.opening.os.stat", lambda path: regular)
    said(inside("shape", "./p"), 3, ["a named pipe"])


@unix_files
@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}"])
@pytest.mark.parametrize("command", ["shape", "fmt", "diff"])
def test_the_pipe_of_a_shell_that_is_held_already_is_read(command, name):
    # As `convcalc shape <(cat net.spec)`; the writer has ended by the time that we read.
    held, writing = os.pipe()
    os.write(writing, LAYER)
    os.close(writing)
    words = (*(("relu",) if command == "diff" else ()), name.format(held))
    done = call(command, *words, pass_fds=(held,))
    os.close(held)
    assert 0 == done.code, done.err
    assert "conv:8,k3" in done.out


@unix_files
def test_standard_input_has_a_name_too(convcalc):
    done = convcalc("fmt", "/dev/stdin", stdin=LAYER)
    assert (0, "conv:8,k3\n", "") == done[:3]


# -- texts from elsewhere --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"# input 3x9x9\r\nconv:8,k3\r\nrelu\r\n",
        b"\xef\xbb\xbf# input 3x9x9\nconv:8,k3\nrelu\n",
        b"\xef\xbb\xbf# input 3x9x9\r\nconv:8,k3 relu",
        b"# \xc3\xbcber\n# input 3x9x9 \nconv:8,k3\trelu\n",
    ],
)
def test_line_ends_and_marks_of_other_systems_do_not_matter(inside, folder, data):
    (folder / "net.spec").write_bytes(data)
    expected = inside("shape", "-i", "3x9x9", "conv:8,k3", "relu")
    assert expected == inside("shape", "net.spec")


def test_a_fault_behind_windows_line_ends_has_its_line(inside, folder):
    (folder / "net.spec").write_bytes(b"\xef\xbb\xbfrelu\r\n  conx:3\r\n")
    done = inside("shape", "net.spec")
    said(done, 2, ["line 2, column 3"])
    assert "\r" not in done.err


# -- the input of a file ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# input 1x28x28\nrelu", "1x28x28"),
        ("# words\n# input 1x28x28\nrelu", "1x28x28"),
        ("relu\n# input 2x50", "2x50"),
        ("# input 2x5x6x7\nrelu", "2x5x6x7"),
        ("# input 1x2\n# input 3x4\nrelu", "1x2"),
    ],
)
def test_a_comment_gives_the_input(inside, folder, text, shown):
    (folder / "net.spec").write_text(text)
    done = inside("shape", "net.spec")
    assert (0, "") == (done.code, done.err)
    assert f"input {shown}" == done.out.splitlines()[0]


@pytest.mark.parametrize(
    "text", ["relu", "# input\nrelu", "#input 1x2x2\nrelu", "relu # input 1x2"]
)
def test_without_such_a_comment_the_usual_input_is_assumed(inside, folder, text):
    (folder / "net.spec").write_text(text)
    done = inside("shape", "net.spec")
    assert "input 3x224x224" == done.out.splitlines()[0]
    assert "assumed: input 3x224x224" in done.err


@pytest.mark.parametrize("word", ["net.spec", "inception_v3"])
def test_the_flag_wins_over_the_comment(inside, folder, word):
    (folder / "net.spec").write_text("# input 1x28x28\nrelu")
    done = inside("shape", word, "-i", "3x320x320")
    assert (0, "") == (done.code, done.err)
    assert "input 3x320x320" == done.out.splitlines()[0]


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("3x0x5", ["up to 3", "3x0x5"]),
        ("3x99999999999x5", ["up to 3"]),
        ("3x" + "9" * 5000 + "x5", ["up to 3"]),
        ("3x5x5x5x5", ["up to 3"]),
    ],
)
def test_an_impossible_input_in_a_comment_is_told(inside, folder, shape, words):
    (folder / "net.spec").write_text(f"# input {shape}\nrelu")
    said(inside("shape", "net.spec"), 2, words)


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["shape", "summary"])
@pytest.mark.parametrize("word", ["resnet_18", "resnet5", "alexnett", "inception"])
def test_an_unknown_name_is_an_error_of_the_command_line(inside, command, word):
    said(inside(command, word), 2, [f"'{word}'"])


@pytest.mark.parametrize(
    ("word", "hint"),
    [("resnet_18", "resnet18"), ("RESNET_50", "resnet50"), ("alexnett", "alexnet")],
)
@pytest.mark.parametrize("command", ["shape", "summary", "fmt"])
def test_an_unknown_name_has_the_nearest_network_named(inside, command, word, hint):
    assert f"'{hint}'" in inside(command, word).err


@pytest.mark.parametrize("command", ["shape", "flops", "rf", "summary"])
@pytest.mark.parametrize("flags", ["-k 3", "-n 8 -s 2", "--no-bias", "--transposed"])
def test_a_network_and_flags_of_a_layer_exclude_each_other(inside, command, flags):
    said(inside(command, "resnet18", *flags.split()), 2, ["not both", "'resnet18'", "--"])


def test_a_network_stands_alone(inside):
    said(inside("summary", "resnet18", "relu"), 2, ["'resnet18'"])


# -- run -------------------------------------------------------------------------------------------


def test_run_takes_a_network_by_name(inside, folder):
    np.save(folder / "image.npy", np.ones((3, 32, 32), "f4"))
    done = inside("run", "image.npy", "--network", "resnet18")
    said(done, 2, ["--weights", "--random-weights", "conv1.weight 64x3x7x7"])


@pytest.mark.parametrize("word", ["net.spec", "./net", "-", "conv:4,k3 relu"])
def test_run_takes_a_file_and_standard_input(inside, folder, typed, word):
    np.save(folder / "image.npy", np.ones((3, 8, 8), "f4"))
    for name in ("net.spec", "net"):
        (folder / name).write_text("conv:4,k3 relu\n")
    typed(b"conv:4,k3 relu\n")
    done = inside(
        "run", "image.npy", "--network", word, "--random-weights", "7", "-o", "result.npy"
    )
    assert 0 == done.code, done.err
    assert (4, 6, 6) == np.load(folder / "result.npy").shape


def test_run_reads_only_one_thing_from_standard_input(inside, typed):
    typed(b"relu\n")
    done = inside("run", "-", "--network", "-")
    said(done, 2, ["only one", "standard input"])
