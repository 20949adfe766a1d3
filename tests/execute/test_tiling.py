"""Boxes of a convolution: what each reads, that they cover the result, that they fit."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from boxing import convolutions
from hypothesis import assume, given
from hypothesis import strategies as st

from convcalc.errors import ResourceError
from convcalc.execute.problem import ConvProblem, problem_of
from convcalc.execute.tiling import boxes, choose, of_box, span
from convcalc.window import Window


def needed(problem):
    return problem.bytes


IMAGE = ConvProblem(
    batch=2,
    channels=3,
    out_channels=8,
    groups=1,
    sizes=(100, 80),
    windows=(Window(5, 1, 2, 2), Window(5, 1, 2, 2)),
    out_sizes=(100, 80),
)


# Derived by hand.
@pytest.mark.parametrize(
    ("window", "size", "outputs", "elements", "ends"),
    [
        (Window(3, 1, 1, 1), 10, (0, 4), (0, 5), (1, 0)),
        (Window(3, 1, 1, 1), 10, (4, 8), (3, 9), (0, 0)),
        (Window(3, 1, 1, 1), 10, (8, 10), (7, 10), (0, 1)),
        (Window(3, 2, 0, 0), 9, (1, 3), (2, 7), (0, 0)),
        (Window(3, 1, 2, 2, 2), 5, (0, 5), (0, 5), (2, 2)),
    ],
)
def test_what_outputs_read(window, size, outputs, elements, ends):
    found = span(window, size, outputs, transposed=False)
    assert elements == found.elements
    assert ends == (found.window.before, found.window.after)
    assert not found.empty
    assert outputs[1] - outputs[0] == found.window.out_size(elements[1] - elements[0])


def test_outputs_of_padding_alone_read_nothing():
    assert span(Window(1, 1, 3, 3), 4, (0, 2), transposed=False).empty
    assert span(Window(1, 1, 3, 3), 4, (8, 10), transposed=False).empty
    assert not span(Window(1, 1, 3, 3), 4, (2, 4), transposed=False).empty


# Kernel 4, stride 2, one cell cropped: cell j reaches the outputs 2j - 1 ... 2j + 2.
@pytest.mark.parametrize(
    ("outputs", "elements", "before"),
    [((0, 4), (0, 3), 1), ((4, 8), (1, 5), 3), ((14, 16), (6, 8), 3)],
)
def test_what_transposed_outputs_read(outputs, elements, before):
    found = span(Window(4, 2, 1, 1), 8, outputs, transposed=True)
    assert elements == found.elements
    assert before == found.window.before


def test_an_output_that_no_cell_reaches_starts_at_the_cell_before_it():
    # One tap, stride 3: cell 0 reaches output 0, cell 1 output 3; 1 and 2 are nobody's.
    found = span(Window(1, 3), 4, (1, 3), transposed=True)
    assert (0, 1) == found.elements
    assert 1 == found.window.before


def test_a_box_of_some_groups_reads_their_channels():
    grouped = IMAGE._replace(channels=12, out_channels=8, groups=4)
    part = of_box(grouped, 4, (10, 10))
    assert (6, 4, 2) == (part.channels, part.out_channels, part.groups)
    whole = of_box(IMAGE, 4, (10, 10))
    assert (3, 4, 1) == (whole.channels, whole.out_channels, whole.groups)


def test_boxes_are_the_whole_where_it_fits():
    tiling = choose(IMAGE, 10**9, needed)
    assert (8, (100, 80), 2) == (tiling.channels, tiling.sizes, tiling.boxes)
    first, second = boxes(IMAGE, tiling)
    assert (0, 1) == (first.sample, second.sample)
    assert ((0, 100), (0, 80)) == first.outputs


def test_the_first_axis_is_cut_first():
    tiling = choose(IMAGE, needed(of_box(IMAGE, 8, (100, 80))) // 3, needed)
    assert (8, (25, 80)) == (tiling.channels, tiling.sizes)


def test_a_box_is_cut_across_channels_when_it_is_as_small_as_the_kernel():
    whole = IMAGE._replace(out_channels=4096, sizes=(9, 9), out_sizes=(9, 9), batch=1)
    tiling = choose(whole, needed(whole) // 50, needed)
    assert tiling.channels < 4096
    assert tiling.bytes <= needed(whole) // 50


def test_what_cannot_be_cut_small_enough_is_refused():
    with pytest.raises(ResourceError, match="--max-memory: one output element needs"):
        choose(IMAGE, 100, needed)


@given(convolutions(modes=("zeros",)), st.integers(100, 20_000))
def test_boxes_cover_the_result_once_and_keep_their_promise(case, budget):
    layer, (batch, *shape) = case
    problem = problem_of(layer, batch, tuple(shape), "float32")
    try:
        tiling = choose(problem, budget, needed)
    except ResourceError:
        assume(False)
    seen = np.zeros((problem.batch, problem.out_channels, *problem.out_sizes), int)
    count = 0
    for box in boxes(problem, tiling):
        place = tuple(slice(*ends) for ends in (box.channels, *box.outputs))
        seen[(box.sample, *place)] += 1
        count += 1
        own = of_box(problem, tiling.channels, tiling.sizes)
        for axis, one in enumerate(box.spans):
            assert one.elements[1] - one.elements[0] <= own.sizes[axis]
            assert 0 <= one.elements[0]
            assert one.elements[1] <= problem.sizes[axis]
    assert (seen == 1).all()
    assert tiling.boxes == count
    assert tiling.bytes <= budget
    assert prod(tiling.sizes) >= 1
