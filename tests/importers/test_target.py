"""Which words name an object of Python, and what they say of it."""

from __future__ import annotations

import pytest

from convcalc.errors import UsageError
from convcalc.importers.target import RUN, Target, lasting, target_of, unnamed


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("model.py:Net", Target("model.py", ("Net",))),
        ("a/b c.py:zoo.Net", Target("a/b c.py", ("zoo", "Net"))),
        ("model.py:Net()", Target("model.py", ("Net",), called=True)),
        (
            "model.py:make_net(10, width=2.5, sizes=[1, (2, 3)], name='a:b')",
            Target(
                "model.py",
                ("make_net",),
                called=True,
                positional=(10,),
                named={"width": 2.5, "sizes": [1, (2, 3)], "name": "a:b"},
            ),
        ),
        ("package.module:Net", Target("package.module", ("Net",))),
        ("a.b.c:net(True)", Target("a.b.c", ("net",), called=True, positional=(True,))),
    ],
)
def test_files_and_modules_with_a_name_behind_a_colon(word, meant):
    assert meant == target_of(word)


@pytest.mark.parametrize(
    "word",
    [
        "conv:64,k3",
        "a.b=conv:64",
        "a.b:64",
        "module:Net",
        "net.txt",
        "no.txt:Net",
        "net.spec:a",
        "model.py",
        "-:Net",
        "x.b:c d",
    ],
)
def test_layers_and_files_of_text_are_no_objects(word):
    assert target_of(word) is None


def test_a_file_of_text_with_a_point_in_its_name_is_not_a_module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.txt").write_text("conv:8,k3")
    assert target_of("net.txt:first") is None


@pytest.mark.parametrize(
    "word", ["m.py:Net(x)", "m.py:Net(f(1))", "m.py:Net(*[1])", "m.py:Net(**{})", "m.py:Net(1"]
)
def test_arguments_that_are_no_literals_are_refused(word):
    if word.endswith("(1"):
        assert target_of(word) is None
        return
    with pytest.raises(UsageError):
        target_of(word)


@pytest.mark.parametrize("word", ["m.py:Net(n=...)", "a.b:net(1, ...)"])
def test_an_example_without_its_values_is_no_call(word):
    with pytest.raises(UsageError, match=r": write a value in place of each \.\.\."):
        target_of(word)


def test_a_file_without_a_name_is_told_what_is_in_it():
    text = "raise SystemExit\nclass Net: pass\nclass Other: pass\ndef make(): pass\n"
    assert unnamed("m.py", text) == (
        "'m.py' is a Python file: name what to run, as m.py:Net; it has Net, Other, make()"
    )
    assert "no class" in unnamed("m.py", "x = 1\n")
    assert unnamed("m.py", "import os\ndef f(:\n") == (
        "'m.py' is no Python that can be read: line 2: invalid syntax"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "class Part(nn.Module): pass\nclass Net(nn.Module):\n"
            "    def __init__(self, width, part=Part): self.part = Part()\n",
            'name what to run, as "a b.py:Net(width=...)"; it has Net, Part',
        ),
        ("def make(): pass\n", "name what to run, as a b.py:make; it has make()"),
        ("net = nn.Sequential(nn.ReLU())\n", "name what to run, as a b.py:net; it has net"),
    ],
)
def test_the_example_is_what_a_shell_takes(text, told):
    assert f"'a b.py' is a Python file: {told}" == unnamed("a b.py", text)


def test_of_many_names_twelve_are_shown():
    told = unnamed("m.py", "".join(f"class C{n}: pass\n" for n in range(13)))
    assert told.endswith("as m.py:C0; it has C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, ...")


def test_what_was_taken_for_a_run_is_no_note_of_the_network():
    taken = "b.py uses nn without importing it; torch.nn was taken"
    assert ("a note",) == lasting([RUN, taken, "a note"])
