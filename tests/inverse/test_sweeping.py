"""The rows of a sweep are what the reports of the variants say."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.errors import ConvcalcError, SpecError, UsageError
from convcalc.inverse.batches import Asked, Question, batches
from convcalc.inverse.sweep import Sweep, check_count
from convcalc.layers.base import format_shape
from convcalc.zoo.catalog import network_text


def alike(values):
    return values[0] if len(set(values)) == 1 else tuple(values)


def reported(spec, shape):
    """The figures of a variant by its report; None where it does not fit."""
    try:
        report = convcalc.parse(spec).analyze(shape)
    except ConvcalcError:
        return None
    last, totals = report.layers[report.output], report.totals
    known, fields = not report.unknown, last.receptive_field
    return {
        "input": format_shape(shape),
        "output": format_shape(report.output_shape),
        "channels": report.output_shape[0],
        "out": alike(report.output_shape[1:]) if report.output_shape[1:] else None,
        "params": totals.params,
        "macs": totals.macs if known else None,
        "flops": totals.flops if known else None,
        "activations": totals.activations,
        "field": None if fields is None else alike([field.size for field in fields]),
        "stride": None if fields is None else alike([field.effective_stride for field in fields]),
        "unused": max((max(row.unread, default=0) for row in report.layers), default=0),
    }


def rows_of(spec, input_text, variables=None):
    asked = Asked(Question(spec, input_text, variables or {}, None, ("field", "stride")))
    for row in asked.sweep.rows():
        yield None if row is None else dict(zip(asked.sweep.names, row, strict=True))


def check(spec, input_text, shapes, specs, *, quick=True):
    """Every row against the report of its own text."""
    assert quick == Sweep(spec, input_text).quick
    rows = list(rows_of(spec, input_text))
    expected = [(text, reported(text, shape)) for shape in shapes for text in specs]
    assert len(expected) == len(rows)
    for row, (text, figures) in zip(rows, expected, strict=True):
        assert (row is None) == (figures is None), text
        if row is not None:
            assert text == row["spec"]
            assert figures == {name: row[name] for name in figures}


LISTS = st.lists(st.integers(1, 4), min_size=1, max_size=2, unique=True)
ENDS = st.one_of(
    st.lists(st.sampled_from(["p0", "p1", "p2"]), min_size=1, unique=True),
    st.sampled_from([["same-upper"], ["same-upper", "same-lower"], ["p1:2"]]),
)


def braces(values):
    return f"{{{','.join(map(str, values))}}}"


def grid_of(kind, parts, more=""):
    """A grid of one layer, and the texts that it stands for; parts are (key, values)."""
    grid = ",".join(f"{key}{braces(values)}" for key, values in parts)
    chosen = product(*([f"{key}{value}" for value in values] for key, values in parts))
    return f"{kind}:{grid}{more}", [f"{kind}:{','.join(one)}{more}" for one in chosen]


@settings(max_examples=40)
@given(
    kind=st.sampled_from(["conv", "convt"]),
    channels=LISTS,
    kernels=LISTS,
    strides=LISTS,
    dilations=LISTS,
    ends=ENDS,
    more=st.sampled_from(["", ",nobias", ",g2", ",g3"]),
    shape=st.sampled_from([(4, 7), (4, 5, 5), (6, 5, 8), (4, 3, 3, 3)]),
)
def test_rows_of_a_convolution(kind, channels, kernels, strides, dilations, ends, more, shape):
    words = ends[0].startswith("same")
    padding = ("", ends) if words else ("p", [one[1:] for one in ends])
    parts = [("", channels), ("k", kernels), ("s", strides), ("d", dilations), padding]
    spec, specs = grid_of(kind, parts, more)
    # What a word crops of a transposed convolution only the layer knows.
    check(spec, format_shape(shape), [shape], specs, quick=kind == "conv" or not words)


@settings(max_examples=40)
@given(
    kind=st.sampled_from(["maxpool", "avgpool"]),
    kernels=LISTS,
    strides=LISTS,
    ends=st.lists(st.integers(0, 2), min_size=1, unique=True),
    more=st.sampled_from(["", ",ceil"]),
    size=st.integers(3, 9),
)
def test_rows_of_a_pooling(kind, kernels, strides, ends, more, size):
    spec, specs = grid_of(kind, [("", kernels), ("s", strides), ("p", ends)], more)
    check(spec, f"3x{size}x=", [(3, size, size)], specs)


def test_a_pooling_steps_by_its_kernel_where_nothing_is_said():
    spec, specs = grid_of("maxpool", [("", (2, 3)), ("p", (0, 1))])
    check(spec, "3x9x9", [(3, 9, 9)], specs)


def test_rows_of_a_depthwise_convolution():
    spec, specs = grid_of("dw", [("k", (3, 5)), ("m", (1, 2))], ",s2,p1")
    check(spec, "4x9x7", [(4, 9, 7)], specs)


def test_kernels_of_several_axes():
    spec, specs = grid_of("conv", [("", (8,)), ("k", ("3x5", "5x3", "3"))], ",s1x2,p0:1x2")
    check(spec, "4x9x7", [(4, 9, 7)], specs)


def test_words_and_numbers_stand_behind_one_key():
    spec = "conv:4,k{3,1x3},p{0,same,1:2}"
    specs = [f"conv:4,k{k},p={p}" for k in ("3", "1x3") for p in ("0", "same", "1:2")]
    check(spec, "4x9x7", [(4, 9, 7)], specs)
    assert specs[1] == list(rows_of(spec, "4x9x7"))[1]["spec"]


def test_one_axis_or_one_end_may_have_choices():
    specs = [f"conv:4,k3x{k},p1:{p}" for k in (3, 5) for p in (0, 1)]
    check("conv:4,k3x{3,5},p1:{0..1}", "4x9x7", [(4, 9, 7)], specs)
    assert ("k", "p") == tuple(Sweep("conv:4,k3x{3,5},p1:{0..1}", "4x9x7").choices)


def test_output_padding_and_inputs_may_have_choices():
    shapes = [(channels, size, size) for channels in (2, 4) for size in (3, 5, 7)]
    spec, specs = grid_of("convt", [("", (4,)), ("k", (3,)), ("s", (1, 2)), ("op", (0, 1))])
    check(spec, "{2,4}x{3..7:2}x=", shapes, specs)


@pytest.mark.parametrize(
    ("spec", "specs"),
    [
        ("conv:8,k{3,9} relu", ["conv:8,k3 relu", "conv:8,k9 relu"]),
        ("{1..2}x{conv:{4,8},k3}", [f"{n}x{{conv:{c},k3}}" for n in (1, 2) for c in (4, 8)]),
        ("residual{conv:{3,4},k1 | }", ["residual{conv:3,k1 | }", "residual{conv:4,k1 | }"]),
        ("conv:8,k3,p1,mode=reflect,d{1,9}", [f"conv:8,k3,p1,mode=reflect,d{d}" for d in (1, 9)]),
        ("linear:{3,4}", ["linear:3", "linear:4"]),
        ("bn opaque:name=X,macs={3,4}", [f"bn opaque:name=X,macs={macs}" for macs in (3, 4)]),
        ("pw:{3,4} opaque:name=X", ["pw:3 opaque:name=X", "pw:4 opaque:name=X"]),
        ("gap flatten linear:{3,4}", [f"gap flatten linear:{n}" for n in (3, 4)]),
        # A learned array is no result of a layer.
        (
            "residual{conv:4,k{1,3},p1 | parameter:4x8x8}",
            [f"residual{{conv:4,k{k},p1 | parameter:4x8x8}}" for k in (1, 3)],
        ),
    ],
)
def test_rows_of_networks(spec, specs):
    check(spec, "3x8x8", [(3, 8, 8)], specs, quick=False)


def test_parameters_are_choices_too():
    spec = "define f(n){conv:$n,k3 relu} f:$w f:$w*2 2x{conv:$w,k{1,3}}"
    rows = list(rows_of(spec, "3x16x16", {"w": (4, 8)}))
    own = "define f(n){{conv:$n,k3 relu}} f:{w} f:{w}*2 2x{{conv:{w},k{k}}}"
    expected = [(w, k, reported(own.format(w=w, k=k), (3, 16, 16))) for w in (4, 8) for k in (1, 3)]
    assert [(w, k, one["macs"]) for w, k, one in expected] == [
        (row["w"], row["k"], row["macs"]) for row in rows
    ]


def test_what_a_layer_does_not_name_does_not_matter_to_it():
    spec = "define f(n,g){conv:$n,k3,p$g bn conv:$n+$g,k1} f:$w,1 f:$w,0 f:n=8,g=$w f:$w,1"
    for w, row in zip((2, 3, 8), rows_of(spec, "3x16x16", {"w": (2, 3, 8)}), strict=True):
        figures = reported(spec.replace("$w", str(w)), (3, 16, 16))
        assert figures == {name: row[name] for name in figures}


@pytest.mark.parametrize("name", ["unet", "googlenet", "densenet121", "shufflenet_v2_x1_0"])
def test_rows_of_reference_networks(name):
    text = network_text(name)
    shape = convcalc.parse(text).input_shape
    (row,) = rows_of(text, format_shape(shape))
    figures = reported(text, shape)
    assert figures == {name: row[name] for name in figures}


def test_a_condition_keeps_rows_and_what_does_not_fit_is_counted():
    question = Question("conv:8,k{1..9}", "3x6x6", {}, "k % 2 == 0 and out > 1")
    found = list(batches(question))
    assert (9, 3) == (sum(one.looked for one in found), sum(one.unfit for one in found))
    assert ["conv:8,k2", "conv:8,k4"] == [row[0] for one in found for row in one.rows]


def test_padding_of_each_end_is_compared_at_both():
    question = Question("conv:8,k3,p{2,0:1,1:0,same}", "3x6x6", {}, "p < 2")
    found = [row[0] for one in batches(question) for row in one.rows]
    assert ["conv:8,k3,p=0:1", "conv:8,k3,p=1:0"] == found


def test_several_processes_find_the_same_in_the_same_order():
    question = Question("conv:{1..50},k{1..9},s{1..4},p{0..3}", "3x32x32", {}, "macs > 20k")
    alone = [row for batch in batches(question) for row in batch.rows]
    together = [row for batch in batches(question, 2) for row in batch.rows]
    assert (True, alone) == (len(alone) > 1000, together)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("conx:{8,9}", "unknown kind 'conx'"),
        ("conv:{0,9}", "must be at least 1"),
        ("conv:8,k{three,5}", "conv"),
        ("conv:$w,k{3,5}", "w"),
    ],
)
def test_a_fault_of_the_first_variant_is_told(spec, told):
    with pytest.raises(SpecError, match=told):
        Sweep(spec, "3x8x8")


@pytest.mark.parametrize("text", ["3xx8", "x=", "3x8x8x8x8", "3x0", "three", "3x{8,a}x="])
def test_what_is_no_input_is_refused(text):
    with pytest.raises(ConvcalcError):
        list(Sweep("conv:8,k{1,3}", text).rows())


def test_more_rows_than_anybody_wants_need_a_condition():
    sweep = Sweep("conv:{1..100000},k{1..100000}", "3x8x8")
    with pytest.raises(UsageError, match=r"10,000,000,000 rows \(100,000 x 100,000\)"):
        check_count(sweep, bounded=False)
    check_count(sweep, bounded=True)
