"""`explain --step`: the keys, the outputs that they lead to, and a terminal that is too small."""

from __future__ import annotations

import os
import re
import struct
import subprocess
from itertools import islice

import pytest
from cli_support import COMMAND, environment

from convcalc.cli.commands.explain.stepping import fitted, moved
from unix import fcntl, pty, termios
from walking import walks

WORDS = ("explain", "conv:2,k2", "-i", "1x4x4", "--step")


def walked(keys, *words, size=(40, 80)):
    """What a walk draws on a terminal of (rows, columns) for some keys, and how it ends."""
    master, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    before = termios.tcgetattr(screen)
    os.write(master, keys)
    process = subprocess.Popen(
        [*COMMAND, *words],
        env=environment(TERM="xterm"),
        stdin=screen,
        stdout=screen,
        stderr=subprocess.PIPE,
    )
    drawn = b""
    while process.poll() is None or select_ready(master):
        if select_ready(master):
            drawn += os.read(master, 65536)
    error = process.stderr.read().decode()
    process.stderr.close()
    after = termios.tcgetattr(screen)
    os.close(screen)
    os.close(master)
    return process.returncode, drawn.decode().replace("\r\n", "\n"), error, before == after


def select_ready(descriptor):
    import select

    return bool(select.select([descriptor], [], [], 0.05)[0])


def test_keys_lead_from_output_to_output_and_the_terminal_is_left_as_it_was():
    code, drawn, error, restored = walked(b"\x1b[C\x1b[B c\x1b[D\x1b[Aq", *WORDS)
    assert (0, "", True) == (code, error, restored)
    places = re.findall(r"output (\S+) of 2x3x3  ", drawn)
    assert ["0,0,0", "0,0,1", "0,1,1", "0,1,2", "1,1,2", "1,1,1", "1,0,1"] == places
    assert drawn.endswith("\x1b[?25h\x1b[?1049l")
    for screen in drawn.split("\x1b[H\x1b[2J")[1:]:
        assert screen.count("\n") < 40


def test_a_terminal_that_is_too_small_is_told_the_size_that_is_needed():
    code, _, error, restored = walked(b"", *WORDS, size=(10, 80))
    assert (2, True) == (code, restored)
    assert re.search(r"needs a terminal of 80 columns and \d+ rows; this one has 80 and 10", error)


def test_all_layers_are_drawn_where_there_is_room_else_the_last_one_in_as_many_channels_as_fit():
    network = "concat{pw:2 | conv:4,k3,p1,g1}"
    walked_network, _, _ = next(walks(network, shape=(5, 4, 4)))
    whole, _ = fitted(walked_network, 80, 1000)
    assert 3 == whole.count("output 0,0,0")
    last, _ = fitted(walked_network, 80, 15)
    assert 1 == last.count("output 0,0,0")
    text, needed = fitted(walked_network[-2:-1], 80, 10)
    assert text is None
    fewer, _ = fitted(walked_network[-2:-1], 80, needed)
    assert (needed, 1) == (fewer.count("\n") + 1, fewer.count("kernel for channel"))
    assert (None, needed) == fitted(walked_network[-2:-1], 80, needed - 1)
    assert fitted(walked_network, 39, 1000)[0] is None


@pytest.mark.parametrize("layer", ["conv:8,k3,s2,p1", "dw:k3,d2", "maxpool:2"])
def test_usual_layers_fit_a_terminal_of_24_rows(layer):
    for walked_network, _, _ in islice(walks(layer, shape=(3, 7, 7)), 30, 60, 9):
        text, needed = fitted(walked_network, 80, 22)
        assert needed == text.count("\n") + 1 <= 22
        row = walked_network[-1].walk.place[1]
        (marked,) = re.findall(r"output channel.*\n(?:  .*\n)*?.*\[", text)
        from_row = int(*re.findall(r"from row (\d+)", marked)) if "from row" in marked else 0
        assert row == from_row + marked.count("\n") - 1


@pytest.mark.parametrize(
    ("key", "place", "expected"),
    [
        ("space", (1, 2, 2), (0, 0, 0)),
        ("space", (0, 2, 2), (1, 0, 0)),
        ("right", (0, 0, 2), (0, 0, 2)),
        ("up", (0, 0, 2), (0, 0, 2)),
        ("C", (1, 0, 2), (0, 0, 2)),
        ("x", (1, 0, 2), (1, 0, 2)),
    ],
)
def test_at_an_end_a_key_stays_and_space_goes_round(key, place, expected):
    assert expected == moved(place, (2, 3, 3), key)


def test_features_have_no_rows():
    assert ((3,), (4,)) == (moved((3,), (5,), "up"), moved((3,), (5,), "right"))


@pytest.mark.parametrize(
    ("words", "told"),
    [((), "--step needs a terminal"), (("--format", "json"), "--step and --format exclude")],
)
def test_without_a_terminal_there_is_no_walk(inside, words, told):
    done = inside(*WORDS, *words)
    assert (2, "") == (done.code, done.out)
    assert told in done.err
