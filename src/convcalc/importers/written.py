"""Nodes written one after the other, with the shape and the fields of what leaves each."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from math import prod
from typing import TYPE_CHECKING

from convcalc.errors import ConvcalcError, DataError, LayerError, UsageError, printable
from convcalc.layers import Opaque
from convcalc.layers.base import field_behind
from convcalc.layers.shared import Shared
from convcalc.network.graph import INPUT, Node
from convcalc.network.stored import Computed, Stored
from convcalc.receptive import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.layers import Fields, Layer, Shape

MAX_NODES = 100_000
"""A file with more is damaged, or no network."""

LONGEST_LABEL = 200

DAMAGE = (
    *(KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError),
    OverflowError,  # JSON knows numbers that no float and no whole number is: 1e999
)
"""What is raised where a file holds something else than is expected there."""


class Written:
    """The nodes so far.

    Attributes:
        nodes: The nodes.
        unnamed: How often each layer was written that is known by its name alone.
        params: The parameters of all of them.
        macs: Their multiply-accumulates; None if those of one are not known.
    """

    def __init__(self, shape: Shape) -> None:
        self.nodes: list[Node] = []
        self.unnamed: Counter[str] = Counter()
        self.params = 0
        self.macs: int | None = 0
        self._shapes: dict[int, Shape] = {INPUT: shape}
        self._fields: dict[int, Fields | None] = {INPUT: (IDENTITY,) * (len(shape) - 1)}
        self._labels: Counter[str] = Counter()
        self._taken: set[str] = set()

    def shape(self, node: int) -> Shape:
        """What leaves a node, INPUT for the network's input."""
        return self._shapes[node]

    def add(
        self,
        layer: Layer,
        inputs: Sequence[int],
        label: str,
        params: int | None = None,
        source: str = "",
        computed: Layer | None = None,
    ) -> int:
        """The index of a new node.

        Args:
            layer: What it computes.
            inputs: The nodes that it reads.
            label: What it is called, but for a number where there are several.
            params: The parameters that are its own, where they may be other than the layer's.
            source: What the program calls the layer that its weights are of.
            computed: The layer that is run in its place.

        Raises:
            DataError: the layer does not fit what arrives.
        """
        if len(self.nodes) >= MAX_NODES:
            raise DataError(f"the model has more than {MAX_NODES:,} layers")
        shapes = [self._shapes[node] for node in inputs]
        try:
            out = layer.out_shape(*shapes)
            own = sum(map(prod, layer.weight_shapes(*shapes).values()))
            costs = layer.costs(*shapes)
        except (LayerError, ValueError, IndexError, TypeError) as error:
            shown = printable(label, 100)
            raise DataError(f"layer {shown} ({layer.spec()}) does not fit: {error}") from None
        if params is not None and params != own and not isinstance(layer, Opaque):
            layer = _with_some_weights(layer, out, shapes, params, costs.macs if costs else 0)
        if isinstance(layer, Opaque) and layer.like is None:
            self.unnamed[layer.name] += 1
        self.params += own if params is None else params
        self.macs = None if self.macs is None or costs is None else self.macs + costs.macs
        fields = [self._fields[node] for node in inputs]
        index = len(self.nodes)
        self._fields[index] = field_behind(layer, fields, shapes)
        self._shapes[index] = out
        names = dict.fromkeys(layer.tensor_shapes(*shapes), source) if source else {}
        other = None if computed is None else Computed(computed, tuple(inputs))
        stored = Stored(names, None, other) if names or other else None
        own_label = self._unique(plain_label(label))
        self.nodes.append(Node(layer, tuple(inputs), own_label, stored=stored))
        return index

    def _unique(self, label: str) -> str:
        """The label, with a number where it is there already: relu, relu-2."""
        found = label
        while found in self._taken:
            self._labels[label] += 1
            found = f"{label}-{self._labels[label] + 1}"
        self._taken.add(found)
        return found


def _with_some_weights(
    layer: Layer, out: Shape, shapes: Sequence[Shape], params: int, macs: int
) -> Opaque:
    """A layer with so many parameters of its own; it can be run if some of its weights are these.

    Those of a second use are none, of a norm one of two vectors, of a recurrent layer of Keras all
    but the second bias.
    """
    weights = layer.weight_shapes(*shapes)
    single = {name: own for name, own in weights.items() if not name.startswith("bias_hh")}
    for some in ({}, {"bias": weights.get("bias", ())}, single):
        if sum(map(prod, some.values())) == params and some.keys() <= weights.keys():
            return Shared(layer.kind, layer, out, some, macs)
    return Opaque(layer.kind, out, params, macs, like=layer)


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Errors that are raised inside name the file; what no error of ours is, is damage.

    Raises:
        UsageError: it was one.
        DataError: it was another.
    """
    label = f"'{printable(path)}'"
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{label}: {error}") from None
    except ConvcalcError as error:
        raise DataError(f"{label}: {error}") from None
    except DAMAGE as error:
        what = printable(f"{type(error).__name__}: {error}")
        raise DataError(f"{label} is damaged, or of another kind ({what})") from None


def check_count(given: int, declared: Sequence[str]) -> None:
    """No more shapes may be given than a model has inputs.

    Raises:
        UsageError: there are more; the message has what it takes.
    """
    if given > len(declared):
        inputs = "1 input" if len(declared) == 1 else f"{len(declared)} inputs"
        shown = printable(", ".join(declared[:8]), 200)
        raise UsageError(f"--input is given {given} times; the model takes {inputs}: {shown}")


def plain_label(text: str) -> str:
    """A name from a file as labels are written: letters, digits, dots and dashes between them.

    Example:
        >>> plain_label("model/block 1/conv2d:0")
        'model.block_1.conv2d_0'
    """
    words = re.split(r"[./]+", text[:LONGEST_LABEL])
    plain = (re.sub(r"\W", "_", word, flags=re.ASCII) for word in words)
    return ".".join(word for word in plain if word) or "layer"


def plain_name(text: str) -> str:
    """A name from a file as `opaque` layers have it.

    Example:
        >>> [plain_name(name) for name in ("Lambda", "my>Layer", "_x", "in")]
        ['Lambda', 'my_Layer', 'layer_x', 'layer_in']
    """
    plain = re.sub(r"\W", "_", text[:60], flags=re.ASCII) or "unknown"
    begins = plain[0].isalpha() and plain != "in"
    return plain if begins else f"layer_{plain.lstrip('_')}"
