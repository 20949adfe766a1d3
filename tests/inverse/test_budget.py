"""A network held against limits: by one element or byte they are kept or missed."""

from __future__ import annotations

from fractions import Fraction

import pytest

import convcalc
from convcalc.analysis.roofline.model import RooflineMachine
from convcalc.errors import UsageError
from convcalc.inverse.budget import check_budget
from convcalc.inverse.limits import FIGURES, Limit, read_limits

NETWORK = "conv:8,k3,p1 relu conv:4,k3,s2,p1 relu"
SHAPE = (3, 8, 8)
MACHINE = RooflineMachine(Fraction(10**9), Fraction(10**9))

VALUES = {
    "macs": 64 * 8 * 27 + 16 * 4 * 72,
    "flops": 2 * (64 * 8 * 27 + 16 * 4 * 72),
    "params": 8 * 27 + 8 + 4 * 72 + 4,
    "activations": 2 * 512 + 2 * 64,
    "weight-memory": 4 * (8 * 27 + 8 + 4 * 72 + 4),
    "peak-memory": 4 * (512 + 512),
    # 3, then 3 + 2 * 1.
    "field": 5,
}


def checked(text, limits, shape=SHAPE):
    return check_budget(convcalc.parse(text), shape, limits, machine=MACHINE)


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "time"])
def test_a_figure_is_the_one_that_the_reports_give(name):
    (check,) = checked(NETWORK, [Limit(FIGURES[name], "<=", Fraction(1), "")])
    assert VALUES[name] == check.value


@pytest.mark.parametrize("name", FIGURES)
def test_a_limit_is_kept_up_to_the_last_element(name):
    figure = FIGURES[name]
    (found,) = checked(NETWORK, [Limit(figure, "<=", Fraction(1), "")])
    step = Fraction(1, 10**12) if name == "time" else Fraction(1)
    bounds = {
        ("<=", 0): True,
        ("<=", -1): False,
        ("<", 0): False,
        ("<", 1): True,
        (">=", 0): True,
        (">=", 1): False,
        (">", 0): False,
        (">", -1): True,
        ("==", 0): True,
        ("==", 1): False,
    }
    for (sign, off), kept in bounds.items():
        (check,) = checked(NETWORK, [Limit(figure, sign, found.value + off * step, "")])
        assert kept == check.holds
        assert off * step * (-1 if sign in (">=", ">") else 1) == check.margin or sign == "=="


def test_the_layers_that_cost_most_are_named():
    (macs, params) = checked(NETWORK, read_limits("macs", "<= 1") + read_limits("params", "<= 1"))
    assert (("0", 64 * 8 * 27), ("2", 16 * 4 * 72)) == macs.dearest
    assert (("2", 4 * 72 + 4), ("0", 8 * 27 + 8)) == params.dearest


def test_what_is_not_known_keeps_to_no_limit():
    (check,) = checked("conv:8,k3 opaque:name=Odd", read_limits("macs", "<= 1G"))
    assert (None, False, None) == (check.value, check.holds, check.margin)
    (check,) = checked("conv:8,k3 opaque:name=Odd", read_limits("time", "<= 1s"))
    assert (None, False) == (check.value, check.holds)
    limits = read_limits("field", ">= 1") + read_limits("peak-memory", "<= 1GB")
    for check in checked("conv:8,k3 opaque:name=Odd conv:8,k3", limits):
        assert (None, False, None) == (check.value, check.holds, check.margin)


def test_the_axis_that_sees_least_decides():
    (check,) = checked("conv:8,k3x7", read_limits("field", ">= 5"))
    assert (3, False) == (check.value, check.holds)


def test_questions_without_an_answer_are_refused():
    with pytest.raises(UsageError, match="no receptive field"):
        checked("linear:10", read_limits("field", ">= 5"), (784,))
    with pytest.raises(UsageError, match="--device t4"):
        check_budget(convcalc.parse(NETWORK), SHAPE, read_limits("time", "<= 1s"))
