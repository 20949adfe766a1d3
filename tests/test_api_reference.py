"""The reference of the API has every public name, and every kind with its class."""

from __future__ import annotations

import dataclasses
import re
from importlib import import_module
from pathlib import Path

import pytest

import convcalc
from convcalc.layers import KINDS

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {page.stem: page.read_text("utf-8") for page in sorted((DOCS / "api").glob("*.md"))}
NAMED = re.findall(r"^::: ([\w.]+)$", "\n".join(PAGES.values()), re.MULTILINE)


def parameters(kind):
    """The parameters of a class as they are written in Python."""
    fields = dataclasses.fields(kind)
    needed = [field.name for field in fields if field.default is dataclasses.MISSING]
    others = [f for f in fields if f.default is not dataclasses.MISSING]
    return ", ".join([*needed, *(f"{field.name}={field.default!r}" for field in others)])


def table_of_layers():
    rows = [
        f"| `{name}` | `{KINDS[name].__name__}({parameters(KINDS[name])})` |"
        for name in sorted(KINDS)
        if KINDS[name].__module__.startswith("convcalc.layers.")
    ]
    return "\n".join(["| kind | class |", "| --- | --- |", *rows]) + "\n"


def test_every_kind_is_there_with_its_class_and_its_parameters():
    assert table_of_layers() in PAGES["layers"]


def test_every_public_name_is_in_the_reference():
    public = {getattr(convcalc, name) for name in convcalc.__all__}
    found = set()
    for path in NAMED:
        module, _, name = path.rpartition(".")
        found.add(getattr(import_module(module), name))
    errors = {one for one in public if isinstance(one, type) and issubclass(one, Exception)}
    assert set() == public - found - errors
    assert all(
        f"{error.__name__}," in PAGES["errors"] for error in errors - {convcalc.ConvcalcError}
    )


@pytest.mark.parametrize("path", NAMED)
def test_what_is_named_has_a_docstring(path):
    module, _, name = path.rpartition(".")
    assert getattr(import_module(module), name).__doc__


def test_the_pages_are_all_in_the_navigation():
    configured = (DOCS.parent / "mkdocs.yml").read_text("utf-8")
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    assert pages == set(re.findall(r": ([\w./-]+\.md)$", configured, re.MULTILINE))
