"""The Pareto front equals the one that compares every point with every other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.errors import UsageError
from convcalc.inverse.front import Front, read_goals, read_order

NAMES = ("spec", "macs", "field", "out")
POINTS = st.lists(st.tuples(st.just("x"), st.integers(0, 9), st.integers(0, 9)), max_size=40)
GOALS = ["macs,field", "macs:max,field:min", "field,macs", "macs,field:min"]


def better(one, other, signs):
    """Whether a point is as good as another in both figures, and better in one."""
    pairs = [(sign * mine, sign * its) for sign, mine, its in zip(signs, one, other, strict=True)]
    return all(mine <= its for mine, its in pairs) and any(mine < its for mine, its in pairs)


@given(POINTS, st.sampled_from(GOALS))
def test_the_front_is_what_nothing_is_better_than(rows, text):
    goals = read_goals(text, NAMES, "--pareto")
    signs = [-1 if goal.largest else 1 for goal in goals]
    front = Front(goals)
    for row in rows:
        front.add(row)
    points = [tuple(row[goal.place] for goal in goals) for row in rows]
    expected = [not any(better(other, one, signs) for other in points) for one in points]
    assert expected == [front.holds(row) for row in rows]
    assert {one for one, on in zip(points, expected, strict=True) if on} == set(front.points())


def test_less_is_better_of_costs_and_more_of_a_field():
    goals = read_goals("macs,field", NAMES, "--pareto")
    assert [False, True] == [goal.largest for goal in goals]


def test_of_axes_the_worst_counts_and_the_unknown_is_on_no_front():
    front = Front(read_goals("macs,field", NAMES, "--pareto"))
    rows = [("x", 1, (3, 9)), ("x", 1, 4), ("x", None, 100)]
    for row in rows:
        front.add(row)
    assert [False, True, False] == [front.holds(row) for row in rows]


def test_of_padding_the_worst_end_counts_and_a_word_is_not_known():
    (goal, largest) = (read_order(text, ("spec", "p"), "--sort") for text in ("p", "-p"))
    values = [1, ((0, 3),), ((0, 1), (2, 0)), (2, 4), "same", None]
    assert [1, 3, 2, 4, None, None] == [goal.cost(("x", value)) for value in values]
    assert [-1, 0, 0, -2, None, None] == [largest.cost(("x", value)) for value in values]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("macs", "expected two figures, as macs,field"),
        ("macs,field,out", "expected two figures"),
        ("macs,macs", "expected two figures"),
        ("macs,fields", "no figure is called 'fields'; did you mean 'field'"),
        ("macs,spec", "no figure is called 'spec'"),
        ("macs:least,field", "expected macs:min or macs:max"),
    ],
)
def test_other_goals_are_refused(text, told):
    with pytest.raises(UsageError, match=told):
        read_goals(text, NAMES, "--pareto")
