"""Integer arithmetic in arguments: what it comes to, how it prints, and its limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.language.expressions import (
    InputChannels,
    Operation,
    Parameter,
    joined,
    read_expression,
    write_expression,
)

W, IN = Parameter("w"), InputChannels()
NINES = 10**18 - 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (7, "007"),
        (-7, "-7"),
        (7, "--7"),
        (0.25, "0.25"),
        (-0.5, "-0.5"),
        (2e-05, "2e-5"),
        (300.0, "3e2"),
        (1e20, "1e+20"),
        (14, "2+3*4"),
        (20, "(2+3)*4"),
        (5, "9-3-1"),
        (7, "9-(3-1)"),
        (3, "7//2"),
        (-4, "-7//2"),
        (1, "7%2"),
        (1, "-7%2"),
        (8, "24//2//3*2"),
        (6, "2*-3+12"),
        (1, "(((1)))"),
        (NINES, "9" * 18),
        (NINES, "-(-" + "9" * 18 + ")"),
    ],
)
def test_numbers_are_worked_out_at_once(value, text):
    read = read_expression(text)
    assert (value, type(value)) == (read, type(read))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (W, "$w"),
        (IN, "in"),
        (Parameter("in"), "$in"),
        (Parameter("_W2"), "$_W2"),
        (Operation("*", W, 4), "$w*4"),
        (Operation("+", 1, Operation("*", W, 2)), "1+$w*2"),
        (Operation("*", Operation("+", 1, W), 2), "(1+$w)*2"),
        (Operation("-", Operation("-", IN, 1), 2), "in-1-2"),
        (Operation("-", IN, -1), "in-(2-3)"),
        (Operation("//", IN, 6), "in//(2*3)"),
        (Operation("-", 0, W), "-$w"),
        (Operation("%", Operation("-", 0, W), 3), "-$w%3"),
    ],
)
def test_what_is_not_known_stays_an_operation(expected, text):
    assert expected == read_expression(text)


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("$w*4", "(($w)*(4))"),
        ("1+$w*2", "1+($w*2)"),
        ("(1+$w)*2", "(1+$w)*2"),
        ("in-1-2", "(in-1)-2"),
        ("in-(1-$w)", "in-(1-$w)"),
        ("in//2//3", "(in//2)//3"),
        ("in//(2*$w)", "in//(2*$w)"),
        ("in*($w%3)", "in*($w%3)"),
        ("5*in", "(2+3)*in"),
        ("in--1", "in-(-1)"),
        ("0-in", "-in"),
        ("-3*in", "-3*in"),
    ],
)
def test_the_fewest_brackets_are_printed(printed, text):
    assert printed == write_expression(read_expression(text))


LEAVES = st.one_of(
    st.integers(-NINES, NINES),
    st.sampled_from([W, Parameter("Long_name1"), IN]),
)
SIGNS = st.sampled_from(["+", "-", "*", "//", "%"])


def _without_faults(drawn):
    """The operation as the reader makes it, or its left side where the numbers cannot be joined."""
    try:
        return joined(*drawn)
    except ValueError:
        return drawn[1]


EXPRESSIONS = st.recursive(
    LEAVES, lambda sides: st.tuples(SIGNS, sides, sides).map(_without_faults), max_leaves=12
)


@given(EXPRESSIONS)
def test_an_expression_reads_back_as_itself(expression):
    assert expression == read_expression(write_expression(expression))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_decimal_reads_back_as_itself(number):
    assert number == read_expression(write_expression(number))


@given(EXPRESSIONS)
def test_no_bracket_of_the_printed_text_can_be_left_out(expression):
    text = write_expression(expression)
    closing = {}
    opened = []
    for place, sign in enumerate(text):
        if sign == "(":
            opened.append(place)
        elif sign == ")":
            closing[opened.pop()] = place
    for begin, end in closing.items():
        bare = text[:begin] + text[begin + 1 : end] + text[end + 1 :]
        assert _read_or_none(bare) != expression


def _read_or_none(text):
    try:
        return read_expression(text)
    except ValueError:
        return None


PYTHON = {"in": "C", "$w": "W", "$Long_name1": "L"}


@given(EXPRESSIONS, st.integers(1, 99), st.integers(1, 99), st.integers(1, 99))
def test_the_printed_text_means_what_python_means_by_it(expression, channels, width, other):
    text = write_expression(expression)
    for word, name in PYTHON.items():
        text = text.replace(word, name)
    values = {"C": channels, "W": width, "L": other}
    assert _outcome(lambda: eval(text, values)) == _outcome(lambda: _exact(expression, values))


def _outcome(compute):
    try:
        return compute()
    except ZeroDivisionError:
        return "division by zero"


def _exact(expression, values):
    match expression:
        case Operation(sign, left, right):
            one, other = _exact(left, values), _exact(right, values)
            if sign in "+-":
                return one + other if sign == "+" else one - other
            if sign == "*":
                return one * other
            quotient, rest = divmod(one, other)
            return quotient if sign == "//" else rest
        case InputChannels():
            return values["C"]
        case Parameter(name):
            return values[PYTHON[f"${name}"]]
    return expression


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("expected a number, $name, in or a bracket", ""),
        ("expected a number, $name, in or a bracket", "3+"),
        ("expected a number, $name, in or a bracket", "*3"),
        ("expected a number, $name, in or a bracket", "()"),
        ("expected a number, $name, in or a bracket", "2**3"),
        ("a bracket is not closed", "(3"),
        ("a bracket is not closed", "((3)"),
        ("unexpected ')'", "3)"),
        ("unexpected '4'", "(3)4"),
        ("unexpected ' '", "3 + 4"),
        ("unexpected '/'", "3/4"),
        ("unexpected '$'", "$"),
        ("unexpected 'i'", "input"),
        ("expected a number, $name, in or a bracket", "3++4"),
        ("division by zero", "3//0"),
        ("division by zero", "in%(2-2)"),
        ("'*' takes whole numbers, not decimals", "0.5*2"),
        ("'+' takes whole numbers, not decimals", "$w+0.5"),
        ("a number of more than 18 digits", "1" + "0" * 18),
        ("a number of more than 18 digits", "9" * 18 + "+1"),
        ("a number of more than 18 digits", "-" + "9" * 18 + "-1"),
        ("a number of more than 18 digits", "999999999*1000000002"),
    ],
)
def test_what_is_no_expression_says_why(message, text):
    with pytest.raises(ValueError) as caught:
        read_expression(text)
    assert message in str(caught.value)


@pytest.mark.parametrize("nested", ["({})", "-{}", "-({})", "1+({})*2"])
def test_brackets_are_read_to_a_depth_of_fifty_signs(nested):
    shallow, deep = "$w", "$w"
    for _ in range(25):
        shallow = nested.format(shallow)
    for _ in range(60):
        deep = nested.format(deep)
    read_expression(shallow)
    with pytest.raises(ValueError, match="nested too deeply"):
        read_expression(deep)


@pytest.mark.parametrize("text", ["+".join(["$w"] * 5000), "*".join(["in"] * 5000)])
def test_a_sum_without_end_is_refused_or_read_without_failing(text):
    try:
        assert text == write_expression(read_expression(text))
    except ValueError as error:
        assert "too" in str(error) or "more than" in str(error)
