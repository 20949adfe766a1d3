"""Files of TorchScript given as networks: programs that are loaded and run, and said to be."""

from __future__ import annotations

import json
import os
import re

import pytest
from cli_support import call

from older_torch import needs_traces_without_data

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

# torch speaks of torch.jit as of what it will not have for ever.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

PROGRAM = (
    "note: a TorchScript file is a program, and was run, which may read and write your files\n"
)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 10)

    def forward(self, x):
        return self.head(torch.relu(self.norm(self.conv(x))).mean((2, 3)))


class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x):
        x = self.conv(x)
        if bool(x.mean() > 0):
            x = torch.relu(x)
        return x


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, a, b):
        return self.conv(a) + self.conv(b)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scripted(model):
    torch.jit.script(model.eval()).save("net.pt")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("way", ["script", "trace"])
def test_a_program_is_run_and_counted_by_its_operations(way):
    if way == "trace":
        needs_traces_without_data()
    model = Net().eval()
    program = torch.jit.script(model) if way == "script" else torch.jit.trace(model, X)
    program.save("net.pt")
    done = call("flops", "net.pt", "-i", "3x8x8", "--format", "json", loaded="torch")
    assert (0, True) == (done.code, done.err.endswith(PROGRAM))
    document = json.loads(done.out)
    rows = [(row["kind"], row["params"], row["macs"]) for row in document["layers"]]
    # 4*27 products at 64 positions; 4 of each of the 10 features.
    known = [("conv", 112, 6_912), ("bn", 8, 0), ("relu", 0, 0), ("reduce", 0, 0)]
    assert [*known, ("linear", 50, 40)] == rows
    assert "complete" == document["status"]
    assert 3 == document["layers"][2]["receptive_field"][0]["size"]


X = torch.zeros(1, 3, 8, 8)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("way", ["script", "trace"])
def test_a_program_is_run_with_its_own_weights(way):
    if way == "trace":
        needs_traces_without_data()
    np = pytest.importorskip("numpy")
    model = nn.Sequential(Net(), nn.Unflatten(1, (5, 2)), nn.Linear(2, 3)).eval()
    given = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    program = torch.jit.script(model) if way == "script" else torch.jit.trace(model, X)
    program.save("net.pt")
    np.save("x.npy", given.numpy())
    done = call("run", "x.npy", "--network", "net.pt", "-o", "y.npy", loaded="torch")
    assert (0, True) == (done.code, "computed by torch itself: addmm" in done.err), done.err
    with torch.no_grad():
        np.testing.assert_allclose(model(given).numpy(), np.load("y.npy"), rtol=1e-4, atol=1e-6)


@pytest.mark.usefixtures("folder")
def test_several_inputs_and_a_missing_one():
    scripted(Pair())
    done = call("flops", "net.pt", *("-i", "3x8x8") * 2, "--format", "json", loaded="torch")
    assert 2 * 6_912 == json.loads(done.out)["totals"]["macs"]
    done = call("flops", "net.pt", "-i", "3x8x8", "-q", loaded="torch")
    assert (3, True) == (done.code, "forward() is missing value for argument 'b'" in done.err)
    assert done.err.endswith("\n  Pair.forward() was given an input of 3x8x8\n")


@pytest.mark.usefixtures("folder")
def test_a_program_is_told_by_its_content_whatever_its_name():
    scripted(Pair())
    os.mkdir("nets")
    os.rename("net.pt", os.path.join("nets", "pair"))
    shapes = ("-i", "3x8x8", "-i", "3x8x8:float32")
    done = call("flops", "nets/pair", *shapes, "--format", "json", loaded="torch")
    assert (0, True) == (done.code, done.err.endswith(PROGRAM)), done.err
    assert 2 * 6_912 == json.loads(done.out)["totals"]["macs"]


@pytest.mark.usefixtures("folder")
def test_a_branch_on_values_is_told_with_the_line_of_the_python_that_it_was():
    scripted(Branch())
    done = call("summary", "net.pt", "-i", "3x8x8", "--strict", loaded="torch")
    told = r"partial: test_cli_scripts\.py:\d+ decided by values of zeros: if bool\(x\.mean"
    assert (3, True) == (done.code, re.search(told, done.out) is not None)


@pytest.mark.usefixtures("folder")
def test_what_does_not_fit_says_why_and_where():
    scripted(Net())
    done = call("summary", "net.pt", "-i", "5x8x8", "-q", loaded="torch")
    assert (3, "") == (done.code, done.out)
    assert "conv.py, line" in done.err
    assert (
        "RuntimeError: Invalid channel dimensions: 3 expected, 5 given\n  return F.conv2d("
        in done.err
    )


@pytest.mark.usefixtures("folder")
def test_a_program_in_a_model_of_python_is_followed_too():
    scripted(Net())
    with open("model.py", "w", encoding="utf-8") as file:
        file.write("import torch\nnet = torch.jit.load('net.pt')\n")
    done = call("flops", "model.py:net", "-i", "3x8x8", "--format", "json", "-q", loaded="torch")
    assert 6_952 == json.loads(done.out)["totals"]["macs"]
