"""Receptive fields behind padding that copies cells hold for the outputs that read no copy.

The oracle follows every output cell by cell from the definition of each padding mode.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import convcalc


class Seen(NamedTuple):
    """The input cells that an output depends on, and whether a copied cell is on the way."""

    cells: frozenset[int]
    copied: bool


COPIES = {
    "zeros": lambda place, size: None,
    "reflect": lambda place, size: -place if place < 0 else 2 * (size - 1) - place,
    "symmetric": lambda place, size: -1 - place if place < 0 else 2 * size - 1 - place,
    "replicate": lambda place, size: min(max(place, 0), size - 1),
    "circular": lambda place, size: place % size,
}


def convolved(before, kernel, stride, pad, dilation, mode):
    """What each output of a convolution depends on, from what each cell before it does."""
    size = len(before)
    out = []
    for u in range((size + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1):
        cells, copied = frozenset(), False
        for tap in range(kernel):
            place = u * stride - pad + tap * dilation
            if not 0 <= place < size:
                place = COPIES[mode](place, size)
                copied = copied or place is not None
            if place is not None:
                cells |= before[place].cells
                copied = copied or before[place].copied
        out.append(Seen(cells, copied))
    return out


def spread(before, kernel, stride):
    """The same of a transposed convolution that crops nothing."""
    out = [Seen(frozenset(), False)] * ((len(before) - 1) * stride + kernel)
    for j, own in enumerate(before):
        for tap in range(kernel):
            known = out[j * stride + tap]
            out[j * stride + tap] = Seen(known.cells | own.cells, known.copied or own.copied)
    return out


def identity(size):
    return [Seen(frozenset([cell]), False) for cell in range(size)]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ((3, 1, 1, 1, "circular"), {0, 1, 9}),
        ((3, 1, 1, 1, "reflect"), {0, 1}),
        ((1, 1, 2, 1, "reflect"), {2}),
        ((1, 1, 2, 1, "symmetric"), {1}),
        ((1, 1, 2, 1, "replicate"), {0}),
        ((3, 1, 1, 1, "zeros"), {0, 1}),
    ],
)
def test_the_oracle_knows_what_the_first_output_sees(layer, expected):
    assert expected == convolved(identity(10), *layer)[0].cells


STAGES = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(1, 3),
        st.integers(0, 3),
        st.integers(1, 3),
        st.sampled_from(sorted(COPIES)),
    )
    | st.tuples(st.integers(1, 3), st.integers(1, 3)),
    min_size=1,
    max_size=4,
)


@given(st.integers(5, 14), STAGES)
def test_a_field_holds_for_every_output_that_reads_no_copy(size, stages):
    words, seen = [], identity(size)
    for stage in stages:
        if len(stage) == 2:
            words.append("convt:1,k{},s{}".format(*stage))
            seen = spread(seen, *stage)
            continue
        kernel, _, pad, dilation, _ = stage
        if pad >= len(seen) or len(seen) + 2 * pad <= dilation * (kernel - 1):
            continue
        words.append("conv:1,k{},s{},p{},d{},mode={}".format(*stage))
        seen = convolved(seen, *stage)
    if not words:
        return
    row = convcalc.parse(" ".join(words)).analyze((1, size)).layers[-1]
    (field,) = row.receptive_field
    assert row.output_shape == (1, len(seen))
    assert row.repeats or not any(own.copied for own in seen)
    for u, own in enumerate(seen):
        place = field.start + u * field.effective_stride
        last = place + field.end - field.start
        assert own.copied or all(place <= cell <= last for cell in own.cells)


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("conv:1,k3,p1,circular conv:1,k3", [True, True]),
        ("conv:1,k3 pad:2,reflect relu", [False, True, True]),
        ("pad:1,replicate", [True]),
        ("conv:1,k3,p1", [False]),
        ("pad:2", [False]),
        ("conv:1,k3,circular", [False]),  # nothing is added
        ("dw:k3,p1,reflect", [True]),
        ("sep:1,k3,p1,reflect", [True]),
        ("residual{conv:1,k3,p1,reflect | } relu", [True, True, True]),
        ("a=relu conv:1,k3,p1,reflect @a relu", [False, True, False]),
    ],
)
def test_a_layer_behind_copied_padding_says_so(text, repeats):
    assert repeats == [row.repeats for row in convcalc.parse(text).analyze((1, 10)).layers]
