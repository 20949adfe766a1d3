"""Choices in texts, and the combinations of their values."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.errors import SpecError
from convcalc.inverse.grid import Combinations, read_template


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("conv:{32,64},k{3,5,7},s{1,2},p{0..3}", "n k s p"),
        ("conv:n={32,64},kernel_size={3,5}", "n kernel_size"),
        ("a=conv:{32,64} relu b=conv:{8,16},k3", "n n2"),
        ("{2..4}x{conv:{8,16},k3,p1 relu}", "repeats n"),
        ("residual{conv:{8,16},k3,p1 bn | } relu", "n"),
        ("conv:64,k{3x3,5},p{0,same}", "k p"),
        ("maxpool:{2,3},s2", "k"),
        ("dw:k{3,5},p{1:2,3}", "k p"),
        # These braces hold layers.
        ("residual{relu}", ""),
        ("3x{relu}", ""),
        ("scale{gap pw:8 sigmoid}", ""),
        ("concat{relu|bn} bilinear:5{relu|bn}", ""),
        ("define f(w) {conv:$w,k3} f:8", ""),
    ],
)
def test_a_choice_stands_where_a_layer_has_a_value(text, choices):
    assert choices.split() == [choice.name for choice in read_template(text).choices]


def test_the_first_text_has_the_first_values():
    template = read_template("conv:{32,64},k{3..7} residual{2x{relu}}")
    assert "conv:64,k5 residual{2x{relu}}" == template.text(["64", 5])


def test_values_are_numbers_of_a_range_and_words():
    choices = read_template("conv:{32,64..66},k{3..7:2},p{0,same,0}").choices
    assert [["32", "64", "65", "66"], range(3, 8, 2), ["0", "same"]] == [
        choice.values for choice in choices
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("conv:{}", "a choice has an empty value"),
        ("conv:{1,,2}", "a choice has an empty value"),
        ("conv:{3..}", "a range needs both ends, as 3..7"),
        ("conv:{..3}", "a range needs both ends"),
        ("conv:{7..3}", "the range is empty: 7 is above 3"),
        ("conv:{1..9:0}", "the step of a range must be at least 1"),
        ("conv:{a..b}", "a range is first..last"),
    ],
)
def test_what_is_no_choice_is_pointed_at(text, told):
    with pytest.raises(SpecError, match=told) as error:
        read_template(text)
    assert str(error.value).splitlines()[2].strip() == "^" * (len(text) - 5)


@given(
    st.lists(st.integers(1, 4).map(range), max_size=4),
    st.integers(0, 40),
    st.integers(0, 40),
)
def test_any_part_of_the_combinations_is_that_part_of_all(values, start, length):
    whole = list(product(*values))
    combinations = Combinations(values)
    assert len(whole) == combinations.count
    assert whole[start : start + length] == list(combinations.between(start, start + length))


def test_the_last_combinations_of_many_are_found_at_once():
    combinations = Combinations([range(10**6), range(7), range(10**6)])
    (last,) = combinations.between(combinations.count - 1, combinations.count)
    assert (999_999, 6, 999_999) == last


@given(st.text("{}.,:;|x0123 conv$", max_size=30))
def test_any_text_has_choices_or_a_fault(text):
    try:
        read_template(text)
    except SpecError as error:
        assert 3 == len(str(error).splitlines())
