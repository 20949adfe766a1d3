"""Which layers a model calls as functions: by kind, by label, by block."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.calling import called_as_function, check_functions, declared_functions
from convcalc.errors import UsageError
from convcalc.reference import load_network, network_names


@pytest.mark.parametrize(
    ("functions", "expected"),
    [
        ((), []),
        (("relu",), ["0", "head.1", "2.0.0"]),
        (("head",), ["head.0", "head.1", "head.pool"]),
        (("head.1",), ["head.1"]),
        (("pool",), ["head.pool"]),
        (("head.pool",), ["head.pool"]),
        (("2",), ["2.0.0", "2.0.1", "2"]),
        (("1",), []),
        (("hea",), []),
    ],
)
def test_functions_are_named_by_kind_or_label(functions, expected):
    network = convcalc.parse(
        "define tail() {conv:2,k1 relu pool=gap} relu head=tail residual{relu conv:2,k1 | }"
    )
    found = [node.label for node in network.nodes if called_as_function(node, functions)]
    assert expected == found


def test_a_function_that_is_not_in_the_network_is_refused():
    network = convcalc.parse("conv:2,k1 relu")
    check_functions(network, ("relu", "1"))
    with pytest.raises(UsageError, match="'rely'; did you mean 'relu'"):
        check_functions(network, ("rely",))


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
        assert any(called_as_function(node, (function,)) for node in network.nodes)
