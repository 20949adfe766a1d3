"""Which layers are called as functions: by kind, by label, by the first words of a label."""

from __future__ import annotations

import pytest

import convcalc
from contract import CONTRACT
from convcalc.errors import UsageError
from convcalc.layers import KINDS
from convcalc.network.functional import (
    Functions,
    check_functions,
    declared_functions,
    only_module,
)
from convcalc.zoo.catalog import load_network, network_names

ONLY_MODULES = {
    *("conv", "convt", "dw", "pw", "sep", "linear", "bn", "gn", "in", "prelu", "layerscale"),
    *("opaque", "parameter", "unreached"),
    *("lstm", "gru", "rnn", "embedding", "multiheadattention", "bilinear"),
}
TEXT = "stem=conv:8,k3,p1 relu stage1=2x{conv:8,k3,p1 ln relu} stage10=relu head=gap flatten"
NETWORK = convcalc.parse(TEXT)


def chosen(*functions, network=NETWORK):
    check_functions(network, functions)
    called = Functions(functions)
    return [node.label for node in network.nodes if node in called]


@pytest.mark.parametrize(
    ("functions", "labels"),
    [
        ((), []),
        (("relu",), ["1", "stage1.0.2", "stage1.1.2", "stage10"]),
        (("head",), ["head"]),
        (("stage1.1.2",), ["stage1.1.2"]),
        # Whole words: stage10 does not lie in stage1. The convolutions there stay modules.
        (("stage1",), ["stage1.0.1", "stage1.0.2", "stage1.1.1", "stage1.1.2"]),
        (("stage1.1", "gap"), ["stage1.1.1", "stage1.1.2", "head"]),
        (("ln", "flatten"), ["stage1.0.1", "stage1.1.1", "5"]),
        (("maxpool",), []),  # a kind that the network happens not to have
    ],
)
def test_a_name_is_a_kind_a_label_or_the_first_words_of_one(functions, labels):
    assert labels == chosen(*functions)


def test_a_word_that_is_a_kind_means_the_kind():
    network = convcalc.parse("relu=gelu relu sigmoid=conv:2,k1 sigmoid")
    assert ["1", "3"] == chosen("relu", "sigmoid", network=network)


def test_a_kind_is_known_before_its_channels_are():
    network = convcalc.parse("shuffle:in conv:in,k1")
    assert ["0"] == chosen("shuffle", network=network)


@pytest.mark.parametrize("name", [*sorted(ONLY_MODULES), "stem", "stage1.0.0"])
def test_weights_need_a_module(name):
    with pytest.raises(UsageError) as caught:
        chosen(name)
    message = f"functions: '{name}' cannot be called as a function: its weights need a module"
    assert message == str(caught.value)


def test_the_kinds_that_stay_modules_are_those_with_weights():
    assert {kind for kind in KINDS if only_module(kind)} == ONLY_MODULES
    # `in` has weights only where it is told to; `ln` is written by hand as often as not.
    with_weights = {kind for kind, row in CONTRACT.items() if row.weights}
    assert with_weights - {"ln"} | {"in"} == ONLY_MODULES


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("rellu", "; did you mean 'relu'?"),
        ("stage11", "; did you mean 'stage1.1'?"),
        ("stage1.1.4", "; did you mean 'stage1.1.2'?"),
        ("xyz", "; kinds, labels and their first words are known"),
        ("stage", "; did you mean 'stage1'?"),
        ("", "; kinds, labels and their first words are known"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name, hint):
    with pytest.raises(UsageError) as caught:
        chosen("relu", name)
    assert f"functions: no kind or label is called '{name}'{hint}" == str(caught.value)


def test_a_text_in_place_of_names_is_refused():
    with pytest.raises(UsageError, match=r"expected names, as \('relu', 'gap'\); got the text 'r"):
        check_functions(NETWORK, "relu")


def test_a_word_of_a_label_is_enough_unless_it_is_a_number():
    text = "define tail() {conv:2,k1 relu pool=gap} relu head=tail residual{relu conv:2,k1 | }"
    network = convcalc.parse(text)
    assert ["head.pool"] == chosen("pool", network=network)
    assert ["head.1", "head.pool"] == chosen("head", network=network)
    assert ["2.0.0"] == chosen("2", network=network)[:1]
    with pytest.raises(UsageError, match="no kind or label is called '1'"):
        chosen("1", network=network)  # a place in `head`, and no name of it


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# functions relu gap\nrelu gap", ("relu", "gap")),
        ("# a\n# input 3x4x4\n# functions relu\nrelu", ("relu",)),
        ("relu  # functions relu", ()),
        ("relu", ()),
    ],
)
def test_a_comment_may_declare_functions(text, expected):
    assert expected == declared_functions(text)


@pytest.mark.parametrize("name", network_names())
def test_declared_functions_are_in_their_network(name):
    network = load_network(name)
    check_functions(network, network.functions)
    for function in network.functions:
        assert any(node in Functions((function,)) for node in network.nodes)
