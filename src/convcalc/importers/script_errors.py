"""What torch says where a program of TorchScript fails, by the Python that it was made of.

Its message has a traceback of the lines of the program, then one of the original Python, each line
at fault marked, and at its end the reason.
"""

from __future__ import annotations

import re

_FRAME = re.compile(
    r'  File "(?P<file>[^"\n]+)", line (?P<line>\d+), in .*\n(?P<code>(?:    .*\n)+)'
)
_MARK = re.compile(r"(?P<code>[^\n]*)\n *~[~ ]*<--- HERE")


def script_place(text: str) -> tuple[str, str] | None:
    """File and line that failed, as "model.py:12", and its text; None of any other message."""
    if "TorchScript" not in text:
        return None
    frames = list(_FRAME.finditer(text.rpartition("original code")[2]))
    if not frames:
        return None
    last = frames[-1]
    file = last["file"].rpartition("/")[2]
    marked = _MARK.search(last["code"])
    return f"{file}:{last['line']}", (marked or last)["code"].strip().partition("\n")[0]


def script_reason(text: str) -> str:
    """Why something failed, in one line, without torch's account of where."""
    told = text.rpartition("\nRuntimeError:")[2] if "TorchScript" in text else text
    return told.strip().partition("\n")[0]
