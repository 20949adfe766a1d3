"""Models in odd styles: their products and parameters, held against torch's own count."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from convcalc.errors import DataError  # noqa: E402
from convcalc.importers.loading import found  # noqa: E402
from convcalc.importers.target import target_of  # noqa: E402
from convcalc.importers.torch_model import ON_ZEROS, network_of  # noqa: E402

MODULES = Path(__file__).with_name("odd_modules.py")

PICTURE = (3, 8, 8)

EXPECTED = {
    # stem 8*3*9 * 64 positions, branch 4*9 * 64.
    "Shuffled": (PICTURE, 13_824 + 2_304, 224 + 36),
    # 3*3*9 * 64 twice, the weight and bias once.
    "SharedWeight": (PICTURE, 2 * 5_184, 84),
    # 4*3*9 * 3*3 positions; weight and gain.
    "ComputedWeight": (PICTURE, 972, 108 + 4),
    # 16*2*192 before any input is there, 192*16 with it.
    "MixedWeight": (PICTURE, 6_144 + 3_072, 32 + 384),
    # 6*3*9 * 16 each way.
    "OutputSize": (PICTURE, 2 * 2_592, 168 + 165),
    "DictOutput": (PICTURE, 768 + 512, 16 + 10),
    # 2*3*9 * 64 and 2*4*9 * 64.
    "Slices": (PICTURE, 3_456 + 4_608, 56 + 74),
    # qkv 24*3 * 64; two heads, 64 x 64 scores of 4 products, twice; out 8*5 * 64.
    "EinsumAttention": (PICTURE, 4_608 + 2 * 32_768 + 2_560, 72 + 45),
    "Causal": ((3, 8), 576, 80),
    # 4*3*27 * 512, 8*4*27 * 64, 8*4*8 * 64, 2*8*27 * 512.
    "UNet3d": ((3, 8, 8, 8), 165_888 + 55_296 + 16_384 + 221_184, 328 + 872 + 260 + 434),
    # 8 steps: 20*(6 + 5) and 20*(10 + 5), in both directions; then 10*4.
    "Recurrent": ((3, 8), 432 + 8 * 2 * (220 + 300) + 40, 60 + 1_200 + 44),
    # 5 tokens of 8: 4*64 each, scores 2 * 25*8; the feed-forward part on all of them.
    "Attention": (PICTURE, 1_536 + 5 * 256 + 400 + 2 * 640, 984),
    # 4 windows of 16: qkv 3*12, two heads with 2 * 16*16*2, proj 4*3.
    "Fused": (PICTURE, 64 * 36 + 4 * 2 * 2 * 512 + 64 * 12, 48 + 12),
    # The 27 parameters of aux, too, which nothing reaches.
    "Gated": (PICTURE, 13_824 + 16 + 16, 224 + 18 + 24 + 8 + 27),
    # 5 steps: 5*4, then 24 * (5 + 6) and 18 * (6 + 6); two biases for each gate.
    "Cells": ((5, 4), 5 * (20 + 264 + 216), 25 + 264 + 48 + 216 + 36),
    # 27*3, then 3*9 and 3*3 on 64 positions.
    "WeightOfInput": (PICTURE, 81 + 1_728 + 576, 108 + 12),
    # 4 tokens of 8: 3*16 * 8 each, 64 each, scores 2 * 16*8; what is empty adds nothing.
    "NothingInFront": (PICTURE, 1_536 + 256 + 256, 392 + 72),
    "Lazy": (PICTURE, 3_888 + 288, 112 + 290),
    "Counted": (PICTURE, 3_888, 116),
}


def network(name, shape=PICTURE):
    return network_of(target_of(f"{MODULES}:{name}"), shape)


@pytest.mark.parametrize("name", EXPECTED)
def test_products_and_parameters_are_those_of_torch(name):
    shape, macs, params = EXPECTED[name]
    totals = network(name, shape).analyze(shape).totals
    assert (macs, params) == (totals.macs, totals.params)
    model = found(target_of(f"{MODULES}:{name}"))().eval().to("meta" if name != "Lazy" else "cpu")
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *shape, device="meta" if name != "Lazy" else "cpu"))
    assert macs == counter.get_total_flops() / 2
    assert params == sum(one.numel() for one in model.parameters())


def test_layers_have_the_paths_of_their_modules_and_read_each_other():
    rows = network("Gated").analyze(PICTURE).layers
    # label, layer, what it reads
    assert [
        ("conv", "conv:8,k3,p1", (-1,)),
        ("silu", "silu", (0,)),
        ("mean", "gap", (1,)),
        ("down", "conv:2,k1", (2,)),
        ("relu", "relu", (3,)),
        ("up", "conv:8,k1", (4,)),
        ("sigmoid", "sigmoid", (5,)),
        ("mul", "scale", (1, 6)),
        ("gamma", "parameter:8x1x1", (-1,)),
        ("mul-2", "scale", (7, 8)),
        ("unreached", "unreached:27", (-1,)),
    ] == [(row.label, row.spec, row.inputs) for row in rows]


def test_the_output_is_what_forward_gives_and_not_the_last_call():
    found = network("DictOutput")
    assert "head" == found.nodes[found.output].label
    assert "it gives 2 tensors; the first is taken for its output" in found.notes


def test_what_is_empty_is_not_joined_to_anything():
    rows = {row.label: row for row in network("NothingInFront").analyze(PICTURE).layers}
    # The queries behind nothing; the first key, and the others.
    assert ("identity", (4, 8)) == (rows["cat"].kind, rows["cat"].output_shape)
    assert [(1, 8), (3, 8)] == list(rows["cat-2"].input_shapes)


def test_parameters_that_forward_never_reaches_are_named():
    assert "27 parameters that its forward never reaches: aux" in network("Gated").notes


def test_what_is_written_into_a_part_is_read_with_the_whole():
    nodes = network("Slices").nodes
    last = nodes[-1]
    assert ("second", "written") == (last.label, nodes[last.inputs[0]].layer.name)
    written = nodes[last.inputs[0]].inputs
    assert ["setitem", "add"] == [nodes[node].layer.name for node in written]


def test_the_second_use_of_a_weight_has_no_parameters():
    rows = network("SharedWeight").analyze(PICTURE).layers
    found = [(row.label, row.params, row.macs) for row in rows if row.kind != "relu"]
    assert [("conv", 84, 5_184), ("conv-2", 0, 5_184)] == found


@pytest.mark.parametrize(
    ("name", "size"), [("SharedWeight", 5), ("ComputedWeight", 3), ("Counted", 3)]
)
def test_a_weight_that_is_not_its_own_changes_no_receptive_field(name, size):
    report = network(name).analyze(PICTURE)
    field = report.layers[report.output].receptive_field
    assert [(size, False)] * 2 == [(axis.size, axis.whole) for axis in field]


def test_products_that_make_a_weight_count_and_change_no_receptive_field():
    # 4*27 * 36 positions; the 4 x 27 matrix times a vector of 27, and that times one of 4.
    row = network("Spectral").analyze(PICTURE).layers[0]
    assert ("conv", 3_888 + 108 + 4, 112) == (row.label, row.macs, row.params)
    assert [3, 3] == [axis.size for axis in row.receptive_field]


def test_scripted_models_are_counted_without_names_of_modules():
    report = network("scripted()").analyze(PICTURE)
    assert [("conv2d", 3_888, 112), ("relu", 0, 0)] == [
        (row.label, row.macs, row.params) for row in report.layers
    ]


def test_calls_that_are_not_seen_are_a_row_with_what_they_cost():
    found = network("Mapped")
    (row,) = found.analyze(PICTURE).layers
    assert ("untraced", (4, 6, 6), 112, 3_888) == (
        row.label,
        row.output_shape,
        row.params,
        row.macs,
    )
    assert any("could not be followed" in text for text in found.notes)


def test_the_model_of_the_file_is_left_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_package").mkdir()
    (tmp_path / "a_package" / "ready.py").write_text(
        "from torch import nn\n"
        "net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True))\n"
    )
    target = target_of("a_package.ready:net")
    value = found(target)
    assert value is found(target)
    hooks = torch.nn.modules.module._global_forward_hooks, value._forward_hooks
    assert ["0", "1", "2"] == [node.label for node in network_of(target, PICTURE).nodes]
    assert value.training
    assert all(one.device.type == "cpu" and one.requires_grad for one in value.parameters())
    assert [0, 0] == list(map(len, hooks))


def test_a_branch_on_values_is_that_of_zeros_and_said_to_be():
    found = network("Decides")
    (told,) = [note for note in found.notes if "on zeros" in note]
    assert re.fullmatch(re.escape(ON_ZEROS).replace(r"\{where\}", r" at odd_modules\.py:\d+"), told)
    assert "16 parameters that its forward never reaches: other" in found.notes
    assert 3_888 == found.analyze(PICTURE).totals.macs


def reading(way):
    """The network of a model that looks at values in some way."""
    file = Path(__file__).parent / "reading_values.py"
    return network_of(target_of(f"{file}:Reads({way!r})"), PICTURE)


@pytest.mark.parametrize("way", ["item", "if", "mask", "list", "numpy", "where", "equal"])
def test_each_line_that_decides_by_values_of_its_input_is_noted(way):
    trace = reading(way).trace
    (found,) = trace.decisions
    file = (Path(__file__).parent / "reading_values.py").read_text().splitlines()
    line = file.index(f"        if way == {way!r}:".replace("'", '"')) + 2
    assert (f"reading_values.py:{line}", file[line - 1].strip(), "") == found
    assert trace.is_partial


@pytest.mark.parametrize("way", ["table", "rows of a table", "of each element"])
def test_values_that_no_input_has_reached_decide_nothing_of_it(way):
    trace = reading(way).trace
    assert ((), True, False) == (trace.decisions, trace.on_zeros, trace.is_partial)


def test_calls_without_a_formula_are_named_with_their_place_and_never_zero():
    found = network("Fourier")
    report = found.analyze(PICTURE)
    assert ["fft_rfft2", "fft_irfft2"] == [row.label for row in report.unknown]
    assert (3_888, 112 + 96) == (report.totals.macs, report.totals.params)
    gaps = found.trace.gaps
    assert [("fft_rfft2", (4, 6, 4)), ("fft_irfft2", (4, 6, 6))] == [
        (gap.name, gap.output_shape) for gap in gaps
    ]
    assert all(gap.place.startswith("odd_modules.py:") for gap in gaps)
    assert "no formula for aten._fft_r2c" == gaps[0].why


def test_what_zeros_do_not_answer_ends_the_table_with_the_line_of_its_own():
    found = network("Refuses")
    stop = found.trace.stop
    assert not found.trace.failed
    assert stop.place.startswith("odd_modules.py:")
    assert ('raise ValueError("too dark")', "ValueError: too dark") == (stop.code, stop.reason)
    totals = found.analyze(PICTURE).totals
    assert (3_888, 112 + 148) == (totals.macs, totals.params)


def test_a_layer_that_does_not_fit_is_a_fault_and_named_by_its_module():
    found = network("Mismatched")
    assert (True, "fc") == (found.trace.failed, found.trace.stop.module)
    assert ["conv", "flatten", "unreached"] == [node.label for node in found.nodes]


def test_a_first_layer_that_does_not_fit_is_an_error_with_the_signature():
    with pytest.raises(DataError) as caught:
        network("SharedWeight", (5, 8, 8))
    first, second, third = str(caught.value).splitlines()
    assert "while running it on an input of 5x8x8, in conv" in first
    assert "return self.conv(torch.relu(self.conv(x)))" == second.strip()
    assert "SharedWeight.forward(x) was given an input of 5x8x8" == third.strip()


@pytest.mark.parametrize("name", sorted(EXPECTED.keys() - {"MixedWeight"}))
def test_two_samples_take_twice_the_products(name):
    shape, macs, params = EXPECTED[name]
    totals = network_of(target_of(f"{MODULES}:{name}"), shape, batch=2).analyze(shape, 2).totals
    assert (2 * macs, params) == (totals.macs, totals.params)


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        # The weight is made once, whatever the batch: 16*2*192, and 192*16 with each sample.
        ("MixedWeight", 6_144 + 5 * 3_072),
        ("Spectral", 5 * 3_888 + 108 + 4),
        ("Fused", 5 * (64 * 36 + 4 * 2 * 2 * 512 + 64 * 12)),
    ],
)
def test_a_batch_is_counted_by_running_on_it(name, macs):
    found = network_of(target_of(f"{MODULES}:{name}"), PICTURE, batch=5)
    report = found.analyze(PICTURE, 5)
    assert macs == report.totals.macs
    assert [1, 5] == [one.batch for one in found.nodes[-1].measured]


def test_a_model_that_calls_others_with_a_batch_is_said_to():
    found = network_of(target_of(f"{MODULES}:Alone"), PICTURE, batch=5)
    assert any("with 5 samples it makes other calls" in text for text in found.notes)
    assert 5 * 3_888 == found.analyze(PICTURE, 5).totals.macs


def test_windows_in_the_place_of_the_batch_keep_their_number():
    rows = {row.label: row for row in network("Fused").analyze(PICTURE).layers}
    assert ((4, 16, 12), (4, 16, 3)) == (rows["qkv"].output_shape, rows["proj"].output_shape)
