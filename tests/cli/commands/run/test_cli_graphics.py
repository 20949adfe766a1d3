"""`run --show` in pixels: a terminal that says how it draws pictures, and what is drawn for it."""

from __future__ import annotations

import base64
import os
import re
import select
import struct
import subprocess
import zlib

import numpy as np
import pytest
from cli_support import COMMAND, environment

from convcalc.render.terminal_graphics import PixelRoom, graphics
from unix import fcntl, pty, termios

ASKED = b"\x1b[c"
KITTY = b"\x1b_Gi=31;OK\x1b\\\x1b[?62;22c"
SIXEL = b"\x1b[?62;4;22c"
NEITHER = b"\x1b[?62;22c"


def shown(answer, *words, **variables):
    """What a terminal with characters of 3x6 pixels gets, once it has answered its question."""
    master, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 240, 144))
    before = termios.tcgetattr(screen)
    process = subprocess.Popen(
        [*COMMAND, "run", *words, "--show", "-q"],
        env=environment(**{"TERM": "xterm", **variables}),
        stdin=screen,
        stdout=screen,
        stderr=subprocess.PIPE,
    )
    drawn, answered = b"", False
    while process.poll() is None or select.select([master], [], [], 0)[0]:
        if select.select([master], [], [], 0.05)[0]:
            drawn += os.read(master, 65536)
        if ASKED in drawn and not answered:
            answered = True
            os.write(master, answer)
    with process.stderr as errors:
        assert b"" == errors.read()
    assert before == termios.tcgetattr(screen)
    os.close(screen)
    os.close(master)
    return drawn.decode().replace("\r\n", "\n")


@pytest.fixture
def colours(save):
    """colours.npy: 3x4x5, of levels that both ways of drawing have."""
    values = np.random.default_rng(1).integers(0, 2, (3, 4, 5)) * 255
    save("colours.npy", values)
    return values


SAME = ("--kernel", "0 0 0; 0 1 0; 0 0 0", "--each-channel", "-p", "1")


def test_a_terminal_like_kitty_gets_the_pixels(colours, folder):
    drawn = shown(KITTY, "colours.npy", *SAME)
    commands = re.findall(r"\x1b_G(?!i=31)([^;]*);([^\x1b]*)\x1b\\", drawn)
    assert commands[0][0].startswith("a=T,f=24,o=z,q=2,s=15,v=12,")
    packed = base64.standard_b64decode("".join(data for _, data in commands))
    pixels = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(12, 15, 3)
    large = colours.repeat(3, axis=1).repeat(3, axis=2)
    assert np.array_equal(large.transpose(1, 2, 0), pixels)


def test_a_terminal_with_sixels_gets_sixels(colours, folder):
    drawn = shown(SIXEL, "colours.npy", *SAME)
    pixels = unpacked(drawn)
    large = colours.repeat(3, axis=1).repeat(3, axis=2)
    assert np.array_equal(large.transpose(1, 2, 0) / 255, pixels / 100)


def unpacked(text):
    """The percentages of every pixel of a sixel picture, read as a terminal reads it."""
    (body,) = re.findall(r"\x1bP[\d;]*q(.*?)\x1b\\", text, re.DOTALL)
    width, height = map(int, re.match(r'"1;1;(\d+);(\d+)', body).groups())
    palette = {
        number: [*map(int, rgb)] for number, *rgb in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", body)
    }
    pixels = np.full((height, width, 3), -1)
    body = re.sub(r'^"[\d;]*|#\d+;2;[\d;]*', "", body)
    column = top = 0
    for colour, count, character, sign in re.findall(r"#(\d+)|(?:!(\d+))?([?-~])|([$-])", body):
        if colour:
            own = palette[colour]
        elif sign:
            column, top = 0, top + 6 * (sign == "-")
        else:
            end = column + int(count or 1)
            for bit in range(6):
                if ord(character) - 63 >> bit & 1:
                    pixels[top + bit, column:end] = own
            column = end
    assert pixels.min() >= 0
    return pixels


@pytest.mark.parametrize(
    ("answer", "words", "variables"),
    [
        (NEITHER, (), {}),
        (b"", ("--no-color",), {}),
        (b"", (), {"NO_COLOR": "1"}),
        (b"", (), {"TERM": "dumb"}),
    ],
)
def test_others_get_half_blocks_or_letters(colours, folder, answer, words, variables):
    drawn = shown(answer, "colours.npy", *SAME, *words, **variables)
    assert "\x1b_Ga=T" not in drawn
    assert "\x1bP" not in drawn
    assert ("\u2580" in drawn) == (answer == NEITHER)
    assert (ASKED.decode() in drawn) == (answer == NEITHER)


def test_sixels_of_a_ramp_have_its_mean_in_every_part():
    ramp = np.linspace(0, 255, 96).astype(np.uint8)[None].repeat(48, axis=0)
    for levels in (ramp, np.stack([ramp, ramp[:, ::-1], ramp])):
        pixels = unpacked(graphics(levels, PixelRoom(96, (1, 2)), "sixel")).transpose(2, 0, 1)
        expected = np.broadcast_to(levels / 2.55, pixels.shape)
        parts = [own.reshape(3, 6, 8, 12, 8).mean(axis=(2, 4)) for own in (pixels, expected)]
        assert abs(parts[0] - parts[1]).max() < 2
