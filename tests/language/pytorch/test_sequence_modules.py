"""PyTorch's modules for sequences as text."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.errors import SpecError
from convcalc.language.parse import parse

FIRST = "gives its last states beside its output: the output alone is passed on"


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("LSTM(10, 20)", "lstm:20"),
        (
            "nn.LSTM(10, 20, 2, False, True, 0.1, True, 5)",
            "lstm:20,layers2,nobias,bidirectional,proj5",
        ),
        (
            "LSTM(10, 20, proj_size=5, num_layers=2, bias=False, batch_first=True, dropout=0.5, "
            "bidirectional=True)",
            "lstm:20,layers2,nobias,bidirectional,proj5",
        ),
        ("nn.MultiheadAttention(64, 8, 0.1, False)", "multiheadattention:64,heads8,nobias"),
        (
            "MultiheadAttention(\n  (out_proj): NonDynamicallyQuantizableLinear(in_features=64, "
            "out_features=64, bias=False)\n)",
            "multiheadattention:64,nobias",
        ),
        (
            "MultiheadAttention(\n  (out_proj): _LinearWithBias(in_features=64, "
            "out_features=64, bias=True)\n)",
            "multiheadattention:64",
        ),
        ("Embedding(1000, 64, padding_idx=0)", "embedding:1000,d64"),
        (
            "nn.Embedding(1000, 64, norm_type=1.0, scale_grad_by_freq=True, sparse=True)",
            "embedding:1000,d64",
        ),
        ("GRU(10, 20, num_layers=3, batch_first=True)", "gru:20,layers3"),
        ("RNN(10, 20, batch_first=True, bidirectional=True)", "rnn:20,bidirectional"),
        ("nn.RNN(10, 20, 2, 'relu', bidirectional=False)", "rnn:20,layers2,relu"),
        ("torch.nn.RNN(input_size=10, hidden_size=20, nonlinearity='tanh')", "rnn:20"),
    ],
)
def test_recurrent_modules_are_read(text, spec):
    assert spec == parse(text).spec()


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        ("LSTM(4, 5, 2, batch_first=True, dropout=0.5, bidirectional=True)", (7, 4)),
        ("LSTM(4, 5, bias=False, proj_size=2)", (7, 4)),
        ("GRU(4, 5, 3)", (7, 4)),
        ("RNN(4, 5, 2, bias=False)", (7, 4)),
        ("Embedding(9, 5, padding_idx=0)", (7,)),
        ("MultiheadAttention(6, 3)", (7, 6)),
        ("MultiheadAttention(6, 2, bias=False, dropout=0.1)", (7, 6)),
    ],
)
def test_what_torch_prints_has_the_parameters_of_the_module(module, shape):
    torch = pytest.importorskip("torch")
    made = eval(f"torch.nn.{module}", {"torch": torch})
    for text in (str(made), str(torch.nn.Sequential(made, torch.nn.ReLU()))):
        total = parse(text).analyze(shape).totals.params
        assert sum(parameter.numel() for parameter in made.parameters()) == total


def test_a_sequential_passes_the_first_result_on():
    network = parse(
        "Sequential(\n  (0): LSTM(10, 20, num_layers=2, batch_first=True, bidirectional=True)\n"
        "  (1): Linear(in_features=40, out_features=3, bias=True)\n)"
    )
    assert (f"LSTM {FIRST}",) == network.notes
    report = network.analyze((7, 10))
    assert ((7, 3), 15_163) == (report.output_shape, report.totals.params)


def test_what_is_assumed_is_said():
    assert parse("RNN(10, 20)").notes == (
        f"RNN {FIRST}",
        "RNN without batch_first has the batch as its second axis: a sample is (steps, features) "
        "all the same",
        "RNN does not name its nonlinearity: tanh is taken",
    )
    assert (f"GRU {FIRST}",) == parse("GRU(10, 20, batch_first=True)").notes


def test_a_printed_attention_does_not_name_its_heads():
    text = (
        "MultiheadAttention(\n  (out_proj): NonDynamicallyQuantizableLinear(in_features=64, "
        "out_features=64, bias=True)\n)"
    )
    one, eight = parse(text), parse("nn.MultiheadAttention(64, 8)")
    assert one.notes == (
        "MultiheadAttention is read as that of one input with itself",
        "MultiheadAttention does not print its heads: one is taken; parameters and MACs do not "
        "depend on them",
    )
    assert one.notes[:1] == eight.notes
    ours, theirs = (network.analyze((10, 64)).totals for network in (one, eight))
    assert (16_640, 176_640) == (ours.params, ours.macs) == (theirs.params, theirs.macs)
    assert ours.element_ops < theirs.element_ops


def test_modules_of_a_class_in_order():
    network = parse(
        "Tagger(\n  (encoder): Linear(in_features=6, out_features=10, bias=True)\n"
        "  (lstm): LSTM(10, 20, bidirectional=True)\n"
        "  (tags): Linear(in_features=40, out_features=3, bias=True)\n)",
        in_order=True,
    )
    assert "encoder=linear:10 lstm=lstm:20,bidirectional tags=linear:3" == " ".join(
        network.spec().split()
    )
    assert (7, 3) == network.analyze((7, 6)).output_shape


def test_an_embedding_before_a_recurrent_layer_in_order():
    text = "Net((words): Embedding(50, 10) (gru): GRU(10, 4) (tags): Linear(4, 3))"
    network = parse(text, in_order=True)
    assert ["embedding", "gru", "linear"] == [node.layer.kind for node in network.nodes]
    assert (7, 3) == network.analyze((7,)).output_shape


def test_the_order_of_a_class_is_offered_where_features_fit():
    text = "Tagger((lstm): LSTM(10, 20, bidirectional=True) (tags): Linear({}, 3))"
    with pytest.raises(SpecError, match="--in-order reads them so"):
        parse(text.format(40))
    with pytest.raises(SpecError) as caught:
        parse(text.format(30))
    assert "--in-order" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shape", "message"),
    [
        ("LSTM(10, 20)", (7, 11), "this LSTM expects 10 input features, 11 arrive"),
        ("GRU(10, 20)", (10,), "a sample is (steps, features), as 100x64"),
        ("Embedding(10, 20)", (7, 3), "a sample is its indices alone, as 128"),
        ("nn.MultiheadAttention(6, 2)", (7, 5), "this MultiheadAttention expects 6 input features"),
        ("RNN(10, 20)", (3, 8, 10), "this RNN expects 1 spatial axis, 2 arrive (3x8x10)"),
    ],
)
def test_an_input_that_does_not_fit(text, shape, message):
    with pytest.raises(SpecError) as caught:
        convcalc.parse(text).analyze(shape)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LSTM(10)", "LSTM needs hidden_size"),
        ("MultiheadAttention()", "MultiheadAttention needs embed_dim"),
        ("nn.MultiheadAttention(6, 4)", "num_heads: must divide embed_dim=6, got 4"),
        ("nn.MultiheadAttention(6, 2, kdim=3)", "3 has no counterpart here; only None can be"),
        ("Embedding(10, 20, max_norm=1.0)", "1.0 has no counterpart here; only None can be"),
        ("RNN(10, 20, nonlinearity='elu')", "expected 'tanh' or 'relu', got 'elu'"),
        ("LSTM(10, 20, bidirectional=2)", "expected True or False, got 2"),
        ("LSTM(10, 20, proj_size=20)", "proj_size: must be below hidden_size=20, got 20"),
    ],
)
def test_impossible_arguments(text, message):
    with pytest.raises(SpecError) as caught:
        parse(text).analyze((5, 10))
    assert message in str(caught.value)
