"""What a page, a mail or a word processor makes of a text, undone place by place.

The text stays as long as it was, so that every place in it is its place in what was posted.
"""

from __future__ import annotations

import re

_BLANKS = "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000\u200b\u200e\u200f\u2060\ufeff"
_SIGNS = str.maketrans(
    _BLANKS + "\u2018\u2019\u201c\u201d\uff08\uff09\uff0c\uff1a\uff1d",
    " " * len(_BLANKS) + "''\"\"(),:=",
)
_MARKUP = re.compile(
    r"</?(?:pre|code|div|span|p|br|blockquote|samp)\b[^<>\n]{0,200}+>|&(?:nbsp|gt|lt);"
)
_COLOUR = re.compile(r"\x1b?+\[[0-9;]{1,12}+m")
_ESCAPED = re.compile(r"\(\\n *+\(")
_ENTITIES = {"&gt;": ">   ", "&lt;": "<   "}
_REMARKS = re.compile(r"(?:[ \t]*+(?:#[^\n]*+)?+(?:\n|$))++")
_REMARK = re.compile(r"^([ \t]*+)#", re.MULTILINE)


def cleaned(text: str) -> str:
    r"""A text with plain blanks, quotes and brackets, without tags; a comment as what it says.

    A comment stays one, unless the text has nothing else.

    Example:
        >>> cleaned("<pre>net:\u00a0ReLU()</pre>")
        '     net: ReLU()      '
    """
    plain = text if text.isascii() else text.translate(_SIGNS)
    if "<" in plain or "&" in plain:
        plain = _MARKUP.sub(_without_markup, plain)
    if "[" in plain:
        plain = _COLOUR.sub(lambda found: " " * len(found.group()), plain)
    if _ESCAPED.search(plain):
        plain = plain.replace("\\n", " \n")  # a printout as a string shows it
    return _REMARK.sub(r"\1 ", plain) if _REMARKS.fullmatch(plain) else plain


def _without_markup(found: re.Match[str]) -> str:
    """Blanks in the place of a tag, or the sign that an entity stands for and blanks."""
    return _ENTITIES.get(found.group(), " " * len(found.group()))
