"""A walk comes to what the executor computes, and every line of it adds up."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from evaluating import evaluated

import convcalc
from convcalc.explain.walk.data import Joined, Mapped, Stages, Sum, added
from convcalc.explain.walk.functions import WEIGHTS, case_of, number_of_piece, pieces_of
from convcalc.explain.walk.views import layer_axes, planes
from convcalc.render.walk_document import walk_document
from convcalc.render.walks import walk_text
from walking import CONVOLUTIONS, COPIES, EVERY, FUNCTIONS, NETWORKS, POOLINGS, RESIZINGS, walks

WIDE = 100_000

EQUATION = re.compile(r"(?:[a-z][\w ]*|channel \d+): (.+) = (\S+)")


@pytest.mark.parametrize("text", EVERY)
def test_every_output_of_every_layer_is_what_the_executor_says(text):
    for walked, results, expected in walks(text):
        assert walked[-1].walk.result == pytest.approx(expected, rel=1e-12)
        for one in walked:
            computed = results[one.number][one.walk.place]
            assert one.walk.result == pytest.approx(computed, rel=1e-12)


@pytest.mark.parametrize("text", CONVOLUTIONS)
def test_whole_numbers_are_exact(text):
    for walked, _, expected in walks(text, whole=True):
        assert (int, int(expected)) == (type(walked[-1].walk.result), walked[-1].walk.result)


@pytest.mark.parametrize("text", [*CONVOLUTIONS])
def test_what_is_read_is_what_stands_there(text):
    for walked, _, _ in walks(text, whole=True):
        one = walked[-1]
        sums = one.walk.first if isinstance(one.walk, Stages) else (one.walk,)
        for part in (part for own in sums for part in own.parts):
            for factor in part.factors:
                if text.startswith("linear"):
                    assert factor.value == one.inputs[0][factor.source]
                elif factor.source is None:
                    assert 0 == factor.value
                else:
                    assert factor.value == one.inputs[0][(part.channel, *factor.source)]


def value_of(expression):
    """The value of an expression with functions and powers in it."""
    return eval(re.sub(r"\|([^|]*)\|", r"abs(\1)", expression), vars(math).copy())


def sums_of(text):
    """(expression, value) of every line that has an equation."""
    lines = [line.replace("^", "**") for line in text.splitlines()]
    found = [re.fullmatch(EQUATION, line.strip()) for line in lines]
    return [(one[1], float(one[2])) for one in found if one]


@pytest.mark.parametrize("text", EVERY)
def test_every_line_of_the_text_adds_up(text):
    whole = text in CONVOLUTIONS
    for count, (walked, _, expected) in enumerate(walks(text, whole=whole)):
        shown = walk_text(walked, WIDE)
        equations = sums_of(shown)
        told = Sum | Joined | Mapped
        assert equations or not any(isinstance(one.walk, told) for one in walked) or _plain(walked)
        for expression, value in equations:
            # Seven digits of each number are shown.
            assert value_of(expression) == pytest.approx(value, rel=3e-6, abs=1e-6), expression
        last = shown.splitlines()
        result = [line for line in last if line.startswith("result: ")][-1]
        assert float(result[8:]) == pytest.approx(float(expected), rel=1e-6)
        if count > 12:
            break


def _plain(walked):
    """Whether the last layer lets a number pass as it is, which has no equation."""
    return walked[-1].walk.formula == "x"


@pytest.mark.parametrize(("shape", "name"), [((4,), "features"), ((2, 4), "channel 0")])
def test_a_sum_over_features_is_called_that(shape, name):
    walked, _, _ = next(walks("linear:3", whole=True, shape=shape))
    assert name == walk_text(walked, 80).splitlines()[1].partition(":")[0]


@pytest.mark.parametrize("text", FUNCTIONS)
def test_the_formula_of_a_function_holds_in_letters_too(text):
    cases = set()
    for walked, _, expected in walks(text):
        one = walked[-1]
        letters = {"x": one.walk.value, **vars(math)}
        for name, own in one.weights.items():
            channel = one.walk.place[:1] if own.shape[0] > 1 else (0,)
            letters[WEIGHTS[name]] = own[channel]
        formula = re.sub(r"\|([^|]*)\|", r"abs(\1)", one.walk.formula.replace("^", "**"))
        assert eval(formula, letters) == pytest.approx(expected, rel=1e-6, abs=1e-9)
        cases.add(one.walk.case)
        assert not one.walk.case or eval(one.walk.case, letters)
    assert len(pieces_of(one.layer)) == len(cases)


@pytest.mark.parametrize("text", COPIES)
def test_an_element_that_is_moved_is_the_one_that_is_said(text):
    for walked, _, expected in walks(text, whole=True):
        one = walked[-1]
        if one.walk.source is None:
            assert expected == one.layer.value
        else:
            assert expected == one.inputs[0][one.walk.source]


def test_bounds_belong_to_the_pieces_that_have_them():
    pieces = pieces_of(convcalc.parse("hardshrink:1").nodes[0].layer)
    told = [(case_of(pieces, at), pieces[at].text) for at in range(3)]
    assert [("x < -1", "{x}"), ("-1 <= x <= 1", "0"), ("x > 1", "{x}")] == told
    numbers = (-1.5, -1, 1, 1.5, math.nan)
    assert [0, 1, 1, 2, 2] == [number_of_piece(pieces, number) for number in numbers]


@pytest.mark.parametrize("text", EVERY)
@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_than_there_is_room(text, width):
    for count, (walked, _, _) in enumerate(walks(text, whole=text in CONVOLUTIONS)):
        assert all(len(line) <= width for line in walk_text(walked, width).splitlines())
        if count > 3:
            break


@pytest.mark.parametrize("text", ["conv:2,k3,p2,circular,d2", *POOLINGS, *NETWORKS, *RESIZINGS])
def test_json_and_the_table_hold_the_same_products(text):
    walked, _, expected = next(walks(text))
    document = walk_document(walked, walked[0].inputs[0].shape, 80)
    last = document.data["layers"][-1]
    assert last["result"] == pytest.approx(expected, rel=1e-12)
    assert document.table.rows[-1][-1] == last["result"]
    for layer in document.data["layers"]:
        for channel in layer.get("channels", ()):
            products = [one["product"] for one in channel["products"]]
            assert sum(products) == channel["sum"]
        if "channels" in layer:
            assert sum(one["sum"] for one in layer["channels"]) == layer["sum"]
            assert layer["sum"] + (layer["bias"] or 0) == layer["result"]


def marks(text, name):
    """The rows of one grid of a text."""
    lines = text.splitlines()
    start = lines.index(name) + 1
    rows = []
    while start < len(lines) and lines[start].startswith("  "):
        rows.append(lines[start].split())
        start += 1
    return rows


def numbers(rows):
    """The numbers of a grid, without their marks; a zero of the padding is a 0."""
    return [0 if spot in (".", "[.]") else int(spot.strip("[]()~")) for row in rows for spot in row]


@pytest.mark.parametrize("text", [text for text in CONVOLUTIONS if "sep" not in text[:3]])
def test_the_grids_show_what_the_products_are_made_of(text):
    for count, (walked, _, _) in enumerate(walks(text, whole=True)):
        walk, shape = walked[-1].walk, walked[-1].inputs[0].shape
        lines = walk_text(walked, WIDE)
        flat = len(shape) < 4 and not text.startswith("linear")
        for part in walk.parts[:3] if flat else ():
            turned = ", turned round" if "convt" in text else ""
            plane = marks(lines, f"input channel {part.channel}")
            read = [[spot for spot in row if spot.startswith("[")] for row in plane]
            assert [factor.value for factor in part.factors] == numbers(read)
            kernel = marks(lines, f"kernel for channel {part.channel}{turned}")
            assert [factor.weight for factor in part.factors] == numbers(kernel)
        output = lines.splitlines()[-1]
        assert f"[{walk.result}]" in lines or "result: " in output
        if count > 12:
            break


def test_the_window_of_a_dilated_kernel_shows_its_holes():
    walked, _, _ = next(walks("conv:2,k3,p2,circular,d2", whole=True))
    rows = marks(walk_text(walked, 80), "input channel 0")
    read = [[cell[0] == "[" for cell in row] for row in rows]
    holes = [[cell[0] == "(" for cell in row] for row in rows]
    assert np.array(read)[:5, :5].tolist() == [
        [r % 2 == c % 2 == 0 for c in range(5)] for r in range(5)
    ]
    assert 16 == np.sum(holes)
    assert 9 == np.sum(read)
    assert all("~" in cell for cell in rows[0])


def test_what_is_read_is_no_hole():
    one = next(walks("conv:2,k3,p2,circular,d2", whole=True))[0][-1]
    axes = layer_axes(one.layer, one.inputs[0].shape, (0, 0))
    (plane,) = planes(one.inputs[0], 0, axes, (20, 20))
    spots = [spot for row in plane.spots for spot in row]
    assert (9, 16) == (sum(spot.read for spot in spots), sum(spot.hole for spot in spots))
    assert not any(spot.read and spot.hole for spot in spots)


def test_an_output_of_a_transposed_convolution_is_told_in_both_ways():
    for walked, _, expected in walks("convt:2,k3,s2,p1", whole=True):
        text = walk_text(walked, 80)
        spread = re.findall(r"element \S+, tap \S+: (\S+) = (\S+)", text)
        assert all(evaluated(product) == float(value) for product, value in spread)
        bias = walked[-1].walk.bias
        assert float(expected) == sum(float(value) for _, value in spread) + bias
        assert "kernel for channel 0, turned round" in text


@pytest.mark.parametrize("text", ["linear:2", "gap", "maxpool:13", "lppool:11,norm2", "softmin"])
def test_of_many_terms_the_last_is_what_the_others_come_to(text):
    shape = (300,) if text in ("linear:2", "softmin") else (1, 13, 13)
    walked, _, expected = next(walks(text, shape=shape))
    shown = walk_text(walked, WIDE)
    assert re.search(r"the last term is what \d+ more come to", shown)
    (expression, value), *_ = sums_of(shown)
    assert value_of(expression) == pytest.approx(value, rel=3e-6)
    assert walked[-1].walk.result == pytest.approx(expected, rel=1e-12)


def test_branches_are_told_before_what_joins_them():
    walked, _, _ = next(walks("concat{pw:2 | conv:1,k3,p1 | maxpool:3,s1,p1 pw:1}"))
    assert [one.layer.kind for one in walked] == ["pw", "conv", "maxpool", "pw", "concat"]
    lines = walk_text(walked, 80).splitlines()
    told = [line.partition(":")[0] for line in lines if line.startswith("branch")]
    others = ["branch 1 (0.1.0 conv) is not read here", "branch 2 (0.2.1 pw) is not read here"]
    assert ["branch 0 (0.0.0 pw) at 0,0,0", *others] == told


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((1 / 3, 2 / 3, -1.0), 0.0),
        ((0.1, 0.2, -0.3), 0.0),  # 5.6e-17 in float64
        ((1.0, -1.0, 1e-14), 1e-14),
        ((1e-300, 1e-300), 2e-300),
        ((2**60, 1, -(2**60)), 1),
        ((math.inf, -1.0), math.inf),
        ((), 0),
    ],
)
def test_what_rounding_leaves_of_a_sum_that_cancels_is_nothing(terms, expected):
    assert expected == added(terms)
