"""`graph`: a network as a picture, or as text that others draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from convcalc.analysis import analyze
from convcalc.cli.commands.answers import with_flag_names
from convcalc.cli.commands.shape_rf import network_and_input
from convcalc.cli.parsing.document_file import suffix_of
from convcalc.cli.parsing.values import choice_of, count_of, text_of
from convcalc.cli.terminal.streams import note, write_out
from convcalc.errors import UsageError, printable
from convcalc.render.graph.diagram import diagram_of

if TYPE_CHECKING:
    from convcalc.analysis import Report
    from convcalc.cli.parsing.requests import GraphRequest
    from convcalc.render.graph.diagram import Diagram

FORMS = ("dot", "mermaid", "svg", "png")
FORM_BY_SUFFIX = {
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".svg": "svg",
    ".png": "png",
}

MOST_READABLE = 200
"""Boxes of a picture that somebody reads, and half its arrows; beyond that blocks are folded."""

MOST_BOXES = 2000
"""Boxes that are drawn at all."""


def graph(given: GraphRequest) -> None:
    """`convcalc graph`: the text on standard output, or what the suffix says in a file.

    Raises:
        UsageError: there is no network, the form is not known, or there are too many boxes.
        OutputError: the output exists, or cannot be written.
    """
    if not given["specs"]:
        raise UsageError("what to draw? give layers, a file, model.py:Net or a network by name")
    output, form = _output_and_form(given)
    if form in ("svg", "png"):
        from convcalc.render.graph.graphviz import check_graphviz

        check_graphviz()
    depth = None if given["depth"] is None else count_of("depth", given["depth"])
    if output != "-" or form == "png":
        from convcalc.arrayfile.target import check_output

        check_output(output, force=bool(given["force"]), inputs=given["specs"])
    network, shape, _ = network_and_input(given)
    report = with_flag_names(analyze, network, shape)
    diagram = _diagram(report, depth, quiet=bool(given["quiet"]))
    _write(_data(diagram, form), output, given)


def _output_and_form(given: GraphRequest) -> tuple[str, str]:
    """Where to write, and in which form: that of the suffix, or the one that is asked for."""
    asked = None if given["to"] is None else choice_of("to", given["to"], FORMS)
    output = "-" if given["output"] is None else text_of("output", given["output"])
    if output == "-":
        return output, asked or FORMS[0]
    suffix = suffix_of(output)
    named = FORM_BY_SUFFIX.get(suffix)
    if named is None and asked is None:
        shown = f"'{printable(suffix, 60)}' is not drawn" if suffix else "the name has no suffix"
        raise UsageError(f"-o: {shown}; give one of {', '.join(FORM_BY_SUFFIX)}, or --to")
    if named is not None and asked not in (None, named):
        raise UsageError(
            f"--to {asked} and the suffix of '{printable(output, 60)}' contradict each other; "
            "give one of them"
        )
    return output, named or asked or FORMS[0]


def _diagram(report: Report, depth: int | None, *, quiet: bool) -> Diagram:
    """The picture as deep as it is asked for, else as deep as it can be read.

    Raises:
        UsageError: there are too many boxes.
    """
    diagram = diagram_of(report, depth)
    if depth is None and not _is_readable(diagram):
        deepest = max((row.label.count(".") for row in report.layers), default=0)
        found = ((one, diagram_of(report, one)) for one in range(deepest, 0, -1))
        shown = next((pair for pair in found if _is_readable(pair[1])), None)
        depth, diagram = shown or (1, diagram_of(report, 1))
        if not quiet and len(diagram.boxes) <= len(report.layers):
            note(
                f"{len(report.layers):,} layers are folded into {len(diagram.boxes) - 1:,} boxes "
                f"(--depth {depth}); another --depth shows more, or less"
            )
    if len(diagram.boxes) > MOST_BOXES:
        count = f"{len(diagram.boxes):,}"
        raise UsageError(f"{count} boxes are too many to draw: at most {MOST_BOXES:,} are")
    return diagram


def _is_readable(diagram: Diagram) -> bool:
    return len(diagram.boxes) <= MOST_READABLE and len(diagram.arrows) <= 2 * MOST_READABLE


def _data(diagram: Diagram, form: str) -> str | bytes:
    if form == "dot":
        from convcalc.render.graph.dot import dot_text

        return dot_text(diagram)
    if form == "mermaid":
        from convcalc.render.graph.mermaid import mermaid_text

        return mermaid_text(diagram)
    from convcalc.render.graph.graphviz import drawn

    return drawn(diagram, cast("Literal['svg', 'png']", form))


def _write(data: str | bytes, output: str, given: GraphRequest) -> None:
    """Text on standard output, and anything in a file, whole or not at all."""
    if output == "-" and isinstance(data, str):
        write_out(data)
        return
    from convcalc.arrayfile.whole_file import write_output

    content = data.encode() if isinstance(data, str) else data
    write_output(output, content, force=bool(given["force"]))
    if not given["quiet"] and output != "-":
        note(f"wrote {printable(output)} ({len(content):,} bytes)")
