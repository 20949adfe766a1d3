"""The glossary's words stand for one thing each; those that they replaced are gone."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TEXTS = [
    *sorted((ROOT / "src").rglob("*.py")),
    *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name != "glossary.md"),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
]
TABLES = ("render", "cli/commands/calibrate.py")

RETIRED = {
    "settled": "prepared",
    "hoped": "speculative",
    "lend_a_hand": "worker",
    "CROWDED": "CACHE_ALIASING_STRIDE",
    "doubtful": "maybe_unsafe",
    "demand_of": "error_budget",
    "Demand": "ErrorBudget",
    "GRAINS": "GRID",
    "lonely_since": "no_workers_since",
    "calm": "idle_polls",
    "swap": "transpose",
    "take_away_unfinished": "remove_partial_chunks",
    "stand_in": "placeholder",
    "read_stand_in": "read_placeholder",
    "uncollected": "gc_paused",
    "spatial_rank": "spatial_dims_of",
    "ranks_of": "possible_dims",
    "by_rank": "for_dims",
    "HOMES": "MODULE_OF",
    "_HOMES": "_MODULE_OF",
    "_worth": "_match_score",
    "_judged": "_classify",
    "_settle": "_flush",
    "Waiting": "DeferredLayer",
    "Arriving": "InputChannels",
    "Outlook": "DryRun",
    "Problem": "ConvProblem, Diagnostic",
    "Order": "ClusterOptions",
    "Job": "TileJob",
    "LEAST": "MIN_BOX_BYTES, MIN_SCALE, ...",
    "SPARE": "BOX_MEMORY_SHARE, ERROR_SHARE, ...",
    "PIECE": "PIECE_SECONDS, PIECE_ELEMENTS",
    "LONGEST": "MAX_CALL_SECONDS, MAX_RATE_SECONDS",
    "SMALL": "SLOW_PATH_ELEMENTS, TIME_UNITS",
    "cells_in": "elements_in",
    "cells_out": "elements_out",
    "source_cells": "source_indices",
    "write_cells": "write_box",
    "transposed_cells": "transposed_outputs",
    "mid-sentence": "half-started",
}
"""What is retired, and what is said in its place."""


@cache
def places():
    """The files in which each word stands; a word may have hyphens in it."""
    found: dict[str, set[Path]] = {}
    for path in TEXTS:
        for word in set(re.findall(r"[\w-]+", path.read_text(encoding="utf-8"))):
            found.setdefault(word, set()).add(path)
    return found


@pytest.mark.parametrize("word", RETIRED)
def test_a_retired_word_stands_nowhere(word):
    assert set() == places().get(word, set())


def test_a_cell_is_one_of_a_table():
    whole = re.compile(r"(?<![a-z])cells?(?![a-z])", re.IGNORECASE)
    found = [path.as_posix() for path in TEXTS if whole.search(path.read_text(encoding="utf-8"))]
    assert [] == [path for path in found if not any(f"convcalc/{one}" in path for one in TABLES)]


def test_a_docstring_says_what_it_is_of():
    """A docstring is read by itself, in a hover: it does not go on with the one before it."""
    hanging = re.compile(r'^\s*"""(The same|Of|As) ', re.MULTILINE)
    found = [
        (path.name, text[match.start() : match.start() + 60].strip())
        for path in TEXTS
        for text in [path.read_text(encoding="utf-8")]
        for match in hanging.finditer(text)
    ]
    assert [] == found


def test_every_word_of_the_glossary_is_explained():
    rows = [line for line in GLOSSARY.splitlines() if line.startswith("| ")][2:]
    assert 20 <= len(rows) <= 30
    assert [] == [row for row in rows if not re.split(r"(?<!\\)\|", row)[2].strip()]
    assert "(glossary.md)" in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert "(docs/glossary.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
