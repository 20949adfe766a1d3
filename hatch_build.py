"""The manual is made while the wheel is built, so that it says what the help says."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MAN = "share/man/man1"


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
