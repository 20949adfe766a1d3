"""Source text of Keras as people post it, read without running it: `keras_texts/`, and bad texts.

Totals are those that Keras publishes for its examples, or derived beside them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from convcalc.cli.parsing.keras_text import is_json, is_script, is_source, read_keras
from convcalc.errors import DataError, SpecError, UsageError

TEXTS = Path(__file__).with_name("keras_texts")


def read(text, shape=None, further=(), model=None):
    return read_keras(text, "'net.txt'", shape, further, model)


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
        # 363*96+96, 96*121*256+256, 256*9*384+384, 384*9*384+384, 384*9*256+256,
        # 3*3*256 * 4096 + 4096 would be too many: 256 maps of 1x1 are left in 256*4096+4096
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
        ("video", (3, 16, 32, 32), 656 + 74_232 - 36 + 65, (16, 5)),
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
