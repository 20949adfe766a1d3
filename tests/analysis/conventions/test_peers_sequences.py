"""The conventions on layers for sequences, against the tools themselves."""

from __future__ import annotations

import pytest
from test_peers import TOOLS, both

import convcalc

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")

CASES = [
    ("lstm:5", (7, 4)),
    ("lstm:5,layers3,bidirectional linear:3", (7, 4)),
    ("lstm:5,layers2,nobias,bidirectional,proj3", (7, 4)),
    ("lstm:5,layers2,proj3", (7, 4)),
    ("gru:5,layers2 gru:2,nobias,bidirectional", (7, 4)),
    ("rnn:5,layers2,relu rnn:3,nobias,bidirectional", (7, 4)),
]


@pytest.mark.parametrize("tool", sorted(set(TOOLS) - {"torch"}))
@pytest.mark.parametrize(("spec", "size"), CASES)
def test_sequences(spec, size, tool):
    theirs, ours = both(convcalc.parse(spec), size, tool)
    assert theirs == ours


@pytest.mark.parametrize(("spec", "size"), CASES)
def test_torchs_counter_on_the_device_meta(spec, size):
    from torch.utils.flop_counter import FlopCounterMode

    network = convcalc.parse(spec)
    model = network.to_torch(size).to("meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, *size, device="meta"))
    expected = network.analyze(size, convention="torch").totals
    assert counter.get_total_flops() == expected.total == 2 * expected.macs


@pytest.mark.parametrize(
    ("spec", "size", "totals"),
    [
        # 3 steps * 20*(7 + 5) = 720; biases 120; 15 states
        ("lstm:5", (3, 7), {"torch": 1440, "fvcore": 0, "torchinfo": 840}),
        ("lstm:5", (3, 7), {"ptflops": 720 + 120 + 150, "thop": 720 + 120 + 120}),
        # 3 * (20*(7 + 2) + 10) = 570; thop takes 5 for 2
        ("lstm:5,proj2", (3, 7), {"ptflops": 570 - 30 + 120 + 150, "thop": 720 + 120 + 120}),
        ("gru:5", (3, 7), {"ptflops": 540 + 90 + 105, "thop": 540 + 90 + 105}),
        ("rnn:5", (3, 7), {"ptflops": 180 + 30 + 15, "thop": 180 + 30 + 15, "fvcore": 0}),
    ],
)
def test_by_hand(spec, size, totals):
    network = convcalc.parse(spec)
    found = {tool: network.analyze(size, convention=tool).totals.total for tool in totals}
    assert totals == found
