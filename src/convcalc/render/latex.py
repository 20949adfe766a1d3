r"""Tables in LaTeX with the rules of booktabs, to be read by \input into a paper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.errors import harmless
from convcalc.render.table import Share, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcalc.render.table import Cell, Column, Document, Table

MOST_ROWS_OF_A_PAGE = 40
"""Rows from which on a table goes on over pages."""

LONGEST_LINE = 40
"""Characters of a text that is not broken into lines."""

WIDEST_TABLE = 75
"""Characters of a row, beyond which a page of a paper is too narrow."""

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{MINUS SIGN}": "$-$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
}
"""Characters that LaTeX would read as commands, or that fonts of text lack."""

OTHER_SCRIPTS = (
    r"\providecommand{\unicodechar}[1]"
    r"{\ifdefined\Umathchar\symbol{" + '"#1}' + r"\else\texttt{U+#1}\fi}"
)
"""Characters beyond Latin by their number: themselves in XeLaTeX and LuaLaTeX, which have fonts for
them, and their number in pdfLaTeX, which would end with an error."""

SIGN = re.compile(r"(?<![\w.])-(?=\d)")
TIMES = re.compile(r"(?<=\d)x(?=\d)")
NUMBERS = re.compile(r"[-+\d/.x*,:% ]*\d[-+\d/.x*,:% ]*")
DASHES = re.compile("-(?=-)")
"""Hyphens that LaTeX would join to one dash."""


def latex_text(document: Document) -> str:
    """The heading as a caption, the table, and the remarks below it."""
    table = document.table.for_people()
    long = len(table.rows) > MOST_ROWS_OF_A_PAGE
    body = _long(document) if long else _floating(document)
    needed = (
        r"% needs \usepackage{booktabs,longtable}" if long else r"% needs \usepackage{booktabs}"
    )
    first = [needed, OTHER_SCRIPTS] if r"\unicodechar" in "".join(body) else [needed]
    return "\n".join([*first, *body]) + "\n"


def _floating(document: Document) -> list[str]:
    """A table that LaTeX puts where there is room for it."""
    table = document.table.for_people()
    return [
        r"\begin{table}[htbp]",
        r"\centering\footnotesize\setlength{\tabcolsep}{4pt}",
        *_caption(document),
        rf"\begin{{tabular}}{{{_alignment(table)}}}",
        r"\toprule",
        _titles(table),
        r"\midrule",
        *_rows(table),
        r"\bottomrule",
        r"\end{tabular}",
        *_remarks(document),
        r"\end{table}",
    ]


def _long(document: Document) -> list[str]:
    """A table that goes on over pages, under the same titles on each."""
    table = document.table.for_people()
    caption = [rf"{line}\tabularnewline" for line in _caption(document)]
    return [
        r"\begingroup\footnotesize\setlength{\tabcolsep}{4pt}",
        rf"\begin{{longtable}}{{{_alignment(table)}}}",
        *caption,
        r"\toprule",
        _titles(table),
        r"\midrule",
        r"\endfirsthead",
        r"\toprule",
        _titles(table),
        r"\midrule",
        r"\endhead",
        *_rows(table),
        r"\bottomrule",
        r"\end{longtable}",
        *_remarks(document),
        r"\endgroup",
    ]


def _caption(document: Document) -> list[str]:
    heading = "; ".join(document.heading)
    return [rf"\caption{{{sizes_text(heading)}}}"] if heading else []


def _alignment(table: Table) -> str:
    """A letter for each column: numbers to the right, long texts in lines of their own."""
    letters = [
        "r" if right else "p{0.25\\linewidth}" if broken else "l"
        for right, broken in zip(_right(table), _broken(table), strict=True)
    ]
    return f"@{{}}{''.join(letters)}@{{}}"


def _right(table: Table) -> list[bool]:
    """Which columns have numbers: they end below each other."""
    return [
        column.numeric or any(isinstance(row[place], Share) for row in table.rows)
        for place, column in enumerate(table.columns)
    ]


def _broken(table: Table) -> list[bool]:
    """Which columns are broken into lines: long texts, and of a wide table all that may be."""
    widths = [
        max([len(column.title), *(len(_plain(row[place])) for row in table.rows)])
        for place, column in enumerate(table.columns)
    ]
    wide = sum(widths) > WIDEST_TABLE
    return [
        column.wraps and (width > LONGEST_LINE or (wide and width > len(column.title)))
        for column, width in zip(table.columns, widths, strict=True)
    ]


def _titles(table: Table) -> str:
    return _line(escaped(column.title) for column in table.columns)


def _rows(table: Table) -> list[str]:
    broken = _broken(table)

    def line(row: list[Cell]) -> str:
        cells = zip(table.columns, row, broken, strict=True)
        return _line(_cell(column, cell, wide) for column, cell, wide in cells)

    lines = [line(row) for row in table.rows]
    return [*lines, r"\midrule", line(table.total)] if table.total else lines


def _line(texts: Iterable[str]) -> str:
    return " & ".join(texts) + r" \tabularnewline"  # \\ is another thing behind \raggedright


def _cell(column: Column, cell: Cell, broken: bool) -> str:
    text = _plain(cell)
    if column.numeric or isinstance(cell, tuple) or NUMBERS.fullmatch(text):
        return numbers_text(text)
    if not column.wraps or not text:
        return escaped(text)
    word = rf"\texttt{{{escaped(text)}}}"
    if not broken:
        return word
    return rf"\raggedright {word}".replace(",", r",\allowbreak{}")


def _plain(cell: Cell) -> str:
    return written(cell).strip()


def _remarks(document: Document) -> list[str]:
    """Where numbers come from, and what is to be known of them, in small print."""
    explained = [line for name, own in document.explained for line in (name, *own)]
    lines = [line for remark in (*explained, *document.remarks) for line in remark.splitlines()]
    if not lines:
        return []
    return [
        r"\par\smallskip",
        r"{\footnotesize\raggedright",
        *(sizes_text(harmless(line)) + r"\par" for line in lines),
        "}",
    ]


def escaped(text: str) -> str:
    """A text as LaTeX sets it, character by character."""
    return DASHES.sub("-{}", "".join(map(_character, text)))


def numbers_text(text: str) -> str:
    """A number, or sizes, with the signs of mathematics: those of -3, 3x224 and 3/-1."""
    return escaped(TIMES.sub("\N{MULTIPLICATION SIGN}", SIGN.sub("\N{MINUS SIGN}", text)))


def sizes_text(text: str) -> str:
    """Words in which sizes may stand: of "input 3x224x224" the times are signs."""
    return escaped(TIMES.sub("\N{MULTIPLICATION SIGN}", text))


def _character(sign: str) -> str:
    if sign in SPECIAL:
        return SPECIAL[sign]
    return sign if ord(sign) < 0x100 else rf"\unicodechar{{{ord(sign):04X}}}"
