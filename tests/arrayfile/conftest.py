"""Fixtures of the tests of array files: a folder, and file systems of several kinds."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test works in an empty folder of its own, which it may look into."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["link", "no second names"])
def system(request, monkeypatch):
    """A file system that has second names for a file, and one as of memory cards that has none."""
    if request.param == "no second names":

        def refuse(*_):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
