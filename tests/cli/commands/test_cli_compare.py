"""`convcalc compare`: a row of figures for each network."""

from __future__ import annotations

import csv
import io
import json

import pytest

NETWORKS = ("squeezenet1_1", "resnet18")


def test_the_table_has_a_row_for_each_network(inside):
    done = inside(
        "compare", *NETWORKS, "--device", "t4", "--sort", "-macs", "--pareto", "macs,time"
    )
    assert (0, "") == (done.code, done.err)
    heading, _, titles, _, first, second = done.out.splitlines()[:6]
    assert "float32, time on t4" == heading
    assert titles.split("  ")[0] == "network"
    # torchvision's parameters, thop's MACs of its authors' table
    assert ["resnet18", "3x224x224", "11,689,512", "1,814,073,344"] == first.split()[:4]
    assert ["squeezenet1_1", "3x224x224", "1,235,496"] == second.split()[:3]
    assert (first.rstrip().endswith("*"), second.rstrip().endswith("*")) == (False, True)


@pytest.mark.parametrize("form", ["csv", "json", "md"])
def test_every_format_has_the_same_figures(inside, form):
    out = inside("compare", *NETWORKS, "--format", form).out
    if form == "csv":
        found = [row["params"] for row in csv.DictReader(io.StringIO(out))]
    elif form == "json":
        found = [str(row["params"]) for row in json.loads(out)["networks"]]
    else:
        rows = [line.split("|") for line in out.splitlines() if line.startswith("| ")][1:]
        found = [row[3].strip().replace(",", "") for row in rows]
    assert ["1235496", "11689512"] == found


def test_a_network_that_fails_is_a_row_with_its_reason_and_decides_the_exit_code(inside):
    done = inside("compare", "conv:8,k3 conv:8,k900", "resnet18", "--format", "json")
    failed, fine = json.loads(done.out)["networks"]
    assert (2, None, 11_689_512) == (done.code, failed["params"], fine["params"])
    assert failed["failure"].startswith("the kernel spans 900 elements")
    assert done.err.startswith(
        "convcalc: error: 1 of 2 networks has no figures; the first is 'conv"
    )
    missing = inside("compare", "resnet18", "missing.spec")
    assert (3, True) == (missing.code, "11,689,512" in missing.out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sort", "mac"], "--sort: no figure is called 'mac'; did you mean 'macs'?"),
        (["--pareto", "macs"], "--pareto: expected two figures, as macs,field; got 'macs'"),
        (["--sort", "time"], "--device: time needs a machine: name one, as t4"),
        (
            ["--device", "a100-4"],
            "--device: no device is called 'a100-4'; did you mean 'a100-40gb'?",
        ),
        (["-", "-"], "only one of the networks can come from standard input, '-'"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_read(inside, words, said):
    done = inside("compare", "resnet18", *words)
    assert (2, "", f"convcalc: error: {said}") == (done.code, done.out, done.err.strip())


def test_one_input_and_batch_serve_all(inside):
    done = inside("compare", *NETWORKS, "-i", "3x96x96", "--batch", "2", "--format", "json")
    found = json.loads(done.out)
    assert (2, [[3, 96, 96]] * 2) == (found["batch"], [one["input"] for one in found["networks"]])


def test_diff_folds_blocks_and_its_totals_stay(inside):
    plain = inside("diff", "resnet18", "resnet34").out
    folded = inside("diff", "resnet18", "resnet34", "--depth", "1").out
    rows = [line.split() for line in folded.splitlines()]
    assert ["A", "layer2", "16", "layers", "128x28x28", "525,568"] in [row[:6] for row in rows]
    assert plain.partition("\n\n")[2].partition("\n\n")[2] == folded.rpartition("\n\n")[2]
    assert "receptive field: 627 in A, 1,091 in B: 464 more, ratio 1.74003" in folded


def test_the_size_of_a_field_is_a_number_where_all_axes_agree(inside):
    done = inside("compare", "conv:8,k3", "conv:8,k3x5", "-i", "3x9x9", "--format", "jsonl")
    assert [3, "3x5"] == [json.loads(line)["field_size"] for line in done.out.splitlines()]
