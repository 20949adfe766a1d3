"""What a file of torch.save declares, from the instructions of its pickle, none of which is run.

A pickle is a program for a machine with a stack. Here its calls are only looked at: those that make
tensors give a shape, all others nothing.
"""

from __future__ import annotations

import math
import pickletools
import re
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zipfile import ZipFile

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which checkpoints of training keep the weights."""

MAX_PICKLE = 1 << 20
"""Bytes of instructions that are looked through."""

MAX_DIMENSIONS = 64
"""Axes of a tensor of PyTorch."""

_OF_TENSORS = re.compile(
    r"torch\.\w+|torch\.(_utils|storage|nn\.parameter|_tensor|serialization)\.\w+"
    r"|collections\.(OrderedDict|Counter)|_codecs\.encode"
)
"""Names that weights alone need."""


class Tensor(NamedTuple):
    """A tensor of which the shape alone is known."""

    shape: tuple[int, ...]


class Global(NamedTuple):
    """A class or function that a pickle names."""

    name: str


class TorchContents(NamedTuple):
    """The shapes of tensors by name, and the first name of code that weights do not need."""

    tensors: dict[str, tuple[int, ...]]
    code: str | None


def torch_contents(archive: ZipFile) -> TorchContents:
    """What the archive of torch.save declares.

    Raises:
        DataError: its pickle is damaged, too long, or of another kind.
    """
    entry = next(one for one in archive.infolist() if one.filename.endswith("/data.pkl"))
    if entry.file_size > MAX_PICKLE or entry.compress_size != entry.file_size:
        raise DataError(f"its pickle has {entry.file_size:,} bytes, over {MAX_PICKLE:,}")
    machine = _Machine()
    try:
        found = machine.run(archive.read(entry))
    except Exception as error:
        # Instructions may do anything to a stack (IndexError, TypeError, KeyError, ...).
        raise DataError(f"its pickle is damaged: {type(error).__name__}") from None
    for key in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    named = found.items() if isinstance(found, dict) else ()
    tensors = {name: one.shape for name, one in named if isinstance(one, Tensor)}
    if not all(isinstance(name, str) for name in tensors):
        raise DataError("its tensors have no names")
    return TorchContents(tensors, machine.code)


class _Machine:
    """The machine of a pickle of protocol 2, without calls."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[object, object] = {}
        self.code: str | None = None

    def run(self, pickle: bytes) -> object:
        for opcode, argument, _ in pickletools.genops(pickle):
            if opcode.name in _PUSHED:
                self.stack.append(_PUSHED[opcode.name](argument))
            elif opcode.name in _WITHOUT_STACK:
                self.stack.append(argument)
            elif opcode.name not in ("PROTO", "STOP"):
                _INSTRUCTIONS[opcode.name](self, argument)
        return self.stack.pop()

    def name_global(self, argument: object) -> None:
        assert isinstance(argument, str)
        name = argument.replace(" ", ".")
        if self.code is None and not _OF_TENSORS.fullmatch(name):
            self.code = name
        self.stack.append(Global(name))

    def marked(self) -> list[object]:
        """What lies above the last mark, taken away with it."""
        place = self.marks.pop()
        found = self.stack[place:]
        del self.stack[place:]
        return found

    def pack(self, count: int) -> None:
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def call(self, _: object) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        self.stack.append(_made(called, arguments))

    def set_items(self, items: list[object]) -> None:
        if isinstance(last := self.stack[-1], dict):
            last.update(zip(items[::2], items[1::2], strict=True))

    def drop(self, _: object) -> None:
        self.stack.pop()


def _made(called: object, arguments: object) -> object:
    """What a call comes to: a tensor's shape, a dictionary, or nothing."""
    name = called.name if isinstance(called, Global) else ""
    given = arguments if isinstance(arguments, tuple) else ()
    if name.startswith("torch._utils._rebuild_tensor"):
        return Tensor(_shape(given[2]))
    if name.startswith("torch._utils._rebuild_parameter"):
        return given[0]
    return {} if name == "collections.OrderedDict" else None


def _shape(value: object) -> tuple[int, ...]:
    """The sizes that a tensor is made with."""
    if not isinstance(value, tuple | list) or len(value) > MAX_DIMENSIONS:
        raise ValueError("no shape")
    if not all(type(n) is int and n >= 0 for n in value) or math.prod(value) >= 2**63:
        raise ValueError("no shape")
    return tuple(value)


def _set_item(machine: _Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.set_items([key, value])


_WITHOUT_STACK = (
    *("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE", "BINFLOAT"),
    *("SHORT_BINSTRING", "BINSTRING", "SHORT_BINBYTES", "BINBYTES"),
)
_PUSHED: dict[str, Callable[[object], object]] = {
    "EMPTY_TUPLE": lambda _: (),
    "EMPTY_DICT": lambda _: {},
    "EMPTY_LIST": lambda _: [],
    "EMPTY_SET": lambda _: None,
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
}
_INSTRUCTIONS: Mapping[str, Callable[[_Machine, object], object]] = {
    "MARK": lambda machine, _: machine.marks.append(len(machine.stack)),
    "GLOBAL": _Machine.name_global,
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.marked())),
    "TUPLE1": lambda machine, _: machine.pack(1),
    "TUPLE2": lambda machine, _: machine.pack(2),
    "TUPLE3": lambda machine, _: machine.pack(3),
    "BINPERSID": lambda machine, _: machine.pack(1),
    "BINPUT": lambda machine, place: machine.memo.update({place: machine.stack[-1]}),
    "LONG_BINPUT": lambda machine, place: machine.memo.update({place: machine.stack[-1]}),
    "BINGET": lambda machine, place: machine.stack.append(machine.memo[place]),
    "LONG_BINGET": lambda machine, place: machine.stack.append(machine.memo[place]),
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.call,
    "BUILD": _Machine.drop,
    "APPEND": _Machine.drop,
    "APPENDS": lambda machine, _: machine.marked(),
    "SETITEM": lambda machine, _: _set_item(machine),
    "SETITEMS": lambda machine, _: machine.set_items(machine.marked()),
}
