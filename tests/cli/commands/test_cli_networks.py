"""`summary`, `fmt`, `layers` and `networks`: whole networks, and what they are written with."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import shlex
import sys

import pytest
from cli_support import loaded_by, terminal

from convcalc.layers import KINDS
from convcalc.zoo.catalog import network_names

HEAVY = {"numpy", "torch", "onnx", "scipy", "pydantic", "rich"}
LIMIT = 2**22


def rows(text):
    """The rows of a CSV text by their machine names."""
    return list(csv.DictReader(io.StringIO(text)))


def cells(line):
    """The cells of a line in a table of spaces."""
    return re.split(r"\s{2,}", line.strip())


def row(text, name):
    """The cells of the one line that begins with `name`."""
    (line,) = [line for line in text.splitlines() if line.split()[:1] == [name]]
    return cells(line)


@pytest.fixture
def typed(monkeypatch):
    """`typed(b"relu")`: what standard input holds."""

    def hold(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))

    return hold


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
    assert ["######## 100.0 %", "3/1/0"] == row(done.out, "0")[-2:]
    assert ["8x7x7", "224", "10,584"] == row(done.out, "total")[1:]


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
    assert not any(line.startswith(("1 ", "2 ")) for line in done.out.splitlines())
    assert "does not fit" in done.out


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


def test_the_failing_line_of_a_reference_network_is_named(inside):
    done = inside("summary", "vgg16", "-i", "3x8x8", "--depth", "1")
    assert 2 == done.code
    assert ["512x1x1", "5,899,776", "5,898,240"] == row(done.out, "3")[2:5]
    words = ("2 elements", "512x1x1", "line 7", "maxpool:2")
    assert [word for word in words if word not in done.err] == []


# -- summary on a screen ---------------------------------------------------------------------------

PLAIN = {"NO_COLOR": "1"}


def test_a_terminal_of_80_columns_names_the_columns_that_it_leaves_out(on_terminal):
    done = on_terminal("summary", "resnet18", "--depth", "1", env=PLAIN)
    assert (0, "") == (done.code, done.err)
    assert ["name", "layer", "output", "params", "MACs", "field"] == row(done.out, "name")
    assert ["1000", "11.69 M", "1.81 G"] == row(done.out, "total")[1:]
    (said,) = [line for line in done.out.splitlines() if line.startswith("left out")]
    assert [word for word in ("share", "--format md") if word not in said] == []
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
    from convcalc.zoo.catalog import load_network, network_input

    document = summary_document(load_network(name).analyze(network_input(name)), 1)
    shown = {
        width: terminal_text(document, width=width, colour=False, unicode=True)
        for width in range(40, 130)
    }
    assert [] == [width for width, text in shown.items() if "…" in text]


def test_a_terminal_of_40_columns_has_a_field_per_line(on_terminal):
    done = on_terminal("summary", "resnet18", "--depth", "1", columns=40, env=PLAIN)
    blocks = done.out.split("\n\n")
    assert 0 == done.code
    assert ["field", "435/32/-217"] == row(blocks[8], "field")
    assert ["output", "512x7x7"] == row(blocks[8], "output")
    assert ["MACs", "1,814,073,344"] == row(blocks[12], "MACs")


def test_a_wide_terminal_leaves_nothing_out(on_terminal):
    done = on_terminal("summary", "resnet18", "--depth", "1", columns=160, env=PLAIN)
    assert "field" == row(done.out, "name")[-1]
    assert ["22.7 %", "435/32/-217"] == row(done.out, "layer4")[-2:]
    assert "left out" not in done.out


def test_a_pipe_gets_every_column_whole(convcalc):
    done = convcalc("summary", "resnet18", "--depth", "1", env={"COLUMNS": "40"})
    titles = ["name", "layer", "output", "params", "MACs", "share", "field"]
    assert titles == row(done.out, "name")
    assert "8,393,728 411,041,792 22.7 % 435/32/-217" == " ".join(
        row(done.out, "layer4")[3:5] + row(done.out, "layer4")[6:]
    )
    assert "left out" not in done.out


def test_a_terminal_too_tells_what_does_not_fit(on_terminal):
    done = on_terminal(*UNFIT, env=PLAIN)
    assert 2 == done.code
    assert ["8x6x6", "224", "7,776"] == row(done.out, "total")[1:]
    assert "conv:8,k9" in done.err


# -- fmt -------------------------------------------------------------------------------------------

MESSY = """# a small network

conv:64,kernel_size=3,padding=1,stride=1   relu    # the stem
2x{ residual{conv:64,k3,p1,bias=true relu | } }
# the end
gap   linear:10
"""
TIDY = """# a small network

conv:64,k3,p1 relu  # the stem
2x{residual{conv:64,k3,p1 relu | }}
# the end
gap linear:10
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MESSY, TIDY),
        ("conv:n=8,kernel_size=3x5", "conv:8,k3x5\n"),
        ("relu\r\nbn\r\n", "relu\nbn\n"),
        ("\ufeffrelu", "relu\n"),
        ("a=conv:8,k3,same   b=relu", "a=conv:8,k3,same b=relu\n"),
        ("2x{ relu\n bn }", "2x{\n    relu\n    bn\n}\n"),
    ],
)
def test_fmt_prints_the_canonical_form(inside, folder, text, expected):
    (folder / "net.spec").write_bytes(text.encode())
    done = inside("fmt", "net.spec")
    assert (0, expected, "") == (done.code, done.out, done.err)


def test_fmt_leaves_the_file_alone(inside, folder):
    (folder / "net.spec").write_text(MESSY)
    assert 0 == inside("fmt", "net.spec").code
    assert MESSY == (folder / "net.spec").read_text()


def test_fmt_of_standard_input(inside, typed):
    typed(MESSY.encode())
    assert (0, TIDY) == inside("fmt", "-")[:2]


@pytest.mark.parametrize("name", network_names())
def test_fmt_of_its_own_result_changes_nothing(inside, folder, name):
    once = inside("fmt", name)
    (folder / "net.spec").write_text(once.out)
    assert (0, once.out) == inside("fmt", "net.spec")[:2]
    assert (0, "") == inside("fmt", "net.spec", "--check")[:2]


@pytest.mark.parametrize("name", ["resnet18", "shufflenet_v2_x1_0", "inception_v3"])
def test_the_canonical_form_is_the_same_network(inside, folder, name):
    (folder / "net.spec").write_text(inside("fmt", name).out)
    form = ("--format", "csv")
    assert inside("summary", name, *form) == inside("summary", "net.spec", *form)


@pytest.mark.parametrize("name", network_names())
def test_fmt_keeps_every_comment(inside, name):
    from convcalc.zoo.catalog import network_text

    kept = inside("fmt", name).out
    comments = re.findall(r"#.*", network_text(name))
    assert comments == re.findall(r"#.*", kept)


@pytest.mark.parametrize(("text", "code"), [(TIDY, 0), (MESSY, 1), (TIDY[:-1], 1), ("relu\r\n", 1)])
def test_check_says_by_its_exit_code_whether_the_form_is_canonical(inside, folder, text, code):
    (folder / "net.spec").write_bytes(text.encode())
    done = inside("fmt", "net.spec", "--check")
    assert (code, "") == (done.code, done.out)
    assert [word for word in ("net.spec", "canonical") if word not in done.err] == []
    assert (code == 1) == ("not in canonical" in done.err)


def test_check_is_silent_when_asked(inside, typed):
    typed(TIDY.encode())
    assert (0, "", "") == inside("fmt", "-", "--check", "-q")[:3]


def test_every_reference_network_is_in_canonical_form(inside):
    codes = {name: inside("fmt", name, "--check").code for name in network_names()}
    assert [] == [name for name, code in codes.items() if code]


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_a_fault_has_its_line_and_a_caret(inside, folder, check):
    (folder / "net.spec").write_text("conv:8,k3\n# words\n  relu conx:3\n")
    done = inside("fmt", "net.spec", *check)
    assert (2, "") == (done.code, done.out)
    said, shown, carets = done.err.splitlines()
    assert [word for word in ("conx", "'conv'", "line 3", "column 8") if word not in said] == []
    assert "conx" == shown[carets.index("^") : carets.rindex("^") + 1]


UNREADABLE = [
    ("missing.spec", ["'missing.spec'", "No such file"]),
    ("folder.spec", ["'folder.spec'", "folder"]),
    ("latin.spec", ["'latin.spec'", "UTF-8", "byte 10", "0xff"]),
    ("large.spec", ["'large.spec'", "too large", "4,194,304"]),
    ("locked.spec/x", ["'locked.spec/x'", "Not a directory"]),
]


@pytest.mark.parametrize(("name", "words"), UNREADABLE)
@pytest.mark.parametrize("command", ["fmt", "summary"])
def test_a_file_that_cannot_be_read_is_an_error_of_data(inside, folder, command, name, words):
    (folder / "folder.spec").mkdir()
    (folder / "latin.spec").write_bytes(b"conv:8,k3 \xff")
    (folder / "locked.spec").write_text("relu")
    with open(folder / "large.spec", "wb") as file:
        file.truncate(LIMIT + 1)
    done = inside(command, name)
    assert (3, "") == (done.code, done.out)
    assert [word for word in words if word not in done.err] == []
    assert 1 == len(done.err.splitlines())


def test_standard_input_too_may_be_too_large(inside, typed):
    typed(b" " * (LIMIT + 1))
    done = inside("fmt", "-")
    assert (3, "") == (done.code, done.out)
    assert [word for word in ("standard input", "too large") if word not in done.err] == []


def test_a_file_of_the_largest_size_is_read(inside, folder):
    (folder / "net.spec").write_bytes(b"relu\n#" + b"x" * (LIMIT - 7) + b"\n")
    assert (0, "") == inside("fmt", "net.spec", "--check")[:2]


@pytest.mark.parametrize("text", ["", "\n\n", "# words\n"])
def test_a_file_without_layers_is_no_spec(inside, folder, text):
    (folder / "net.spec").write_text(text)
    done = inside("fmt", "net.spec")
    assert (2, "") == (done.code, done.out)
    assert "expected a layer" in done.err


# -- layers ----------------------------------------------------------------------------------------


def test_every_kind_is_listed_with_its_keys(inside):
    done = inside("layers", "--format", "csv")
    found = {one["kind"]: one["keys"] for one in rows(done.out)}
    assert 0 == done.code
    assert "n,k,s,p,d,g,bias,mode" == found["conv"]
    assert set(KINDS) | {"se"} == set(found)
    assert all(one["about"].strip() for one in rows(done.out))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_page_of_a_kind_names_all_its_parameters(inside, kind):
    done = inside("layers", kind)
    assert (0, "") == (done.code, done.err)
    assert done.out.startswith(f"{kind}: ")
    for field in dataclasses.fields(KINDS[kind]):
        name, key, default, *_ = row(done.out, field.name)
        assert (field.name, field.metadata["short"]) == (name, key)
        assert (default == "required") == (field.default is dataclasses.MISSING)
    assert all(f"\n{word}: " in done.out for word in ("output", "costs", "example"))


CONV_PAGE = [
    ["out_channels", "n", "required"],
    ["kernel_size", "k", "required"],
    ["stride", "s", "1"],
    ["padding", "p", "0"],
    ["dilation", "d", "1"],
    ["groups", "g", "1"],
    ["bias", "bias", "true"],
    ["padding_mode", "mode", "zeros"],
]


def test_the_page_of_a_convolution_has_its_keys_and_defaults(inside):
    found = rows(inside("layers", "CONV", "--format", "csv").out)
    assert CONV_PAGE == [[one["parameter"], one["key"], one["default"]] for one in found]


RUNNING = sorted(KINDS)


@pytest.mark.parametrize("kind", RUNNING)
def test_the_example_of_a_kind_runs(inside, kind):
    (line,) = [
        line for line in inside("layers", kind).out.splitlines() if line.startswith("example: ")
    ]
    program, *arguments = shlex.split(line.removeprefix("example: "))
    done = inside(*arguments)
    assert ("convcalc", 0, "") == (program, done.code, done.err)
    assert kind in done.out


@pytest.mark.parametrize(
    ("kind", "hint"),
    [("conc", "'concat'"), ("maxpol", "'maxpool'"), ("zzzz", "convcalc layers"), ("", "layers")],
)
def test_an_unknown_kind_has_the_nearest_one_named(inside, kind, hint):
    done = inside("layers", kind)
    assert (2, "") == (done.code, done.out)
    assert [word for word in (f"'{kind}'", hint) if word not in done.err] == []


def test_every_listed_kind_has_a_page(inside):
    listed = [one["kind"] for one in rows(inside("layers", "--format", "csv").out)]
    assert [] == [kind for kind in listed if inside("layers", kind).code]


def test_the_json_of_the_kinds_has_the_parameters_of_each(inside):
    document = json.loads(inside("layers", "--format", "json").out)
    assert ("layers", 1) == (document["command"], document["schema_version"])
    found = {one["kind"]: one for one in document["kinds"]}
    assert set(KINDS) <= set(found)
    assert "conv:32,k3" == found["conv"]["example"]
    assert ("kernel_size", "k", "required") == tuple(found["conv"]["parameters"][1].values())[:3]


def test_the_json_of_one_kind_is_its_part_of_the_whole(inside):
    every = json.loads(inside("layers", "--format", "json").out)["kinds"]
    (one,) = json.loads(inside("layers", "maxpool", "--format", "json").out)["kinds"]
    assert one in every
    assert "maxpool" == one["kind"]


# -- networks --------------------------------------------------------------------------------------

INPUTS = {
    "alexnet": "3x224x224",
    "deeplabv3-resnet50": "3x520x520",
    "fcn8s": "3x512x512",
    "inception_v3": "3x299x299",
    "resnet18": "3x224x224",
    "unet": "1x512x512",
}


def test_every_network_is_listed_with_its_input(inside):
    done = inside("networks", "--format", "csv")
    found = {one["name"]: one["input"] for one in rows(done.out)}
    assert 0 == done.code
    assert network_names() == tuple(found)
    assert INPUTS == {name: found[name] for name in INPUTS}
    assert all(one["about"].strip() for one in rows(done.out))


def test_the_json_of_the_networks_has_names_and_inputs(inside):
    document = json.loads(inside("networks", "--format", "json").out)
    found = {one["name"]: one["input"] for one in document["networks"]}
    assert network_names() == tuple(found)
    assert [3, 299, 299] == found["inception_v3"]


@pytest.mark.parametrize("command", ["shape", "flops", "rf", "summary"])
@pytest.mark.parametrize("name", network_names())
def test_every_command_takes_every_network_by_name(inside, command, name):
    done = inside(command, name)
    assert (0, "") == (done.code, done.err)
    assert done.out.startswith("input ")


PUBLISHED = [
    ("alexnet", "61,100,840", "714,188,480"),
    ("resnet50", "25,557,032", "4,089,184,256"),
    ("vgg16", "138,357,544", "15,470,264,320"),
    ("mobilenet_v2", "3,504,872", "300,774,272"),
]


@pytest.mark.parametrize(("name", "params", "macs"), PUBLISHED)
def test_a_network_costs_what_is_published(inside, name, params, macs):
    for command in ("flops", "summary"):
        assert [word for word in (params, macs) if word not in inside(command, name).out] == []


def test_inception_has_its_own_input(inside):
    done = inside("shape", "inception_v3")
    assert (0, "") == (done.code, done.err)
    assert "input 3x299x299" == done.out.splitlines()[0]


# -- imports ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("summary", "resnet18", "--depth", "1"),
        ("summary", "resnet18", "--format", "json"),
        ("flops", "resnet18"),
        ("fmt", "resnet18"),
        ("layers",),
        ("layers", "conv"),
        ("networks",),
    ],
)
def test_a_network_needs_no_library(arguments):
    loaded = loaded_by(*arguments)
    assert "convcalc.cli.main" in loaded
    assert set() == loaded & HEAVY


WITNESS = """
import os, sys
from convcalc.__main__ import main
code = main()
os.write(2, ("\\n@" + " ".join({"rich", "numpy", "torch"} & set(sys.modules))).encode())
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("arguments", "loaded"),
    [
        (("summary", "vgg11"), "rich"),
        (("layers",), "rich"),
        (("networks",), "rich"),
        (("summary", "vgg11", "--format", "json"), ""),
        (("fmt", "vgg11"), ""),
    ],
)
def test_a_terminal_alone_needs_rich(monkeypatch, arguments, loaded):
    monkeypatch.setattr("cli_support.COMMAND", [sys.executable, "-c", WITNESS])
    assert f"\n@{loaded}" == terminal(*arguments, columns=160).err
