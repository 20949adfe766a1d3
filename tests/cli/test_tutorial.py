"""Every command of the course prints what the course shows, and both languages have the same."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from translation import sections

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "src" / "convcalc" / "samples"
ENGLISH, CHINESE = (
    (ROOT / "docs" / name).read_text(encoding="utf-8")
    for name in ("tutorial.md", "tutorial.zh-CN.md")
)
COMMAND = re.compile(r"^\$ convcalc ([^\n]*)\n(.*?)(?=^\$ |^```)", re.MULTILINE | re.DOTALL)
EXAMPLES = COMMAND.findall(ENGLISH)


@pytest.mark.parametrize(("command", "expected"), EXAMPLES, ids=[line for line, _ in EXAMPLES])
def test_a_command_prints_what_the_course_shows(command, expected, request, folder, monkeypatch):
    if command.endswith(".png"):
        pytest.importorskip("PIL")
    monkeypatch.chdir(shutil.copytree(SAMPLES, folder / "convcalc-demo"))
    # `run` says what it computed with, which depends on whether torch is loaded already.
    answer = request.getfixturevalue("convcalc" if command.startswith("run ") else "inside")
    done = answer(*shlex.split(command))
    assert (0, "", expected.strip()) == (done.code, done.err, done.out.strip())


def test_each_step_has_a_command_and_a_question_with_an_answer():
    steps = re.split(r"^## ", ENGLISH, flags=re.MULTILINE)[1:]
    assert [f"{number}." for number in range(1, 17)] == [step.split()[0] for step in steps]
    for step in steps:
        before, _, answer = step.partition("**Question.**")
        assert (True, True) == ("$ convcalc " in before, "$ convcalc " in answer)


def test_the_chinese_course_has_the_commands_and_numbers_of_the_english_one():
    for one, other in zip(sections(ENGLISH), sections(CHINESE), strict=True):
        assert one == other
