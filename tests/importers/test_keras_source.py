"""Source text of Keras as people post it, read without running it: `keras_texts/`.

Totals are those that Keras publishes for its examples, or derived beside them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from convcalc.errors import SpecError, UsageError
from convcalc.importers.files.keras_text import is_json, is_script, is_source, read_keras
from convcalc.network.given_inputs import GivenInput

TEXTS = Path(__file__).with_name("keras_texts")


def read(text, shape=None, further=(), model=None):
    shapes = [] if shape is None else [shape, *further]
    return read_keras(text, "'net.txt'", [GivenInput(one) for one in shapes], model)


def posted(name):
    return (TEXTS / f"{name}.txt").read_text("utf-8")


def totals(network):
    report = network.analyze(network.input_shape)
    return report.totals.params, report.totals.macs, report.output_shape


@pytest.mark.parametrize(
    ("name", "shape", "params", "output"),
    [
        # keras.io, "Simple MNIST convnet": 34,826
        ("mnist_convnet", (1, 28, 28), 34_826, (10,)),
        # Keras 2, examples/mnist_cnn.py: 1,199,882
        ("mnist_cnn", (1, 28, 28), 1_199_882, (10,)),
        # tensorflow.org, "Convolutional Neural Network (CNN)": 122,570
        ("tensorflow_cifar", (3, 32, 32), 122_570, (10,)),
        # keras.io, "The Functional API": 223,242
        ("toy_resnet", (3, 32, 32), 223_242, (10,)),
        # keras.io, "The Functional API": the encoder has 18,672, the decoder 9,569
        ("encoder_decoder", (1, 28, 28), 28_241, (1, 28, 28)),
        # Keras 1, examples/mnist_cnn.py: 600,810
        ("keras_1", (1, 28, 28), 600_810, (10,)),
        # keras.io, DCGAN: the discriminator has 404,801
        ("gan", (3, 64, 64), 404_801, (1,)),
        # The Keras blog, "Building autoencoders": 4,385
        ("autoencoder", (1, 28, 28), 4_385, (1, 28, 28)),
        # tensorflow.org, "Image classification": 3,989,285
        ("flowers", (3, 180, 180), 3_989_285, (5,)),
        # Keras 2, examples/mnist_mlp.py: 669,706
        ("mlp", (784,), 669_706, (10,)),
        # 3*9*32+32, 32*9*32+32, 36*36*32 * 64 + 64, 65: two poolings halve 150 and 73
        ("question", (3, 150, 150), 2_664_481, (1,)),
        # 3*9*16+16, and 16*2+2
        ("prompts", (3, 64, 64), 448 + 34, (2,)),
        # 3*5*8+8, an LSTM of 4*16*(8+16+1), and 17
        ("ipython", (3, 100), 128 + 1600 + 17, (1,)),
        # 9*6+6, 6*9*16+16, 6*6*16 * 120 + 120, 120*84+84, 84*10+10
        ("lenet", (1, 32, 32), 60 + 880 + 69_240 + 10_164 + 850, (10,)),
        # 363*96+96, 96*121*256+256, 256*9*384+384, 384*9*384+384, 384*9*256+256, and of 256
        # maps of 1x1 256*4096+4096, 4096*17+17
        ("alexnet", (3, 224, 224), 7_228_817, (17,)),
        # 3*9*64+64, 64*9*64+64, the axes as Theano has them
        ("vgg_1", (3, 224, 224), 1792 + 36_928, (64, 112, 112)),
        # 3*9 + 3*32+32, 32*9 + 32*64+64, 2*64*9, 128*32+32, 33*10
        ("separable", (3, 64, 64), 155 + 2400 + 1152 + 4128 + 330, (10,)),
        # 3*9*8+8, and 8 maps of 9x14 into 4
        ("channels_first", (3, 20, 30), 224 + 4036, (4,)),
        # 20000*128, 128*5*64+64, two LSTMs of 4*70*(64+70+1), 141
        ("imdb", (80,), 2_560_000 + 41_024 + 75_600 + 141, (1,)),
        # 3*9*32+32, 2*32 of a norm, 24*24*32 * 2 + 2
        ("fragment", (3, 50, 50), 896 + 64 + 36_866, (2,)),
        # 3*9*8+8, 8*9*16+16, 144*8+8
        ("listed", (3, 16, 16), 224 + 1168 + 1160, (8,)),
        # 3*9*8+8, 15*15*8 * 20 + 20, 10*20+20, 21
        ("two_inputs", (3, 32, 32), 224 + 36_020 + 220 + 21, (1,)),
        # 9*64+64, 64*9*64+64 once for both inputs, 2 * 11*11*64 + 1
        ("shared", (1, 27, 27), 640 + 36_928 + 15_489, (1,)),
        # 3*16+16 twice, 16*9*16+16, 16*25*16+16, 3*16+16
        ("inception_1", (3, 64, 64), 64 * 2 + 2320 + 6416 + 64, (48, 64, 64)),
        # 2*25*4+4, and a slope for each of 4 maps
        ("quoted", (2, 12, 12), 204 + 4, (4, 11, 11)),
        ("typographic", (1, 10, 10), 40, (4,)),
        # 3*27*8+8, a GRU of 3*12*(2048+12+2), 12*5+5
        ("video", (3, 16, 32, 32), 656 + 74_232 + 65, (16, 5)),
        # 3*9*16+16, 16 of a norm without scale, 16*4+4
        ("main", (3, 24, 24), 448 + 16 + 68, (4, 20, 20)),
        # 1*9*8+8, 2*8; 8*9*16+16; 16*9*32+32; 32*4*16+16; 32*9*16+16; 16*4*8+8; 16*9*8+8; 9
        (
            "unet",
            (1, 64, 64),
            80 + 16 + 1168 + 4640 + 2064 + 4624 + 520 + 1160 + 9,
            (1, 64, 64),
        ),
    ],
)
def test_posted_texts(name, shape, params, output):
    network = read(posted(name))
    assert (shape, params, output) == (network.input_shape, *totals(network)[::2])


def test_multiply_accumulates_by_hand():
    # 26*26 * 9*32, 11*11 * 9*32*64, 5*5*64 * 10
    assert 194_688 + 2_230_272 + 16_000 == totals(read(posted("mnist_convnet")))[1]
    # tensorflow_cifar: 30*30*27*32, 13*13*9*32*64, 4*4*9*64*64, 1024*64, 640
    expected = 777_600 + 3_115_008 + 589_824 + 65_536 + 640
    assert expected == totals(read(posted("tensorflow_cifar")))[1]


def test_an_open_length_is_asked_for_and_given():
    with pytest.raises(UsageError, match=r"'net.txt': the model leaves sizes of its input open: "):
        read(posted("gru"))
    # a GRU of 3*8*(12+8+2), four matrices of 8*8+8, 2*8 of a norm, 8*3+3
    network = read(posted("gru"), (20, 12))
    assert (528 + 288 + 16 + 27, (3,)) == totals(network)[::2]


def labels(text):
    return [node.label for node in read(text).nodes]


def test_layers_have_the_names_that_keras_gives_them():
    assert ["conv2d", "second", "flatten", "dense"] == labels(posted("listed"))
    text = "m = Sequential([Input((9, 9, 2)), Conv2D(3, 2), LeakyReLU(), Conv2D(3, 2)])"
    assert ["conv2d", "leaky_re_lu", "conv2d_1"] == labels(text)


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("mnist_cnn", "image_data_format() is taken to be 'channels_last' (Keras's own)"),
        ("mnist_cnn", "passed over: lines 20, 23-26, 41-43"),
        ("gan", "of 2 models in the text 'discriminator' (line 2) is read, not 'generator' (line"),
        ("fragment", "'model' is not made in the text, so it is taken for an empty Sequential"),
        ("toy_resnet", "channels first: the model's 32x32x3 is 3x32x32 here"),
        ("fragment", "64 elements of statistics, which Keras counts among its parameters"),
    ],
)
def test_what_is_passed_over_and_assumed_is_noted(name, note):
    assert any(told.startswith(note) for told in read(posted(name)).notes)


def test_a_chain_of_calls_without_a_model_ends_with_what_nothing_reads():
    network = read(posted("toy_resnet").partition("model =")[0])
    assert 223_242 == totals(network)[0]
    assert "the text makes no Model: 'outputs' is taken for its output" in network.notes


@pytest.mark.parametrize(
    ("model", "params"), [("1", 404_801), ("discriminator", 404_801), ("generator", 3_979_651)]
)
def test_one_of_several_models_by_its_name_or_number(model, params):
    # The generator: 128*8192+8192, 16*(128*128+128*256+256*512) and their biases, 75*512+3
    assert params == totals(read(posted("gan"), model=model))[0]


def test_a_model_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match="called 'critic'; there are discriminator, generator"):
        read(posted("gan"), model="critic")


def test_a_part_of_another_model_is_read_by_its_name():
    assert 18_672 == totals(read(posted("encoder_decoder"), model="encoder"))[0]


def test_a_model_may_begin_in_the_middle_of_another():
    text = posted("toy_resnet") + "head = Model(block_3_output, outputs)\n"
    network = read(text, (64, 9, 9), model="head")
    # 64*9*64+64, 64*256+256, 256*10+10
    assert 36_928 + 16_640 + 2570 == totals(network)[0]


def test_another_input_is_asked_for():
    network = read(posted("tensorflow_cifar"), (3, 40, 40))
    # Two more positions in both directions in the last 64 maps: 36 of them, not 16
    assert 122_570 + 20 * 64 * 64 == totals(network)[0]
    with pytest.raises(UsageError, match=r"^'net.txt': the model takes an input 3x32x32, got 1x28"):
        read(posted("tensorflow_cifar"), (1, 28, 28))


UNTOLD = "m = Sequential()\nm.add(Conv2D(4, 3, input_shape=x_train.shape[1:]))\n"


@pytest.mark.parametrize(
    "text",
    [
        UNTOLD,
        "m = Sequential()\nm.add(Conv2D(4, 3))\n",
        "m = Sequential([Conv2D(4, 3, input_shape=(rows, cols, 3))])",
        "i = Input(shape)\nm = Model(i, Conv2D(4, 3)(i))",
    ],
)
def test_an_input_that_the_text_does_not_tell_may_be_given(text):
    with pytest.raises(SpecError, match="give it with -i, as -i 3x32x32"):
        read(text)
    # 3*9*4 + 4
    assert ((3, 9, 7), 112) == ((network := read(text, (3, 9, 7))).input_shape, totals(network)[0])


def test_build_tells_the_input():
    text = "m = Sequential([Conv2D(4, 3)])\nm.build(input_shape=(None, 9, 7, 2))\n"
    assert (2, 9, 7) == read(text).input_shape


def test_three_numbers_are_strides_today_and_a_kernel_in_keras_1():
    text = "m = Sequential()\nm.add({}(4, 3, 2, {}input_shape=(9, 9, 1)))\n"
    today, old = read(text.format("Conv2D", "")), read(text.format("Convolution2D", ""))
    assert ["conv:4,k3,s2", "conv:4,k3x2"] == [net.nodes[0].layer.spec() for net in (today, old)]
    assert "Conv2D(4, 3, 2) is read as Keras 2 and 3 do" in today.notes[0]
    also = read(text.format("Conv2D", "border_mode='valid', "))
    assert "conv:4,k3x2" == also.nodes[0].layer.spec()


def test_channels_are_first_in_keras_1_where_the_input_looks_so_and_doubted_today():
    text = "m = Sequential()\nm.add({}(4, 3, 3, input_shape=(3, 32, 32)))\n"
    old = read(text.format("Convolution2D"))
    # 3*9*4 + 4
    assert ((3, 32, 32), 112) == (old.input_shape, totals(old)[0])
    assert "input_shape=(3, 32, 32) is taken to have the channels first" in old.notes[0]
    today = read(text.format("Conv2D"))
    # 32*9*4 + 4
    assert ((32, 3, 32), 1156) == (today.input_shape, totals(today)[0])
    assert any("(3, 32, 32) is read with the channels last" in note for note in today.notes)


def test_every_class_that_files_may_have_can_be_made_by_source_text():
    from convcalc.importers.keras import activations, norms, sequences, windows
    from convcalc.importers.keras.source.signatures import class_of

    rules = {**activations.RULES, **norms.RULES, **sequences.RULES, **windows.RULES}
    # Classes of older files under other names, of other libraries, and inside models of Keras
    others = {"BatchNormalizationV1", "GroupedQueryAttention", "GroupQueryAttention"}
    others |= {"FixedDropout", "StochasticDepth", "LayerScale"}
    assert others == {name for name in rules if class_of(name) is None}


def test_nothing_is_run():
    text = (
        "import os\nos.abort()\nassert False\nn = __import__('os').abort() or 3\n"
        "m = Sequential([Input((4,)), Dense(exit(3) if 0 else 2)])\n"
    )
    # 4*2 + 2
    assert 10 == totals(read(text))[0]


@pytest.mark.parametrize(
    "text",
    [
        "net.add(nn.Conv2D(channels=6, kernel_size=5))",
        "Sequential(\n  (0): Conv2D(3, 8, kernel_size=[3, 3], data_format=NCHW)\n)",
        "from paddle.nn import Conv2D\nx = Conv2D(3, 8, 3)\n",
        "import torch\nclass Dense(torch.nn.Module): pass\nnet = torch.nn.Sequential(Dense(3))\n",
        "conv2d (Conv2D)  (None, 26, 26, 32)  320",
        "(c_attn): Conv1D(nf=2304, nx=768)",
        "import keras\nclass Net(nn.Module):\n    def f(self):\n        self.a = nn.LSTM(3, 4)\n",
        "conv:64,k3 relu",
    ],
)
def test_texts_of_others_are_none_of_keras(text):
    assert is_source(text) == ("import keras" in text)
    assert read(text) is None


def test_no_posted_text_of_pytorch_is_taken_for_keras():
    texts = [
        file.read_text("utf-8") for file in Path(__file__).parents[1].glob("language/posted/*")
    ]
    assert 60 < len(texts)
    assert [] == [text[:40] for text in texts if is_source(text) or is_json(text)]


def test_a_script_is_one_that_defines_nothing():
    text = posted("mnist_convnet")
    assert is_script(text)
    assert not is_script(text + "\nclass History:\n    pass\n")
    assert not is_script(text + "\nthis is no Python\n")


def test_a_model_in_time_distributed_is_a_part_of_the_model_around_it():
    text = (
        "cnn = Sequential([Conv2D(8, 3, input_shape=(32, 32, 3)), Flatten()])\n"
        "model = Sequential()\n"
        "model.add(TimeDistributed(cnn, input_shape=(5, 32, 32, 3)))\n"
        "model.add(LSTM(16))\n"
    )
    # 3*9*8+8, and an LSTM of 4*16*(7200+16+1)
    assert totals(read(text))[0] == 224 + 461_888


ON_CHAIN = "base = Sequential([Dense(10, input_dim=5), Dense(3)])\n"
ON_GRAPH = "i = Input((5,))\nh = Dense(10)(i)\nbase = Model(i, Dense(3)(h))\n"
GOES_ON = "model = Model(inputs=base.input, outputs=Dense(7)(base.output))\n"


@pytest.mark.parametrize(
    ("text", "params"),
    [
        (ON_CHAIN + GOES_ON, 60 + 33 + 28),
        (ON_GRAPH + GOES_ON, 60 + 33 + 28),
        (ON_GRAPH + GOES_ON.replace("model =", "base ="), 60 + 33 + 28),
        ("base = Sequential([Input((5,)), Dense(10)])\n" + GOES_ON, 60 + 77),
        (ON_CHAIN + "base.input\nbase.add(Dense(2))\n" + GOES_ON, 60 + 33 + 8 + 21),
        # what is only looked at stays the model
        (ON_CHAIN + "print(base.input, base.output)\n", 60 + 33),
        (ON_CHAIN + "parts = Model(base.input, [base.layers[0].output, base.output])\n", 60 + 33),
    ],
)
def test_a_model_that_goes_on_behind_another_is_read_whole(text, params):
    assert totals(read(text))[0] == params


def test_a_comment_on_keras_makes_no_text_of_pytorch_one_of_keras():
    text = (
        "import torch.nn as nn\n# ported from Keras: Dense(10)\n"
        "class Dense(nn.Module):\n    def __init__(self):\n        self.fc = nn.Linear(3, 4)\n"
        "net = nn.Sequential(nn.Linear(3, 4), Activation('relu'))\n"
    )
    assert not is_source(text)
    assert is_source(text.replace("# ported", "import keras\n# ported"))
