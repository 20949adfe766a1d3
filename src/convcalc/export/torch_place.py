"""One layer's place in a torch model that is being written: its modules, and its calls."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch.nn import functional

from convcalc.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import fx, nn
    from torch.fx.node import Argument, Target

    from convcalc.layers import Shape


@dataclass(frozen=True)
class LayerSite:
    """Where a layer stands, and what it is written with.

    Attributes:
        label: The path of its modules, which its weights are named by.
        shapes: What arrives, of one sample.
        inputs: The values in the graph that arrive.
        function: Whether it is called as a function, and not as a module.
    """

    tree: Tree
    graph: fx.Graph
    label: str
    shapes: tuple[Shape, ...]
    inputs: tuple[fx.Node, ...]
    function: bool

    @property
    def spatial_dims(self) -> int:
        """Spatial axes that arrive."""
        return len(self.shapes[0]) - 1

    def module(
        self,
        module: nn.Module,
        *inputs: Argument,
        below: str = "",
        name: str = "",
        **keywords: Argument,
    ) -> fx.Node:
        """A call of a module that is kept under the label, or at `below` under it.

        It is given `inputs`, or all that arrives.
        """
        path = ".".join(filter(None, (self.label, below)))
        self.tree.add(path, module, joins=len(self.shapes) > 1)
        return self._node("call_module", path, inputs or self.inputs, keywords, name or below)

    def call(
        self,
        function: str | Callable[..., torch.Tensor],
        *arguments: Any,  # `Argument` has no ellipsis
        name: str = "",
        **keywords: Argument,
    ) -> fx.Node:
        """A call of a function, a text being the name of one in torch.nn.functional.

        `name` is appended to the name of the result, where a layer has several.
        """
        target = named(function) if isinstance(function, str) else function
        return self._node("call_function", target, arguments, keywords, name)

    def method(
        self, method: str, x: fx.Node, *arguments: Argument, name: str = "", **keywords: Argument
    ) -> fx.Node:
        """A call of a tensor's method."""
        return self._node("call_method", method, (x, *arguments), keywords, name)

    def _node(
        self,
        op: str,
        target: Target,
        arguments: tuple[Argument, ...],
        keywords: dict[str, Argument],
        name: str,
    ) -> fx.Node:
        shown = "_".join(filter(None, (self.label, name)))
        node = self.graph.create_node(op, target, arguments, keywords, name=shown)
        node.meta["label"] = self.label
        return node


class Tree:
    """The modules of a model, each at the path that its weights are named by."""

    def __init__(self, root: nn.Module, folder: Callable[[], nn.Module]) -> None:
        self.root = root
        self.folder = folder
        self.layers: set[nn.Module] = set()

    def add(self, path: str, module: nn.Module, *, joins: bool = False) -> None:
        """One more module; one that joins branches holds those that lie at its path already.

        Raises:
            UsageError: torch cannot have a module at that path.
        """
        *folders, last = path.split(".")
        place = self.root
        for depth, name in enumerate(folders, start=1):
            if name not in place._modules:
                self._check(place, name, path)
                place.add_module(name, self.folder())
            place = place.get_submodule(name)
            if place in self.layers:
                self._refuse(path, f"it lies in layer '{'.'.join(folders[:depth])}'")
        branches = place._modules.get(last)
        if branches is not None:
            if branches in self.layers or not joins:
                self._refuse(path, "other layers lie in it")
            for name, branch in branches.named_children():
                module.add_module(name, branch)
            delattr(place, last)
        self._check(place, last, path)
        place.add_module(last, module)
        self.layers.add(module)

    def _check(self, place: nn.Module, name: str, path: str) -> None:
        if hasattr(place, name):
            self._refuse(path, f"every module of torch has a '{name}' of its own")
        if keyword.iskeyword(name):
            self._refuse(path, f"'{name}' is a word of Python")

    def _refuse(self, path: str, why: str) -> None:
        shown = printable(path, 60)
        raise UsageError(f"torch can have no layer called '{shown}': {why}; label it otherwise")


def named(name: str) -> Callable[..., torch.Tensor]:
    """torch.nn.functional's function of that name, written and called by that name.

    Some are only other names for what is built in: fx would write torch._C._nn.gelu for
    functional.gelu, and miss a functional.gelu that someone has put in its place, as counters do.
    """
    own = getattr(functional, name)
    if own.__module__ == functional.__name__:
        return own  # type: ignore[no-any-return]

    def late(*arguments: object, **keywords: object) -> torch.Tensor:
        result: torch.Tensor = getattr(functional, name)(*arguments, **keywords)
        return result

    late.__module__ = functional.__name__
    late.__name__ = late.__qualname__ = name
    return late
