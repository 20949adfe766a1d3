"""Darknet's configurations: sections of a network in order, which say all that its shapes need.

    [convolutional]          a section is a layer, numbered from 0 behind [net]
    filters=32               its options, one a line
    size=3

Sections refer to others by number, or by how many before them. Every layer carries the number of
its section as a label: `3` for a convolution, `3.bn` and `3.act` for what belongs to it.

Source: AlexeyAB/darknet, src/parser.c, whose defaults these are, and the layers' own files; of
`maxpool`, src/maxpool_layer.c: padding is size - 1 in all, half of it, rounded down, before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import MOST_PROBLEMS, Diagnostic, nearest, printable
from convcalc.language.expressions import InputChannels, Operation
from convcalc.language.reading import Reading
from convcalc.language.tree import Argument, Axes, Block, Call, Ends, Jump, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from convcalc.language.tree import Item, Value
    from convcalc.layers import Shape

LONGEST_NUMBER = 9
"""Digits that a number of a configuration may have."""

MOST_SECTIONS = 10_000
"""Sections that are read; the largest published networks have some hundred."""

_SECTION = re.compile(r"[ \t]*+\[([\w-]++)\][ \t]*+(?:#[^\n]*+)?+$")
_OPTION = re.compile(r"[ \t]*+(\w++)[ \t]*+=[ \t]*+([^\n#;]*+)")

LEAK = 0.1
"""The slope of a leaky activation below 0."""

ACTIVATIONS = {
    **{name: name for name in ("elu", "gelu", "mish", "relu", "relu6", "selu", "tanh")},
    "hardtan": "hardtanh",
    "leaky": "leakyrelu",
    "logistic": "sigmoid",
    "swish": "silu",
}
"""Our kind of each activation, by darknet's name; "linear" is none. Source: src/activations.c."""

OPTIONS: dict[str, dict[str, Value]] = {
    "leaky": {"slope": LEAK},
    "gelu": {"approximate": "tanh"},  # gelu_activate in src/activations.h
}
"""What an activation is given beside its name."""

THROUGH = ("yolo", "region", "detection", "cost", "gaussian_yolo")
"""Sections that hand on what arrives: they are about training and about boxes."""


UNREAD = {
    "reorg": "it moves positions into channels in an order of its own",
    "reorg3d": "it moves positions into channels in an order of its own",
    "local": "each position has a kernel of its own",
    "normalization": "it divides by neighbouring channels",
    "crop": "what it cuts off is drawn at random",
    **dict.fromkeys(("rnn", "gru", "lstm", "crnn", "conv_lstm"), "it goes over time"),
}
"""What sections without a counterpart do."""

UNREAD_OPTIONS = {
    "convolutional": ("antialiasing", "deform", "assisted_excitation"),
    "maxpool": ("antialiasing", "maxpool_depth"),
    "shortcut": ("weights_type",),
    "scale_channels": ("scale_wh",),
}
"""Options that change what a layer computes, and have no counterpart here."""


class Section(NamedTuple):
    """A section: its name, its options with their places, and its own place."""

    name: str
    options: dict[str, tuple[str, Place]]
    place: Place


def read_darknet(text: str) -> Reading:
    """The layers of a configuration that begins with [net], and the input that it names."""
    head, *sections = _sections(text)
    writer = _Writer(sections)
    for index, section in enumerate(sections):
        if index >= MOST_SECTIONS or len(writer.problems) >= MOST_PROBLEMS:
            break
        try:
            writer.write(index, section)
        except _FaultError as fault:
            writer.problems.append(fault.problem)
    if len(sections) > MOST_SECTIONS:
        place = sections[MOST_SECTIONS].place
        message = f"more than {MOST_SECTIONS} sections"
        writer.problems.append(Diagnostic(message, place.start, place.end))
    shape = None
    try:
        shape = _input_of(head)
    except _FaultError as fault:
        writer.problems.append(fault.problem)
    notes = tuple(dict.fromkeys(writer.notes))
    return Reading(tuple(writer.items), tuple(writer.problems), notes=notes, input_shape=shape)


def _input_of(head: Section) -> Shape | None:
    """The input that [net] names: a picture, of 3 channels unless it says, or a vector."""
    inputs, height, width = (_whole(head, name, 0) for name in ("inputs", "height", "width"))
    if min(height, width) > 0:
        return (max(1, _whole(head, "channels", 3)), height, width)
    return (inputs,) if inputs > 0 else None


class _FaultError(Exception):
    """A section that cannot be read."""

    def __init__(self, message: str, place: Place) -> None:
        self.problem = Diagnostic(message, place.start, place.end)
        super().__init__(message)


def _sections(text: str) -> Iterator[Section]:
    """The sections in order, lines that are neither section nor option passed over."""
    current: Section | None = None
    start = 0
    for line in text.splitlines(keepends=True):
        section, option = _SECTION.match(line.rstrip()), _OPTION.match(line)
        if section is not None:
            if current is not None:
                yield current
            place = Place(start + section.start(1) - 1, start + section.end(1) + 1)
            current = Section(section.group(1).lower(), {}, place)
        elif option is not None and current is not None:
            value = option[2].rstrip()
            place = Place(start + option.start(1), start + option.start(2) + len(value))
            current.options[option[1].lower()] = (value, place)
        start += len(line)
    if current is not None:
        yield current


def _whole(section: Section, name: str, default: int) -> int:
    """A whole number among the options of a section."""
    text, place = section.options.get(name, (str(default), section.place))
    if not re.fullmatch(r"-?\d+", text) or len(text) > LONGEST_NUMBER:
        shown = printable(text, 40)
        raise _FaultError(
            f"{name} of [{section.name}]: expected a whole number, got '{shown}'", place
        )
    return int(text)


def _strides(section: Section) -> Value:
    """The stride, which may differ along the two axes."""
    both = _whole(section, "stride", 1)
    down, across = (_whole(section, f"stride_{axis}", both) for axis in "yx")
    return down if down == across else Axes((down, across))


class _Writer:
    """The sections written as calls; `ends` are the labels of the last layer of each."""

    def __init__(self, sections: list[Section]) -> None:
        self.sections = sections
        self.items: list[Item] = []
        self.problems: list[Diagnostic] = []
        self.notes: list[str] = []
        self.ends: list[str | None] = []

    def write(self, index: int, section: Section) -> None:
        """The layers of one section."""
        before = len(self.items)
        for name in UNREAD_OPTIONS.get(section.name, ()):
            value, place = section.options.get(name, ("0", section.place))
            if value not in ("0", "none"):
                message = f"{name} of [{section.name}] has no counterpart here"
                self.problems.append(Diagnostic(message, place.start, place.end))
        try:
            if section.name in THROUGH:
                self.notes.append(
                    f"[{section.name}] is passed through: it has no layers of its own"
                )
            else:
                self.writer_of(section)(str(index), section)
        finally:
            written = self.items[before:]
            last = [_label_of(written[-1])] if written else self.ends[-1:]
            self.ends.append((last or [None])[-1])

    def writer_of(self, section: Section) -> Callable[[str, Section], None]:
        """What writes sections of that name."""
        writers = {
            "convolutional": self.convolutional,
            "maxpool": self.maxpool,
            "avgpool": lambda label, own: self.call(label, own, "gap"),
            "upsample": self.upsample,
            "route": self.route,
            "shortcut": self.shortcut,
            "connected": self.connected,
            "dropout": lambda label, own: self.call(label, own, "dropout"),
            "softmax": lambda label, own: self.call(label, own, "softmax"),
            "batchnorm": lambda label, own: self.call(label, own, "bn"),
            "scale_channels": self.scaled,
            "sam": self.scaled,
        }
        if section.name not in writers:
            name = printable(section.name, 40)
            hint = nearest(section.name, (*writers, *THROUGH)) or "; write it as layers of a spec"
            why = f": {UNREAD[section.name]}" if section.name in UNREAD else ""
            raise _FaultError(f"[{name}] has no counterpart here{why}{hint}", section.place)
        return writers[section.name]

    def call(
        self,
        label: str,
        section: Section,
        kind: str,
        switches: tuple[str, ...] = (),
        **arguments: Value,
    ) -> None:
        """One layer."""
        place = section.place
        given = (
            *(Argument(name, value, place) for name, value in arguments.items()),
            *(Argument(None, switch, place) for switch in switches),
        )
        self.items.append(Call(kind, given, label, Place(place.start, place.end, 1)))

    def convolutional(self, label: str, section: Section) -> None:
        size = _whole(section, "size", 1)
        padding = _whole(section, "padding", 0)
        if _whole(section, "pad", 0):
            padding = size // 2
        normalized = _whole(section, "batch_normalize", 0)
        self.call(
            label,
            section,
            "conv",
            out_channels=_whole(section, "filters", 1),
            kernel_size=size,
            stride=_strides(section),
            padding=padding,
            dilation=_whole(section, "dilation", 1),
            groups=_whole(section, "groups", 1),
            switches=("nobias",) if normalized else (),
        )
        self.behind(label, section, normalized)

    def connected(self, label: str, section: Section) -> None:
        normalized = _whole(section, "batch_normalize", 0)
        self.call(f"{label}.flatten", section, "flatten")
        switches = ("nobias",) if normalized else ()
        features = _whole(section, "output", 1)
        self.call(label, section, "linear", switches, out_features=features)
        self.behind(label, section, normalized)

    def behind(self, label: str, section: Section, normalized: int) -> None:
        """What follows the sums of a layer: the norm, and the activation."""
        if normalized:
            self.call(f"{label}.bn", section, "bn")
        self.activation(label, section, "logistic")

    def activation(self, label: str, section: Section, default: str) -> None:
        name, place = section.options.get("activation", (default, section.place))
        if name == "linear":
            return
        if name not in ACTIVATIONS:
            hint = nearest(name, ACTIVATIONS) or f"; read are linear, {', '.join(ACTIVATIONS)}"
            raise _FaultError(f"no activation is called '{printable(name, 40)}'{hint}", place)
        self.call(f"{label}.act", section, ACTIVATIONS[name], (), **OPTIONS.get(name, {}))

    def maxpool(self, label: str, section: Section) -> None:
        stride = _strides(section)
        size = _whole(section, "size", _whole(section, "stride", 1))
        total = _whole(section, "padding", size - 1)
        ends = Ends(total // 2, total - total // 2)
        padding: Value = total // 2 if total % 2 == 0 else Axes((ends,))
        self.call(label, section, "maxpool", kernel_size=size, stride=stride, padding=padding)

    def upsample(self, label: str, section: Section) -> None:
        self.call(label, section, "upsample", scale_factor=_whole(section, "stride", 2))

    def route(self, label: str, section: Section) -> None:
        """One other section's result, or several side by side; a share of each by its groups."""
        groups, part = (_whole(section, name, n) for name, n in (("groups", 1), ("group_id", 0)))
        if not 0 <= part < max(1, groups):
            message = f"there is no group {part} of {groups}; they are counted from 0"
            raise _FaultError(message, section.place)
        sources = self.sources(label, section, "layers")
        if len(sources) == 1:
            self.items.append(Jump(sources[0], section.place))
            if groups > 1:
                self.items.append(_share(groups, part, label, section.place))
            return
        share = (_share(groups, part, None, section.place),) if groups > 1 else ()
        branches = tuple((Jump(source, section.place), *share) for source in sources)
        self.items.append(Block(Call("concat", (), label, section.place), branches, section.place))

    def shortcut(self, label: str, section: Section) -> None:
        """The sum of what arrives and other sections' results."""
        sources = self.sources(label, section, "from")
        branches: list[tuple[Item, ...]] = [(Jump(one, section.place),) for one in sources]
        if len(branches) > 1:
            branches.append(())  # with one branch, what arrives is added anyway
        call = Call("residual", (), label, section.place)
        self.items.append(Block(call, tuple(branches), section.place))
        self.activation(label, section, "linear")

    def scaled(self, label: str, section: Section) -> None:
        """Another section's result, times what arrives: a number per channel, or per element."""
        (source, *more), gate = self.sources(label, section, "from"), self.ends[-1]
        if more or gate is None:
            raise _FaultError(f"[{section.name}] takes one section and what arrives", section.place)
        self.items.append(Jump(source, section.place))
        call = Call("scale", (), label, section.place)
        self.items.append(Block(call, ((Jump(gate, section.place),),), section.place))
        self.activation(label, section, "linear")

    def sources(self, label: str, section: Section, name: str) -> list[str]:
        """The labels of the sections that an option names."""
        text, place = section.options.get(name, ("", section.place))
        return [self.source(label, section, one.strip(), place) for one in text.split(",")]

    def source(self, label: str, section: Section, text: str, place: Place) -> str:
        """The label of the section that a number means: from 0 on, or below 0 from here back."""
        if not re.fullmatch(r"-?\d{1,9}", text):
            shown = printable(text, 40)
            raise _FaultError(f"[{section.name}] names no section: '{shown}'", place)
        number = int(text) + (int(label) if int(text) < 0 else 0)
        if not 0 <= number < int(label):
            message = f"there is no section {number} before this one, which is {label}"
            raise _FaultError(message, place)
        found = self.ends[number]
        if found is None:
            raise _FaultError(f"section {number} has no layers", place)
        return found


def _label_of(item: Item) -> str | None:
    """The label by which others refer to what an item gives."""
    match item:
        case Call() | Jump():
            return item.label
        case Block():
            return item.call.label
    return None


def _share(groups: int, part: int, label: str | None, place: Place) -> Call:
    """One of so many equal parts of the channels that arrive."""
    size = Operation("//", InputChannels(), groups)
    ends = Ends(*(Operation("*", size, number, 2) for number in (part, part + 1)))
    given = Argument(None, Axes((ends,)), place)
    return Call("slice", (given,), label, Place(place.start, place.end, 1 if label else 0))
