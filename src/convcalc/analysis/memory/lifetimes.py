"""Where the result of each layer is stored, and from which layer to which it is needed.

A storage is one block of memory. The caller's input has one; a layer makes a new one, unless it is
a view (`Layer.view`: the input's own elements where they lie) or writes over one of its inputs. A
storage lives from the layer that makes it to the last layer that reads any tensor in it; the input
is there from the first layer on, the network's result to the end. While a layer is computed, what
it reads and what it writes are both there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from math import prod
from typing import TYPE_CHECKING, cast

from convcalc.analysis.memory.strides import packed, regrouped
from convcalc.network.graph import INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.analysis.memory.strides import Strides
    from convcalc.layers import Layer, Permute, Shape
    from convcalc.network.graph import Step

# `Layer.in_place` follows from the definitions: a number may be written over once nothing asks for
# it again. That is so where each number of the result depends on the input's number at the same
# place and on no other of that input: activations, also with learned slopes, scales and shifts per
# channel, sums and products. Means, maxima and sums over several places (`softmax`, `gn`, `ln`,
# `in`, poolings, convolutions) ask for the others again. That PyTorch's module has no `inplace`
# does not matter: prelu is `torch.where(x > 0, x, w * x, out=x)`.


@dataclass
class Storage:
    """One block of memory.

    Attributes:
        elements: Elements in it, of all samples.
        first: The layer that it is made by; 0 for the caller's input.
        last: The last layer that reads a tensor in it; one more than there are, where who runs the
            network reads it after them.
        writers: The layers that wrote into it, in order, views apart; -1 is the caller.
    """

    elements: int
    first: int
    last: int
    writers: list[int] = field(default_factory=list)

    def held(self, layer: int) -> int:
        """Whose result is in it while `layer` is computed; -1 is the caller's input."""
        written = (writer for writer in self.writers if writer <= layer)
        return max(written, default=self.writers[0])  # a further input is there from the start


@dataclass(frozen=True)
class Placement:
    """The storages of a network, the caller's input first, and which one each result is in.

    `strides` are those of results that are views, the batch first.
    """

    storages: tuple[Storage, ...]
    homes: tuple[int, ...]
    strides: Mapping[int, Strides]

    def home(self, node: int) -> int:
        """The place in `storages` of a layer's result, or of the input (-1)."""
        return 0 if node == INPUT else self.homes[node]

    def stored(self, node: int, sizes: Sequence[int]) -> int:
        """The size of the storage that a layer makes; 0 if it makes none."""
        home = self.homes[node]
        return sizes[home] if self.storages[home].writers[0] == node else 0

    def live(self, sizes: Sequence[int]) -> list[int]:
        """What is alive at each layer, from the size of each storage."""
        changes = [0] * (len(self.homes) + 1)
        for storage, size in zip(self.storages, sizes, strict=True):
            changes[storage.first] += size
            if storage.last < len(self.homes):
                changes[storage.last + 1] -= size
        return list(accumulate(changes))[:-1]


def placed(
    steps: Sequence[Step],
    input_shape: Shape,
    batch: int = 1,
    *,
    in_place: bool = False,
    views: Callable[[Layer], bool] | None = None,
    output: int | None = None,
) -> Placement:
    """Which storage each result lies in, in the order of execution.

    Args:
        steps: The layers on their shapes, as `Network.walk` gives them.
        input_shape: (channels, *spatial) of one sample.
        batch: Samples.
        in_place: Let layers of a kind with `Layer.in_place` write over their first input, a sum
            over the first of its inputs that allows it. A storage allows it if nothing reads it
            later, the layer reads it through no other input, the tensor fills it, and it is not
            the caller's.
        views: Whether a layer is a view; by default what its kind says.
        output: The node whose result is the network's, -1 for the input; None is the last one.
    """
    is_view = views or _is_view
    reads = _last_reads(steps)
    if output not in (None, len(steps) - 1):
        reads[output] = len(steps)
    storages = [Storage(batch * prod(input_shape), 0, reads[INPUT], [INPUT])]
    homes: list[int] = []
    strides: dict[int, Strides] = {}
    for index, step in enumerate(steps):
        if not step.layer.reads:
            homes.append(len(storages))
            storages.append(_source(index, step, batch, reads[index]))
            continue
        sources = [0 if source == INPUT else homes[source] for source in step.node.inputs]
        elements = batch * prod(step.leaving)
        seen = _view_strides(step, strides, batch) if is_view(step.layer) else None
        view = seen is not None
        if seen is not None:
            strides[index] = seen
        home = sources[0] if view else None
        if home is None and in_place:
            home = _overwritten(index, step, sources, storages, elements)
        if home is None:
            home = len(storages)
            storages.append(Storage(elements, index, index))
        if not view:
            storages[home].writers.append(index)
        storages[home].last = max(storages[home].last, index, reads[index])
        homes.append(home)
    return Placement(tuple(storages), tuple(homes), strides)


def _source(index: int, step: Step, batch: int, last: int) -> Storage:
    """The storage of a further input, there from the start; a learned array is no activation."""
    elements = 0 if step.layer.has_weights() else batch * prod(step.leaving)
    return Storage(elements, 0, last, [index])


def _is_view(layer: Layer) -> bool:
    return layer.view


def _view_strides(step: Step, strides: Mapping[int, Strides], batch: int) -> Strides | None:
    """The strides of a view; None where elements lie so far apart that it has to be a copy."""
    arriving, leaving = (batch, *step.arriving[0]), (batch, *step.leaving)
    own = strides.get(step.node.inputs[0]) or packed(arriving)
    if step.layer.kind == "permute":
        order = cast("Permute", step.layer).order
        return (own[0], *(own[1 + axis] for axis in order))
    # What leaves elements out moves none of the others.
    return regrouped(arriving, own, leaving) if prod(arriving) == prod(leaving) else own


def _last_reads(steps: Sequence[Step]) -> dict[int, int]:
    """The last layer that reads each result; the layer itself where none does."""
    reads = {node: max(node, 0) for node in range(INPUT, len(steps))}
    for index, step in enumerate(steps):
        if step.layer.reads:
            reads.update(dict.fromkeys(step.node.inputs, index))
    return reads


def _overwritten(
    index: int, step: Step, sources: list[int], storages: list[Storage], elements: int
) -> int | None:
    """The storage of an input that this layer may write its result over, if there is one.

    `Storage.last` already knows the later readers of every tensor in it, those that are views.
    """
    if not step.layer.in_place:
        return None
    for home in sources if step.layer.commutative else sources[:1]:
        storage = storages[home]
        is_free = home != 0 and storage.last <= index and sources.count(home) == 1
        if is_free and storage.elements == elements:
            return home
    return None
