"""Which module of a model of torch is at work, told by hooks while the model is run."""

from __future__ import annotations

import contextlib
from itertools import chain
from typing import TYPE_CHECKING

from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from convcalc.importers.torch_recording import Recorder


@contextlib.contextmanager
def watched_modules(model: torch.nn.Module, recorder: Recorder) -> Iterator[None]:
    """Tells a recorder which module of a model is at work."""
    paths = {
        id(module): (path, _is_one_call(module)) for path, module in model.named_modules() if path
    }
    before: list[tuple[str, bool]] = []

    def enter(module: torch.nn.Module, _given: object) -> None:
        before.append(recorder.module)
        recorder.module = paths.get(id(module), recorder.module)

    def leave(_module: torch.nn.Module, _given: object, _out: object) -> None:
        recorder.module = before.pop()

    hooks = [
        register_module_forward_pre_hook(enter),
        register_module_forward_hook(leave, always_call=True),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _is_one_call(module: torch.nn.Module) -> bool:
    """Whether a module is one of torch's own, without parameters: its calls need no more names."""
    own = type(module).__module__.startswith("torch.nn")
    return own and next(chain(module.children(), module.parameters()), None) is None
