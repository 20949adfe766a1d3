"""`convert`: a network written as a spec, a JSON document, Python source or an ONNX model."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from convcalc.cli.commands.shape_rf import network_and_input
from convcalc.cli.commands.weights import seed_of
from convcalc.cli.parsing.network_argument import model_target
from convcalc.cli.parsing.values import choice_of, text_of
from convcalc.cli.terminal.streams import note, write_out
from convcalc.errors import UsageError, printable
from convcalc.importers.target import lasting
from convcalc.layers import Opaque, View
from convcalc.layers.rearranged import Rearranged
from convcalc.layers.shared import Shared
from convcalc.network.subgraph import without_idle

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from convcalc.cli.parsing.requests import ConvertRequest
    from convcalc.layers import Shape
    from convcalc.network.graph import Network


class Conversion(NamedTuple):
    """What is converted.

    Attributes:
        network: The network.
        shape: (channels, *sizes) of one sample.
        given: The command line.
    """

    network: Network
    shape: Shape
    given: ConvertRequest


def convert(given: ConvertRequest) -> None:
    """`convcalc convert`: the network of the command line, written into a file.

    Raises:
        UsageError: there is no network or no output, or a form of this name is not written.
        OutputError: the output exists, or cannot be written.
    """
    if not given["specs"]:
        raise UsageError("what to convert? give layers, a file, model.py:Net or a network by name")
    output, form = _output_and_form(given)
    _check_weights(given, form)
    if output != "-":
        from convcalc.arrayfile import check_output  # with numpy, which a text does not need

        check_output(output, force=bool(given["force"]), inputs=_inputs(given))
    network, shape, _ = network_and_input(given)
    network = replace(network, notes=lasting(network.notes))
    _check_kept(network, form, quiet=bool(given["quiet"]))
    data = FORMS[form](Conversion(network, shape, given))
    if output == "-" and isinstance(data, str):
        write_out(data)
        return
    content = data.encode() if isinstance(data, str) else data
    from convcalc.arrayfile.whole_file import write_output

    write_output(output, content, force=bool(given["force"]))
    if not given["quiet"] and output != "-":
        count = len(network.nodes)
        note(f"wrote {printable(output)} ({count:,} layers, {len(content):,} bytes)")


def _check_kept(network: Network, form: str, *, quiet: bool) -> None:
    """Whether what is written computes what the network does; of texts a note says what does not.

    Raises:
        UsageError: a layer is less than its model computes, and would be written with weights.
    """
    less = [node for node in network.nodes if node.stored is not None and node.stored.refusal]
    if less and form in ("py", "onnx"):
        assert less[0].stored is not None
        raise UsageError(
            f"layer {printable(less[0].label, 60)} does not compute what the model does: "
            f"{less[0].stored.refusal}; .spec and .json hold its shapes and costs"
        )
    lost = less + [
        node
        for node in network.nodes
        if isinstance(node.layer, Opaque | View) and node.layer.computable
        if form != "json" or not isinstance(node.layer, Rearranged | Shared)
    ]
    if lost and not quiet:
        first = printable(lost[0].label, 60)
        some = f"{len(lost):,} layers, as {first}, are" if len(lost) > 1 else f"layer {first} is"
        note(
            f"{some} written with shapes and costs alone: the file counts as the model, and "
            "does not run as it"
        )


def _check_weights(given: ConvertRequest, form: str) -> None:
    """Whether weights are asked for where there are some."""
    for option in ("weights", "seed"):
        if given[option] is not None and form != "onnx":
            raise UsageError(f"--{option} goes with an .onnx: the other forms hold no weights")
    if given["weights"] is not None and given["seed"] is not None:
        raise UsageError("give either --weights or --seed, not both")


def _inputs(given: ConvertRequest) -> list[str]:
    """The files that the command reads."""
    return [*(given["specs"] or ()), *filter(None, (given["weights"],))]


def _output_and_form(given: ConvertRequest) -> tuple[str, str]:
    """Where to write, and in which form: that of the ending, or the one that is asked for."""
    forms = ", ".join(f".{form}" for form in FORMS)
    if given["output"] is None:
        raise UsageError(f"name what to write, as -o net.json; the endings are {forms}")
    output = text_of("output", given["output"])
    if given["to"] is not None:
        return output, choice_of("to", given["to"], tuple(FORMS))
    ending = os.path.splitext(output)[1].lower().removeprefix(".")
    if ending in FORMS:
        return output, ending
    if output == "-":
        raise UsageError(f"-o - says no form: give --to {', --to '.join(FORMS)}")
    shown = f"'.{printable(ending, 60)}' is not written" if ending else "a form has an ending"
    raise UsageError(f"--output: {shown}; the endings are {forms}, or say which by --to")


def _spec(asked: Conversion) -> str:
    """The network in the spec language, as a file."""
    from convcalc.language.spec_file import spec_file

    return spec_file(asked.network, asked.shape)


def _json(asked: Conversion) -> str:
    """The network as a document of JSON."""
    from convcalc.language.document import write_document

    return write_document(asked.network, asked.shape)


def _python(asked: Conversion) -> str:
    """The network as the source of a model of PyTorch."""
    from convcalc.export import to_source

    return to_source(without_idle(asked.network, asked.shape), asked.shape)


def _onnx(asked: Conversion) -> bytes:
    """The network as an ONNX model, with the weights that are given, or drawn."""
    from convcalc.export import to_onnx

    computed = asked._replace(network=without_idle(asked.network, asked.shape))
    return to_onnx(computed.network, asked.shape, _weights(computed))


def _weights(asked: Conversion) -> dict[str, np.ndarray]:
    """The arrays of --weights by their names, or drawn ones, which is said."""
    from convcalc.execute.weights.files import read_weights
    from convcalc.execute.weights.random_weights import initial_weights
    from convcalc.network.weight_names import of_modules, without_counters, without_prefix

    network, shape, given = asked
    words = given["specs"] or []
    target = model_target(words[0]) if len(words) == 1 else None
    if given["weights"] is not None:
        found = read_weights(text_of("weights", given["weights"]))
        arrays, prefix = without_prefix(found.arrays, network)
        for text in () if given["quiet"] else filter(None, (*found.notes, prefix)):
            note(text)
        if target is None:
            return without_counters(arrays)
        return of_modules(arrays, network, shape)[0]
    if target is not None and given["seed"] is None:
        from convcalc.importers.torch_weights import own_weights

        own = own_weights(target)
        if own is not None:
            return of_modules(own, network, shape)[0]
    if given["seed"] is None and not given["quiet"] and network.tensor_shapes(shape):
        note("not given, so drawn: weights of seed 0 (--weights, --seed)")
    return dict(initial_weights(network, shape, seed_of(given["seed"])))


FORMS: dict[str, Callable[[Conversion], str | bytes]] = {
    "spec": _spec,
    "json": _json,
    "py": _python,
    "onnx": _onnx,
}
"""How each form is written, by its ending."""
