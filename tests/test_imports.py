"""Who may import whom: a table of the rooms, and libraries that the calculator does without."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import convcalc

ROOT = Path(convcalc.__file__).parent

MAY_IMPORT = """
# One axis, errors and files: they know of no layer.
widths:
lazy_names:
errors: widths
window:
opening: errors
file_names:
borders: window
resource_limits:
held_signals:
python_source:
receptive: window
collecting:
# Networks of layers, and the text that describes them.
layers: lazy_names errors window borders receptive
network: lazy_names errors layers
language: errors collecting python_source layers network
zoo: errors layers network language
# What can be said from shapes alone.
analysis: lazy_names errors window borders receptive collecting layers network language
explain: layers network window borders receptive analysis
# What gives what is wanted: searches, grids, budgets.
inverse: errors window borders receptive collecting layers network language zoo analysis
# Several networks at once.
several: errors layers network language zoo analysis inverse
# Arrays in files.
arrayfile: lazy_names errors opening file_names resource_limits layers
# Networks as other programs have them.
importers: errors opening python_source window layers network receptive arrayfile
importers/files: errors opening python_source language layers network arrayfile importers
# The convolution itself, from whole numbers up to clusters.
execute/fitted_costs:
execute/arrays: errors file_names window layers arrayfile
execute/problem: window layers network execute/arrays
execute/tiling: errors window execute/problem
execute/weights: errors opening layers network arrayfile importers execute/arrays
execute/backends: errors window layers execute/fitted_costs execute/arrays execute/problem
execute/algorithms: window execute/fitted_costs execute/arrays execute/problem execute/backends
execute/planning: errors window analysis arrayfile execute/fitted_costs execute/arrays
    execute/problem execute/backends execute/algorithms
execute/executor: errors window layers execute/fitted_costs execute/arrays execute/problem
    execute/tiling execute/backends execute/algorithms execute/planning
execute/verify: window layers execute/arrays
execute/settings: analysis execute/arrays execute/problem execute/tiling execute/planning
    execute/executor execute/verify
execute/further_inputs: errors layers network
execute/job: errors layers network execute/arrays execute/settings
execute/network_job: errors layers network execute/arrays execute/settings execute/further_inputs
    execute/job
execute/arguments: errors layers execute/arrays execute/algorithms
execute/prepare: network execute/arrays execute/problem execute/planning execute/executor
    execute/settings execute/job
execute/repeating: layers execute/arrays execute/problem execute/planning execute/executor
    execute/arguments
execute/convolve: errors layers execute/arrays execute/problem execute/planning
    execute/arguments execute/repeating
execute/emptiness: layers network analysis arrayfile execute/arrays execute/job
execute/in_memory: __init__ errors layers network analysis arrayfile execute/arrays
    execute/weights execute/executor execute/verify execute/settings execute/job
    execute/network_job execute/prepare execute/emptiness
execute/out_of_core: __init__ layers analysis arrayfile execute/arrays execute/problem
    execute/tiling execute/planning execute/executor execute/verify execute/settings execute/job
    execute/prepare execute/emptiness execute/in_memory
execute/cluster: __init__ errors resource_limits held_signals analysis arrayfile execute/arrays
    execute/problem execute/tiling execute/backends execute/planning execute/executor
    execute/settings execute/job execute/prepare execute/emptiness execute/in_memory
    execute/out_of_core
export: __init__ errors window layers network execute/arrays execute/weights
# Documents and the command line.
render: lazy_names errors widths receptive layers network language zoo analysis explain inverse
    several execute/arrays execute/problem
    execute/tiling execute/planning execute/verify execute/settings
cli/parsing: errors file_names layers network language zoo inverse arrayfile importers
    importers/files
cli/terminal: errors widths arrayfile render cli/parsing
cli/catalog: cli/parsing
cli/completion: file_names language layers cli/parsing cli/terminal cli/catalog
cli/commands: errors held_signals layers network language zoo importers analysis explain inverse
    several arrayfile execute/weights execute/planning export render cli/parsing cli/terminal
    cli/completion
cli/commands/run: errors file_names layers network importers importers/files arrayfile
    execute/arrays execute/weights
    execute/algorithms execute/planning execute/verify execute/settings execute/job
    execute/network_job execute/in_memory execute/out_of_core execute/cluster render
    cli/parsing cli/terminal
cli/commands/explain: errors layers network arrayfile execute/arrays execute/weights
    execute/settings execute/job execute/network_job execute/in_memory explain render
    cli/parsing cli/terminal cli/commands cli/commands/run
cli: __init__ errors resource_limits zoo arrayfile execute/backends cli/parsing cli/terminal
    cli/catalog
__main__: __init__ errors cli/terminal cli/completion cli
__init__:
"""
"""Every room with those that it may import, names for type checkers included; bottom first.

A room is a file or a folder of convcalc; in `execute` and `cli`, one of theirs."""

ROOMS = {
    room: set(others.split())
    for line in re.sub(r"#.*|\n +", " ", MAY_IMPORT).splitlines()
    for room, others in re.findall(r"([\w/]+):(.*)", line)
}

UPWARDS = {
    ("layers", "language"),
    ("layers", "network"),
    ("network", "language"),
    ("network", "analysis"),
    ("network", "export"),
    ("analysis", "render"),
}
"""Imports that lead upwards: conveniences in Python, which import their rooms when they are called.

`>>` puts layers and networks together, `analyze`, `memory`, ... and `to_torch` are questions to a
network, and an answer prints as its document."""

LIBRARIES = {
    "numpy": {"arrayfile", "execute", "export", "importers", "render"},
    "torch": {"execute/backends", "execute/weights", "export", "importers"},
    "onnx": {"export", "importers"},
    "cv2": {"execute/backends"},
    "dask": {"execute/cluster"},
    "distributed": {"execute/cluster"},
    "zarr": {"arrayfile"},
    "pandas": {"analysis"},
    "PIL": {"arrayfile", "render"},
    "h5py": {"importers"},
    "tflite": {"importers"},
    "rich": {"cli"},
    "typer": {"cli"},
}

EXTRA = {"dask", "distributed", "zarr", "PIL", "pandas"}


def module_names():
    """The dotted name of every module, with its file."""
    files = sorted(ROOT.rglob("*.py"))
    names = [(ROOT.name, *file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return {
        ".".join(name).removesuffix(".__init__"): f for name, f in zip(names, files, strict=True)
    }


MODULES = module_names()
NAMING = {name for name, file in MODULES.items() if file.name == "__init__.py"}
"""Packages: they name what is inside them, and load it when it is asked for."""


def statements(tree):
    """What is directly inside a module or a statement: handlers and cases, too, no expressions."""
    for field in ("body", "orelse", "handlers", "finalbody", "cases"):
        yield from getattr(tree, field, ())


def imported(tree, *, running=False):
    """What a module imports, inside functions too; modules by their names.

    Args:
        running: Leaves out what type checkers alone import.
    """
    for node in statements(tree):
        if running and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in whole)
        yield from imported(node, running=running)


@cache
def trees():
    """Every module; read when the first test asks, not by whoever collects tests."""
    return {name: ast.parse(file.read_text("utf-8")) for name, file in MODULES.items()}


@cache
def graph(*, running=False):
    """What each module imports."""
    return {name: set(imported(tree, running=running)) for name, tree in trees().items()}


def room_of(module):
    """The longest name in the table that a module lies under."""
    place = module.split(".")[1:] or ["__init__"]
    names = ["/".join(place[:length]) for length in range(len(place), 0, -1)]
    return next((name for name in names if name in ROOMS), None)


def crossings():
    """The imports from one room into another."""
    for module, names in graph().items():
        if module not in NAMING:
            own = room_of(module)
            yield from ((own, room_of(name)) for name in names & set(MODULES))


def test_every_module_has_a_room():
    # An empty `execute` or `cli` is none: what is in them has rooms of its own.
    homeless = {module for module in MODULES if room_of(module) is None}
    assert {"convcalc.execute"} == homeless


def test_the_rooms_import_those_of_the_table_alone():
    found = {(own, other) for own, other in crossings() if own != other}
    assert UPWARDS == {(own, other) for own, other in found if other not in ROOMS[own]}


def test_the_table_lets_no_room_import_one_that_comes_later():
    order = ["__init__", *(room for room in ROOMS if room != "__init__")]
    for room, below in ROOMS.items():
        assert [] == [other for other in below if order.index(other) >= order.index(room)]


def test_no_modules_import_each_other_but_the_registry_and_the_kinds():
    # The base class of the kinds registers each of them; the registry names the base class.
    one = {"convcalc.layers.base": "convcalc.layers.kinds"}
    known = {}
    for module, names in graph().items():
        if module not in NAMING:
            others = {one.get(name, name) for name in names & set(MODULES) - NAMING}
            own = one.get(module, module)
            known[own] = known.get(own, set()) | others - {own}
    TopologicalSorter(known).prepare()  # raises where there is a circle


def test_each_library_is_known_to_few_rooms():
    running = graph(running=True).items()
    users = {(name.split(".")[0], module) for module, names in running for name in names}
    strays = {
        (library, module)
        for library, module in users
        if library in LIBRARIES and not {module.split(".")[1], room_of(module)} & LIBRARIES[library]
    }
    assert set() == strays


def test_few_modules_know_dask_zarr_pillow_and_pandas():
    running = graph(running=True).items()
    users = {(module, name.split(".")[0]) for module, names in running for name in names}
    assert {
        ("convcalc.execute.cluster.client", "dask"),
        ("convcalc.execute.cluster.client", "distributed"),
        ("convcalc.execute.cluster.contact", "distributed"),
        ("convcalc.execute.cluster.graph", "dask"),
        ("convcalc.arrayfile.zarr_folder", "zarr"),
        ("convcalc.analysis.tabular", "pandas"),
        ("convcalc.arrayfile.pictures", "PIL"),
        ("convcalc.arrayfile.picture_writing", "PIL"),
        ("convcalc.render.raster_walk", "PIL"),
    } == {(module, name) for module, name in users if name in EXTRA}


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
