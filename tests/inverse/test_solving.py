"""Every layer that is found gives the output, and no other layer within the ranges does."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.errors import ConvcalcError, UsageError
from convcalc.inverse.axis import Ranges, Setting
from convcalc.inverse.layer import layer_of, solve_layer


def specs(kind, arriving, leaving, unused=None, **ranges):
    one = Ranges(**ranges)
    solved = solve_layer(kind, arriving, leaving, [one] * (len(arriving) - 1), unused)
    return [solution.layer.spec() for solution in solved.solutions]


def test_a_stem_of_7_with_stride_2_is_padded_by_3_and_may_be_padded_by_2_and_3():
    found = specs("conv", (3, 224, 224), (64, 112, 112), kernels=(7,), strides=(2,))
    # floor((224 + P - 7) / 2) + 1 = 112 for P = 5 and 6.
    assert ["conv:64,k7,s2,p3", "conv:64,k7,s2,p2:3", "conv:64,k7,s2,p3:2"] == found


@pytest.mark.parametrize(
    ("kind", "arriving", "leaving", "first"),
    [
        ("conv", (3, 224, 224), (64, 112, 112), "conv:64,k3,s2,p1"),
        ("conv", (64, 56, 56), (64, 56, 56), "conv:64,k3,p1"),
        ("conv", (3, 224, 224), (768, 14, 14), "conv:768,k16,s16"),
        ("conv", (512, 7, 7), (4096, 1, 1), "conv:4096,k7"),
        ("conv", (1, 16000), (64, 8000), "conv:64,k3,s2,p1"),
        ("conv", (1, 8, 32, 32), (4, 4, 16, 16), "conv:4,k3,s2,p1"),
        ("dw", (8, 56, 56), (16, 28, 28), "dw:k3,s2,p1,m2"),
        ("convt", (64, 7, 7), (32, 14, 14), "convt:32,k2,s2"),
        ("convt", (100, 1, 1), (512, 4, 4), "convt:512,k4"),
        ("maxpool", (64, 112, 112), (64, 56, 56), "maxpool:2"),
        ("avgpool", (512, 7, 7), (512, 1, 1), "avgpool:7"),
    ],
)
def test_the_usual_layer_comes_first(kind, arriving, leaving, first):
    assert first == specs(kind, arriving, leaving)[0]


def test_a_kernel_of_the_usual_generators_is_found_by_its_stride():
    found = specs("convt", (64, 7, 7), (32, 14, 14), kernels=(4,), strides=(2,))
    assert "convt:32,k4,s2,p1" == found[0]


def test_axes_may_have_numbers_of_their_own():
    found = specs("conv", (1, 80, 3000), (8, 40, 3000), kernels=(3,))
    # The usual one for each axis: stride 2 along the first, stride 1 along the second.
    assert "conv:8,k3,s2x1,p1" == found[0]


SIZES = st.integers(1, 12)
NUMBERS = st.sets(st.integers(1, 5), min_size=1, max_size=3).map(sorted)
ENDS = st.sets(st.integers(0, 4), min_size=1, max_size=3).map(sorted)


def outputs(kind, size, drawn):
    """The settings that a layer takes, by the sizes that they give: the layers are asked."""
    for setting in drawn:
        try:
            yield setting, layer_of(kind, 2, 2, [setting]).out_shape((2, size))[1]
        except ConvcalcError:
            continue


@pytest.mark.parametrize("kind", ["conv", "convt", "maxpool"])
@settings(max_examples=50)
@given(data=st.data(), size=SIZES, wanted=SIZES, kernels=NUMBERS, strides=NUMBERS, ends=ENDS)
def test_nothing_is_found_that_is_not_there_and_nothing_is_missed(
    kind, data, size, wanted, kernels, strides, ends
):
    dilations = data.draw(NUMBERS)
    extras = data.draw(ENDS) if kind == "convt" else [0]
    ceils = [False, True] if kind == "maxpool" else [False]
    everything = (
        Setting(k, s, before, after, d, extra, ceil)
        for k, s, before, after, d, extra, ceil in product(
            kernels, strides, ends, ends, dilations, extras, ceils
        )
        if k > 1 or d == dilations[0]  # the spacing of a single tap means nothing
    )
    expected = {setting for setting, out in outputs(kind, size, everything) if out == wanted}
    ranges = Ranges(kernels, strides, ends, None, dilations, extras, ceils)
    solved = solve_layer(kind, (2, size), (2, wanted), [ranges])
    found = [one.layer.spec() for one in solved.solutions]
    assert sorted(layer_of(kind, 2, 2, [one]).spec() for one in expected) == sorted(found)
    for one in solved.solutions:
        assert (2, wanted) == one.layer.out_shape((2, size)) == one.output
        assert (2, wanted) == convcalc.parse(one.layer.spec()).analyze((2, size)).output_shape


@settings(max_examples=40)
@given(
    kind=st.sampled_from(["conv", "convt"]),
    sizes=st.tuples(SIZES, SIZES),
    wanted=st.tuples(SIZES, SIZES),
    kernels=NUMBERS,
    strides=NUMBERS,
)
def test_of_two_axes_those_with_the_same_numbers_are_found_or_else_all(
    kind, sizes, wanted, kernels, strides
):
    every = [
        Setting(k, s, before, after)
        for k, s, before, after in product(kernels, strides, range(2), range(2))
    ]
    found = []
    for one, other in product(every, repeat=2):
        layer = layer_of(kind, 2, 2, [one, other])
        try:
            if layer.out_shape((2, *sizes))[1:] == wanted:
                found.append((one == other, layer.spec()))
        except ConvcalcError:
            continue
    alike = [spec for same, spec in found if same]
    ranges = [Ranges(kernels, strides, range(2), extras=(0,))] * 2
    solved = solve_layer(kind, (2, *sizes), (2, *wanted), ranges)
    same = sizes[0] == sizes[1] and wanted[0] == wanted[1]
    expected = alike if alike or same else [spec for _, spec in found]
    assert sorted(expected) == sorted(one.layer.spec() for one in solved.solutions)


@settings(max_examples=20)
@given(size=st.integers(1, 20), wanted=st.integers(1, 20), kind=st.sampled_from(["conv", "convt"]))
def test_what_is_not_given_is_looked_for_among_every_stride(size, wanted, kind):
    solved = solve_layer(kind, (1, size), (1, wanted), [Ranges(kernels=range(1, 5))])
    strides = range(1, 60)
    everything = (
        Setting(k, s, before, after, 1, extra)
        for k, s in product(range(1, 5), strides)
        for before, after in product(range(k // 2 + 1), repeat=2)
        for extra in (range(s) if kind == "convt" else (0,))
    )
    positions = size if kind == "convt" else wanted
    expected = {
        layer_of(kind, 1, 1, [setting]).spec()
        for setting in everything
        # With one position every stride is as good: 1 is taken.
        if (positions > 1 or setting.stride == 1) and setting.out_size(kind, size) == wanted
    }
    assert expected == {one.layer.spec() for one in solved.solutions}


def read_by(layer, size):
    """The elements of the input that an output depends on, found one by one."""
    plan = layer.windows((1, size))[0]
    out = layer.out_shape((1, size))[1]
    taps = [tap * plan.dilation for tap in range(plan.kernel)]
    if layer.kind == "convt":
        return {
            j
            for j in range(size)
            if any(0 <= j * plan.stride - plan.before + tap < out for tap in taps)
        }
    reached = {u * plan.stride - plan.before + tap for u in range(out) for tap in taps}
    return reached & set(range(size))


@settings(max_examples=50)
@given(
    kind=st.sampled_from(["conv", "convt", "maxpool"]),
    size=SIZES,
    wanted=SIZES,
    kernels=NUMBERS,
    dilations=NUMBERS,
)
def test_unused_elements_are_counted_exactly(kind, size, wanted, kernels, dilations):
    ranges = Ranges(kernels, None, range(4), None, dilations, None, (False, True))
    if kind != "maxpool":
        ranges = Ranges(kernels, None, range(4), None, dilations)
    every = solve_layer(kind, (1, size), (1, wanted), [ranges]).solutions
    for one in every[:60]:
        assert (size - len(read_by(one.layer, size)),) == one.unused
    none = solve_layer(kind, (1, size), (1, wanted), [ranges], unused=0).solutions
    assert [one for one in every if one.unused == (0,)] == list(none)


def test_a_size_between_two_strides_is_given_by_none():
    solved = solve_layer("conv", (3, 224, 224), (64, 80, 80), [Ranges(kernels=(7,))] * 2)
    assert () == solved.solutions
    assert (
        "no stride makes 80 of 224: stride 2 gives 109 to 112, stride 3 gives 73 to 75"
        == solved.why_none
    )
    assert ("conv:64,k7,s3,p3", (64, 75, 75)) == (
        solved.nearest[0].layer.spec(),
        solved.nearest[0].output,
    )


@pytest.mark.parametrize(
    ("kind", "size", "wanted", "why"),
    [
        ("conv", 7, 14, "7 elements give at most 8, not 14; a transposed convolution enlarges"),
        ("convt", 14, 7, "14 elements give at least 13, not 7"),
        ("conv", 5, 1, "5 elements give at least 4, not 1"),
    ],
)
def test_why_there_is_none(kind, size, wanted, why):
    ranges = Ranges(kernels=(2,)) if wanted == 1 else Ranges(kernels=range(1, 8))
    solved = solve_layer(kind, (1, size), (1, wanted), [ranges])
    assert () == solved.solutions
    assert why in solved.why_none


@pytest.mark.parametrize(
    ("kind", "arriving", "leaving", "told"),
    [
        ("conv", (784,), (10,), "there are none: give channels and sizes, as 3x224x224"),
        ("conv", (3, 8, 8), (4, 8), "as many axes as the input"),
        ("maxpool", (3, 8), (4, 4), "maxpool keeps its 3 channels"),
        ("dw", (3, 8), (4, 4), "a multiple of its 3 channels"),
    ],
)
def test_shapes_that_no_layer_has_are_refused(kind, arriving, leaving, told):
    with pytest.raises(UsageError, match=told):
        solve_layer(kind, arriving, leaving, [Ranges()] * (len(arriving) - 1))


def test_a_search_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("convcalc.inverse.axis.MOST_STEPS", 1000)
    ranges = Ranges(kernels=range(1, 5000), strides=range(1, 5000), ends=range(2000))
    with pytest.raises(UsageError, match="give narrower ranges"):
        solve_layer("conv", (1, 10_000), (1, 5000), [ranges])
