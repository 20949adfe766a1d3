"""The options of the commands that compute arrays, and of those that write networks down."""

from __future__ import annotations

from functools import partial

from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.document_options import DOCUMENT_FILE
from convcalc.cli.parsing.option_types import Argument, Options
from convcalc.cli.parsing.option_types import switch_option as _switch
from convcalc.cli.parsing.option_types import text_option as _text
from convcalc.cli.parsing.options import GEOMETRY, INPUT, READING, SPECS

_input = partial(_text, group="Input")
_weights = partial(_text, group="Weights")
_weights_switch = partial(_switch, group="Weights")
_computing = partial(_text, group="Computing")
_computing_switch = partial(_switch, group="Computing")
_cluster = partial(_text, group="Cluster")
_view = partial(_text, group="View")
_view_switch = partial(_switch, group="View")
_output = partial(_text, group="Output")
_output_switch = partial(_switch, group="Output")

FILES: Options = {
    "arrays": Argument(
        "INPUT.npy...",
        "The array, or a picture: PNG, JPEG or PPM; '-' is standard input. One for each input of a "
        "network, in its order or as NAME=FILE.npy.",
        several=True,
        required=True,
    ),
    "kernel": _weights(
        "--kernel",
        "-k",
        metavar="K.npy",
        about="The kernel (O, C/groups, kh, kw); or sobel-x, scharr-x, prewitt-x, laplacian, "
        "gaussian:5,1.0, box:3, sharpen, emboss, gabor:21,4,45,10, or numbers: '1 2 1; 2 4 2'.",
    ),
    "each_channel": _weights_switch(
        "--each-channel", about="The kernel (kh, kw) on every channel by itself."
    ),
    "bias": _weights("--bias", metavar="B.npy", about="One number per output channel, or for all."),
    "network": _weights("--network", metavar="LAYERS", about="Several layers instead of a kernel."),
    "weights": _weights(
        "--weights",
        metavar="FILE",
        about="The network's weights by name: .npz, .safetensors, .pth, .pt or .onnx, whose own "
        "are the default.",
    ),
    "weights_by": _weights(
        "--weights-by",
        metavar="name|order",
        about="Take the arrays by name (default), or in the order of the file.",
    ),
    "random_weights": _weights(
        "--random-weights", metavar="SEED", about="Weights drawn at random, the same per seed."
    ),
    "until": _weights(
        "--until",
        metavar="LABEL",
        about="Stop after this layer or block: its output is the result.",
    ),
    "fold_bn": _weights_switch("--fold-bn", about="Make bn part of the convolutions before them."),
    "output": _output(
        "--output",
        "-o",
        metavar="OUT.npy",
        about="Where to write, .npy or a picture, as out.png; '-' is stdout.",
    ),
    "range": _output(
        "--range",
        metavar="RANGE",
        about="Of a picture that is written or shown: clip (default: values are levels), stretch "
        "(least to largest), or LO:HI.",
    ),
    "show": _output_switch(
        "--show", about="Draw the result in the terminal, in pixels where it can."
    ),
    "save_all": _output(
        "--save-all", metavar="DIR", about="Write the output of every layer as DIR/LABEL.npy."
    ),
    "force": _output_switch("--force", "-f", about="Replace existing outputs."),
    "max_memory": _computing(
        "--max-memory", metavar="BYTES", about="Work in so much memory, as 512M; needs -o."
    ),
}

EXECUTION: Options = {
    "flip": _weights_switch("--flip", about="Flip the kernel: the convolution of mathematics."),
    "layout": _input(
        "--layout",
        metavar="LAYOUT",
        about="nchw (default) or nhwc, channels last; ncw, nwc, ncdhw and ndhwc say the axes, too.",
    ),
    "dims": _input("--dims", metavar="1|2|3", about="Spatial axes, where shapes allow several."),
    "backend": _computing("--backend", metavar="NAME", about="auto (default), numpy or torch."),
    "dtype": _computing(
        "--dtype", metavar="DTYPE", about="Dtype of the result, as float32 or int16."
    ),
    "algorithm": _computing(
        "--algorithm", metavar="NAME", about="auto (default), direct, im2col, fft or lowrank."
    ),
    "threads": _computing("--threads", metavar="N", about="Threads that compute; all by default."),
    "dry_run": _computing_switch("--dry-run", about="Print the plan, compute nothing."),
    "stats": _computing_switch("--stats", about="Print the plan beside the time that it took."),
    "scheduler": _cluster(
        "--scheduler",
        metavar="ADDRESS|local",
        about="Compute on a Dask cluster, as tcp://10.0.0.1:8786; local starts workers here.",
    ),
    "scheduler_timeout": _cluster(
        "--scheduler-timeout",
        metavar="SECONDS",
        about="How long the scheduler may take to answer; 20 by default.",
    ),
    "tls_ca": _cluster(
        "--tls-ca", metavar="CA.pem", about="Who vouches for a scheduler at tls://."
    ),
    "tls_cert": _cluster("--tls-cert", metavar="CERT.pem", about="The certificate to show to it."),
    "tls_key": _cluster("--tls-key", metavar="KEY.pem", about="Its key, if not in the same file."),
    "device": _computing("--device", metavar="DEVICE", about="A torch device, as cuda."),
    "verify": _computing(
        "--verify",
        metavar="[SAMPLES|all]",
        about="Compute so many outputs again (1000), directly in float64; fail if one is wrong.",
    ),
}

FILED = ("kernel", "each_channel", "bias", "network", "weights", "weights_by", "random_weights")
"""Options of `run` that say which arrays are computed with, for `explain` too."""

COMPUTED = ("flip", "layout", "dims", "dtype")
"""Options of `run` that say how arrays are read and computed with, for `explain` too."""

WEIGHTS: Options = {
    **SPECS,
    **INPUT,
    "init": _weights(
        "--init", metavar="SEED|zeros", about="What to draw the weights with; 0 by default."
    ),
    "dtype": _weights("--dtype", metavar="DTYPE", about="float32 (default), float64 or float16."),
    "output": _output("--output", "-o", metavar="W.npz", about="Where to write them."),
    "force": _output_switch("--force", "-f", about="Replace an existing output."),
    **READING,
    **APPEARANCE,
}

DEMO: Options = {
    "force": _output_switch("--force", "-f", about="Replace the files of an earlier demo."),
}

CONVERT: Options = {
    **SPECS,
    **INPUT,
    "output": _output(
        "--output", "-o", metavar="FILE", about="net.spec, net.json, net.py or net.onnx."
    ),
    "to": _output("--to", metavar="FORM", about="spec, json, py or onnx, whatever its name."),
    "weights": _weights("--weights", metavar="FILE", about="What an .onnx holds, as of run."),
    "seed": _weights(
        "--seed", metavar="SEED", about="Else what they are drawn with, or zeros; 0 by default."
    ),
    "force": _output_switch("--force", "-f", about="Replace an existing output."),
    **READING,
    "quiet": APPEARANCE["quiet"],
}

WALK: Options = {
    "specs": Argument(
        "[INPUT.npy | LAYER...]",
        "An array, with --kernel or --network; or layers, for which numbers are made up.",
        several=True,
    ),
    **{name: FILES[name] for name in FILED},
    "input": _input(
        "--input",
        "-i",
        metavar="CxHxW",
        about="Shape of one sample for layers, as 3x7x7 (the default, where it fits).",
    ),
    "at": _view("--at", metavar="O,Y,X", about="The output to look at; the first by default."),
    "svg": _output(
        "--svg", metavar="OUT.svg", about="Write a picture of it, for slides and pages, as SVG."
    ),
    "png": _output("--png", metavar="OUT.png", about="The same in pixels."),
    "animate": _output(
        "--animate",
        metavar="OUT.svg|OUT.gif",
        about="Write pictures of all outputs in turn, as SVG that moves or as GIF.",
    ),
    "html": _output(
        "--html",
        metavar="OUT.html",
        about="Write it as a page to play with: a walk, sliders, numbers to change.",
    ),
    "every": _view("--every", metavar="N", about="Of --animate: every Nth output."),
    "step": _view_switch(
        "--step", about="Walk from output to output: arrows, space for the next, q to end."
    ),
    **GEOMETRY,
    **{name: EXECUTION[name] for name in COMPUTED},
    **READING,
    **APPEARANCE,
    **DOCUMENT_FILE,
}

RUN: Options = {**FILES, **GEOMETRY, **EXECUTION, **READING, **APPEARANCE}
