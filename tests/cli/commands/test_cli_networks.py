"""`networks`: the reference networks, and what commands load for them."""

from __future__ import annotations

import json
import sys

import pytest
from cli_support import loaded_by, terminal
from printed_tables import rows

from convcalc.zoo.catalog import network_names

HEAVY = {"numpy", "torch", "onnx", "scipy", "pydantic", "rich"}

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
    "arguments", [("summary", "vgg11"), ("layers",), ("networks",), ("fmt", "vgg11")]
)
def test_a_terminal_loads_no_library(monkeypatch, arguments):
    monkeypatch.setattr("cli_support.COMMAND", [sys.executable, "-c", WITNESS])
    assert "\n@" == terminal(*arguments, columns=160).err
