"""A network as the source of a torch.nn.Module: its modules in __init__, their calls in forward.

The modules lie under the network's labels, so that weights have its names. What stands under one
label and is entered and left at one place is a module of its own: nn.Sequential, where one follows
the other, else a class. Other labels are lists or dictionaries of modules.
"""

from __future__ import annotations

import inspect
import keyword
import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import fx, nn

from convcalc.errors import UsageError, printable
from convcalc.export.torch_constructors import OWN, called, constructor
from convcalc.export.torch_module import torch_module

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.layers import Shape
    from convcalc.network.graph import Network

NAMES = ("x", "y", "z", "u", "v", "w")
LONGEST_LINE = 100


def torch_source(network: Network, input_shape: Shape) -> str:
    """The text of a Python file that defines the network as the class Net.

    Raises:
        UsageError: a kind has no form in torch, or torch has no place for a label.
        ShapeError, SpecError: a layer does not fit.
    """
    with torch.device("meta"):
        model = torch_module(network, input_shape, network.functions)
    source = _Source(model)
    source.unit("", "Net")
    own = [inspect.getsource(one) for one in source.own]  # type: ignore[arg-type]
    body = "\n\n\n".join([*(text.rstrip() for text in own), *source.classes.values()])
    body = body.replace("nn.functional.", "functional.")
    imports = ["import torch"] if re.search(r"\btorch\.", body) else []
    imports += ["from torch import nn"]
    imports += ["from torch.nn import functional"] if "functional." in body else []
    about = f'"""A network for inputs (N, {", ".join(map(str, input_shape))})."""'
    future = "from __future__ import annotations\n\n" if own else ""
    return f"{about}\n\n{future}" + "\n".join(imports) + f"\n\n\n{body}\n"


class _Part(NamedTuple):
    """What one statement of a forward does.

    Attributes:
        path: The module that it calls, by its path; None for a function.
        inputs: The values that it reads.
        node: The call, where it is one of the graph's and not of a whole unit.
        out: The value that it gives.
    """

    path: str | None
    inputs: tuple[fx.Node, ...]
    node: fx.Node | None
    out: fx.Node


class _Source:
    """One model, written class by class; equal classes are written once."""

    def __init__(self, model: fx.GraphModule) -> None:
        self.model = model
        self.classes: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.own: dict[object, None] = {}
        self.modules = dict(model.named_modules())
        (self.input,) = (node for node in model.graph.nodes if node.op == "placeholder")
        (end,) = (node for node in model.graph.nodes if node.op == "output")
        self.output = end.args[0]
        self.calls = [n for n in model.graph.nodes if n.op not in ("placeholder", "output")]
        for node in self.calls:
            if node.target in OWN:
                self.own.update(dict.fromkeys(OWN[node.target]))

    def is_folder(self, path: str) -> bool:
        """Whether there is nothing at a path but modules below it."""
        return path in self.modules and type(self.modules[path]) in (nn.Module, fx.GraphModule)

    def below(self, path: str) -> list[int]:
        """The places of all calls under a path."""
        return [i for i, node in enumerate(self.calls) if self.lies_in(node, path)]

    def lies_in(self, node: fx.Node, path: str) -> bool:
        """Whether a call belongs under a path."""
        label = str(node.target) if node.op == "call_module" else node.meta["label"]
        return not path or label == path or label.startswith(f"{path}.")

    def edges(self, path: str) -> tuple[fx.Node, fx.Node] | None:
        """What enters and leaves the calls under a path, where that is one value each."""
        places = self.below(path)
        inside = {self.calls[place] for place in places}
        if not places or places[-1] - places[0] >= len(places):
            return None
        entering = {a for n in inside for a in n.all_input_nodes if a not in inside}
        leaving = {n for n in inside if n is self.output or any(u not in inside for u in n.users)}
        if len(entering) != 1 or len(leaving) != 1:
            return None
        return entering.pop(), leaving.pop()

    def parts(self, path: str) -> Iterator[_Part]:
        """The statements of the unit at a path."""
        done: set[fx.Node] = set()
        for place in self.below(path):
            node = self.calls[place]
            if node in done:
                continue
            unit = self.unit_of(node, path)
            if unit is None:
                module = str(node.target) if node.op == "call_module" else None
                yield _Part(module, tuple(node.all_input_nodes), node, node)
                continue
            done.update(self.calls[i] for i in self.below(unit))
            edges = self.edges(unit)
            assert edges is not None
            yield _Part(unit, edges[:1], None, edges[1])

    def unit_of(self, node: fx.Node, path: str) -> str | None:
        """The outermost unit below a path that a call lies in; None if there is none."""
        label = str(node.target) if node.op == "call_module" else str(node.meta["label"])
        parts = label.split(".")
        for length in range(1, len(parts) + 1):
            outer = ".".join(parts[:length])
            below = len(outer) > len(path) and (not path or outer.startswith(f"{path}."))
            if below and self.is_folder(outer) and self.edges(outer):
                return outer
        return None

    def unit(self, path: str, name: str = "") -> str:
        """What makes the unit at a path: nn.Sequential(...), or the call of its class."""
        parts = list(self.parts(path))
        edges = self.edges(path) if path else (self.input, self.output)
        assert edges is not None
        chain = self.is_chain(path, parts)
        if chain and path:
            return self.listed("nn.Sequential(", path, ")")
        base = "nn.Sequential" if chain else "nn.Module"
        if chain:
            init = [f"super().__init__({self.children(path)})"]
            return self.define(path, name, base, init, [])
        init = ["super().__init__()"]
        for child in self.modules[path]._modules:
            made = self.made(f"{path}.{child}" if path else child)
            init.append(
                f"self.{child} = {made}" if _plain(child) else f'self.add_module("{child}", {made})'
            )
        return self.define(path, name, base, init, self.forward(path, parts, *edges))

    def is_chain(self, path: str, parts: Sequence[_Part]) -> bool:
        """Whether the modules below a path are 0, 1, 2, ... and called one after the other."""
        names = [f"{path}.{i}" if path else str(i) for i in range(len(parts))]
        children = self.modules[path]._modules
        follows = all(later.inputs == (earlier.out,) for earlier, later in pairwise(parts))
        plain = all(p.node is None or (len(p.node.args) == 1 and not p.node.kwargs) for p in parts)
        end = self.output if not path else (self.edges(path) or (None, None))[1]
        last = bool(parts) and parts[-1].out is end
        called_once = names == [part.path for part in parts] and len(children) == len(parts)
        return bool(called_once and follows and plain and last)

    def children(self, path: str) -> str:
        """What makes the modules below a path, one after the other."""
        below = self.modules[path]._modules
        return ", ".join(self.made(f"{path}.{name}" if path else name) for name in below)

    def listed(self, begin: str, path: str, end: str) -> str:
        return f"{begin}{self.children(path)}{end}"

    def made(self, path: str) -> str:
        """What makes the module at a path."""
        module = self.modules[path]
        if not self.is_folder(path):
            if any(type(one) is nn.Module for one in module.modules() if one is not module):
                shown = printable(path, 60)
                raise UsageError(f"no Python source for '{shown}': other layers lie in a layer")
            if type(module) in OWN:
                self.own.update(dict.fromkeys(OWN[type(module)]))
            return constructor(module)
        if self.edges(path):
            return self.unit(path)
        names = list(module._modules)
        if names == [str(number) for number in range(len(names))]:
            return self.listed("nn.ModuleList([", path, "])")
        made = (self.made(f"{path}.{name}") for name in names)
        inside = ", ".join(f'"{name}": {one}' for name, one in zip(names, made, strict=True))
        return f"nn.ModuleDict({{{inside}}})"

    def reached(self, target: str, path: str) -> str:
        """How a module is reached from the unit at a path."""
        parts = target.removeprefix(f"{path}." if path else "").split(".")
        place, found = path, "self"
        for name in parts:
            folder = self.modules[place] if place != path else None
            if folder is None:
                found = f"{found}.{name}" if _plain(name) else f'getattr({found}, "{name}")'
            else:
                names = list(folder._modules)
                numbered = names == [str(number) for number in range(len(names))]
                found += f"[{name}]" if numbered else f'["{name}"]'
            place = f"{place}.{name}" if place else name
        return found

    def forward(
        self, path: str, parts: Sequence[_Part], first: fx.Node, last: fx.Node
    ) -> list[str]:
        """The lines of forward; a name is used again as soon as nobody needs its value."""
        names = {first: "x"}
        uses = {value: place for place, part in enumerate(parts) for value in part.inputs}
        uses[last] = len(parts)
        lines = []
        for place, part in enumerate(parts):
            module = "" if part.path is None else self.reached(part.path, path)
            if part.node is None:
                text = f"{module}({names[part.inputs[0]]})"
            else:
                text = called(part.node, module, names)
            for value in part.inputs:
                if uses[value] == place and value in names:
                    free = names.pop(value)
                    names.setdefault(part.out, free)
            names.setdefault(part.out, _free(set(names.values())))
            lines.append(f"{names[part.out]} = {text}")
        if lines and lines[-1].startswith(f"{names[last]} = "):
            return [*lines[:-1], "return " + lines[-1].partition(" = ")[2]]
        return [*lines, f"return {names[last]}"]

    def define(
        self, path: str, name: str, base: str, init: Sequence[str], forward: Sequence[str]
    ) -> str:
        """The call of a class, which is written down unless there is one that is the same."""
        text = "    def __init__(self):\n" + "\n".join(map(_indented, init))
        if forward:
            text += "\n\n    def forward(self, x):\n" + "\n".join(map(_indented, forward))
        whole = f"({base}):\n{text}"
        if whole not in self.names:
            self.names[whole] = name or self.class_name(path)
            self.classes[self.names[whole]] = f"class {self.names[whole]}{whole}"
        return f"{self.names[whole]}()"

    def class_name(self, path: str) -> str:
        """A name for the class of a path: Body of body.0, Body2 if there is another."""
        words = re.findall(r"[A-Za-z]+\d*", path)
        found = "".join(word[0].upper() + word[1:] for word in words[-2:]) or "Block"
        number, name = 1, found
        while name in self.names.values() or name == "Net" or hasattr(nn, name):
            number += 1
            name = f"{found}_{number}" if found[-1].isdigit() else f"{found}{number}"
        return name


def _plain(name: str) -> bool:
    """Whether Python has a module of that name as an attribute."""
    return name.isidentifier() and not keyword.iskeyword(name)


def _indented(line: str) -> str:
    """A line of a method; one that is too long has its arguments on lines of their own."""
    if len(line) + 8 <= LONGEST_LINE or line[-1:] != ")":
        return " " * 8 + line
    return "\n".join(" " * 8 + part for part in _broken(line))


def _broken(line: str) -> list[str]:
    """A call with each argument on a line of its own, again where one is too long."""
    opening = _opening(line)
    depth, begin, parts = 0, opening + 1, []
    for place in range(opening + 1, len(line) - 1):
        depth += (line[place] in "([{") - (line[place] in ")]}")
        if line[place] == "," and not depth:
            parts.append(line[begin:place].strip())
            begin = place + 1
    parts.append(line[begin : len(line) - 1].strip())
    found = [line[: opening + 1]]
    for part in parts:
        fits = len(part) + 13 <= LONGEST_LINE or part[-1:] != ")"
        inner = [part] if fits else _broken(part)
        found += ["    " + one for one in inner[:-1]] + [f"    {inner[-1]},"]
    return [*found, ")"]


def _opening(line: str) -> int:
    """The place of the bracket that the last one closes."""
    depth = 0
    for place in range(len(line) - 1, -1, -1):
        depth += (line[place] in ")]}") - (line[place] in "([{")
        if not depth:
            return place
    return 0


def _free(taken: set[str]) -> str:
    """The first name that no value has."""
    number = 1
    for name in NAMES:
        if name not in taken:
            return name
    while f"x{number}" in taken:
        number += 1
    return f"x{number}"
