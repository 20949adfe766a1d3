"""`-i`: the shape of one sample, and what it may have been meant as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli.parsing.values import flag, text_of
from convcalc.errors import UsageError, printable
from convcalc.language import read_constant
from convcalc.language.shapes import plain_shape
from convcalc.layers.base import format_shape
from convcalc.layers.kinds import KINDS
from convcalc.layers.picture_shapes import COLOURS, looks_like_picture

if TYPE_CHECKING:
    from convcalc.layers import Shape
    from convcalc.network.graph import Network


def shape_of(name: str, text: str) -> Shape:
    """A shape of channels and up to three spatial sizes; 784 is a plain vector.

    Raises:
        UsageError: it is something else; the message shows the form.
    """
    try:
        value = read_constant(plain_shape(text_of(name, text)))
    except ValueError as error:
        raise UsageError(f"{flag(name)}: {error}, got '{printable(text)}'") from None
    sizes = value if isinstance(value, tuple) else (value,)
    whole = tuple(size for size in sizes if isinstance(size, int))
    if whole != sizes or len(sizes) > 4:
        batch = "; a batch is no part of it" if len(sizes) == 5 else ""
        raise UsageError(
            f"{flag(name)}: expected channels and up to 3 spatial sizes, as 3x224x224; "
            f"got '{printable(text)}'{batch}"
        )
    if min(whole) < 1:
        raise UsageError(f"{flag(name)}: every size must be at least 1; got '{printable(text)}'")
    return whole


def check_axes(network: Network, shape: Shape, *, batch: bool) -> None:
    """A network that names its input is asked about inputs of as many axes.

    Args:
        network: It may have a declared input.
        shape: What is asked for.
        batch: Whether the command has `--batch`.

    Raises:
        UsageError: it has more, as with a batch in front, or fewer.
    """
    meant = network.input_shape
    if meant is None or len(meant) == len(shape):
        return
    hint = f"; {_without_batch(meant, shape, batch)}" if len(shape) > len(meant) else ""
    raise UsageError(
        f"--input: this network takes {_axes(len(meant))}, as {format_shape(meant)}; "
        f"got {format_shape(shape)}{hint}"
    )


def _without_batch(meant: Shape, shape: Shape, batch: bool) -> str:
    """What to write where a batch may stand in front of a shape."""
    general = "for a batch use --batch" if batch else "leave a batch out of it"
    if len(shape) == len(meant) + 1 == 4 and shape[-1] == meant[0]:
        one = format_shape((shape[-1], *shape[1:-1]))
        return f"with the channels first it is -i {one}{_batch(shape[0], batch)}"
    if len(shape) != len(meant) + 1 or shape[1] != meant[0]:
        return general
    return f"{general}: -i {format_shape(shape[1:])}{_batch(shape[0], batch)}"


def doubt(network: Network, shape: Shape, *, batch: bool) -> str | None:
    """How a shape was read that looks like a batch, a picture without channels, or channels last.

    None where it looks like nothing else, or the network itself says how many axes there are.
    """
    other = _channels_first(shape, batch)
    if other is None and not _knows_axes(network):
        other = _channels_added(shape, batch)
    if other is None:
        return None
    return f"input {format_shape(shape)} is read as {_axes(len(shape), shape[0])}; {other}"


def _channels_first(shape: Shape, batch: bool) -> str | None:
    """The other way to write H,W,C or N,H,W,C, if a shape looks like it."""
    *sizes, colours = shape
    if colours not in COLOURS or len(sizes) not in (2, 3) or not looks_like_picture(*sizes[-2:]):
        return None
    plane = format_shape((colours, *sizes[-2:]))
    if len(sizes) == 2:
        return f"with the channels first it is -i {plane}"
    count = sizes[0]
    frames = f", frames -i {format_shape((colours, *sizes))}" if count > 1 else ""
    return f"with the channels first it is -i {plane}{_batch(count, batch)}{frames}"


def _channels_added(shape: Shape, batch: bool) -> str | None:
    """The other way to write N,C,H,W or H,W, if a shape looks like it."""
    if len(shape) == 2 and looks_like_picture(*shape):
        return (
            f"a picture of {format_shape(shape)} is -i {format_shape((3, *shape))}, gray -i "
            f"{format_shape((1, *shape))}"
        )
    if len(shape) != 4:
        return None
    count, channels, high, wide = shape
    one = count == 1 and high == wide != channels
    if not one and not (channels in COLOURS and looks_like_picture(high, wide)):
        return None
    return f"a batch of {count} is -i {format_shape(shape[1:])}{_batch(count, batch)}"


def _batch(count: int, wanted: bool) -> str:
    return f" --batch {count}" if wanted else ""


def _axes(number: int, channels: int | None = None) -> str:
    """The channels, counted or not, and how many sizes: 3 channels and 2 spatial sizes."""
    counted = "channels" if channels is None else f"{channels} channel{'s' * (channels != 1)}"
    spatial = number - 1
    return f"{counted} and {spatial or 'no'} spatial size{'s' * (spatial != 1)}"


def _knows_axes(network: Network) -> bool:
    """Whether the number of axes is said: by an input, a kind, PyTorch's names, or per axis."""
    if network.input_shape is not None:
        return True
    return any(
        (node.expects is not None and len(node.expects.axes) == 1)
        or KINDS[node.layer.kind].spatial_axes is not None
        or any(map(_is_per_axis, vars(node.layer).values()))
        for node in network.nodes
    )


def _is_per_axis(value: object) -> bool:
    """Whether a parameter has values for several spatial axes."""
    return isinstance(value, tuple) and len(value) > 1
