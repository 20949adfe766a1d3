"""The types of command lines have the names of the tables of options, and no others."""

from typing import get_type_hints

import pytest

from convcalc.cli.catalog.commands import COMMANDS
from convcalc.cli.parsing import requests
from convcalc.cli.parsing.option_types import Option

TYPES = {
    "shape": requests.CalculatorRequest,
    "flops": requests.FlopsRequest,
    "rf": requests.CalculatorRequest,
    "memory": requests.MemoryRequest,
    "summary": requests.CalculatorRequest,
    "diff": requests.DiffRequest,
    "compare": requests.CompareRequest,
    "roofline": requests.RooflineRequest,
    "devices": requests.DocumentRequest,
    "solve": requests.SolveRequest,
    "sweep": requests.SweepRequest,
    "check": requests.CheckRequest,
    "sizes": requests.SizesRequest,
    "layers": requests.KindRequest,
    "networks": requests.DocumentRequest,
    "fmt": requests.FormatRequest,
    "completion": requests.CompletionRequest,
    "calibrate": requests.DocumentRequest,
    "explain": requests.ExplainRequest,
    "weights": requests.WeightsRequest,
    "graph": requests.GraphRequest,
    "schema": requests.SchemaRequest,
    "convert": requests.ConvertRequest,
    "demo": requests.DemoRequest,
}


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"run"}))
def test_a_request_has_every_option_of_its_command(command):
    options = COMMANDS[command].options
    declared = TYPES[command]
    assert options.keys() <= declared.__annotations__.keys()
    assert declared.__required_keys__ <= options.keys()


@pytest.mark.parametrize("command", sorted(TYPES))
def test_a_switch_is_a_bool_and_anything_else_a_text(command):
    options = COMMANDS[command].options
    declared = get_type_hints(TYPES[command])
    wrong = [
        name
        for name, option in options.items()
        if (isinstance(option, Option) and option.metavar is None)
        != ("bool" in str(declared[name]))
    ]
    assert wrong == []
