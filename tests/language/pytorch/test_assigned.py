"""Names in source text: what the same text gives them, and where they could be another thing."""

from __future__ import annotations

import pytest

from convcalc.errors import SpecError
from convcalc.language.parse import parse
from growth import check

HIDDEN = "net = nn.Sequential(nn.Linear(9, hidden), nn.ReLU(), nn.Linear(hidden, 3))\n"
SPREAD = "net = nn.Sequential(*layers)\n"


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        (f"hidden = 64\n{HIDDEN}", "linear:64 relu linear:3"),
        (f">>> hidden = 64\n>>> {HIDDEN}", "linear:64 relu linear:3"),
        (f"hidden = 2 * 8  # wide\n{HIDDEN}", "linear:16 relu linear:3"),
        (f"batch, hidden = 32, 64\n{HIDDEN}", "linear:64 relu linear:3"),
        (f"width = 4\nhidden = width**2\n{HIDDEN}", "linear:16 relu linear:3"),
        (f"hidden = 64\nhidden = 64\n{HIDDEN}", "linear:64 relu linear:3"),
        ("nc = 3\nd = nn.Conv2d(nc, nc * 2, kernel_size=nc)", "conv:6,k3"),
        ("use = False\nd = nn.Conv2d(3, 8, 3, bias=use)", "conv:8,k3,nobias"),
        ("k, s = (3, 3), 2\nd = nn.Conv2d(3, 8, k, s)", "conv:8,k3,s2"),
        ("self.nc = 4\nself.d = nn.Linear(9, self.nc)", "linear:4"),
        ("k = 3\nd = nn.Conv2d(\n    3,\n    8,\n    kernel_size=k,\n)", "conv:8,k3"),
        (f"layers = [nn.ReLU(), nn.Tanh()]\n{SPREAD}", "relu tanh"),
        (f"layers = [nn.ReLU()]\nlayers += [nn.Tanh()]\n{SPREAD}", "relu tanh"),
        (f"layers = []\nlayers.append(nn.ReLU())\n{SPREAD}", "relu"),
        (
            f"layers = [\n    nn.ReLU(),\n]\nlayers.extend([nn.Tanh(), nn.ReLU()])\n{SPREAD}",
            "relu tanh relu",
        ),
        (
            "wide = 8\nlayers = [nn.Conv2d(3, wide, 3)]\n"
            "net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(wide * 4, 2))",
            "conv:8,k3 flatten linear:2",
        ),
        ("conv = nn.Conv2d(3, 8, 3)\nact = nn.ReLU()\nnn.Sequential(conv, act)", "conv:8,k3 relu"),
        (
            "act = nn.ReLU()\nnn.Sequential(nn.Conv2d(3, 8, 3), act, nn.Conv2d(8, 4, 1), act)",
            "conv:8,k3 relu conv:4,k1 relu",
        ),
        (
            "net = nn.Sequential(nn.Linear(4, 3))\nnet = nn.Sequential(net, nn.Softmax(dim=1))",
            "0.0=linear:3 softmax",
        ),
    ],
)
def test_a_name_is_what_the_text_gives_it(text, spec):
    network = parse(text)
    assert (spec, ()) == (network.spec(), network.notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HIDDEN, "'hidden' is a name without one whole number in the text"),
        (f"hidden = 64\nhidden = 32\n{HIDDEN}", "'hidden' is a name"),
        (f"hidden = 64\nhidden += 1\n{HIDDEN}", "'hidden' is a name"),
        (f"hidden = 64\nif big:\n    hidden = 128\n{HIDDEN}", "'hidden' is a name"),
        (f"hidden = 64 if small else 128\n{HIDDEN}", "'hidden' is a name"),
        (f"hidden = 64\nfor hidden in sizes:\n    {HIDDEN}", "'hidden' is a name"),
        (f"hidden = 64\ndef net(hidden):\n    {HIDDEN}", "'hidden' is a name"),
        (f"hidden = 64\nf = lambda hidden: 1\n{HIDDEN}", "'hidden' is a name"),
        ("c = dict(n=4)\nd = nn.Linear(9, c)", "'c' is a name without one whole number"),
        ("c = [1, 2]\nd = nn.Linear(c[0], 9)", "expected a ',' or a ')' after this argument"),
        (f"hidden = args.width\n{HIDDEN}", "'hidden' is a name"),
        (f"hidden = 64.5\n{HIDDEN}", "'hidden' is a name"),
        (f"{HIDDEN}hidden = 64\n", "'hidden' is a name"),
        (
            "d = nn.Conv2d(a, b, c)",
            "'a' is a name without one whole number in the text; write the number in its place, "
            "and in that of 'b', 'c' (column 15)",
        ),
        (SPREAD, "expected a list of modules behind this '*', made in the text without a loop"),
        (
            f"layers = []\nfor i in range(3):\n    layers.append(nn.ReLU())\n{SPREAD}",
            "expected a list of modules behind this '*'",
        ),
        (
            f"layers = [nn.Tanh()]\nfor i in range(3): layers.append(nn.ReLU())\n{SPREAD}",
            "expected a list of modules behind this '*'",
        ),
        (
            "conv = nn.Conv2d(8, 8, 3)\nnn.Sequential(conv, nn.ReLU(), conv)",
            "'conv' is a name without one module in the text, or of one with parameters that is "
            "used twice; write the module in its place (line 2",
        ),
        (f"layers = [nn.Tanh()] * 3\n{SPREAD}", "expected a list of modules behind this '*'"),
        (
            f"layers = [nn.Tanh()]\nlayers.insert(0, nn.ReLU())\n{SPREAD}",
            "expected a list of modules behind this '*'",
        ),
        (
            f"layers = [nn.Tanh()]\nlayers[0] = other\n{SPREAD}",
            "expected a list of modules behind this '*'",
        ),
    ],
)
def test_a_name_that_could_be_another_thing_is_one_error(text, message):
    with pytest.raises(SpecError) as caught:
        parse(text)
    assert (1, True) == (len(caught.value.problems), message in str(caught.value))


def test_lines_that_give_names_their_values_are_not_passed_over():
    text = f"import torch\nhidden = 64\nlearning = 1\n{HIDDEN}"
    assert ("passed over: lines 1, 3",) == parse(text).notes


@pytest.mark.parametrize(
    "piece",
    [
        "a = [nn.ReLU(\n",
        "a = 1\n",
        "a += [\n",
        "a.append(\n",
        "a, b = 1, 2\n",
        "for a ",
        "def a(",
        "a = b\nb = a\n",
    ],
)
def test_twice_the_statements_are_at_most_twice_the_work(piece):
    end = "net = nn.Sequential(*a, nn.Linear(a, b))"
    check(parse, [f"{piece * count}\n{end}" for count in (100, 200)])
