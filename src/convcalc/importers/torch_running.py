"""A model of torch run once on tensors without values, as far as it can be followed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from convcalc.errors import ConvcalcError, printable
from convcalc.importers.figures import Seen
from convcalc.importers.script_errors import script_reason
from convcalc.importers.torch_building import parameters_of
from convcalc.importers.torch_counting import ProductCounter
from convcalc.importers.torch_inputs import Arguments
from convcalc.importers.torch_modules import watched_modules
from convcalc.importers.torch_recording import Recorder
from convcalc.importers.torch_seen import watched_by_tools
from convcalc.importers.torch_tracing import tensors_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.network.given_inputs import GivenInput


class Run(NamedTuple):
    """A model that was run, or a part of it.

    Attributes:
        recorder: What it called.
        seen: What other tools count of it.
        out: The tensors that came out, none where it ended early.
        ends: The nodes that gave them.
        error: Why it ended early, if it did.
        signature: The model's class, the parameters of its forward, and how it got its input.
        name: What forward calls its first input.
    """

    recorder: Recorder
    seen: Seen
    out: list[torch.Tensor]
    ends: list[int | None]
    error: Exception | None
    signature: str
    name: str

    @property
    def macs(self) -> int:
        """The multiply-accumulates of all that was run."""
        return self.recorder.counter.macs


def run(model: torch.nn.Module, inputs: Sequence[GivenInput], device: str, batch: int = 1) -> Run:
    """Runs a model on zeros, up to the end or to the first exception.

    Args:
        model: In eval mode, on the device.
        inputs: What forward is called with.
        device: "meta", where nothing is computed, or "cpu".
        batch: Samples.
    """
    given = Arguments(model, inputs, device, batch)
    counter = ProductCounter()
    recorder = Recorder(model, counter, inputs[0].shape)
    recorder.begin(given.tensors, given.labels)
    seen = Seen(recorder.written.nodes, recorder.written.main)
    names = printable(", ".join(parameters_of(model.forward)), 100)
    told = "was given a list of" if given.are_one else "was given an input of"
    own = str(getattr(model, "original_name", type(model).__name__))  # of TorchScript the first
    signature = f"{printable(own, 60)}.forward({names}) {told}"
    try:
        with (
            torch.no_grad(),
            _whole_operations(),
            watched_modules(model, recorder),
            torch.device(device),
            recorder,
            watched_by_tools(model, seen, counter, recorder),
            counter,
        ):
            out = given.call(model)
    except ConvcalcError:
        raise
    except Exception as error:
        ended = _with_reason(error, recorder.failed)
        return Run(recorder, seen, [], [], ended, signature, given.labels[0])
    results = list(tensors_in(out))
    ends = [recorder.node_of(tensor) for tensor in results]
    return Run(recorder, seen, results, ends, None, signature, given.labels[0])


def _with_reason(error: Exception, cause: Exception | None) -> Exception:
    """An error; one of TorchScript with the words of what it was caused by, which torch drops."""
    if cause is None or "TorchScript" not in str(error) or script_reason(str(error)):
        return error
    return RuntimeError(f"{str(error).rstrip()} {cause}").with_traceback(error.__traceback__)


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
