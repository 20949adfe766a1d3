"""Conditions on rows: what they mean, and what they refuse."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.errors import SpecError
from convcalc.inverse.where import read_condition

PLACES = {"macs": 0, "out": 1, "field": 2, "stride": 3}
ROW = (900, 56, None, Fraction(1, 2))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("macs < 1e8 and out == 56", True),
        ("macs == 0.9k", True),
        ("macs < 1k", True),
        ("macs > 1M or out != 56", False),
        ("not macs > 1000", True),
        ("not not macs > 1000", False),
        ("800 <= macs < 901", True),
        ("800 <= macs < 900", False),
        # and binds more closely than or, not more closely than and.
        ("out == 56 or macs == 0 and macs == 1", True),
        ("not out == 56 and macs == 0", False),
        ("(out == 56 or macs == 0) and macs == 1", False),
        ("macs + 100 == 1000", True),
        ("macs - 100 - 100 == 700", True),
        ("macs / 2 / 2 == 225", True),
        ("macs // 7 == 128", True),
        ("macs % 7 == 4", True),
        ("2 + 3 * 4 == 14", True),
        ("(2 + 3) * 4 == 20", True),
        ("-macs < 0", True),
        ("macs - -1 == 901", True),
        ("stride == 0.5", True),
        # What is not known keeps to no condition, and some numbers there are not.
        ("field > 0", False),
        ("field == field", False),
        ("field + 1 > 0", False),
        # ... nor to its contrary, and decides nothing that the rest does not.
        ("not field > 0", False),
        ("not (field > 0 and macs > 0)", False),
        ("not (field > 0 and macs > 1M)", True),
        ("field > 0 or macs > 0", True),
        ("macs > 0 or field > 0", True),
        ("not (field > 0 or macs > 1M)", False),
        ("not (macs > 1M or field > 0)", False),
        ("not 0 < field < 3", False),
        ("not macs / 0 > 0", False),
        ("macs / 0 > 0", False),
        ("macs % 0 == 0", False),
    ],
)
def test_what_a_condition_means(text, holds):
    assert holds == read_condition(text, PLACES).holds(ROW)


def test_a_size_per_axis_is_compared_on_every_axis():
    row = (0, (56, 28), None, 1)
    asked = [
        read_condition(text, PLACES).holds(row) for text in ("out >= 28", "out >= 29", "out == 56")
    ]
    assert [True, False, False] == asked


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        # k is 3 and 5, out is 4 and 2, pad is 0 and 1 of one axis, 1 and 1 of the other.
        ("k * 2 < 10", False),  # 6 and 10
        ("k * 2 <= 10", True),
        ("k + out == 7", True),  # 7 and 7
        ("k + 1 < 7", True),  # 4 and 6
        ("-k < -2", True),
        ("k - out < 2", False),  # -1 and 3
        ("k * 9999999999 > 0", True),
        ("k / 0 > 0", False),
        ("k < out", False),  # 3 < 4, and 5 > 2
        ("out < k", False),
        ("pad < 2", True),
        ("pad < 1", False),
        ("pad < k", True),
        ("pad + 1 <= 2", True),
        ("word < 3", False),
        ("word * 2 == word", False),
        ("three < k", False),
        ("three + k > 0", False),
    ],
)
def test_sizes_per_axis_are_computed_with_axis_by_axis(text, holds):
    row = ((3, 5), (4, 2), ((0, 1), (1, 1)), "same", (1, 2, 3))
    places = {"k": 0, "out": 1, "pad": 2, "word": 3, "three": 4}
    assert holds == read_condition(text, places).holds(row)


def test_the_figures_that_are_asked_for_are_known():
    assert {"macs", "field"} == read_condition("macs < 3 or 2 * field > 3", PLACES).names


@pytest.mark.parametrize(
    ("text", "told", "column"),
    [
        ("", "the condition is empty", 1),
        ("   ", "the condition is empty", 1),
        ("mac < 3", "no figure is called 'mac'; did you mean 'macs'?", 1),
        ("macs = 3", "'=' means nothing here; write ==", 6),
        ("macs < 3 && out > 2", "'&' means nothing here; write and", 10),
        ("macs ** 2 < 3", "expected a figure or a number, got '*'", 7),
        ("macs < 3 out > 2", "unexpected 'out'; conditions have 'and' or 'or' between them", 10),
        ("macs", "a condition compares, as macs < 1e8", 1),
        ("macs and out > 2", "before 'and' stands no condition", 1),
        ("out > 2 or macs", "behind 'or' stands no condition", 12),
        ("not macs", "behind 'not' stands no condition", 5),
        ("(macs < 3) + 1 > 2", "a condition is no number", 12),
        ("(macs < 3) < 1", "a comparison cannot be compared; use 'and'", 12),
        ("(macs < 3", "a bracket is not closed", 10),
        ("macs < 3)", "unexpected ')'", 9),
        ("macs < 3 and", "the condition ends too early", 13),
        ("macs < 3px", "'3' means nothing here", 8),
        ('macs < "a"', "'\"' means nothing here", 8),
        ("__import__('os')", "no figure is called '__import__'", 1),
        ("macs.real < 3", "'.' means nothing here", 5),
        ("macs[0] < 3", "'[' means nothing here", 5),
        ("(" * 60 + "macs", "brackets are nested too deeply", 41),
        ("macs < " + "9" * 30, "'9' means nothing here", 8),
        ("macs < " + "1+" * 2000 + "1", "more than 2000 characters", 1),
    ],
)
def test_what_is_no_condition_is_pointed_at(text, told, column):
    with pytest.raises(SpecError) as error:
        read_condition(text, PLACES)
    message = str(error.value).splitlines()[0]
    assert message.startswith(told)
    assert message.endswith(f"(--where, column {column})")


SIGNS = ("<", "<=", "==", "+", "-", "(", ")", "%", "=")
WORDS = ("macs", "out", "and", "or", "not", "1", "2k", *SIGNS)
TEXTS = st.one_of(
    st.text(max_size=400), st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)
)


def ends(text):
    """Whether a text is refused, or is a condition that a row keeps to or not."""
    try:
        return read_condition(text, PLACES).holds(ROW) in (True, False)
    except SpecError as error:
        return 3 == len(str(error).splitlines())


@given(TEXTS)
def test_any_text_is_a_condition_or_refused(text):
    assert ends(text)


@pytest.mark.slow
@settings(max_examples=10_000)
@given(TEXTS)
def test_ten_thousand_texts_are_conditions_or_refused(text):
    assert ends(text)
