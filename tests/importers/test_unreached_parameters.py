"""Parameters that forward never reads: they count, and keep nothing alive."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.language.document import read_document, write_document
from convcalc.language.spec_file import spec_file

SHAPE = (3, 8, 8)
PARAMS = 3 * 8 * 9 + 8 + 8 * 3 + 3
MACS = 3 * 8 * 9 * 64
PEAK = 2 * 8 * 64 * 4
"""While relu is computed, its input and its result; the network's input would be 768 bytes more."""

MODEL = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.relu = nn.ReLU()
        self.aux = nn.Linear(8, 3)

    def forward(self, x):
        return self.relu(self.conv(x))
"""


@pytest.fixture(params=["torch", "spec"])
def network(request, tmp_path):
    if request.param == "spec":
        return convcalc.parse("conv:8,k3,p1 out=relu unreached:27 @out")
    pytest.importorskip("torch")
    from convcalc.importers.target import target_of
    from convcalc.importers.torch_model import network_of

    (tmp_path / "net.py").write_text(MODEL)
    return network_of(target_of(f"{tmp_path}/net.py:Net"), SHAPE)


def facts(network):
    totals = network.analyze(SHAPE).totals
    return totals.params, totals.macs, network.memory(SHAPE).peak_bytes


def test_they_count_and_keep_nothing_alive(network):
    assert (PARAMS, MACS, PEAK) == facts(network)


def test_a_document_and_a_spec_say_the_same(network):
    written = read_document(write_document(network, SHAPE), "net")
    said = convcalc.parse(spec_file(network, None))
    assert network == written == said
    assert facts(network) == facts(written) == facts(said)
