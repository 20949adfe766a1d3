"""What other tools count of models that are run: their own totals, to the integer."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from installed_libraries import library

models = library("torchvision.models")
for needed in ("fvcore", "torchinfo", "ptflops", "thop"):
    if find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed", allow_module_level=True)

from counting_tools import TOTALS, total_of  # noqa: E402

from convcalc.analysis.conventions.reconcile import reconcile  # noqa: E402
from convcalc.importers.loading import found  # noqa: E402
from convcalc.importers.target import target_of  # noqa: E402
from convcalc.importers.torch_model import network_of  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

MODULES = Path(__file__).with_name("odd_modules.py")

# By the tools themselves, on the CPU: torch 2.13.0 (on the device "meta"), fvcore
# 0.1.5.post20221221, torchinfo 1.8.0, ptflops 0.7.5, thop 0.1.1.post2209072238.
PUBLISHED = {
    "convnext_tiny": (8_911_062_528, 4_470_437_376, 322_371_592, 4_488_347_368, 4_464_149_760),
    "regnet_x_8gf": (15_990_264_832, 8_023_343_872, 7_995_223_880, 8_050_207_848, 8_051_463_168),
}


def ours(network, shape, tool, batch=1):
    """Our total in a tool's way; None where it gives none."""
    report = network.analyze(shape, batch, tool)
    return None if report.unknown else report.totals.total


@pytest.mark.parametrize("name", PUBLISHED)
def test_networks_of_torchvision_in_every_convention(name):
    network = network_of(target_of(f"torchvision:{name}"), None)
    assert PUBLISHED[name] == tuple(ours(network, (3, 224, 224), tool) for tool in TOTALS)
    tools = reconcile(network, (3, 224, 224)).tools
    assert PUBLISHED[name] == tuple(tool.total for tool in tools)
    assert all(sum(part.amount for part in one.differences) == one.difference for one in tools)


ODD = {
    **dict.fromkeys(
        ("Shuffled", "SharedWeight", "ComputedWeight", "MixedWeight", "OutputSize", "DictOutput"),
        (3, 8, 8),
    ),
    **dict.fromkeys(
        ("Slices", "EinsumAttention", "Attention", "Fused", "Gated", "Counted"), (3, 8, 8)
    ),
    **dict.fromkeys(("Causal", "Recurrent"), (3, 8)),
    "UNet3d": (3, 8, 8, 8),
    "TwoParents": (3, 8, 8),
}


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", ODD)
def test_modules_in_odd_styles_in_every_convention(name, batch):
    target, shape = target_of(f"{MODULES}:{name}"), ODD[name]
    network = network_of(target, shape, batch)
    make = found(target)
    theirs = {tool: total_of(tool, make, shape, batch) for tool in TOTALS}
    assert theirs == {tool: ours(network, shape, tool, batch) for tool in TOTALS}


def test_the_products_that_torchinfo_leaves_out_of_vit_b_16():
    network = network_of(target_of("torchvision:vit_b_16"), None)
    theirs = ours(network, network.input_shape, "torchinfo")
    assert theirs == 173_232_616
    assert network.analyze(network.input_shape).totals.macs == 17_563_828_224


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOTALS)
@pytest.mark.parametrize(
    "name",
    [
        *("vit_b_16", "swin_t", "swin_v2_t", "maxvit_t", "googlenet", "mobilenet_v3_large"),
        *("densenet121", "efficientnet_b0", "shufflenet_v2_x1_0", "inception_v3", "mnasnet1_0"),
    ],
)
def test_more_networks_of_torchvision(name, tool):
    network = network_of(target_of(f"torchvision:{name}"), None)
    shape = network.input_shape
    assert total_of(tool, lambda: models.get_model(name), shape) == ours(network, shape, tool)
