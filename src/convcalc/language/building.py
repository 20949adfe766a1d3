"""Networks put together in Python: one after the other, and in branches.

Each part is written in the spec language and the whole is read, so that labels, checks and the way
back to text are those of a network that was typed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from convcalc.errors import ParameterError, described
from convcalc.language.parse import parse
from convcalc.language.parser import read_tree
from convcalc.layers import Concat, Layer, Residual
from convcalc.layers.arguments import checked_text
from convcalc.network.graph import Network

Part: TypeAlias = "Network | Layer | str"
"""What networks are put together from: networks, layers, and layers as text."""


def chained(*parts: Part) -> Network:
    """The parts one after the other: each reads what leaves the one before it.

    `a >> b` is `chained(a, b)`, where one of them is a layer or a network.

    Args:
        parts: Layers, networks, or their text. What belongs to a whole model, as its notes and the
            weights of its file, does not go along; the input that the first part names does.

    Raises:
        ParameterError: a part is none.
        SpecError: two layers have the same label, or a text has faults.

    Example:
        >>> from convcalc.layers import Conv, Linear, ReLU
        >>> network = Conv(8, 3, padding=1) >> ReLU() >> "gap flatten" >> Linear(10)
        >>> network.spec()
        'conv:8,k3,p1 relu gap flatten linear:10'
    """
    read = [_network("part", part) for part in parts]
    first = read[0] if read else Network(())
    functions = tuple(dict.fromkeys(name for one in read for name in one.functions))
    text = " ".join(filter(None, (one.spec() for one in read)))
    return replace(_read(text), input_shape=first.input_shape, functions=functions)


def named(label: str, part: Part) -> Network:
    """The part under a label: that of a single layer, else the first word of all labels in it.

    Raises:
        ParameterError: the part is none.
        SpecError: the label is none.

    Example:
        >>> from convcalc.layers import Conv, ReLU
        >>> stem = named("stem", Conv(8, 3) >> ReLU())
        >>> [node.label for node in stem.nodes], named("head", "linear:10").spec()
        (['stem.0.0', 'stem.0.1'], 'head=linear:10')
    """
    checked_text("label", label, "a name, as 'layer1'")
    text = _network("part", part).spec()
    items, _ = read_tree(text)
    alone = len(items) == 1 and getattr(items[0], "label", "") is None
    return _read(f"{label}={text}" if alone else f"{label}=1x{{{text}}}")


def residual(body: Part, shortcut: Part | None = None) -> Network:
    """What leaves the body, added to its input, or to what the shortcut makes of that.

    Args:
        body: A layer, a network, or text.
        shortcut: What the input passes through; None is nothing.

    Raises:
        ParameterError: a part is none.

    Example:
        >>> from convcalc.layers import Conv, ReLU
        >>> residual(Conv(8, 3, padding=1) >> ReLU(), Conv(8, 1)).spec()
        'residual{conv:8,k3,p1 relu | conv:8,k1}'
    """
    return join(Residual(), body, "" if shortcut is None else shortcut)


def concat(*branches: Part, dim: int = 1) -> Network:
    """The channels of all branches one after the other; each branch reads the same input.

    Args:
        branches: Layers, networks, or texts; "" is the input itself.
        dim: The axis along which they are put together: 1 are the channels, as in a batch.

    Raises:
        ParameterError: a part is none.
        SpecError: there are fewer than two.

    Example:
        >>> from convcalc.layers import Conv
        >>> concat(Conv(8, 1), Conv(8, 3, padding=1)).analyze((3, 9, 9)).output_shape
        (16, 9, 9)
    """
    return join(Concat(dim), *branches)


def join(layer: Layer, *branches: Part) -> Network:
    """A layer of several inputs, each the result of a branch; all branches read the same input.

    Args:
        layer: `Residual()`, `Concat()`, `Scale()` or another kind that joins.
        branches: Layers, networks, or texts; "" is the input itself.

    Raises:
        ParameterError: a part is none.
        SpecError: the layer cannot have so many branches.

    Example:
        >>> from convcalc.layers import Scale
        >>> join(Scale(), "gap pw:4 sigmoid").spec()
        'scale{gap pw:4 sigmoid}'
    """
    if not isinstance(layer, Layer):
        raise ParameterError("layer", f"expected one such as Residual(), got {described(layer)}")
    texts = (_network("branch", branch).spec() for branch in branches)
    return _read(f"{layer.spec()}{{{' | '.join(texts)}}}")


def _network(name: str, part: object) -> Network:
    """A part as a network.

    Raises:
        ParameterError: it is none.
    """
    if isinstance(part, str):
        return parse(part) if part.strip() else Network(())
    if isinstance(part, Layer):
        return Network.chain([part])
    if isinstance(part, Network):
        return part
    raise ParameterError(name, f"expected a network, a layer or its text, got {described(part)}")


def _read(text: str) -> Network:
    """The network of a text that nobody wrote: errors are about layers by their labels."""
    found = parse(text) if text else Network(())
    return replace(found, nodes=tuple(replace(node, origin=None) for node in found.nodes))
