"""Which reader a file is given to: its content decides, whatever it is called."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from convcalc.errors import UsageError, printable
from convcalc.importers.files.model_files import is_script, read_model_file
from convcalc.importers.files.onnx_file import check_installed, is_onnx
from convcalc.importers.files.texts import label_of, network_of_text, read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Shape
    from convcalc.network.given_inputs import GivenInput
    from convcalc.network.graph import Network


def read_file(
    path: str,
    given: Sequence[GivenInput] = (),
    *,
    model: str | None = None,
    in_order: bool = False,
) -> Network:
    """The network that a file holds.

    Args:
        path: The file.
        given: The inputs that a model is asked about, in its order or by name. Layers as text have
            none of their own: whoever asks about them says on which.
        model: Which of several models in a text.
        in_order: Whether modules of a printed class are applied in the order of the print.

    Raises:
        DataError: the file cannot be read, is damaged, or is of a kind that holds no network.
        SpecError: it is a text with faults.
        UsageError: a library is missing, the model takes another input, or is no one of several.
        ParameterError: an input has a name where there are none.
    """
    if is_script(path):
        _check_single(path, model)
        return _run_script(path, given)
    if is_onnx(path):
        _check_single(path, model)
        return _read_onnx(path, given)
    found = read_model_file(path, given)
    if found is not None:
        _check_single(path, model)
        return found
    found = network_of_text(read_text(path), label_of(path), model, given, in_order=in_order)
    return _not_run(found) if path.endswith(".py") else found


def _check_single(path: str, model: str | None) -> None:
    """A file of one model is asked for no other.

    Raises:
        UsageError: it is.
    """
    if model is not None:
        raise UsageError(f"{label_of(path)} holds one model, and no '{printable(model, 60)}'")


def _not_run(network: Network) -> Network:
    """The network of a Python file, of which nothing was run."""
    from convcalc.importers.target import READ

    return replace(network, notes=(READ, *network.notes))


def _run_script(path: str, given: Sequence[GivenInput]) -> Network:
    """The network of a program of TorchScript, which is loaded and run."""
    from convcalc.importers.target import Target
    from convcalc.importers.torch_target import run_target

    return run_target(Target(path, ()), given[0].shape if given else None, given=given)


def _read_onnx(path: str, given: Sequence[GivenInput]) -> Network:
    check_installed()
    from convcalc.importers.onnx_model import network_of

    return network_of(path, _by_name(given))


def _by_name(given: Sequence[GivenInput]) -> dict[str, Shape]:
    """The shapes of inputs by name; those without one are called "", "#2", "#3" and so on."""
    places = count(1)
    return {one.name or _place(next(places)): one.shape for one in given}


def _place(number: int) -> str:
    return f"#{number}" if number > 1 else ""
