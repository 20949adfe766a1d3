"""Names that a posted file uses without importing them: given, said, and nothing else changed."""

from __future__ import annotations

import builtins
import re
import sys
from pathlib import Path

import pytest

from convcalc.errors import DataError
from convcalc.importers.loading import imported
from convcalc.importers.target import target_of
from convcalc.importers.usual_names import PACKAGES, USUAL, usual_names


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Writes model.py, and gives what `net` in it is, and the note."""
    monkeypatch.chdir(tmp_path)

    def read(text):
        (tmp_path / "model.py").write_text(text)
        return imported(target_of("model.py:net"))

    yield read
    for name, module in list(sys.modules.items()):
        if str(tmp_path) in str(getattr(module, "__file__", "")):
            del sys.modules[name]


def refused(model, text):
    with pytest.raises(DataError) as caught:
        model(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "net = math.gcd(4, 6)\n",
            "model.py uses math without importing it; math was taken",
        ),
        (
            "net = partial(np.prod, axis=0)\n",
            "model.py uses np and partial without importing them; numpy and functools.partial were "
            "taken",
        ),
        (
            "def net(a: Optional[int], b: List[int]) -> Tuple: return copy.copy(a)\n",
            "model.py uses copy, List, Optional and Tuple without importing them; copy, "
            "typing.List, typing.Optional and typing.Tuple were taken",
        ),
        # Used in a function that nobody calls: said all the same, for it is not imported.
        ("def net(): return numpy.pi\n", "model.py uses numpy without importing it; numpy was tak"),
    ],
)
def test_a_name_that_everybody_uses_so_is_taken_so(model, text, note):
    assert model(text).note.startswith(note)


def test_every_name_is_the_one_that_is_imported_under_it():
    torch = pytest.importorskip("torch")
    text = "\n".join(f"{name}.__doc__" for name in USUAL)
    names = usual_names(text.encode()).names
    assert list(USUAL) == list(names)
    assert names["F"] is torch.nn.functional
    assert names["Tensor"] is torch.Tensor
    assert names["Variable"] is torch.autograd.Variable
    assert names["OrderedDict"]([("a", 1)]) == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        "import math\nnet = math.pi\n",
        "import torch.nn.functional as math\nnet = math.relu\n",
        "def late(): return math.pi\nnet = 1\nimport math\n",
        "def setup():\n    global math\n    import math\n\ndef net(): return math.pi\n",
        "try:\n    math.pi\nexcept NameError:\n    math = None\nnet = 1\n",
        "class math:\n    pi = 3\n\nnet = math.pi\n",
        "def net(math): return math.pi\n",
        "def net():\n    import math\n    return math.pi\n",
        "for math in []: math.pi\nnet = 1\n",
        "if False:\n    import math\ndef net(): return math.pi\n",
        "net = [math.pi for math in []]\n",
    ],
)
def test_a_file_that_defines_a_name_keeps_what_it_does(text):
    assert {} == usual_names(text.encode()).names


def test_a_name_of_its_own_in_one_place_is_no_definition_elsewhere(model):
    text = (
        "def own(math): return math\n"
        "class Other:\n    math = 3\n    def pi(self): return math.pi\n"
        "net = own(2), Other().pi(), Other.math\n"
    )
    assert (2, 3.141592653589793, 3) == model(text).value


@pytest.mark.parametrize(
    "text",
    [
        # Somebody's number, or tensor, is no module.
        "def net(x, B, T): return x.view(B, T, F)\n",
        "def net(x): return x.reshape(F.shape)\n",
        "net = init(1)\n",
        "net = checkpoint\n",
        "net = nnn.Linear(2, 3)\n",
        "net = 'math.pi'\n",
        # A file that cannot be read is told by running it.
        "net = (math.pi\n",
        "math.pi = \0\n",
    ],
)
def test_other_names_are_not_taken(text):
    pytest.importorskip("torch")
    assert {} == usual_names(text.encode()).names


def test_a_file_in_another_encoding_is_read_as_python_reads_it():
    assert ["math"] == list(usual_names(b"# coding: latin-1\nx = '\xe9'\nmath.pi\n").names)
    assert ["math"] == list(usual_names(b"\xef\xbb\xbfmath.pi\n").names)
    assert {} == usual_names(b"x = '\xe9'\nmath.pi\n").names


def test_a_name_that_a_builtin_has_is_left_alone(monkeypatch):
    monkeypatch.setattr(builtins, "math", 7, raising=False)
    assert {} == usual_names(b"math.pi\n").names


def test_nothing_is_added_that_is_not_used(model):
    text = "net = math.pi, sorted(one for one in globals() if not one.startswith('__'))\n"
    assert (3.141592653589793, ["math"]) == model(text).value
    assert [] == model("net = sorted({*globals()} & {'np', 'math', 'nn', 'F'})\n").value


def test_what_a_star_brings_is_not_said_to_be_missing(model, tmp_path):
    (tmp_path / "parts.py").write_text("import math\nimport copy as _\n\nhalf = 0.5\n")
    (tmp_path / "some.py").write_text("import math\n\n__all__ = ['half']\nhalf = 0.5\n")
    assert "" == model("from parts import *\nnet = math.pi * half\n").note
    assert "model.py uses math without importing it; math was taken" == (
        model("from some import *\nnet = math.pi * half\n").note
    )


def test_what_a_star_brings_is_what_it_was(model, tmp_path):
    (tmp_path / "parts.py").write_text("class math:\n    pi = 3\n")
    assert (3, "") == model("from parts import *\nnet = math.pi\n")
    assert (3, "") == model("import parts\nglobals()['math'] = parts.math\nnet = math.pi\n")


def test_only_the_file_that_is_named_is_given_names(model, tmp_path):
    (tmp_path / "beside.py").write_text("value = math.pi\n")
    assert "beside.py, line 1, while importing it (model.py): NameError: name 'math' is not" in (
        refused(model, "from beside import value as net\n")
    )


def test_another_name_that_is_missing_is_told_as_ever(model):
    assert refused(model, "net = math.pi\nnet = net * factor\n") == (
        "model.py, line 2, while importing it: NameError: name 'factor' is not defined\n"
        "  net = net * factor"
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        # Python warns of such an escape when it reads the file again.
        ("'\\sum'\nnet = einops.rearrange(1, 'a -> a')\n", "; the file does not import einops\n"),
        (
            "net = DropPath(0.1)\n",
            "; the file does not import DropPath, which is usually of timm\n",
        ),
        # It does, in a way that did not come about: what it says of itself is enough.
        ("if False:\n    import timm\nnet = timm.models\n", "name 'timm' is not defined\n"),
        ("def f():\n    del timm\n    timm = 1\nnet = f()\n", "local variable 'timm'"),
    ],
)
def test_a_missing_package_is_named(model, text, hint):
    told = refused(model, text)
    assert hint in told
    assert ("; the file" in hint) == ("; the file" in told)


def test_a_script_of_torch_finds_its_names(model):
    """It looks its names up in the module, and not as Python does."""
    pytest.importorskip("torch")
    text = (
        "def swish(x: Tensor) -> Tensor:\n    return x * torch.sigmoid(x)\n\n"
        "net = torch.jit.script(swish)(torch.zeros(2)).tolist()\n"
    )
    assert [0.0, 0.0] == model(text).value


def test_the_documentation_names_all_of_them():
    docs = Path(__file__).parents[2] / "docs" / "importing.md"
    section = docs.read_text(encoding="utf-8").partition("\n## A class")[2].partition("\n## ")[0]
    first = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    assert sorted(USUAL) == sorted(re.findall(r"`(\w+)`", " ".join(first)))
    assert {*PACKAGES.values()} <= set(re.findall(r"`(\w+)`", section))
