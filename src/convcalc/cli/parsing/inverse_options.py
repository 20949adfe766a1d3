"""The options of the inverse questions: `solve`, `sizes`, `check` and `sweep`."""

from __future__ import annotations

from functools import partial

from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.document_options import DOCUMENT_FILE
from convcalc.cli.parsing.option_types import Argument, Options
from convcalc.cli.parsing.option_types import switch_option as _switch
from convcalc.cli.parsing.option_types import text_option as _text
from convcalc.cli.parsing.options import (
    BATCH,
    DTYPE,
    INPUT,
    LAYER_FLAGS,
    READING,
    SPECS,
)

_input = partial(_text, group="Input")
_layer = partial(_text, group="Layer by flags")
_layer_switch = partial(_switch, group="Layer by flags")
_machine = partial(_text, group="Machine")
_computing = partial(_text, group="Computing")
_limits = partial(_text, group="Limits")
_wanted = partial(_text, group="Wanted")
_view = partial(_text, group="View")
_view_switch = partial(_switch, group="View")
_output = partial(_text, group="Output")
_output_switch = partial(_switch, group="Output")

SOLVE: Options = {
    "specs": Argument(
        "[PATTERN]...",
        "Nothing, for one layer; layers with choices, and N turns of a group, as "
        "Nx{conv:64,k{3,5},s{1,2}}; with --input-for a network.",
        several=True,
    ),
    **INPUT,
    "output": _wanted("--output", metavar="CxHxW", about="The wanted shape, as 64x112x112."),
    "kind": _layer(
        "--kind",
        metavar="KIND",
        about="The layer: conv (default), dw, convt, maxpool, avgpool or lppool.",
    ),
    "transposed": _layer_switch("--transposed", about="The same as --kind convt."),
    "kernel_size": _layer(
        "--kernel-size", "-k", metavar="K", about="Taps, as 7, 3..7, 3,5 or 3x5 (per axis)."
    ),
    "stride": _layer("--stride", "-s", metavar="S", about="Steps between windows, as 1,2."),
    "padding": _layer(
        "--padding",
        "-p",
        metavar="P",
        about="Of each end, as 0..3; 1:2 is begin:end; up to half the kernel by default.",
    ),
    "dilation": _layer(
        "--dilation", "-d", metavar="D", about="Spacings of kernel elements, as 1,2; 1 by default."
    ),
    "output_padding": _layer(
        "--output-padding", metavar="OP", about="Elements added to a transposed result, as 0..1."
    ),
    "ceil": _layer_switch(
        "--ceil/--no-ceil", about="Poolings that round up, or down; both by default."
    ),
    "unused": _wanted(
        "--unused", metavar="N", about="Leave at most N elements of an axis unused, as 0."
    ),
    "field": _wanted(
        "--field", metavar="N", about="Chains with this receptive field; of the pattern, if given."
    ),
    "field_of": _wanted(
        "--field-of", metavar="NET", about="Chains with the receptive field of this network."
    ),
    "until": _wanted(
        "--until", metavar="LABEL", about="Of --field-of or --input-for: up to this layer or block."
    ),
    "input_for": _wanted(
        "--input-for", metavar="HxW", about="Inputs of which the network makes such an output."
    ),
    "all": _view_switch("--all", about="Show every solution, not the first 20."),
    **APPEARANCE,
    "output_file": _output(
        "--output-file",
        "-o",
        metavar="FILE",
        about="Where to write, in the format of its suffix: .json .jsonl .csv .md .html .tex .txt.",
    ),
    "force": DOCUMENT_FILE["force"],
}

SIZES: Options = {
    **SPECS,
    "input": _input(
        "--input", "-i", metavar="CxHxW", about="Channels and number of axes, as 3x224x224."
    ),
    "near": _wanted(
        "--near", metavar="N", about="The sizes that fit which are nearest to this one."
    ),
    "range": _wanted("--range", metavar="A..B", about="The sizes to try; 1..512 by default."),
    "unused": _wanted(
        "--unused", metavar="N", about="Drop at most N elements at the end of an axis, as 0."
    ),
    **LAYER_FLAGS,
    **READING,
    **APPEARANCE,
    **DOCUMENT_FILE,
}

LIMITS: Options = {
    "macs": _limits("--macs", metavar="LIMIT", about="Multiply-accumulates, as '<= 600M'."),
    "flops": _limits("--flops", metavar="LIMIT", about="2 per multiply-accumulate, as '<= 1.2G'."),
    "params": _limits("--params", metavar="LIMIT", about="Parameters, as '<= 5M'."),
    "activations": _limits("--activations", metavar="LIMIT", about="Elements that leave layers."),
    "weight_memory": _limits(
        "--weight-memory", metavar="LIMIT", about="Bytes of the parameters, as '<= 1MiB'."
    ),
    "peak_memory": _limits(
        "--peak-memory", metavar="LIMIT", about="Bytes of live activations, as '<= 512KiB'."
    ),
    "field": _limits(
        "--field", metavar="LIMIT", about="Receptive field of the output, as '>= 200'."
    ),
    "time": _limits("--time", metavar="LIMIT", about="Least time on --device, as '<= 2ms'."),
}

CHECK: Options = {
    **SPECS,
    **INPUT,
    **LIMITS,
    "device": _machine("--device", metavar="NAME", about="A device of `convcalc devices`, as t4."),
    **DTYPE,
    "budget": _limits("--budget", metavar="FILE", about="A TOML file with a table [budget]."),
    "report": _output(
        "--report", metavar="FORM", about="table (default), github (annotations) or junit (XML)."
    ),
    **LAYER_FLAGS,
    **BATCH,
    **READING,
    **APPEARANCE,
    **DOCUMENT_FILE,
}

SWEEP: Options = {
    "specs": Argument(
        "[LAYER]...",
        "Layers with choices, as conv:{32,64},k{3,5},p{0..3}; or a file or a network by "
        "name; and with --plot the drawing, OUT.svg.",
        several=True,
    ),
    "input": _input(
        "--input",
        "-i",
        metavar="CxHxW",
        about="Shape of one sample, as 3x{128..512:32}x=; 'x=' is the size before it again.",
    ),
    "define": _input(
        "-D",
        "--define",
        metavar="NAME=VALUES",
        about="Values of a $parameter, as width=32,64 or width=16..64:8; once for each.",
    ),
    "where": _view(
        "--where", metavar="CONDITION", about="Only such rows, as 'macs < 1e8 and out == 56'."
    ),
    "columns": _view("--columns", metavar="NAMES", about="What to show, as spec,macs,field."),
    "sort": _view(
        "--sort", metavar="NAME", about="By this figure, smallest first; -NAME turns it."
    ),
    "top": _view("--top", metavar="N", about="Only the first N rows of --sort."),
    "pareto": _view(
        "--pareto",
        metavar="X,Y",
        about="Mark what nothing is better than, as macs,field; X:min or X:max says what better "
        "is.",
    ),
    "front": _view_switch("--front", about="Show only the rows that --pareto marks."),
    "plot": _output("--plot", metavar="X,Y OUT.svg", about="Draw two figures, with their front."),
    "output": DOCUMENT_FILE["output"],
    "force": _output_switch("--force", "-f", about="Replace an existing output or drawing."),
    "jobs": _computing("--jobs", metavar="N", about="Processes that work; 1 by default."),
    "format": _output(
        "--format",
        metavar="FORMAT",
        about="table (default), json or jsonl (a line each), csv, md, html or latex.",
    ),
    "color": APPEARANCE["color"],
    "no_color": APPEARANCE["no_color"],
    "quiet": APPEARANCE["quiet"],
}
