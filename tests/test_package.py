"""What a package index shows of the project is what the project says elsewhere."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest

import convcalc

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_pythons_are_those_that_are_tested():
    named = re.findall(r":: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    matrices = re.findall(r"python: \[(.*)\]", text_of(".github/workflows/checks.yml"))
    core, torch = (re.findall(r"[\d.]+", matrix) for matrix in matrices)
    assert core == named
    assert set(torch) <= set(named)  # torch follows a new Python later


def test_the_address_of_the_repository_is_the_same_everywhere():
    source = PROJECT["urls"]["Source"]
    assert [] == [url for url in PROJECT["urls"].values() if not url.startswith(source)]
    assert f"\nrepository-code: {source}\n" in text_of("CITATION.cff")


def test_the_version_is_the_newest_of_the_changelog_and_the_one_that_is_cited():
    heading = r"^## \[(\d[^\]]*)\] - (\d{4}-\d\d-\d\d)$"
    newest = re.findall(heading, text_of("CHANGELOG.md"), re.MULTILINE)[0]
    cited = re.findall(r"^(?:version|date-released): (.*)$", text_of("CITATION.cff"), re.MULTILINE)
    assert tuple(cited) == newest
    assert convcalc.__version__ == newest[0]


def test_every_extra_for_users_is_told_of():
    development = {"bench", "docs", "lint", "notebook", "onnx-test", "package", "page", "peers"}
    extras = set(PROJECT["optional-dependencies"]) - development - {"test"}
    assert extras == set(re.findall(r"convcalc\[(\w+)\]", text_of("docs/install.md")))


def test_the_readme_of_a_package_has_absolute_links():
    pytest.importorskip("hatchling")
    absolute = runpy.run_path(str(ROOT / "hatch_build.py"))["with_absolute_links"]
    text = "[a](docs/b.md#c) ![d](e.svg) [f](https://g) [h](#i)"
    assert absolute(text, "https://host/name") == (
        "[a](https://host/name/blob/main/docs/b.md#c) ![d](https://host/name/raw/main/e.svg)"
        " [f](https://g) [h](#i)"
    )
    shown = absolute(text_of("README.md"), PROJECT["urls"]["Source"])
    assert [] == re.findall(r"\]\((?!https:)[^)]*\)", shown)
