"""What a document has in common with its translation, section by section."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = re.compile(r"^```(?:console|sh|python)\n.*?^```", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)

Section = tuple[list[str], list[str], list[str], list[str], list[str]]


def sections(text: str) -> Iterator[Section]:
    """Each section: its blocks, comments and links, the words between backticks, its numbers.

    A link leads to a document or to its translation, which is the same one here.
    """
    for section in re.split(r"^##? (?=\S)", text, flags=re.MULTILINE)[1:]:
        prose = COMMENT.sub("", BLOCK.sub("", section))
        yield (
            BLOCK.findall(section),
            COMMENT.findall(section),
            [link.replace(".zh-CN", "") for link in re.findall(r"\]\(([^)]*)\)", prose)],
            sorted(set(re.findall(r"`[^`]+`", prose))),
            sorted(re.findall(r"\d+", prose)),
        )
