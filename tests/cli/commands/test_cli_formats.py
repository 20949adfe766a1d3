"""Each command in each format, on standard output and in a file."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli_support import listing, loaded_by
from valid_json import validator

LAYERS = ("-i", "3x9x9", "b.0=conv:4,k3,p1", "b.1=relu", "maxpool:2")
COMMANDS = {
    "shape": LAYERS,
    "flops": LAYERS,
    "rf": LAYERS,
    "memory": LAYERS,
    "summary": LAYERS,
    "roofline": (*LAYERS, "--device", "t4"),
    "compare": ("conv:4,k3", "conv:4,k5", "-i", "3x9x9"),
    "diff": ("conv:4,k3 relu", "conv:4,k5 relu", "-i", "3x9x9"),
    "solve": ("-i", "3x8x8", "--output", "4x4x4", "-k", "3"),
    "sizes": ("-i", "3x8x8", "--range", "1..8", "maxpool:2"),
    "check": (*LAYERS, "--macs", "<= 1M"),
    "sweep": ("-i", "3x9x9", "conv:{4,8},k{1,3}"),
    "devices": (),
    "layers": ("conv",),
    "networks": (),
    "weights": ("-i", "3x9x9", "conv:4,k3"),
    "explain": ("-i", "1x3x3", "conv:1,k2"),
    "run": ("image.npy", "--kernel", "kernel.npy"),
}
SUFFIXES = {"json": "json", "csv": "csv", "md": "md", "jsonl": "jsonl", "html": "html"}
SUFFIXES |= {"latex": "tex", "table": "txt"}

pytestmark = pytest.mark.usefixtures("image")


class Rows(HTMLParser):
    """How many rows of layers a page has, and what it would load."""

    def __init__(self, text):
        super().__init__()
        self.count, self.body, self.loaded = 0, False, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.body = tag == "tbody" or (self.body and tag != "tfoot")
        self.count += self.body and tag == "tr" and "data-block" not in given
        self.loaded += [given[name] for name in ("src", "href") if name in given]


def cells_of(text):
    """The number of cells of each row of a LaTeX table."""
    lines = [line for line in text.splitlines() if line.endswith(r"\tabularnewline")]
    return {len(re.findall(r"(?<!\\)&", line)) + 1 for line in lines if "caption" not in line}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_format_has_every_row(inside, command):
    def asked(form):
        done = inside(command, *COMMANDS[command], "-q", "--format", form)
        assert 0 == done.code, done.err
        return done.out

    header, *rows = csv.reader(io.StringIO(asked("csv")))
    lines = [json.loads(line) for line in asked("jsonl").splitlines()]
    assert (len(rows), {tuple(header)}) == (len(lines), {tuple(line) for line in lines})
    page = Rows(asked("html"))
    assert (len(rows), []) == (page.count, page.loaded)
    titles, _, *lines_of_md = re.findall(r"^\|.*\|$", asked("md"), re.MULTILINE)
    assert {titles.count("|") - 1} == cells_of(asked("latex"))
    assert len(rows) <= len(lines_of_md)


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"run"}))
def test_a_file_has_the_format_of_its_suffix(inside, command):
    for form, suffix in SUFFIXES.items():
        path = f"out.{suffix}"
        done = inside(command, *COMMANDS[command], "-o", path)
        assert (0, "") == (done.code, done.out), done.err
        assert re.search(rf"note: wrote {path} \([\d,]+ (bytes|rows)\)", done.err)
        shown = inside(command, *COMMANDS[command], "-q", "--format", form).out
        assert shown == Path(path).read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-o", "x.xls"), "-o: '.xls' is not written here; give one of .txt, .json, .jsonl, .csv"),
        (("-o", "x"), "-o: the name has no suffix; give one of .txt, .json"),
        (("-o", "x.svg"), "-o: '.svg' is not written here"),
        (("-o", ""), "--output: the value is empty"),
        (("-o", "x.csv", "--format", "md"), "--format md and the suffix of 'x.csv' contradict"),
        (("--format", "svg"), "--format: expected one of table, json, csv, md, jsonl, html, latex"),
        (("-o", "old.md"), "cannot write 'old.md': it exists; add --force to replace it"),
        (("-o", "no/x.md"), "cannot write 'no/x.md': there is no folder 'no'; make it first"),
    ],
)
def test_what_cannot_be_written_is_one_line_before_any_work(inside, words, told):
    Path("old.md").write_bytes(b"old")
    before = listing()
    done = inside("flops", *LAYERS, *words)
    assert (True, "") == (done.code in (2, 4), done.out)
    assert told in done.err
    assert 1 == done.err.count("\n")
    assert before == listing()


def test_a_suffix_that_says_nothing_goes_with_a_format(inside):
    assert 0 == inside("flops", *LAYERS, "-q", "-o", "x.out", "--format", "csv").code
    assert Path("x.out").read_text(encoding="utf-8").startswith("index,")


@pytest.mark.parametrize(
    "words",
    [
        ("explain", "conv:1,k2", "-i", "1x3x3", "--svg", "a.svg", "-o", "b.md"),
        ("check", *LAYERS, "--macs", "<= 1M", "--report", "junit", "-o", "b.md"),
        ("run", "image.npy", "--kernel", "kernel.npy", "-o", "b.json"),
        ("sweep", "conv:{1..300},k{1..100}", "-i", "1x200x200", "-o", "b.html"),
    ],
)
def test_where_there_is_another_output_a_document_is_refused(inside, words):
    before = listing()
    assert 2 == inside(*words).code
    assert before == listing()


@pytest.mark.parametrize("command", ["summary", "sweep"])
def test_force_replaces_a_file_and_where_the_room_ends_the_old_one_stays(
    inside, monkeypatch, command
):
    words = (command, *COMMANDS[command], "-o", "x.json", "--force")
    Path("x.json").write_bytes(b"old")
    before = listing()

    def full(*_):
        raise OSError(28, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        done = inside(*words)
    assert (4, before) == (done.code, listing())
    assert "cannot write 'x.json': No space left on device" in done.err
    assert 0 == inside(*words).code
    assert b"old" != Path("x.json").read_bytes()


def test_a_file_that_appears_meanwhile_is_not_replaced(inside, monkeypatch):
    from convcalc.render import lines

    def late(_):
        Path("x.jsonl").write_bytes(b"theirs")
        return "ours"

    monkeypatch.setattr(lines, "jsonl_text", late)
    assert 4 == inside("flops", *LAYERS, "-o", "x.jsonl").code
    assert b"theirs" == Path("x.jsonl").read_bytes()


def test_solve_has_another_long_name_for_it(inside):
    words = ("solve", *COMMANDS["solve"], "-q")
    assert 0 == inside(*words, "--output-file", "a.json").code
    assert "solve" == json.loads(Path("a.json").read_text(encoding="utf-8"))["command"]


def test_the_weights_are_an_archive_or_their_list_by_the_suffix(inside):
    words = ("weights", "-i", "3x9x9", "conv:4,k3", "-q")
    assert [0, 0] == [inside(*words, "-o", name).code for name in ("w.npz", "w.jsonl")]
    first = json.loads(Path("w.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert {"name": "0.weight", "shape": [4, 3, 3, 3]} == {k: first[k] for k in ("name", "shape")}


def test_a_drawing_has_a_bar_for_every_layer_that_costs_something(inside):
    done = inside("summary", *LAYERS, "--format", "svg")
    root = ElementTree.fromstring(done.out)
    name = "{http://www.w3.org/2000/svg}"
    bars = [one.get("class") for one in root.iter(f"{name}rect") if one.get("class") != "band"]
    assert ["macs", "params"] == bars  # of the convolution: 8,748 and 112
    texts = [one.text for one in root.iter(f"{name}text")]
    assert {"8,748", "112"} <= set(texts)
    assert "600" == root.get("width")


def test_a_file_is_written_without_numpy_torch_and_rich(folder):
    loaded = loaded_by("summary", *LAYERS, "-o", str(folder / "x.json"))
    assert set() == loaded & {"numpy", "torch", "rich"}
    assert "convcalc.render.latex" not in loaded


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"sweep"} | {"calibrate"}))
def test_a_schema_is_one_of_draft_2020_12_and_names_the_command(inside, command):
    from jsonschema import Draft202012Validator

    found = json.loads(inside("schema", command).out)
    Draft202012Validator.check_schema(found)
    bodies = found.get("anyOf", [found])
    assert {command} == {body["properties"]["command"]["const"] for body in bodies}


def test_the_lines_of_a_sweep_are_valid(inside):
    held = validator("sweep")
    lines = inside("sweep", *COMMANDS["sweep"], "-q", "--format", "jsonl").out.splitlines()
    assert lines
    for line in lines:
        held.validate(json.loads(line))


def test_a_command_without_json_has_no_schema(inside):
    done = inside("schema", "sumary")
    assert (2, "") == (done.code, done.out)
    assert "no command 'sumary' prints JSON; did you mean 'summary'" in done.err
