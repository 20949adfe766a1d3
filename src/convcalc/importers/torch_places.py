"""The line of the user's own that is at work, or that failed."""

from __future__ import annotations

import linecache
import os
import sys
import traceback
from typing import TYPE_CHECKING, NamedTuple

import torch

from convcalc.importers.script_errors import script_place

if TYPE_CHECKING:
    from types import FrameType

_TORCH = os.path.join(os.path.dirname(os.path.abspath(torch.__file__)), "")
_RUNS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_running.py")
"""What calls a model: lines behind it are not the model's."""

_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")


class Place(NamedTuple):
    """A line of a file, and its text."""

    where: str
    code: str


def _is_own(name: str) -> bool:
    return not name.startswith((_TORCH, _OURS, "<"))


def place_now() -> Place:
    """The innermost line at work that is neither torch's nor ours, as "model.py:12"."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not _is_own(frame.f_code.co_filename):
        frame = None if frame.f_code.co_filename == _RUNS else frame.f_back
    if frame is None:
        return Place("", "")
    file, line = frame.f_code.co_filename, frame.f_lineno
    return Place(f"{os.path.basename(file)}:{line}", linecache.getline(file, line).strip())


def place_of(error: BaseException) -> Place:
    """The last line of the user's own, or of a library but torch, that an error passed through."""
    in_script = script_place(str(error))
    if in_script is not None:
        return Place(*in_script)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_own(frame.filename)] or list(frames)
    if not own:
        return Place("", "")
    last = own[-1]
    return Place(f"{os.path.basename(last.filename)}:{last.lineno}", last.line or "")
