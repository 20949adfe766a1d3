"""What the help and the manual say of the program as a whole."""

from __future__ import annotations

SUMMARY = (
    """Exact shapes, costs and receptive fields of convolutions, and the convolution itself."""
)

LAYERS = """Layers are written kind:arguments, as in conv:64,k7,s2,p3 (64 channels, kernel 7,
stride 2, padding 3), dw:k3 (depthwise), pw:128 (pointwise), sep:128,k3 (both) or
convt:32,k4,s2,p1 (transposed)."""

EXAMPLES = (
    "convcalc demo",
    "convcalc shape -i 3x224x224 conv:64,k7,s2,p3",
    "convcalc summary resnet50 --depth 1",
    "convcalc run image.npy --kernel kernel.npy --padding same",
)

EXIT_CODES = {
    "0": "done",
    "1": "the answer is no",
    "2": "the command line or a layer is wrong",
    "3": "an input file or its data is wrong, or with --strict a cost is not known",
    "4": "the result cannot be written, or memory or workers are short",
    "70": "a bug",
    "130, 143, 129": "interrupted by a signal",
}

TRACEBACK = "CONVCALC_TRACEBACK=1 shows where a failure arose."

VARIABLES = {
    "NO_COLOR": "Turns colours off, whatever it holds.",
    "FORCE_COLOR, CLICOLOR_FORCE": "Turn colours on where output is no terminal; 0 does not.",
    "CLICOLOR": "0 turns colours off.",
    "COLUMNS": "The width of the terminal, in the place of what it says itself.",
    "PAGER": "What shows a table that is longer than the terminal; less by default.",
    "XDG_CACHE_HOME": "Where calibrate keeps the rates of this machine; ~/.cache by default.",
    "CONVCALC_TRACEBACK": "1 shows where a failure arose.",
}
"""The variables of the environment that are listened to, where a person may set them."""
