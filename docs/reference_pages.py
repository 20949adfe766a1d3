"""Pages of the site that the program writes itself: its commands, and the schemas of their JSON."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

from convcalc.cli.catalog.commands import COMMANDS
from convcalc.render.schemas.commands import DOCUMENTS, ROWS

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Adds the pages, as mkdocs asks its hooks."""
    pages = {"commands.md": commands_page(), "schemas.md": schemas_page()}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))


def commands_page() -> str:
    """The help of every command, as it is printed."""
    head = "# Commands\n\nWhat `convcalc help COMMAND` prints, and `man convcalc-COMMAND` too.\n"
    return head + "".join(section(name, "text", "help") for name in COMMANDS)


def schemas_page() -> str:
    """The JSON Schema of every document."""
    head = "# JSON schemas\n\nWhat `convcalc schema COMMAND` prints ([formats](formats.md#json)).\n"
    return head + "".join(section(name, "json", "schema") for name in (*DOCUMENTS, *ROWS))


def section(name: str, language: str, command: str) -> str:
    """What is printed of the command `name`, under it."""
    return f"\n## {name}\n\n```{language}\n{printed(command, name)}```\n"


def printed(*arguments: str) -> str:
    """What a command prints, 80 columns wide."""
    done = subprocess.run(
        [sys.executable, "-m", "convcalc", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    return done.stdout
