"""`run` and `explain` on pictures: what comes out is what OpenCV makes of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cli_support import loaded_by

Image = pytest.importorskip("PIL.Image")
cv2 = pytest.importorskip("cv2")

SAME = ("--padding", "same", "--padding-mode", "reflect", "-q")
"""OpenCV's usual border, BORDER_REFLECT_101."""


@pytest.fixture
def photo(folder):
    """photo.png: 3x20x31, smooth with an edge and some noise; as OpenCV has it, (H, W, 3)."""
    rows, columns = np.mgrid[:20, :31]
    noise = np.random.default_rng(3).integers(0, 40, (20, 31, 3))
    waves = 100 + 60 * np.sin(rows / 3)[..., None] + 50 * (columns > 15)[..., None]
    picture = np.clip(waves + noise, 0, 255).astype(np.uint8)
    Image.fromarray(picture).save(folder / "photo.png")
    Image.fromarray(picture[..., 0]).save(folder / "grey.png")
    return picture


def test_a_gaussian_is_within_one_level_of_opencv_s(inside, folder, photo):
    words = ("run", "photo.png", "--kernel", "gaussian:5,1", "--each-channel")
    assert 0 == inside(*words, "-o", "b.png", *SAME).code
    expected = cv2.GaussianBlur(photo, (5, 5), 1, borderType=cv2.BORDER_REFLECT_101)
    found = np.asarray(Image.open(folder / "b.png"))
    assert found.shape == expected.shape
    assert abs(found.astype(int) - expected).max() <= 1


def test_without_padding_it_is_the_middle_of_opencv_s(inside, folder, photo):
    words = ("run", "photo.png", "--kernel", "gaussian:5,1", "--each-channel", "-o", "b.png", "-q")
    assert 0 == inside(*words).code
    expected = cv2.GaussianBlur(photo, (5, 5), 1)[2:-2, 2:-2]
    assert abs(np.asarray(Image.open(folder / "b.png")).astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("name", "by_opencv"),
    [
        ("sobel-x", lambda x: cv2.Sobel(x, cv2.CV_64F, 1, 0)),
        ("sobel-y", lambda x: cv2.Sobel(x, cv2.CV_64F, 0, 1)),
        ("scharr-x", lambda x: cv2.Scharr(x, cv2.CV_64F, 1, 0)),
        ("scharr-y", lambda x: cv2.Scharr(x, cv2.CV_64F, 0, 1)),
        ("laplacian", lambda x: cv2.Laplacian(x, cv2.CV_64F)),
        (
            "sharpen",
            lambda x: cv2.filter2D(x, cv2.CV_64F, np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])),
        ),
        (
            "1 2 1; 2 4 2; 1 2 1",
            lambda x: cv2.filter2D(x, cv2.CV_64F, np.outer([1, 2, 1], [1, 2, 1])),
        ),
    ],
)
def test_derivatives_are_opencv_s_exactly(inside, folder, photo, name, by_opencv):
    words = ("run", "photo.png", "--kernel", name, "--each-channel", "-o", "b.npy")
    assert 0 == inside(*words, *SAME).code
    found = np.load(folder / "b.npy")
    assert np.int64 == found.dtype
    assert (by_opencv(photo).transpose(2, 0, 1) == found).all()
    assert 0 == inside("run", "grey.png", "--kernel", name, "-o", "g.npy", *SAME).code
    assert (by_opencv(photo[..., 0]) == np.load(folder / "g.npy")).all()


def test_each_channel_of_an_array_with_channels_last(inside, save, folder):
    save("x.npy", np.arange(60).reshape(4, 5, 3))
    words = ("run", "x.npy", "--kernel", "0 1 0", "--each-channel", "--layout", "nhwc", "-q")
    assert 0 == inside(*words, "-o", "b.npy").code
    assert (np.arange(60).reshape(4, 5, 3)[:, 1:-1] == np.load(folder / "b.npy")).all()


def test_what_was_written_and_how_values_became_levels_is_said(inside, folder, photo):
    words = ("run", "grey.png", "--kernel", "sobel-x", "-o", "b.png", "--range", "-1020:1020")
    done = inside(*words)
    assert "note: wrote b.png (18x29 uint8; black is -1020, white 1020)" in done.err
    found = np.asarray(Image.open(folder / "b.png")).astype(float)
    expected = cv2.Sobel(photo[..., 0], cv2.CV_64F, 1, 0)[1:-1, 1:-1]
    assert abs((expected + 1020) / 8 - found).max() <= 0.51
    assert 4 == inside(*words).code
    assert 0 == inside(*words, "--force").code
    done = inside("run", "grey.png", "--kernel", "sobel-x", "-o", "c.png")
    assert "values beyond it" in done.err


def test_what_rounding_leaves_of_white_is_not_beyond_it(inside, folder):
    cv2.imwrite("white.png", np.full((9, 9), 255, np.uint8))
    done = inside("run", "white.png", "--kernel", "box:3", "-o", "b.png")  # 255.00000000000003
    assert "(7x7 uint8; black is 0, white 255)" in done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--kernel sobel-x", "the kernel 3x3 reads 1 (input 'photo.png'); for each channel by"),
        ("--kernel sobel-x", "itself give --each-channel, or 3x1x3x3 in groups\n"),
        ("--kernel sobel", "no kernel has that name; did you mean 'sobel-x' or 'sobel-y'?\n"),
        ("--kernel gausian:5", "no kernel has that name; did you mean 'gaussian'?\n"),
        ("--kernel median:3", "no kernel has that name; there are sobel-x, sobel-y, scharr-x, "),
        ("--kernel [[1,0],[2,1]]", "written with blanks and semicolons, as '1 0; 2 1'\n"),
        ("--kernel kernels/k.npy", "cannot read 'kernels/k.npy': No such file or directory\n"),
    ],
)
def test_what_is_no_kernel_for_a_picture_is_told_what_would_be(inside, photo, words, told):
    done = inside("run", "photo.png", *words.split())
    assert (3, "") == (done.code, done.out)
    assert told in done.err


@pytest.mark.parametrize("shape", [(40, 60, 3), (2, 40, 60, 4)])
def test_channels_that_seem_to_come_last_are_noticed(inside, save, shape):
    save("x.npy", np.zeros(shape))
    words = ("run", "x.npy", "--kernel", "box:3", "--each-channel")
    told = "looks like a picture whose channels come last, which --layout nhwc says; as it is, 40"
    assert told in inside(*words).err
    assert told in inside("run", "x.npy", "--network", "dw:k3", "--random-weights", "1").err
    assert "looks like" not in inside(*words, "--layout", "nhwc").err


@pytest.mark.parametrize("shape", [(3, 40, 60), (40, 60), (64, 14, 3), (40, 60, 5)])
def test_other_shapes_do_not_look_like_channels_last(inside, save, shape):
    save("x.npy", np.zeros(shape))
    assert "looks like" not in inside("run", "x.npy", "--kernel", "box:3", "--each-channel").err


def test_a_padding_mode_without_padding_is_noticed(inside, photo):
    words = ("run", "grey.png", "--kernel", "box:3", "--padding-mode", "reflect")
    assert "--padding-mode reflect pads nothing without --padding\n" in inside(*words).err
    assert "pads nothing" not in inside(*words, "--padding", "same").err


def test_sixteen_bits_stay_sixteen_bits(inside, folder):
    deep = np.random.default_rng(4).integers(0, 65536, (6, 7, 3), np.uint16)
    cv2.imwrite("deep.png", deep[..., ::-1])
    words = ("run", "deep.png", "--kernel", "0 0 0; 0 1 0; 0 0 0", "--each-channel", "-q")
    assert 0 == inside(*words, "-o", "b.png", "-p", "1").code
    assert (deep[..., ::-1] == cv2.imread("b.png", cv2.IMREAD_UNCHANGED)).all()


def test_a_picture_goes_through_a_network(inside, folder, photo):
    words = ("run", "photo.png", "--network", "conv:3,k3,p1 sigmoid", "--random-weights", "1")
    assert 0 == inside(*words, "--dtype", "float32", "-o", "b.png", "--range", "stretch", "-q").code
    assert (20, 31, 3) == np.asarray(Image.open(folder / "b.png")).shape


def test_a_picture_is_explained(inside, photo):
    words = ("explain", "photo.png", "--kernel", "sobel-x", "--each-channel", "--at", "1,4,14")
    done = inside(*words, "--format", "json", "-q")
    (layer,) = json.loads(done.out)["layers"]
    assert cv2.Sobel(photo[..., 1], cv2.CV_64F, 1, 0)[5, 15] == layer["result"]
    assert 1 == layer["channels"][0]["channel"]


def test_a_result_is_drawn_in_letters_where_there_are_no_colours(inside, photo):
    done = inside("run", "grey.png", "--kernel", "box:3", "--show", "-q")
    lines = done.out.splitlines()
    assert 0 == done.code
    assert {29} == set(map(len, lines))
    assert 9 == len(lines)
    assert set(done.out) <= set(" .:-=+*#%@\n")


def test_a_result_is_drawn_in_half_blocks_on_a_terminal(on_terminal, photo):
    done = on_terminal(
        "run", "photo.png", "--kernel", "box:3", "--each-channel", "--show", "-q", columns=40
    )
    assert 0 == done.code
    rows = [line for line in done.out.splitlines() if line]
    assert 9 == len(rows)
    assert {29} == {line.count("\u2580") for line in rows}
    middle = cv2.blur(photo, (3, 3))[1, 1]
    first = [int(part) for part in rows[0].split("m")[0].split(";")[2:5]]
    assert abs(np.array(first) - middle).max() <= 1


def test_the_name_of_a_kernel_may_be_that_of_a_file(inside, folder, photo):
    np.save(folder / "k.npy", np.ones((1, 1), int))
    (folder / "k.npy").rename(folder / "sobel-x")
    done = inside("run", "grey.png", "--kernel", "./sobel-x", "-o", "b.npy", "-q")
    assert 0 == done.code
    assert (photo[..., 0] == np.load(folder / "b.npy")).all()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("photo.png", "--kernel", "sobel"), 3, "did you mean 'sobel-"),
        (("photo.png", "--kernel", "1 2; 3"), 2, "row 1 has 1 numbers"),
        (("grey.png", "--kernel", "box:3", "--range", "clip"), 2, "--range goes with -o out.png"),
        (("grey.png", "--kernel", "box:3", "-o", "b.png", "--range", "3"), 2, "--range: expected"),
        (("grey.png", "--kernel", "box:3", "--show", "--format", "json"), 2, "--show and --format"),
        (("grey.png", "--kernel", "box:3", "--show", "--dry-run"), 2, "--show draws"),
        (("photo.png", "--kernel", "box:3", "--each-channel", "-g", "3"), 2, "exclude each other"),
        (
            ("photo.png", "--network", "relu", "--each-channel"),
            2,
            "--each-channel belongs to --kernel",
        ),
        (("photo.png", "--kernel", "k4.npy", "--each-channel"), 3, "a kernel of 2 axes"),
        (("none.png", "--kernel", "box:3"), 3, "none.png"),
        (("none.webp", "--kernel", "box:3"), 3, "No such file"),
        (("photo.TIFF", "--kernel", "box:3"), 3, "PNG, JPEG and PPM are; save it as one"),
        (
            ("photo.png", "--network", "pw:5", "--random-weights", "1", "-o", "b.png"),
            3,
            "no picture",
        ),
        (
            ("photo.png", "--network", "pw:4", "--random-weights", "1", "-o", "b.jpg"),
            2,
            "4 channels",
        ),
        (
            ("grey.png", "--kernel", "box:3", "-o", "b.png", "--max-memory", "1M"),
            2,
            "is not written",
        ),
    ],
)
def test_what_is_wrong_is_told(inside, save, photo, words, code, told):
    save("k4.npy", np.ones((1, 3, 2, 2)))
    Image.fromarray(photo).save("photo.TIFF")
    done = inside("run", *words, "-q")
    assert (code, "") == (done.code, done.out)
    assert told in done.err


def test_pillow_is_imported_where_there_is_a_picture_alone(folder, image, photo):
    assert "PIL" not in loaded_by("run", "image.npy", "--kernel", "sobel-x")
    assert "PIL" in loaded_by("run", "grey.png", "--kernel", "sobel-x")


@pytest.mark.parametrize(
    "words",
    [
        ("run", "image.npy", "--kernel", "kernel.npy", "-o", "b.png"),
        ("run", "grey.png", "--kernel", "kernel.npy"),
        ("explain", "image.npy", "--kernel", "kernel.npy", "--png", "b.png"),
        ("explain", "image.npy", "--kernel", "kernel.npy", "--animate", "b.gif"),
    ],
)
def test_without_pillow_the_extra_is_named_before_anything_is_done(
    inside, image, photo, monkeypatch, folder, words
):
    monkeypatch.setattr("convcalc.arrayfile.pictures.find_spec", lambda name: None)
    done = inside(*words, "-q")
    assert (2, "") == (done.code, done.out)
    assert "pictures need Pillow; pip install 'convcalc[image]' brings it" in done.err
    assert not [name for name in ("b.png", "b.gif") if (folder / name).exists()]
