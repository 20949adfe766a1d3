"""`flops` in its views: conventions, reconciliation, every cost apart, real taps."""

from __future__ import annotations

import csv
import io

import pytest
from cli_support import strict

NET = ["-i", "3x8x8", "conv:4,k3,p1", "bn", "relu", "convt:4,k4,s2,p1"]


def lines(text):
    return [line.split() for line in text.splitlines()]


def test_a_convention_adds_its_total(inside):
    done = inside("flops", *NET, "--convention", "thop")
    assert (0, "") == (done.code, done.err)
    # conv 6,912; bn 4 * 256; convt by output positions 4 * 16,384.
    assert "thop total" in done.out
    assert ["total", "380", "23,296", "73,472"] == lines(done.out)[-4]
    assert "MACs of profile" in done.out


def test_what_a_convention_counts_wrong_is_marked_beside_its_total(inside):
    net = [*NET, "convt:4,k2,s2,nobias"]  # each 3 * 16,384 too many
    marks = [
        line
        for line in inside("flops", *net, "--convention", "thop").out.splitlines()
        if "too high" in line
    ]
    assert marks == [
        "convt: by output positions, +98,304: a transposed convolution uses each weight once per "
        "INPUT position: this is too high"
    ]
    assert "uses each weight" not in inside("flops", *net, "--convention", "torch").out
    fvcore = inside("flops", "-i", "8x9x9", "conv:8,k3,same", "--convention", "fvcore").out
    assert "conv: padding given as a word: left out, -46,656: convolutions are counted" in fvcore


def test_the_total_of_a_convention_in_json(inside):
    document = strict(inside("flops", *NET, "--convention", "TORCH", "--format", "json").out)
    assert "torch" == document["convention"]["name"]
    assert "FLOPs" in document["convention"]["text"]
    assert [13_824, 0, 0, 32_768] == [layer["total"] for layer in document["layers"]]
    assert (46_592, 23_296) == (document["totals"]["total"], document["totals"]["macs"])


def test_the_batch_counts_in_a_convention_and_in_a_comparison(inside):
    words = ("-i", "3x8x8", "conv:4,k3,p1", "bn", "--batch", "2", "--format", "json")
    thop = strict(inside("flops", *words, "--convention", "thop").out)["totals"]
    assert 2 * (6_912 + 4 * 256) == thop["total"]
    done = strict(inside("flops", *words, "--compare", "separable").out)
    # Per cell 3*9 products depthwise and 3*4 pointwise, of 64 cells in two samples.
    assert 2 * 64 * (27 + 12) == done["compare"][0]["totals"]["macs"]


def test_our_own_convention_is_the_default(inside):
    named = inside("flops", *NET, "--convention", "macs")
    assert named == inside("flops", *NET)


def test_every_convention_total_as_csv(inside):
    rows = csv.DictReader(
        io.StringIO(inside("flops", *NET, "--convention", "ptflops", "--format", "csv").out)
    )
    assert ["7168", "512", "512", "17408"] == [row["total"] for row in rows]


def test_reconcile_explains_every_tool(inside):
    done = inside("flops", "resnet50", "--reconcile")
    assert (0, "") == (done.code, done.err)
    table = lines(done.out)
    for row in (
        ["torch", "2.13", "8,178,368,512", "+4,089,184,256"],
        ["fvcore", "0.1.5", "4,111,512,576", "+22,328,320"],
        ["torchinfo", "1.8", "4,089,238,376", "+54,120"],
        ["ptflops", "0.7.5", "4,132,436,968", "+43,252,712"],
        ["thop", "0.1.1", "4,133,742,592", "+44,558,336"],
        ["+22,227,968", "bn:", "2", "per", "element"],
        ["+44,455,936", "bn:", "4", "per", "element"],
        ["+1,000", "linear:", "the", "bias", "counted", "as", "MACs"],
    ):
        assert row in table
    assert "relu, maxpool, gap: counted a second time *" in done.out
    first, second = (line for line in done.out.splitlines() if line.startswith("*"))
    assert first.startswith("* torchinfo, its parameters, once per sample: parameters are meant")
    assert second.startswith("* ptflops, counted a second time: a module that calls")


def test_reconcile_in_json(inside):
    done = inside("flops", *NET, "--reconcile", "--format", "json")
    document = strict(done.out)
    assert 23_296 == document["totals"]["total"]
    assert ["torch", "fvcore", "torchinfo", "ptflops", "thop"] == [
        tool["convention"] for tool in document["reconciliation"]
    ]
    assert document["reconciliation"][-1] == {
        "convention": "thop",
        "tool": "thop 0.1.1",
        "text": "MACs of profile: those of convolutions and linear layers, with operations of "
        "normalisation and means added to them",
        "source": "thop/vision/basic_hooks.py, calc_func.py",
        "status": "complete",
        "unknown": [],
        "total": 73_472,
        "difference": 50_176,
        "terms": [
            {
                "kinds": ["convt"],
                "amount": 49_152,
                "because": "by output positions",
                "wrong": "a transposed convolution uses each weight once per INPUT position: "
                "this is too high",
            },
            {"kinds": ["bn"], "amount": 1_024, "because": "4 per element", "wrong": None},
        ],
    }


def ptflops(inside, *words):
    done = inside("flops", *words, "--convention", "ptflops", "--format", "json")
    return strict(done.out)["totals"]["total"]


def test_functions_are_counted_once(inside):
    module = ptflops(inside, *NET)
    assert module - 256 == ptflops(inside, *NET, "--functions", "relu")
    assert module - 256 == ptflops(inside, *NET, "--functions", "2")
    assert module == ptflops(inside, *NET, "--functions", "none")


def test_the_names_of_functions_may_have_blanks_between_them(inside):
    assert ptflops(inside, *NET, "--functions", "relu,gap") == ptflops(
        inside, *NET, "--functions", " gap , relu"
    )


def test_a_reference_network_declares_its_functions(inside):
    assert 1_513_907_448 == ptflops(inside, "googlenet")
    assert 1_517_133_608 == ptflops(inside, "googlenet", "--functions", "none")


def test_a_file_may_declare_functions(inside, tmp_path):
    path = tmp_path / "net.spec"
    path.write_text("# input 3x8x8\n# functions relu\nconv:4,k3,p1 relu\n")
    assert 6_912 + 256 + 256 == ptflops(inside, str(path))


def test_reconcile_as_csv_says_in_every_row_whose_it_is(inside):
    done = inside("flops", "-i", "3x8x8", "conv:4,k3", "bn", "--reconcile", "--format", "csv")
    rows = [tuple(row.values()) for row in csv.DictReader(io.StringIO(done.out))]
    # 36 cells: 4 * 36 results of 27 products each.
    assert rows[0][:3] == ("convcalc", "3888", "")
    assert rows[-2] == ("thop 0.1.1", "4464", "576", "")
    assert rows[-1] == ("thop 0.1.1", "", "576", "bn: 4 per element")
    assert {"torch 2.13", "fvcore 0.1.5"} <= {tool for tool, *_ in rows}
    assert "" not in {tool for tool, *_ in rows}


def test_reconcile_counts_the_batch(inside):
    document = strict(inside("flops", *NET, "--reconcile", "--batch", "3", "--format", "json").out)
    assert 3 * 23_296 == document["totals"]["total"]
    tools = {tool["convention"]: tool for tool in document["reconciliation"]}
    assert (6 * 23_296, 3 * 23_296) == (tools["torch"]["total"], tools["torch"]["difference"])
    assert (3 * 73_472, 3 * 50_176) == (tools["thop"]["total"], tools["thop"]["difference"])


def test_a_mistake_that_takes_away_is_sorted_by_its_size(inside):
    # fvcore: 46,656 less for the word as padding, 5 * 648 more for gn.
    words = ["-i", "8x9x9", "conv:8,k3,same", "gn:2", "--reconcile", "--format", "json"]
    tools = strict(inside("flops", *words).out)["reconciliation"]
    fvcore = next(tool for tool in tools if tool["convention"] == "fvcore")
    assert [-46_656, 3_240] == [term["amount"] for term in fvcore["terms"]]


@pytest.mark.parametrize("view", [(), ("--detail",), ("--real-taps",), ("--convention", "thop")])
def test_one_layer_needs_no_total(inside, view):
    assert "total  " not in inside("flops", *NET[:3], *view).out
    assert "total  " in inside("flops", *NET[:4], *view).out


def test_totals_of_reconcile_keep_their_digits_on_a_narrow_terminal(on_terminal):
    done = on_terminal("flops", "resnet50", "--reconcile", columns=60)
    assert "4,133,742,592" in done.out


def test_detail_has_every_cost_in_its_own_column(inside):
    rows = csv.DictReader(io.StringIO(inside("flops", *NET, "--detail", "--format", "csv").out))
    conv, bn, relu, convt = (dict(row) for row in rows)
    assert conv == {
        "index": "0",
        "label": "0",
        "spec": "conv:4,k3,p1",
        "weight": "108",
        "bias": "4",
        "norm": "0",
        "macs": "6912",
        "bias_adds": "256",
        "multiply": "0",
        "add": "0",
        "compare": "0",
        "divide": "0",
        "exponent": "0",
        "activations": "256",
    }
    assert ("0", "0", "8") == (bn["weight"], bn["bias"], bn["norm"])
    assert ("256", "256") == (bn["multiply"], bn["add"])
    assert "256" == relu["compare"]
    assert ("256", "4", "1024") == (convt["weight"], convt["bias"], convt["activations"])


@pytest.mark.parametrize(
    (
        "name",
        "published",
    ),  # by timm, as millions (benchmark-infer-*.csv)
    [
        ("resnet18", 2_484_712),
        ("resnet50", 11_114_984),
        ("mobilenet_v2", 6_679_112),
        ("convnext_tiny", 13_435_624),
    ],
)
def test_the_activations_that_others_publish_are_shown(inside, name, published):
    done = inside("flops", name, "--detail")
    assert f"{published:,} activations leave layers with MACs" in done.out.splitlines()
    totals = strict(inside("flops", name, "--batch", "2", "--format", "json").out)["totals"]
    assert 2 * published == totals["mac_activations"]


def test_detail_sums_every_column(inside):
    done = inside("flops", *NET, "sigmoid", "--detail")
    sums = [
        "total",
        "364",
        "8",
        "8",
        "23,296",
        "1,280",
        "256",
        "1,280",
        "256",
        "1,024",
        "1,024",
        "2,816",
    ]
    assert sums == lines(done.out)[-4]


def test_the_bias_of_every_stage_is_a_bias(inside):
    document = strict(inside("flops", "-i", "3x8x8", "sep:4,k3", "--format", "json").out)
    assert document["layers"][0]["params_by_part"] == {"weight": 39, "bias": 7, "norm": 0}


def test_real_taps_beside_all_taps(inside):
    done = inside("flops", *NET, "--real-taps")
    assert (0, "") == (done.code, done.err)
    assert ["0", "conv:4,k3,p1", "4x8x8", "6,912", "5,808", "-"] in lines(done.out)
    assert ["3", "convt:4,k4,s2,p1", "4x16x16", "16,384", "14,400", "65,536"] in lines(done.out)
    assert ["total", "23,296", "20,208"] in lines(done.out)


def test_zero_insertion_is_shown_for_transposed_convolutions_only(inside):
    done = inside("flops", "-i", "1x7x7", "conv:1,k3,p1,nobias", "--real-taps")
    assert "zero insertion" not in done.out
    assert ["0", "conv:1,k3,p1,nobias", "1x7x7", "441", "361"] in lines(done.out)


def test_real_taps_in_json_count_the_batch(inside):
    words = ["flops", *NET, "--real-taps", "--batch", "2", "--format", "json"]
    found = strict(inside(*words).out)["real_taps"]
    assert {"index": 3, "real_macs": 28_800, "zero_insertion_macs": 131_072} == found["layers"][3]
    assert {"real_macs": 40_416} == found["totals"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--convention", "tohp"],
            "--convention: no convention is called 'tohp'; did you",
        ),
        (["--convention", "x"], "there are macs, torch, fvcore, torchinfo, ptflops, thop"),
        (["--convention", ""], "--convention: the value is empty"),
        (["--detail", "--reconcile"], "give one of --reconcile, --detail"),
        (["--compare", "separable", "--real-taps"], "give one of --compare, --real-taps"),
        (["--functions", "relu"], "--functions needs --convention or --reconcile"),
        (
            ["--reconcile", "--functions", "rely"],
            "error: --functions: no kind or label is called 'rely'; did you mean 'relu'?",
        ),
        (["--reconcile", "--functions", ","], "--functions: a name is missing"),
        (["--reconcile", "--functions", "relu,"], "--functions: a name is missing"),
    ],
)
def test_what_does_not_go_together(inside, words, said):
    done = inside("flops", *NET, *words)
    assert (2, "") == (done.code, done.out)
    assert said in done.err
