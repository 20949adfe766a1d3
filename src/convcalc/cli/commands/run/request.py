"""What a command line of `run` asks for, every option by its name and of its type."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeAlias

from convcalc.arrayfile.pictures import is_picture
from convcalc.cli.parsing.values import count_of, layer_flags
from convcalc.errors import UsageError, printable
from convcalc.execute.arrays.named_kernels import is_kernel_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAMED = re.compile(r"([^=]+)=(.+)", re.DOTALL)

Where: TypeAlias = Literal["in memory", "a network", "in parts", "on a cluster"]

CONTACT = ("scheduler_timeout", "tls_ca", "tls_cert", "tls_key")
"""Options about reaching a scheduler."""

WEIGHTS_BY = ("name", "order")
"""How the arrays of a file find their layers."""


class InputFile(NamedTuple):
    """A file with an array for one input: of this name, or by its place where that is empty."""

    name: str
    path: str


@dataclass(frozen=True)
class RunRequest:
    """The words of a command line, None for an option that is not there.

    `layer` has the flags of a layer as they were typed; what the others mean, and whether they go
    together, is looked at before a file is read.
    """

    arrays: Sequence[str]
    kernel: str | None
    each_channel: bool | None
    bias: str | None
    network: str | None
    weights: str | None
    weights_by: str | None
    random_weights: str | None
    until: str | None
    save_all: str | None
    output: str | None
    range: str | None
    show: bool | None
    max_memory: str | None
    scheduler: str | None
    scheduler_timeout: str | None
    tls_ca: str | None
    tls_cert: str | None
    tls_key: str | None
    backend: str | None
    device: str | None
    dtype: str | None
    layout: str | None
    dims: str | None
    algorithm: str | None
    threads: str | None
    verify: str | None
    groups: str | None
    format: str | None
    transposed: bool | None
    flip: bool | None
    fold_bn: bool | None
    dry_run: bool | None
    stats: bool | None
    force: bool | None
    in_order: bool | None
    quiet: bool | None
    layer: Mapping[str, object]

    @classmethod
    def of(cls, args: Mapping[str, Any]) -> Self:
        """The request of the options by their names.

        Raises:
            UsageError: the kernel is a size, as it is for the commands that only count.
        """
        _refuse_size(args["kernel"])
        named = {field.name: args[field.name] for field in fields(cls) if field.name != "layer"}
        return cls(**named, layer={**args, "bias": None})

    @property
    def input_files(self) -> list[InputFile]:
        """The files of the inputs; NAME=FILE.npy is a name and a file, unless there is such one."""
        found = []
        for word in self.arrays:
            named = None if os.path.lexists(word) else _NAMED.fullmatch(word)
            found.append(InputFile(*named.groups()) if named else InputFile("", word))
        return found

    @property
    def array(self) -> str:
        """The file of the first input, which is the only one of a convolution."""
        return self.input_files[0].path

    @property
    def where(self) -> Where:
        """Where it is computed."""
        if self.scheduler is not None:
            return "on a cluster"
        if self.max_memory is not None:
            return "in parts"
        return "in memory" if self.network is None else "a network"

    @property
    def in_memory(self) -> bool:
        """Whether the result is in memory when it has been computed."""
        return self.where in ("in memory", "a network")

    @property
    def writes_picture(self) -> bool:
        """Whether the output is a picture; a result that is not in memory cannot be one."""
        return self.output is not None and is_picture(self.output) and self.in_memory

    @property
    def pictured(self) -> bool:
        """Whether an option for pictures is there, or the output is one."""
        return bool(self.show) or self.range is not None or self.writes_picture

    @property
    def to_stdout(self) -> bool:
        """Whether the result itself goes to standard output."""
        return self.output == "-"

    @property
    def shows_progress(self) -> bool:
        """Whether a line may say how far the work is."""
        return not (self.quiet or self.format == "json")

    def given(self, name: str) -> object:
        """The value of an option by its name."""
        return getattr(self, name)

    def text(self, name: str) -> str | None:
        """The text of an option by its name; None where it is not there, or has no text."""
        value = self.given(name)
        return value if isinstance(value, str) else None

    def seed(self) -> int | None:
        """The seed of random weights, None where none are asked for.

        Raises:
            UsageError: it is no whole number.
        """
        text = self.random_weights
        return None if text is None else count_of("random_weights", text, minimum=0)

    def layer_flags(self) -> dict[str, object]:
        """The values of the layer flags that are there, by their parameter names."""
        return layer_flags(self.layer)

    def inputs(self) -> list[str]:
        """The names of all files that arrays come from."""
        kernel = None if is_kernel_text(self.kernel or "") else self.kernel
        others = (kernel, self.bias, self.weights)
        own = [one.path for one in self.input_files]
        return [*own, *(name for name in others if name is not None)]


SIZE = re.compile(r"[0-9]+(?:[x,][0-9]+){0,2}")


def _refuse_size(kernel: str | None) -> None:
    if kernel and SIZE.fullmatch(kernel) and not os.path.lexists(kernel):
        shown = printable(kernel, 60)
        raise UsageError(
            f"--kernel: '{shown}' is a size, as -k of shape and flops; here -k is the kernel "
            f"itself: a file, or a name, as box:{shown[0]}; for random weights give "
            f"--network conv:8,k{shown.replace(',', 'x')} --random-weights 0"
        )
