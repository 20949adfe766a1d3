"""`diff`: two networks side by side."""

from __future__ import annotations

import csv
import io
import json

import pytest
from cli_support import call

SMALL = ("conv:8,k3,p1 relu conv:8,k3,p1 relu", "conv:8,k3,p1 relu conv:8,k5,p2 bn relu")


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_only_the_layers_that_differ_are_shown(inside):
    done = inside("diff", *SMALL, "-i", "3x8x8")
    assert (0, "") == (done.code, done.err)
    lines = [line.split() for line in done.out.splitlines()]
    assert ["both", "2", "layers", "8x8x8", "224", "13,824", "equal"] in lines
    assert ["A", "2", "conv:8,k3,p1", "8x8x8", "584", "36,864", "changed"] in lines
    assert ["B", "2", "conv:8,k5,p2", "8x8x8", "1,608", "102,400", "changed"] in lines
    assert ["B", "3", "bn", "8x8x8", "16", "0", "only", "in", "B"] in lines
    assert ["both", "3", "relu", "8x8x8", "0", "0", "equal"] in lines


def test_the_sentences_below_say_what_that_comes_to(inside):
    out = inside("diff", *SMALL, "-i", "3x8x8").out.splitlines()
    assert "A: conv:8,k3,p1 relu conv:8,k3,p1 relu, input 3x8x8" == out[0]
    assert "2 of 5 layers differ: 1 changed, 1 only in B" in out
    # 224 + 584; 224 + 1608 + 16; 64 * (216 + 576); 64 * (216 + 1600)
    assert "params: 808 in A, 1,848 in B: 1,040 more, ratio 2.28713" in out
    assert "MACs: 50,688 in A, 116,224 in B: 65,536 more, ratio 2.29293" in out
    assert "activations: 2,048 in A, 2,560 in B: 512 more, ratio 1.25000" in out


def test_with_all_the_equal_layers_are_shown_too(inside):
    few = rows(inside("diff", *SMALL, "-i", "3x8x8", "--format", "csv").out)
    every = rows(inside("diff", *SMALL, "-i", "3x8x8", "--format", "csv", "--all").out)
    assert [("both", "2 layers"), ("A", "conv:8,k3,p1")] == [
        (row["network"], row["spec"]) for row in few[:2]
    ]
    assert [("both", "0"), ("both", "1"), ("A", "2"), ("B", "2"), ("B", "3"), ("both", "3")] == [
        (row["network"], row["label"]) for row in every
    ]


@pytest.mark.parametrize("more", [(), ("--all",)])
def test_the_rows_of_a_csv_add_up_to_the_totals(inside, more):
    found = rows(inside("diff", "resnet50", "resnet50-paper", "--format", "csv", *more).out)
    for letter, macs in (("A", 4089184256), ("B", 3857973248)):
        own = [row for row in found if row["network"] in {letter, "both"}]
        assert macs == sum(int(row["macs"]) for row in own)
        assert 25557032 == sum(int(row["params"]) for row in own)


def test_the_json_has_every_layer_and_every_pair(inside):
    document = json.loads(inside("diff", "vgg16", "vgg16_bn", "--format", "json").out)
    assert (1, "diff", "complete") == tuple(
        document[key] for key in ("schema_version", "command", "status")
    )
    assert ("vgg16", 40) == (document["a"]["name"], len(document["a"]["layers"]))
    assert ("vgg16_bn", 53) == (document["b"]["name"], len(document["b"]["layers"]))
    assert 53 == len(document["pairs"])
    assert {"status": "only_b", "a": None, "b": 1} == document["pairs"][1]
    assert (40, 13, 0) == tuple(document["counts"][key] for key in ("equal", "only_b", "changed"))
    params = document["totals"]["params"]
    assert (138357544, 138365992, 8448) == (params["a"], params["b"], params["difference"])
    assert "17295749/17294693" == params["exact"]
    assert 1 == document["totals"]["macs"]["ratio"]


def test_equal_networks_are_alike(inside):
    out = inside("diff", "resnet18", "resnet18").out
    assert "the networks are alike: 69 layers, all equal" in out
    assert "MACs: 1,814,073,344 in both" in out


def test_markdown_has_every_column(inside):
    out = inside("diff", *SMALL, "-i", "3x8x8", "--format", "md").out
    assert "| in | name | layer | output | params | MACs | difference |" in out


def test_a_layer_that_reads_others_says_which(inside):
    done = inside(
        "diff", "x=relu y=relu residual{@x | @y}", "x=relu y=relu residual{@y | @x}", "-i", "3x8x8"
    )
    assert "residual (reads x, y)" in done.out
    assert "residual (reads y, x)" in done.out
    assert "1 of 3 layers differ: 1 the same but reading other layers" in done.out


@pytest.mark.parametrize(
    ("words", "heading", "note"),
    [
        (("resnet18", "inception_v3"), ("3x224x224", "3x299x299"), ""),
        (("resnet18", "inception_v3", "-i", "3x96x96"), ("3x96x96", "3x96x96"), ""),
        (
            ("inception_v3", "conv:8,k3"),
            ("3x299x299", "3x299x299"),
            "convcalc: note: not given, so assumed: input 3x299x299 for B, as for the other (-i)\n",
        ),
        (
            ("conv:8,k3", "conv:8,k5"),
            ("3x224x224", "3x224x224"),
            "convcalc: note: not given, so assumed: input 3x224x224 (-i)\n",
        ),
        (("conv:8,k3", "conv:8,k5", "-q"), ("3x224x224", "3x224x224"), ""),
    ],
)
def test_each_network_is_taken_on_its_own_input(inside, words, heading, note):
    done = inside("diff", *words)
    assert (0, note) == (done.code, done.err)
    assert list(heading) == [line.rpartition(" ")[2] for line in done.out.splitlines()[:2]]
    different = heading[0] != heading[1]
    assert different == ("meant for different inputs; -i takes both" in done.out)


def test_a_network_may_be_a_file_or_standard_input(folder):
    (folder / "net.spec").write_text("# input 3x8x8\nconv:8,k3,p1\nrelu\n")
    done = call("diff", "net.spec", "-", stdin=b"# input 3x8x8\nconv:8,k3,p1 gelu")
    assert (0, "") == (done.code, done.err)
    assert "B: -, input 3x8x8" in done.out
    assert "1 of 2 layers differ: 1 changed" in done.out


def test_the_table_fits_on_a_terminal(on_terminal):
    done = on_terminal("diff", "resnet50", "resnet50-paper", "--color", "never")
    assert all(len(line) <= 80 for line in done.out.splitlines())
    assert "12 of 175 layers differ: 6 changed, 6 the same on another shape" in done.out
