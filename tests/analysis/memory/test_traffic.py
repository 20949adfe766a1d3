"""Bytes that layers move, with all the reuse there can be and with none."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import convcalc
from convcalc.analysis import Traffic, layer_traffic, report_traffic
from convcalc.borders import elements_read
from convcalc.layers import KINDS
from convcalc.layers.activations import Activation
from convcalc.layers.resampling import corners_read, linear_read
from convcalc.window import Window


def traffic(spec, shape, batch=1, dtype="float32"):
    """The traffic of the last layer."""
    report = convcalc.parse(spec).analyze(shape, batch)
    return report_traffic(report, dtype).layers[-1]


def test_a_large_convolution():
    # 512 channels of 14x14 are 100,352 numbers, 512*512*3*3 weights 2,359,296.
    layer = traffic("conv:512,k3,p1,nobias", (512, 14, 14))
    assert (401_408, 9_437_184, 401_408) == layer.ideal
    assert 10_240_000 == layer.ideal.total
    assert 924_844_032 == layer.operations  # 2 * 512*14*14 * 512*3*3
    assert 924_844_032 / 10_240_000 == pytest.approx(float(layer.intensity))
    # 462,422,016 MACs of two operands each
    assert (1_849_688_064, 1_849_688_064, 401_408) == layer.without_reuse


# On 4 bytes a number: (read of inputs, weights), written.
ROWS = [
    # 3x6x6 = 108 arrive, 8*3*3*3 = 216 weights and 8 biases, 8x6x6 = 288 leave; 288*27 = 7776 MACs
    ("conv:8,k3,p1", (3, 6, 6), (108, 224, 288), (7776, 7776 + 288, 288)),
    # Every other row and column: 3x3 of 6x6 cells; 8x3x3 = 72 leave after 72*3 MACs
    ("pw:8,s2,nobias", (3, 6, 6), (27, 24, 72), (216, 216, 72)),
    # Taps 0 and 2 of windows 0, 3, 6: cells 0 2 3 5 6 8 of 10
    ("conv:1,k2,s3,d2,nobias", (1, 10), (6, 2, 3), (6, 6, 3)),
    # Taps at -2 -1, 1 2, 4 5, 7 8 of 7 cells. The border is of zeros; of the other end, 5 6 and
    # 0 1; mirrored, 2 1 and 5 4; or the ends themselves, 0 and 6
    ("conv:1,k2,s3,p2,nobias", (1, 7), (4, 2, 4), (8, 8, 4)),
    ("conv:1,k2,s3,p2,nobias,circular", (1, 7), (6, 2, 4), (8, 8, 4)),
    ("conv:1,k2,s3,p2,nobias,reflect", (1, 7), (4, 2, 4), (8, 8, 4)),
    ("conv:1,k2,s3,p2,nobias,replicate", (1, 7), (6, 2, 4), (8, 8, 4)),
    ("conv:1,k2,s3,p2,nobias,symmetric", (1, 7), (6, 2, 4), (8, 8, 4)),  # 1 0 and 6 5
    ("conv:1,k2,s3,p2,nobias,circular", (1, 7, 7), (36, 4, 16), (64, 64, 16)),
    ("dw:k2,s3,p2,nobias,circular", (2, 7), (12, 4, 8), (16, 16, 8)),
    ("sep:1,k2,s3,p2,nobias,circular", (2, 7), (12 + 8, 4 + 2, 8 + 4), (16 + 8, 16 + 8, 8 + 4)),
    # One window at -3, 0, 3, 6 of 6 cells: of the other end 3 and 0; mirrored 3 and 4
    ("conv:1,k4,d3,s3,p3,nobias,circular", (1, 6), (2, 4, 1), (4, 4, 1)),
    ("conv:1,k4,d3,s3,p3,nobias,reflect", (1, 6), (3, 4, 1), (4, 4, 1)),
    ("conv:1,k4,d3,s3,p3,nobias,replicate", (1, 6), (3, 4, 1), (4, 4, 1)),
    # 2x5 arrive and 2x9 leave: 10*3*2 MACs; all of the input takes part
    ("convt:3,k2,s2,nobias", (2, 5), (10, 12, 30), (60, 60, 30)),
    # 3 channels of 4 cells: 12*3 MACs and 12 biases
    ("dw:k3,p1", (3, 4), (12, 12, 12), (36, 48, 12)),
    # The same, then 12 written and read, 12*2... 4 cells * 3*2 MACs to 2 channels, no biases
    ("sep:2,k3,p1,nobias", (3, 4), (12 + 12, 9 + 6, 12 + 8), (36 + 24, 36 + 24, 12 + 8)),
    # 1 of 4 elements is left; a mirror in front still knows 3; a circle goes round the one
    ("pad:1:-3", (2, 4), (2, 0, 4), (2, 0, 4)),
    ("pad:2:-3,reflect", (2, 4), (6, 0, 6), (6, 0, 6)),
    ("pad:1:-3,circular", (2, 4), (2, 0, 4), (4, 0, 4)),
    ("linear:4", (6,), (6, 24 + 4, 4), (24, 24 + 4, 4)),
    # Weights of 4*2*(3 + 2) and 4*2*(2 + 2), biases of 16 and 16; 5*2 lie between the two layers
    ("lstm:2,layers2", (5, 3), (15 + 10, 104, 10 + 10), (360, 360 + 160, 20)),
    ("gru:2,nobias", (5, 3), (15, 30, 10), (150, 150, 10)),
    ("rnn:2", (5, 3), (15, 14, 10), (50, 50 + 20, 10)),
    # 3x3 windows of 2x2 cells on 6x6; of stride 3, so that 3*2 x 3*2 = all but cells 2 and 5
    ("maxpool:2", (2, 6, 6), (72, 0, 18), (72, 0, 18)),
    ("maxpool:2,s3", (1, 6, 6), (16, 0, 4), (16, 0, 4)),
    # Windows overlap: 4 windows of 3 cells, 2 of them on padding at the ends
    ("avgpool:3,s1,p1", (1, 4), (4, 0, 4), (12, 0, 4)),
    ("lppool:3,s1,p1", (1, 4), (4, 0, 4), (12, 0, 4)),
    ("lppool:2,s3", (1, 6, 6), (16, 0, 4), (16, 0, 4)),
    ("gap", (2, 3, 3), (18, 0, 2), (18, 0, 2)),
    # 10 cells to 7 windows of 2, 2, 3, 2, 3, 2, 2 cells
    ("adaptivemaxpool:7", (1, 10), (10, 0, 7), (16, 0, 7)),
    ("adaptiveavgpool:7", (1, 10), (10, 0, 7), (16, 0, 7)),
    # a and c of every channel, whatever the parameters are
    ("bn", (3, 5), (15, 6, 15), (15, 30, 15)),
    ("bn:noaffine", (3, 5), (15, 6, 15), (15, 30, 15)),
    ("gn:2", (4, 5), (20, 8, 20), (60, 40, 40)),
    ("ln:noaffine", (4, 5), (20, 0, 20), (60, 0, 40)),
    ("in", (4, 5), (20, 0, 20), (60, 0, 40)),
    ("layerscale", (4, 5), (20, 4, 20), (20, 20, 20)),
    ("lrn:3", (4, 5), (20, 0, 20), (80, 0, 20)),
    ("prelu:1", (4, 5), (20, 1, 20), (20, 20, 20)),
    # Q, K and V are 3*12, scores 2*9, their means 12; 264 MACs, 48 biases
    ("multiheadattention:4,heads2", (3, 4), (12 + 66, 80, 12 + 66), (264, 264 + 48, 12 + 66)),
    # 8 and 12 numbers, 2*5 outputs of 2*3... pairs of 4 and 6 features; the same result twice
    ("bilinear:5{linear:4 | linear:6}", (2, 3), (8 + 12, 125, 10), (240, 240 + 10, 10)),
    ("bilinear:5,nobias{|}", (2, 3), (6, 45, 10), (90, 90, 10)),
    # 2*3 and 3*5 elements, 2*3*5 products
    ("matmul{ | input:3x5}", (2, 3), (6 + 15, 0, 10), (30, 30, 10)),
    # 2*4 queries, keys and 2*3 values; 2*2 scores lie between; 2*2*(4 + 3) products
    ("attention{ | | input:2x3}", (2, 4), (8 + 6 + 4, 0, 6 + 4), (28, 28, 6 + 4)),
    ("elementwise:name=sub{ | input:5}", (4, 5), (25, 0, 20), (25, 0, 20)),
    ("reduce:mean,axes1", (4, 5), (20, 0, 4), (20, 0, 4)),
    ("permute:1x0", (4, 5), (0, 0, 0), (0, 0, 0)),
    ("input:3x4", (4, 5), (0, 0, 0), (0, 0, 0)),
    ("parameter:3x4", (4, 5), (0, 0, 0), (0, 0, 0)),
    # All rows of 4
    ("embedding:4,d2", (6,), (6, 8, 12), (12, 12, 12)),
    ("gelu", (4, 5), (20, 0, 20), (20, 0, 20)),
    ("softmax", (4, 5), (20, 0, 20), (60, 0, 40)),
    ("glu", (4, 5), (20, 0, 10), (20, 0, 10)),
    ("softmin", (4, 5), (20, 0, 20), (60, 0, 40)),
    ("logsoftmax", (4, 5), (20, 0, 20), (60, 0, 40)),
    # Zeros come from nowhere, mirrored cells from the input
    ("pad:2", (1, 5), (5, 0, 9), (5, 0, 9)),
    ("pad:2,reflect", (1, 5), (5, 0, 9), (9, 0, 9)),
    ("upsample:2", (1, 3, 3), (9, 0, 36), (36, 0, 36)),
    ("upsample:2,bilinear", (1, 3, 3), (9, 0, 36), (144, 0, 36)),
    # 10 cells to 3: the nearest are 0, 3, 6; bilinear lies between 1 2, 4 5 and 7 8
    ("upsample:size=3", (1, 10), (3, 0, 3), (3, 0, 3)),
    ("upsample:size=3,bilinear", (1, 10), (6, 0, 3), (6, 0, 3)),
    # 9 cells to 3: the places are the cells 1, 4, 7 themselves, whose neighbours have no share
    ("upsample:size=3,bilinear", (1, 9), (3, 0, 3), (6, 0, 3)),
    ("upsample:size=3,bilinear", (1, 9, 9), (9, 0, 9), (36, 0, 9)),
    # 15 cells to 6: 0.75, 3.25, 5.75, ...: two cells each. 6 to 3: all of them. 20 to 4: 2, 7, ...
    ("upsample:size=6,bilinear", (1, 15), (12, 0, 6), (12, 0, 6)),
    ("upsample:size=3,bilinear", (1, 6), (6, 0, 3), (6, 0, 3)),
    ("upsample:size=4,bilinear", (1, 20), (4, 0, 4), (8, 0, 4)),
    # 0, 2.25, 4.5, 6.75, 9 of 10 cells: all but two pairs share none; 0, 3, 6, 9 are cells
    ("upsample:size=5,bilinear,align", (1, 10), (8, 0, 5), (10, 0, 5)),
    ("upsample:size=4,bilinear,align", (1, 10), (4, 0, 4), (8, 0, 4)),
    ("upsample:size=1,bilinear,align", (1, 10), (1, 0, 1), (2, 0, 1)),
    ("pixelshuffle:2", (4, 3, 3), (36, 0, 36), (36, 0, 36)),
    ("pixelunshuffle:2", (1, 6, 6), (36, 0, 36), (36, 0, 36)),
    ("reshape:2x2x3", (4, 3), (0, 0, 0), (0, 0, 0)),
    ("unflatten:2x2", (4, 3), (0, 0, 0), (0, 0, 0)),
    ("shuffle:2", (4, 3), (12, 0, 12), (12, 0, 12)),
    # Two results of 2x5, and the same result twice
    ("residual{relu|tanh}", (2, 5), (20, 0, 10), (20, 0, 10)),
    ("residual{|}", (2, 5), (10, 0, 10), (20, 0, 10)),
    ("residual{dropout|}", (2, 5), (10, 0, 10), (20, 0, 10)),
    ("relu residual{dropout identity|dropout}", (2, 5), (10, 0, 10), (20, 0, 10)),
    ("residual{slice:0:1|slice:1:2}", (2, 5), (10, 0, 5), (10, 0, 5)),
    ("concat{relu|pw:3}", (2, 5), (25, 0, 25), (25, 0, 25)),
    # Channels 0 and 1 are among the 4 that are read anyway; 0 1 2 and 2 3 share one
    ("concat{ | slice:0:2}", (4, 3), (12, 0, 18), (18, 0, 18)),
    ("concat{slice:0:3 | slice:2:4}", (4, 3), (12, 0, 15), (15, 0, 15)),
    ("concat{slice:0:1 | slice:2:4}", (4, 3), (9, 0, 9), (9, 0, 9)),
    ("concat{flatten slice:0:7 | slice:1:3 flatten}", (4, 3), (9, 0, 13), (13, 0, 13)),
    ("concat{slice:1:4 slice:1:3 | dropout slice:2:3}", (4, 3), (6, 0, 9), (9, 0, 9)),
    ("residual{slice:0:2 | slice:1:3}", (3, 5), (15, 0, 10), (20, 0, 10)),
    ("scale{slice:0:1}", (4, 3), (12, 0, 12), (24, 0, 12)),
    ("concat{|}", (2, 5), (10, 0, 20), (20, 0, 20)),
    # A gate of one number per channel is read again for every cell
    ("scale{gap}", (2, 5), (12, 0, 10), (20, 0, 10)),
    ("dropout", (2, 5), (0, 0, 0), (0, 0, 0)),
    ("identity", (2, 5), (0, 0, 0), (0, 0, 0)),
    ("flatten", (2, 5), (0, 0, 0), (0, 0, 0)),
    ("slice:0:1", (2, 5), (0, 0, 0), (0, 0, 0)),
    ("crop:3", (2, 5), (0, 0, 0), (0, 0, 0)),
    # 2x2 values go to where the pooling had its maxima, among 2x4
    ("p=maxpool:2 maxunpool:2,of=p", (2, 4), (4 + 8, 0, 8), (4 + 8, 0, 8)),
    ("maxunpool:2", (2, 4), (8, 0, 16), (8, 0, 16)),
    # What a crop leaves does not lie in one piece, and counts by itself
    ("concat{crop:5 | }", (2, 5), (10, 0, 20), (20, 0, 20)),
    ("concat{ | relu}", (2, 5), (20, 0, 20), (20, 0, 20)),
    ("residual{crop:3 | crop:3,offset0}", (2, 5), (12, 0, 6), (12, 0, 6)),
]


@pytest.mark.parametrize(("spec", "shape", "ideal", "without_reuse"), ROWS)
def test_what_a_layer_reads_and_writes(spec, shape, ideal, without_reuse):
    layer = traffic(spec, shape)
    assert tuple(4 * part for part in ideal) == layer.ideal
    assert tuple(4 * part for part in without_reuse) == layer.without_reuse


@pytest.mark.parametrize(("spec", "shape", "ideal", "without_reuse"), ROWS)
def test_a_batch_reads_the_weights_once(spec, shape, ideal, without_reuse):
    layer = traffic(spec, shape, batch=3)
    inputs, weights, outputs = ideal
    assert (12 * inputs, 4 * weights, 12 * outputs) == layer.ideal
    assert tuple(12 * part for part in without_reuse) == layer.without_reuse


def test_an_embedding_reads_a_row_for_each_index():
    # 6 of 9 rows; 18 indices of 3 samples may be all rows
    assert (24, 48, 48) == traffic("embedding:9,d2", (6,)).ideal
    assert (72, 72, 144) == traffic("embedding:9,d2", (6,), batch=3).ideal


def test_every_kind_has_a_row():
    # One reads its input once and writes its result once, unless it has a row.
    alike = {kind for kind in KINDS if issubclass(KINDS[kind], Activation)}
    seen = {convcalc.parse(spec).nodes[-1].layer.kind for spec, *_ in ROWS}
    assert {kind for kind, layer in KINDS.items() if layer.computable} == seen | alike


@pytest.mark.parametrize("kind", ["relu", "hardtanh", "leakyrelu", "elu", "mish", "hardswish"])
def test_an_activation_reads_and_writes_each_number_once(kind):
    layer = traffic(kind, (2, 5))
    assert (40, 0, 40) == layer.ideal == layer.without_reuse


@pytest.mark.parametrize(("spec", "shape", "ideal", "without_reuse"), ROWS)
def test_reuse_never_moves_more(spec, shape, ideal, without_reuse):
    # Except that weights are read once, used or not.
    layer = traffic(spec, shape)
    assert layer.ideal.inputs <= layer.without_reuse.inputs
    assert layer.ideal.outputs <= layer.without_reuse.outputs
    assert layer.ideal.total <= layer.without_reuse.total


def test_the_dtype_says_how_many_bytes_a_number_takes():
    # 3*3*3 = 27 arrive, 2*3 weights, 2 biases, 2*3*3 = 18 leave.
    by_dtype = {dtype: traffic("pw:2", (3, 3, 3), dtype=dtype).ideal for dtype in ("int8", "int4")}
    assert (27, 8, 18) == by_dtype["int8"]
    assert (14, 3 + 1, 9) == by_dtype["int4"]  # 27 halves of a byte are 14 bytes
    assert (54, 16, 36) == traffic("pw:2", (3, 3, 3), dtype="bfloat16").ideal


def test_intensity_is_operations_per_byte_of_ideal_traffic():
    # relu: 10 comparisons on 40 + 40 bytes; conv: 2*8*5 MACs of 2, on 4 * (10 + 16 + 8 + 40) bytes
    assert 10 / 80 == traffic("relu", (2, 5)).intensity
    layer = traffic("pw:8", (2, 5))
    assert (160, 296) == (layer.operations, layer.ideal.total)
    assert (20, 37) == layer.intensity.as_integer_ratio()
    assert traffic("dropout", (2, 5)).intensity is None


def test_the_bias_is_where_a_sum_starts_and_no_operation():
    assert traffic("pw:8,nobias", (2, 5)).operations == traffic("pw:8", (2, 5)).operations


def test_the_totals_are_those_of_layer_by_layer_execution():
    report = convcalc.parse("pw:2,nobias dropout relu").analyze((3, 4))
    totals = report_traffic(report).totals
    # pw reads 12 and 6, writes 8; relu reads and writes 8; 24 MACs, 8 comparisons
    assert (48 + 32, 24, 32 + 32) == totals.ideal
    assert (96 + 32, 96, 32 + 32) == totals.without_reuse
    assert 56 == totals.operations


def test_stages_of_a_separable_convolution_move_what_two_layers_move():
    together = traffic("sep:5,k3,s2,p1,m2", (3, 9, 9))
    apart = convcalc.parse("dw:k3,s2,p1,m2 pw:5").analyze((3, 9, 9))
    assert report_traffic(apart).totals == together


def test_a_row_alone_answers_too():
    report = convcalc.parse("residual{|}").analyze((2, 5), batch=2)
    assert Traffic(80, 0, 80) == layer_traffic(report.layers[0], batch=2).ideal


MODES = {
    "zeros": lambda place, size: place,
    "circular": lambda place, size: place % size,
    "reflect": lambda place, size: abs(place) if place < size else 2 * size - 2 - place,
    "symmetric": lambda place, size: place if 0 <= place < size else (-1 - place) % (2 * size),
    "replicate": lambda place, size: min(max(place, 0), size - 1),
}


@given(
    st.integers(1, 12),
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(1, 4),
    st.sampled_from(sorted(MODES)),
)
def test_the_elements_that_windows_read(size, kernel, stride, before, after, dilation, mode):
    assume(
        max(before, after)
        <= {"circular": size, "reflect": size - 1, "symmetric": size}.get(mode, 5)
    )
    window = Window(kernel, stride, before, after, dilation)
    assume(window.out_size(size) > 0)
    taps = product(range(window.out_size(size)), range(kernel))
    places = (u * stride + t * dilation - before for u, t in taps)
    read = {MODES[mode](place, size) for place in places} & set(range(size))
    assert len(read) == elements_read(window, size, mode)


def test_long_kernels_and_long_outputs_are_counted_without_walking_them():
    # 10^12 taps 2 apart in one window, and a tap in 10^12 windows 2 apart: every other element.
    assert 10**12 == elements_read(Window(10**12, 1, 0, 0, 2), 2 * 10**12 - 1)
    assert 10**12 == elements_read(Window(1, 2), 2 * 10**12)
    assert 10**12 == elements_read(Window(10**12, 1, 5, 5), 10**12, "circular")


def test_linear_resizing_reads_the_cells_that_have_a_share():
    # The place of output u, held against all elements, in fractions.
    for size, out in product(range(1, 25), repeat=2):
        places = [max(0, (u + Fraction(1, 2)) * size / out - Fraction(1, 2)) for u in range(out)]
        read = {j for j in range(size) for place in places if abs(place - j) < 1}
        assert len(read) == linear_read(size, out), (size, out)
        places = [Fraction(u * (size - 1), max(1, out - 1)) for u in range(out)]
        read = {j for j in range(size) for place in places if abs(place - j) < 1}
        assert len(read) == corners_read(size, out), (size, out)


@st.composite
def views(draw):
    """(spec, the places of its numbers in 6 x 2 of the input), slices and flattenings in turn."""
    words, channels, places = [], 6, [[2 * c, 2 * c + 1] for c in range(6)]
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, channels - 1))
        end = draw(st.integers(begin + 1, channels))
        if draw(st.booleans()):
            words.append(f"slice:{begin}:{end}")
            places = places[begin:end]
        else:
            words.append(draw(st.sampled_from(("identity", "dropout"))))
        channels = len(places)
    if draw(st.booleans()):
        words.append("flatten")
        places = [[place] for row in places for place in row]
        begin = draw(st.integers(0, len(places) - 1))
        words.append(f"slice:{begin}:{len(places)}")
        places = places[begin:]
    return " ".join(words), len(places[0]), {place for row in places for place in row}


@given(st.lists(views(), min_size=2, max_size=4))
def test_views_that_overlap_are_read_once(branches):
    assume(len({width for _, width, _ in branches}) == 1)
    read = set().union(*(places for _, _, places in branches))
    spec = "concat{" + " | ".join(words for words, _, _ in branches) + "}"
    assert 4 * len(read) == traffic(spec, (6, 2)).ideal.inputs
