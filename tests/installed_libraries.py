"""torchvision and timm as tests use them: imported beside any torch, or the test is skipped."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

import pytest


def library(name):
    """A library or module of one, even if torchvision's compiled operators do not load."""
    for needed in ("torch", name.partition(".")[0]):
        if find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed", allow_module_level=True)
    from convcalc.importers.loading import found
    from convcalc.importers.target import Target
    from convcalc.importers.torch_missing import with_missing_operators

    with_missing_operators(lambda: found(Target(f"{name}", ("__name__",))))
    return importlib.import_module(name)


def ptflops():
    """The module ptflops, which imports torchvision and takes no refusal but an ImportError."""
    if find_spec("torchvision") is not None:
        library("torchvision")
    return pytest.importorskip("ptflops")
