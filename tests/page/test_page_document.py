"""The page's one file: complete, small, and loading nothing."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

from page_layers import started

import convcalc.render.page
from convcalc.render.page.document import IMPORT, SCRIPTS, joined_scripts, page_html
from convcalc.render.page.start import MOST_NUMBERS

FOLDER = Path(convcalc.render.page.__file__).parent
LARGEST = 170_000
"""Bytes that a page may have."""


class Page(HTMLParser):
    """What stands in a page: its elements in order, and the texts of its scripts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self.open = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[self.elements[-1][1]["type"]] = data


def page(text="conv:2,k3,p1", shape=(1, 4, 4), **more):
    return page_html({**started(text, shape)[0], **more})


def test_every_element_is_closed_and_every_id_is_there_once():
    read = Page(page())
    assert [] == read.open
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    wanted = set(re.findall(r'find\("([a-z]+)"\)', joined_scripts()))
    assert wanted <= set(ids)
    for _, attributes in read.elements:
        named = f"{attributes.get('for') or ''} {attributes.get('aria-labelledby') or ''}"
        assert set(named.split()) <= set(ids)


def test_it_loads_nothing():
    text = page()
    assert not re.search(r"https?:|//\w|@import|url\(|\bfetch\(|XMLHttp|import\(", _code(text))
    for tag, attributes in Page(text).elements:
        assert "src" not in attributes
        assert (tag, attributes.get("href", "data:,")) in ((tag, "data:,"), (tag, None))


def _code(text):
    """A page without the comments of its scripts."""
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)


def test_the_largest_page_is_under_170_kb():
    start, _ = started("conv:2,k7,nobias", (5, 20, 20), whole=False)
    assert 2_450 < 5 * 20 * 20 + 2 * 5 * 49 <= MOST_NUMBERS
    long = [[[-1.2345678901234567e-100] * 20] * 20] * 5
    assert len(page_html({**start, "input": long}).encode()) < LARGEST


def test_a_page_with_few_numbers_is_under_110_kb():
    assert len(page().encode()) < 110_000


def test_its_data_cannot_leave_their_place():
    evil = "</script><script>alert(1)</script>"
    read = Page(page(name=evil))
    assert evil == json.loads(read.scripts["application/json"])["name"]
    assert 2 == len([tag for tag, _ in read.elements if tag == "script"])


def test_all_scripts_are_joined_in_an_order_in_which_imports_go_back():
    assert sorted(path.name for path in FOLDER.glob("*.mjs")) == sorted(SCRIPTS)
    known = set()
    for name in SCRIPTS:
        text = (FOLDER / name).read_text()
        found = re.findall(r'^import [^;]*"\./([a-z]+\.mjs)";', text, re.MULTILINE)
        assert len(found) == text.count("import {") == len(IMPORT.findall(text))
        assert set(found) <= known, name
        known.add(name)


def test_no_text_of_a_script_goes_over_lines_whose_indents_are_left_out():
    for line in joined_scripts().splitlines():
        assert line.count("`") % 2 == 0, line


def test_no_two_scripts_use_one_name():
    joined = joined_scripts()
    names = re.findall(r"^(?:function|const|class) (\w+)", joined, re.MULTILINE)
    assert sorted(set(names)) == sorted(names)
    assert not re.search(r"^(import|export)\b", joined, re.MULTILINE)


def test_every_text_that_is_said_is_known_and_every_known_one_is_said():
    scripts = {name: (FOLDER / name).read_text() for name in SCRIPTS}
    english = scripts.pop("words.mjs").split("  zh: {")[0]
    named = re.findall(r'^    "?([\w-]+)"?:(?: "|$)', english, re.MULTILINE)
    known = set(named)
    texts = "".join(scripts.values()) + (FOLDER / "page.html").read_text()
    said = set(re.findall(r'say\("([\w-]+)"', texts))
    said |= set(re.findall(r'data-(?:say|name)="(\w+)"', texts))
    assert said <= known
    written = set(re.findall(r'"([\w-]+)"', texts)) | {
        f"legend-{kind}" for kind in re.findall(r'"(\w+)"', scripts["stage.mjs"])
    }
    assert known <= written


def test_files_and_functions_are_short():
    for path in FOLDER.iterdir():
        if path.suffix in (".mjs", ".css", ".html"):
            assert len(path.read_text().splitlines()) < 400, path
            assert max(map(len, path.read_text().splitlines())) <= 100, path
    for body in re.findall(
        r"^(?:export )?function .*?^}", joined_scripts(), re.MULTILINE | re.DOTALL
    ):
        assert len(body.splitlines()) <= 45, body.splitlines()[0]
