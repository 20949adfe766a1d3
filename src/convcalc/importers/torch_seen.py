"""What other tools would count of a model, noted while it is run once.

Some tools watch modules by hooks, some replace functions, one reads the operators of a trace. Each
has a file of rules here (`torch_seen_*.py`), which are asked at the same places, so that what
is noted is what the tool says of the very same modules and calls. A figure belongs to the node that
was written meanwhile.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

import torch
from torch.overrides import TorchFunctionMode

from convcalc.importers import (
    torch_seen_fvcore,
    torch_seen_ptflops,
    torch_seen_thop,
    torch_seen_torchinfo,
)
from convcalc.importers.figures import Seen, Unknown
from convcalc.importers.torch_calls import sample_shape
from convcalc.importers.torch_nodes import plain_name
from convcalc.importers.torch_places import place_now
from convcalc.importers.torch_tracing import tensors_in
from convcalc.network.measured import Amount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from torch import nn

    from convcalc.importers.torch_counting import ProductCounter
    from convcalc.importers.torch_recording import Recorder
    from convcalc.importers.torch_seen_thop import Rule


class CallWatcher(TorchFunctionMode):
    """Notes what tools count of calls: torch's own counter, and fvcore."""

    def __init__(self, seen: Seen, counter: ProductCounter, recorder: Recorder) -> None:
        super().__init__()
        self.seen = seen
        self.counter = counter
        self.recorder = recorder

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        kwargs = kwargs or {}
        counter, since = self.counter, len(self.seen.nodes)
        macs, added, unknown = counter.macs, counter.added, len(counter.unknown)
        before = dict(counter.by_name) if func is ATTENTION else {}
        before_it = self.seen.hearing, counter.heard
        self.seen.hearing, counter.heard = getattr(func, "__wrapped__", func), True
        try:
            out = func(*args, **kwargs)
        finally:
            self.seen.hearing, counter.heard = before_it
        made = counter.macs - macs
        name = str(getattr(getattr(func, "_overloadpacket", func), "__name__", func))
        if len(counter.unknown) > unknown:
            self._note_unknown(plain_name(name), out, since, counter.unknown[unknown:])
        if made:
            counted = made - (counter.added - added)
            self.seen.add("torch", since, lambda: [Amount(counted), Amount(counted, PER_MAC)])
        if made or plain_name(name) in torch_seen_fvcore.WITHOUT_PRODUCTS:
            by_name = {key: macs - before.get(key, 0) for key, macs in counter.by_name.items()}
            call = torch_seen_fvcore.Heard(plain_name(name), args, kwargs, out, made, by_name)
            with torch._C.DisableTorchFunction():
                self.seen.add("fvcore", since, lambda: torch_seen_fvcore.amounts(call))
        return out

    def _note_unknown(self, name: str, out: object, since: int, operations: list[str]) -> None:
        nodes = len(self.seen.nodes)
        shape = next((sample_shape(one) for one in tensors_in(out)), (1,))
        self.seen.unknown.append(
            Unknown(
                nodes - 1 if nodes > since else None,
                name,
                self.recorder.module[0],
                place_now().where,
                tuple(max(1, size) for size in shape),
                tuple(operations),
            )
        )


ATTENTION = torch.nn.functional.multi_head_attention_forward
PER_MAC = "multiplications and additions apart, 2 per MAC"


@contextlib.contextmanager
def watched_by_tools(
    model: nn.Module, seen: Seen, counter: ProductCounter, recorder: Recorder
) -> Iterator[None]:
    """Asks the rules of every tool at the places where the tool would look."""
    rules = {
        "torchinfo": torch_seen_torchinfo.rules(model),
        "ptflops": torch_seen_ptflops.rules(model),
        "thop": torch_seen_thop.rules(model),
    }
    with contextlib.ExitStack() as stack:
        for handle in _hooks(model, seen, rules):
            stack.callback(handle.remove)
        stack.enter_context(torch_seen_ptflops.patched(seen, counter))
        with CallWatcher(seen, counter, recorder):
            try:
                yield
            finally:
                seen.finish()


def _hooks(
    model: nn.Module, seen: Seen, rules: Mapping[str, Mapping[int, Rule]]
) -> Iterator[torch.utils.hooks.RemovableHandle]:
    """One pair of hooks on each module that a tool watches."""
    begun: list[int] = []

    def enter(_module: nn.Module, _given: object) -> None:
        begun.append(len(seen.nodes))

    def leave(module: nn.Module, given: object, out: object) -> None:
        since = begun.pop()
        with torch._C.DisableTorchFunction():
            for tool, known in rules.items():
                rule = known.get(id(module))
                if rule is not None:
                    seen.add(tool, since, functools.partial(rule, module, given, out))

    for module in model.modules():
        if isinstance(module, torch.jit.ScriptModule):
            continue  # takes no hooks
        if any(id(module) in known for known in rules.values()):
            yield module.register_forward_pre_hook(enter)
            yield module.register_forward_hook(leave)
