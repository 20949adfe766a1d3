"""Views of tables of layers: the same options, with the same meaning, in every command."""

from __future__ import annotations

import json
import re

import pytest
from printed_tables import cells, rows

NET = "stem=conv:4,k3,p1 a=residual{conv:4,k3,p1 relu | } b=residual{conv:4,k1 relu | } gap"
"""Eight layers: one, three in a block, three in another, one."""

COMMANDS = {
    "shape": ("shape",),
    "flops": ("flops",),
    "rf": ("rf",),
    "memory": ("memory",),
    "roofline": ("roofline", "--device", "t4"),
    "summary": ("summary",),
}

A, B = ["a.0.0", "a.0.1", "a"], ["b.0.0", "b.0.1", "b"]
EVERY = ["stem", *A, *B, "3"]

VIEWS = {
    "layer": (("--layer", "a"), A),
    "pattern": (("--layer", "?.0.1,stem"), ["stem", "a.0.1", "b.0.1"]),
    "kind": (("--kind", "conv"), ["stem", "a.0.0", "b.0.0"]),
    "depth": (("--depth", "1"), ["stem", "a", "b", "3"]),
    "sort": (("--sort", "-index"), EVERY[::-1]),
    "direction": (("--sort", "index:desc"), EVERY[::-1]),
    "top": (("--top", "2"), EVERY[:2]),
    "columns": (("--columns", "spec,label"), EVERY),
    "all": (
        ("--layer", "a,b", "--kind", "conv", "--depth", "1", "--sort", "-label", "--top", "1"),
        ["b"],
    ),
}
"""Options, and the labels of the rows that they leave."""


def ask(inside, command, view, *more):
    words = COMMANDS[command]
    done = inside(*words, "-i", "4x6x6", NET, *VIEWS[view][0], *more)
    assert (0, "") == (done.code, done.err)
    return done.out


def whole(inside, command, *more):
    """The same without a view."""
    return inside(*COMMANDS[command], "-i", "4x6x6", NET, *more).out


def total(text):
    """The cells of the total, whatever their decimals; None where there is none."""
    found = [line for line in text.splitlines() if line.split("  ")[0].strip(" |") == "total"]
    found += [line for line in text.splitlines() if line.strip().startswith("total  ")]
    return [cell.rstrip("0") for cell in cells(found[0]) if cell] if found else None


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_csv_has_the_rows_of_the_view(inside, command, view):
    found = rows(ask(inside, command, view, "--format", "csv"))
    assert VIEWS[view][1] == [row["label"] for row in found]
    if view == "columns":
        assert ["spec", "label"] == list(found[0])


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_table_has_the_rows_of_the_view_and_the_total_of_all(inside, command, view):
    out = ask(inside, command, view)
    labels = VIEWS[view][1]
    begun = [set(line.split()) for line in out.split("\n\n")[1].splitlines()]
    assert [] == [label for label in labels if not any(label in line for line in begun)]
    assert ("of 8 layers shown" in out) == (view not in ("depth", "sort", "direction", "columns"))
    if view != "columns":
        assert total(whole(inside, command)) == total(out)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("command", COMMANDS)
def test_markdown_has_the_rows_of_the_view_and_no_bars(inside, command, view):
    lines = [
        line for line in ask(inside, command, view, "--format", "md").splitlines() if "|" in line
    ]
    titles = [cell.strip() for cell in lines[0].strip("|").split("|")]
    place = titles.index("name")
    labels = [line.strip("|").split("|")[place].strip() for line in lines[2:]]
    assert VIEWS[view][1] == [label for label in labels if label != "total"]
    assert [] == [line for line in lines if "# " in line[3:] and "####" in line]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("command", COMMANDS)
def test_json_has_every_layer_and_the_rows_of_the_view_beside_them(inside, command, view):
    data = json.loads(ask(inside, command, view, "--format", "json"))
    plain = json.loads(whole(inside, command, "--format", "json"))
    assert VIEWS[view][1] == [row["label"] for row in data.pop("rows")]
    del data["shown_layers"]
    assert plain == data
    assert "rows" not in plain


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("command", COMMANDS)
def test_lines_pages_and_latex_have_the_rows_of_the_view(inside, command, view):
    labels = VIEWS[view][1]
    lines = ask(inside, command, view, "--format", "jsonl").splitlines()
    assert labels == [json.loads(line)["label"] for line in lines]
    page = ask(inside, command, view, "--format", "html")
    assert labels == re.findall(r"<tr data-label='(.*?)'", page)
    table = ask(inside, command, view, "--format", "latex")
    titles, *body = re.findall(r"^(.* & .*) \\tabularnewline$", table, re.MULTILINE)
    place = titles.split(" & ").index("name")
    found = [line.split(" & ")[place] for line in body]
    assert labels == [label for label in found if label != "total"]


@pytest.mark.parametrize("command", ["shape", "flops", "rf", "memory"])
def test_an_explanation_is_of_the_layers_that_are_shown(inside, command):
    out = ask(inside, command, "kind", "--explain")
    assert "\n1 conv:4,k3,p1\n" in out
    assert "relu\n" not in out


# -- what a folded row shows -----------------------------------------------------------------------


def folded(inside, command, label="a"):
    found = rows(ask(inside, command, "depth", "--format", "csv"))
    (row,) = [row for row in found if row["label"] == label]
    single = [row for row in rows(whole(inside, command, "--format", "csv")) if row["label"] in A]
    return row, single


def added(single, key):
    return sum(float(row[key]) for row in single)


def test_a_block_has_the_sums_of_its_costs(inside):
    row, single = folded(inside, "flops")
    assert ("1", "3 layers", "4x6x6") == (row["index"], row["spec"], row["output_shape"])
    # 4*4*3*3 + 4 parameters; 36 positions of 144 products
    assert ("148", "5184", "10368", "144") == tuple(
        row[key] for key in ("params", "macs", "flops", "bias_adds")
    )
    row, single = folded(inside, "roofline")
    for key in ("operations", "bytes", "seconds", "share"):
        assert pytest.approx(added(single, key)) == float(row[key])
    ratio = added(single, "operations") / added(single, "bytes")
    assert pytest.approx(ratio) == float(row["intensity"])
    assert "memory" == row["bound"]


def test_a_block_has_the_field_of_the_layer_that_leaves_it(inside):
    row, single = folded(inside, "rf")
    assert ("5", "1", "-2") == (row["size"], row["effective_stride"], row["start"])
    assert single[-1]["size"] == row["size"]
    row, _ = folded(inside, "summary")
    assert "5/1/-2" == row["receptive_field"]


def test_a_block_has_the_largest_of_what_lives_and_of_scratch_memory(inside):
    row, single = folded(inside, "memory")
    for key in ("live_bytes", "im2col_bytes"):
        assert max(int(one[key] or 0) for one in single) == int(row[key])
    for key in ("weight_bytes", "activation_bytes", "saved_bytes", "traffic_bytes"):
        assert added(single, key) == float(row[key])


def test_a_block_has_the_input_of_its_first_layer_and_no_list_of_weights(inside):
    row, _ = folded(inside, "shape")
    assert ("4x6x6", "4x6x6", "") == (row["input_shape"], row["output_shape"], row["weights"])


# -- order -----------------------------------------------------------------------------------------


def order_of(inside, *words):
    done = inside(*words, "--format", "csv")
    assert (0, "") == (done.code, done.err)
    return [row["label"] for row in rows(done.out)]


def test_numbers_are_sorted_by_value_and_names_by_the_numbers_in_them(inside):
    net = ("-i", "3x12x12", "conv:16,k3", "conv:2,k3", "conv:128,k3", *["relu"] * 8)
    assert "2" == order_of(inside, "flops", *net, "--sort", "macs:desc")[0]
    assert "1" == order_of(inside, "flops", *net, "--sort", "output_shape")[0]
    assert "10" == order_of(inside, "rf", *net, "--sort", "-label")[0]
    assert ["0", "1", "2"] == order_of(inside, "rf", *net, "--sort", "size")[:3]
    assert ["0", "1", "2"] == order_of(inside, "flops", *net, "--sort", "#", "--top", "3")


@pytest.mark.parametrize("order", ["seconds", "-seconds"])
def test_what_is_not_known_comes_last(inside, order):
    net = ("-i", "4x6x6", "opaque:name=x,out=4x6x6", "conv:4,k1", "relu")
    found = order_of(inside, "roofline", "--device", "t4", *net, "--sort", order)
    assert (3, "0") == (len(found), found[-1])


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--layer", "c"), "--layer: no layer or block 'c'"),
        (("--layer", "stm"), "did you mean 'stem'?"),
        (("--layer", "a,,b"), "--layer: a name is missing in 'a,,b'"),
        (("--kind", "cnov"), "--kind: no kind 'cnov'; did you mean 'conv'?"),
        (("--sort", "mcs"), "--sort: no column 'mcs'; there are index, label, spec"),
        (("--sort", "macs:up"), "--sort: expected asc or desc behind the ':'; got 'up'"),
        (("--columns", "label,mcs"), "--columns: no column 'mcs'"),
        (("--top", "0"), "--top: must be at least 1"),
        (("--depth", "x"), "--depth"),
        (("--reconcile", "--top", "1"), "the rows of this table are no layers; leave out"),
    ],
)
def test_a_view_that_cannot_be_is_refused_in_one_line(inside, options, said):
    done = inside("flops", "-i", "4x6x6", NET, *options)
    assert (2, "", 1) == (done.code, done.out, len(done.err.splitlines()))
    assert said in done.err


def test_a_kind_that_the_network_has_not_leaves_no_rows(inside):
    done = inside("flops", "-i", "4x6x6", NET, "--kind", "convt")
    assert (0, "") == (done.code, done.err)
    assert "0 of 8 layers shown; the total is of all" in done.out
