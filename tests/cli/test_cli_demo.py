"""`demo`: the first minute, in an empty folder, from what is in the package alone."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from cli_support import listing, loaded_by

from convcalc.cli import demo

EXAMPLES = Path(__file__).parents[2] / "examples"
ESCAPE = "\x1b"
COPIED = {"coffee.npy", "sobel.npz", "tiny.npy", "tiny-bias.npy"}
TOLD = (
    "0  conv:64,k7,s2,p3  3x224x224   64x112x112  0.weight 64x3x7x7, 0.bias 64",
    "channel 0: 4*1 + 2*0 + 7*2 + 2*1 = 20",
    "1/n + 1/k^2 = 1/512 + 1/(3*3) = 0.11306",
)
"""A line of each answer: 8/4 of 224; by hand; of two formulas."""


@pytest.fixture
def no_pillow(monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda _name: None)


def edges(picture):
    """The length of the gradient by Sobel's kernels, from their definition, element by element."""
    grey = np.pad(picture.astype(float), 1, mode="edge")
    found = np.empty(picture.shape)
    for y, x in np.ndindex(*picture.shape):
        window = grey[y : y + 3, x : x + 3]
        across = window[:, 2] @ (1, 2, 1) - window[:, 0] @ (1, 2, 1)
        down = window[2] @ (1, 2, 1) - window[0] @ (1, 2, 1)
        found[y, x] = np.hypot(across, down)
    return found


@pytest.mark.usefixtures("no_pillow")
def test_without_pillow_the_edges_are_an_array(inside, folder):
    done = inside("demo")
    assert (0, "") == (done.code, done.err)
    made = folder / "convcalc-demo"
    assert COPIED | {"edges.npy"} == {path.name for path in made.iterdir()}
    photograph, result = np.load(made / "coffee.npy"), np.load(made / "edges.npy")
    np.testing.assert_allclose(result, edges(photograph), rtol=1e-5)
    assert "The edges are in convcalc-demo/edges.npy" in done.out
    assert "pip install 'convcalc[image]'" in done.out


def test_with_pillow_the_edges_are_a_picture(inside, folder):
    image = pytest.importorskip("PIL.Image")
    done = inside("demo")
    assert [True] * 4 == [line in done.out for line in (*TOLD, "convcalc-demo/edges.png")]
    shown = np.clip((edges(np.load(folder / "convcalc-demo/coffee.npy")) - 60) / 440 * 255, 0, 255)
    with image.open(folder / "convcalc-demo/edges.png") as picture:
        assert np.abs(np.asarray(picture) - shown).max() <= 0.51


@pytest.mark.usefixtures("no_pillow")
def test_every_command_that_is_shown_can_be_typed_again(inside):
    shown = inside("demo").out.replace("\\\n", "")
    commands = re.findall(r"^\$ convcalc (.*)$", shown, re.MULTILINE)
    assert ["shape", "explain", "flops", "run"] == [command.split()[0] for command in commands]
    for command in commands:
        again = inside(*shlex.split(command), *(["-f"] if "run" in command else []))
        assert (0, True) == (again.code, again.out in shown)


def test_nothing_is_replaced_unless_it_is_said(inside, folder):
    (folder / "convcalc-demo").mkdir()
    (folder / "convcalc-demo/tiny.npy").write_bytes(b"mine")
    done = inside("demo")
    assert (4, "") == (done.code, done.out)
    assert "cannot write 'convcalc-demo/tiny.npy': it exists; add --force" in done.err
    assert [b"", b"mine"] == list(listing().values())
    assert 0 == inside("demo", "--force").code
    assert 0 == inside("demo", "-f").code
    assert (EXAMPLES / "tiny.npy").read_bytes() == (folder / "convcalc-demo/tiny.npy").read_bytes()


def test_a_file_in_the_place_of_the_folder_stays(inside, folder):
    (folder / "convcalc-demo").write_bytes(b"mine")
    done = inside("demo", "--force")
    assert (4, "") == (done.code, done.out)
    assert "error: 'convcalc-demo' is no folder; go to another" in done.err
    assert [b"mine"] == list(listing().values())


def test_a_command_that_fails_ends_the_demo(inside, monkeypatch):
    monkeypatch.setattr(demo, "STEPS", (demo.Step("Wrong.", "shape nonsense"),))
    done = inside("demo")
    assert 2 == done.code
    assert done.out.endswith("$ convcalc shape nonsense\n")
    assert "error" in done.err


def test_a_terminal_of_80_columns_shows_it_in_half_blocks(on_terminal):
    done = on_terminal("demo")
    lines = re.sub(r"\x1b\[[\d;]*m", "", done.out).splitlines()
    assert 30 == sum(line == "▀" * 80 for line in lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_without_colours_shows_it_in_letters(on_terminal, env):
    done = on_terminal("demo", env=env)
    assert (0, False, False) == (done.code, ESCAPE in done.out, "▀" in done.out)


def test_no_more_is_loaded_than_numpy_and_what_writes_pictures():
    assert set() == loaded_by("demo") & {"torch", "rich", "onnx", "scipy", "dask"}


def test_the_samples_are_those_of_the_examples():
    samples = Path(demo.SAMPLES)
    assert COPIED | {"SOURCES.md"} == {path.name for path in samples.iterdir()}
    for name in ("tiny.npy", "tiny-bias.npy"):
        assert (EXAMPLES / name).read_bytes() == (samples / name).read_bytes()
    with np.load(samples / "sobel.npz") as weights:
        assert ["0.weight"] == weights.files
        np.testing.assert_array_equal(np.load(EXAMPLES / "sobel.npy"), weights["0.weight"])
