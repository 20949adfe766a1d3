"""Models of PyTorch on the command line: model.py:Net and package.module:attribute."""

from __future__ import annotations

import json
import re

import pytest
from cli_support import call, loaded_by

from convcalc.cli.parsing.network_argument import read_source
from convcalc.errors import ConvcalcError, UsageError
from older_torch import needs_checked_ids

MODEL = """
import torch
from torch import nn

print("a word of its own")


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.conv = nn.Conv2d(1, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x))) + x


class Pair(Net):
    def forward(self, x, mask):
        return x


class Look(Net):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(9, 8)

    def forward(self, x, ids):
        return self.conv(x) + self.table(ids)


class Broken(Net):
    def forward(self, x):
        return self.conv(self.norm(x))


def make_net(width):
    return Net(width)


ready = Net(2)
text = "no model"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


@pytest.fixture
def _with_torch():
    pytest.importorskip("torch")


@pytest.mark.usefixtures("folder", "_with_torch")
def test_a_summary_of_a_class_in_a_file():
    done = call("summary", "model.py:Net", "-i", "1x8x8", "--format", "csv", loaded="torch")
    assert 0 == done.code, done.err
    labels = [line.split(",")[1] for line in done.out.splitlines()]
    assert ["conv", "norm", "relu", "add"] == labels[1:5]
    assert "a word of its own" not in done.out
    assert "note: the model's Python code was run" in done.err


@pytest.mark.usefixtures("folder", "_with_torch")
@pytest.mark.parametrize(
    ("word", "params"),
    [
        ("model.py:Net", 80 + 16),
        ("model.py:Net(4)", 40 + 8),
        ("model.py:make_net(width=3)", 30 + 6),
        ("model.py:ready", 20 + 4),
    ],
)
def test_classes_calls_and_instances(word, params):
    network = read_source([word], input_shape=(1, 8, 8))
    assert params == network.analyze((1, 8, 8)).totals.params


@pytest.mark.usefixtures("folder", "_with_torch")
def test_without_an_input_the_first_layer_decides_it():
    network = read_source(["model.py:Net"])
    assert (1, 224, 224) == network.input_shape
    assert "not given, so assumed: input 1x224x224 (-i)" in network.notes


@pytest.mark.usefixtures("folder", "_with_torch")
@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("model.py:Pair", "Pair.forward(x, mask) needs 2 inputs; convcalc summary takes them"),
        ("model.py:make_net", "make_net needs arguments that are not given: width"),
        (
            "model.py:text",
            "'text' is an object of the type str; expected a model",
        ),
        (
            "model.py:torch.zeros(3)",
            "'torch.zeros' gives an object of the type Tensor; expected a model",
        ),
        ("model.py:Broken", "model.py, line 34, while running it on an input of 1x8x8, in norm"),
    ],
)
def test_what_is_no_model_of_one_input_is_one_clear_error(word, words):
    with pytest.raises(ConvcalcError, match=re.escape(words)):
        read_source([word], input_shape=(1, 8, 8))


@pytest.mark.usefixtures("folder")
def test_a_file_or_library_whose_model_is_not_named_says_what_to_write():
    done = call("summary", "model.py:")
    assert 2 == done.code
    assert "error: 'model.py' is a Python file: name what to run, as model.py:Pair;" in done.err
    assert "names no model of timm; write one behind it: timm:resnet18" in call("rf", "timm:").err


@pytest.mark.usefixtures("folder", "_with_torch")
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("Pair -i 1x8x8 -i masc=8", 2, "--input: Pair.forward(x, mask) has no input 'masc'"),
        (
            "Net -i 1x8x8 -i 1x8x8",
            3,
            "1x8x8 and 1x8x8; a forward that takes a single tensor has one -i\n",
        ),
        ("Look -i 1x8x8 -i 8", 3, "float32 instead; whole numbers are asked for as -i 128:int64\n"),
    ],
)
def test_inputs_that_forward_does_not_take_are_told_with_its_signature(words, code, told):
    if "float32" in told:
        needs_checked_ids()
    done = call("summary", *f"model.py:{words}".split(), loaded="torch")
    assert code == done.code
    assert told in done.err
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("folder", "_with_torch")
def test_two_models_of_several_inputs_are_compared_on_them():
    shapes = ("-i", "1x8x8", "-i", "8:int64", "-q", "--format", "json")
    done = call("diff", "model.py:Look", "model.py:Look", *shapes, loaded="torch")
    assert (0, True) == (done.code, '"pairs"' in done.out)


@pytest.mark.usefixtures("folder", "_with_torch")
def test_a_command_without_inputs_names_one_that_has_them():
    told = "Pair.forward(x, mask) needs 2 inputs; convcalc summary takes them, as -i SHAPE -i SHAPE"
    done = call("fmt", "model.py:Pair", loaded="torch")
    assert (2, True) == (done.code, f"convcalc: error: {told}\n" in done.err)


@pytest.mark.usefixtures("folder")
def test_without_torch_one_line_says_so(monkeypatch):
    monkeypatch.setattr("convcalc.importers.torch_target.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs torch; pip install 'convcalc\[torch\]'"):
        read_source(["model.py:Net"])


@pytest.mark.usefixtures("folder")
def test_a_file_without_a_name_is_not_run():
    done = call("summary", "model.py")
    assert (2, "") == (done.code, done.out)
    assert done.err == (
        "convcalc: error: 'model.py' is a Python file: name what to run, as model.py:Pair; it has "
        "Pair, Look, Broken, Net, make_net()\n"
    )


def test_networks_of_layers_load_nothing_of_it():
    loaded = loaded_by("summary", "resnet18")
    assert [] == [name for name in loaded if "importers" in name or name == "torch"]


ENDS = """
import torch
from torch import nn


class Ends(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x):
        x = self.conv(x)
        if x.isnan().nonzero().shape[0] == 0:
            raise KeyError("boxes")
        return x


class Wide(Ends):
    def forward(self, x):
        return self.conv(self.conv(x))
"""


BAD = """
import sys
import torch
from torch import nn

weights = nn.Linear(2, 3).state_dict()


def load():
    return nn.Linear(2, 3).state_dict()


class Leaves(nn.Linear):
    def __init__(self):
        super().__init__(2, 3)

    def forward(self, x):
        sys.exit(0)


class Asks(Leaves):
    def forward(self, x):
        return x * float(input("factor? "))


class Endless(Leaves):
    def forward(self, x):
        return self.forward(x)


class Silent(Leaves):
    def forward(self, x):
        return "no tensor"
"""


@pytest.mark.usefixtures("_with_torch")
@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("bad.py:weights", "'weights' is weights by their names (a state_dict), which have no"),
        ("bad.py:load()", "'load' gives weights by their names (a state_dict), which have no"),
        ("bad.py:Leaves", "it ended the program (sys.exit)"),
        (
            "bad.py:Asks",
            "bad.py, line 23, while running it on an input of 2: it asked for",
        ),
        ("bad.py:Endless", "RecursionError"),
        ("bad.py:Silent", "the model gives no tensor"),
        ("bad.py:silent", "'bad.py' has nothing called 'silent'; did you mean 'Silent'?"),
    ],
)
def test_what_a_model_does_beside_computing_is_one_error(tmp_path, monkeypatch, word, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text(BAD)
    done = call("flops", word, "-i", "2", "-q", loaded="torch")
    assert (3, "") == (done.code, done.out)
    assert words in done.err
    assert len(done.err.removeprefix("factor? \n").splitlines()) <= 3  # its own question first


@pytest.mark.usefixtures("_with_torch")
def test_what_cannot_be_followed_to_its_end_is_partial(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ends.py").write_text(ENDS)
    done = call("flops", "ends.py:Ends", "-i", "1x8x8", "--format", "json", loaded="torch")
    document = json.loads(done.out)
    assert (0, "partial", 648) == (done.code, document["status"], document["totals"]["macs"])
    assert "ends.py:14" == document["stopped"]["place"]
    assert 'raise KeyError("boxes")' == document["stopped"]["code"]
    shown = call("summary", "ends.py:Ends", "-i", "1x8x8", "-q", loaded="torch")
    assert "the run ended at ends.py:14: KeyError: 'boxes'" in shown.out
    strict = call("summary", "ends.py:Ends", "-i", "1x8x8", "-q", "--strict", loaded="torch")
    assert (3, shown.out) == (strict.code, strict.out)
    assert "--strict: the answer is partial: ends.py:14: KeyError: 'boxes'" in strict.err


DECIDES = """
from torch import nn


class Branch(nn.Conv2d):
    def __init__(self):
        super().__init__(1, 2, 3)

    def forward(self, x):
        x = super().forward(x)
        return x if x.mean() > 0 else x.relu()
"""


@pytest.mark.usefixtures("_with_torch")
@pytest.mark.parametrize(
    "words",
    [
        *(("flops", "net.py:Branch"), ("memory", "net.py:Branch"), ("rf", "net.py:Branch")),
        ("diff", "net.py:Branch", "conv:2,k3"),
    ],
)
def test_a_branch_that_zeros_decided_is_partial_with_its_line(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(DECIDES)
    done = call(*words, "-i", "1x8x8", "--strict", "-q", loaded="torch")
    told = "decided by values of zeros: return x if x.mean() > 0 else x.relu()"
    assert (3, True) == (done.code, f"partial: net.py:11 {told}" in done.out)
    assert "--strict: the answer is partial: net.py:11 decided by values of zeros" in done.err
    shape = ("-i", "1x8x8", "-q")
    document = json.loads(call(*words, *shape, "--format", "json", loaded="torch").out)
    assert "partial" == document["status"]
    code = "return x if x.mean() > 0 else x.relu()"
    found = document.get("a", document)["decisions"]
    assert [{"place": "net.py:11", "code": code, "module": ""}] == found


@pytest.mark.usefixtures("_with_torch")
def test_of_a_run_that_ended_early_a_limit_is_held_against_its_parameters_alone(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ends.py").write_text(ENDS)
    limits = ("--macs", "<= 1G", "--field", ">= 1", "--peak-memory", "<= 1GB", "--params", "<= 99")
    done = call("check", "ends.py:Ends", "-i", "1x8x8", *limits, "-q", loaded="torch")
    assert (1, True) == (done.code, "3 of 4 limits are not kept" in done.err)
    assert "the run ended at ends.py:14: KeyError: 'boxes'" in done.out


@pytest.mark.usefixtures("_with_torch")
def test_a_fault_of_the_model_is_an_error_behind_its_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ends.py").write_text(ENDS)
    done = call("flops", "ends.py:Wide", "-i", "1x8x8", "-q", loaded="torch")
    assert 3 == done.code
    assert "total so far" in done.out or "648" in done.out
    assert "the run ended at ends.py:20 in conv: RuntimeError" in done.err
