"""What the command line knows of a command before it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from convcalc.cli.parsing.option_types import Options


class Command(NamedTuple):
    """Where a command is computed, its options and its help.

    Attributes:
        module: What is imported when the command is called.
        function: What of it is called, with the values of the options.
        options: Its options and arguments, in the order of its help.
        about: One line, for the list of commands too.
        examples: Whole command lines.
        details: What its help says at the end.
        imports_numpy: Whether numpy is imported at once.
    """

    module: str
    function: str
    options: Options
    about: str
    examples: tuple[str, ...]
    details: str = ""
    imports_numpy: bool = False


LAYERS_DETAILS = """Give layers, or describe one layer by flags. What is not given is assumed and
said: input 3x224x224, or what PyTorch's text says of it, 64 output channels, kernel 3; the rest as
in PyTorch. A model of PyTorch, as model.py:Net, model.py:make_net(10) or package.module:attribute,
is made and run once: its code is run, and may do all that you may. timm:NAME and torchvision:NAME
are the models of these libraries, made without weights. Files of ONNX, Keras (.keras, .h5),
torch.export (.pt2) and TFLite, and what `convcalc convert` writes, are read; nothing in them is
run."""
"""The end of the help of commands that take layers, or one layer by flags."""
