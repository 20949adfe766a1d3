"""Each calculation of a normalisation, with its numbers evaluated, comes to what it says."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from convcalc.cli.commands.explain.explain import _run
from convcalc.execute.settings import Settings
from convcalc.execute.weights.made_up import made_up_weights
from convcalc.language.parse import parse
from convcalc.render.walks import walk_text

KNOWN = {**vars(math), "__builtins__": {}}


def walked(spec, values, place):
    """The last layer of a network on some values."""
    network = parse(spec)
    array = np.array(values, "f8")
    weights = made_up_weights(network, array.shape, "float64")
    return _run(network, array[None], weights, Settings()).walk(place)


def evaluated(expression):
    return eval(expression.replace("^", "**"), KNOWN)


@pytest.mark.parametrize("value", [-3.5, -0.25, 0, 0.75, 4])
@pytest.mark.parametrize("spec", ["gn:2", "gn:1", "in", "in:affine", "ln", "ln:affine=false"])
def test_an_expression_comes_to_the_result(spec, value):
    values = [[[1.0, 2.0]], [[value, -1.0]], [[0.5, 3.0]], [[-2.0, 7.5]]]
    walk = walked(spec, values, (1, 0, 0))[-1].walk
    assert value == walk.value
    assert walk.result == walk.steps[-1].value
    assert 3 == len(walk.steps)
    for step in walk.steps:
        assert evaluated(step.expression) == pytest.approx(step.value, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("ln:affine=false", "mean: (1 + -1 + 2 + 0) / 4 = 0.5"),
        (
            "ln:affine=false",
            "(x - mean) / sqrt(variance + 1e-05): (-1 - 0.5) / sqrt(1.25 + 1e-05) = -1.34",
        ),
        ("gn:2", "mean: (1 + -1) / 2 = 0"),
        ("gn:2", "variance: ((1 - 0)^2 + (-1 - 0)^2) / 2 = 1"),
    ],
)
def test_the_line_of_a_kind(spec, line):
    told = walk_text(walked(spec, [[[1.0]], [[-1.0]], [[2.0]], [[0.0]]], (1, 0, 0)), 1000)
    assert line in told


@pytest.mark.parametrize(
    ("spec", "place", "line"),
    [
        ("avgpool:3,s2,p1,ceil", (0, 2, 2), "mean: (16 + 0 + 0 + 0) / 4 = 4"),
        ("avgpool:3,s2,p1,ceil", (0, 0, 2), "mean: (0 + 0 + 0 + 4 + 0 + 8) / 6 = 2"),
        ("avgpool:3,s2,p1,noinclude", (0, 0, 0), "mean: (1 + 2 + 5 + 6) / 4 = 3.5"),
        ("avgpool:2,s2,p1", (0, 0, 0), "mean: (0 + 0 + 0 + 1) / 4 = 0.25"),
    ],
)
def test_a_mean_has_as_many_terms_as_it_is_divided_by(spec, place, line):
    values = np.arange(1.0, 17.0).reshape(1, 4, 4)
    assert line in walk_text(walked(spec, values, place), 200)


def test_many_elements_are_told_together():
    told = walk_text(walked("gn:1", np.arange(20.0).reshape(2, 2, 5), (1, 0, 0)), 200)
    assert "mean of 20 elements: 9.5\nvariance of 20 elements: 33.25\n" in told


def test_other_kinds_have_no_such_steps():
    assert () == walked("lrn:5", np.ones((2, 2, 2)), (0, 0, 0))[-1].walk.steps


def test_made_up_norms_give_whole_numbers_and_lose_no_channel():
    network = parse("bn")
    weights = made_up_weights(network, (8, 2, 2), "float64")
    assert (np.sqrt(weights["0.running_var"] + 1e-5) == 1).all()
    assert {1.0, 2.0} == set(weights["0.weight"])
    results = walked("bn", np.arange(8.0).reshape(8, 1, 1), (3, 0, 0))[-1].output
    assert all(re.fullmatch(r"-?\d+\.0", str(float(results[c, 0, 0]))) for c in range(8))
