"""Models inside a text as people post it: where each begins and ends, and what is around it.

A printout comes with prompts, labels, quoting, code fences and words around it. Nothing is cut out:
what is passed over becomes blanks, so that every place in a model is its place in the text.

    > >>> print(net)                 a line without a model
    > net: Sequential(               margin "> ", label "net", and the model begins
    >   (0): ReLU()
    > )

Every step takes time linear in the text: each model is found once, and no pattern goes back.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import takewhile
from operator import attrgetter
from string import ascii_letters, digits
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import Diagnostic, line_numbers, printable
from convcalc.language.pytorch.table import form_of
from convcalc.language.pytorch.through import SEQUENCES, WRAPPERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_QUOTE = r"(?:[ \t]*+>(?!>>)[ \t]?+)*+"
_PROMPT = r"(?:[ \t]*+(?:>>>|\.\.\.(?=[ \t]++\S)|(?:In|Out)[ \t]?+\[\d*+\]:|\$)(?=[ \t]|$))?+"
_NUMBER = r"(?:[ \t]*+\d{1,5}+(?:[ \t]*+[|:.][ \t]|[ \t](?=[ \t]*+[()A-Za-z])))?+"
_BAR = r"(?:[ \t]*+[|\u2502][ \t]?+)?+"
_MARGIN = re.compile(rf"{_QUOTE}{_NUMBER}{_BAR}{_PROMPT}[ \t]*+")
_LOG = re.compile(rf"{_QUOTE}[ \t]*+\[?+(?:\d{{1,4}}[-/]\d\d|DEBUG|INFO|WARNING|ERROR)[^\n()]*+")
_CALL = re.compile(r"(?<![\w.])(?P<name>[A-Za-z_][\w.]*+)[ \t]?+\(")
_ABOVE = re.compile(r"[ \t]*+([A-Za-z_]\w{0,60}+)[ \t]*+:[ \t\r]*+\n")
_MORE = re.compile(rf"\s*+(?:,|->|\u2192)\s*+(?:#[^\n]*+\s*+)*+{_CALL.pattern}")
_CHILD_LABEL = re.compile(r"\(([^()\n]{1,200}+)\):[ \t]*+")
_LABEL = re.compile(r"([A-Za-z_][\w.\[\]]*+)[ \t]*+(?::[ \t]*+[\w.]++[ \t]*+=|[:=])[ \t]*+")
_SEPARATED = re.compile(r"(?:[:=>|\u2502\]$*\"'`-]|\breturn|\b(?:print|summary|str|repr)\()$")
_AFTER = re.compile(r"(?:\.\w+\([^()\n]*+\))*+[\s)\]};,.'\"`|\u2502]*+(?:(?:#|//)[^\n]*+)?+\s*+")
"""What a line may have right before and after a model; other words are about it."""

_LIST = re.compile(
    rf"(?:(?P<label>[A-Za-z_][\w.]*+)[ \t]*+=[ \t]*+)?+(?P<model>\[)\s*+{_CALL.pattern}"
)
_SEQUENTIAL = re.compile(r"(?:torch\.)?+(?:nn\.)?+Sequential\(")
_PART = re.compile(r"[(,]\s*+\*?+([A-Za-z_][\w.]*+)(?=\s*+[,)])")
_ADDED = re.compile(r"(?P<label>[A-Za-z_][\w.]*?)\.add_module\(")
_FIRST_CHILD = re.compile(r"[^\n()]*+\n?+[^\n()]*+\n?+[^\S\n]*+\([^()\n]{1,200}+\):[ \t]")
_SIGN = re.compile(r"[()\[\]]|'[^'\n]*+'|\"[^\"\n]*+\"|\#[^\n]*+")
_MORE_LEFT_OUT = (
    r"[ \t]++[(\[]?+(?:and[ \t]++)?+(?:\d*+[ \t]?+more|so on|omitted|skipped)\b[^\n=]*+"
)
_LEFT_OUT = (
    rf"(?:[\[(<{{]*+(?:(?:\.{{2,}}+|…|\u22ee)(?:{_MORE_LEFT_OUT})?+|snip(?:ped)?+|etc\b\.?+)[\])>}}]*+"
    r"|\.(?=[ \t]*+\n[ \t>]*+\.[ \t]*+\n))"
)
_ELISION = re.compile(
    rf"^[ \t>]*+(?:\([^()\n]*+\):)?+[ \t]*+(?:\#|//)?+[ \t]*+{_LEFT_OUT}[ \t,]*+$",
    re.MULTILINE | re.IGNORECASE,
)
_NOTHING = re.compile(r"(?:[ \t\r,>]*+\n)*+")
_STRAY = re.compile(r"([ \t>]*+\))[ \t\r,]*+(?:\n|$)")
_ROW = re.compile(
    r"[^\n()=,]*+(?=\([^()\n]{1,200}+\):[ \t]|\)[ \t\r)\]},;.'\"`|\u2502]*+(?:#[^\n]*+)?+$)",
    re.MULTILINE,
)
_BARS = re.compile(r"[|\u2502](?=[ \t\r]*+$)", re.MULTILINE)
_CLOSING = re.compile(r"\s*+,?+\s*+\)")
_BLANKED = re.compile(r"[^\n]")
_LINE = re.compile(r"[^\n]*+\n?+")
_WORD = f"{ascii_letters}{digits}_."


_CONTAINERS = frozenset((*SEQUENCES, *WRAPPERS))
"""Names that are known besides those of layers."""


class Posted(NamedTuple):
    """One model in a text.

    Attributes:
        label: What it is called there, or None.
        start: The place of its first character.
        end: The place behind its last one, that of the text if it is never closed.
        child: Whether its label is that of a printed child, as `(0): Conv2d(...)`.
        added: Where modules are put into it later, as `net.add_module("a", nn.ReLU())`.
        opened: Brackets that are open before it on its line, as in `print(nn.ReLU())`.
        printed: Whether it is a printout, with a child on a line of its own.
    """

    label: str | None
    start: int
    end: int
    child: bool = False
    added: tuple[tuple[int, int], ...] = ()
    opened: int = 0
    printed: bool = False


def posted_models(text: str) -> tuple[Posted, ...]:
    """Every model of a text, in order, none inside another.

    Example:
        >>> [model.label for model in posted_models("net: nn.ReLU()")]
        ['net']
    """
    return _unspread(text, _found(text, strictly=True) or _found(text, strictly=False))


def _unspread(text: str, models: tuple[Posted, ...]) -> tuple[Posted, ...]:
    """The models without those that a later one is made of: `Sequential(conv, *layers)`."""
    used: set[str] = set()
    kept = []
    for model in reversed(models):
        if model.label is None or model.child or model.label not in used:
            kept.append(model)
        if not model.printed and _SEQUENTIAL.match(text, model.start):
            used.update(_PART.findall(text, model.start, model.end))
    return tuple(reversed(kept))


def unquoted(text: str) -> str:
    """The text with blanks in place of what quotes its lines or prompts for them."""
    lines = []
    for line in _LINE.finditer(text):
        width = _margin(text, line.start(), line.end())
        lines.append(" " * width + line.group()[width:])
    return "".join(lines)


def _found(text: str, *, strictly: bool) -> tuple[Posted, ...]:
    """The models of a text, those on a line that says more of them only if not `strictly`."""
    found: list[Posted] = []
    parts: list[tuple[int, int]] = []
    place = 0
    for line in _LINE.finditer(text):
        if line.start() < place or line.group().isspace():
            continue
        model = _model_at(text, line.start(), line.end(), strictly=strictly)
        added = _ADDED.match(text, line.start() + _margin(text, line.start(), line.end()))
        if model is not None:
            _add(found, parts)
            model = model._replace(end=_end_of_run(text, model.end))
            found.append(model)
            place = model.end
        elif added is not None and found and found[-1].label == added["label"]:
            place = _closing(text, added.end())
            parts.append((added.start(), place))
    _add(found, parts)
    return tuple(found)


def _add(found: list[Posted], parts: list[tuple[int, int]]) -> None:
    """What was found of calls of `add_module` goes to the last model."""
    if parts:
        found[-1] = found[-1]._replace(added=tuple(parts))
        parts.clear()


def _model_at(text: str, start: int, stop: int, *, strictly: bool) -> Posted | None:
    """The model that begins in the line from `start` to `stop`, if there is one."""
    inside = start + _margin(text, start, stop)
    listed = _LIST.match(text, inside)
    if listed is not None and _is_model(text, listed):
        place = listed.start("model")
        return Posted(listed["label"], place, _closing(text, place + 1, "[]"))
    calls = (call for call in _CALL.finditer(text, inside, stop) if _is_model(text, call))
    call = next(calls, None)
    before = text[inside : call.start()] if call else "#"
    if call is None or "#" in before:
        return None
    printed = _FIRST_CHILD.match(text, call.end()) is not None
    if not (printed or not before.strip() or _SEPARATED.search(before.rstrip()[-9:])):
        return None
    end = _closing(text, call.end())
    if not printed and strictly and end < stop and not _AFTER.fullmatch(text, end, stop):
        return None
    child = _CHILD_LABEL.fullmatch(before)
    named = child or _LABEL.fullmatch(before)
    opened = max(0, before.count("(") - before.count(")"))
    label = named[1] if named else _label_above(text, start)
    return Posted(label, call.start(), end, child is not None, opened=opened, printed=printed)


def _label_above(text: str, start: int) -> str | None:
    """The name that the line before `start` has, where it has nothing but a name and a colon."""
    above = _ABOVE.fullmatch(text, text.rfind("\n", 0, max(0, start - 1)) + 1, start)
    return above[1] if above else None


def _end_of_run(text: str, end: int) -> int:
    """The end of a model and of those behind it with nothing but commas between them."""
    while (more := _MORE.match(text, end)) is not None and _is_model(text, more):
        end = _closing(text, more.end())
    return end


def mentioned(text: str) -> Diagnostic | None:
    """That a module is named in the middle of other words, if one is."""
    for line in _LINE.finditer(text):
        call = next((c for c in _CALL.finditer(line.group()) if _is_model(line.group(), c)), None)
        if call is not None and "#" not in line.group()[: call.start()]:
            message = "a module is named here among other words; give a model on lines of its own"
            return Diagnostic(message, line.start() + call.start(), line.start() + call.end() - 1)
    return None


def _margin(text: str, start: int, stop: int) -> int:
    """Characters at the beginning of a line that quote it, prompt for it or log it."""
    log = _LOG.match(text, start, stop)
    if log is not None:
        # A printout goes on with a child or ")", and begins with the word before a bracket.
        logged = log.group()
        begins = text.startswith("(", log.end()) and not _CHILD_LABEL.match(text, log.end())
        return len(logged.rstrip(" ").rstrip(_WORD) if begins else logged)
    margin = _MARGIN.match(text, start, stop)
    return len(margin.group()) if margin else 0


def _is_model(text: str, call: re.Match[str]) -> bool:
    """Whether a name and a bracket are a module: one that is known, or printed with a child."""
    name = call["name"]
    if name.startswith(("nn.", "torch.nn.")) or form_of(name) is not None or name in _CONTAINERS:
        return True
    return _FIRST_CHILD.match(text, call.end()) is not None


def _closing(text: str, inside: int, brackets: str = "()") -> int:
    """The place behind the bracket that closes the one before `inside`; the end if none does."""
    depth, opens, closes = 1, *brackets
    for sign in _SIGN.finditer(text, inside):
        depth += {opens: 1, closes: -1}.get(sign.group(), 0)
        if not depth:
            return sign.end()
    return len(text)


def only(text: str, model: Posted) -> str:
    """The text with blanks in place of everything but one model, every place as it was.

    Quoting and prompts at the beginning of the model's own lines are blanks, too.
    """
    kept, place = [], 0
    for start, end in ((model.start, model.end), *model.added):
        kept.append(_BLANKED.sub(" ", text[place:start]))
        kept += _lines_of(text, start, end, printed=model.printed)
        place = end
    return "".join(kept) + _BLANKED.sub(" ", text[place:])


def _lines_of(text: str, start: int, end: int, *, printed: bool) -> Iterator[str]:
    """The lines of a model, their margins blank.

    Where every child of a printout has something before its bracket, that is a margin, as before
    the brackets that close; source text that was added to a file has "+" before all its lines.
    """
    margins = printed and _children_have_margins(text, start, end)
    added = text.startswith("+", text.rfind("\n", 0, start) + 1)
    for line in _LINE.finditer(text, start, end):
        width = 0 if line.start() == start else _margin(text, line.start(), line.end())
        row = _ROW.match(text, line.start()) if margins and line.start() > start else None
        if row is not None:
            width = max(width, len(row.group()))
        elif added and line.group().startswith("+"):
            width = max(width, 1)
        yield _BARS.sub(" ", " " * width + line.group()[width:])


def _children_have_margins(text: str, start: int, end: int) -> bool:
    """Whether something stands before each child that begins a line of a printout."""
    rows = [_ROW.match(text, line.start()) for line in _LINE.finditer(text, start, end)][1:]
    children = [row.group() for row in rows if row and text.startswith("(", row.end())]
    return bool(children) and all(map(str.strip, children))


def incomplete(text: str, models: tuple[Posted, ...], model: Posted) -> Diagnostic | None:
    """Why one of the models of a text is not whole: elided, or a fragment of a larger printout."""
    elision = _ELISION.search(text, model.start, model.end)
    if elision is not None:
        place = elision.end() - len(elision.group().lstrip(" \t>"))
        message = "something was left out here; give the whole printout"
        return Diagnostic(message, place, elision.end())
    family = _family(models, model)
    ends = [one.end for one in family[1:]]
    strays = (_stray(text, end) for end in (_past(text, model.end, model.opened), *ends))
    stray = next((place for place in strays if place is not None), None)
    if stray is not None:
        message = (
            "this ')' closes a module that begins before the text: it is a fragment; give the "
            "whole printout, or leave this bracket out"
        )
        return Diagnostic(message, stray, stray + 1)
    return None


def siblings(models: tuple[Posted, ...], model: Posted) -> Diagnostic | None:
    """That a model is the first of numbered children without what they are in, if it is."""
    family = [one for one in _family(models, model) if one.label and one.label.isdecimal()]
    if len(family) < 2:
        return None
    message = (
        f"({family[0].label}) and ({family[1].label}) are modules of a larger printout: it is a "
        "fragment; write 'Sequential(' before them and ')' behind them if they follow each other"
    )
    return Diagnostic(message, model.start, model.start + 1)


def _family(models: tuple[Posted, ...], model: Posted) -> list[Posted]:
    """A printed child with those printed behind it; any other model alone."""
    if not model.child:
        return [model]
    return list(takewhile(attrgetter("child"), models[models.index(model) :]))


def _past(text: str, place: int, brackets: int) -> int:
    """The place behind so many closing brackets, blanks between them."""
    for _ in range(brackets):
        behind = _CLOSING.match(text, place)
        place = behind.end() if behind else place
    return place


def _stray(text: str, place: int) -> int | None:
    """Where the next line that says anything is a closing bracket alone."""
    said = _NOTHING.match(text, place)
    lone = _STRAY.match(text, said.end() if said else place)
    return lone.end(1) - 1 if lone else None


def chosen(models: tuple[Posted, ...], wanted: str | None) -> int | None:
    """The index of the model that is wanted by its label or its number; None where none is."""
    if wanted is None:
        return 0
    if wanted.isdecimal() and len(wanted) < 6 and not models[0].child:
        return int(wanted) - 1 if 1 <= int(wanted) <= len(models) else None
    return next((i for i, model in enumerate(models) if model.label == wanted), None)


def labels_of(models: tuple[Posted, ...]) -> str:
    """What the models of a text are called, as a hint; nothing where there is one."""
    labels = [printable(one.label or str(n), 60) for n, one in enumerate(models[:6], 1)]
    return f"; the models of the text are {', '.join(labels)}" if len(models) > 1 else ""


def around(
    text: str, models: tuple[Posted, ...], model: Posted, read: Sequence[tuple[int, int]] = ()
) -> list[str]:
    """Notes on what was passed over: the other models, and the lines that are none.

    Lines that were `read` besides, from start to end, are not passed over.
    """
    lines = [line.start() for line in _LINE.finditer(text)]

    def called(one: Posted) -> str:
        line = f"line {bisect_right(lines, one.start)}"
        return f"'{printable(one.label, 60)}' ({line})" if one.label else f"that of {line}"

    notes = []
    others = [one for one in models if one is not model]
    if others:
        names = ", ".join(map(called, others[:4])) + (", ..." if len(others) > 4 else "")
        notes.append(f"of {len(models)} models in the text {called(model)} is read, not {names}")
    own = text.splitlines()
    covered = bytearray(len(own) + 2)  # a set of so many lines would grow to four times its size
    for start, end in (
        *((one.start, one.end) for one in models),
        *(place for one in models for place in one.added),
        *read,
    ):
        first, last = bisect_right(lines, start), bisect_right(lines, end - 1)
        covered[first : last + 1] = b"\1" * (last + 1 - first)
    said = [n for n, line in enumerate(own, 1) if line.strip() and not covered[n]]
    if said:
        notes.append(f"passed over: {line_numbers(said)}")
    rest = text[model.end :].split("\n", 1)[0]
    if _AFTER.fullmatch(rest) is None:
        line = bisect_right(lines, model.end - 1)
        notes.append(f"passed over: the rest of line {line}, '{printable(rest.strip(), 60)}'")
    return notes
