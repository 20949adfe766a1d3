"""A layer that is known by what is said of it: of one input, or of several."""

from __future__ import annotations

import pytest

from convcalc.layers import Conv, Opaque
from convcalc.network.graph import INPUT, Network, Node


def network(*layers):
    """A convolution of the input, then layers that read it and the input."""
    first = Node(Conv(4, 3, padding=1), (INPUT,), "conv")
    return Network((first, *(Node(layer, (0, INPUT), str(i)) for i, layer in enumerate(layers))))


def test_one_of_several_inputs_has_the_costs_and_the_shape_that_are_said():
    report = network(Opaque("matmul", (4, 6), params=5, macs=70)).analyze((4, 8, 8))
    row = report.layers[1]
    assert ((0, INPUT), (4, 6), 5, 70) == (row.inputs, row.output_shape, row.params, row.macs)
    assert 4 * 4 * 9 * 64 + 70 == report.totals.macs


def test_element_by_element_it_sees_what_any_of_its_inputs_sees():
    row = network(Opaque("sub", macs=0)).analyze((4, 8, 8)).layers[1]
    assert ([3, 3], False) == ([f.size for f in row.receptive_field], row.receptive_field[0].whole)


@pytest.mark.parametrize(("out", "axes"), [((4, 64), 1), ((2, 2, 8, 8), 3), ((256,), 2)])
def test_where_a_shape_is_said_each_of_its_axes_sees_the_whole_input(out, axes):
    row = network(Opaque("view", out, macs=0)).analyze((4, 8, 8)).layers[1]
    assert [True] * axes == [field.whole for field in row.receptive_field]


def test_no_multiply_accumulates_are_known_and_none_said_are_not():
    rows = network(Opaque("view", (4,), macs=0), Opaque("other", (4,))).analyze((4, 8, 8)).layers
    assert [True, True, False] == [row.counted for row in rows]
