"""`-i`: how a shape may be written, and what is said of one that looks like something else."""

from __future__ import annotations

import pytest

import convcalc as library

TIMES = "\u00d7"
NETS = ("shape", "flops", "rf", "memory", "summary")

WRITTEN = [
    "(3, 224, 224)",
    "[3, 224, 224]",
    "(3,224,224,)",
    "3,224,224",
    "3, 224, 224",
    "3 224 224",
    f"3{TIMES}224{TIMES}224",
    f"3 {TIMES} 224 {TIMES} 224",
    "3X224X224",
    " 3 x 224 x 224 ",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_shape_may_be_written_as_elsewhere(inside, text):
    expected = inside("shape", "-i", "3x224x224", "conv:8,k3")
    assert (0, "") == (expected.code, expected.err)
    assert expected == inside("shape", "-i", text, "conv:8,k3")


@pytest.mark.parametrize("command", [*NETS, "weights", "roofline", "diff"])
def test_every_command_reads_it_so(inside, command):
    more = {"roofline": ["--peak", "1T", "--bandwidth", "1G"], "diff": ["bn"]}.get(command, [])
    texts = ("3x32x32", "(3, 32, 32)")
    plain, other = (inside(command, "conv:8,k3", *more, "-i", text) for text in texts)
    assert (0, "") == (plain.code, plain.err)
    assert plain == other


@pytest.mark.parametrize("text", ["(3, 9, 9)", f"3{TIMES}9{TIMES}9", "3 9 9  ", "3X9X9"])
def test_a_comment_may_be_written_so_too(inside, folder, text):
    (folder / "net.spec").write_text(f"# input {text}\nconv:8,k3\n", encoding="utf-8")
    done = inside("shape", "net.spec")
    assert (0, "", "input 3x9x9") == (done.code, done.err, done.out.splitlines()[0])


def test_a_comment_that_goes_on_in_words_is_none(inside, folder):
    (folder / "net.spec").write_text("# input 3 channels, any size\nconv:8,k3\n")
    assert "assumed: input 3x224x224" in inside("shape", "net.spec").err


@pytest.mark.parametrize("text", ["(3, 9, 9", "3,,9", "3 9 9)", "()", "3x9,", "{3 9}"])
def test_what_is_no_shape_is_refused(inside, text):
    done = inside("shape", "-i", text, "conv:8,k3")
    assert (2, "", 1) == (done.code, done.out, done.err.count("\n"))
    assert text in done.err
    assert "--input" in done.err


# -- a network that knows its number of axes -------------------------------------------------------

TAKES = "--input: this network takes channels and 2 spatial sizes, as 3x224x224; got"
REFUSED = [
    ("1x3x224x224", "; for a batch use --batch: -i 3x224x224 --batch 1"),
    ("8,3,224,224", "; for a batch use --batch: -i 3x224x224 --batch 8"),
    ("8x224x224x3", "; with the channels first it is -i 3x224x224 --batch 8"),
    ("3x16x112x112", "; for a batch use --batch"),
    ("224x224", ""),
    ("150528", ""),
]


@pytest.mark.parametrize("word", ["resnet18", "net.spec"])
@pytest.mark.parametrize(("shape", "hint"), REFUSED)
def test_another_number_of_axes_is_refused(inside, folder, word, shape, hint):
    (folder / "net.spec").write_text("# input 3x224x224\nconv:8,k3,p1 relu gap\n")
    done = inside("flops", word, "-i", shape)
    assert (2, "") == (done.code, done.out)
    assert f"convcalc: error: {TAKES} {shape.replace(',', 'x')}{hint}\n" == done.err


@pytest.mark.parametrize("command", [*NETS, "roofline", "weights", "diff"])
def test_every_command_refuses_it(inside, command):
    more = {"roofline": ["--peak", "1T", "--bandwidth", "1G"], "diff": ["resnet34"]}
    done = inside(command, "resnet18", *more.get(command, []), "-i", "1x3x224x224")
    # These two have no batch.
    apart = {"weights": "leave a batch out of it: -i 3x224x224\n"}
    apart["diff"] = apart["weights"]
    hint = apart.get(command, "for a batch use --batch: -i 3x224x224 --batch 1\n")
    assert (2, "") == (done.code, done.out)
    assert done.err.endswith(f"got 1x3x224x224; {hint}")


@pytest.mark.parametrize("shape", ["3x320x320", "1x28x28", "3x224x64"])
def test_other_sizes_are_not(inside, folder, shape):
    (folder / "net.spec").write_text("# input 3x224x224\nconv:8,k3,p1 relu gap\n")
    done = inside("flops", "net.spec", "-i", shape)
    assert (0, "") == (done.code, done.err)


def test_the_library_refuses_it_in_its_words():
    network = library.load_network("resnet18")
    assert (3, 224, 224) == network.input_shape
    assert 1_814_073_344 == network.analyze((3, 224, 224)).totals.macs  # torchvision's
    with pytest.raises(library.ShapeError) as caught:
        network.analyze((1, 3, 224, 224))
    assert (
        "this network takes the shape of one sample, of 3 numbers as (3, 224, 224); "
        "got (1, 3, 224, 224); a batch is given apart, as batch=8"
    ) == str(caught.value)
    for ask in (network.weight_shapes, network.tensor_shapes):
        with pytest.raises(library.ShapeError, match="one sample"):
            ask((224, 224))


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("# input 1x28x28\nconv:8,k3", (1, 28, 28)),
        ("# input (1, 28, 28)\nconv:8,k3", (1, 28, 28)),
        ("# input 784\nlinear:10", (784,)),
        ("# input image\nconv:8,k3", None),
        ("conv:8,k3", None),
    ],
)
def test_a_text_in_the_library_names_its_input(text, declared):
    network = library.parse(text)
    assert declared == network.input_shape
    assert network == library.parse(text.rpartition("\n")[2])


def test_without_a_named_input_every_number_of_axes_is_taken():
    network = library.parse("conv:8,k3")
    shapes = [(3, 9), (3, 9, 9), (3, 9, 9, 9)]
    # 8 * 3 * 3 * 7 products, 8 * 3 * 9 * 49, 8 * 3 * 27 * 343
    assert [504, 10_584, 222_264] == [network.analyze(shape).totals.macs for shape in shapes]


# -- what looks like something else ----------------------------------------------------------------

GRAY = "1 channel and 3 spatial sizes"
DOUBTFUL = [
    ("1x3x224x224", GRAY, "a batch of 1 is -i 3x224x224 --batch 1"),
    ("1x3x9x9", GRAY, "a batch of 1 is -i 3x9x9 --batch 1"),
    ("1x64x56x56", GRAY, "a batch of 1 is -i 64x56x56 --batch 1"),
    ("8x3x32x32", "8 channels and 3 spatial sizes", "a batch of 8 is -i 3x32x32 --batch 8"),
    ("64x1x28x28", "64 channels and 3 spatial sizes", "a batch of 64 is -i 1x28x28 --batch 64"),
    (
        "224x224x3",
        "224 channels and 2 spatial sizes",
        "with the channels first it is -i 3x224x224",
    ),
    ("28x28x1", "28 channels and 2 spatial sizes", "with the channels first it is -i 1x28x28"),
    (
        "480x640x4",
        "480 channels and 2 spatial sizes",
        "with the channels first it is -i 4x480x640",
    ),
    (
        "1x224x224x3",
        GRAY,
        "with the channels first it is -i 3x224x224 --batch 1",
    ),
    (
        "8x224x224x3",
        "8 channels and 3 spatial sizes",
        "with the channels first it is -i 3x224x224 --batch 8, frames -i 3x8x224x224",
    ),
    (
        "224x224",
        "224 channels and 1 spatial size",
        "a picture of 224x224 is -i 3x224x224, gray -i 1x224x224",
    ),
    (
        "1080x1920",
        "1080 channels and 1 spatial size",
        "a picture of 1080x1920 is -i 3x1080x1920, gray -i 1x1080x1920",
    ),
]


@pytest.mark.parametrize(("shape", "read", "other"), DOUBTFUL)
def test_what_looks_like_something_else_is_said(inside, shape, read, other):
    done = inside("shape", "-i", shape, "conv:8,k1")
    assert 0 == done.code
    assert f"convcalc: note: input {shape} is read as {read}; {other}\n" == done.err
    assert f"input {shape}" == done.out.splitlines()[0]
    assert "" == inside("shape", "-q", "-i", shape, "conv:8,k1").err


PLAIN = [
    "3x224x224",
    "1x28x28",
    "64x56x56",
    "4x16x16",
    "512x7x7",
    "512x4x4",
    "3x16x112x112",  # 16 frames of a video
    "3x8x224x224",
    "512x2x7x7",
    "256x4x14x14",  # inside networks for videos
    "1x64x64x64",  # a volume
    "64x8x8x8",
    "2x50",
    "1x1000",
    "12x5000",  # an electrocardiogram of 12 leads
    "80x3000",  # a spectrogram
    "64x1000x1",
    "784",
]


@pytest.mark.parametrize("shape", PLAIN)
def test_where_nothing_is_doubtful_nothing_is_said(inside, shape):
    done = inside("shape", "-i", shape, "relu")
    assert (0, "") == (done.code, done.err)


@pytest.mark.parametrize("command", [*NETS, "weights", "diff", "roofline"])
def test_every_command_says_it(inside, command):
    more = {"roofline": ["--peak", "1T", "--bandwidth", "1G"], "diff": ["bn"]}.get(command, [])
    done = inside(command, "conv:8,k1", *more, "-i", "224x224x3")
    assert 0 == done.code
    assert (
        "convcalc: note: input 224x224x3 is read as 224 channels and 2 spatial sizes; "
        "with the channels first it is -i 3x224x224\n"
    ) == done.err


@pytest.mark.parametrize("command", ["weights", "diff"])
def test_a_command_without_a_batch_names_none(inside, command):
    more = {"diff": ["bn"]}.get(command, [])
    done = inside(command, "conv:8,k1", *more, "-i", "8x3x32x32")
    assert done.err.endswith("; a batch of 8 is -i 3x32x32\n")


def test_a_layer_by_flags_is_no_other(inside):
    done = inside("shape", "-i", "224x224", "-n", "8", "-k", "3")
    assert "input 224x224 is read as 224 channels and 1 spatial size" in done.err


@pytest.mark.parametrize(
    ("shape", "spec"),
    [
        ("1x64x56x56", "conv:8,k3x3x3"),
        ("1x64x56x56", "maxpool:1x2x2"),
        ("64x64", "nn.Conv1d(64, 8, 3)"),
        ("1x64x56x56", "nn.Conv3d(1, 8, 3)"),
        ("64x64", "# input 64x100\nconv:8,k3"),
        ("1x64x56x56", "# input 1x32x32x32\nconv:8,k3"),
    ],
)
def test_a_network_that_says_its_axes_leaves_no_doubt(inside, shape, spec):
    assert "is read as" in inside("shape", "-i", shape, "conv:8,k3").err
    done = inside("shape", "-i", shape, spec)
    assert (0, "") == (done.code, done.err)


def test_channels_last_are_said_of_a_network_that_knows_its_axes(inside):
    done = inside("flops", "resnet18", "-i", "224x224x3")
    assert done.err.endswith("with the channels first it is -i 3x224x224\n")


def test_a_comment_that_looks_like_something_else_is_said(inside, folder):
    (folder / "net.spec").write_text("# input 224x224x3\nconv:8,k3\n")
    assert "with the channels first it is -i 3x224x224" in inside("shape", "net.spec").err


def test_five_numbers_are_no_sample(inside):
    done = inside("shape", "-i", "1x3x16x112x112", "conv:8,k3")
    assert (2, "") == (done.code, done.out)
    assert done.err.endswith("got '1x3x16x112x112'; a batch is no part of it\n")
