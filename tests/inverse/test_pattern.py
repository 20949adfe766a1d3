"""Chains of a pattern: what is found has the field, and nothing else of the pattern has."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.errors import ConvcalcError, SpecError, UsageError
from convcalc.inverse.pattern import DEFAULT_PATTERN, Wanted, solve_pattern

BIG = (3, 256, 256)


def field_of(spec, shape=BIG):
    report = convcalc.parse(spec).analyze(shape)
    return report.layers[-1].receptive_field[0].size


def test_a_field_of_70_is_that_of_the_patchgan():
    # Isola et al. (2017): three convolutions of 4 with stride 2, then two with stride 1.
    patchgan = "3x{conv:64,k4,s2} 2x{conv:64,k4,s1}"
    found = solve_pattern(DEFAULT_PATTERN, Wanted(BIG, 70)).chains
    assert (patchgan, 5, 70) == found[0][:3]
    assert 70 == field_of(patchgan)
    assert [70] * len(found) == [field_of(chain.spec) for chain in found]


@pytest.mark.parametrize(
    ("pattern", "field", "first"),
    [
        # 2 * (1 + 2 + 4 + 8) + 1, the first layers of WaveNet with kernel 3.
        ("Nx{conv:64,k3,d{1,2,4,8}}", 31, " ".join(f"conv:64,k3,d{d}" for d in (1, 2, 4, 8))),
        ("Nx{conv:64,k3}", 9, "4x{conv:64,k3}"),
        ("Nx{conv:8,k3 maxpool:2}", 10, "conv:8,k3 maxpool:2 conv:8,k3 maxpool:2"),
        ("conv:8,k7,s2 Nx{conv:8,k3}", 11, "conv:8,k7,s2 conv:8,k3"),
        ("Nx{conv:8,k3} conv:8,k{1,5}", 7, "3x{conv:8,k3} conv:8,k1"),
        ("conv:8,k{3,5,7}", 5, "conv:8,k5"),
    ],
)
def test_the_shortest_chain_comes_first(pattern, field, first):
    found = solve_pattern(pattern, Wanted(BIG, field)).chains
    if first.endswith("k1"):
        assert "conv:8,k3 conv:8,k5" == found[0].spec
        assert first in [chain.spec for chain in found]
        return
    assert first == found[0].spec


@settings(max_examples=15)
@given(
    kernels=st.sets(st.integers(1, 5), min_size=1, max_size=2),
    strides=st.sets(st.integers(1, 3), min_size=1, max_size=2),
    dilations=st.sets(st.integers(1, 3), min_size=1, max_size=2),
    field=st.integers(2, 14),
)
def test_every_chain_is_found_and_no_other(kernels, strides, dilations, field):
    lists = zip("ksd", (kernels, strides, dilations), strict=True)
    values = ",".join(f"{key}{{{','.join(map(str, sorted(one)))}}}" for key, one in lists)
    pattern = f"Nx{{conv:4,{values}}}"
    found = solve_pattern(pattern, Wanted((3, 64), field)).chains
    assert all(chain.layers <= 40 for chain in found)
    expected = set()
    for turns in range(1, 4):
        for kernel in kernels:
            for steps in product(strides, repeat=turns):
                for gaps in product(dilations, repeat=turns):
                    if list(steps) != sorted(steps, reverse=True) or list(gaps) != sorted(gaps):
                        continue
                    words = [
                        f"conv:4,k{kernel},s{step},d{gap}"
                        for step, gap in zip(steps, gaps, strict=True)
                    ]
                    try:
                        if field_of(" ".join(words), (3, 64)) == field:
                            expected.add(" ".join(words))
                    except ConvcalcError:
                        continue
    written_out = {
        " ".join(node.layer.spec() for node in convcalc.parse(chain.spec).nodes)
        for chain in found
        if chain.layers <= 3
    }
    # A turn of one tap and stride 1 changes nothing, and more turns behind it are left out.
    plain = {" ".join(node.layer.spec() for node in convcalc.parse(one).nodes) for one in expected}
    idle = {one for one in plain - written_out if "conv:4,k1" in one}
    assert plain - idle == written_out


def test_an_output_may_be_wanted_and_both():
    pattern = "Nx{conv:64,k{3,5},s{1,2},p1}"
    found = solve_pattern(pattern, Wanted((3, 224, 224), output=(64, 14, 14))).chains
    assert "4x{conv:64,k3,s2,p1}" == found[0].spec
    assert {(64, 14, 14)} == {chain.output for chain in found}
    both = solve_pattern(pattern, Wanted((3, 224, 224), 63, (64, 14, 14))).chains
    assert ["4x{conv:64,k3,s2,p1} conv:64,k3,s1,p1"] == [chain.spec for chain in both]


def test_none_has_the_nearest():
    found = solve_pattern("Nx{conv:64,k3}", Wanted(BIG, 10))
    assert ((), [9, 11]) == (found.chains, [chain.field for chain in found.nearest[:2]])


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("Nx{residual{relu}}", "a pattern is a chain of layers"),
        ("Nx{conv:8,k3} Nx{conv:8,k3}", "only one group can have N turns"),
        ("Nx{conx:8,k3}", "unknown kind 'conx'"),
        ("Nx{conv:8,k{3..}}", "a range needs both ends"),
    ],
)
def test_other_patterns_are_refused(pattern, told):
    with pytest.raises(SpecError, match=told):
        solve_pattern(pattern, Wanted(BIG, 9))


def test_searches_without_end_or_without_axes_are_refused(monkeypatch):
    pattern = "Nx{conv:8,k3,s{1..9},d{1..9} conv:8,k3,s{1..9},d{1..9}}"
    monkeypatch.setattr("convcalc.inverse.pattern.MOST_STEPS", 1000)
    with pytest.raises(UsageError, match="more than 1,000 layers would be asked; give fewer"):
        solve_pattern(pattern, Wanted((3, 10**6), 10**6))
    with pytest.raises(UsageError, match="the input has none"):
        solve_pattern(DEFAULT_PATTERN, Wanted((784,), 9))
    with pytest.raises(UsageError, match="say what is wanted"):
        solve_pattern(DEFAULT_PATTERN, Wanted(BIG))
