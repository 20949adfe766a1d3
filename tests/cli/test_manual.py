"""The manual says what the help says, and a typesetter has nothing against it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from convcalc.cli import manual
from convcalc.cli.catalog.commands import COMMANDS
from convcalc.cli.parsing.option_types import Option

PAGES = manual.pages()
GROFF = shutil.which("groff")


def words_of(text):
    """The words of a page as it is printed, whatever its lines."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


def printed(page, *options):
    """A page as text, and what groff says about it."""
    done = subprocess.run(
        [GROFF, "-man", "-Tascii", "-P-c", "-P-b", "-P-u", "-rLL=300n", *options],
        input=PAGES[page],
        capture_output=True,
        text=True,
        check=True,
    )
    return words_of(done.stdout), done.stderr


def test_there_is_a_page_for_every_command():
    assert {"convcalc.1", *(f"convcalc-{name}.1" for name in COMMANDS)} == PAGES.keys()


@pytest.mark.skipif(GROFF is None, reason="groff is not installed")
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_page_has_all_that_the_help_of_its_command_says(command):
    told, complaints = printed(f"convcalc-{command}.1", "-ww")
    assert "" == complaints
    listed = COMMANDS[command]
    for said in (listed.about.rstrip("."), listed.details, *listed.examples):
        assert words_of(said) in told
    for option in listed.options.values():
        assert words_of(option.about) in told
        if isinstance(option, Option):
            assert all(word in told for word in option.spellings())


@pytest.mark.skipif(GROFF is None, reason="groff is not installed")
def test_the_page_of_the_program_names_commands_codes_and_variables():
    told, complaints = printed("convcalc.1", "-ww")
    assert "" == complaints
    for said in ("convcalc-shape(1) Output shape", "130, 143, 129 interrupted", "NO_COLOR"):
        assert said in told


def test_no_word_of_a_page_is_a_request():
    lines = "\n".join(PAGES.values()).splitlines()
    requests = {line.split()[0] for line in lines if line.startswith((".", "'"))}
    assert {".TH", ".nh", ".SH", ".SS", ".TP", ".BR", ".nf", ".fi"} == requests
    assert all(page.isascii() for page in PAGES.values())


def test_the_pages_are_written_without_any_library(tmp_path):
    code = (
        "import sys; from convcalc.cli.manual import write_pages; write_pages(sys.argv[1])\n"
        "sys.exit(bool({'typer', 'click', 'rich', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "man")], check=True)
    assert PAGES["convcalc-run.1"] == (tmp_path / "man/convcalc-run.1").read_text()
