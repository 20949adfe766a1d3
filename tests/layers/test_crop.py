"""`crop`: what stays of each axis, by a size, an offset or the size of another layer."""

from __future__ import annotations

import numpy as np
import pytest
from reports import report, seen

import convcalc
from convcalc.analysis.diff import difference
from convcalc.analysis.memory.report import analyze_memory
from convcalc.errors import ParameterError, ShapeError, SpecError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.language.parse import formatted
from convcalc.layers import Crop
from convcalc.network.subgraph import part_until

UNET = "top=conv:4,k3 maxpool:2 conv:4,k3 concat{up=convt:4,k2,s2 | @top crop:like=up}"
"""A U-Net without padding: 90 x 90 elements of the first layer are cropped to 86 x 86."""

BACKENDS = ["numpy", "torch"]


@pytest.mark.parametrize(
    ("size", "own", "begin"),
    # Half of what is left out, rounded down; torchvision would begin at 0, 2, 2 and 4.
    [(4, 4, 0), (2, 4, 1), (3, 4, 0), (2, 5, 1), (1, 5, 2), (1, 8, 3), (8, 92, 42)],
)
def test_the_middle_begins_at_half_of_what_is_left_out(size, own, begin):
    assert (begin,) == Crop(size).begins((3, own))


@pytest.mark.parametrize(
    ("spec", "shape", "output", "starts"),
    [
        ("crop:2", (3, 5), (3, 2), [1]),
        ("crop:2,offset0", (3, 5), (3, 2), [0]),
        ("crop:2x3,offset3x1", (1, 5, 4), (1, 2, 3), [3, 1]),
        ("crop:2,offset=0x1x2", (1, 4, 4, 4), (1, 2, 2, 2), [0, 1, 2]),
    ],
)
def test_the_field_is_moved_by_the_offset(spec, shape, output, starts):
    row = report(spec, shape)
    assert (output, (0, 0)) == (row.output_shape, (row.params, row.element_ops))
    assert [(1, 1, start) for start in starts] == [*seen(row)]


def test_the_field_is_moved_by_as_many_inputs_as_the_strides_before_it():
    assert ((4, 2, 5),) == seen(report("conv:2,k2 maxpool:3,s2,p1 crop:3,offset3", (1, 20)))


@pytest.mark.parametrize(
    ("message", "spec"),
    [
        ("a crop to 8 elements of an axis of 7 in 3x9x7: 1 too many", "crop:8"),
        ("a crop to 12 elements of an axis of 9 in 3x9x7: 3 too many", "crop:12x7"),
        ("a crop to 5 elements from 3 on of an axis of 7 in 3x9x7: 1 too many", "crop:5,offset3"),
        ("a crop to 18 elements of an axis of 9 in 3x9x7: 9 too many",
         "residual{up=upsample:2 | crop:like=up}"),
        ("size: 3 values given, but the input has 2 spatial axes", "crop:1x1x1"),
        ("size: must be at least 1, got 0", "crop:0"),
        ("offset: expected a whole number or one per axis", "crop:2,offset=up"),
        ("no label 'up' is set before this place", "crop:like=up up=relu"),
        ("no label 'top' is set before this place; the labels so far are up", "up=relu crop:top"),
    ],
)  # fmt: skip
def test_a_size_that_does_not_fit_is_refused_with_what_is_too_much(message, spec):
    with pytest.raises((ShapeError, SpecError), match=message):
        convcalc.parse(spec).analyze((3, 9, 7))


def test_a_layer_by_itself_takes_no_label():
    with pytest.raises(ParameterError, match="expected a whole number"):
        Crop("up")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64"])
def test_the_elements_that_stay_are_the_input_s_own(backend, dtype):
    if backend == "torch":
        pytest.importorskip("torch")
    x = np.arange(2 * 3 * 7 * 6).reshape(2, 3, 7, 6).astype(dtype)
    x[0, 0, 2, 1] = np.nan if dtype.startswith("float") else -1
    result = run_network(convcalc.parse("crop:4x3"), x, {}, Settings(backend)).array
    np.testing.assert_array_equal(result, x[:, :, 1:5, 1:4])
    empty = run_network(convcalc.parse("crop:4x3"), x[:0], {}, Settings(backend)).array
    assert (0, 3, 4, 3) == empty.shape


def test_a_u_net_without_padding():
    layers = convcalc.parse(UNET).analyze((1, 92, 92))
    assert ["4x90x90", "4x45x45", "4x43x43", "4x86x86", "4x86x86", "8x86x86"] == [
        "x".join(map(str, row.output_shape)) for row in layers.layers
    ]
    # 4*(9 + 1), 4*(36 + 1), 4*4*4 + 4; 8100*36, 1849*144, 1849*64
    assert (256, 676_192) == (layers.totals.params, layers.totals.macs)
    assert "crop:86x86" == layers.layers[4].spec
    assert ((3, 1, 2), (3, 1, 2)) == seen(layers.layers[4])


def test_the_layer_whose_size_is_taken_is_no_input():
    network = convcalc.parse(UNET)
    assert (0,) == network.nodes[4].inputs
    part = part_until(network, (1, 92, 92), "3.1.0")
    assert ["top", "3.1.0"] == [node.label for node in part.nodes]
    assert (4, 86, 86) == part.analyze((1, 92, 92)).output_shape
    alone = "top=conv:4,k3 maxpool:2 up=convt:4,k2,s2 @top crop:like=up"
    assert ["1", "up"] == [row.label for row in convcalc.parse(alone).analyze((1, 12)).unused]


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("a=relu crop:like=a", "a=relu crop:@a"),
        ("a=relu crop:size=@a,offset=0", "a=relu crop:@a,offset0"),
        ("crop:offset=1x2,like=8x8", "crop:8x8,offset1x2"),
        ("define f(to) {pw:4 crop:$to} a=relu f:@a", "define f(to) {pw:4 crop:$to} a=relu f:@a"),
        ("define f(to) {pw:4 crop:like=$to} a=relu f:a",
         "define f(to) {pw:4 crop:$to} a=relu f:a"),
    ],
)  # fmt: skip
def test_a_crop_prints_short_and_reads_back(written, printed):
    network = convcalc.parse(written)
    assert printed == network.spec()
    assert formatted(written).strip() == printed
    assert network == convcalc.parse(printed)
    network.analyze((1, 12, 13))


def test_a_skip_connection_keeps_all_of_what_it_is_cropped_from():
    memory = analyze_memory(convcalc.parse(UNET), (1, 92, 92))
    # While the transposed convolution runs: 4x90x90 of `top`, its input 4x43x43, its output 4x86x86
    assert 4 * (4 * 8100 + 4 * 1849 + 4 * 7396) == memory.layers[3].live
    # At the join there are the crop, which lies in `top`, the other branch, and the result.
    assert 4 * (4 * 8100 + 4 * 7396 + 8 * 7396) == memory.layers[5].live


def test_two_crops_that_differ_in_their_offset_are_paired():
    reports = [convcalc.parse(f"relu crop:{it}").analyze((1, 9)) for it in ("3", "3,offset0")]
    assert ["equal", "changed"] == [pair.status for pair in difference(*reports).pairs]
