"""Sizes and kernels of billions cost no more steps than small ones: nothing loops over a number.

Steps are lines of Python, counted by a trace, which also ends what would take too many.
"""

from __future__ import annotations

import sys
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

import convcalc
from convcalc.analysis import analyze_memory
from convcalc.analysis.compare import compare
from convcalc.analysis.conventions.real_taps import real_taps
from convcalc.analysis.conventions.reconcile import reconcile
from convcalc.errors import ConvcalcError
from convcalc.layers import AdaptiveAvgPool
from convcalc.window import Window, floor_sum

MOST_STEPS = 1_000_000
"""Most take some 10,000; where a field is followed run by run, a dozen passes follow thousands."""


class TooManySteps(Exception):
    """More lines were run than may be."""


def steps(function):
    """How many lines of Python a call takes, after one that imports what it needs."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        count += event == "line"
        if count > MOST_STEPS:
            raise TooManySteps
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except ConvcalcError:
        pass  # a refusal is an answer
    finally:
        sys.settrace(before)
    return count


def everything(text, shape):
    """All that is said of a network from shapes alone."""
    network = convcalc.parse(text)
    network.analyze(shape)
    real_taps(network, shape)
    analyze_memory(network, shape)
    reconcile(network, shape)
    if "conv" in network.spec():
        for variant in ("separable", "stacked", "factorized", "dilated:2", "bottleneck:2"):
            compare(network, shape, variant)


BILLION = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("adaptiveavgpool:2000000000", (1, 2 * BILLION - 1)),
        ("adaptivemaxpool:1999999999", (1, 2 * BILLION)),
        ("adaptiveavgpool:1999999999 conv:1,k3", (1, 7)),
        ("gap", (1, 2 * BILLION)),
        ("conv:1,k2000000000,p1000000000", (1, BILLION)),
        ("conv:1,k1000000000,d2,s3,p5", (1, 2 * BILLION)),
        ("conv:1,k1000000,d1999,s2000,p1000000", (1, 2 * BILLION)),
        ("conv:1,k3,d1000000000", (1, 2 * BILLION + 1)),
        ("conv:1,k1,s1000000000 conv:1,k2", (1, 2 * BILLION)),
        ("conv:1,k9,s7 conv:1,k1000000,d3 conv:1,k3,s2", (1, 2 * BILLION)),
        ("conv:1,k500000001,p1000000,reflect", (1, BILLION)),
        ("dw:k1000000000,d2,s3", (1, 2 * BILLION)),
        ("convt:1,k2000000000,s7,p3", (1, 9)),
        ("convt:1,k3,s1999999999", (1, 1)),
        ("convt:1,k1000003,s100,d3 conv:1,k3", (1, 100_000)),
        ("maxpool:2000000000,s3,ceil", (1, 2 * BILLION)),
        ("maxpool:1000000,d1000,s999", (1, 2 * BILLION)),
        ("avgpool:3,s2,same-upper", (1, 2 * BILLION)),
        ("upsample:2000000000", (1, 1)),
        ("upsample:size1999999999,bilinear", (1, 2 * BILLION)),
        ("upsample:size7,bilinear conv:1,k3", (1, 2 * BILLION - 1)),
        ("pad:1000000000 relu", (1, 7)),
        ("pad:999999999,reflect conv:1,k3", (1, BILLION)),
        ("pixelshuffle:2000000000", (2 * BILLION, 1)),
        ("pixelunshuffle:2000000000", (1, 2 * BILLION)),
        ("linear:2000000000", (3, 2 * BILLION)),
        ("flatten linear:3", (1000, 2 * BILLION)),
    ],
)
def test_large_numbers_take_few_steps(text, shape):
    steps(lambda: everything("conv:1,k3 adaptiveavgpool:3 upsample:2", (1, 9)))
    assert steps(lambda: everything(text, shape)) < MOST_STEPS


windows = st.builds(
    Window,
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(0, 12),
    st.integers(0, 12),
    st.integers(1, 9),
)


@given(windows, st.integers(1, 30), st.integers(0, 20))
def test_taps_and_cells_are_those_that_are_found_one_by_one(window, size, positions):
    def cells(windows):
        starts = range(-window.before, windows * window.stride - window.before, window.stride)
        return [
            start + tap * window.dilation
            for start in starts
            for tap in range(window.kernel)
            if 0 <= start + tap * window.dilation < size
        ]

    assert len(cells(positions)) == window.real_pairs(size, positions)
    if window.out_size(size) > 0:
        assert len(set(cells(window.out_size(size)))) == window.elements_read(size)


@given(st.integers(0, 30), st.integers(1, 12), st.integers(0, 30), st.integers(0, 30))
def test_a_sum_of_floors_is_that_of_its_terms(count, divisor, step, first):
    expected = sum((first + n * step) // divisor for n in range(count))
    assert expected == floor_sum(count, divisor, step, first)


@given(st.integers(1, 60), st.integers(1, 60))
def test_the_cells_of_adaptive_windows_are_those_of_their_sum(size, out):
    layer = AdaptiveAvgPool(out)
    ((*sections,),) = layer.sections((1, size))
    assert sum(end - begin for begin, end in sections) == layer.elements_read((1, size))


@pytest.mark.parametrize(
    ("size", "out", "cells"),
    # PyTorch's windows of 10 to 7 have 2 2 3 2 3 2 2 cells.
    [
        (10, 7, 16),
        (7, 7, 7),
        (6, 3, 6),
        (3, 7, 9),
        (5, 1, 5),
        (2 * BILLION, 2 * BILLION - 1, 4 * BILLION - 2),
    ],
)
def test_cells_of_adaptive_windows(size, out, cells):
    assert 3 * cells == AdaptiveAvgPool(out).elements_read((3, size))


@pytest.mark.parametrize(
    ("window", "size", "pairs", "read"),
    [
        (Window(3, 1, 1, 1), 7, 19, 7),
        # One window of a kernel as wide as the axis, and half a billion cells of padding in it.
        (Window(2 * BILLION, 1, BILLION, BILLION), BILLION, BILLION * (BILLION + 1), BILLION),
        # Taps 2 apart, windows 4 apart: of 2n cells every second is read.
        (Window(BILLION // 2, 4, 0, 0, 2), BILLION, BILLION // 2 * 1, BILLION // 2),
    ],
)
def test_literal_counts_of_wide_kernels(window, size, pairs, read):
    assert pairs == window.real_pairs(size, window.out_size(size))
    assert read == window.elements_read(size)


def test_euclid_is_what_bounds_a_sum_of_floors():
    # Fibonacci's numbers take Euclid longest: 43 turns for 701408733 and 433494437.
    assert 1 == gcd(701_408_733, 433_494_437)
    taken = steps(lambda: floor_sum(10**9, 701_408_733, 433_494_437, 5))
    assert taken < 8 * 45
