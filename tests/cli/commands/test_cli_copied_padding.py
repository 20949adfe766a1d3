"""`rf` and `summary` say for which outputs a field holds, where padding copies cells."""

from __future__ import annotations

import pytest
from cli_support import strict

SAID = "fields are those of outputs that read no copied element"


@pytest.mark.parametrize("command", ["rf", "summary"])
def test_a_field_behind_copied_padding_is_said_to_be_of_the_interior(command, inside):
    circular = [command, "-i", "1x10", "conv:1,k3,p1,circular"]
    assert f"in layer 0 {SAID}" in inside(*circular).out
    assert f"from layer 0 on {SAID}" in inside(*circular, "relu").out
    assert SAID not in inside(command, "-i", "1x10", "conv:1,k3,p1").out


def test_json_marks_such_fields(inside):
    done = inside("rf", "-i", "1x10", "relu pad:2,reflect", "--format", "json")
    first, second = (row["receptive_field"] for row in strict(done.out)["layers"])
    assert [{"size": 1, "effective_stride": 1, "start": 0}] == first
    assert [{"size": 1, "effective_stride": 1, "start": -2, "interior_only": True}] == second


def test_layers_beside_copied_padding_are_not_named(inside):
    text = "a=relu conv:1,k3,p1,reflect relu @a relu"
    assert "\nin layers 1, 2 fields are those of outputs" in inside("rf", "-i", "1x9x9", text).out


def test_a_comparison_says_it_too(inside):
    words = ("flops", "-i", "8x9x9", "conv:8,k3,p1,circular", "--compare", "separable")
    assert (
        "\nin layer 0 fields are those of outputs that read no copied element" in inside(*words).out
    )
