"""A kind that does not say what it costs: every command names it, and none takes it for zero."""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import ClassVar

import pytest
from cli_support import strict

from convcalc.layers import KINDS, Layer
from convcalc.layers.kinds import CLASS_OF

NET = ("-i", "3x8x8", "conv:4,k3,p1", "strange", "relu")
MACHINE = ("--peak", "1T", "--bandwidth", "1G")
NAMED = "partial: not known, and in no total, is the cost of 1 (strange)"


@pytest.fixture(autouse=True)
def strange():
    """A kind with a weight per channel and nothing said about its costs."""

    @dataclasses.dataclass(frozen=True)
    class Strange(Layer):
        kind: ClassVar[str] = "strange"

        def weight_shapes(self, shape):
            return {"weight": shape[:1]}

    yield Strange
    for kind in KINDS._loaded.keys() - CLASS_OF.keys():
        del KINDS._loaded[kind]


def csv_rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    "command",
    [
        ("flops", *NET),
        ("flops", *NET, "--detail"),
        ("flops", *NET, "--real-taps"),
        ("flops", *NET, "--convention", "thop"),
        ("flops", *NET, "--reconcile"),
        ("flops", *NET, "--compare", "separable"),
        ("summary", *NET),
        ("summary", *NET, "flatten", "conv:4,k3"),  # ends early
        ("roofline", *NET, *MACHINE),
        ("memory", *NET),
    ],
)
def test_every_command_names_it(inside, command):
    assert NAMED in inside(*command).out.splitlines()
    assert "partial" == strict(inside(*command, "--format", "json").out)["status"]


@pytest.mark.parametrize(
    ("command", "unknown", "known"),
    [
        (("flops",), {"macs", "flops", "bias_adds"}, {"params": "4"}),
        (("flops", "--detail"), {"macs", "bias_adds", "add", "exponent"}, {"weight": "4"}),
        (("flops", "--real-taps"), {"macs", "real_macs"}, {}),
        (("flops", "--convention", "thop"), {"macs", "total"}, {"params": "4"}),
        (("summary",), {"macs"}, {"params": "4"}),
        (
            ("roofline", *MACHINE),
            {"operations", "bytes", "intensity", "bound", "seconds", "share"},
            {},
        ),
        (
            ("memory",),
            {
                *("live_bytes", "saved_bytes", "traffic_bytes", "intensity"),
                "traffic_bytes_without_reuse",
            },
            {"weight_bytes": "16", "activation_bytes": "1024"},
        ),
    ],
)
def test_what_is_not_known_is_empty_and_not_zero(inside, command, unknown, known):
    row = csv_rows(inside(command[0], *NET, *command[1:], "--format", "csv").out)[1]
    assert dict.fromkeys(unknown, "") == {key: row[key] for key in unknown}
    assert known == {key: row[key] for key in known}


def test_in_json_it_is_null(inside):
    roofline = strict(inside("roofline", *NET, *MACHINE, "--format", "json").out)["layers"][1]
    keys = ("operations", "bytes", "bytes_without_reuse", "intensity", "bound", "seconds")
    assert dict.fromkeys(keys) == {key: roofline[key] for key in keys}
    memory = strict(inside("memory", *NET, "--format", "json").out)
    keys = ("operations", "traffic_bytes", "intensity", "saved_bytes")
    assert dict.fromkeys(keys) == {key: memory["layers"][1][key] for key in keys}
    # conv keeps its input of 192 numbers, relu its output of 256.
    assert 4 * (192 + 256) == memory["memory"]["training"]["saved_bytes"]
    taps = strict(inside("flops", *NET, "--real-taps", "--format", "json").out)["real_taps"]
    assert {"index": 1, "real_macs": None, "zero_insertion_macs": None} == taps["layers"][1]
    assert {"real_macs": 5_808} == taps["totals"]


def test_the_peak_is_not_known_and_what_is_alive_only_elsewhere(inside):
    text = ("conv:4,k3,p1", "opaque:name=Odd", "conv:4,k3", "relu")
    done = inside("memory", "-i", "3x8x8", *text)
    assert "peak: not known, as what is alive is not known of 1 (Odd)" in done.out.splitlines()
    document = strict(inside("memory", "-i", "3x8x8", *text, "--format", "json").out)
    assert [1792, None, None, 1152] == [row["live_bytes"] for row in document["layers"]]
    peak = {"bytes": None, "index": None, "label": None, "tensors": []}
    assert peak == document["memory"]["peak"]


@pytest.mark.parametrize("command", ["shape", "flops", "rf", "memory", "summary"])
def test_behind_it_no_command_knows_a_field(inside, command):
    text = ("conv:4,k3,p1", "opaque:name=Odd", "conv:4,k3", "gap", "linear:3")
    document = strict(inside(command, "-i", "3x8x8", *text, "--format", "json").out)
    assert [False, *4 * [True]] == [row["receptive_field"] is None for row in document["layers"]]
    assert "partial" == document["status"]


@pytest.mark.parametrize("command", [("rf",), ("summary",), ("flops", "--compare", "separable")])
def test_a_line_says_behind_which_layers_no_field_is_known(inside, command):
    done = inside(*command, "-i", "3x8x8", "conv:4,k3,p1", "opaque:name=Odd", "conv:4,k3", "relu")
    words = "field: not known at and behind 1 (Odd): which elements it reads is not said"
    assert words in done.out.splitlines()


def test_a_limit_of_what_is_not_known_is_not_kept(inside):
    limits = ("--field", ">= 3", "--peak-memory", "<= 1GB", "--params", "<= 1M")
    done = inside("check", "-i", "3x8x8", "conv:4,k3 opaque:name=Odd", *limits)
    assert (1, True) == (done.code, "peak-memory (not known), field (not known)" in done.err)


def test_a_sweep_leaves_the_field_empty(inside):
    grid = ("sweep", "-i", "3x8x8", "conv:{4,8},k3 opaque:name=Odd")
    rows = csv_rows(
        inside(*grid, "--columns", "params,field", "--sort", "field", "--format", "csv").out
    )
    assert [("112", ""), ("224", "")] == [(row["params"], row["field"]) for row in rows]
    assert 2 == len(inside(*grid, "--pareto", "params,field", "-q").out.splitlines()[2:])
    assert 1 == inside(*grid, "--where", "field > 0").code


def test_a_field_that_is_not_known_is_nothing_to_look_for(inside):
    done = inside("solve", "--field-of", "conv:4,k3 opaque:name=Odd")
    assert (2, True) == (done.code, "--field-of: its receptive field is not known" in done.err)


def test_in_json_each_is_named_with_its_shape_and_why(inside):
    text = ("conv:4,k3,p1", "odd=opaque:name=Odd,out4x4x4", "relu")
    document = strict(inside("flops", "-i", "3x8x8", *text, "--format", "json").out)
    own = {"name": "Odd", "module": "odd", "place": None, "output_shape": [4, 4, 4], "times": 1}
    assert [{**own, "why": "nobody says what it costs"}] == document["unknown"]


def test_memory_is_partial_where_nothing_is_trained(inside):
    # Integers have no gradients, so that nothing about training is unknown.
    document = strict(inside("memory", *NET, "--dtype", "int8", "--format", "json").out)
    assert ("partial", None) == (document["status"], document["memory"]["training"])
    known = strict(inside("memory", *NET[:3], "--dtype", "int8", "--format", "json").out)
    assert ("complete", None) == (known["status"], known["memory"]["training"])


def test_the_rest_is_in_the_totals(inside):
    document = strict(inside("roofline", *NET, *MACHINE, "--format", "json").out)
    # conv: 192 + 112 + 256 numbers; relu: 256 + 256. How long the third takes nobody knows.
    assert 4 * (560 + 512) == document["totals"]["bytes"]["total"]
    assert document["totals"]["seconds"] is None
    assert 2 * 6_912 + 256 == document["totals"]["operations"]


def test_diff_says_in_which_network_it_is(inside):
    done = inside("diff", "conv:4,k3 strange relu", "conv:4,k3 relu", "-i", "3x8x8")
    assert f"{NAMED} in A" in done.out
    assert "in B\n" not in done.out.partition("partial")[2]
    document = inside(
        "diff", "conv:4,k3", "conv:4,k3 strange", "-i", "3x8x8", "--format", "json"
    ).out
    assert "partial" == strict(document)["status"]
    rows = csv_rows(
        inside(
            "diff", "strange strange relu", "strange strange", "-i", "3x8x8", "--format", "csv"
        ).out
    )
    assert [("2 layers", ""), ("relu", "0")] == [(row["spec"], row["macs"]) for row in rows]
    rows = csv_rows(inside("diff", "relu", "strange", "-i", "3x8x8", "--format", "csv").out)
    assert [("relu", "0"), ("strange", "")] == [(row["spec"], row["macs"]) for row in rows]


def test_a_folded_block_is_unknown_if_all_of_it_is(inside):
    text = "a=2x{strange} b=2x{strange relu}"
    rows = csv_rows(inside("summary", "-i", "3x8x8", text, "--depth", "1", "--format", "csv").out)
    assert [("a", ""), ("b", "0")] == [(row["label"], row["macs"]) for row in rows]


def test_of_many_the_first_are_named(inside):
    done = inside("flops", "-i", "3x8x8", "11x{strange}")
    names = ", ".join(f"0.{place}.0 (strange)" for place in range(8))
    assert f"is the cost of {names}, 3 more\n" in done.out


def test_of_eight_all_are_named(inside):
    assert "0.7.0 (strange)\n" in inside("flops", "-i", "3x8x8", "8x{strange}").out


def test_reconcile_does_not_blame_the_tools(inside):
    assert "no rule" not in inside("flops", *NET, "--reconcile").out


def test_multiply_accumulates_that_a_tool_has_no_rule_for_are_a_term(inside):
    from convcalc.layers import Costs

    @dataclasses.dataclass(frozen=True)
    class Product(Layer):
        kind: ClassVar[str] = "product"

        def costs(self, shape):
            return Costs(macs=100)

    done = inside("flops", "-i", "3x8x8", "product", "relu", "--reconcile")
    assert "thop 0.1.1: without product, which it has no rule for here" in done.out
    words = ("-100", "product: left out: there is no rule for it here")
    assert 5 == sum(all(word in line for word in words) for line in done.out.splitlines())
    document = strict(
        inside("flops", "-i", "3x8x8", "product", "--reconcile", "--format", "json").out
    )
    assert "complete" == document["status"]
    thop = document["reconciliation"][-1]
    assert ("partial", ["0"], 0, -100) == (
        thop["status"],
        thop["unknown"],
        thop["total"],
        thop["difference"],
    )
    assert [-100] == [term["amount"] for term in thop["terms"]]
