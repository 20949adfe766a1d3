"""A file that holds a network, as a network, for programs in Python."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.errors import ParameterError, UsageError, described, printable
from convcalc.importers.files.keras_text import names_script
from convcalc.importers.files.reading import read_file
from convcalc.importers.files.texts import read_text
from convcalc.importers.torch_target import whole
from convcalc.layers.arguments import checked_switch, checked_text
from convcalc.layers.base import format_shape
from convcalc.network.given_inputs import given_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.importers.torch_types import TensorLike
    from convcalc.network.given_inputs import GivenInput
    from convcalc.network.graph import Network

LONGEST_PATH = 32_767
"""Characters of the longest name of a file that any system has, which is Windows."""


def from_file(
    path: str | os.PathLike[str],
    /,
    *inputs: Sequence[int] | TensorLike,
    model: str | None = None,
    in_order: bool = False,
    **named: Sequence[int] | TensorLike,
) -> Network:
    r"""The network that a file holds, of every kind that the command line reads.

    A file is told by its content. Models of ONNX, Keras (`.keras`, `.h5`), torch.export (`.pt2`)
    and TFLite are read and not run; a program of TorchScript is run. Texts are layers, what PyTorch
    prints, source with its modules, source text of Keras and its JSON, a configuration of darknet,
    or a JSON document of `convcalc convert`. The network has the input that the file states as its
    `input_shape`; what has to be said of the reading is in its `notes`.

    Args:
        path: The file.
        inputs: What the model is asked about, in the order of its inputs: (channels, *sizes) of one
            sample, or a tensor with its samples in front, of which shape and dtype count. Without
            one what the file states; where that leaves sizes open, the error says so. Messages
            write inputs as the command line does: -i x=1x3x224x224 is x=(1, 3, 224, 224) here.
        model: Of a text with several models of PyTorch or of Keras, which one: its name there or
            its number from 1; of PyTorch's also the path of a module inside the first.
        in_order: Whether modules of PyTorch whose class does not say how they are used are applied
            in the order in which they are printed.
        named: Inputs by their names, of ONNX and of TorchScript.

    Raises:
        DataError: the file cannot be read, is damaged, or is of a kind that holds no network.
        SpecError: a text has faults; the first ten are named, each with a caret under its word.
        UsageError: a library is missing, the model takes another input, or is no one of several.
        ParameterError: an argument is impossible.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "net.spec")
        ...     _ = path.write_text("# input 3x32x32\nconv:8,k3 relu")
        ...     network = from_file(path)
        >>> network.input_shape, network.analyze().totals.macs
        ((3, 32, 32), 194400)
    """
    name = _checked_path(path)
    if model is not None:
        checked_text("model", model, "the name of a model in the file")
    checked_switch("in_order", in_order)
    given = given_inputs(inputs, named)
    network = whole(read_file(name, given, model=model, in_order=in_order))
    # A text is what its network can be written back as; models have no text.
    return network if network.source is None else _asked_about(network, given)


def _checked_path(path: object) -> str:
    """The name of a file.

    Raises:
        ParameterError: it is none.
        UsageError: it is a file of Python, which is for `from_torch`.
    """
    name = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if not isinstance(name, str):
        raise ParameterError("path", f"expected the name of a file, got {described(path)}")
    if len(name) > LONGEST_PATH:
        raise ParameterError("path", f"no file has a name of {len(name):,} characters")
    file = name if name.endswith(".py") else name.rpartition(":")[0]
    if file.endswith(".py") and os.path.isfile(file) and not names_script(name, read_text):
        raise UsageError(
            f"'{printable(file, 100)}' is a Python file, which is not run here: give the model "
            "that it makes to convcalc.from_torch"
        )
    return name


def _asked_about(network: Network, given: Sequence[GivenInput]) -> Network:
    """The network of a text on another input than the text names.

    Raises:
        ParameterError: it is several, or has another number of axes.
    """
    if not given:
        return network
    if len(given) > 1 or given[0].name:
        raise ParameterError("inputs", "a text takes one input, without a name")
    shape, meant = given[0].shape, network.input_shape
    if meant is not None and len(meant) != len(shape):
        raise ParameterError(
            "inputs", f"the text is for {format_shape(meant)}, got {format_shape(shape)}"
        )
    return replace(network, input_shape=shape)
