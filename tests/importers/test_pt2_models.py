"""Programs of torch.export, read without torch: torch's parameters and products.

The files beside this test are what `torch.export.save` of torch 2.13 writes for models of
torchvision, without weights, examples and the places of lines. Their numbers are `sum(p.numel())`
and FlopCounterMode / 2 on the device meta.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from convcalc.errors import DataError, UsageError
from convcalc.importers.pt2.model import network_of
from convcalc.importers.pt2.program import Array, Operation
from convcalc.importers.pt2.recording import Recorder
from convcalc.importers.pt2.sizes import size_of, symbol_of

FOLDER = Path(__file__).parent / "exported"

MODELS = {
    "resnet18": (11_689_512, 1_814_073_344),  # of an open batch, as the next two
    "vit_b_16": (86_567_656, 17_563_828_224),
    "swin_t": (28_288_354, 4_490_566_656),
    "mobilenet_v3_small": (2_542_856, 56_510_400),
    "shufflenet_v2_x1_0": (2_278_604, 144_907_992),
}


def path_of(name):
    return str(FOLDER / f"{name}.pt2")


@pytest.mark.parametrize("name", MODELS)
def test_parameters_and_products_are_those_of_torch(name):
    totals = network_of(path_of(name), None).analyze((3, 224, 224)).totals
    assert MODELS[name] == (totals.params, totals.macs)


def test_layers_have_the_paths_of_their_modules():
    labels = [node.label for node in network_of(path_of("resnet18"), None).nodes]
    assert ["conv1", "bn1", "relu", "maxpool", "layer1.0.conv1", "layer1.0.bn1"] == labels[:6]
    assert ["avgpool", "flatten", "fc"] == labels[-3:]


def test_a_convolutional_network_has_the_field_of_the_reference_network():
    # 11 + 4*8 + 8 + 3*16 + 16 + 3*32 + 32 + 3*64 = 435, as of the reference network resnet18
    report = network_of(path_of("resnet18"), None).analyze((3, 224, 224))
    last = next(layer for layer in report.layers if layer.label == "layer4.1.conv2")
    assert (435, 435) == tuple(axis.size for axis in last.receptive_field)


def test_every_operation_of_a_vision_transformer_is_a_kind():
    kinds = {node.layer.kind for node in network_of(path_of("vit_b_16"), None).nodes}
    assert {"attention", "permute", "parameter", "ln", "linear", "view"} <= kinds
    assert "opaque" not in kinds


def test_calls_are_the_layers_that_a_model_of_pytorch_has_for_them():
    nodes = network_of(path_of("vit_b_16"), None).nodes
    assert [node.layer.kind for node in nodes if node.label.startswith("class_token")] == [
        "parameter"
    ]
    assert not [node.label for node in nodes if node.layer.kind == "opaque"]


def test_an_embedding_is_a_table_of_rows_by_the_indices():
    table = {"weight": Array("table", (100, 16)), "indices": Array("ids", (1, 5))}
    operation = Operation("aten", "embedding", table, [Array("out", (1, 5, 16))], [])
    nodes = Recorder((5,), ())
    nodes.begin([table["indices"]], {"e.weight": table["weight"]}, {})
    nodes.note(operation)
    assert [node.layer.spec() for node in nodes.written.nodes] == ["embedding:100,d16"]


def test_no_torch_is_imported():
    code = (
        "import sys\nfrom convcalc.importers.pt2.model import network_of\n"
        f"network_of({path_of('resnet18')!r}, None).analyze((3, 224, 224))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_another_input_than_the_program_takes_is_refused():
    with pytest.raises(UsageError, match="takes an input 3x224x224, got 3x64x64"):
        network_of(path_of("resnet18"), (3, 64, 64))


def with_json(tmp_path, change):
    """The program of resnet18, its JSON changed."""
    with zipfile.ZipFile(path_of("resnet18")) as archive:
        document = json.loads(archive.read("resnet18/models/model.json"))
    document = change(document) or document
    path = tmp_path / "net.pt2"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/models/model.json", json.dumps(document))
    return str(path)


def first_node(document):
    return document["graph_module"]["graph"]["nodes"][0]


def test_an_operation_of_another_library_is_not_known(tmp_path):
    def change(document):
        first_node(document)["target"] = "torch.ops.mine.op.default"

    found = network_of(with_json(tmp_path, change), None)
    assert any("MACs are not known: op 1" in note for note in found.notes)
    assert not found.analyze((3, 224, 224)).layers[0].counted


def change_version(document):
    document["schema_version"]["major"] = 9


def change_order(document):
    first_node(document)["inputs"][0]["arg"] = {"as_tensor": {"name": "nobody"}}


def change_size(document):
    values = document["graph_module"]["graph"]["tensor_values"]
    values["conv2d"]["sizes"][0] = {"as_expr": {"expr_str": "__import__('os')"}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (change_version, "in version 9 of torch.export's format, version 8 is read"),
        (change_order, "is damaged, or of another kind"),
        (change_size, "has a size '__import__"),
        (lambda document: {"schema_version": {"major": 8}}, "is damaged, or of another kind"),
        (lambda document: [1], "is no program of torch.export"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, change, message):
    with pytest.raises(DataError) as caught:
        network_of(with_json(tmp_path, change), None)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("s7", 3),
        ("Symbol('s7', positive=True, integer=True)", 3),
        ("Mul(Integer(49), Symbol('s7', integer=True))", 147),
        ("Mul(Rational(1, 3), Pow(Symbol('s7'), Integer(2)))", 3),
        ("FloorDiv(Add(Integer(8), Symbol('s7')), Integer(2))", 5),
        ("(s7 + 1)//2 - 1", 1),
        ("Max(Integer(1), Mod(Symbol('s7'), Integer(2)))", 1),
    ],
)
def test_sizes_are_worked_out_for_what_was_left_open(text, size):
    assert size == size_of({"as_expr": {"expr_str": text}}, {"s7": 3})


def test_a_size_is_open_only_where_it_is_a_symbol():
    assert "s7" == symbol_of({"as_expr": {"expr_str": "Symbol('s7', integer=True)"}})
    assert None is symbol_of({"as_expr": {"expr_str": "Mul(Integer(2), Symbol('s7'))"}})
    assert None is symbol_of({"as_int": 3})


@pytest.mark.parametrize(
    "text",
    [
        *("s8", "Rational(1, 2)", "2**99", "Pow(Integer(9), Integer(10000))", "(" * 900),
        *("x" * 9999, "().__class__", "[1][0]", "Integer(1)/0", "open('x')"),
    ],
)
def test_an_expression_that_is_no_size_is_refused(text):
    with pytest.raises(DataError, match="has a size"):
        size_of({"as_expr": {"expr_str": text}}, {"s7": 3})
