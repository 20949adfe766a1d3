"""Who may import whom: fences between the parts, and libraries that the calculator does without."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import convcalc

ROOT = Path(convcalc.__file__).parent

SHAPES = {"errors", "window", "borders", "receptive", "layers"}
BOUND = SHAPES | {"spec", "binding"}
NETWORKS = BOUND | {"network", "lowering", "reading", "pytorch_text"}
REPORTS = NETWORKS | {"analysis"}
SOURCES = REPORTS | {"reference", "sources"}
MAY_IMPORT = {
    "errors": set(),
    "collecting": set(),
    "opening": {"errors"},
    "calling": {"errors", "layers"},
    "window": set(),
    "borders": {"window"},
    "receptive": {"errors", "window"},
    "spec": {"errors"},
    "layers": {"errors", "window", "receptive"},
    "binding": SHAPES | {"spec"},
    "network": BOUND,
    "lowering": BOUND | {"network"},
    "reading": BOUND | {"network", "lowering", "pytorch_text", "collecting"},
    "reference": NETWORKS | {"calling"},
    "analysis": NETWORKS | {"collecting", "calling", "raising"},
    "raising": NETWORKS,
    "pytorch_text": BOUND | {"network", "lowering"},
    "sources": NETWORKS | {"reference", "calling", "opening"},
    "arrayfile": {"errors", "opening"},
    "importers": REPORTS,
    "execute": REPORTS | {"arrayfile"},
    "export": NETWORKS | {"calling", "execute"},
    "render": REPORTS | {"reference"},
    "cli": SOURCES | {"calling", "arrayfile", "importers", "execute", "render"},
    "__main__": {"cli", "errors"},
    "__init__": set(),
}
EXEMPT = {("network.py", "analysis"), ("network.py", "export")}
"""`Network.analyze` and `to_torch` are conveniences that import their parts when called."""

LIBRARIES = {
    "numpy": {"arrayfile", "execute", "export", "importers", "render"},
    "torch": {"execute", "export", "importers"},
    "onnx": {"importers"},
    "dask": {"execute"},
    "distributed": {"execute"},
    "zarr": {"arrayfile"},
    "rich": {"render", "cli"},
    "typer": {"cli"},
}

EXTRA = {"dask", "distributed", "zarr"}


def imports(tree):
    """The dotted names that a module imports when it runs, those inside functions included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from imports(node)


def modules():
    """(path, part, imported names) of every module of convcalc."""
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT)
        part = place.parts[0].removesuffix(".py")
        yield place.as_posix(), part, set(imports(ast.parse(path.read_text("utf-8"))))


def test_every_part_has_its_place_in_the_order():
    parts = {part for _, part, _ in modules()}
    assert {"errors", "window", "receptive", "layers", "spec", "network", "analysis"} <= parts
    assert parts <= set(MAY_IMPORT)


def test_the_parts_import_in_one_direction():
    crossings = set()
    for path, part, names in modules():
        inner = {name.split(".")[1] for name in names if name.startswith("convcalc.")}
        known = inner & set(MAY_IMPORT)
        crossings |= {(path, other) for other in known - MAY_IMPORT[part] - {part}}
    assert EXEMPT == crossings


def test_each_library_is_known_to_few_parts():
    users = {(name.split(".")[0], part, path) for path, part, names in modules() for name in names}
    strays = [use for use in users if use[0] in LIBRARIES and use[1] not in LIBRARIES[use[0]]]
    assert [] == strays


def test_three_modules_know_dask_and_one_knows_zarr():
    users = {(path, name.split(".")[0]) for path, _, names in modules() for name in names}
    assert {
        ("execute/cluster.py", "dask"),
        ("execute/cluster.py", "distributed"),
        ("execute/contact.py", "distributed"),
        ("execute/tile_graph.py", "dask"),
        ("arrayfile/zarr_folder.py", "zarr"),
    } == {(path, name) for path, name in users if name in EXTRA}


def test_the_order_has_no_way_back():
    # Otherwise two parts could import each other with leave.
    for part, below in MAY_IMPORT.items():
        assert not [other for other in below if part in MAY_IMPORT[other]]


def loaded_by(code):
    """The modules that a fresh interpreter has loaded after running some code."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, capture_output=True, check=True, text=True)
    return set(json.loads(run.stdout))


@pytest.mark.parametrize(
    "code",
    [
        "import convcalc; convcalc.parse('conv:8,k3 sep:4,k3').analyze((3, 9, 9))",
        "import convcalc; convcalc.parse('convt:8,k3,s2').weight_shapes((3, 9, 9))",
        "import convcalc, convcalc.analysis.compare as a\n"
        "a.compare(convcalc.parse('conv:8,k5'), (8, 9, 9), ','.join(a.EXAMPLES))",
        "import convcalc\n"
        "from convcalc.analysis.diff import difference\n"
        "one = convcalc.parse('conv:8,k5').analyze((8, 9, 9))\n"
        "difference(one, convcalc.parse('conv:8,k3').analyze((8, 9, 9)))",
        "import convcalc\n"
        "network = convcalc.parse('define f(w){3x{conv:$w,k3,p1 bn}} x=f:8 residual{se:4|@x}')\n"
        "network.spec(); network.analyze((3, 9, 9))",
        "import convcalc\n"
        "try: convcalc.parse('residual{conv:8,k3 | relu').analyze((3, 9, 9))\n"
        "except convcalc.SpecError as error: str(error)",
        "import convcalc\n"
        "try: convcalc.parse('conx:8')\n"
        "except convcalc.SpecError as error: str(error)",
    ],
)
def test_the_calculator_needs_no_library(code):
    loaded = loaded_by(code)
    assert "convcalc.network.graph" in loaded
    assert set() == loaded & {"numpy", "torch", "onnx", "rich", "typer", "click", *EXTRA}


def test_importing_convcalc_loads_none_of_its_parts():
    assert ["convcalc"] == [m for m in sorted(loaded_by("import convcalc")) if "convcalc" in m]


def test_every_public_name_is_there():
    assert set(convcalc.__all__) <= set(dir(convcalc))
    assert all(getattr(convcalc, name).__name__ == name for name in convcalc.__all__)
    with pytest.raises(AttributeError, match="module 'convcalc' has no attribute 'nothing'"):
        _ = convcalc.nothing
