"""Networks of torchvision and timm: torch's own count of their products, on the device "meta"."""

from __future__ import annotations

from pathlib import Path

import pytest

from installed_libraries import library

models = library("torchvision.models")
timm = library("timm")

import torch  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from convcalc.importers.target import target_of  # noqa: E402
from convcalc.importers.torch_model import network_of  # noqa: E402

# What libraries say of their own models is not ours.
pytestmark = pytest.mark.filterwarnings("ignore")

LISTED = Path(__file__).with_name("timm_networks.txt").read_text().split()
"""Four of each module of timm 1.0.31, or all it has, evenly over its names."""

SMALL = (
    *("test_byobnet", "test_coatnet", "test_convnext", "test_convnext2", "test_convnext3"),
    *("test_efficientnet", "test_efficientnet_evos", "test_efficientnet_gn"),
    *("test_efficientnet_ln", "test_mambaout", "test_maxvit", "test_nfnet", "test_resnet"),
    *("test_vit", "test_vit2", "test_vit3", "test_vit4", "test_vit_relpos", "levit_128s"),
    "regnety_002",
)

KINDS = (models, models.segmentation, models.video)
TORCHVISION = [name for kind in KINDS for name in models.list_models(module=kind)]


def counted(make, shape):
    """torch's count of a model: products, and parameters."""
    try:
        with torch.device("meta"):
            model = make()
    except Exception:  # its constructor needs values
        model = make()
    model = model.to("meta").eval().requires_grad_(False)
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *shape, device="meta"))
    return counter.get_total_flops() / 2, sum(one.numel() for one in model.parameters())


def check(word, make):
    network = network_of(target_of(word), None)
    assert (None, ()) == (network.trace.stop, network.trace.gaps)
    totals = network.analyze(network.input_shape).totals
    assert counted(make, network.input_shape) == (totals.macs, totals.params)


@pytest.mark.parametrize("name", SMALL)
def test_networks_of_timm(name):
    check(f"timm:{name}", lambda: timm.create_model(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTED)
def test_networks_of_every_family_of_timm(name):
    check(f"timm:{name}", lambda: timm.create_model(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", TORCHVISION)
def test_all_networks_of_torchvision_for_pictures_and_videos(name):
    without = {"weights_backbone": None} if name in models.list_models(models.segmentation) else {}
    check(f"torchvision:{name}", lambda: models.get_model(name, weights=None, **without))


@pytest.mark.slow
def test_the_list_has_every_family():
    families = {timm.models._registry._model_to_module[name] for name in LISTED}
    assert set(timm.list_modules()) == families
    assert len(LISTED) >= 300


def test_a_detector_stops_where_boxes_are_needed_after_all_its_convolutions():
    network = network_of(target_of("torchvision:retinanet_resnet50_fpn"), (3, 224, 224))
    stop = network.trace.stop
    assert stop.place.startswith("retinanet.py:")
    assert "scores_per_level[keep_idxs]" in stop.code
    assert not network.trace.failed
    totals = network.analyze((3, 224, 224)).totals
    # The picture is resized to 800 x 800 inside. 53,120 are those of batch norms, which are buffers
    # in the 34,014,999 that torchvision publishes: with weights they are frozen.
    assert (151_540_437_248, 34_014_999 + 53_120) == (totals.macs, totals.params)
