"""`run`: every flag with PyTorch's semantics, dtypes, and the weights of a network."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from by_hand import document, numbers

# The row 1 2 3 4 5 with the kernel 1 10 100: every digit shows where it came from.
ROW_BY_FLAGS = [
    ("", [321, 432, 543]),
    ("--stride 2", [321, 543]),
    ("-s 2", [321, 543]),
    ("--padding 1", [210, 321, 432, 543, 54]),
    ("-p full", [100, 210, 321, 432, 543, 54, 5]),
    ("-p full -s 2", [100, 321, 543, 5]),
    ("-p full -d 2 -s 3", [100, 420, 53]),
    ("-p 0:2", [321, 432, 543, 54, 5]),
    ("--padding same", [210, 321, 432, 543, 54]),
    ("--padding same-upper --stride 2", [210, 432, 54]),
    ("--dilation 2", [531]),
    ("-d 2 -p 2", [310, 420, 531, 42, 53]),
    ("-p 1 --padding-mode reflect", [212, 321, 432, 543, 454]),
    ("-p 2 --padding-mode symmetric", [112, 211, 321, 432, 543, 554, 455]),
    ("-p 1 --padding-mode BORDER_REFLECT_101", [212, 321, 432, 543, 454]),
    ("-p 1 --padding-mode nearest", [211, 321, 432, 543, 554]),
    ("-p 1 --padding-mode replicate", [211, 321, 432, 543, 554]),
    ("-p 1 --padding-mode circular", [215, 321, 432, 543, 154]),
    ("--flip", [123, 234, 345]),
    ("--transposed", [1, 12, 123, 234, 345, 450, 500]),
    ("--transposed -s 2", [1, 10, 102, 20, 203, 30, 304, 40, 405, 50, 500]),
    ("--transposed -s 2 -p 1", [10, 102, 20, 203, 30, 304, 40, 405, 50]),
    ("--transposed -s 2 -p 1 --output-padding 1", [10, 102, 20, 203, 30, 304, 40, 405, 50, 500]),
    ("--transposed -s 2 -p 1 --output-size 10", [10, 102, 20, 203, 30, 304, 40, 405, 50, 500]),
    ("--transposed -d 2", [1, 2, 13, 24, 135, 240, 350, 400, 500]),
]


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize(("flags", "expected"), ROW_BY_FLAGS)
def test_every_flag_does_what_it_does_in_pytorch(inside, save, flags, expected, backend):
    save("image.npy", [1, 2, 3, 4, 5], "f4")
    save("kernel.npy", [1, 10, 100], "f4")
    command = ["run", "image.npy", "--kernel", "kernel.npy", "--backend", backend]
    told = document(inside(*command, *flags.split(), "--format", "json"))
    assert expected == told["output"]["values"]


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_groups_do_not_mix(inside, save, backend):
    save("image.npy", [[1, 2, 3], [4, 5, 6]], "f4")
    save("kernel.npy", [[[1, 1]], [[10, 0]]], "f4")
    command = ["run", "image.npy", "--kernel", "kernel.npy", "--groups", "2", "--backend", backend]
    assert [[3, 5], [40, 50]] == document(inside(*command, "--format", "json"))["output"]["values"]


def test_strides_and_paddings_are_per_axis(inside, save):
    save("image.npy", [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "f4")
    save("kernel.npy", [[1, 10]], "f4")
    command = ["run", "image.npy", "--kernel", "kernel.npy", "-s", "2x1", "-p", "0x1"]
    told = document(inside(*command, "--format", "json"))
    assert [[10, 21, 32, 3], [70, 87, 98, 9]] == told["output"]["values"]


def test_the_kernel_is_not_flipped_unless_asked(inside, save):
    save("image.npy", [[0, 0, 0], [0, 1, 0], [0, 0, 0]], "i8")
    save("kernel.npy", [[1, 2], [3, 4]], "i8")
    command = ["run", "image.npy", "--kernel", "kernel.npy"]
    assert [[4, 3], [2, 1]] == numbers(inside(*command, "-q").out)
    assert [[1, 2], [3, 4]] == numbers(inside(*command, "-q", "--flip").out)


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_channels_last(inside, save, backend):
    save("image.npy", np.arange(12).reshape(2, 2, 3), "f4")
    save("kernel.npy", [[[[1]], [[10]], [[100]]]], "f4")
    command = ["run", "image.npy", "--kernel", "kernel.npy", "--backend", backend]
    told = document(inside(*command, "--layout", "nhwc", "--format", "json"))
    assert [[[210], [543]], [[876], [1209]]] == told["output"]["values"]
    assert 3 == inside(*command, "--layout", "nchw").code


@pytest.mark.parametrize(
    ("layout", "x", "w", "shape", "first", "said"),
    [
        # The numbers of the first window are added: of an image 27 of mean 21 + 3 + 1.
        ("nhwc", (6, 7, 3), (3, 3, 3), [4, 5, 1], 675, "--dims 1 would read it as (N, L, C)"),
        ("nwc", (6, 7, 3), (3, 3, 3), [6, 5, 3], 36, ""),
        ("nwc", (7, 3), (3, 3), [5, 1], 36, "read as (L, C)"),
        ("nhwc", (6, 7, 8, 3), (3, 3, 3, 3), [6, 5, 6, 3], 756, "--dims 3 would read it as"),
        ("ndhwc", (6, 7, 8, 3), (3, 3, 3, 3), [4, 5, 6, 1], 15876, "read as (D, H, W, C)"),
        ("ncdhw", (3, 6, 7, 8), (3, 3, 3, 3), [1, 4, 5, 6], 32481, "read as (C, D, H, W)"),
        ("NCW", (3, 3, 7), (3, 3, 3), [3, 3, 5], 72, ""),
    ],
)
def test_the_layout_says_how_many_axes_there_are(inside, save, layout, x, w, shape, first, said):
    save("image.npy", np.arange(prod(x)).reshape(x), "f4")
    save("kernel.npy", np.ones(w), "f4")
    command = ["run", "image.npy", "--kernel", "kernel.npy", "--layout", layout]
    done = inside(*command, "-o", "out.npy")
    result = np.load("out.npy")
    assert (0, shape, first) == (done.code, list(result.shape), result.flat[0])
    assert said in done.err


def test_a_layout_of_other_axes_than_dims_is_refused(inside):
    done = inside("run", "x.npy", "-k", "k.npy", "--layout", "ndhwc", "--dims", "2")
    assert (2, "") == (done.code, done.out)
    assert "--dims 2 does not go with --layout ndhwc, which has 3" in done.err


def test_means_leave_the_padding_of_a_word_out(inside, save):
    save("ramp.npy", np.arange(1, 17).reshape(1, 1, 4, 4), "f4")
    done = inside("run", "ramp.npy", "--network", "avgpool:3,s2,same-upper", "--format", "json")
    # TensorFlow's SAME adds a row and a column at the end: 6 is the mean of 1 2 3 5 6 7 9 10 11,
    # 7.5 that of 3 4 7 8 11 12.
    assert [[[[6, 7.5], [12, 13.5]]]] == document(done)["output"]["values"]


def test_a_batch_stays_a_batch(inside, save):
    save("image.npy", np.arange(8).reshape(2, 1, 2, 2), "f4")
    save("kernel.npy", [[1, 1], [1, 1]], "f4")
    told = document(inside("run", "image.npy", "--kernel", "kernel.npy", "--format", "json"))
    assert [[[[6]]], [[[22]]]] == told["output"]["values"]
    assert 2 == told["batch"]


def test_dims_settles_what_shapes_leave_open(inside, save):
    save("image.npy", [[1, 2, 3], [4, 5, 6]], "f4")
    save("kernel.npy", [[1, 1], [1, 1]], "f4")
    command = ["run", "image.npy", "--kernel", "kernel.npy", "--format", "json"]
    assert [[12, 16]] == document(inside(*command, "--dims", "2"))["output"]["values"]
    in_one = document(inside(*command, "--dims", "1"))["output"]["values"]
    assert [12, 16] == np.ravel(in_one).tolist()


def test_integers_are_computed_exactly(inside, save):
    save("image.npy", [[2**60, 1], [1, 2**53 + 1]], "i8")
    save("kernel.npy", [[1, 0], [0, 1]], "i4")
    told = document(inside("run", "image.npy", "--kernel", "kernel.npy", "--format", "json"))
    assert [[2**60 + 2**53 + 1]] == told["output"]["values"]
    assert ("int64", "int64") == (told["dtype"], told["accumulate_dtype"])
    assert str(2**60 + 2**53 + 1) in inside("run", "image.npy", "--kernel", "kernel.npy").out


def test_small_integers_do_not_wrap(inside, save):
    save("image.npy", np.full((3, 3), 100), "i1")
    save("kernel.npy", np.full((3, 3), 100), "i1")
    command = ["run", "image.npy", "--kernel", "kernel.npy"]
    assert [[90000]] == numbers(inside(*command).out)
    done = inside(*command, "--dtype", "int8")
    assert (3, "") == (done.code, done.out)
    assert all(word in done.err for word in ("90000", "int8", "int64"))


def test_integers_that_do_not_fit_are_refused(inside, save):
    save("image.npy", [2**62, 2**62], "i8")
    save("kernel.npy", [1, 1], "i8")
    done = inside("run", "image.npy", "--kernel", "kernel.npy")
    assert (3, "") == (done.code, done.out)
    assert "int64" in done.err


@pytest.mark.parametrize(
    ("dtype", "shown", "stored"),
    [("float16", "float16", "f2"), ("FLOAT64", "float64", "f8"), ("bfloat16", "bfloat16", "f4")],
)
def test_the_dtype_of_the_result_can_be_chosen(inside, save, dtype, shown, stored):
    save("image.npy", [1, 2, 3], "f4")
    save("kernel.npy", [1, 10], "f4")
    command = ["run", "image.npy", "--kernel", "kernel.npy", "--dtype", dtype]
    assert shown == document(inside(*command, "--format", "json"))["dtype"]
    assert 0 == inside(*command, "-o", "y.npy").code
    assert ([21, 32], stored) == (np.load("y.npy").tolist(), np.load("y.npy").dtype.str[1:])


def test_mixed_dtypes_are_promoted_aloud(inside, save):
    save("image.npy", [1, 2, 3], "f4")
    save("kernel.npy", [1, 10], "f8")
    done = inside("run", "image.npy", "--kernel", "kernel.npy", "--format", "json")
    assert "float64" == document(done)["dtype"]
    assert all(word in done.err for word in ("mixed", "float32", "float64"))


def test_an_overflow_is_told_and_counted(inside, save):
    save("image.npy", [60000, 60000, 1], "f2")
    save("kernel.npy", [1, 1], "f2")
    done = inside("run", "image.npy", "--kernel", "kernel.npy")
    assert 0 == done.code
    assert all(word in done.err for word in ("warning", "1 value", "float16"))


def test_a_network_takes_its_weights_from_an_archive(inside, save):
    save("image.npy", [[[1, 2], [3, 4]], [[5, 6], [7, 8]]], "f4")
    weights = {
        "0.weight": np.array([[[[1]]], [[[2]]]], "f4"),
        "0.bias": np.array([0, 1], "f4"),
        "1.weight": np.array([[[[1]], [[10]]]], "f4"),
    }
    np.savez("weights.npz", **weights)
    command = ["run", "image.npy", "--network", "dw:k1 pw:1,nobias", "--weights", "weights.npz"]
    told = document(inside(*command, "--format", "json"))
    # 1 + 10 * (2 * 5 + 1) = 111
    assert [[[111, 132], [153, 174]]] == told["output"]["values"]
    assert ["dw", "pw"] == [layer["kind"] for layer in told["layers"]]


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"0.weight": (1, 1, 1, 1)}, ["missing", "0.bias"]),
        ({"0.weight": (1, 1, 2, 2), "0.bias": (1,)}, ["0.weight", "1x1x2x2", "1x1x1x1"]),
        ({"0.weight": (1, 1, 1, 1), "0.bias": (1,), "9.x": (1,)}, ["no layer", "9.x"]),
        ({"0.wieght": (1, 1, 1, 1), "0.bias": (1,)}, ["missing", "0.weight", "0.wieght"]),
    ],
)
def test_weights_that_do_not_fit_are_named(inside, save, weights, words):
    save("image.npy", [[1, 2], [3, 4]], "f4")
    np.savez("w.npz", **{name: np.zeros(shape, "f4") for name, shape in weights.items()})
    done = inside("run", "image.npy", "--network", "pw:1", "--weights", "w.npz")
    assert (3, "") == (done.code, done.out)
    assert all(word in done.err for word in words)


def test_random_weights_are_the_same_for_the_same_seed(inside, save):
    save("image.npy", np.arange(16).reshape(4, 4), "f4")
    command = ["run", "image.npy", "--network", "dw:k3 pw:4", "--format", "json"]
    first = document(inside(*command, "--random-weights", "7"))
    assert 7 == first["seed"]
    assert [4, 2, 2] == first["output"]["shape"]
    assert first == document(inside(*command, "--random-weights", "7"))
    other = document(inside(*command, "--random-weights", "8"))
    assert first["output"]["values"] != other["output"]["values"]


def test_a_network_without_weights_says_which_it_needs(inside, save):
    save("image.npy", [[1, 2], [3, 4]], "f4")
    done = inside("run", "image.npy", "--network", "pw:4")
    assert (2, "") == (done.code, done.out)
    assert all(word in done.err for word in ("--weights", "--random-weights", "4x1x1x1"))
