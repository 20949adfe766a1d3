"""What others have written appears and does nothing: on a terminal, in messages, in CSV."""

import numpy as np
import pytest

from convcalc.errors import harmless, printable
from convcalc.render.table import Column, Document, Shown, Table
from convcalc.render.terminal import terminal_text
from convcalc.render.text import csv_text, markdown_text, plain_text

EVIL = "a\x1b]0;owned\x07\x1b[31mred\x08\u202eb\x9b2J"
"""A window title, a colour, a backspace, text from right to left, and an 8-bit sequence."""

SHOWN = "a\\x1b]0;owned\\x07\\x1b[31mred\\x08\\u202eb\\x9b2J"


def test_what_is_not_printable_is_escaped():
    assert SHOWN == harmless(EVIL)
    assert "one\ntwo\\t" == harmless("one\ntwo\t")
    assert "one\\ntwo" == harmless("one\ntwo", kept="")
    assert "one\\ntwo" == printable("one\ntwo")
    assert "\\udcff" == harmless("\udcff")


def nothing_happens(*streams):
    """No byte of them does anything to a terminal."""
    for text in streams:
        assert all(c.isprintable() or c == "\n" for c in text), ascii(text)


COMMANDS = [
    ("shape", "FILE"),
    ("flops", "FILE"),
    ("rf", "FILE"),
    ("memory", "FILE"),
    ("roofline", "FILE", "--device", "t4"),
    ("summary", "FILE"),
    ("diff", "FILE", "resnet18"),
    ("weights", "FILE"),
    ("fmt", "FILE"),
    ("fmt", "FILE", "--check"),
    ("layers", "FILE"),
    ("help", "FILE"),
    ("run", "FILE", "-k", "k.npy"),
    ("run", "x.npy", "-k", "FILE"),
    ("run", "x.npy", "-k", "k.npy", "-o", "FILE"),
    ("run", "x.npy", "--network", "FILE", "--random-weights", "1"),
    ("run", "x.npy", "--network", "conv:1,k1", "--weights", "FILE"),
    ("run", "x.npy", "--network", "relu", "--save-all", "FILE"),
    ("run", "x.npy", "-k", "k.npy", "--until", "FILE"),
    ("shape", "conv:1,k1", "--format", "FILE"),
    ("shape", "conv:1,k1", "-i", "FILE"),
    ("FILE",),
]

CONTENTS = {
    "good.spec": "conv:1,k1 # \x1b[31mred\x07\n",
    "bad.spec": "conv:1,k1 \x1b[31mrelu # \x07\n",
    "printed.txt": "Sequential(\n  (\x1b[31mx): ReLU()\n)\n",
}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("content", CONTENTS)
def test_no_name_or_text_reaches_the_screen_as_it_is(inside, folder, command, content, monkeypatch):
    monkeypatch.setattr("convcalc.cli.terminal.streams.is_terminal", lambda _: True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("CONVCALC_TRACEBACK", "1")
    name = f"{EVIL}.{content}".replace("/", "")
    (folder / name).write_text(CONTENTS[content], "utf-8")
    np.save(folder / "x.npy", np.ones((4, 4), "f4"))
    np.save(folder / "k.npy", np.ones((2, 2), "f4"))
    done = inside(*(name if word == "FILE" else word for word in command))
    nothing_happens(done.out, done.err)
    assert done.out or done.err


def test_a_comment_does_nothing_on_a_terminal_and_stays_in_a_pipe(convcalc, on_terminal, folder):
    (folder / "n.spec").write_text("relu # \x1b[31mred\x07\n")
    assert "relu  # \x1b[31mred\x07\n" == convcalc("fmt", "n.spec").out
    assert "relu  # \\x1b[31mred\\x07\n" == on_terminal("fmt", "n.spec").out


def test_a_path_of_a_calibration_does_nothing(inside, folder, monkeypatch):
    from convcalc.execute.planning import calibrate
    from convcalc.execute.planning.machine import DEFAULT, forget

    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / EVIL))
    monkeypatch.setattr(calibrate, "measure", lambda: DEFAULT)
    done = inside("calibrate")
    nothing_happens(done.out, done.err)
    assert SHOWN in done.err
    (folder / EVIL / "convcalc" / "machine.json").write_text("{")
    forget()
    np.save(folder / "x.npy", np.ones((4, 4), "f4"))
    done = inside("run", "x.npy", "-k", "x.npy")
    forget()
    nothing_happens(done.err)
    assert f"{SHOWN}/convcalc/machine.json: it is no JSON" in done.err


def document(*cells):
    table = Table([Column("label", "label")], [[cell] for cell in cells])
    return Document({}, table, [EVIL], [EVIL])


def test_every_form_for_people_escapes_cells_and_lines_around_them():
    own = document(EVIL, Shown(EVIL, 1))
    narrow = terminal_text(own, width=40, colour=False, unicode=True)
    wide = terminal_text(own, width=120, colour=False, unicode=True)
    nothing_happens(plain_text(own), markdown_text(own), narrow, wide)
    assert 4 == wide.count(SHOWN)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-1+cmd", "'-1+cmd"),
        ("-", "'-"),
        ("\tx", "'\tx"),
        ("a=b", "a=b"),
        ("-3", "-3"),
        ("-3/2x-1", "-3/2x-1"),
        ("-0.2 to 0.2", "-0.2 to 0.2"),
        (-7, "-7"),
        (float("-inf"), "-inf"),
        (Shown("- 3 %", -0.03), "-0.03"),
    ],
)
def test_a_spreadsheet_computes_no_text(cell, written):
    assert f"label\n{written}\n" == csv_text(document(cell))
