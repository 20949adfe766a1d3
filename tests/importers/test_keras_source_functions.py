"""Functions and loops in source text of Keras, followed as if their lines stood where they are
called: posted texts in `keras_texts/`, and short ones in which a layer, a list or a name is shared.

Parameters are those that are trained: a model's published total without the means and variances of
its batch norms, or derived beside it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from convcalc.importers.files.keras_text import is_script, read_keras
from convcalc.network.given_inputs import GivenInput

TEXTS = Path(__file__).with_name("keras_texts")


def read(text, shape=None, model=None):
    return read_keras(text, "'net.txt'", [GivenInput(shape)] if shape else [], model)


def posted(name):
    return (TEXTS / f"{name}.txt").read_text("utf-8")


def params(text, shape=None, model=None):
    network = read(text, shape, model)
    return network.analyze(network.input_shape).totals.params


def conv(before, after, kernel=9):
    return before * after * kernel + after


# Two convolutions at each of five depths, then four times a transposed one of 2x2, what comes
# beside it, and two convolutions; one of 1x1
UNET = (
    sum(conv(a, b) + conv(b, b) for a, b in [(3, 64), (64, 128), (128, 256), (256, 512)])
    + conv(512, 1024)
    + conv(1024, 1024)
    + sum(conv(2 * n, n, 4) + conv(2 * n, n) + conv(n, n) for n in (512, 256, 128, 64))
    + 65
)


@pytest.mark.parametrize(
    ("name", "shape", "expected", "output"),
    [
        # keras.io, "Image segmentation with a U-Net-like architecture": 2,058,979
        ("oxford_pets", (3, 160, 160), 2_058_979 - 3_776, (3, 160, 160)),
        # Keras 2, examples/cifar10_resnet.py: ResNet20v1 has 274,442
        ("cifar10_resnet", (3, 32, 32), 274_442 - 1_376, (10,)),
        # tensorflow.org, DCGAN: 2,330,944, of which 25,472 are not trained
        ("dcgan", (100,), 2_305_472, (1, 28, 28)),
        ("unet_blocks", (3, 256, 256), UNET, (1, 256, 256)),
        # 3*9*16+16, 16*9*16+16, 16*9*32+32, 32*9*32+32, 32*9*64+64, 64*16 * 10 + 10
        ("vgg_loop", (3, 32, 32), 448 + 2320 + 4640 + 9248 + 18_496 + 10_250, (10,)),
        # 3*9*16+32; twice 2*(16*9*16+32); then with a convolution of 1x1 and without: of 32 maps
        # 14,496 and 2*(32*9*32+64), of 64 57,664 and 2*(64*9*64+128); 650
        (
            "residual",
            (3, 32, 32),
            464 + 2 * 4672 + 14_496 + 18_560 + 57_664 + 73_984 + 650,
            (10,),
        ),
        # 1 > 8 > 8, 8 > 16 > 16, 16 > 32 > 32, 32 > 64, 96 > 32, 48 > 16, 24 > 8, 8*2+2
        (
            "skips",
            (1, 64, 48),
            80 + 584 + 1168 + 2320 + 4640 + 9248 + 18_496 + 27_680 + 6928 + 1736 + 18,
            (2, 64, 48),
        ),
        # The base once: 9*8+8, 26*26*8 * 16 + 16; the shared layer once: 16*4+4; 2*4+1
        ("siamese_function", (1, 28, 28), 80 + 86_544 + 68 + 9, (1,)),
        # 192 > 64, 192 > 96 > 128, 192 > 16 > 32, 192 > 32 and so on; 480*10+10
        ("inception_function", (192, 28, 28), 163_696 + 388_736 + 4810, (10,)),
        # 3*9*16; of 16, 32, 64 and 64 maps 9 and 2 each, then 1x1 and 2 each; 128*7+7
        ("mobile", (3, 64, 64), 432 + 752 + 2528 + 4928 + 9152 + 903, (7,)),
        # 3*9*8+8+16; three new ones of 8*8+8+16; 8*4*(1+9+25)+12+24; 12*2+2
        ("closures", (3, 20, 20), 240 + 3 * 88 + 1156 + 26, (2,)),
        # 4*24*(5+24+1), 4*12*(24+12+1), 13
        ("main_function", (30, 5), 2880 + 1776 + 13, (1,)),
        # 100*256+256, 256*512+512, 512*784+784; 784*512+512, 513
        ("gan_functions", (100,), 25_856 + 131_584 + 402_192 + 401_920 + 513, (1,)),
        # 5000*50, 50*32*(3+4+5)+3*32, 97
        ("text_cnn", (60,), 250_000 + 19_296 + 97, (1,)),
        # 3*9*24; of 24, 36, 48, 60 and 72 maps 2 + 48 each, 96, 48*9*12; 84*10+10
        ("densenet", (3, 32, 32), 648 + 50 * 240 + 5 * (96 + 5184) + 850, (10,)),
    ],
)
def test_posted_texts_with_functions(name, shape, expected, output):
    network = read(posted(name), shape)
    report = network.analyze(network.input_shape)
    assert (shape, expected, output) == (
        network.input_shape,
        report.totals.params,
        report.output_shape,
    )


def test_models_that_functions_make_have_the_names_of_the_top():
    # 25*64+64, 64*25*128+128, 7*7*128 + 1
    assert 212_865 == params(posted("dcgan"), model="discriminator")
    # 784*512+512, 513
    assert 402_433 == params(posted("gan_functions"), model="discriminator")


def test_multiply_accumulates_of_a_resnet():
    # 27*16, 6 of 144*16, at 32*32; 144*32, 5 of 288*32, 16*32 at 16*16; 288*64, 5 of 576*64,
    # 32*64 at 8*8; 640
    expected = 32 * 32 * (432 + 6 * 2304) + 16 * 16 * (4608 + 5 * 9216 + 512)
    expected += 8 * 8 * (18_432 + 5 * 36_864 + 2048) + 640
    network = read(posted("cifar10_resnet"), (3, 32, 32))
    assert expected == network.analyze((3, 32, 32)).totals.macs


def test_a_function_that_no_line_calls_is_the_model_and_a_note_says_so():
    network = read(posted("residual"))
    told = "the text does not call create_res_net(), which is taken to make the model"
    assert told in network.notes
    assert 175_162 == params(posted("residual"), model="create_res_net")


START = "from keras.layers import *\nfrom keras.models import Model, Sequential\n"
CHAIN = START + "m = Sequential([Input((4,))])\n"


def labels(text):
    return [node.label for node in read(text).nodes]


def test_names_go_on_counting_over_all_calls():
    text = START + (
        "def block(x, n, k=3):\n    y = Dense(n)(x)\n    return y, Dense(k)(y)\n"
        "i = Input((4,))\na, b = block(i, 5)\nc, d = block(b, k=7, n=6)\nm = Model(i, d)\n"
    )
    assert ["dense", "dense_1", "dense_2", "dense_3"] == labels(text)
    # 4*5+5, 5*3+3, 3*6+6, 6*7+7
    assert 25 + 18 + 24 + 49 == params(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A layer that is made once is shared by two calls: 4*4+4
        ("def f(x, d):\n    return d(x)\nd = Dense(4)\nx = f(f(i, d), d)\n", 20),
        ("d = Dense(4)\ndef f(x):\n    return d(x)\nx = f(f(i))\n", 20),
        ("def f(x, d=Dense(4)):\n    return d(x)\nx = f(f(i))\n", 20),
        ("def f(x):\n    return Dense(4)(x)\nx = f(f(i))\n", 40),
        ("f = lambda x, n=4: Dense(n)(x)\nx = f(f(i), n=3)\n", 20 + 15),
        # Names of a function are its own, and those around it are seen as they are when it is run
        ("n = 4\ndef f(x):\n    n = 2\n    return Dense(n)(x)\nf(i)\nx = Dense(n)(i)\n", 20),
        ("n = 4\ndef f(x):\n    return Dense(n)(x)\nn = 2\nx = f(i)\n", 10),
        # Lists that a function changes are those of whoever calls it
        ("s = [4]\ndef f(t):\n    t += [2]\nf(s)\nx = Dense(s[-1])(i)\n", 10),
        ("s = [4]\ndef f(t):\n    t = t + [2]\nf(s)\nx = Dense(s[-1])(i)\n", 20),
        ("s = [4]\ndef f(t):\n    t.extend((3, 2))\nf(s)\nx = Dense(len(s))(i)\n", 15),
        ("s = []\ndef f():\n    s.append(7)\nf()\nf()\nx = Dense(len(s))(i)\n", 10),
        ("def f(n, t=[]):\n    t.append(n)\n    return len(t)\nf(1)\nx = Dense(f(1))(i)\n", 10),
        ("s = [2, 3]\ndef f(t):\n    return t.pop()\nx = Dense(f(s) + len(s))(i)\n", 20),
        ("s = [5, 3]\nx = Dense(s.pop(0) + s[0])(i)\n", 40),
        # Conditions and loops
        ("x = i\nfor n in range(6, 0, -2):\n    x = Dense(n)(x)\n", 30 + 28 + 10),
        ("x = i\nfor n, k in zip([1, 2], (3, 4)):\n    x = Dense(n * k)(x)\n", 15 + 32),
        ("def f(x, n):\n    return x if not n else f(Dense(n)(x), n - 1)\nx = f(i, 2)\n", 10 + 3),
        ("def f(a, b=None):\n    if b is None and a >= 2: return a\nx = Dense(f(3))(i)\n", 15),
        ("x = i\nfor k in [n for n in range(5) if n % 2]:\n    x = Dense(k)(x)\n", 5 + 6),
        ("for n in (1, 2):\n    if n not in (2, 3):\n        k = n\nx = Dense(k)(i)\n", 5),
        ("def f():\n    g = lambda n: n + k\n    k = 2\n    return g(1)\nx = Dense(f())(i)\n", 15),
    ],
)
def test_what_functions_share_and_what_is_their_own(text, expected):
    assert expected == params(f"{START}i = Input((4,))\n{text}m = Model(i, x)\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(n):\n    m.add(Dense(n))\nf(3)\nf(2)\n", 15 + 8),
        ("def f(m, n):\n    m.add(Dense(n))\n    return m\nm = f(f(m, 3), 2)\n", 15 + 8),
        ("[m.add(Dense(n)) for n in (3, 2)]\n", 15 + 8),
        ("f = lambda n: m.add(Dense(n))\nf(3)\n", 15),
        ("for n in (3, 2):\n    m.add(Dense(n))\n", 15 + 8),
        ("def never():\n    m.add(Dense(9))\nm.add(Dense(3))\n", 15),
        ("def f(m):\n    for n in 3, 2:\n        m.add(Dense(n))\nf(m=m)\n", 15 + 8),
        ("layers = [m]\nlayers[0].add(Dense(3))\n", 15),
        (
            "def step(x):\n    return m(x)\nm.add(Dense(3))\nfor e in range(10**6):\n    step(e)\n",
            15,
        ),
        (
            "m.add(Dense(3))\nclass GAN(keras.Model):\n    def __init__(self, net):\n"
            "        self.net = net\n    def train_step(self, x):\n        return self.net(x)\n"
            "gan = GAN(net=m)\ngan.compile(m)\n",
            15,
        ),
        ("@tf.function\ndef step(x):\n    return m(x)\nm.add(Dense(3))\nstep(x)\n", 15),
        ("m.add(Dense(3))\ndef show(m, *args):\n    print(m, args)\nshow(m)\n", 15),
    ],
)
def test_models_that_functions_change(text, expected):
    assert expected == params(CHAIN + text)


def test_a_loop_that_keeps_none_of_its_layers_makes_no_model():
    assert read("for n in 3, 4:\n    keras.layers.Dense(n)\n") is None


def test_an_input_that_a_function_is_given_may_be_asked_for():
    text = f"{START}def f(s):\n    return Sequential([Input(s), Dense(3)])\nm = f(data.shape[1:])\n"
    assert 15 == params(text, (4,))


def test_a_script_with_functions_is_one_whose_text_makes_a_model():
    assert is_script(posted("unet_blocks"))
    assert is_script(posted("residual"))
    plot = "\ndef plot(history):\n    pass\n"
    assert is_script(posted("mnist_convnet") + plot)
    assert not is_script(f"import torch\n{posted('mnist_convnet')}{plot}")
    assert not is_script(f"{posted('mnist_convnet')}{plot}class Net:\n    pass\n")
    assert not is_script("import keras\n" + plot)
