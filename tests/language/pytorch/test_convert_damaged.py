"""PyTorch's own text, damaged or hostile: a network or problems, at once."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from printed_modules import NESTED, Net, network

from convcalc.errors import Diagnostic, SpecError
from convcalc.language.parse import parse
from convcalc.language.pytorch.convert import looks_like_pytorch, read_pytorch
from convcalc.language.pytorch.modules import call_of
from convcalc.language.pytorch.printed import printed_parameters
from convcalc.language.pytorch.reader import Given, Module
from convcalc.language.pytorch.table import FORMS
from convcalc.language.tree import Place
from growth import calls_within

VALUES = st.sampled_from([True, None, "x", -7, 0, 2.5, (), (1,), (1, 2, 3, 4), ("a",), 10**30])


@given(st.sampled_from(sorted(FORMS)), st.data())
def test_any_value_of_any_argument_is_read_or_refused(name, data):
    chosen = data.draw(st.dictionaries(st.sampled_from(FORMS[name].parameters or ("x",)), VALUES))
    arguments = tuple(Given(key, value, Place(0, 1)) for key, value in chosen.items())
    call, _, problems = call_of(Module(name, arguments, (), Place(0, 9), Place(0, 1)))
    assert (call is None) is bool(problems)


SEEDS = [*(str(module) for module in NESTED), str(Net()), "nn.Sequential(nn.Conv2d(3, 8, [3, 3]))"]

PIECES = [*"()[]{},:=.-'\"#\n 09x\\", "3 x ", "(0-2): ", "None", "Sequential(", "1e9", "\u00b2"]


@st.composite
def mutated(draw):
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(len(text), begin + 9)))
        text = text[:begin] + draw(st.sampled_from(PIECES) | st.text(max_size=3)) + text[end:]
    return text


@given(mutated() | st.text())
@example("[:")
def test_a_damaged_text_gives_a_network_or_problems(text):
    looks_like_pytorch(text)
    items, problems, *_ = read_pytorch(text)
    assert all(0 <= problem.start <= problem.end <= len(text) + 1 for problem in problems)
    if not problems:
        assert items
    with suppress(SpecError):
        network(text, (3, 12, 14))
    with suppress(SpecError):
        printed, distinct = printed_parameters(text)
        assert 0 <= distinct <= printed


@pytest.mark.parametrize(
    "text",
    [
        "Sequential((0): " * 50_000,
        "Sequential((0): " * 101 + "ReLU()" + ")" * 101,
        "nn.Sequential(" * 50_000,
        "nn.Conv2d(" + "(" * 500_000,
        "nn.Conv2d(" + "[" * 99 + "]" * 99 + ")",
        "nn.Conv2d(" + "(a " * 200_000 + ")",
        "A" * 1_000_000 + "(",
        " " * 1_000_000 + "nn.",
        "# \n" * 30_000,
        "Sequential(" + "(a): Rellu() " * 10_000 + ")",
        "Sequential(" + "(0-999): 1000 x Sequential(" * 20 + ")" * 21,
        "Sequential(" + "x " * 500_000 + ")",
        "Sequential(" + "'" * 500_000 + ")",
        "Sequential(" + "(a): Odd(# " * 50_000 + ")",
        "nn.Conv2d(" + "3," * 20_000 + ")",
        "(" * 1_000_000,
    ],
    ids=lambda text: text[:24],
)
def test_a_hostile_text_is_answered_in_a_few_steps(text):
    """A few calls for each character at most; nested counts come to a million and no more.

    Twenty thousand arguments suffice: twice over each, and the calls would be 400 million.
    """
    counted = 1_000_000 if " x " in text else 20_000
    with calls_within(20 * len(text) + counted):
        looks_like_pytorch(text)
        _, problems, *_ = read_pytorch(text)
    assert problems


def test_a_deep_sequential_is_read():
    text = "Sequential((0): " * 99 + "ReLU()" + ")" * 99
    assert [".".join("0" * 99)] == [node.label for node in network(text).nodes]


def test_a_text_beyond_all_modules_is_not_read():
    with pytest.raises(
        SpecError, match="a text of 1048577 characters with modules of PyTorch; at most 1048576"
    ):
        parse("nn.ReLU()" + " " * (2**20 - 8))
    assert read_pytorch("nn.ReLU()" + " " * 1000).problems == ()


def test_a_wide_sequential_is_read_quickly():
    text = "Sequential(\n" + "".join(f"  ({n}): ReLU()\n" for n in range(10_000)) + ")"
    with calls_within(20 * len(text)):
        items, problems, *_ = read_pytorch(text)
    assert (10_000, ()) == (len(items), problems)


def test_a_problem_of_an_expectation_points_at_the_number():
    expectations = read_pytorch("Conv2d(3, 8, 3)").expectations
    message = "this Conv2d expects 3 input channels, 5 arrive; 5 would fit here"
    assert Diagnostic(message, 7, 8) == expectations["0"].problem((5, 9, 9))
    assert expectations["0"].problem((3, 9, 9)) is None
