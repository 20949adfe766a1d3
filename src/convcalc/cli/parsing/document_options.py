"""The options that say where a document goes."""

from __future__ import annotations

from functools import partial

from convcalc.cli.parsing.option_types import Options, switch_option, text_option

_text = partial(text_option, group="Output")
_switch = partial(switch_option, group="Output")

DOCUMENT_FILE: Options = {
    "output": _text(
        "--output",
        "-o",
        metavar="FILE",
        about="Where to write, in the format of its suffix: .json .jsonl .csv .md .html .tex .txt.",
    ),
    "force": _switch("--force", "-f", about="Replace an existing output."),
}
