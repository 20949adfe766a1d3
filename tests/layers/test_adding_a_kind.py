"""What a kind of layer needs beside its own file: a row in each table that asks about it."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import convcalc
from contract import CONTRACT
from convcalc import layers
from convcalc.analysis.conventions import MODULE_OF, load_convention
from convcalc.analysis.memory import autograd, traffic
from convcalc.explain.table import EXPLAINED
from convcalc.explain.walk.functions import FORMULAS
from convcalc.language.pytorch import table
from convcalc.layers import KINDS
from convcalc.layers.activations import Unweighted
from convcalc.layers.kinds import CLASS_OF, row_of
from convcalc.layers.softmax import Shares
from convcalc.network import initialisation

SOURCE = Path(convcalc.__file__).parent
PROJECT = SOURCE.parents[1]

NOT_PRINTED = {
    *("dw", "pw", "sep", "gap", "layerscale", "reshape", "slice"),
    *("bilinear", "concat", "residual", "scale", "opaque", "unreached", "crop"),
    *("input", "parameter", "permute", "view", "matmul", "attention", "elementwise", "reduce"),
}
"""Kinds that no module of PyTorch is read as: it writes them in other words, or as calls."""


def tables(kind):
    """The rows that are asked for of a kind, by what is asked and where; None where it is missing.

    A table by kinds and families has the row of a kind or that of its family.
    """
    layer = KINDS[kind]
    module = CLASS_OF.get(kind, "").partition(".")[0]
    line = f"    from convcalc.layers.{module} import *\n"
    seen = line in (SOURCE / "layers/__init__.py").read_text()
    asked = {
        "layers/kinds.py (CLASS_OF)": CLASS_OF.get(kind),
        "layers/__init__.py (for type checkers)": seen or None,
        "tests/contract.py": CONTRACT.get(kind),
        "analysis/memory/autograd.py": row_of(autograd.SAVED, layer),
        "network/initialisation.py (GAINS)": row_of(initialisation.GAINS, layer),
        "explain/*.py": row_of(EXPLAINED, layer),
    }
    if issubclass(layer, Unweighted) and not issubclass(layer, Shares):
        asked["explain/walk/functions.py"] = FORMULAS.get(kind)
    stages = any(base.__name__ == "Staged" for base in layer.__mro__)
    if layer.has_weights() and not stages:  # stages start as their convolutions do
        asked["network/initialisation.py (STARTS)"] = row_of(initialisation.STARTS, layer)
    if kind not in CONTRACT or not CONTRACT[kind].macs:  # products read both their operands
        fetched = None if layer.has_weights() else row_of(traffic.FETCHED, layer)
        asked["analysis/memory/traffic.py"] = row_of(traffic.PASSES, layer) or fetched
    for name, file in MODULE_OF.items():
        rules = load_convention(name).rules
        asked[f"analysis/conventions/{file}.py"] = row_of(rules, layer)
    if find_spec("torch"):
        from convcalc.export.torch_forms import FORMS

        asked["export/torch_forms.py"] = row_of(FORMS, layer)
    if kind not in NOT_PRINTED:
        forms = (form for form in table.FORMS.values() if form.kind == kind)
        asked["language/pytorch/table.py"] = next(forms, None)
    if layer.computable:
        return asked
    # What it costs is not known, nor how torch has it.
    unknown = ("analysis/", "export/")
    return {name: row for name, row in asked.items() if not name.startswith(unknown)}


def missing_rows(kind):
    """What a kind still needs, a sentence a row."""
    return [
        f"{where} has no row for '{kind}'" for where, row in tables(kind).items() if row is None
    ]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_table_has_a_row_for_every_kind(kind):
    assert [] == missing_rows(kind)


NOVEL = """
from __future__ import annotations
import dataclasses
from typing import ClassVar
from convcalc.layers.{module} import {base}

@dataclasses.dataclass(frozen=True)
class Novel({base}):
    kind: ClassVar[str] = "novel"
{body}
"""


@pytest.fixture
def novel(monkeypatch, tmp_path):
    """Writes the file of a new kind, which derives from a class, and gives it its registry row."""

    def write(module, base, body=""):
        text = NOVEL.format(module=module, base=base, body=body)
        (tmp_path / "novel.py").write_text(text)
        monkeypatch.setattr(layers, "__path__", [*layers.__path__, str(tmp_path)])
        monkeypatch.setitem(CLASS_OF, "novel", "novel.Novel")

    yield write
    KINDS._loaded.pop("novel", None)
    sys.modules.pop("convcalc.layers.novel", None)


TYPES = "layers/__init__.py (for type checkers)"
KEPT = "analysis/memory/autograd.py"
GAINS = "network/initialisation.py (GAINS)"
STARTS = "network/initialisation.py (STARTS)"
EXPLAIN = "explain/*.py"
FORMULA = "explain/walk/functions.py"
TRAFFIC = "analysis/memory/traffic.py"
TOOLS = [
    f"analysis/conventions/{tool}.py"
    for tool in ("torch_counter", "fvcore", "torchinfo", "ptflops", "thop")
]
FORM = ["export/torch_forms.py"] if find_spec("torch") else []
TEXT = "language/pytorch/table.py"
WEIGHTED = "    def weight_shapes(self, shape): return {'weight': shape[:1]}"


@pytest.mark.parametrize(
    ("module", "base", "body", "missing"),
    [
        ("base", "Layer", WEIGHTED, [KEPT, GAINS, EXPLAIN, STARTS, TRAFFIC, *TOOLS, *FORM, TEXT]),
        ("base", "Layer", "", [KEPT, GAINS, EXPLAIN, TRAFFIC, *TOOLS, *FORM, TEXT]),
        # A family answers for its kinds what is the same of all of them.
        ("base", "Rearrangement", "", [KEPT, EXPLAIN, *FORM, TEXT]),
        ("activations", "Activation", "", [KEPT, GAINS, TOOLS[3], *FORM, TEXT]),
        ("joins", "Join", "", [KEPT, EXPLAIN, TRAFFIC, *FORM, TEXT]),
        ("pooling", "Pool", "", [KEPT, EXPLAIN, TRAFFIC, TOOLS[4], *FORM, TEXT]),
        ("normalisation", "Norm", "", [KEPT, EXPLAIN, TRAFFIC, *TOOLS, *FORM, TEXT]),
        # A kind says nothing of those that derive from it.
        ("activations", "ReLU", "", [KEPT, GAINS, FORMULA, TOOLS[3], *FORM, TEXT]),
    ],
)
def test_the_rows_that_a_new_kind_needs_are_named(novel, module, base, body, missing):
    novel(module, base, body)
    always = (TYPES, "tests/contract.py")
    expected = [f"{where} has no row for 'novel'" for where in (*always, *missing)]
    assert expected == missing_rows("novel")


def test_a_row_of_the_registry_is_enough_to_be_read(novel):
    novel("base", "Rearrangement")
    row = convcalc.parse("conv:2,k1 novel").analyze((1, 4, 4)).layers[1]
    assert ("novel", (2, 4, 4), 0) == (row.kind, row.output_shape, row.macs)


def test_a_missing_row_is_named(monkeypatch):
    monkeypatch.delitem(autograd.SAVED, "mish")
    monkeypatch.delitem(CONTRACT, "mish")
    assert [
        "tests/contract.py has no row for 'mish'",
        "analysis/memory/autograd.py has no row for 'mish'",
    ] == missing_rows("mish")


NAMED = {
    # (how a kind is written in code, its file): where a row or, for a file of its own, a line is.
    ("mish", "softplus"): {
        "explain/walk/functions.py",
        "analysis/memory/autograd.py",
        "network/initialisation.py",
        "analysis/conventions/ptflops.py",
        "export/onnx_forms.py",
        "export/torch_forms.py",
        "importers/torch_kinds.py",
        "importers/onnx_kinds.py",
        "language/pytorch/table.py",
    },
    ("pixel_?shuffle", "pixelshuffle"): {
        "explain/moves.py",
        "explain/walk/copies.py",
        "render/page/known.py",
        "layers/__init__.py",
        "analysis/memory/autograd.py",
        "export/onnx_forms.py",
        "export/torch_forms.py",
        "importers/torch_kinds.py",
        "importers/onnx_views.py",
        "language/pytorch/table.py",
        "analysis/diff.py",
    },
    ("layer_?scale", "layerscale"): {
        "explain/elements.py",
        "explain/walk/functions.py",
        "layers/__init__.py",
        "analysis/memory/autograd.py",
        "analysis/memory/traffic.py",
        "network/initialisation.py",
        *(f"analysis/conventions/{file}.py" for file in MODULE_OF.values()),
        "export/onnx_forms.py",
        "export/torch_forms.py",
        "export/torch_modules.py",
        "importers/onnx_elementwise.py",
        "analysis/diff.py",
    },
}


@pytest.mark.parametrize(("name", "own"), NAMED)
def test_a_kind_is_named_in_its_file_the_registry_and_the_tables_alone(name, own):
    word = re.compile(name, re.IGNORECASE)
    sources = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*.py")}
    found = {file for file, path in sources.items() if word.search(path.read_text())}
    found -= {"language/darknet.py"}  # what darknet calls its own activations
    found -= {"cli/completion/values.py"}  # which its own test holds against all kinds
    found -= {"importers/torch_operations.py"}  # what torch calls its own operations
    found -= {"layers/other_names.py"}  # what other programs call theirs, for hints
    # What other programs call their own layers, and what other tools say of modules as they are.
    others = ("importers/keras/", "importers/pt2/", "importers/tflite/", "importers/torch_seen_")
    found = {file for file in found if not file.startswith(others)}
    assert NAMED[name, own] | {f"layers/{own}.py", "layers/kinds.py"} == found


@pytest.mark.parametrize(
    ("file", "start", "end"),
    [
        ("CONTRIBUTING.md", "## How to add a kind of layer", "\n## "),
        ("docs/architecture.md", "**A layer answers all questions about itself.**", "\n\n"),
    ],
)
def test_the_guides_name_these_tables(file, start, end):
    text = (PROJECT / file).read_text().partition(start)[2].partition(end)[0]
    named = re.findall(r"`(?:src/convcalc/)?((?:[\w*]+/)+[\w*]+\.py)`", text)
    families = ("activations", "sequences")
    contract = ["tests/contract.py", *(f"tests/contract_{family}.py" for family in families)]
    files = set().union(*NAMED.values(), ["layers/KIND.py", "layers/kinds.py", *contract])
    places = ("analysis/conventions/", "explain/", "importers/onnx_")
    many = {file for file in files if file.startswith(places)}
    folders = {
        "analysis/conventions/*.py",
        "explain/*.py",
        "explain/walk/*.py",
        "importers/onnx_*.py",
    }
    guide = {*(files - many), *folders, "tests/layers/test_adding_a_kind.py"}
    assert sorted(guide) == sorted(named)
