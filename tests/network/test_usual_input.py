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
        (LENET.format(features=257), (1, 224, 224), "1 channel as in the text"),  # none fits
    ],
)
def test_the_text_decides(text, shape, reason):
    assert (shape, reason) == usual_input(parse(text))
