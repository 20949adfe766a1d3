"""The reference of the spec language: pages that agree with what the parser takes."""

from __future__ import annotations

import shlex

import pytest

from convcalc.errors import UsageError
from convcalc.language.parse import parse
from convcalc.layers import KINDS
from convcalc.render.reference import (
    example,
    example_input,
    kind_document,
    kinds_document,
    networks_document,
)
from convcalc.zoo.catalog import (
    load_network,
    network_input,
    network_names,
    network_summary,
    network_text,
)


def bare(kind):
    """The example of a kind without the quotes of the shell."""
    return shlex.split(example(KINDS[kind]))[0]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("relu", "relu"),
        ("conv", "conv:32,k3"),
        ("dw", "dw:k3"),
        ("linear", "linear:10"),
        ("slice", "slice:0:8"),
        ("gn", "gn:4"),
        ("embedding", "embedding:1000,d64"),
        ("concat", "'concat{conv:16,k3,p1 | }'"),
        ("scale", "'scale{gap sigmoid}'"),
    ],
)
def test_an_example_gives_what_has_no_default(kind, expected):
    assert expected == example(KINDS[kind])


RUNNING = sorted(KINDS)


@pytest.mark.parametrize("kind", RUNNING)
def test_an_example_is_one_layer_that_fits(kind):
    network = parse(bare(kind))
    assert kind == network.nodes[-1].layer.kind
    assert 1 == len(bare(kind).splitlines())
    report = network.analyze(tuple(map(int, example_input(KINDS[kind]).split("x"))))
    assert all(size > 0 for size in report.layers[-1].output_shape)


PARAMETERS = [
    (kind, row["parameter"], row["key"], row["default"])
    for kind in sorted(KINDS)
    for row in kind_document(kind).data["kinds"][0]["parameters"]
    if row["default"] not in {"required", "none"}
]


@pytest.mark.parametrize(("kind", "parameter", "key", "default"), PARAMETERS)
def test_a_default_says_the_same_when_it_is_written(kind, parameter, key, default):
    expected = parse(bare(kind)).nodes[-1].layer
    call, *branches = bare(kind).partition("{")
    joint = "," if ":" in call else ":"
    for name in (parameter, key):
        text = "".join((f"{call}{joint}{name}={default}", *branches))
        assert expected == parse(text).nodes[-1].layer


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_page_has_words_for_everything(kind):
    document = kind_document(kind)
    (data,) = document.data["kinds"]
    assert all(text for row in data["parameters"] for text in row.values())
    assert data["about"].endswith(".")
    assert all(remark.rstrip(".")[-1] != ":" for remark in document.remarks if remark)
    assert [] == [
        remark for remark in document.remarks if remark and remark.split(": ", 1)[-1] == ""
    ]


def test_the_list_has_every_kind_and_shorthand_once():
    names = [row[0] for row in kinds_document().table.rows]
    assert len(names) == len(set(names))
    assert {*KINDS, "se"} == set(names)
    assert [len(row) for row in kinds_document().table.rows] == [3] * len(names)


@pytest.mark.parametrize(("name", "kind"), [("conv", "conv"), ("Conv", "conv"), ("GAP", "gap")])
def test_a_page_is_found_in_any_case(name, kind):
    assert kind == kind_document(name).data["kinds"][0]["kind"]


@pytest.mark.parametrize(
    ("name", "hint"), [("convv", "'conv'"), ("sofmax", "'softmax'"), ("qqqq", "convcalc layers")]
)
def test_a_page_that_there_is_not_has_a_hint(name, hint):
    with pytest.raises(UsageError, match=hint):
        kind_document(name)


def test_the_networks_are_sorted_and_described():
    data = networks_document().data["networks"]
    names = [one["name"] for one in data]
    assert names == sorted(names) == list(network_names())
    assert [3, 224, 224] == data[0]["input"]
    assert "AlexNet" in data[0]["about"]


@pytest.mark.parametrize("name", network_names())
def test_a_network_has_a_header_that_says_its_input(name):
    first, second, *_ = network_text(name).splitlines()
    assert network_summary(name) == first.removeprefix("# ") != first
    assert "# input " + "x".join(map(str, network_input(name))) == second
    assert 3 == len(network_input(name))


@pytest.mark.parametrize(
    ("name", "hint"),
    [("resnet_18", "'resnet18'"), ("ResNet18", "'resnet18'"), ("qq", "network_names")],
)
def test_a_network_that_there_is_not_has_a_hint(name, hint):
    for ask in (load_network, network_text, network_input, network_summary):
        with pytest.raises(UsageError, match=hint):
            ask(name)
