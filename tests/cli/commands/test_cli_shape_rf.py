"""`shape`, `flops` and `rf`: the numbers of one layer or a chain, in every form."""

from __future__ import annotations

import csv
import io

import pytest
from cli_support import strict

from convcalc.analysis.compare import EXAMPLES

SAME = [
    ("3x224x224", "conv:64,k7,s2,p3", "-n 64 -k 7 -s 2 -p 3"),
    ("3x32x32", "conv:8,k3x5,s2x1,p1x2", "--out-channels 8 -k 3x5 --stride 2x1 --padding 1,2"),
    ("4x16x16", "conv:8,k3,d2,g2,nobias", "-n 8 -k 3 -d 2 -g 2 --no-bias"),
    ("3x9x9", "conv:4,k2,p0:1", "-n 4 -k 2 -p 0:1"),
    ("3x9x9", "conv:4,k3,same,reflect", "-n 4 -k 3 -p SAME --padding-mode reflect"),
    ("64x8x8", "convt:32,k4,s2,p1", "--transposed -n 32 -k 4 -s 2 -p 1"),
    ("8x5x5", "convt:4,k3,s2,p1,op1", "--transposed -n 4 -k 3 -s 2 -p 1 --output-padding 1"),
    (
        "8x5x5",
        "convt:4,k3,s2,p1,output_size=10x10",
        "--transposed -n 4 -k 3 -s 2 -p 1 --output-size 10x10",
    ),
    ("8x5x5", "convt:4,k3", "--transposed -n 4 -k 3 --padding-mode constant"),
    ("2x50", "conv:4,k9", "-n 4 -k 9"),
    ("2x6x6x6", "conv:4,k3x3x1", "-n 4 -k 3x3x1"),
]


@pytest.mark.parametrize("command", ["shape", "flops", "rf"])
@pytest.mark.parametrize(("size", "spec", "flags"), SAME)
def test_specs_and_flags_give_the_same_numbers(inside, command, size, spec, flags):
    by_spec = inside(command, "-i", size, spec, "--format", "json")
    by_flags = inside(command, "-i", size, *flags.split(), "--format", "json")
    assert (0, 0) == (by_spec.code, by_flags.code)
    assert strict(by_spec.out)["layers"] == strict(by_flags.out)["layers"]


@pytest.mark.parametrize(
    ("size", "specs", "shapes"),
    [
        ("3x5x5", "dw:k3 pw:4", [[3, 3, 3], [4, 3, 3]]),
        ("3x128x128", "dw:k3 pw:10", [[3, 126, 126], [10, 126, 126]]),
        ("3x224x224", "conv:64,k7,s2,p3", [[64, 112, 112]]),
        ("64x8x8", "convt:32,k4,s2,p1", [[32, 16, 16]]),
        ("3x10x10", "sep:16,k3,p1 conv:8,k3,s2", [[16, 10, 10], [8, 4, 4]]),
    ],
)
def test_shape_shows_the_output_of_every_layer(inside, size, specs, shapes):
    document = strict(inside("shape", "-i", size, *specs.split(), "--format", "json").out)
    assert shapes == [layer["output_shape"] for layer in document["layers"]]
    table = inside("shape", "-i", size, *specs.split())
    assert "x".join(map(str, shapes[-1])) in table.out


def test_layers_may_come_as_one_word_or_several(inside):
    one = inside("shape", "-i", "3x9x9", "dw:k3 pw:4")
    assert 0 == one.code
    assert one == inside("shape", "-i", "3x9x9", "dw:k3", "pw:4")


@pytest.mark.parametrize("command", [["shape"], ["rf"], ["flops", "--compare", "separable"]])
def test_what_is_not_given_is_assumed_and_said(convcalc, command):
    done = convcalc(*command)
    assert 0 == done.code
    assert "64x222x222" in done.out
    assert all(word in done.err for word in ("assumed", "3x224x224", "64", "kernel", "3"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("-i 3x9x9", {"out": True, "kernel": True, "3x224x224": False}),
        ("-n 8", {"out": False, "kernel": True, "3x224x224": True}),
        ("conv:8,k3", {"out": False, "kernel": False, "3x224x224": True}),
        ("-i 3x9x9 conv:8,k3", {"out": False, "kernel": False, "assumed": False}),
    ],
)
def test_only_what_is_assumed_is_said(inside, arguments, said):
    done = inside("shape", *arguments.split())
    assert 0 == done.code
    assert said == {word: word in done.err for word in said}


def test_quiet_leaves_the_assumptions_out(inside):
    assert "" == inside("shape", "--quiet").err
    assert inside("shape", "-q").out == inside("shape").out


@pytest.mark.parametrize("flags", ["-k 3", "--no-bias", "-s 2 -p 1", "--transposed"])
def test_layers_and_flags_together_are_an_error(inside, flags):
    done = inside("shape", "-i", "3x9x9", "conv:8,k3", *flags.split())
    assert (2, "") == (done.code, done.out)
    assert all(word in done.err for word in ("layers", "flags", "not both", "conv:8,k3"))


NO_OPERATIONS = {"multiply": 0, "add": 0, "compare": 0, "divide": 0, "exponent": 0}


def test_json_is_the_documented_schema(convcalc):
    done = convcalc("flops", "-i", "3x224x224", "conv:64,k7,s2,p3", "--format", "json")
    document = strict(done.out)
    assert {"name", "text"} == set(document.pop("convention"))
    assert document == {
        "schema_version": 1,
        "command": "flops",
        "input": [3, 224, 224],
        "batch": 1,
        "dtype": "float32",
        "status": "complete",
        "layers": [
            {
                "index": 0,
                "label": "0",
                "kind": "conv",
                "spec": "conv:64,k7,s2,p3",
                "inputs": [-1],
                "output_shape": [64, 112, 112],
                "input_shapes": [[3, 224, 224]],
                "weights": {"weight": [64, 3, 7, 7], "bias": [64]},
                "attributes": {
                    "in_channels": 3,
                    "out_channels": 64,
                    "kernel_size": [7, 7],
                    "stride": [2, 2],
                    "padding": [3, 3],
                    "dilation": [1, 1],
                    "groups": 1,
                    "bias": True,
                    "padding_mode": "zeros",
                },
                "padding": [[3, 3], [3, 3]],
                "params": 9472,  # 64 * 3 * 7 * 7 + 64
                "params_by_part": {"weight": 9408, "bias": 64, "norm": 0},
                "macs": 118013952,  # 64 * 112 * 112 * 3 * 7 * 7
                "flops": 236027904,
                "bias_adds": 802816,  # 64 * 112 * 112
                "element_ops": 0,
                "element_ops_by_type": NO_OPERATIONS,
                "activations": 802816,
                "total": 118013952,
                "receptive_field": [{"size": 7, "effective_stride": 2, "start": -3}] * 2,
            }
        ],
        "output_layer": 0,
        "totals": {
            "params": 9472,
            "macs": 118013952,
            "flops": 236027904,
            "bias_adds": 802816,
            "element_ops": 0,
            "element_ops_by_type": NO_OPERATIONS,
            "activations": 802816,
            "mac_activations": 802816,
            "total": 118013952,
        },
    }


@pytest.mark.parametrize("command", ["shape", "flops", "rf"])
def test_every_command_gives_the_same_layers_as_json(inside, command):
    document = strict(inside(command, "-i", "3x9x9", "conv:8,k3", "--format", "JSON").out)
    assert command == document["command"]
    assert 8 * 7 * 7 * 3 * 9 == document["layers"][0]["macs"]


def test_the_layers_of_a_chain_add_up(inside):
    document = strict(inside("flops", "-i", "3x5x5", "dw:k3", "pw:4", "--format", "json").out)
    assert [[-1], [0]] == [layer["inputs"] for layer in document["layers"]]
    assert [243, 108] == [layer["macs"] for layer in document["layers"]]  # 3*9*9, 4*3*9
    assert (351, 46) == (document["totals"]["macs"], document["totals"]["params"])


def test_a_field_that_is_not_whole_is_a_fraction(inside):
    document = strict(inside("rf", "-i", "1x10", "convt:1,k4,s2,p1", "--format", "json").out)
    (field,) = document["layers"][0]["receptive_field"]
    assert (2, "1/2", -1) == (field["size"], field["effective_stride"], field["start"])


@pytest.mark.parametrize(
    ("size", "specs", "seen"),
    [
        ("3x224x224", "conv:64,k7,s2,p3", ["7", "2", "-3"]),
        ("3x224x224", "conv:64,k7,s2,p3 conv:64,k3,d2", ["15", "2", "-3"]),  # 7 + 2*2*2
        ("3x50x50", "conv:8,k3x5,p1x0", ["3x5", "1", "-1x0"]),
        ("1x10", "convt:1,k4,s2,p1", ["2", "1/2", "-1"]),
    ],
)
def test_rf_shows_size_stride_and_start(inside, size, specs, seen):
    done = inside("rf", "-i", size, *specs.split(), "--format", "csv")
    last = list(csv.DictReader(io.StringIO(done.out)))[-1]
    assert seen == [last["size"], last["effective_stride"], last["start"]]
    table = inside("rf", "-i", size, *specs.split()).out
    assert all(f" {word} " in f"{table} " for word in seen)


def test_csv_has_exact_numbers_under_machine_names(inside):
    done = inside("flops", "-i", "3x224x224", "conv:64,k7,s2,p3", "pw:2", "--format", "csv")
    first, second = csv.DictReader(io.StringIO(done.out))
    assert ("conv:64,k7,s2,p3", "64x112x112") == (first["spec"], first["output_shape"])
    numbers = [first[name] for name in ("params", "macs", "flops", "bias_adds")]
    assert ["9472", "118013952", "236027904", "802816"] == numbers
    assert "1" == second["index"]


@pytest.mark.parametrize("command", ["shape", "flops", "rf"])
def test_markdown_is_a_table_of_equal_rows(inside, command):
    done = inside(command, "-i", "3x9x9", "conv:8,k3", "pw:4", "--format", "md")
    lines = [line for line in done.out.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert 1 == len({len(row) for row in cells})
    assert all(set(cell) <= {"-", ":"} for cell in cells[1])
    assert ["conv:8,k3", "pw:4"] == [row[1] for row in cells[2:4]]


def test_a_table_has_thousands_apart_and_says_its_convention(inside):
    out = inside("flops", "-i", "3x224x224", "conv:64,k7,s2,p3").out
    assert all(number in out for number in ("9,472", "118,013,952", "236,027,904", "802,816"))
    assert "FLOPs = 2 x MACs" in out


def test_batch_multiplies_costs_and_not_weights(inside):
    done = inside(
        "flops", "-i", "3x224x224", "conv:64,k7,s2,p3", "--batch", "8", "--format", "json"
    )
    document = strict(done.out)
    assert 8 == document["batch"]
    assert 8 * 118013952 == document["totals"]["macs"]
    assert 8 * 802816 == document["totals"]["bias_adds"] == document["totals"]["activations"]
    assert 9472 == document["totals"]["params"]
    assert "batch 8" in inside("flops", "--batch", "8").out


def test_cells_that_no_window_reads_are_named(inside):
    assert "unread" in inside("shape", "-i", "3x8x8", "conv:4,k3,s2").out
    assert "unread" not in inside("shape", "-i", "3x9x9", "conv:4,k3,s2").out


SEPARABLE = ("flops", "-i", "512x14x14", "conv:512,k3,p1,nobias", "--compare", "separable")


def test_a_comparison_shows_both_variants_and_the_ratio(inside):
    out = inside(*SEPARABLE).out
    assert all(word in out for word in ("462,422,016", "52,283,392", "0.11306", "1/512 + 1/(3*3)"))


def test_a_comparison_as_json_is_exact(inside):
    document = strict(inside(*SEPARABLE, "--format", "json").out)
    (compare,) = document["compare"]
    (ratio,) = compare["ratios"]
    assert 462422016 == document["totals"]["macs"]
    assert ("separable", 52283392) == (compare["variant"], compare["totals"]["macs"])
    assert ("sep:512,k3,p1,nobias", []) == (compare["spec"], compare["unchanged"])
    assert "521/4608" == ratio["exact"]  # (9 + 512) / (9 * 512)
    assert pytest.approx(521 / 4608) == ratio["measured"] == ratio["formula_value"]
    assert ("1/n + 1/k^2", "1/512 + 1/(3*3)") == (ratio["symbols"], ratio["formula"])


def test_several_variants_each_have_their_rows_and_their_document(inside):
    command = ("flops", "-i", "8x14x14", "conv:8,k5,p2", "conv:8,k3,p1")
    asked = ("--compare", "stacked,Grouped:2")
    rows = list(csv.DictReader(io.StringIO(inside(*command, *asked, "--format", "csv").out)))
    assert [
        ("0", "standard", "conv:8,k5,p2", "1568", "5/1/-2"),
        ("0", "stacked", "conv:8,k3,p1 conv:8,k3,p1", "3136", "5/1/-2"),
        ("0", "grouped:2", "conv:8,k5,p2,g2", "1568", "5/1/-2"),
        ("1", "standard", "conv:8,k3,p1", "1568", "7/1/-3"),
        ("1", "grouped:2", "conv:8,k3,p1,g2", "1568", "7/1/-3"),
    ] == [
        (row["index"], row["variant"], row["spec"], row["activations"], row["receptive_field"])
        for row in rows
    ]
    stacked, grouped = strict(inside(*command, *asked, "--format", "json").out)["compare"]
    assert ("stacked", "grouped:2") == (stacked["variant"], grouped["variant"])
    assert [[0, 1]] == [ratio["stages"] for ratio in stacked["ratios"]]
    assert [1] == [one["index"] for one in stacked["unchanged"]]
    assert "0.0=conv:8,k3,p1 0.1=conv:8,k3,p1 1=conv:8,k3,p1" == stacked["spec"]
    out = inside(*command, *asked).out
    assert "layer 0, stacked: measured ratio 0.72000" in out  # 2 * 9/25
    assert "layers 0, 1, grouped:2: measured ratio 0.50000; 1/g = 1/2 = 0.50000" in out
    assert "stacked leaves layer 1 as it is: its kernel of 3 is no larger than one of 3" in out
    assert "whole network, stacked: 426,496 MACs against 338,688, ratio 0.79412" in out


def test_the_lines_below_a_comparison_fit_on_a_screen_and_are_few(inside):
    done = inside("flops", "resnet50", "--compare", "separable,bottleneck:4,factorized,lowrank:8")
    below = done.out[done.out.rindex("\n\n") :].strip().splitlines()
    assert all(len(line) <= 80 for line in below)
    assert len(below) < 100
    assert sum("more ratios" in line for line in below) >= 1
    assert all(word in done.out for word in ("(36 of them)", "--format json has all of them"))


def test_a_comparison_keeps_its_numbers_whole_on_a_terminal(on_terminal):
    out = on_terminal(*SEPARABLE, "--color", "never").out
    assert all(word in out for word in ("462,422,016", "52,283,392", "left out for the width"))
    assert all(len(line) <= 80 for line in out.splitlines())
    wide = on_terminal(*SEPARABLE, "--color", "never", columns=120).out
    assert "100,352" in wide
    assert "left out" not in wide


def test_the_help_names_every_variant(inside):
    told = " ".join(inside("flops", "--help").out.split())
    assert ", ".join(EXAMPLES) in told


def test_a_comparison_as_csv_has_a_row_per_variant(inside):
    rows = list(csv.DictReader(io.StringIO(inside(*SEPARABLE, "--format", "csv").out)))
    assert [("standard", "462422016"), ("separable", "52283392")] == [
        (row["variant"], row["macs"]) for row in rows
    ]


def test_a_comparison_says_when_the_formula_does_not_apply(inside):
    command = ("flops", "-i", "8x14x14", "conv:8,k3,g2", "--compare", "separable")
    assert "does not apply" in inside(*command).out
    (compare,) = strict(inside(*command, "--format", "json").out)["compare"]
    (ratio,) = compare["ratios"]
    assert (None, "17/36") == (ratio["formula_value"], ratio["exact"])  # 19584 / 41472
    assert "groups=2" in ratio["note"]


def test_a_comparison_of_several_layers_ends_with_the_whole(inside):
    done = inside(
        "flops", "-i", "8x14x14", "conv:8,k3,s2", "conv:8,k3,p1", "--compare", "SEPARABLE"
    )
    (whole,) = [line for line in done.out.splitlines() if line.startswith("whole")]
    assert all(word in whole for word in ("41,472", "9,792", "ratio 0.23611"))
    assert "  params 1,168 against 304" in done.out.splitlines()


def test_a_comparison_needs_something_to_replace(inside):
    done = inside("flops", "-i", "8x14x14", "dw:k3", "--compare", "separable")
    assert (2, "") == (done.code, done.out)
    assert all(word in done.err for word in ("nothing to compare", "dw"))


def test_large_numbers_stay_exact(inside):
    size = "1000003x100003x100003"
    done = inside("flops", "-i", size, "pw:1000003,nobias", "--format", "json")
    assert 1000003**2 * 100003**2 == strict(done.out)["totals"]["macs"]


def test_a_plain_vector_is_an_input_of_fully_connected_layers(inside):
    done = inside("flops", "-i", "784", "linear:100", "relu", "linear:10", "--format", "json")
    assert (0, "") == (done.code, done.err)
    # 784*100 + 100*10 products; 784*100 + 100 + 100*10 + 10 weights
    totals = strict(done.out)["totals"]
    assert (79_400, 79_510) == (totals["macs"], totals["params"])


def test_how_fields_are_read_fits_a_terminal(inside):
    done = inside("rf", "-i", "4x8x8", "convt:4,k3,s2", "se:2")
    remarks = done.out.rpartition("\n\n")[2].splitlines()
    assert (
        "the largest is shown, and nothing lies before start + u*stride; --format json" in remarks
    )
    assert (
        "a size with *: the whole input is seen, here or on another path, as by a gate" in remarks
    )
    assert 80 >= max(map(len, remarks))


def test_the_inputs_of_a_concatenation_are_counted(convcalc):
    module = "concat{pw:64 | pw:128 | pw:32 | maxpool:3,s1,p1 pw:32}"
    row = convcalc("shape", module, "-i", "192x28x28").out.splitlines()[-1]
    assert "64x28x28 128x28x28 32x28x28 (x2)  256x28x28" in row
    row = convcalc("shape", "residual{conv:8,k3,p1 | }", "-i", "8x9x9").out.splitlines()[-1]
    assert "  8x9x9  8x9x9  " in row
