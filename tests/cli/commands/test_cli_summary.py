"""`summary`: the table of a network, one that does not fit, and one on a screen."""

from __future__ import annotations

import json

import pytest
from printed_tables import row, rows

# -- summary ---------------------------------------------------------------------------------------


def test_the_table_of_a_network_ends_with_its_totals(inside):
    done = inside("summary", "resnet18")
    assert (0, "") == (done.code, done.err)
    assert ["total", "1000", "11,689,512", "1,814,073,344"] == row(done.out, "total")
    assert "input 3x224x224" == done.out.splitlines()[0]


def test_the_json_of_a_network_has_its_totals_and_every_layer(inside):
    document = json.loads(inside("summary", "resnet18", "--format", "json").out)
    assert ("summary", "complete") == (document["command"], document["status"])
    assert 11689512 == document["totals"]["params"]
    assert 1814073344 == document["totals"]["macs"]
    assert "layer4.2.0.0.0.0.0" in [layer["label"] for layer in document["layers"]]


@pytest.mark.parametrize("depth", [(), ("--depth", "1"), ("--depth", "2"), ("--depth", "99")])
def test_the_rows_of_a_csv_add_up_at_every_depth(inside, depth):
    found = rows(inside("summary", "resnet18", *depth, "--format", "csv").out)
    assert 11689512 == sum(int(one["params"]) for one in found)
    assert 1814073344 == sum(int(one["macs"]) for one in found)


def test_the_markdown_of_a_network_ends_with_its_totals(inside):
    out = inside("summary", "resnet18", "--format", "md").out
    lines = [line for line in out.splitlines() if line.startswith("|")]
    total = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    assert ["total", "", "1000", "11,689,512", "1,814,073,344"] == total[:5]
    assert 1 == len({line.count("|") for line in lines})


DEPTH_1 = [
    ("conv1", "conv:64,k7,s2,p3,nobias", "64x112x112", "9408", "118013952", "7/2/-3"),
    ("1", "bn", "64x112x112", "128", "0", "7/2/-3"),
    ("2", "relu", "64x112x112", "0", "0", "7/2/-3"),
    ("3", "maxpool:3,s2,p1", "64x56x56", "0", "0", "11/4/-5"),
    ("layer1", "14 layers", "64x56x56", "147968", "462422016", "43/4/-21"),
    ("layer2", "16 layers", "128x28x28", "525568", "411041792", "99/8/-49"),
    ("layer3", "16 layers", "256x14x14", "2099712", "411041792", "211/16/-105"),
    ("layer4", "16 layers", "512x7x7", "8393728", "411041792", "435/32/-217"),
    ("8", "gap", "512x1x1", "0", "0", "627/224/-217*"),
    ("9", "flatten", "512", "0", "0", "627/224/-217*"),
    ("10", "linear:1000", "1000", "513000", "512000", "627/224/-217*"),
]


def test_depth_1_folds_every_stage_into_a_row(inside):
    found = rows(inside("summary", "resnet18", "--depth", "1", "--format", "csv").out)
    keys = ("label", "spec", "output_shape", "params", "macs", "receptive_field")
    assert DEPTH_1 == [tuple(one[key] for key in keys) for one in found]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("layer1.0", ["7 layers", "64x56x56", "73984", "231211008", "27/4/-13"]),
        ("layer1.1", ["7 layers", "64x56x56", "73984", "231211008", "43/4/-21"]),
        ("layer2.0", ["8 layers", "128x28x28", "230144", "179830784", "67/8/-33"]),
        ("layer3.0", ["8 layers", "256x14x14", "919040", "179830784", "147/16/-73"]),
        ("layer4.2", ["7 layers", "512x7x7", "4720640", "231211008", "435/32/-217"]),
    ],
)
def test_depth_2_folds_every_block_into_a_row(inside, label, expected):
    out = inside("summary", "resnet18", "--depth", "2", "--format", "csv").out
    (found,) = [one for one in rows(out) if one["label"] == label]
    keys = ("spec", "output_shape", "params", "macs", "receptive_field")
    assert expected == [found[key] for key in keys]


def test_a_depth_below_every_name_folds_nothing(inside):
    assert inside("summary", "resnet18").out == inside("summary", "resnet18", "--depth", "9").out


@pytest.mark.parametrize("depth", [(), ("--depth", "1")])
@pytest.mark.parametrize("name", ["resnet18", "vgg16", "mobilenet_v2", "unet"])
def test_the_shares_are_a_hundred_percent_together(inside, name, depth):
    found = rows(inside("summary", name, *depth, "--format", "csv").out)
    assert pytest.approx(1, abs=1e-9) == sum(float(one["share"]) for one in found)


def test_the_bar_of_the_only_costly_layer_is_full(inside):
    done = inside("summary", "-i", "3x9x9", "conv:8,k3", "relu")
    assert ["100.0 % ########", "3/1/0"] == row(done.out, "0")[-2:]
    assert ["8x7x7", "224", "10,584"] == row(done.out, "total")[1:]


@pytest.mark.parametrize("form", ["table", "md", "csv"])
def test_commas_are_between_the_fractions_of_a_field(inside, form):
    spec = ("convt:4,k4,s2,p1", "convt:2,k4,s2,p1", "conv:2,k3")
    done = inside("summary", "-i", "6x3x3", *spec, "--format", form)
    for field in ("2, 1/2, -1", "3, 1/4, -3/2"):
        assert field in done.out
    assert max(map(len, done.out.splitlines())) <= 80 or form != "table"


def test_no_share_is_shown_where_nothing_costs(inside):
    done = inside("summary", "-i", "3x9x9", "relu")
    assert 0 == done.code
    assert "%" not in done.out
    assert ["total", "3x9x9", "0", "0"] == row(done.out, "total")


@pytest.mark.parametrize(
    ("name", "remarked"),
    [("resnet18", True), ("se-resnet50", True), ("vgg16", True), ("fcn8s", False)],
)
def test_a_star_is_explained_where_there_is_one(inside, name, remarked):
    out = inside("summary", name, "--depth", "1").out
    assert remarked == ("field with *" in out)
    assert remarked == any(line.endswith("*") for line in out.splitlines())


def test_a_field_differs_per_axis_where_the_layer_does(inside):
    found = rows(inside("summary", "-i", "3x9x9", "conv:8,k3x5,s1x2,p1x0", "--format", "csv").out)
    assert "3x5/1x2/-1x0" == found[0]["receptive_field"]


def test_a_batch_multiplies_the_costs_and_is_said(inside):
    done = inside("summary", "resnet18", "--batch", "4")
    assert "input 3x224x224, batch 4" == done.out.splitlines()[0]
    assert ["11,689,512", "7,256,293,376"] == row(done.out, "total")[2:]


def test_an_input_takes_the_place_of_the_usual_one(inside):
    done = inside("summary", "resnet18", "-i", "3x64x64", "--depth", "1")
    assert (0, "") == (done.code, done.err)
    assert "512x2x2" == row(done.out, "layer4")[2]


@pytest.mark.parametrize(
    ("depth", "words"),
    [("0", ["at least 1", "0"]), ("-1", ["at least 1"]), ("x", ["whole number", "'x'"])],
)
def test_a_depth_is_a_whole_number_from_1_on(inside, depth, words):
    done = inside("summary", "resnet18", "--depth", depth)
    assert (2, "") == (done.code, done.out)
    assert [word for word in ("--depth", *words) if word not in done.err] == []


# -- summary of a network that does not fit --------------------------------------------------------

UNFIT = ("summary", "-i", "3x8x8", "conv:8,k3", "conv:8,k9", "relu")


def test_a_network_that_does_not_fit_is_shown_up_to_there(inside):
    done = inside(*UNFIT)
    assert 2 == done.code
    assert ["8x6x6", "224", "7,776"] == row(done.out, "0")[2:5]
    assert ["total so far", "8x6x6", "224", "7,776"] == row(done.out, "total")
    assert [] == [word for word in ("conv:8,k9", "relu") if word in done.out]
    assert "only the layers before the one at fault" in done.out


def test_the_layer_that_does_not_fit_is_told_apart(inside):
    done = inside(*UNFIT)
    said, shown, carets = done.err.splitlines()
    assert said.startswith("convcalc: error: ")
    assert [
        word for word in ("9 elements", "8x6x6", "3 more elements", "fit") if word not in said
    ] == []
    assert "conv:8,k3 conv:8,k9 relu" == shown.strip()
    assert "conv:8,k9" == shown[carets.index("^") : carets.rindex("^") + 1]


def test_a_sum_of_unequal_branches_names_both_shapes(inside):
    done = inside("summary", "-i", "3x8x8", "residual{conv:8,k3,p1 | conv:9,k1}")
    assert 2 == done.code
    assert ["total so far", "9x8x8", "260", "15,552"] == row(done.out, "total")
    words = ("8x8x8", "9x8x8", "branch 1", "pw:8 at the end", "^^^^^^^^")
    assert [word for word in words if word not in done.err] == []


def test_the_json_of_a_network_that_does_not_fit_is_partial(inside):
    done = inside(*UNFIT, "--format", "json")
    document = json.loads(done.out)
    assert (2, "partial") == (done.code, document["status"])
    assert [[8, 6, 6]] == [layer["output_shape"] for layer in document["layers"]]
    assert 7776 == document["totals"]["macs"]
    assert "convcalc: error: " in done.err


@pytest.mark.parametrize("form", ["table", "json", "csv", "md"])
def test_nothing_is_shown_where_the_first_layer_does_not_fit(inside, form):
    done = inside("summary", "-i", "3x8x8", "conv:8,k9", "relu", "--format", form)
    assert (2, "") == (done.code, done.out)
    assert [
        word for word in ("9 elements", "3x8x8", "1 more element", "^") if word not in done.err
    ] == []


def test_the_failing_layer_of_a_reference_network_is_named(inside):
    done = inside("summary", "vgg16", "-i", "3x8x8", "--depth", "1")
    assert 2 == done.code
    assert ["512x1x1", "5,899,776", "5,898,240"] == row(done.out, "3")[2:5]
    words = ("2 elements", "512x1x1", "layer 3.1 (maxpool:2)")
    assert [word for word in words if word not in done.err] == []


# -- summary on a screen ---------------------------------------------------------------------------

PLAIN = {"NO_COLOR": "1"}


def test_a_terminal_of_80_columns_names_the_columns_that_it_leaves_out(on_terminal):
    done = on_terminal("summary", "resnet50", env=PLAIN)
    assert (0, "") == (done.code, done.err)
    assert ["name", "layer", "output", "params", "MACs", "share"] == row(done.out, "name")
    assert ["1000", "25.5570", "4,089.18"] == row(done.out, "total")[1:]
    (said,) = [line for line in done.out.splitlines() if line.startswith("left out")]
    assert [word for word in ("field", "--format md") if word not in said] == []
    assert max(map(len, done.out.splitlines())) <= 80


def test_a_terminal_of_80_columns_cuts_no_name_and_no_number(on_terminal):
    done = on_terminal("summary", "resnet18", env=PLAIN)
    assert 0 == done.code
    assert [] == [line for line in done.out.splitlines() if "…" in line]
    assert "layer4.2.0.0.0" in done.out


@pytest.mark.parametrize("name", ["resnet18", "unet", "vgg16"])
def test_no_width_cuts_a_name_or_a_number(name):
    from convcalc.render.summary import summary_document
    from convcalc.render.terminal import terminal_text
    from convcalc.render.views import View, viewed
    from convcalc.zoo.catalog import load_network, network_input

    report = load_network(name).analyze(network_input(name))
    document = viewed(summary_document(report), View(depth=1))
    shown = {
        width: terminal_text(document, width=width, colour=False, unicode=True)
        for width in range(40, 130)
    }
    assert [] == [width for width, text in shown.items() if "…" in text]


def test_a_terminal_of_40_columns_has_a_field_per_line_or_names_and_specs_on_several(on_terminal):
    done = on_terminal("rf", "resnet18", columns=40, env=PLAIN)
    blocks = done.out.split("\n\n")
    assert 0 == done.code
    assert ["output", "64x112x112"] == row(blocks[1], "output")
    assert ["size", "7"] == row(blocks[1], "size")
    lines = on_terminal("summary", "resnet18", columns=40, env=PLAIN).out.splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith("layer1.0."))
    assert ["layer1.0.", "conv:64,k3,", "115.61", "6.4", "%"] == lines[begin].split()
    assert ["0.0.0.0", "p1,nobias"] == lines[begin + 1].split()


def test_a_wide_terminal_leaves_nothing_out(on_terminal):
    done = on_terminal("summary", "resnet18", "--depth", "1", columns=160, env=PLAIN)
    assert "field" == row(done.out, "name")[-1]
    assert ["22.7 % ███████▏", "435/32/-217"] == row(done.out, "layer4")[-2:]
    assert "left out" not in done.out


def test_a_pipe_gets_every_column_whole(convcalc):
    done = convcalc("summary", "resnet18", "--depth", "1", env={"COLUMNS": "40"})
    titles = ["name", "layer", "output", "params", "MACs", "share", "field"]
    assert titles == row(done.out, "name")
    assert "8,393,728 411,041,792 22.7 % ####### 435/32/-217" == " ".join(
        row(done.out, "layer4")[3:]
    )
    assert "left out" not in done.out


def test_a_terminal_too_tells_what_does_not_fit(on_terminal):
    done = on_terminal(*UNFIT, env=PLAIN)
    assert 2 == done.code
    assert ["8x6x6", "224", "7,776"] == row(done.out, "total")[1:]
    assert "conv:8,k9" in done.err
