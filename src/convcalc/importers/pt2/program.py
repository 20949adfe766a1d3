"""An exported program: its operations in order, with what they read and give."""

from __future__ import annotations

import json
import re
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.arrayfile.archive import member_bytes, opened_zip
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
    named: Mapping[str, Any]
    results: Sequence[Array]
    path: Sequence[tuple[str, str]]


class Graph:
    """The parts of a program's JSON, by their names, looked at once."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        module = document["graph_module"]
        self.json = module["graph"]
        specs = module["signature"]["input_specs"]
        self.inputs = [s["user_input"]["arg"]["as_tensor"]["name"] for s in specs if _is_tensor(s)]
        self.parameters = {
            spec["parameter"]["arg"]["name"]: str(spec["parameter"]["parameter_name"])
            for spec in specs
            if "parameter" in spec
        }
        self.buffers = {
            spec[kind]["arg"]["name"]: str(spec[kind][f"{kind}_name"])
            for spec in specs
            for kind in ("buffer", "tensor_constant")
            if kind in spec
        }

    def sizes(self, name: str) -> Sequence[object]:
        """The sizes of a tensor as the file has them."""
        return list(self.json["tensor_values"][name]["sizes"])

    def outputs(self) -> list[str]:
        """The tensors that the program gives to whoever calls it."""
        return [name for one in self.json["outputs"] for name in _names(one)]


def _is_tensor(spec: Mapping[str, Any]) -> bool:
    return "user_input" in spec and "as_tensor" in spec["user_input"]["arg"]


def document_of(path: str) -> Mapping[str, Any]:
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
        document = json.loads(text)
        major = document["schema_version"]["major"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise DataError(f"'{shown}' is no program of torch.export, or damaged") from None
    if major != SCHEMA:
        raise DataError(
            f"'{shown}' is written in version {printable(str(major), 20)} of torch.export's "
            f"format, version {SCHEMA} is read; export it again with a torch of today"
        )
    assert isinstance(document, dict)
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

    def operation(self, node: Mapping[str, Any]) -> Operation:
        """One operation of the graph."""
        words = str(node["target"]).removeprefix("torch.ops.").split(".")
        space, name = (words[0], words[1]) if len(words) > 1 else ("", words[0])
        named = {one["name"]: self._value(one["arg"]) for one in node["inputs"]}
        results = [self.array(result) for one in node["outputs"] for result in _names(one)]
        return Operation(space, name, named, results, _modules(node))

    def _value(self, arg: Mapping[str, Any]) -> object:
        """An argument: the value behind the word that says of what type it is."""
        ((kind, value),) = arg.items()
        readings: Mapping[str, Callable[[], object]] = {
            "as_none": lambda: None,
            "as_tensor": lambda: self.array(value["name"]),
            "as_tensors": lambda: [self.array(one["name"]) for one in value],
            "as_optional_tensors": lambda: [self._value(one) for one in value],
            "as_sym_int": lambda: self._symbol(value),
            "as_sym_ints": lambda: [self._symbol(one) for one in value],
        }
        return readings[kind]() if kind in readings else value

    def _symbol(self, value: Mapping[str, Any]) -> int:
        """A whole number that the program works out from sizes."""
        if "as_name" in value:
            return size_of(self._graph.json["sym_int_values"][value["as_name"]], self._sizes)
        return size_of(value, self._sizes)


def _names(one: Mapping[str, Any]) -> list[str]:
    """The tensors of one output: one, several, or none."""
    if "as_tensor" in one:
        return [one["as_tensor"]["name"]]
    return [tensor["name"] for tensor in one.get("as_tensors", ())]


def _modules(node: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The modules that an operation belongs to: (path, class), the outermost first."""
    stack = str(node.get("metadata", {}).get("nn_module_stack", ""))
    found = []
    for entry in stack.split(";"):
        words = entry.split(",")
        if len(words) >= 3:
            found.append((re.sub(r"@\d+", "", words[1]), ",".join(words[2:])))
    return found
