"""`layers`: the kinds, their keys and examples."""

from __future__ import annotations

import dataclasses
import json
import shlex

import pytest
from printed_tables import row, rows

from convcalc.layers import KINDS


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


@pytest.mark.parametrize("kind", [*sorted(KINDS), "se"])
def test_the_page_of_a_kind_speaks_to_users(inside, kind):
    """Sentences end with a full stop, meanings of parameters have none, and none is about code."""
    lines = inside("layers", kind).out.splitlines()
    sentences = [lines[0].partition(": ")[2]]
    sentences += [
        line.partition(": ")[2] for line in lines if line.startswith(("output:", "costs:"))
    ]
    assert [] == [one for one in sentences if not one.endswith(".") or len(one) < 8]
    abouts = [one.get("about", "x") for one in rows(inside("layers", kind, "--format", "csv").out)]
    assert [] == [one for one in abouts if one.endswith(".") or one != one[:1].lower() + one[1:]]
    developers = ("None", "nobody", " self", "sample of", "stage", "Raises", "`shape`", "kind")
    spoken = " ".join([*sentences, *abouts])
    assert [] == [word for word in developers if word in spoken]


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


def test_the_page_of_padding_says_what_other_libraries_call_its_modes(inside):
    page = inside("layers", "pad").out
    assert "\nsymmetric  cba|abcd|dcb     symmetric  reflect        BORDER_REFLECT" in page
    assert "convcalc layers pad" in inside("layers", "conv").out
    symmetric = json.loads(inside("layers", "pad", "--format", "json").out)["modes"][2]
    assert symmetric == {
        "mode": "symmetric",
        "elements": "cba|abcd|dcb",
        "numpy.pad": "symmetric",
        "scipy.ndimage": "reflect",
        "OpenCV": "BORDER_REFLECT",
        "MATLAB": "symmetric",
        "torch": None,
    }
    assert "modes" not in inside("layers", "convt").out
