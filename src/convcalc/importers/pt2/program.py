"""An exported program: its operations in order, with what they read and give."""

from __future__ import annotations

import json
import re
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrayfile.archive import member_bytes, opened_zip
from convcalc.arrayfile.json_values import as_list, as_object, held
from convcalc.errors import DataError, printable
from convcalc.importers.pt2.sizes import size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_JSON = 64 * 2**20
"""Bytes of a program: that of a transformer of 12 blocks has 1 MB."""

SCHEMA = 8
"""The version of the format that is read; a new one means that it is another."""

LEGACY = "serialized_exported_program.json"


class Array:
    """A tensor of the program, known by its shape; each is itself alone."""

    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        self.name = name
        self.shape = shape

    def dim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    def numel(self) -> int:
        """How many elements it has."""
        return prod(self.shape)


class Operation(NamedTuple):
    """One operation of the graph.

    Attributes:
        space: The library that it is of: "aten" for torch's own.
        name: Its name there.
        named: Its arguments by name, tensors as Arrays.
        results: What it gives, tensors alone.
        path: The module that it belongs to, and those that it is in, the innermost last.
    """

    space: str
    name: str
    named: Mapping[str, object]
    results: Sequence[Array]
    path: Sequence[tuple[str, str]]


class Graph:
    """The parts of a program's JSON, by their names, looked at once."""

    def __init__(self, document: Mapping[str, object]) -> None:
        module = document["graph_module"]
        self.json = as_object(held(module, "graph"))
        specs = [as_object(one) for one in as_list(held(module, "signature", "input_specs"))]
        arguments = [held(spec, "user_input", "arg") for spec in specs if "user_input" in spec]
        self.inputs = [_name(one) for one in arguments if "as_tensor" in as_object(one)]
        self.parameters = _kept(specs, "parameter")
        self.buffers = _kept(specs, "buffer", "tensor_constant")

    def sizes(self, name: str) -> Sequence[object]:
        """The sizes of a tensor as the file has them."""
        return as_list(held(self.json, "tensor_values", name, "sizes"))

    def outputs(self) -> list[str]:
        """The tensors that the program gives to whoever calls it."""
        return [name for one in as_list(self.json["outputs"]) for name in _names(one)]


def _kept(specs: Sequence[Mapping[str, object]], *kinds: str) -> dict[str, str]:
    """The names of arrays in the model's `state_dict`, by those of the program's tensors."""
    return {
        str(held(spec, kind, "arg", "name")): str(held(spec, kind, f"{kind}_name"))
        for spec in specs
        for kind in kinds
        if kind in spec
    }


def _name(argument: object) -> str:
    """The name of a tensor that is an argument."""
    return str(held(argument, "as_tensor", "name"))


def document_of(path: str) -> Mapping[str, object]:
    """The JSON of a program in its archive, whose pickles are not opened.

    Raises:
        DataError: the archive is damaged, or of another version.
    """
    with opened_zip(path, "a program of torch.export") as (_, archive):
        legacy = LEGACY in archive.namelist()
    name = LEGACY if legacy else "*/models/model.json"
    text = member_bytes(path, name, MAX_JSON, "a program of torch.export")
    shown = printable(path)
    try:
        document = as_object(json.loads(text))
        major = held(document, "schema_version", "major")
    except (ValueError, RecursionError, KeyError, TypeError):
        raise DataError(f"'{shown}' is no program of torch.export, or damaged") from None
    if major != SCHEMA:
        raise DataError(
            f"'{shown}' is written in version {printable(str(major), 20)} of torch.export's "
            f"format, version {SCHEMA} is read; export it again with a torch of today"
        )
    return document


class Reader:
    """Reads operations, for values of the sizes that were left open."""

    def __init__(self, graph: Graph, open_sizes: Mapping[str, int]) -> None:
        self._graph = graph
        self._sizes = open_sizes
        self._arrays: dict[str, Array] = {}

    def array(self, name: str) -> Array:
        """A tensor by its name, always the same."""
        found = self._arrays.get(name)
        if found is None:
            sizes = tuple(size_of(size, self._sizes) for size in self._graph.sizes(name))
            if any(size < 0 for size in sizes):
                raise DataError("the exported program has a tensor of negative size")
            found = self._arrays[name] = Array(name, sizes)
        return found

    def operation(self, node: Mapping[str, object]) -> Operation:
        """One operation of the graph."""
        words = str(node["target"]).removeprefix("torch.ops.").split(".")
        space, name = (words[0], words[1]) if len(words) > 1 else ("", words[0])
        inputs = [as_object(one) for one in as_list(node["inputs"])]
        named = {str(one["name"]): self._value(one["arg"]) for one in inputs}
        outputs = as_list(node["outputs"])
        results = [self.array(result) for one in outputs for result in _names(one)]
        return Operation(space, name, named, results, _modules(node))

    def _value(self, arg: object) -> object:
        """An argument: the value behind the word that says of what type it is."""
        ((kind, value),) = as_object(arg).items()
        readings: Mapping[str, Callable[[], object]] = {
            "as_none": lambda: None,
            "as_tensor": lambda: self.array(str(held(value, "name"))),
            "as_tensors": lambda: [self.array(str(held(one, "name"))) for one in as_list(value)],
            "as_optional_tensors": lambda: [self._value(one) for one in as_list(value)],
            "as_sym_int": lambda: self._symbol(value),
            "as_sym_ints": lambda: [self._symbol(one) for one in as_list(value)],
        }
        return readings[kind]() if kind in readings else value

    def _symbol(self, value: object) -> int:
        """A whole number that the program works out from sizes."""
        name = as_object(value).get("as_name")
        if name is not None:
            return size_of(held(self._graph.json, "sym_int_values", str(name)), self._sizes)
        return size_of(value, self._sizes)


def _names(output: object) -> list[str]:
    """The tensors of one output: one, several, or none."""
    one = as_object(output)
    if "as_tensor" in one:
        return [_name(one)]
    return [str(held(tensor, "name")) for tensor in as_list(one.get("as_tensors", []))]


def _modules(node: Mapping[str, object]) -> list[tuple[str, str]]:
    """The modules that an operation belongs to: (path, class), the outermost first."""
    stack = str(as_object(node.get("metadata", {})).get("nn_module_stack", ""))
    found = []
    for entry in stack.split(";"):
        words = entry.split(",")
        if len(words) >= 3:
            found.append((re.sub(r"@\d+", "", words[1]), ",".join(words[2:])))
    return found
