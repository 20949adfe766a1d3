"""What the documentation shows is what the program does."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import re
import runpy
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import convcalc
from convcalc.layers import KINDS

ROOT = Path(__file__).parents[1]
SHOWN = (ROOT / "README.md").read_text(encoding="utf-8") + "".join(
    (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in (
        *("calculator", "exactness", "inverse", "kinds", "language", "networks"),
        *("receptive-fields", "running", "views", "why-tools-differ"),
    )
)
DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md"))
CONSOLE = re.compile(r"^\$ (convcalc [^\n]*)\n(.*?)(?=^\$ |^```)", re.MULTILINE | re.DOTALL)
EXAMPLES = [
    example
    for block in re.findall(r"^```console\n.*?^```", SHOWN, re.MULTILINE | re.DOTALL)
    for example in CONSOLE.findall(block)
]
NEEDS_TORCH = {
    "convcalc.network.questions",  # the example of `Network.to_torch`
    "convcalc.execute.backends.torch_backend",
    "convcalc.export.torch_constructors",
    "convcalc.export.torch_forms",
    "convcalc.export.torch_module",
    "convcalc.export.torch_modules",
    "convcalc.export.torch_place",
    "convcalc.export.torch_source",
    "convcalc.export.torch_windows",
}

EXTRAS = {"torch", "onnx", "dask", "distributed", "zarr", "cv2", "PIL", "h5py", "tflite"}
"""What a plain installation has not."""

NEEDS_DASK = {
    "convcalc.arrayfile.zarr_folder",
    "convcalc.execute.cluster.client",
    "convcalc.execute.cluster.graph",
}


def modules():
    found = pkgutil.walk_packages(convcalc.__path__, "convcalc.")
    return sorted(module.name for module in found)


def test_there_are_examples_to_check():
    assert len(EXAMPLES) >= 35
    assert len(EXAMPLES) == len(re.findall(r"^\$ convcalc ", SHOWN, re.MULTILINE))


@pytest.mark.parametrize(("command", "expected"), EXAMPLES, ids=[line for line, _ in EXAMPLES])
def test_an_example_prints_what_the_document_shows(command, expected):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONVCALC")}
    done = subprocess.run(
        [sys.executable, "-m", "convcalc", *shlex.split(command)[1:]],
        cwd=ROOT,
        env={**clean, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert expected.strip() == done.stdout.strip()


def test_the_readme_s_python_runs():
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert (0, 3) == (failed, tried)


def test_the_examples_of_python_run():
    pytest.importorskip("pandas")
    pytest.importorskip("torch")
    failed, tried = doctest.testfile(str(ROOT / "docs" / "python.md"), module_relative=False)
    assert (0, True) == (failed, tried >= 36)


def imported(found):
    """The libraries that the examples of a docstring import."""
    code = "".join(example.source for example in found.examples)
    return set(re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE))


@pytest.mark.parametrize("name", modules())
def test_the_examples_in_docstrings_run(name):
    if name in NEEDS_TORCH:
        pytest.importorskip("torch")
    if name in NEEDS_DASK:
        pytest.importorskip("distributed")
        pytest.importorskip("zarr")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        pytest.skip(f"{error.name} is not installed")
    runner = doctest.DocTestRunner()
    for found in doctest.DocTestFinder().find(module):
        # What has no example would be run, too: each looks at every file that Python has open.
        if found.examples:
            for library in EXTRAS & imported(found):
                pytest.importorskip(library)
            runner.run(found)
    assert 0 == runner.summarize().failed


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_in_the_table_and_in_the_conventions(kind):
    table, conventions = (
        (ROOT / "docs" / name).read_text(encoding="utf-8")
        for name in ("kinds.md", "conventions.md")
    )
    assert (True, True) == (f"| `{kind}` |" in table, f"`{kind}`" in conventions)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_between_documents_leads_somewhere(document):
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
    assert [] == [link for link in links if not (document.parent / link).exists()]


def tables(text):
    """The rows of each table."""
    return [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_table_says_of_a_kind_twice(document):
    for rows in tables(document.read_text(encoding="utf-8")):
        told = [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]
        assert sorted(told) == sorted(set(told))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_nothing_is_said_twice(document):
    text = document.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```|^\|[^\n]*", "", text, flags=re.MULTILINE | re.DOTALL)
    words = prose.split()
    runs = [tuple(words[start : start + 12]) for start in range(len(words) - 11)]
    assert [] == [run for run, times in Counter(runs).items() if times > 1]


def test_the_pictures_are_what_the_commands_above_them_draw(tmp_path):
    image = pytest.importorskip("PIL.Image")
    runpy.run_path(str(ROOT / "examples" / "make_pictures.py"))["main"](tmp_path)
    kept = {path.name: path for path in (ROOT / "docs" / "pictures").iterdir()}
    assert kept.keys() == {path.name for path in tmp_path.iterdir()}
    for name, path in kept.items():
        if name.endswith(".svg"):
            assert path.read_bytes() == (tmp_path / name).read_bytes()
        else:  # Pillow may compress it in another way
            with image.open(path) as one, image.open(tmp_path / name) as other:
                assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("document", ["README.md", "docs/pictures.md", "docs/tutorial.md"])
def test_a_picture_stands_where_it_is_drawn(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    drawn = re.findall(
        r"^(?:\$ )?convcalc .* (?:docs/pictures/)?(\S+\.(?:svg|png))$", text, re.MULTILINE
    )
    assert drawn == re.findall(r"\((?:docs/)?pictures/([^)]*\.(?:svg|png))\)", text)


def test_the_shipped_examples_are_what_their_script_makes(tmp_path):
    script = ROOT / "examples" / "make_examples.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    files = (ROOT / "examples").glob("*.[np]p[ym]")
    shipped = {path.name: path.read_bytes() for path in files}
    assert shipped == made


def drawn():
    """The files and folders that the picture of the architecture has, as paths below convcalc."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    picture = next(
        block for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) if "errors.py" in block
    )
    path = []
    for line in picture.splitlines():
        indent = len(line) - len(line.lstrip())
        if indent < 8:
            names = re.findall(r"[\w/]+\.py(?=[ ,;]|$)|^ *\w+/(?= |$)", line[:50])
            path[indent // 2 :] = [names[0].strip().rstrip("/")]
            yield from ("/".join([*path[:-1], name.strip().rstrip("/")]) for name in names)


def test_the_picture_of_the_architecture_is_the_tree():
    root = Path(convcalc.__file__).parent
    folders = {path.parent for path in root.rglob("*.py")} - {root}
    rooms = {folder.relative_to(root).as_posix() for folder in folders}
    assert rooms == {path for path in drawn() if not path.endswith(".py")} | {
        "cli/commands/run",
        "cli/commands/explain",
    }
    single = {path.name for path in root.glob("*.py")} - {"__init__.py", "__main__.py"}
    single |= {f"execute/{path.name}" for path in root.glob("execute/*.py")} - {
        "execute/__init__.py"
    }
    assert single == {path for path in drawn() if path.endswith(".py")}
