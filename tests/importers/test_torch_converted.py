"""Models of PyTorch as documents and texts: read back, they are the same networks."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import convcalc  # noqa: E402
from convcalc.importers.target import target_of  # noqa: E402
from convcalc.importers.torch_model import network_of  # noqa: E402
from convcalc.language.document import read_document, write_document  # noqa: E402
from convcalc.language.spec_file import spec_file  # noqa: E402
from installed_libraries import library  # noqa: E402

MODULES = Path(__file__).with_name("odd_modules.py")

SHAPES = {"Causal": (3, 8), "Recurrent": (3, 8), "UNet3d": (3, 8, 8, 8)}
NAMES = (
    *("Shuffled", "SharedWeight", "ComputedWeight", "MixedWeight", "OutputSize", "DictOutput"),
    *("Slices", "EinsumAttention", "Causal", "UNet3d", "Recurrent", "Attention", "Fused", "Gated"),
)


def agree(network, shape):
    """Both forms give an equal network with equal figures."""
    read = read_document(write_document(network, shape), "net")
    assert (network, shape, network.notes) == (read, read.input_shape, read.notes)
    assert network == convcalc.parse(spec_file(read, None))
    assert network.analyze(shape).layers == read.analyze(shape).layers


@pytest.mark.parametrize("name", NAMES)
def test_a_model_in_an_odd_style_reads_back(name):
    shape = SHAPES.get(name, (3, 8, 8))
    agree(network_of(target_of(f"{MODULES}:{name}"), shape), shape)


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "vit_b_16", "swin_t"])
def test_a_network_of_torchvision_reads_back(name):
    library("torchvision.models")
    shape = (3, 224, 224)
    agree(network_of(target_of(f"torchvision.models:{name}"), shape), shape)
