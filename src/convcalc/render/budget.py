"""A network held against its limits: as a document, as annotations of GitHub, as JUnit."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from convcalc.errors import NegativeAnswer, harmless
from convcalc.inverse.limits import SECONDS
from convcalc.render.documents import SCHEMA_VERSION, number
from convcalc.render.table import Column, Document, Shown, Table, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.inverse.budget import Check
    from convcalc.layers import Shape
    from convcalc.render.table import Cell, Json, JsonObject

_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def budget_document(checks: Sequence[Check], name: str, input_shape: Shape) -> Document:
    """A row for each limit.

    Args:
        checks: The limits, held against the network.
        name: What was checked.
        input_shape: The input that it was checked for.
    """
    columns = [
        Column("figure", "figure"),
        Column("limit", "limit"),
        Column("value", "value", numeric=True),
        Column("margin", "margin", numeric=True),
        Column("holds", "holds"),
        Column("dearest", "costs most", wraps=True, optional=1),
    ]
    rows: list[list[Cell]] = [
        [
            check.limit.figure.name,
            check.limit.text,
            _amount(check, check.value),
            _margin(check),
            "yes" if check.holds else "NO",
            _dearest(check),
        ]
        for check in checks
    ]
    heading = [f"{name}, input {written(input_shape)}"]
    remarks = ["margin: what is left up to the limit; below 0 what is too much, or missing"]
    source = partial(_data, checks, name, input_shape)
    document = Document(source, Table(columns, rows), heading, remarks)
    missed = [check for check in checks if not check.holds]
    if missed:
        most = {check.limit.figure.name: _dearest(check) for check in missed if check.dearest}
        document.remarks = [f"most {name}: {layers}" for name, layers in most.items()] + remarks
        names = ", ".join(dict.fromkeys(map(_missed_name, missed)))
        whole = f"{len(checks)} limit{'s' * (len(checks) > 1)}"
        document.failure = NegativeAnswer(
            f"{len(missed)} of {whole} {'is' if len(missed) == 1 else 'are'} not kept: {names}"
        )
    return document


def _missed_name(check: Check) -> str:
    """A figure that does not keep to its limit, or that nobody knows to."""
    return f"{check.limit.figure.name}{' (not known)' if check.value is None else ''}"


def github_text(checks: Sequence[Check], name: str, file: str | None) -> str:
    """A line for each limit that is not kept, in the form that GitHub shows beside the code.

    Args:
        checks: The limits.
        name: What was checked.
        file: The file that limits with a line stand in.

    Source: docs.github.com, "Workflow commands for GitHub Actions", setting an error message.
    """
    lines = []
    for check in checks:
        level = "notice" if check.holds else "error"
        place = {"title": f"convcalc check {name}"}
        if file is not None:
            place = {"file": file, "line": str(check.limit.line or 1), **place}
        properties = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in place.items())
        lines.append(f"::{level} {properties}::{_escaped(_sentence(check))}")
    return "".join(f"{line}\n" for line in lines)


def junit_text(checks: Sequence[Check], name: str) -> str:
    """The limits as a suite of tests, in the XML that JUnit writes and servers of CI read."""
    missed = sum(not check.holds for check in checks)
    suite = f'name={_attribute(f"convcalc check {name}")} tests="{len(checks)}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites><testsuite {suite} failures="{missed}" errors="0">',
    ]
    for check in checks:
        limit = _attribute(f"{check.limit.figure.name} {check.limit.text}")
        case = f'<testcase classname="convcalc.budget" name={limit}'
        failure = f"><failure message={_attribute(_sentence(check))}/></testcase>"
        lines.append(case + ("/>" if check.holds else failure))
    lines.append("</testsuite></testsuites>")
    return "".join(f"{line}\n" for line in lines)


def _attribute(text: str) -> str:
    from xml.sax.saxutils import quoteattr

    return quoteattr(_NOT_XML.sub("?", text))


def _escaped(text: str, more: str = "") -> str:
    """Text as a workflow command holds it: signs of its own as %XX."""
    for sign in f"%\r\n{more}":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return harmless(text, kept="")


def _sentence(check: Check) -> str:
    """One limit and what came of it, in words."""
    figure = check.limit.figure.name
    if check.value is None:
        return f"{figure}: not known of every layer, so that '{check.limit.text}' may not hold"
    told = f"{figure} is {_text(check, check.value)}, limit {check.limit.text}"
    if check.holds:
        return told
    margin = check.margin or Fraction(0)
    return f"{told}: {_text(check, -margin)} off; most: {_dearest(check) or 'no layer'}"


def _amount(check: Check, value: Fraction | int | None) -> Shown | None:
    return None if value is None else Shown(_text(check, value), _plain(value))


def _margin(check: Check) -> Shown | None:
    margin = check.margin
    if margin is None:
        return None
    sign = "-" if margin < 0 else ""
    share = f" ({100 * float(margin / check.limit.bound):.1f} %)" if check.limit.bound else ""
    return Shown(f"{sign}{_text(check, abs(margin))}{share}", _plain(margin))


def _dearest(check: Check) -> str:
    return ", ".join(f"{label}: {_text(check, amount)}" for label, amount in check.dearest)


def _plain(value: Fraction | int) -> int | float:
    """A whole number as one, seconds as a float."""
    fraction = Fraction(value)
    return fraction.numerator if fraction.denominator == 1 else float(fraction)


def _text(check: Check, value: Fraction | int) -> str:
    """A value for people, in its unit."""
    units = check.limit.figure.units
    if units is SECONDS:
        exact = Fraction(value)
        unit = next((one for one in ("s", "ms", "\u00b5s") if abs(exact) >= SECONDS[one]), "ns")
        return f"{float(exact / SECONDS[unit]):.4g} {unit}"
    count = (
        f"{Fraction(value).numerator:,}"
        if Fraction(value).denominator == 1
        else (f"{float(value):,.1f}")
    )
    return f"{count} B" if "B" in units else count


def _data(checks: Sequence[Check], name: str, input_shape: Shape) -> JsonObject:
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "check",
        "network": name,
        "input": list(input_shape),
        "holds": all(check.holds for check in checks),
        "limits": [_check_data(check) for check in checks],
    }


def _check_data(check: Check) -> dict[str, Json]:
    margin = check.margin
    return {
        "figure": check.limit.figure.name,
        "limit": check.limit.text,
        "sign": check.limit.sign,
        "bound": number(check.limit.bound),
        "value": None if check.value is None else number(check.value),
        "margin": None if margin is None else number(margin),
        "holds": check.holds,
        "line": check.limit.line,
        "dearest": [{"label": label, "amount": number(one)} for label, one in check.dearest],
    }
