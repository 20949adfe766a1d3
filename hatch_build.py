"""What is made while a package is built: the manual, from the help, and the links of the README."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

MAN = "share/man/man1"
RELATIVE = re.compile(r"(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)]+)\)")
"""A link in Markdown, or with its sign a picture, to a file of the repository."""


def with_absolute_links(text: str, source: str) -> str:
    """The text with every link to a file of the repository as an address.

    Args:
        text: Markdown, in the root of the repository.
        source: The address of the repository.
    """
    places = {"": "blob", "!": "raw"}
    return RELATIVE.sub(
        lambda link: f"{link[1]}{link[2]}({source}/{places[link[1]]}/main/{link[3]})", text
    )


class ReadmeHook(MetadataHookInterface):
    """Describes a package by the README, whose files are not beside it there."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Adds the README.

        Args:
            metadata: The table `project` of pyproject.toml.
        """
        with open(os.path.join(self.root, "README.md"), encoding="utf-8") as file:
            text = with_absolute_links(file.read(), metadata["urls"]["Source"])
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


class ManualHook(BuildHookInterface[Any]):
    """Adds the pages of `man` to a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Writes the pages, which the wheel takes from there.

        Args:
            version: What is built: "standard" or "editable".
            build_data: What the wheel holds, beside the package.
        """
        del version
        sys.path.insert(0, os.path.join(self.root, "src"))
        from convcalc.cli.manual import write_pages

        self._folder = tempfile.mkdtemp()
        for path in write_pages(self._folder):
            build_data["shared_data"][path] = f"{MAN}/{os.path.basename(path)}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Takes the pages away again.

        Args:
            version: What was built.
            build_data: What it held.
            artifact_path: The wheel.
        """
        del version, build_data, artifact_path
        shutil.rmtree(self._folder)
