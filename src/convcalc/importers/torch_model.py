"""A model of PyTorch, made and run once on an input without values, as a network."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from convcalc.errors import ConvcalcError, DataError, printable
from convcalc.importers.loading import found, guarded
from convcalc.importers.torch_building import assumed_shape, check_inputs, model_of
from convcalc.importers.torch_calls import sample_shape
from convcalc.importers.torch_counting import ProductCounter
from convcalc.importers.torch_libraries import library_maker, own_input
from convcalc.importers.torch_missing import DECLARED, with_missing_operators
from convcalc.importers.torch_recording import Recorder, watched_modules
from convcalc.importers.torch_tracing import tensors_in
from convcalc.layers import Opaque
from convcalc.layers.base import format_shape
from convcalc.network.graph import INPUT, Network, Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.importers.target import Target
    from convcalc.layers import Shape

RUN = "running a Python file runs its code, with all that you may do"
ON_ZEROS = (
    "the model needs the values of tensors, so that it was run on zeros on the CPU: what it "
    "decides by values is as decided for zeros"
)


class Recorded(NamedTuple):
    """A model that was run: what it called, and what came out, with the nodes that gave it."""

    recorder: Recorder
    out: list[torch.Tensor]
    ends: list[int | None]


def network_of(target: Target, shape: Shape | None) -> Network:
    """The network of a model: what its forward calls, in the order of the calls.

    Args:
        target: Where the model is defined.
        shape: (channels, *sizes) of one sample; None is what its first layer takes.

    Returns:
        A network with a node for each call, whose label is the path of the module that makes it.
        Calls that are no kind are `opaque` with the multiply-accumulates that were counted.

    Raises:
        DataError: the user's code raised, or there is no such model.
        UsageError: it takes several inputs.
    """
    value, notes = _value_of(target)
    model = model_of(target, value, "meta")
    check_inputs(model)
    if shape is None:
        own = own_input(target, model)
        shape = own or assumed_shape(model)
        why = ": the model's own" if own else ""
        notes.append(f"not given, so assumed: input {format_shape(shape)} (-i){why}")
    with guarded(target, f"running it on an input of {format_shape(shape)}"):
        try:
            recorded = _recorded(model, shape, "meta")
        except Exception as error:
            if not _needs_values(error):
                raise
            recorded = None
    if recorded is None:
        notes.append(ON_ZEROS)
        model = model_of(target, value, "cpu")
        with guarded(target, f"running it on zeros of {format_shape(shape)}"):
            recorded = _recorded(model, shape, "cpu")
    return _network(recorded, shape, notes)


def _value_of(target: Target) -> tuple[Any, list[str]]:
    """The object that a target names, or what makes it, and what is to be said of it."""
    if target.is_library:
        maker, declared = with_missing_operators(lambda: library_maker(target))
        value, notes = maker.make, [f"made by {maker.told} without weights"]
    else:
        value, declared = with_missing_operators(lambda: found(target))
        notes = [RUN]
    return value, [*notes, *([DECLARED] if declared else [])]


def _needs_values(error: Exception) -> bool:
    """Whether something failed because tensors on the device "meta" have no values."""
    if isinstance(error, ConvcalcError):
        return False
    text = str(error).lower()
    return isinstance(error, NotImplementedError) or "meta" in text or "device" in text


def _recorded(model: torch.nn.Module, shape: Shape, device: str) -> Recorded:
    floats = (one.dtype for one in model.parameters() if one.is_floating_point())
    array = torch.zeros((1, *shape), device=device, dtype=next(floats, torch.float32))
    counter = ProductCounter()
    recorder = Recorder(model, counter, shape)
    recorder.begin(array)
    with (
        torch.no_grad(),
        _whole_operations(),
        watched_modules(model, recorder),
        torch.device(device),
        recorder,
        counter,
    ):
        out = model(array)
    given = list(tensors_in(out))
    return Recorded(recorder, given, [recorder.node_of(tensor) for tensor in given])


@contextlib.contextmanager
def _whole_operations() -> Iterator[None]:
    """Without the fused operations of the CPU, whose products nobody counts."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.backends.mkldnn.flags(enabled=False), sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def _network(recorded: Recorded, shape: Shape, notes: list[str]) -> Network:
    recorder, out, ends = recorded
    if not ends:
        raise DataError("the model gives no tensor")
    nodes, end = list(recorder.written.nodes), ends[0]
    left = recorder.unreached()
    rest = sum(left.values()), recorder.uncharged
    if end is None:
        end = len(nodes)
        nodes.append(_rest("untraced", sample_shape(out[0]), *rest))
        notes.append("its result could not be followed to its input: 'untraced' has what is left")
    elif any(rest):
        nodes.append(_rest("unreached", (1,), *rest))
        if left:
            notes.append(f"{rest[0]:,} parameters that its forward never reaches: {_owners(left)}")
        if rest[1]:
            notes.append(f"{rest[1]:,} MACs that lead to no output: 'unreached' has them")
    if len(ends) > 1:
        notes.append(f"it gives {len(ends)} tensors; the first is taken for its output")
    if recorder.written.unnamed:
        notes.append(_unnamed(recorder.written.unnamed))
    return Network(tuple(nodes), end, input_shape=shape, notes=tuple(notes))


def _rest(name: str, out: Shape, params: int, macs: int) -> Node:
    """A row for what was found and belongs to no call."""
    return Node(Opaque(name, out, params, macs), (INPUT,), name)


def _owners(left: dict[str, int]) -> str:
    """The modules that parameters belong to, by their first names."""
    names = dict.fromkeys(name.partition(".")[0] for name in left)
    some = ", ".join(list(names)[:6])
    return printable(some, 200) + (f", ... {len(names) - 6} more" if len(names) > 6 else "")


def _unnamed(unnamed: Any) -> str:
    """What is said of calls that are no kind of layer, the most frequent first."""
    shown = ", ".join(f"{name} {count}" for name, count in unnamed.most_common(6))
    more = f", ... {len(unnamed) - 6} more" if len(unnamed) > 6 else ""
    return (
        f"calls that are no kind of layer ({shown}{more}): products exact, other operations not "
        "counted, a change of shape sees the whole input"
    )
