"""The spec language: what it accepts, and how it prints back."""

from __future__ import annotations

import dataclasses
import string

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.errors import ParameterError, SpecError
from convcalc.language import Argument, read_constant, read_tree
from convcalc.layers import (
    KINDS,
    Conv,
    ConvTranspose,
    Depthwise,
    LeakyReLU,
    Linear,
    MaxPool,
    Pad,
    Pointwise,
    ReLU,
    Separable,
    Slice,
)
from convcalc.network.graph import Network


def layers(text):
    return [node.layer for node in convcalc.parse(text).nodes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv:64,k3", Conv(64, 3)),
        ("conv:64,k3x5", Conv(64, (3, 5))),
        ("conv:64,k3X5x7", Conv(64, (3, 5, 7))),
        ("conv:64,k3,s2,p1,d4,g8", Conv(64, 3, 2, 1, 4, 8)),
        ("conv:64,k=3,s=2x1", Conv(64, 3, (2, 1))),
        ("conv:k3,n64", Conv(64, 3)),
        ("conv:64,g8,k3", Conv(64, 3, groups=8)),
        ("conv:64,k3,p1x2", Conv(64, 3, padding=(1, 2))),
        ("conv:64,k3,p0:1", Conv(64, 3, padding=((0, 1),))),
        ("conv:64,k3,p0:1x2:3", Conv(64, 3, padding=((0, 1), (2, 3)))),
        ("conv:64,k3,p0:1x2", Conv(64, 3, padding=((0, 1), 2))),
        ("conv:64,k3,p=0:1", Conv(64, 3, padding=((0, 1),))),
        ("conv:64,k3,same", Conv(64, 3, padding="same")),
        ("conv:64,k3,p=same", Conv(64, 3, padding="same")),
        ("conv:64,k3,full", Conv(64, 3, padding="full")),
        ("dw:k3,p=full", Depthwise(3, padding="full")),
        ("conv:64,k3,valid", Conv(64, 3, padding="valid")),
        ("conv:64,k3,s2,same-upper", Conv(64, 3, 2, "same-upper")),
        ("conv:64,k3,s2,same_lower", Conv(64, 3, 2, "same-lower")),
        ("conv:64,k3,p1,reflect", Conv(64, 3, padding=1, padding_mode="reflect")),
        ("conv:64,k3,mode=circular", Conv(64, 3, padding_mode="circular")),
        ("pad:1,constant=0.5", Pad(1, value=0.5)),
        ("pad:1x2,mode=constant,value=-3", Pad((1, 2), value=-3.0)),
        ("pad:1,constant,constant1e-5", Pad(1, value=1e-5)),
        ("pad:-1:2", Pad(((-1, 2),))),
        ("conv:64,k3,wrap", Conv(64, 3, padding_mode="circular")),
        ("conv:64,k3,mode=grid-mirror", Conv(64, 3, padding_mode="symmetric")),
        ("conv:64,k3,reflect101", Conv(64, 3, padding_mode="reflect")),
        ("conv:64,k3,BORDER_REFLECT_101", Conv(64, 3, padding_mode="reflect")),
        ("conv:64,k3,nobias", Conv(64, 3, bias=False)),
        ("conv:64,k3,bias", Conv(64, 3)),
        ("conv:64,k3,bias=false", Conv(64, 3, bias=False)),
        ("conv:64,k3,bias=True", Conv(64, 3)),
        ("convt:3,k4,s2,op1", ConvTranspose(3, 4, 2, output_padding=1)),
        ("convt:3,k4,s2,op1x0", ConvTranspose(3, 4, 2, output_padding=(1, 0))),
        ("convt:3,k4,s2,size9x8", ConvTranspose(3, 4, 2, output_size=(9, 8))),
        ("dw:k3", Depthwise(3)),
        ("dw:k3,m2", Depthwise(3, multiplier=2)),
        ("pw:64", Pointwise(64)),
        ("pw:64,s2,g4,nobias", Pointwise(64, 2, 4, False)),
        ("sep:64,k3,m2", Separable(3, multiplier=2, out_channels=64)),
        ("CONV:64,K3,NoBias,P=SAME", Conv(64, 3, padding="same", bias=False)),
        ("conv:0064,k03", Conv(64, 3)),
        (
            "conv:out_channels=8,kernel_size=3x5,stride=2,padding=1,dilation=2,groups=1,"
            "bias=false,padding_mode=circular",
            Conv(8, (3, 5), 2, 1, 2, 1, False, "circular"),
        ),
        ("conv:8,Kernel_Size3,STRIDE2", Conv(8, 3, 2)),
        (
            "convt:8,k3,s2,output_padding=1,padding=1",
            ConvTranspose(8, 3, 2, 1, output_padding=1),
        ),
        ("convt:8,k3,s2,output_size=9", ConvTranspose(8, 3, 2, output_size=9)),
        ("dw:k3,multiplier=2", Depthwise(3, multiplier=2)),
        ("leakyrelu:0.2", LeakyReLU(0.2)),
        ("leakyrelu:slope1e-3", LeakyReLU(0.001)),
        ("leakyrelu:-2", LeakyReLU(-2.0)),
        ("slice:0:32", Slice((0, 32))),
        ("maxpool:3,s2,ceil", MaxPool(3, 2, ceil_mode=True)),
    ],
)
def test_every_form_of_argument_is_read(text, expected):
    assert [expected] == layers(text)


@pytest.mark.parametrize(
    "text",
    [
        "pw:8 dw:k3",
        "  pw:8\tdw:k3\r\n",
        "pw:8\n\ndw:k3\n",
        "pw:8;dw:k3",
        ";; pw:8 ; dw:k3 ;",
        "pw:8 # wide: conv:64 ; conv\ndw:k3",
        "# a head\npw:8#no blank is needed\ndw:k3 # and an end",
        "pw:8\u00a0dw:k3\u2003",
    ],
)
def test_layers_are_separated_by_blanks_lines_and_semicolons(text):
    assert [Pointwise(8), Depthwise(3)] == layers(text)


def test_each_layer_reads_the_one_before_it():
    nodes = convcalc.parse("pw:8 dw:k3 pw:4").nodes
    assert [((-1,), "0"), ((0,), "1"), ((1,), "2")] == [(n.inputs, n.label) for n in nodes]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-7", -7),
        ("3x5", (3, 5)),
        ("0:1", ((0, 1),)),
        ("1x0:1", (1, (0, 1))),
        ("0:1x-2:3", ((0, 1), (-2, 3))),
        ("same", "same"),
        ("same-upper", "same-upper"),
        ("x", "x"),
        ("9" * 18, 10**18 - 1),
        ("3.0", 3.0),
        ("-0.25", -0.25),
        ("1e-20", 1e-20),
        ("(1+2)*3", 9),
        ("2*2x(7//2)", (4, 3)),
    ],
)
def test_a_value_by_itself(text, value):
    assert value == read_constant(text)


@pytest.mark.parametrize(
    "text", ["", "3x", "3xx5", "0:1:", "3:", ":3", "1:2:3", "3.", ".5", "3 5", "+3"]
)
def test_what_is_no_value_says_what_one_is(text):
    with pytest.raises(ValueError, match=r"expected a value such as 7, 3x5, 0:1 \(begin:end\)"):
        read_constant(text)


def test_a_call_knows_its_places():
    (call,), problems = read_tree("\n  conv:64,k=3")
    assert ("conv", 3, 14, 1, []) == (
        call.kind,
        call.place.start,
        call.place.end,
        call.place.breaks,
        problems,
    )
    assert (Argument(None, 64), Argument("k", 3)) == call.arguments
    assert [(8, 10), (11, 14)] == [(a.place.start, a.place.end) for a in call.arguments]


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("conv:64,k7,s2,p3", "conv:k7,p3,s2,n64,g1,bias,zeros"),
        ("conv:64,k3x3", "conv:64,k3x3"),
        ("conv:64,k3,p1x0:2", "conv:64,k3,p1:1x0:2"),
        ("conv:64,k3,same,nobias", "conv:64,k3,nobias,padding=SAME"),
        ("conv:64,k3,p1,reflect", "conv:64,k3,mode=reflect,p1"),
        ("convt:3,k4,s2,op1x0", "convt:3,k4,s2,op=1x0"),
        ("convt:3,k4,s2,size9", "convt:3,k4,s2,output_size=9"),
        ("dw:k3,m2", "dw:m2,k3"),
        ("sep:64,k3,s2", "sep:s2,k3,n64"),
        ("pw:8 dw:k3", "pw:8;\n dw:k3 # twice"),
        ("leakyrelu:0.2", "LeakyReLU:negative_slope=0.20"),
        ("leakyrelu", "leakyrelu:0.01"),
        ("slice:0:32", "slice:c=0:32"),
        ("avgpool:3,p1", "avgpool:3,p1,include"),
        ("avgpool:3,p1,noinclude", "avgpool:3,p1,noinclude"),
        ("avgpool:3,same-upper", "avgpool:3,SAME_UPPER,noinclude"),
        ("avgpool:3,same-upper,include", "avgpool:3,same-upper,include"),
        # What `p` will be is not known in a definition, so that nothing is left out.
        (
            "define f(q) {avgpool:3,p$q,include} f:1",
            "define f(q) {avgpool:3,p$q,include} f:1",
        ),
    ],
)
def test_a_network_prints_short(printed, text):
    assert printed == convcalc.parse(text).spec()


def axes_of(low, high=30):
    number = st.integers(low, high)
    return st.one_of(number, st.lists(number, min_size=1, max_size=3).map(tuple))


ENDS = st.one_of(st.integers(0, 9), st.tuples(st.integers(0, 9), st.integers(0, 9)))

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)

SIZES = st.lists(st.integers(1, 9) | st.just(-1), min_size=1, max_size=4).map(tuple)

PARAMETERS = {
    "lambd": NUMBERS.filter(lambda number: number >= 0),
    "threshold": NUMBERS,
    "lower": NUMBERS,
    "upper": NUMBERS,
    "approximate": st.sampled_from(["none", "tanh"]),
    "affine": st.booleans(),
    "axes": st.lists(st.integers(-8, 7), min_size=1, max_size=8, unique=True).map(tuple),
    "causal": st.booleans(),
    "keepdim": st.booleans(),
    "order": st.permutations(range(4)).map(tuple),
    "scale": NUMBERS,
    "shape": st.lists(st.integers(1, 30), min_size=1, max_size=5).map(tuple),
    "reduce.name": st.sampled_from(["sum", "mean", "max", "norm"]),
    "align_corners": st.booleans(),
    "alpha": NUMBERS,
    "beta": NUMBERS,
    "bias": st.booleans(),
    "ceil_mode": st.booleans(),
    "channels": st.tuples(st.integers(0, 9), st.integers(10, 30)),
    "count_include_pad": st.booleans(),
    "dim": st.integers(-4, 4),
    "depthwise_bias": st.booleans(),
    "dilation": axes_of(1),
    "downscale_factor": st.integers(1, 9),
    "eps": NUMBERS,
    "groups": st.integers(1, 99),
    "k": NUMBERS,
    "kernel_size": axes_of(1),
    "like": st.sampled_from([Conv(8, (3, 5), padding=((0, 1), 2)), ReLU(), Linear(3)]),
    "macs": st.integers(0, 10**18 - 1),
    "max_val": NUMBERS,
    "min_val": NUMBERS,
    "mode": st.sampled_from(["nearest", "bilinear"]),
    "multiplier": st.integers(1, 9),
    "name": st.from_regex(r"\A(?!in\Z)[A-Za-z][A-Za-z0-9_-]{0,9}\Z"),
    "negative_slope": NUMBERS,
    "norm_type": st.floats(0, exclude_min=True, allow_infinity=False),
    "num_groups": st.integers(1, 9),
    "num_parameters": st.integers(1, 9),
    "out": st.lists(st.integers(1, 30), min_size=1, max_size=5).map(tuple),
    "of": st.none(),
    "offset": axes_of(0),
    "out_channels": st.integers(1, 2**31 - 1),
    "out_features": st.integers(1, 2**31 - 1),
    "output_padding": axes_of(0),
    "output_size": axes_of(1),
    "p": st.floats(0, 1),
    "params": st.integers(0, 10**18 - 1),
    "padding": st.one_of(
        st.sampled_from(["valid", "same", "same-upper", "same-lower", "full"]),
        st.integers(0, 9),
        st.lists(ENDS, min_size=1, max_size=3).map(tuple),
    ),
    "padding_mode": st.sampled_from(["zeros", "reflect", "symmetric", "replicate", "circular"]),
    "hidden_size": st.integers(8, 99),
    "embed_dim": st.sampled_from([12, 24]),
    "num_heads": st.sampled_from([1, 2, 3, 12]),
    "num_embeddings": st.integers(1, 99),
    "embedding_dim": st.integers(1, 99),
    "num_layers": st.integers(1, 9),
    "bidirectional": st.booleans(),
    "proj_size": st.integers(0, 7),
    "nonlinearity": st.sampled_from(["tanh", "relu"]),
    "scale_factor": axes_of(1),
    "size": axes_of(1),
    "sizes": SIZES,
    "stride": axes_of(1),
    "value": NUMBERS,
    "unflattened_size": SIZES,
    "upscale_factor": st.integers(1, 9),
}

PLAIN_KINDS = sorted(name for name, kind in KINDS.items() if not kind.joins)


@st.composite
def drawn_layers(draw, kinds=PLAIN_KINDS):
    kind = KINDS[draw(st.sampled_from(kinds))]
    needed = {f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING}
    names = [f.name for f in dataclasses.fields(kind) if f.name in needed or draw(st.booleans())]
    try:
        own = {name: PARAMETERS.get(f"{kind.kind}.{name}", PARAMETERS[name]) for name in names}
        return kind(**{name: draw(strategy) for name, strategy in own.items()})
    except ParameterError:
        # Two parameters that exclude each other, as `same` and a stride.
        assume(False)


@pytest.mark.parametrize("kind", PLAIN_KINDS)
@settings(max_examples=20)
@given(st.data())
def test_every_kind_reads_back_as_itself(kind, data):
    network = Network.chain([data.draw(drawn_layers([kind]))])
    assert network == convcalc.parse(network.spec())


@given(st.lists(drawn_layers(), min_size=1, max_size=4))
def test_a_network_reads_back_as_itself(drawn):
    network = Network.chain(drawn)
    assert network == convcalc.parse(network.spec())


PARTS = "conv convt dw pw sep same nobias bias mode reflect op size k3 s2 p0:1 p1x2 k=3 k0 64 0 -1"

WORDS = st.sampled_from([*PARTS.split(), *"x:,= ;#\n"])

ALMOST_SPECS = st.lists(st.one_of(WORDS, st.sampled_from(string.printable)), max_size=14).map(
    "".join
)


@given(st.one_of(st.text(), ALMOST_SPECS))
def test_any_text_is_a_network_or_a_spec_error(text):
    try:
        network = convcalc.parse(text)
    except SpecError as error:
        assert 1 <= len(error.problems) <= 10
        assert all(line.isprintable() for line in str(error).split("\n"))
        faults = len(error.problems)  # three of them with their lines, and how many more
        assert 3 * min(faults, 3) + (faults > 3) == len(str(error).split("\n"))
    else:
        assert network == convcalc.parse(network.spec())


@given(
    st.lists(drawn_layers(), min_size=1, max_size=3),
    st.lists(st.integers(1, 60), min_size=2, max_size=4),
)
def test_any_network_on_any_input_has_a_report_or_a_spec_error(drawn, shape):
    network = convcalc.parse(Network.chain(drawn).spec())
    try:
        report = network.analyze(shape)
    except SpecError as error:
        assert 1 == len(error.problems)
        return
    assert all(size >= 1 for layer in report.layers for size in layer.output_shape)
    assert all(
        0 <= unread <= size
        for layer in report.layers
        for unread, size in zip(layer.unread, layer.input_shapes[0][1:], strict=True)
    )
