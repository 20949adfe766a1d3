"""The words that options take, as data: the rooms that know them are slow to load.

`tests/cli/completion/test_completion_values.py` holds each against the room that reads it.
"""

from __future__ import annotations

SHELLS = ("bash", "zsh", "fish")

NEEDING_VALUES = (
    *("adaptiveavgpool", "adaptivemaxpool", "avgpool", "bilinear", "conv", "convt"),
    *("crop", "dw", "elementwise", "embedding", "gn", "gru", "input", "linear", "lppool", "lrn"),
    *("lstm", "maxpool", "maxunpool", "multiheadattention", "opaque", "pad"),
    *("parameter", "permute", "pixelshuffle", "pixelunshuffle", "pw", "reduce"),
    *("reshape", "rnn", "sep", "shuffle", "slice", "threshold", "unflatten", "view"),
)
"""The kinds that are nothing without a parameter, and so are written with a colon."""

DEVICES = (
    *("a100-40gb", "a100-80gb-pcie", "a100-80gb-sxm", "h100-pcie", "h100-sxm", "h200-sxm"),
    *("l4", "t4", "v100-sxm2"),
)

FORMATS = ("table", "json", "csv", "md", "jsonl", "html", "latex")

VALUES = {
    "algorithm": ("auto", "direct", "im2col", "fft", "lowrank"),
    "backend": ("auto", "numpy", "torch"),
    "color": ("auto", "always", "never"),
    "compare": (
        *("separable", "grouped:4", "depthwise", "bottleneck:4", "dilated:2"),
        *("factorized", "stacked", "lowrank:8"),
    ),
    "convention": ("macs", "torch", "fvcore", "torchinfo", "ptflops", "thop"),
    "device": DEVICES,
    "dims": ("1", "2", "3"),
    "dtype": ("float32", "float16", "bfloat16", "int8", "int4"),
    "format": FORMATS,
    "init": ("zeros",),
    "layout": ("nchw", "nhwc", "ncw", "nwc", "ncdhw", "ndhwc"),
    "optimizer": ("adam", "adamw", "momentum", "sgd"),
    "padding": ("same", "valid", "same-upper", "same-lower", "full"),
    "padding_mode": (
        *("zeros", "reflect", "symmetric", "replicate", "circular"),
        *("mirror", "edge", "nearest", "wrap"),
    ),
    "range": ("clip", "stretch"),
    "report": ("table", "github", "junit"),
    "scheduler": ("local",),
    "seed": ("zeros",),
    "shell": SHELLS,
    "to": ("spec", "json", "py", "onnx"),
    "verify": ("all",),
    "weights_by": ("name", "order"),
}
"""The values of an option or an argument, by the name that commands know it by."""

OF_COMMAND = {
    ("explain", "dtype"): ("float16", "float32", "float64", "int8", "int16", "int32", "int64"),
    ("graph", "to"): ("dot", "mermaid", "svg", "png"),
    ("run", "device"): ("cpu", "cuda"),
    ("run", "dtype"): ("float16", "float32", "float64", "int8", "int16", "int32", "int64"),
    ("sizes", "range"): (),
    ("solve", "kind"): ("conv", "dw", "convt", "maxpool", "avgpool", "lppool"),
    ("summary", "format"): (*FORMATS, "svg"),
    ("weights", "dtype"): ("float32", "float64", "float16"),
}
"""Those that are others in one command."""

KINDS = ("kind",)
"""What takes a kind of layer."""

COMMAND_NAMES = ("name",)
"""What takes a command."""

LABELS = ("until", "layer")
"""What takes a label of the network that is named."""

NETWORKS = ("specs", "a", "b", "networks", "file", "network", "field_of")
"""What takes a network by name, or a file of one."""

FILES = (
    *("arrays", "kernel", "bias", "weights", "output", "output_file", "save_all", "budget", "plot"),
    *("svg", "png", "animate", "html", "tls_ca", "tls_cert", "tls_key"),
)
"""What takes a file."""
