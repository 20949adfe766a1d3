"""The receptive field of one axis, against cells traced back one by one."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import convcalc
from convcalc import receptive
from convcalc.receptive import IDENTITY, united
from convcalc.window import Window
from oracles import Link, touched_cells

LINKS = st.builds(
    Link,
    transposed=st.booleans(),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 4),
    before=st.integers(0, 3),
    dilation=st.integers(1, 3),
)
CHAINS = st.lists(LINKS, min_size=1, max_size=4)
CONV_CHAINS = st.lists(LINKS.map(lambda link: link._replace(transposed=False)), max_size=4)
OUTPUTS = st.lists(st.integers(-60, 200), min_size=1, max_size=4)


def follow(chain, field=IDENTITY):
    for link in chain:
        # The padding after the last cell must change nothing: 1 stands for any.
        window = Window(link.kernel, link.stride, link.before, 1, link.dilation)
        field = field.through_transposed(window) if link.transposed else field.through(window)
    return field


def conv(kernel, stride=1, before=0, dilation=1):
    return Link(False, kernel, stride, before, dilation)


def convt(kernel, stride=1, before=0, dilation=1):
    return Link(True, kernel, stride, before, dilation)


def bounded(chain):
    """The field when no cells may be listed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receptive, "WORK_LIMIT", 0)
        return follow(chain)


def listed_cells(field, u):
    """The cells that a field lists for output u."""
    turns, phase = divmod(u, len(field.phases))
    moved = turns * len(field.phases) * field.effective_stride
    return {c + moved for low, high in field.phases[phase] for c in range(low, high + 1)}


@given(CHAINS, OUTPUTS)
def test_the_listed_cells_are_those_that_are_read(chain, outputs):
    field = follow(chain)
    for u in outputs:
        assert touched_cells(chain, u) == listed_cells(field, u)


@given(CHAINS)
def test_the_listed_runs_are_ordered_and_apart(chain):
    for runs in follow(chain).phases:
        for (_, high), (low, _) in pairwise(runs):
            assert high + 1 < low


@given(CHAINS)
def test_size_start_end_and_touched_summarise_the_cells(chain):
    field = follow(chain)
    stride = field.effective_stride
    read = {u: touched_cells(chain, u) for u in range(len(field.phases))}
    seen = {u: cells for u, cells in read.items() if cells}
    assert max(map(len, read.values())) == field.touched
    assert max((max(c) - min(c) + 1 for c in seen.values()), default=0) == field.size
    assert min((min(c) - u * stride for u, c in seen.items()), default=0) == field.start
    assert max((max(c) - u * stride for u, c in seen.items()), default=-1) == field.end


@given(CHAINS)
def test_the_stride_is_the_product_of_the_strides(chain):
    expected = Fraction(1)
    for link in chain:
        expected = expected / link.stride if link.transposed else expected * link.stride
    assert expected == follow(chain).effective_stride == bounded(chain).effective_stride


@given(CHAINS, OUTPUTS)
def test_without_a_list_of_cells_the_interval_still_holds_all_of_them(chain, outputs):
    field = bounded(chain)
    nothing_done = all(link[:4] == (False, 1, 1, 0) for link in chain)
    assert nothing_done == (field.phases is not None)
    assert nothing_done == (field.touched is not None)
    for u in outputs:
        cells = touched_cells(chain, u)
        for cell in cells:
            moved = cell - u * field.effective_stride
            assert field.start <= moved <= field.end
        assert not cells or max(cells) - min(cells) + 1 <= field.size


@given(CONV_CHAINS)
def test_for_convolutions_the_interval_is_exact(chain):
    field, listed = bounded(chain), follow(chain)
    assert (listed.size, listed.start, listed.end) == (field.size, field.start, field.end)


@pytest.mark.parametrize(
    ("size", "touched", "start", "chain"),
    [
        (1, 1, 0, []),
        (3, 3, -1, [conv(3, before=1)]),
        (7, 7, -3, [conv(3, before=1)] * 3),  # three 3s see as far as one 7 (VGG, section 2.3)
        (5, 3, -2, [conv(3, before=2, dilation=2)]),
        (15, 15, 0, [conv(3, dilation=d) for d in (1, 2, 4)]),  # 2^4 - 1: Yu and Koltun (2016)
        (4, 2, 0, [conv(1, 3), conv(2)]),  # cells 0 and 3
        (14, 6, 0, [conv(2, 2), conv(3, dilation=3)]),  # cells 0 1, 6 7, 12 13
        (11, 11, -5, [conv(7, 2, 3), conv(3, before=1)]),  # 7 + 2*2, -3 - 1*2
        (3, 2, -1, [conv(1, 2), convt(3, 2, 1)]),  # output 1 reads the cells 0 and 2
    ],
)
def test_fields_known_by_hand(size, touched, start, chain):
    field = follow(chain)
    assert (size, touched, start) == (field.size, field.touched, field.start)


@pytest.mark.parametrize(
    ("expected", "link"),
    [
        ([2, 1], convt(3, 2)),  # outputs 2j and 2j + 2 meet; 2j + 1 stands alone
        ([1, 2], convt(3, 2, 1)),
        ([1, 1], convt(2, 2)),
        ([2, 2], convt(4, 2, 1)),
        ([3, 2], convt(5, 2)),
        ([1, 1, 0], convt(2, 3)),  # the third output reads nothing
        ([2, 1, 1], convt(4, 3)),
    ],
)
def test_a_transposed_window_shows_each_phase_its_own_cells(expected, link):
    field = follow([link])
    assert expected == [sum(high - low + 1 for low, high in runs) for runs in field.phases]
    assert ceil(link.kernel / link.stride) == field.size == field.touched
    assert Fraction(1, link.stride) == field.effective_stride


@pytest.mark.parametrize(
    ("phases", "chain"),
    [
        (1, [conv(3, 2)]),
        (6, [convt(3, 6)]),
        (3, [convt(3, 6), conv(2, 4)]),  # 6 / gcd(6, 4)
        (1, [convt(3, 4), conv(3, 4)]),
        (6, [convt(3, 2), convt(3, 3)]),
    ],
)
def test_a_stride_takes_away_the_phases_that_a_transposed_stride_adds(phases, chain):
    assert phases == len(follow(chain).phases)


def test_nothing_is_seen_where_every_path_falls_between_the_cells():
    # convt k1 s2 fills the even cells; the convolution reads the odd ones.
    field = follow([convt(1, 2), conv(1, 2, before=1)])
    assert (0, 0, 1) == (field.size, field.touched, field.effective_stride)


@st.composite
def aligned_branches(draw):
    """Chains with the same overall stride: the same links in another order of their sizes."""
    branches = [draw(CHAINS)]
    for _ in range(draw(st.integers(1, 2))):
        moved = draw(st.permutations(branches[0]))
        sizes = st.tuples(st.integers(1, 4), st.integers(0, 3), st.integers(1, 3))
        drawn = [(link, draw(sizes)) for link in moved]
        branches.append(
            [link._replace(kernel=k, before=b, dilation=d) for link, (k, b, d) in drawn]
        )
    return branches


def joined_cells(branches, after, u):
    """The cells that output u reads through a join of branches and a chain behind it."""
    places = touched_cells(after, u)
    return {cell for v in places for chain in branches for cell in touched_cells(chain, v)}


@given(aligned_branches(), st.lists(LINKS, max_size=2), OUTPUTS)
@example([[convt(4, 4), conv(3, 2)], [conv(3, 2), convt(4, 4)]], [], list(range(9)))  # 2, 4 phases
def test_branches_of_one_stride_see_together_what_each_of_them_sees(branches, after, outputs):
    field = follow(after, united([follow(chain) for chain in branches], out_size=9))
    assert field.aligned
    for u in outputs:
        assert joined_cells(branches, after, u) == listed_cells(field, u)


@given(aligned_branches(), st.lists(LINKS, max_size=2), OUTPUTS)
def test_without_a_list_of_cells_branches_are_bounded_together(branches, after, outputs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receptive, "WORK_LIMIT", 0)
        field = follow(after, united([follow(chain) for chain in branches], out_size=9))
    assert field.aligned
    for u in outputs:
        assert_within(field, u, joined_cells(branches, after, u))


def assert_within(field, u, cells):
    for cell in cells:
        assert field.start <= cell - u * field.effective_stride <= field.end
    assert not cells or max(cells) - min(cells) + 1 <= field.size


STRIDED = st.tuples(CHAINS, CHAINS).filter(
    lambda pair: follow(pair[0]).effective_stride != follow(pair[1]).effective_stride
)


@given(STRIDED, st.integers(1, 40), st.booleans())
def test_branches_of_different_strides_are_bounded_for_all_outputs(branches, out_size, listed):
    limit = receptive.WORK_LIMIT if listed else 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receptive, "WORK_LIMIT", limit)
        field = united([follow(chain) for chain in branches], out_size)
    assert (False, None) == (field.aligned, field.touched)
    assert follow(branches[0]).effective_stride == field.effective_stride
    for u in range(out_size):
        assert_within(field, u, joined_cells(branches, [], u))


@given(STRIDED, CONV_CHAINS, st.integers(1, 20))
def test_what_comes_behind_branches_of_different_strides_is_bounded_too(branches, after, size):
    field = follow(after, united([follow(chain) for chain in branches], size))
    assert not field.aligned
    for u in range(size):
        if max(touched_cells(after, u)) < size and min(touched_cells(after, u)) >= 0:
            assert_within(field, u, joined_cells(branches, after, u))


@pytest.mark.parametrize(
    ("size", "start", "end", "out_size", "branches"),
    [
        (3, -1, 1, 9, [[conv(3, before=1)], []]),
        (5, -2, 2, 9, [[conv(3, before=1)], [conv(5, before=2)], []]),  # an inception module
        (6, 0, 5, 9, [[conv(2)], [conv(1, before=-5)]]),  # cells 0 1 and 5
        # Strides 1 and 2: output 8 reads the cells 8 and 16, and 16 is 8 cells behind its own.
        (9, 0, 8, 9, [[], [conv(1, 2)]]),
        (9, -8, 0, 9, [[conv(1, 2)], []]),
        (1, 0, 0, 1, [[], [conv(1, 2)]]),
    ],
)
def test_unions_known_by_hand(size, start, end, out_size, branches):
    field = united([follow(chain) for chain in branches], out_size)
    assert (size, start, end) == (field.size, field.start, field.end)


@pytest.mark.parametrize(
    ("touched", "branches"),
    [
        (2, [[], [conv(1, before=-9)]]),  # cells 0 and 9
        (5, [[conv(3, before=3, dilation=3)], [conv(3, before=1)]]),  # -3 0 3 and -1 0 1
        (3, [[conv(3, before=1)], []]),
    ],
)
def test_a_union_counts_each_touched_cell_once(touched, branches):
    assert touched == united([follow(chain) for chain in branches], 9).touched


@given(CHAINS, st.integers(1, 4), st.integers(1, 30))
def test_a_branch_beside_itself_sees_no_more(chain, times, out_size):
    field = follow(chain)
    assert field == united([field] * times, out_size)


@given(CHAINS, CHAINS, CHAINS, st.integers(1, 20))
def test_a_path_that_sees_the_whole_input_marks_all_that_follows(one, other, after, out_size):
    marked = follow(one, IDENTITY.seeing_all())
    assert marked.whole
    assert follow(one) == replace(marked, whole=False)
    for branches in ([marked, follow(other)], [follow(other), marked]):
        assert follow(after, united(branches, out_size)).whole
    assert not united([follow(one), follow(other)], out_size).whole


@pytest.mark.parametrize(
    ("expected", "spec"),
    [
        ((False, 3), "conv:8,k3,p1"),
        ((True, 3), "conv:8,k3,p1 se:4"),
        ((True, 5), "conv:8,k3,p1 se:4 conv:8,k3,p1"),
        ((True, 3), "conv:8,k3,p1 residual{se:4 | }"),
        ((True, 5), "conv:8,k3,p1 concat{conv:8,k3,p1 | se:4}"),
        ((False, 5), "conv:8,k3,p1 concat{conv:8,k3,p1 | scale{sigmoid}}"),
    ],
)
def test_a_gate_of_all_cells_leaves_the_local_field_beside_its_mark(expected, spec):
    for field in convcalc.parse(spec).analyze((8, 9, 9)).layers[-1].receptive_field:
        assert expected == (field.whole, field.size)


@pytest.mark.parametrize(
    ("aligned", "spec"),
    [
        (True, "residual{conv:3,k3,p1 | }"),
        (True, "concat{conv:3,k3,s2,p1 | maxpool:3,s2,p1}"),
        (True, "conv:4,k3,s2,p1 residual{conv:4,k3,p1} convt:4,k2,s2"),
        (False, "concat{conv:3,k3,s2,p3 | conv:3,k3}"),  # 7x7: (9 + 6 - 3)//2 + 1 and 9 - 2
        (False, "concat{conv:3,k3,s2,p3 | conv:3,k3} conv:3,k3"),
    ],
)
def test_branches_of_different_strides_are_reported(aligned, spec):
    for field in convcalc.parse(spec).analyze((3, 9, 9)).layers[-1].receptive_field:
        assert aligned == field.aligned


LARGE = 2**31 - 1


@pytest.mark.parametrize(
    ("size", "touched", "stride", "start", "chain"),
    [
        (LARGE, LARGE, 1, -LARGE, [conv(LARGE, before=LARGE)]),
        (LARGE**2, LARGE**2, LARGE, 0, [conv(LARGE, LARGE), conv(LARGE)]),  # k + (k - 1)*k
        (LARGE + 1, 2, LARGE, 0, [conv(1, LARGE), conv(2)]),
        (3 * LARGE - 2, None, 1, 0, [conv(LARGE, dilation=3)]),  # too many runs: 3*(k - 1) + 1
        (2 * LARGE - 1, None, 2, 0, [conv(1, 2), conv(LARGE)]),  # every other cell
        (1, None, Fraction(1, LARGE), Fraction(1 - LARGE, LARGE), [convt(LARGE, LARGE)]),
        (LARGE, LARGE, 1, 1 - LARGE, [convt(LARGE)]),
    ],
)
def test_the_largest_windows_are_followed_or_bounded(size, touched, stride, start, chain):
    field = follow(chain)
    assert (size, touched) == (field.size, field.touched)
    assert (stride, start) == (field.effective_stride, field.start)


MOBILENET_WIDTHS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
MOBILENET_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
MOBILENET = "conv:32,k3,s2,same-upper" + "".join(
    f" dw:k3,s{stride},same-upper pw:{width}"
    for stride, width in zip(MOBILENET_STRIDES, MOBILENET_WIDTHS, strict=True)
)
# (size, effective stride, effective padding at 224, at 321) of Conv2d_0 and of the 13 endpoints
# Conv2d_N_pointwise. Source: google-research/receptive_field, RECEPTIVE_FIELD_TABLE.md.
MOBILENET_FIELDS = [
    (3, 2, 0, 1),
    (7, 2, 2, 3),
    (11, 4, 2, 5),
    (19, 4, 6, 9),
    (27, 8, 6, 13),
    (43, 8, 14, 21),
    (59, 16, 14, 29),
    (91, 16, 30, 45),
    (123, 16, 46, 61),
    (155, 16, 62, 77),
    (187, 16, 78, 93),
    (219, 16, 94, 109),
    (251, 32, 94, 125),
    (315, 32, 126, 157),
]


@pytest.mark.parametrize(("side", "column"), [(224, 2), (321, 3)])
def test_mobilenet_has_its_published_fields(side, column):
    report = convcalc.parse(MOBILENET).analyze((3, side, side))
    expected = [(row[0], row[1], -row[column]) for row in MOBILENET_FIELDS]
    for axis in (0, 1):
        fields = [layer.receptive_field[axis] for layer in report.layers[::2]]
        assert expected == [(f.size, f.effective_stride, f.start) for f in fields]
