"""The input that is assumed: the channels, features and axes of a text, then a usual size."""

from __future__ import annotations

import pytest

from convcalc.language.parse import parse
from convcalc.network.usual_input import usual_input

LENET = (
    "nn.Sequential(nn.Conv2d(1, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), "
    "nn.Flatten(), nn.Linear({features}, 120))"
)


@pytest.mark.parametrize(
    ("text", "shape", "reason"),
    [
        ("conv:8,k3", (3, 224, 224), ""),
        ("nn.ReLU()", (3, 224, 224), ""),
        ("nn.Conv2d(3, 8, 3)", (3, 224, 224), ""),
        ("nn.Conv2d(1, 8, 3)", (1, 224, 224), "1 channel as in the text"),
        (
            "nn.Sequential(nn.ReLU(), nn.Conv2d(5, 8, 3))",
            (5, 224, 224),
            "5 channels as in the text",
        ),
        ("nn.Conv1d(4, 8, 3)", (4, 1024), "4 channels as in the text"),
        ("nn.Conv3d(1, 8, 3)", (1, 16, 112, 112), "1 channel as in the text"),
        ("nn.MaxPool3d(2)", (3, 16, 112, 112), "3 spatial axes as in the text"),
        ("nn.GroupNorm(2, 4)", (4, 224, 224), "4 channels as in the text"),
        ("nn.BatchNorm1d(4)", (4,), "4 features as in the text"),
        ("nn.Linear(784, 10)", (784,), "784 features as in the text"),
        (
            "nn.Sequential(nn.Flatten(), nn.Linear(12*6*6, 50))",
            (432,),
            "432 features as in the text",
        ),
        (
            "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))",
            (512, 224, 224),
            "512 channels as in the text",
        ),
        (
            LENET.format(features=400),  # ((32 - 4)/2 - 4)/2 = 5, and 16*5*5
            (1, 32, 32),
            "1 channel as in the text, the first usual size that fits",
        ),
        (
            LENET.format(features=256),  # ((28 - 4)/2 - 4)/2 = 4, and 16*4*4
            (1, 28, 28),
            "1 channel as in the text, the first usual size that fits",
        ),
        ("nn.LSTM(80, 64)", (128, 80), "128 steps of 80 features as in the text"),
        ("nn.GRU(40, 64)", (128, 40), "128 steps of 40 features as in the text"),
        ("nn.RNN(7, 5)", (128, 7), "128 steps of 7 features as in the text"),
        ("nn.MultiheadAttention(64, 8)", (128, 64), "128 steps of 64 features as in the text"),
        (
            "nn.Sequential(nn.Linear(10, 20), nn.GRU(20, 5))",
            (128, 10),
            "128 steps of 10 features as in the text",
        ),
        ("nn.Embedding(5000, 64)", (128,), "128 indices"),
        ("embedding:5000,d64", (128,), "128 indices"),
        (
            "nn.Sequential(nn.Embedding(5000, 64), nn.Flatten(), nn.Linear(64 * 20, 2))",
            (20,),
            "20 indices",
        ),
        ("nn.Sequential(nn.Embedding(9, 64), nn.LSTM(64, 8))", (128,), "128 indices"),
        (
            "nn.Sequential(nn.ConvTranspose2d(100, 64, 4), nn.ConvTranspose2d(64, 3, 4, 2, 1))",
            (100, 1, 1),
            "100 channels as in the text, one position, as a generator starts from",
        ),
        ("nn.ConvTranspose2d(8, 4, 4, 2, 1)", (8, 224, 224), "8 channels as in the text"),
        (LENET.format(features=257), (1, 224, 224), "1 channel as in the text"),  # none fits
    ],
)
def test_the_text_decides(text, shape, reason):
    assert (shape, reason) == usual_input(parse(text))
