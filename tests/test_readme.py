"""The README is short, holds every figure by a test, and says the same in both languages."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

import convcalc
from translation import sections

ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")
)
CLAIMS = re.findall(r"^- \*\*(.*?)<!--(.*?)-->", ENGLISH, re.MULTILINE | re.DOTALL)


def figures(text):
    """The numbers of a text, without the signs that part their digits."""
    return re.findall(r"(?<![\w-])\d[\dx^]*", re.sub(r"(?<=\d)[,_](?=\d)", "", text))


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_it_is_read_in_a_minute(text):
    assert len(text.splitlines()) <= 150


def test_both_languages_have_the_same_commands_links_and_numbers():
    for one, other in zip(sections(ENGLISH), sections(CHINESE), strict=True):
        assert one == other


def test_four_lines_say_what_only_this_does():
    assert len(CLAIMS) == 4


@pytest.mark.parametrize(("claim", "holders"), CLAIMS)
def test_a_figure_stands_in_a_file_that_holds_it(claim, holders):
    files = [ROOT / name for name in re.findall(r"[\w/]+\.(?:py|md)", holders)]
    held = {figure for file in files for figure in figures(file.read_text(encoding="utf-8"))}
    assert set() == set(figures(re.sub(r"`[^`]*`", "", claim))) - held


def test_so_many_networks_come_along():
    assert len(convcalc.network_names()) == 33


def installed_with(name):
    """The distributions that a plain installation of `name` brings, with its own."""
    found, waiting = set(), [name]
    while waiting:
        found.add(waiting.pop())
        needs = [need for one in found for need in metadata.requires(one) or ()]
        plain = [re.split(r"[^\w.-]", need)[0] for need in needs if ";" not in need]
        waiting = [need for need in plain if need not in found]
    return found


def test_so_many_packages_are_installed():
    assert len(installed_with("convcalc")) == 9
    assert " 9 packages " in ENGLISH
