"""`--explain`: where the numbers of a table come from, in every form."""

from __future__ import annotations

import json

import pytest
from cli_support import loaded_by

CONV = ("-i", "1x4x4", "conv:1,k2,p=same")
COMMANDS = ("shape", "flops", "rf", "memory")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("shape", "  height and width: 4 = floor((4 + 0 + 1 - 2) / 1) + 1"),
        ("shape", "  padding: 1 = max((4 - 1)*1 + 2 - 4, 0); same: 0 before, 1 after"),
        ("shape", "  size = floor((i + pb + pa - e) / s) + 1"),
        ("flops", "  MACs: 64 = 4*4 * 1 * 1 * 2*2"),
        ("flops", "  bias adds: 16 = 1*4*4"),
        ("rf", "  size: 2 = 1 + (2 - 1) * 1"),
        ("memory", "  weights: 20 = (4 + 1) * 4"),
        ("memory", "  live: 128 = 64 + 64; input, 0"),
    ],
)
def test_under_the_table_stands_where_each_number_comes_from(inside, command, line):
    done = inside(command, *CONV, "--explain")
    assert 0 == done.code
    assert {"0 conv:1,k2,same", "formulas", line} <= set(done.out.splitlines())


@pytest.mark.parametrize("command", COMMANDS)
def test_without_it_nothing_is_explained(inside, command):
    plain = inside(command, *CONV).out.splitlines()
    assert not {"0 conv:1,k2,same", "formulas"} & set(plain)
    assert set(plain) < set(inside(command, *CONV, "--explain").out.splitlines())


@pytest.mark.parametrize("command", COMMANDS)
def test_json_has_the_equations_of_every_layer_and_the_rules(inside, command):
    found = json.loads(inside(command, *CONV, "relu", "--explain", "--format", "json").out)
    plain = json.loads(inside(command, *CONV, "relu", "--format", "json").out)
    assert found.pop("rules")
    keys = {"of", "axis", "value", "expression", "remark"}
    for layer in found["layers"]:
        explained = layer.pop("explained")
        assert explained
        assert all(set(one) == keys for one in explained)
    assert plain == found


def test_markdown_has_it_as_a_list(inside):
    lines = inside("flops", *CONV, "--explain", "--format", "md").out.splitlines()
    start = lines.index("- 0 conv:1,k2,same")
    assert "  - params: 5 = 1*1*2*2 + 1; weight, bias" == lines[start + 1]


def test_a_narrow_terminal_folds_the_lines(on_terminal):
    done = on_terminal("shape", *CONV, "--explain", "--color", "never", columns=40)
    assert 0 == done.code
    assert all(len(line) <= 40 for line in done.out.splitlines())


def test_who_asks_for_no_explanation_does_not_load_the_formulas():
    loaded = loaded_by("shape", *CONV)
    assert [] == [name for name in loaded if name.startswith("convcalc.explain")]


@pytest.mark.parametrize("view", [("--compare", "separable"), ("--reconcile",), ("--real-taps",)])
def test_other_tables_than_that_of_the_layers_are_not_explained(inside, view):
    done = inside("flops", *CONV, "--explain", *view)
    assert (2, "") == (done.code, done.out)
    assert f"not with {view[0]}" in done.err


def test_the_layers_before_one_that_does_not_fit_are_explained(inside):
    for command in COMMANDS:
        done = inside(command, "-i", "1x4x4", "conv:1,k3", "conv:1,k9", "--explain")
        assert done.code
        assert "0 conv:1,k3" in done.out.splitlines()


def test_the_letters_of_formulas_stand_below_each_other(inside):
    out = inside("shape", *CONV, "--explain").out
    assert "\n  where  i: elements of the axis that arrive\n        pb: padding before" in out
    plain = inside("shape", "conv:1,k3", "-i", "1x4x4", "--explain").out
    assert "padding by same" not in plain  # of no layer
    assert max(map(len, plain.splitlines())) <= 80
