"""Specs as keyboards of other scripts write them: full-width signs, labels in any script."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.errors import SpecError
from convcalc.language.parse import formatted
from convcalc.language.shapes import declared_input, plain_shape
from convcalc.layers import KINDS
from convcalc.widths import broken, display_width, padded

WIDE = {
    "conv\uff1a8\uff0ck3\u00d75": "conv:8,k3x5",
    "conv\uff1a8\uff0ck\uff082\uff0b1\uff09": "conv:8,k3",
    "residual\uff5bpw\uff1a3 \uff5c \uff5d\uff1brelu": "residual{pw:3 | } relu",
    "2\u00d7\uff5brelu\uff5d": "2x{relu}",
    "stem\uff1drelu \uff20stem": "stem=relu @stem",
    "conv:8,k3\u3000relu": "conv:8,k3 relu",
}


@pytest.mark.parametrize("text", WIDE)
def test_full_width_signs_are_those_of_ascii(text):
    assert convcalc.parse(WIDE[text]) == convcalc.parse(text)


def test_a_comment_keeps_its_signs():
    text = "# \u6ce8\u91ca\uff1a\u4e00\uff0c\uff08\u4e8c\uff09\nconv\uff1a8\uff0ck3\n"
    assert "# \u6ce8\u91ca\uff1a\u4e00\uff0c\uff08\u4e8c\uff09\nconv:8,k3\n" == formatted(text)


@pytest.mark.parametrize(
    "text", ["3\u00d7224\u00d7224", "\uff083\uff0c224\uff0c224\uff09", "3\uff58224\uff58224"]
)
def test_full_width_signs_are_read_in_shapes(text):
    assert "3x224x224" == plain_shape(text)
    assert (3, 224, 224) == declared_input(f"# input {text}\nrelu")


LABELS = [
    "\u5377\u79ef",
    "\u0441\u0432\u0451\u0440\u0442\u043a\u0430.1",
    "\u0932\u0947\u092f\u0930",
    "\u062a\u062c\u0645\u064a\u0639-2",
    "c\u0327a",
]
"""Chinese, Russian, Hindi with a vowel sign, Arabic, and a letter with a combining mark."""


@pytest.mark.parametrize("label", LABELS)
def test_a_label_is_of_any_script(label):
    network = convcalc.parse(f"{label}=conv:8,k3 relu @{label} bn")
    assert label == network.nodes[0].label
    assert network == convcalc.parse(network.spec())


@pytest.mark.parametrize(
    "label", ["a\u202eb", "\u2603", "a+b", "a..b", ".a", "a-", "\u201ca\u201d", "\u00ad"]
)
def test_signs_are_no_labels(label):
    with pytest.raises(SpecError):
        convcalc.parse(f"{label}=relu")


def test_carets_stand_below_wide_characters():
    with pytest.raises(SpecError) as caught:
        convcalc.parse("\u5377\u79ef=relu conf:8")
    _, shown, carets = str(caught.value).split("\n")
    assert display_width(shown[: shown.index("conf")]) == carets.index("^")


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("conv", 4),
        ("\u5377\u79ef", 4),
        ("\uff1a", 2),
        ("c\u0327", 1),
        ("\uac00", 2),
        ("\u044f", 1),
        ("", 0),
    ],
)
def test_a_wide_character_takes_two_columns(text, columns):
    assert columns == display_width(text)
    assert 9 == display_width(padded(text, 9)) == display_width(padded(text, 9, right=True))


def test_a_piece_is_never_broken():
    assert ["a,b,", "cccccc,", "d e"] == broken("a,b,cccccc,d e", 4)


def hint_for(text):
    """What an error says that is missing, as it is written; nothing where nothing is."""
    try:
        convcalc.parse(text)
    except SpecError as error:
        return error.problems[0].message.partition(", written ")[2]
    return ""


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_a_hint_adds_is_taken(kind):
    text, hints = kind, []
    while hint := hint_for(text):
        assert hint not in hints
        hints.append(hint)
        added = hint.removeprefix(f"{kind}:")
        text = f"{text}{',' if ':' in text else ':'}{added}"


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("maxpool", "maxpool:2"),
        ("conv", "conv:64"),
        ("pad", "pad:1"),
        ("linear", "linear:10"),
        ("dw", "k3"),
    ],
)
def test_a_hint_is_what_people_write(kind, hint):
    with pytest.raises(SpecError, match=f", written {hint} "):
        convcalc.parse(kind)
