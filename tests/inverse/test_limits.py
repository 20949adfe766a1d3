"""Limits as they are written, and budgets in comments and in TOML."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.errors import UsageError
from convcalc.inverse.limits import (
    FIGURES,
    budget_of_toml,
    check_possible,
    declared_budget,
    read_limits,
)


@pytest.mark.parametrize(
    ("name", "text", "sign", "bound"),
    [
        ("macs", "<= 600M", "<=", 600 * 10**6),
        ("macs", "<600M", "<", 600 * 10**6),
        ("params", "<= 3.5M", "<=", 3_500_000),
        ("params", "= 17", "==", 17),
        ("peak-memory", "<= 512KiB", "<=", 524_288),
        ("peak-memory", "<= 512 kB", "<=", 512_000),
        ("weight-memory", "<= 1B", "<=", 1),
        ("field", ">= 200", ">=", 200),
        ("time", "<= 2ms", "<=", Fraction(1, 500)),
        ("time", "> 3.5us", ">", Fraction(7, 2_000_000)),
        ("time", "< 1 s", "<", 1),
    ],
)
def test_a_limit_has_a_sign_a_number_and_a_unit(name, text, sign, bound):
    (limit,) = read_limits(name, text)
    assert (sign, bound, text) == (limit.sign, limit.bound, limit.text)


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_every_example_is_a_limit(figure):
    assert 1 == len(read_limits(figure.name, figure.example))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("macs", "600M", "which way"),
        ("macs", "<= ", "expected a limit, as '<= 600M'"),
        ("macs", "<= many", "expected a limit"),
        ("macs", "<= -1", "expected a limit"),
        ("macs", "<= 600MB", "has no unit 'MB'; units are k, K, M"),
        ("peak-memory", "<= 512", "needs a unit, as '<= 512KiB'"),
        ("time", "<= 2", "needs a unit, as '<= 2ms'"),
        ("time", "<= 2h", "has no unit 'h'"),
        ("mac", "<= 2", "no figure is called 'mac'; did you mean 'macs'"),
        ("macs", "<= 1M, ", "expected a limit"),
    ],
)
def test_what_is_no_limit_is_refused(name, text, told):
    with pytest.raises(UsageError, match=told.replace("(", "[(]")):
        read_limits(name, text)


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        (">= 3, <= 3", True),
        (">= 3, < 3", False),
        ("> 3, <= 3", False),
        (">= 4, <= 3", False),
        ("== 3, <= 2", False),
        ("== 3, == 4", False),
        ("== 3, >= 3, <= 3", True),
        ("<= 3, <= 2", True),
    ],
)
def test_contradictory_limits_are_refused(text, possible):
    limits = read_limits("field", text)
    if possible:
        check_possible(limits)
        return
    with pytest.raises(UsageError, match="field: nothing is both"):
        check_possible(limits)


def test_a_comment_of_a_spec_is_a_budget():
    text = "# A network\n# budget macs <= 1M, field >= 3, <= 9\n# budget device t4\nconv:8,k3\n"
    budget = declared_budget(text)
    assert [("macs", 2), ("field", 2), ("field", 2)] == [
        (limit.figure.name, limit.line) for limit in budget.limits
    ]
    assert {"device": "t4"} == budget.settings


def test_a_fault_in_a_comment_has_its_line():
    with pytest.raises(UsageError, match="line 2: macs: expected a limit"):
        declared_budget("relu\n# budget macs << 3\n")


def test_a_table_of_toml_is_a_budget():
    budget = budget_of_toml("[budget]\nmacs = '<= 1M'\npeak_memory = '<= 1KiB'\nbatch = 8", "x")
    assert ["macs", "peak-memory"] == [limit.figure.name for limit in budget.limits]
    assert {"batch": "8"} == budget.settings
    nested = budget_of_toml("[tool.convcalc.budget]\nparams = '<= 9'", "x")
    assert [9] == [limit.bound for limit in nested.limits]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[budget", "x is no TOML"),
        ("a = 1", "x has no table"),
        ("budget = 3", "x has no table"),
        ("tool = 3", "x has no table"),
        ("[budget]", "x has no table"),
        ("[budget]\nmacs = 3", "x: macs is 3; a limit is a text, as '<= 600M'"),
        ("[budget]\nmax = 3", "no figure is called 'max'"),
        ("a = " + "[" * 5000, "x is no TOML"),
    ],
)
def test_what_is_no_budget_in_toml_is_refused(text, told):
    with pytest.raises(UsageError, match=told):
        budget_of_toml(text, "x")


@given(st.text(max_size=40))
def test_any_text_is_a_limit_or_refused(text):
    for read in (lambda: read_limits("macs", text), lambda: declared_budget(f"# budget {text}")):
        try:
            read()
        except UsageError as error:
            assert len(str(error).splitlines()) <= 2
