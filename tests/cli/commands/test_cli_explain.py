"""`explain`: one output step by step, from arrays and from layers in words."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest

from contract import COMPUTED

NOTES = (
    "explain",
    "image.npy",
    "--kernel",
    "kernel.npy",
    "--bias",
    "bias.npy",
    "--padding",
    "same",
)


def test_the_first_output_of_the_notes(inside, image):
    done = inside(*NOTES, "--at", "0,0,0", "-q")
    assert (0, "") == (done.code, done.err)
    lines = done.out.splitlines()
    assert "channel 0: 4*1 + 1*0 + 4*2 + 4*1 = 16" in lines
    assert "with the bias: 16 + -0.205 = 15.795" in lines
    assert "result: 15.795" in lines
    grid = lines[lines.index("input channel 0") + 1 :][:5]
    assert [
        "  [4] [1]  7   5   .",
        "  [4] [4]  2   5   .",
        "   7   7   2   4   .",
        "   1   0   2   4   .",
        "   .   .   .   .   .",
    ] == grid


def test_every_output_of_the_notes_is_what_run_prints(inside, image):
    words = [word for word in NOTES if word != "explain"]
    ran = inside("run", *words, "--format", "json", "-q")
    values = np.array(json.loads(ran.out)["output"]["values"]).reshape(4, 4)
    for row, column in np.ndindex(4, 4):
        done = inside(*NOTES, "--at", f"0,{row},{column}", "--format", "json", "-q")
        (layer,) = json.loads(done.out)["layers"]
        products = [one["product"] for one in layer["channels"][0]["products"]]
        assert 4 == len(products)
        assert pytest.approx(values[row, column]) == sum(products) + layer["bias"]
        assert pytest.approx(values[row, column]) == layer["result"]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (("relu",), [0, 1, 0, 1, -2, 0]),
        (("residual{gelu | }",), [2, 3, 2, 3, 0, 2]),
        (("identity",), [2, 3, 2, 3, 0, 2]),
    ],
)
def test_made_up_numbers_of_a_function_are_below_0_too(inside, words, numbers):
    found = []
    for column in range(6):
        at = f"0,0,{column}"
        done = inside("explain", *words, "-i", "1x1x6", "--at", at, "--format", "json")
        found.append(json.loads(done.out)["layers"][0]["arrives"])
    assert numbers == found


def test_layers_without_an_array_get_small_whole_numbers(inside):
    done = inside("explain", "conv:8,k3,s2,p1", "-i", "3x7x7", "--format", "json")
    (layer,) = json.loads(done.out)["layers"]
    numbers = [
        number
        for channel in layer["channels"]
        for one in channel["products"]
        for number in (one["value"], one["weight"])
    ]
    assert 54 == len(numbers)
    assert all(isinstance(number, int) and -2 <= number <= 4 for number in numbers)
    assert layer["sum"] + layer["bias"] == layer["result"]
    again = inside("explain", "conv:8,k3,s2,p1", "-i", "3x7x7", "--format", "json")
    assert done == again


def test_without_an_input_a_small_one_is_taken_and_said(inside):
    done = inside("explain", "conv:8,k3")
    assert (0, "convcalc: note: not given, so assumed: input 3x7x7 (-i)\n") == done[::2][:2]


@pytest.mark.parametrize(
    "block",
    [
        "residual{conv:2,k3,p1 | }",
        "concat{pw:2 | conv:2,k3,p1 | maxpool:3,s1,p1}",
        "se:2",
        "sep:3,k3",
    ],
)
def test_blocks_are_explained(inside, block):
    done = inside("explain", block, "-i", "2x4x4", "--at", "0,1,1")
    assert (0, "") == (done.code, done.err)
    assert "result: " in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines())


def test_a_window_on_padding_alone_has_nothing_to_compare(inside):
    words = ("explain", "conv:1,k1", "maxpool:2,s1x3,p1,ceil,d2", "-i", "1x6x1", "--at", "0,5,0")
    done = inside(*words)
    assert (0, "") == (done.code, done.err)
    assert "the window lies on padding alone, which is below every value" in done.out.splitlines()


def test_a_network_on_an_array_with_weights_from_a_seed(inside, save):
    save("x.npy", np.arange(32).reshape(2, 4, 4) / 7, "f4")
    words = ("x.npy", "--network", "conv:2,k3,p1 relu gap", "--random-weights", "3")
    done = inside("explain", *words, "--at", "1,0,0", "--format", "json", "-q")
    layers = json.loads(done.out)["layers"]
    assert ["conv", "relu", "gap"] == [layer["kind"] for layer in layers]
    ran = json.loads(inside("run", *words, "--format", "json", "-q").out)
    assert ran["output"]["values"][1][0][0] == pytest.approx(layers[-1]["result"], rel=1e-6)


@pytest.mark.parametrize("kind", COMPUTED)
def test_every_kind_that_can_be_run_is_explained(inside, kind):
    row = COMPUTED[kind]
    words = ("explain", row.network, "-i", "x".join(map(str, row.input)))
    done = inside(*words, "-q")
    assert (0, "") == (done.code, done.err)
    assert "result: " in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines())


def test_a_batch_of_nothing_has_no_output(inside, save):
    save("x.npy", np.zeros((0, 1, 4, 4)))
    save("k.npy", np.ones((1, 1, 2, 2)))
    done = inside("explain", "x.npy", "--kernel", "k.npy", "-q")
    assert (3, "") == (done.code, done.out)
    assert "no samples" in done.err


def test_of_a_batch_the_first_sample_is_explained(inside, save):
    save("x.npy", np.arange(32).reshape(2, 1, 4, 4))
    save("k.npy", np.ones((1, 1, 2, 2), int))
    done = inside("explain", "x.npy", "--kernel", "k.npy")
    assert "note: the first of 2 samples is explained" in done.err
    assert "channel 0: 0*1 + 1*1 + 4*1 + 5*1 = 10" in done.out.splitlines()


def test_channels_may_come_last(inside, save):
    save("x.npy", np.arange(32).reshape(4, 4, 2))
    save("k.npy", np.ones((1, 2, 1, 1), int))
    done = inside(
        "explain", "x.npy", "--kernel", "k.npy", "--layout", "nhwc", "--at", "0,0,1", "-q"
    )
    assert "sum over channels: 2 + 3 = 5" in done.out.splitlines()


def test_a_flipped_kernel_is_shown_flipped(inside, image):
    plain = inside(*NOTES, "--flip", "-q").out
    assert "channel 0: 4*1 + 1*2 + 4*0 + 4*1 = 10" in plain.splitlines()


def test_csv_has_a_row_for_each_product(inside, image):
    done = inside(*NOTES, "--format", "csv", "-q")
    *products, result = csv.DictReader(io.StringIO(done.out))
    assert ["4.0", "0.0", "8.0", "4.0"] == [row["product"] for row in products]
    assert "15.795" == result["result"]


@pytest.mark.parametrize("columns", [40, 80])
def test_a_terminal_of_any_width_shows_whole_lines(on_terminal, columns):
    words = ("explain", "conv:2,k5,p2,d2", "-i", "3x40x40", "--at", "1,20,20")
    done = on_terminal(*words, "--no-color", columns=columns)
    assert 0 == done.code
    assert "[" in done.out
    assert all(len(line) <= columns for line in done.out.splitlines())


def test_a_terminal_with_colours_shows_the_same_in_colours(on_terminal, inside):
    words = ("explain", "conv:1,k2,d2,p1,reflect", "-i", "1x3x3", "-q")
    lines = on_terminal(*words).out.splitlines()
    read, hole, copy = "\x1b[30;43m[~0]\x1b[0m", "\x1b[33m(~3)\x1b[0m", "\x1b[36m~0\x1b[0m"
    (first,) = (line for line in lines if line.startswith(f"  {read} {hole}"))
    assert first.endswith(copy)
    assert any("\x1b[1;37;41m[" in line for line in lines)
    plain = inside(*words).out.splitlines()
    assert plain == [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "what is to be explained?"),
        (("image.npy",), "'image.npy' is an array; give --kernel K.npy or --network too"),
        (("image.npy", "kernel.npy", "--kernel", "kernel.npy"), "with --kernel give one array"),
        (("--network", "relu"), "with --network give one array"),
        (("image.npy", "--kernel", "kernel.npy", "-i", "1x4x4"), "--input goes with layers alone"),
        (("conv:1,k2", "--bias", "bias.npy"), "--bias goes with an array"),
        (("conv:1,k2", "--stride", "2"), "--stride goes with an array"),
        (("conv:1,k2", "-i", "1x4x4", "--at", "0,3,0"), "--at: 3 is no place on an axis of 3"),
        (("conv:1,k2", "-i", "1x4x4", "--at", "0,0"), "with 3 numbers, as 0,0,0; got '0,0'"),
        (("conv:1,k2", "-i", "1x4x4", "--at", "a"), "--at: "),
        (("conv:1,k9", "-i", "1x4x4"), "the kernel spans 9 elements"),
        (("opaque:name=X", "-i", "1x4x4"), "cannot be run"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(inside, image, words, told):
    done = inside("explain", *words, "-q")
    assert (2, "") == (done.code, done.out)
    assert told in done.err


def test_a_file_that_is_not_there(inside, image):
    done = inside("explain", "none.npy", "--kernel", "kernel.npy")
    assert 3 == done.code
    assert "none.npy" in done.err


def test_a_picture_of_it_is_written(inside, folder, image):
    done = inside(*NOTES, "--svg", "out.svg")
    assert (0, "") == (done.code, done.out)
    assert "note: wrote out.svg" in done.err
    text = (folder / "out.svg").read_text()
    assert "channel 0: 4*1 + 1*0 + 4*2 + 4*1 = 16" in text
    assert 4 == inside(*NOTES, "--svg", "out.svg").code
    assert 0 == inside(*NOTES, "--svg", "out.svg", "--force").code


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--svg", "out.png"), 2, "--svg: expected a name as out.svg, got 'out.png'"),
        (("--animate", "o.png"), 2, "--animate: expected a name as out.svg or out.gif"),
        (("--svg", "out.svg", "--png", "out.png"), 2, "--svg and --png exclude each other"),
        (("--every", "2"), 2, "--every goes with --animate"),
        (("--animate", "o.svg", "--every", "0"), 2, "--every: "),
        (("--svg", "out.svg", "--format", "json"), 2, "--svg and --format exclude each other"),
        (("--svg", ""), 2, "--svg: the value is empty"),
        (("--svg", "none/out.svg"), 4, "none/out.svg"),
    ],
)
def test_a_picture_that_cannot_be_written(inside, image, words, code, told):
    done = inside(*NOTES, *words, "-q")
    assert (code, "") == (done.code, done.out)
    assert told in done.err


def test_all_outputs_are_written_in_turn(inside, folder, image):
    pytest.importorskip("PIL")
    assert 0 == inside(*NOTES, "--animate", "out.svg", "-q").code
    assert 16 == (folder / "out.svg").read_text().count('class="step')
    assert 0 == inside(*NOTES, "--animate", "out.gif", "--every", "5", "-q").code
    from PIL import Image

    with Image.open(folder / "out.gif") as moving:
        assert 4 == moving.n_frames
    assert 0 == inside(*NOTES, "--png", "out.png", "-q").code
    assert b"\x89PNG" == (folder / "out.png").read_bytes()[:4]


def test_an_animation_of_too_many_steps_is_refused_with_what_fits(inside, folder):
    words = ("explain", "conv:2,k3,p1", "-i", "1x50x50", "--animate", "out.svg", "-q")
    done = inside(*words)
    assert (2, "") == (done.code, done.out)
    assert "--animate: 5,000 steps are more than 2,000; --every 3 leaves out" in done.err
    assert not (folder / "out.svg").exists()


def test_means_that_cancel_leave_no_rounding_behind(inside):
    done = inside("explain", "se:2", "-i", "4x3x3")
    assert "with the bias: -1 + 1 = 0" in done.out.splitlines()
    assert not re.search(r"e-\d\d", done.out)


def test_a_maximum_of_padding_alone_is_minus_infinity_in_the_grid_too(inside):
    done = inside("explain", "maxpool:2,s1,d2,p1", "-i", "1x1x2")
    assert "output channel 0\n  [-inf]  -inf" in done.out


def test_a_kernel_is_named_as_layers_are_written(inside, image):
    done = inside("explain", "image.npy", "-k", "1 0; 2 1", "-q")
    assert "0 conv:1,k2,nobias, output 0,0,0" in done.out.splitlines()
    done = inside("explain", "image.npy", "-k", "1 0 1; 2 1 1", "-q")
    assert "0 conv:1,k2x3,nobias, output 0,0,0" in done.out.splitlines()
