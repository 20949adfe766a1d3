"""A model of PyTorch, made and run once on an input without values, as a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import ConvcalcError, DataError, printable
from convcalc.importers.loading import failed_there, guarded, imported
from convcalc.importers.script_errors import script_reason
from convcalc.importers.target import DECLARED, RUN, SCRIPT
from convcalc.importers.torch_building import assumed_shape, model_of
from convcalc.importers.torch_inputs import check_inputs
from convcalc.importers.torch_libraries import library_maker, own_input
from convcalc.importers.torch_missing import with_missing_operators
from convcalc.importers.torch_network import Written, network_from
from convcalc.importers.torch_places import Place, place_of
from convcalc.importers.torch_running import Run, run
from convcalc.importers.torch_scripts import loaded_script
from convcalc.importers.usual_names import package_hint
from convcalc.layers import Input
from convcalc.layers.base import format_shape
from convcalc.network.given_inputs import GivenInput, shown
from convcalc.network.trace import Stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.importers.target import Target
    from convcalc.layers import Shape
    from convcalc.network.graph import Network

ON_ZEROS = "the model needs the values of tensors{where}, so that it was run on zeros on the CPU"
WHOLE = "scalar types: Long, Int"
"""What torch says where a tensor has to hold whole numbers."""

MOST_ON_ZEROS = 20_000_000_000
"""Multiply-accumulates up to the first value that is needed of a model that is run on the CPU."""


class Asked(NamedTuple):
    """What a model is run for: where it is defined, what makes it, and its inputs."""

    target: Target
    value: object
    inputs: Sequence[GivenInput]

    def run(self, device: str, batch: int = 1) -> Run:
        """Makes it and runs it once."""
        model = model_of(self.target, self.value, device)
        samples = f"{batch} x " if batch > 1 else ""
        doing = f"running it on an input of {samples}{shown(self.inputs)}"
        with guarded(self.target, doing):
            return run(model, self.inputs, device, batch)


def network_of(
    target: Target,
    shape: Shape | None,
    batch: int = 1,
    inputs: Sequence[GivenInput] | None = None,
) -> Network:
    """The network of a model: what its forward calls, in the order of the calls.

    Args:
        target: Where the model is defined.
        shape: (channels, *sizes) of one sample; None is what the model or its first layer takes.
        inputs: All tensors that forward takes, the first of `shape`, where there are several or
            where it is not of the parameters' dtype; None where nobody can give them.
        batch: Samples that its figures are asked for: beside one sample it is run on so many.

    Returns:
        A network with a node for each call, whose label is the path of the module that makes it.
        Calls that are no kind are `opaque` with the multiply-accumulates that were counted. Where
        the model cannot be followed to its end the calls before, and `trace` says why.

    Raises:
        DataError: the user's code raised before its first call, or there is no such model.
        UsageError: it takes more inputs, or fewer.
    """
    value, notes = _value_of(target)
    return _network(Asked(target, value, inputs or ()), shape, batch, notes, inputs)


def network_of_object(target: Target, model: object, inputs: Sequence[GivenInput]) -> Network:
    """The network of a model that a program holds; see `network_of`.

    Args:
        target: Its class, for what is said of errors.
        model: The model, of which copies are run.
        inputs: What forward takes; nothing is what its first layer takes.
    """
    shape = inputs[0].shape if inputs else None
    return _network(Asked(target, model, inputs), shape, 1, [], inputs)


def _network(
    made: Asked,
    shape: Shape | None,
    batch: int,
    notes: list[str],
    inputs: Sequence[GivenInput] | None,
) -> Network:
    """What is made of a model and what is run on; notes are what is to be said so far."""
    target, value = made.target, made.value
    model = model_of(target, value, "meta")
    check_inputs(model, inputs)
    if shape is None:
        own = own_input(target, model)
        shape = own or assumed_shape(model)
        why = ": the model's own" if own else ""
        notes.append(f"not given, so assumed: input {format_shape(shape)} (-i){why}")
    asked = Asked(target, value, inputs or [GivenInput(shape)])
    with guarded(target, f"running it on an input of {shown(asked.inputs)}"):
        recorded = run(model, asked.inputs, "meta")
    device = "meta"
    stop = failed = None
    first = Place("", "")
    if recorded.error is not None:
        first = place_of(recorded.error)
        where = printable(first.where, 60)
        recorded, device, stop, failed = _followed(asked, recorded)
        if device == "cpu":
            notes.append(ON_ZEROS.format(where=where and f" at {where}"))
    many = asked.run(device, batch) if batch > 1 and stop is None else None
    if many is not None and many.error is not None:
        raise failed_there(many.error, target, f"running it on {batch} inputs")
    zeros = device == "cpu"
    return network_from(
        Written(recorded, shape, notes, stop, bool(failed), batch, many, zeros, first)
    )


def _value_of(target: Target) -> tuple[object, list[str]]:
    """The object that a target names, or what makes it, and what is to be said of it."""
    value: object
    if target.is_library:
        maker, declared = with_missing_operators(lambda: library_maker(target))
        value, notes = maker.make, [f"made by {maker.told} without weights"]
    elif target.is_script:
        value, declared = loaded_script(target), False
        notes = [SCRIPT]
    else:
        (value, note), declared = with_missing_operators(lambda: imported(target))
        notes = [RUN, *filter(None, [note])]
    return value, [*notes, *([DECLARED] if declared else [])]


def _followed(asked: Asked, first: Run) -> tuple[Run, str, Stop | None, bool]:
    """What is known of a model that failed without values, and whether that is a fault.

    Returns:
        The run that went furthest, its device, where it ended, and whether by a fault.
    """
    assert first.error is not None
    if not _needs_values(first.error):
        return first, "meta", _stop(asked, first, ""), True
    if first.macs > MOST_ON_ZEROS:
        why = f"; zeros on the CPU would take more than {first.macs:,} multiply-accumulates"
        return first, "meta", _stop(asked, first, f"needs the value of a tensor{why}"), False
    second = asked.run("cpu")
    if second.error is None:
        return second, "cpu", None, False
    return second, "cpu", _stop(asked, second, ""), False


def _stop(asked: Asked, ended: Run, reason: str) -> Stop:
    """Where and why a run ended; an error where that was before its first call.

    Raises:
        DataError: no call was recorded.
    """
    error = ended.error
    assert error is not None
    if all(isinstance(node.layer, Input) for node in ended.recorder.written.nodes):
        shape = shown(asked.inputs)
        failure = failed_there(error, asked.target, f"running it on an input of {shape}")
        raise DataError(
            f"{failure}\n  {ended.signature} {shape}{_hint(error)}{_once(error, ended)}"
        )
    place = place_of(error)
    module = printable(getattr(error, "__notes__", [""])[0], 100)
    first = printable(script_reason(str(error)), 200)
    fault = f"{type(error).__name__}: {first}".removesuffix(": ")
    told = reason or fault + _hint(error) + package_hint(error)
    return Stop(printable(place.where, 100), printable(place.code, 160), module, told)


def _hint(error: Exception) -> str:
    """What to do where whole numbers are wanted, as by an embedding."""
    return "; whole numbers are asked for as -i 128:int64" if WHOLE in str(error) else ""


def _once(error: Exception, ended: Run) -> str:
    """What to do where a model cannot use the list that several inputs are."""
    listed = ended.signature.endswith(" list of") and isinstance(error, TypeError | AttributeError)
    return "; a forward that takes a single tensor has one -i" if listed else ""


def _needs_values(error: Exception) -> bool:
    """Whether something failed because tensors on the device "meta" have no values."""
    if isinstance(error, ConvcalcError):
        return False
    text = str(error).lower()
    return isinstance(error, NotImplementedError) or "meta" in text or "device" in text
