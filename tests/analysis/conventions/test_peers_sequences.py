"""The conventions on layers for sequences, against the tools themselves."""

from __future__ import annotations

import pytest
from test_peers import TOOLS, both

import convcalc
import installed_libraries

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")

CASES = [
    ("lstm:5", (7, 4)),
    ("lstm:5,layers3,bidirectional linear:3", (7, 4)),
    ("lstm:5,layers2,nobias,bidirectional,proj3", (7, 4)),
    ("lstm:5,layers2,proj3", (7, 4)),
    ("gru:5,layers2 gru:2,nobias,bidirectional", (7, 4)),
    ("multiheadattention:6,heads2", (7, 6)),
    ("linear:6 multiheadattention:6,heads3,nobias", (7, 5)),
    ("linear:4 bilinear:5{|}", (7, 6)),
    ("bilinear:5,nobias{|}", (6,)),
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
    assert counter.get_total_flops() == expected.total
    if "bilinear" not in spec:
        assert 2 * expected.macs == expected.total


def indices_of(model, tool):
    """A tool's total of a model that reads 7 indices."""
    x = torch.arange(7)[None]
    if tool == "ptflops":
        info = installed_libraries.ptflops().get_model_complexity_info

        more = {"as_strings": False, "print_per_layer_stat": False, "backend": "pytorch"}
        return info(model, (7,), input_constructor=lambda size: {"x": x}, **more)[0]
    if tool == "torchinfo":
        import torchinfo

        return torchinfo.summary(model, input_data=x, verbose=0, device="cpu").total_mult_adds
    if tool == "thop":
        import thop

        return thop.profile(model, (x,), verbose=False)[0]
    import fvcore.nn

    found = fvcore.nn.FlopCountAnalysis(model, x)
    return found.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total()


@pytest.mark.parametrize("tool", ["fvcore", "torchinfo", "ptflops", "thop"])
def test_embeddings(tool):
    pytest.importorskip("fvcore.nn" if tool == "fvcore" else tool)
    network = convcalc.parse("embedding:9,d5 lstm:3")
    ours = network.analyze((7,), convention=tool).totals.total
    assert indices_of(network.to_torch((7,)), tool) == ours


@pytest.mark.parametrize(
    ("spec", "size", "totals"),
    [
        # 3 steps * 20*(7 + 5) = 720; biases 120; 15 states
        ("lstm:5", (3, 7), {"torch": 1440, "fvcore": 0, "torchinfo": 840}),
        ("lstm:5", (3, 7), {"ptflops": 720 + 120 + 150, "thop": 720 + 120 + 120}),
        # 3 * (20*(7 + 2) + 10) = 570; thop takes 5 for 2
        ("lstm:5,proj2", (3, 7), {"ptflops": 570 - 30 + 120 + 150, "thop": 720 + 120 + 120}),
        # 3 * 48 + 72 + 48 = 264; biases 48; 12 elements and 18 scores
        ("multiheadattention:4,heads2", (3, 4), {"torch": 528, "fvcore": 192, "torchinfo": 0}),
        ("multiheadattention:4,heads2", (3, 4), {"ptflops": 264 + 48 + 12 + 18, "thop": 0}),
        ("multiheadattention:4,heads2,nobias", (3, 4), {"ptflops": 264 + 12 + 12 + 18}),
        # 3 * 5 * 4*4 = 240, and 2 * 12 of 5 * 16 + 5; 15 biases
        ("bilinear:5{|}", (3, 4), {"torch": 0, "fvcore": 0, "torchinfo": 85, "ptflops": 0}),
        ("embedding:9,d5", (7,), {"torch": 0, "fvcore": 0, "torchinfo": 45, "ptflops": 0}),
        ("gru:5", (3, 7), {"ptflops": 540 + 90 + 105, "thop": 540 + 90 + 105}),
        ("rnn:5", (3, 7), {"ptflops": 180 + 30 + 15, "thop": 180 + 30 + 15, "fvcore": 0}),
    ],
)
def test_by_hand(spec, size, totals):
    network = convcalc.parse(spec)
    found = {tool: network.analyze(size, convention=tool).totals.total for tool in totals}
    assert totals == found
