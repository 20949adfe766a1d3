"""Every option, once: its name, its short form, its help. Commands choose from these tables.

All values arrive as text and are read by our own parsers, which say what they got. Every option is
declared as a list, so that one that is given again is heard of: `repeats.py` makes one value of it.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any, TypeAlias

import typer

from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.option_types import switch_option as _switch
from convcalc.cli.parsing.option_types import text_option as _text
from convcalc.cli.parsing.view_options import VIEW

Options: TypeAlias = dict[str, Any]
"""Annotated types by the option's Python name."""

_layer = partial(_text, group="Layer by flags")
_layer_switch = partial(_switch, group="Layer by flags")
_counting = partial(_text, group="Counting")
_counting_switch = partial(_switch, group="Counting")


SPECS: Options = {
    "specs": Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LAYER]...",
            help="Layers such as conv:64,k7,s2,p3 dw:k3; or a file of text or of a model, '-', a "
            "network by name, or model.py:Net, a model of PyTorch, whose file is run.",
        ),
    ],
}

INPUT: Options = {
    "input": _text(
        "--input",
        "-i",
        metavar="CxHxW",
        about="Shape of one sample, without a batch, as 3x224x224 (the default); of an ONNX file "
        "NAME=1x3x224x224 too, once for each input.",
    ),
}

BATCH: Options = {
    "batch": _text("--batch", metavar="N", about="Samples; costs are multiplied by it."),
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
    "in_order": _switch(
        "--in-order", about="Take modules of a printed class in the order of the print."
    ),
}

STRICT: Options = {
    "strict": _switch("--strict", about="Exit 3 where the cost of a layer is not known."),
}

EXPLAIN: Options = {
    "explain": _switch("--explain", about="Under the table, where each number comes from."),
}

SPEC_FILE: Options = {
    "file": Annotated[str, typer.Argument(metavar="FILE", help="A spec; '-' is standard input.")],
    "check": _switch("--check", about="Print nothing; exit 1 if the form is not canonical."),
    "quiet": _switch("--quiet", "-q", about="No notes on standard error."),
}

KIND: Options = {
    "kind": Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="One kind, with all its parameters.")
    ],
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
    "dtype": _text(
        "--dtype",
        metavar="DTYPE",
        about="Element type: float32 (default), float16, bfloat16, int8 or int4.",
    ),
}

MACHINE: Options = {
    "device": _text("--device", metavar="NAME", about="A device of `convcalc devices`, as t4."),
    "peak": _text(
        "--peak", metavar="RATE", about="Operations per second, as 19.5T or 19.5TFLOP/s."
    ),
    "bandwidth": _text(
        "--bandwidth", metavar="RATE", about="Bytes per second of the memory, as 1.5T or 280GiB/s."
    ),
    "measure": _switch("--measure", about="Measure this machine's peak and bandwidth: seconds."),
    **DTYPE,
}

DIFF: Options = {
    "a": Annotated[
        str,
        typer.Argument(
            metavar="A", help="A network by name, a file, model.py:Net, or layers in quotes."
        ),
    ],
    "b": Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    "input": _text(
        "--input", "-i", metavar="CxHxW", about="Shape of one sample, for both networks."
    ),
    "all": _switch("--all", about="Show the layers that are equal, too."),
    **READING,
    **APPEARANCE,
}

MEMORY: Options = {
    **DTYPE,
    "in_place": _switch("--in-place", about="Write results over inputs that nobody needs later."),
    "optimizer": _text(
        "--optimizer", metavar="NAME", about="For training: adam (default), adamw, momentum, sgd."
    ),
}

FILES: Options = {
    "array": Annotated[
        str,
        typer.Argument(
            metavar="INPUT.npy",
            help="The array, or a picture: PNG, JPEG or PPM; '-' is standard input.",
        ),
    ],
    "kernel": _text(
        "--kernel",
        "-k",
        metavar="K.npy",
        about="The kernel (O, C/groups, kh, kw); or sobel-x, scharr-x, prewitt-x, laplacian, "
        "gaussian:5,1.0, box:3, sharpen, emboss, gabor:21,4,45,10, or numbers: '1 2 1; 2 4 2'.",
    ),
    "each_channel": _switch(
        "--each-channel", about="The kernel (kh, kw) on every channel by itself."
    ),
    "bias": _text("--bias", metavar="B.npy", about="One number per output channel, or for all."),
    "network": _text("--network", metavar="LAYERS", about="Several layers instead of a kernel."),
    "weights": _text(
        "--weights",
        metavar="FILE",
        about="The network's weights by name: .npz, .safetensors, .pth, .pt or .onnx, whose own "
        "are the default.",
    ),
    "weights_by": _text(
        "--weights-by",
        metavar="name|order",
        about="Take the arrays by name (default), or in the order of the file.",
    ),
    "random_weights": _text(
        "--random-weights", metavar="SEED", about="Weights drawn at random, the same per seed."
    ),
    "until": _text(
        "--until",
        metavar="LABEL",
        about="Stop after this layer or block: its output is the result.",
    ),
    "fold_bn": _switch("--fold-bn", about="Make bn part of the convolutions before them."),
    "output": _text(
        "--output",
        "-o",
        metavar="OUT.npy",
        about="Where to write, .npy or a picture, as out.png; '-' is stdout.",
    ),
    "range": _text(
        "--range",
        metavar="RANGE",
        about="Of a picture that is written or shown: clip (default: values are levels), stretch "
        "(least to largest), or LO:HI.",
    ),
    "show": _switch("--show", about="Draw the result in the terminal."),
    "save_all": _text(
        "--save-all", metavar="DIR", about="Write the output of every layer as DIR/LABEL.npy."
    ),
    "force": _switch("--force", "-f", about="Replace existing outputs."),
    "max_memory": _text(
        "--max-memory", metavar="BYTES", about="Work in so much memory, as 512M; needs -o."
    ),
}

EXECUTION: Options = {
    "flip": _switch("--flip", about="Flip the kernel: the convolution of mathematics."),
    "layout": _text(
        "--layout",
        metavar="LAYOUT",
        about="nchw (default) or nhwc, channels last; ncw, nwc, ncdhw and ndhwc say the axes, too.",
    ),
    "dims": _text("--dims", metavar="1|2|3", about="Spatial axes, where shapes allow several."),
    "backend": _text("--backend", metavar="NAME", about="auto (default), numpy or torch."),
    "dtype": _text("--dtype", metavar="DTYPE", about="Dtype of the result, as float32 or int16."),
    "algorithm": _text(
        "--algorithm", metavar="NAME", about="auto (default), direct, im2col, fft or lowrank."
    ),
    "threads": _text("--threads", metavar="N", about="Threads that compute; all by default."),
    "dry_run": _switch("--dry-run", about="Print the plan, compute nothing."),
    "stats": _switch("--stats", about="Print the plan beside the time that it took."),
    "scheduler": _text(
        "--scheduler",
        metavar="ADDRESS|local",
        about="Compute on a Dask cluster, as tcp://10.0.0.1:8786; local starts workers here.",
    ),
    "scheduler_timeout": _text(
        "--scheduler-timeout",
        metavar="SECONDS",
        about="How long the scheduler may take to answer; 20 by default.",
    ),
    "tls_ca": _text("--tls-ca", metavar="CA.pem", about="Who vouches for a scheduler at tls://."),
    "tls_cert": _text("--tls-cert", metavar="CERT.pem", about="The certificate to show to it."),
    "tls_key": _text("--tls-key", metavar="KEY.pem", about="Its key, if not in the same file."),
    "device": _text("--device", metavar="DEVICE", about="A torch device, as cuda."),
    "verify": _text(
        "--verify",
        metavar="[SAMPLES|all]",
        about="Compute so many outputs again (1000), directly in float64; fail if one is wrong.",
    ),
}

OPTIONAL_VALUES = {"--verify": ("1000", re.compile(r"[0-9]+|all", re.IGNORECASE))}
"""Options whose value may be missing: what it is then, and what a value looks like."""

FILED = ("kernel", "each_channel", "bias", "network", "weights", "weights_by", "random_weights")
"""Options of `run` that say which arrays are computed with, for `explain` too."""

COMPUTED = ("flip", "layout", "dims", "dtype")
"""Options of `run` that say how arrays are read and computed with, for `explain` too."""

WEIGHTS: Options = {
    **SPECS,
    **INPUT,
    "init": _text(
        "--init", metavar="SEED|zeros", about="What to draw the weights with; 0 by default."
    ),
    "dtype": _text("--dtype", metavar="DTYPE", about="float32 (default), float64 or float16."),
    "output": _text("--output", "-o", metavar="W.npz", about="Where to write them."),
    "force": _switch("--force", "-f", about="Replace an existing output."),
    **READING,
    **APPEARANCE,
}

DEMO: Options = {
    "force": _switch("--force", "-f", about="Replace the files of an earlier demo."),
}

CONVERT: Options = {
    **SPECS,
    **INPUT,
    "output": _text(
        "--output", "-o", metavar="FILE", about="net.spec, net.json, net.py or net.onnx."
    ),
    "to": _text("--to", metavar="FORM", about="spec, json, py or onnx, whatever its name."),
    "weights": _text("--weights", metavar="FILE", about="What an .onnx holds, as of run."),
    "seed": _text(
        "--seed", metavar="SEED", about="Else what they are drawn with, or zeros; 0 by default."
    ),
    "force": _switch("--force", "-f", about="Replace an existing output."),
    **READING,
    "quiet": APPEARANCE["quiet"],
}

WALK: Options = {
    "specs": Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[INPUT.npy | LAYER...]",
            help="An array, with --kernel or --network; or layers, for which numbers are made up.",
        ),
    ],
    **{name: FILES[name] for name in FILED},
    "input": _text(
        "--input",
        "-i",
        metavar="CxHxW",
        about="Shape of one sample for layers, as 3x7x7 (the default, where it fits).",
    ),
    "at": _text("--at", metavar="O,Y,X", about="The output to look at; the first by default."),
    "svg": _text(
        "--svg", metavar="OUT.svg", about="Write a picture of it, for slides and pages, as SVG."
    ),
    "png": _text("--png", metavar="OUT.png", about="The same in pixels."),
    "animate": _text(
        "--animate",
        metavar="OUT.svg|OUT.gif",
        about="Write pictures of all outputs in turn, as SVG that moves or as GIF.",
    ),
    "html": _text(
        "--html",
        metavar="OUT.html",
        about="Write one convolution as a page to play with: a walk, sliders, numbers to change.",
    ),
    "every": _text("--every", metavar="N", about="Of --animate: every Nth output."),
    "force": FILES["force"],
    "step": _switch(
        "--step", about="Walk from output to output: arrows, space for the next, q to end."
    ),
    **GEOMETRY,
    **{name: EXECUTION[name] for name in COMPUTED},
    **READING,
    **APPEARANCE,
}

RUN: Options = {**FILES, **GEOMETRY, **EXECUTION, **READING, **APPEARANCE}
