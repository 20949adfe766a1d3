"""torchvision's weights in a reference network give torchvision's logits."""

from __future__ import annotations

import numpy as np
import pytest

from installed_libraries import library

torch = pytest.importorskip("torch")
models = library("torchvision.models")

from convcalc.network.torchvision_names import without_torchvision_names  # noqa: E402
from convcalc.zoo.catalog import load_network  # noqa: E402


def test_the_logits_of_resnet18_are_those_of_torchvision():
    torch.manual_seed(0)
    model = models.resnet18().eval()
    for norm in model.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.running_mean.uniform_(-0.1, 0.1)
            norm.running_var.uniform_(0.5, 1.5)
    x = torch.randn(1, 3, 64, 64)
    network = load_network("resnet18")
    weights, _ = without_torchvision_names(model.state_dict(), network)
    ours = network.to_torch((3, 64, 64), weights=weights)
    with torch.no_grad():
        expected, found = model(x).numpy(), ours(x).numpy()
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
