"""Elements on other axes: what new positions see, and what comes after them."""

from __future__ import annotations

from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from reports import report, seen

import convcalc
from contract_rows import HALF
from convcalc.layers import Reshape
from convcalc.receptive import IDENTITY

SIZES = st.lists(st.sampled_from((1, 2, 3, 4, 6)), min_size=2, max_size=4).map(tuple)


@given(SIZES, SIZES)
def test_a_position_sees_what_its_elements_come_from(before, after):
    channels = prod(before[1:]) * prod(after[1:])
    shape = (channels // prod(before[1:]), *before[1:])
    wanted = (channels // prod(after[1:]), *after[1:])
    assume(len(before) == len(after))
    places = np.stack(np.unravel_index(np.arange(prod(shape)).reshape(wanted), shape))
    fields = Reshape(wanted).field(((IDENTITY,) * (len(before) - 1),), (shape,))
    for axis, field in enumerate(fields, start=1):
        for u in range(wanted[axis]):
            found = set(places[axis].take(u, axis=axis).ravel().tolist())
            assert field.whole or found == elements(field, u)


def elements(field, u):
    """The elements that output u sees."""
    turns, phase = divmod(u, len(field.phases))
    moved = int(field.effective_stride * len(field.phases)) * turns
    return {moved + e for low, high in field.phases[phase] for e in range(low, high + 1)}


@pytest.mark.parametrize(
    ("spec", "shape", "whole", "fields"),
    [
        # Columns stay, rows do not: row u of two has rows u and u + 2 of four.
        ("reshape:6x2x5", (3, 4, 5), (True, False), ((2, 2, 0), (1, 1, 0))),
        ("reshape:3x4x5", (3, 4, 5), (False, False), ((1, 1, 0), (1, 1, 0))),
        # All new positions see the one that there was, and what it saw.
        (
            "gap reshape:3x2x2",
            (12, 4, 5),
            (True, True),
            ((4, 2, -2), (5, Fraction(5, 2), Fraction(-5, 2))),
        ),
        # Features come back on as many axes as they went.
        ("flatten linear:8 reshape:2x4", (3, 4), (True,), ((1, Fraction(1, 4), Fraction(-3, 4)),)),
        # On another number of axes nothing says which one they were.
        ("flatten reshape:3x2x2", (3, 4), (True, True), ((1, HALF, -HALF),) * 2),
        ("reshape:12x5", (3, 4, 5), (False,), ((1, 1, 0),)),
        # An axis of channels is none of the input's.
        ("unflatten:3x2", (6, 5), (False, False), ((1, HALF, -HALF), (1, 1, 0))),
        (
            "unflatten:2x3,dim2",
            (4, 6, 5),
            (True, True, False),
            (*((1, Fraction(1, n), Fraction(1, n) - 1) for n in (2, 3)), (1, 1, 0)),
        ),
        # ... unless they hold an axis of it that was made channels: 12 are 3 x 4 rows of 5.
        (
            "reshape:12x5 unflatten:6x2",
            (3, 4, 5),
            (True, False),
            ((1, HALF, -HALF), (1, 1, 0)),
        ),
        ("reshape:-1", (3, 4, 1), (True, False), ((1, 1, 0), (1, 1, 0))),
    ],
)
def test_the_fields_of_new_axes(spec, shape, whole, fields):
    row = report(spec, shape)
    assert (whole, fields) == (tuple(field.whole for field in row.receptive_field), seen(row))


def test_a_generator_grows_from_features():
    rows = (
        convcalc.parse("linear:256 unflatten:16x4x4 convt:8,k4,s2,p1 relu").analyze((100,)).layers
    )
    assert [(256,), (16, 4, 4), (8, 8, 8), (8, 8, 8)] == [row.output_shape for row in rows]
    assert [0, 2, 2, 2] == [len(row.receptive_field) for row in rows]


@pytest.mark.parametrize(
    ("spec", "axes"),
    [
        ("residual{reshape:4x64 flatten | flatten}", 2),
        ("concat{reshape:4x2x4x8 flatten | flatten linear:9}", 3),
        ("flatten scale{reshape:4x64 flatten}", 2),
        ("reshape:4x64 flatten scale{reshape:4x8x8 flatten}", 2),
    ],
)
def test_features_of_different_axes_join_and_see_everything(spec, axes):
    spec = "a=identity " + spec
    fields = report(spec, (4, 8, 8)).receptive_field
    assert axes == len(fields)
    assert all(field.whole for field in fields)


def test_unknown_channels_are_worked_out():
    network = convcalc.parse("conv:12,k3 reshape:(in//4)x-1")
    assert (3, 64) == network.analyze((3, 6, 6)).layers[-1].output_shape
