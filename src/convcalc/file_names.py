"""Names of files on every system: Windows has two signs between folders, and drives."""

from __future__ import annotations

import os


def has_folder(word: str) -> bool:
    """Whether a word names a folder or something in one."""
    return any(sign in word for sign in _separators())


def begins_like_path(word: str) -> bool:
    r"""Whether a word begins as no text does: with a folder, as ./x, or a drive, as C:\x."""
    beginnings = ("", os.curdir, os.pardir)
    return os.path.isabs(word) or word.startswith(
        tuple(start + sign for start in beginnings for sign in _separators())
    )


def without_end(path: str) -> str:
    """The name of a folder without the signs that may follow it."""
    return path.rstrip(_separators())


def _separators() -> str:
    return os.sep + (os.altsep or "")
