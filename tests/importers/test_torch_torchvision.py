"""Networks of torchvision: torch's own count of their products."""

from __future__ import annotations

import pytest

from installed_libraries import library

models = library("torchvision.models")

import torch  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from convcalc.importers.target import target_of  # noqa: E402
from convcalc.importers.torch_model import network_of  # noqa: E402

NAMES = (
    *("alexnet", "resnet18", "googlenet", "densenet121", "mobilenet_v3_small", "regnet_y_400mf"),
    *("shufflenet_v2_x0_5", "convnext_tiny", "vit_b_16", "swin_t"),
)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of googlenet's own initialisation
@pytest.mark.parametrize("name", NAMES)
def test_products_and_parameters_are_those_of_torch(name):
    shape = (3, 224, 224)
    network = network_of(target_of(f"torchvision:{name}"), shape)
    totals = network.analyze(shape).totals
    model = models.get_model(name).eval().to("meta").requires_grad_(False)
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *shape, device="meta"))
    assert (counter.get_total_flops() / 2, sum(p.numel() for p in model.parameters())) == (
        totals.macs,
        totals.params,
    )
