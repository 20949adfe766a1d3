"""Models by the names that timm and torchvision have for them."""

from __future__ import annotations

import pytest

from convcalc.errors import UsageError
from convcalc.importers.target import Target, target_of
from installed_libraries import library

library("torchvision")
library("timm")

from convcalc.importers.torch_model import network_of  # noqa: E402


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("timm:resnet50.a1_in1k", Target("timm", ("resnet50.a1_in1k",), called=True)),
        (
            "torchvision:resnet18(num_classes=10)",
            Target("torchvision", ("resnet18",), called=True, named={"num_classes": 10}),
        ),
    ],
)
def test_a_name_behind_the_library(word, meant):
    assert meant == target_of(word)


@pytest.mark.parametrize(
    ("word", "shape", "macs", "params"),
    [
        # The crop of its weights; the auxiliary head, which inference leaves out, has parameters.
        ("torchvision:inception_v3", (3, 299, 299), 5_713_216_096, 27_161_264),
        ("torchvision:resnet18(num_classes=10)", (3, 224, 224), 1_813_566_464, 11_181_642),
        ("torchvision:lraspp_mobilenet_v3_large", (3, 520, 520), 2_086_219_688, 3_221_538),
        ("torchvision:r3d_18", (3, 16, 112, 112), 40_696_553_472, 33_371_472),
        # Without its weights, whose crop is 518 x 518, it takes 224 x 224.
        ("torchvision:vit_h_14", (3, 224, 224), 0, 0),
        ("timm:resnet50.a1_in1k", (3, 224, 224), 4_089_184_256, 25_557_032),
        ("timm:efficientnet_b1.ra4_e3600_r240_in1k", (3, 240, 240), 686_802_832, 7_794_184),
        ("timm:resnet10t(in_chans=1, num_classes=0)", (1, 176, 176), 0, 0),
        ("timm:vit_tiny_patch16_224(img_size=384)", (3, 384, 384), 0, 0),
    ],
)
def test_the_input_is_the_model_s_own(word, shape, macs, params):
    network = network_of(target_of(word), None)
    assert shape == network.input_shape
    if macs:  # as torchvision and timm publish them, in part rounded: 5.71, 2.09, 40.7, 4.09
        totals = network.analyze(shape).totals
        assert (macs, params) == (totals.macs, totals.params)


def test_models_are_made_without_weights_and_that_is_said():
    (said, *_) = network_of(target_of("timm:test_resnet"), None).notes
    assert said.startswith("made by timm 1.")
    assert said.endswith("without weights")


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("timm:resnt50", "timm has no model called 'resnt50'; did you mean resnet50 or "),
        ("timm:resnet50.a1", "timm has no model called 'resnet50.a1'; did you mean resnet50."),
        ("torchvision:resnet81", "has no model called 'resnet81'; did you mean resnet18 or "),
        ("timm:hf-hub:timm/resnet18", "timm has no model called 'hf-hub:timm/resnet18'"),
        ("timm:resnet18(pretrained=True)", "pretrained: models are made without weights"),
        ("torchvision:resnet18(weights='DEFAULT')", "weights: models are made without weights"),
        ("timm:resnet18(3)", "'timm:resnet18': arguments have names, as num_classes=10"),
    ],
)
def test_what_a_library_does_not_have_is_one_line(word, words):
    with pytest.raises(UsageError) as caught:
        network_of(target_of(word), None)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_library_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr("convcalc.importers.torch_libraries.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="'timm:resnet18' needs timm, which is not installed; pip"):
        network_of(target_of("timm:resnet18"), None)


def test_a_file_beside_the_command_is_not_taken_for_the_library(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "timm.py").write_text("raise SystemExit(1)\n")
    monkeypatch.delitem(__import__("sys").modules, "timm", raising=False)
    assert (3, 160, 160) == network_of(target_of("timm:test_resnet"), None).input_shape
