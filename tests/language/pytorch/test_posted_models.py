"""Whole models as they are posted: audio, text, images made and taken apart, volumes, old forms.

The parameters and the shape that leaves are what torch gives for the model of each text.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from convcalc.language.parse import parse

POSTED = Path(__file__).parents[1] / "posted"


@pytest.mark.parametrize(
    ("name", "shape", "params", "out"),
    [
        ("audio", (1, 8000), 6979, (35,)),
        ("generator", (100,), 944896, (3, 16, 16)),
        ("noise", (100, 1, 1), 828416, (1, 8, 8)),
        ("discriminator", (3, 64, 64), 136448, (1, 8, 8)),
        ("named_sizes", (100, 1, 1), 844800, (3, 8, 8)),
        ("named_widths", (784,), 50890, (10,)),
        ("grown_list", (3, 224, 224), 448, (16, 112, 112)),
        ("text_classifier", (20,), 322562, (2,)),
        ("language_model", (12,), 292328, (12, 1000)),
        ("autoencoder", (1, 28, 28), 9569, (1, 28, 28)),
        ("unpooling", (3, 32, 32), 224, (8, 32, 32)),
        ("volume", (1, 32, 32, 32), 3739, (2, 32, 32, 32)),
        ("dynamic", (128,), 8256, (64,)),
        ("ordered", (1, 224, 224), 32584, (64, 216, 216)),
        ("old_parallel", (3, 224, 224), 1856, (64, 64, 64)),
        ("compiled", (3, 224, 224), 448, (16, 112, 112)),
        ("lazy", (3, 32, 32), 288906, (10,)),
        ("spectral", (3, 64, 64), 3136, (64, 32, 32)),
        ("perceptron", (432,), 28035, (3,)),
        ("details", (3, 224, 224), 448, (16, 112, 112)),
        ("with_its_error", (3, 224, 224), 448, (16, 112, 112)),
        ("versions", (3, 224, 224), 448, (16, 112, 112)),
    ],
)
def test_a_model_has_the_parameters_and_the_result_of_torchs(name, shape, params, out):
    text = (POSTED / f"{name}.txt").read_text("utf-8")
    analysis = parse(text, in_order=True).analyze(shape)
    assert (params, out) == (analysis.totals.params, analysis.layers[-1].output_shape)
