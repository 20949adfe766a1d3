"""The options that say where a document goes."""

from __future__ import annotations

from typing import Any

from convcalc.cli.parsing.option_types import switch_option as _switch
from convcalc.cli.parsing.option_types import text_option as _text

DOCUMENT_FILE: dict[str, Any] = {
    "output": _text(
        "--output",
        "-o",
        metavar="FILE",
        about="Where to write, in the format of its suffix: .json .jsonl .csv .md .html .tex .txt.",
    ),
    "force": _switch("--force", "-f", about="Replace an existing output."),
}
