"""`sizes` as a user meets it."""

from __future__ import annotations

import pytest
from cli_support import loaded_by, strict


def test_a_unet_near_500(inside):
    done = inside("sizes", "unet", "--near", "500")
    assert (0, "") == (done.code, done.err)
    assert [
        "sizes that fit: multiples of 16",
        "(1 channel, 2 equal axes; 1 to 1024)",
        "near 500: 496 and 512",
    ] == done.out.splitlines()[:3]
    assert "every size from 1 to 1024 was tried" == done.out.splitlines()[-1]


def test_a_long_sequence_is_tried_around_the_size_that_is_asked_about(inside):
    done = inside("sizes", "conv:8,k4,s4", "-i", "1x1000000", "--near", "999999", "--unused", "0")
    assert "near 999999: 999996 and 1000000" in done.out.splitlines()


def test_its_json(inside):
    data = strict(inside("sizes", "unet", "--near", "500", "--format", "json").out)
    assert ("multiples of 16", 16, [0], [496, 512]) == (
        data["rule"],
        data["period"],
        data["residues"],
        data["nearest"],
    )
    assert "concat" == data["breaking"][0]["spec"]


def test_no_size_at_all_ends_with_1(inside):
    done = inside("sizes", "residual{conv:3,k2 | }", "-i", "3x8x8", "--range", "1..20")
    assert (1, "convcalc: error: no size from 1 to 20 fits\n") == (done.code, done.err)
    assert done.out.startswith("sizes that fit: no size\n")


def test_sizes_at_which_nothing_is_dropped(inside):
    done = inside("sizes", "vgg16", "--unused", "0")
    assert done.out.startswith("sizes that fit and drop nothing: multiples of 32\n")
    assert "elsewhere some are by 0.1 (at 240 sizes)" in done.out


def test_the_error_of_branches_that_do_not_meet_names_sizes_and_no_line_of_ours(inside):
    done = inside("shape", "unet", "-i", "1x500x500", "-q")
    assert (2, 1) == (done.code, done.err.count("\n"))
    assert done.err.startswith("convcalc: error: layer 11 (concat): branch 0 gives 256x125x125, ")
    assert done.err.endswith("; near 500 fit 496, 512: multiples of 16\n")


def test_the_error_in_a_text_of_ones_own_points_at_it(inside):
    words = ("shape", "conv:3,k1 residual{conv:3,k4,s4 convt:3,k4,s4 | }", "-i", "3x50x70", "-q")
    done = inside(*words)
    assert (2, 3) == (done.code, done.err.count("\n"))
    assert "; near 50x70 fit 48x68, 52x72: multiples of 4 (column 11)\n" in done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("linear:10 -i 784", "a network of 784 features has no spatial sizes to choose from"),
        ("unet --range 1..", "--range: a range needs both ends"),
        ("unet --range 9", "--range: expected first..last, as 1..512; got '9'"),
        ("unet --range 1..9:2", "--range: expected first..last"),
        ("unet --range 0..9", "there are no sizes from 0 to 9"),
        ("unet --range 1..999999", "999,999 sizes of 49 layers are too many; at most"),
        ("unet --near 500 --range 1..100", "--near 500 lies outside of --range 1..100"),
        ("unet --near big", "--near"),
        ("unett", "did you mean 'unet'"),
    ],
)
def test_wrong_arguments_are_told_in_a_line_or_two(inside, words, told):
    done = inside("sizes", *words.split(), "-q")
    assert (2, "") == (done.code, done.out)
    assert told in done.err
    assert len(done.err.splitlines()) <= 3


def test_it_needs_no_library():
    assert set() == loaded_by("sizes", "conv:8,k3", "-i", "3x8x8") & {"numpy", "torch", "rich"}
