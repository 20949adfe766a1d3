"""Every option, once: its name, its short form, its help, its group. Commands choose from these.

All values arrive as text and are read by our own parsers, which say what they got. Every option is
declared as a list, so that one that is given again is heard of: `repeats.py` makes one value of it.
"""

from __future__ import annotations

from functools import partial

from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.document_options import DOCUMENT_FILE
from convcalc.cli.parsing.option_types import Argument, Options
from convcalc.cli.parsing.option_types import switch_option as _switch
from convcalc.cli.parsing.option_types import text_option as _text
from convcalc.cli.parsing.view_options import VIEW

_input = partial(_text, group="Input")
_input_switch = partial(_switch, group="Input")
_layer = partial(_text, group="Layer by flags")
_layer_switch = partial(_switch, group="Layer by flags")
_counting = partial(_text, group="Counting")
_counting_switch = partial(_switch, group="Counting")
_machine = partial(_text, group="Machine")
_machine_switch = partial(_switch, group="Machine")
_view_switch = partial(_switch, group="View")
_output_switch = partial(_switch, group="Output")

SPECS: Options = {
    "specs": Argument(
        "[LAYER]...",
        "Layers such as conv:64,k7,s2,p3 dw:k3; or a file of text or of a model, '-', a "
        "network by name, or model.py:Net, a model of PyTorch, whose file is run.",
        several=True,
    ),
}

INPUT: Options = {
    "input": _input(
        "--input",
        "-i",
        metavar="CxHxW",
        about="Shape of one sample, without a batch, as 3x224x224 (the default); of an ONNX file "
        "NAME=1x3x224x224 too, once for each input.",
    ),
}

BATCH: Options = {
    "batch": _counting("--batch", metavar="N", about="Samples; costs are multiplied by it."),
}

KERNEL_SHAPE: Options = {
    "out_channels": _layer(
        "--out-channels", "-n", metavar="N", about="Channels of the result; 64 by default."
    ),
    "kernel_size": _layer(
        "--kernel-size", "-k", metavar="K", about="Taps, as 3 or 3x5 (per axis); 3 by default."
    ),
}

GEOMETRY: Options = {
    "stride": _layer(
        "--stride", "-s", metavar="S", about="Step from one window to the next, as 2 or 2x1."
    ),
    "padding": _layer(
        "--padding",
        "-p",
        metavar="P",
        about="1, 1x2 (per axis), 0:1 (begin:end), same, valid, same-upper, same-lower or full: "
        "D*(K-1) at both ends.",
    ),
    "dilation": _layer(
        "--dilation", "-d", metavar="D", about="Spacing of kernel elements, as 2 or 2x1."
    ),
    "groups": _layer("--groups", "-g", metavar="G", about="Blocks of channels that do not mix."),
    "padding_mode": _layer(
        "--padding-mode",
        metavar="MODE",
        about="zeros, reflect, symmetric, replicate or circular; also mirror, edge, nearest, wrap, "
        "as other libraries call them: convcalc layers pad.",
    ),
    "transposed": _layer_switch("--transposed", about="Transposed convolution."),
    "output_padding": _layer(
        "--output-padding", metavar="OP", about="Elements added to a transposed result."
    ),
    "output_size": _layer(
        "--output-size", metavar="HxW", about="Size of a transposed result, instead."
    ),
}

BIAS_SWITCH: Options = {
    "bias": _layer_switch("--bias/--no-bias", about="Whether there is a bias; yes by default."),
}

READING: Options = {
    "in_order": _input_switch(
        "--in-order", about="Take modules of a printed class in the order of the print."
    ),
}

STRICT: Options = {
    "strict": _counting_switch(
        "--strict", about="Exit 3 where something is not known, as the cost of a layer."
    ),
}

EXPLAIN: Options = {
    "explain": _counting_switch(
        "--explain", about="Under the table, where each number comes from."
    ),
}

SPEC_FILE: Options = {
    "file": Argument("FILE", "A spec; '-' is standard input.", required=True),
    "check": _output_switch("--check", about="Print nothing; exit 1 if the form is not canonical."),
    "quiet": _output_switch("--quiet", "-q", about="No notes on standard error."),
}

KIND: Options = {
    "kind": Argument("[KIND]", "One kind, with all its parameters."),
}

SHELL: Options = {
    "shell": Argument("SHELL", "bash, zsh or fish.", required=True),
}

LAYER_FLAGS: Options = {**KERNEL_SHAPE, **GEOMETRY, **BIAS_SWITCH}
CALCULATOR: Options = {
    **SPECS,
    **INPUT,
    **LAYER_FLAGS,
    **BATCH,
    **READING,
    **STRICT,
    **VIEW,
    **APPEARANCE,
    **DOCUMENT_FILE,
}
"""A table with a row for each layer."""

COMPARE: Options = {
    "compare": _counting(
        "--compare",
        metavar="LIST",
        about="Beside it, with commas: separable, grouped:4, depthwise, bottleneck:4, dilated:2, "
        "factorized, stacked, lowrank:8.",
    ),
}

COUNTING: Options = {
    "convention": _counting(
        "--convention",
        metavar="NAME",
        about="Count as torch, fvcore, torchinfo, ptflops or thop do; macs is the default.",
    ),
    "reconcile": _counting_switch("--reconcile", about="Every tool's total, and why they differ."),
    "functions": _counting(
        "--functions",
        metavar="NAMES",
        about="Kinds or labels that the model calls as functions, as relu,head.pool; or none.",
    ),
    "detail": _counting_switch("--detail", about="Parameters by part, operations by type."),
    "real_taps": _counting_switch("--real-taps", about="Beside it, without taps on zero padding."),
}

DTYPE: Options = {
    "dtype": _counting(
        "--dtype",
        metavar="DTYPE",
        about="Element type: float32 (default), float16, bfloat16, int8 or int4.",
    ),
}

MACHINE: Options = {
    "device": _machine("--device", metavar="NAME", about="A device of `convcalc devices`, as t4."),
    "peak": _machine(
        "--peak", metavar="RATE", about="Operations per second, as 19.5T or 19.5TFLOP/s."
    ),
    "bandwidth": _machine(
        "--bandwidth", metavar="RATE", about="Bytes per second of the memory, as 1.5T or 280GiB/s."
    ),
    "measure": _machine_switch(
        "--measure", about="Measure this machine's peak and bandwidth: seconds."
    ),
    **DTYPE,
}

DIFF: Options = {
    "a": Argument(
        "A", "A network by name, a file, model.py:Net, or layers in quotes.", required=True
    ),
    "b": Argument("B", "The other one.", required=True),
    "input": _input(
        "--input", "-i", metavar="CxHxW", about="Shape of one sample, for both networks."
    ),
    "all": _view_switch("--all", about="Show the layers that are equal, too."),
    "depth": VIEW["depth"],
    **READING,
    **STRICT,
    **APPEARANCE,
    **DOCUMENT_FILE,
}

MEMORY: Options = {
    **DTYPE,
    "in_place": _counting_switch(
        "--in-place", about="Write results over inputs that nobody needs later."
    ),
    "optimizer": _counting(
        "--optimizer", metavar="NAME", about="For training: adam (default), adamw, momentum, sgd."
    ),
}
