"""What the names of source text stand for: layers, tensors, models, and what is not known."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import ast
    from collections import ChainMap
    from collections.abc import Mapping, Sequence

Place: TypeAlias = tuple[int, int]
"""The characters of the text that something stands in, from start to end."""

INSTEAD = "give net.keras of model.save('net.keras'), or the JSON of model.to_json()"


class Unknown(NamedTuple):
    """A value that the text does not tell: why, and where that is seen."""

    reason: str
    place: Place


class Lost(Unknown):
    """What stands in a list whose values, and how many there are, the text does not tell."""


class Fault(Exception):  # noqa: N818 - it becomes a SpecError, with the text
    """What keeps a model from being read."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.reason)
        self.unknown = unknown


@dataclass(eq=False)
class Made:
    """A layer that the text makes.

    Attributes:
        kind: Its class.
        name: What it is called.
        config: Its parameters, as a configuration has them.
        place: Where it is made.
        fault: Why it cannot be read.
    """

    kind: str
    name: str
    config: dict[str, object]
    place: Place
    fault: Unknown | None = None

    def spoil(self, unknown: Unknown) -> None:
        """Notes why it cannot be read; the first reason stays."""
        self.fault = self.fault or unknown


@dataclass(eq=False)
class Model:
    """A model that the text makes.

    Attributes:
        label: The variable that it is kept in, if any.
        name: What it is called.
        place: Where it is made.
        layers: Those of a chain.
        inputs: Those of a functional model; None of a chain.
        outputs: What a functional model gives.
        built: The shape that a chain is built for.
        fault: Why it cannot be read.
        depth: How many functions deep that variable is.
        is_continued: Whether the text goes on with what it gives, by its `output`.
        ends: The layers of a chain, and the tensors at both ends of them, where these are needed.
    """

    label: str | None
    name: str
    place: Place
    layers: list[Made | Model] = field(default_factory=list)
    inputs: list[Tensor] | None = None
    outputs: list[Tensor] = field(default_factory=list)
    built: object = None
    fault: Unknown | None = None
    depth: int = 0
    is_continued: bool = False
    ends: tuple[list[Made | Model], tuple[list[Tensor], list[Tensor]]] | None = None

    def add(self, layer: object, place: Place) -> None:
        """Puts a layer behind the others."""
        if isinstance(layer, Tensor):
            layer = layer.use.layer  # keras.Input gives a tensor
        if isinstance(layer, Unknown):
            self.spoil(layer)
        elif layer is ...:
            self.spoil(Unknown("something was left out here; give the whole text", place))
        elif layer is self or not isinstance(layer, Made | Model):
            self.spoil(Unknown(f"this is no layer that is known; {INSTEAD}", place))
        else:
            self.layers.append(layer)

    def spoil(self, unknown: Unknown) -> None:
        """Notes why it cannot be read; the first reason stays."""
        self.fault = self.fault or unknown


@dataclass(eq=False)
class Use:
    """One call of a layer or model.

    Attributes:
        layer: What is called.
        args: The arguments, with tensors among them.
        kwargs: Those by name.
        number: How many calls came before.
        place: Where it is.
    """

    layer: Made | Model
    args: list[object]
    kwargs: dict[str, object]
    number: int
    place: Place


@dataclass(frozen=True)
class Tensor:
    """One of the tensors that a call gives."""

    use: Use
    output: int = 0


@dataclass(eq=False)
class Function:
    """A function that the text defines, with the names that it sees.

    Attributes:
        name: What it is called.
        parameters: What it takes.
        body: Its statements.
        defaults: The values of parameters that need not be given, worked out where it is defined.
        frame: The names around it.
        place: Where it is defined.
        line: The line that this is.
        refusal: Why it is not followed, if it is not.
    """

    name: str
    parameters: ast.arguments
    body: Sequence[ast.stmt]
    defaults: Mapping[str, object]
    frame: ChainMap[str, object]
    place: Place
    line: int
    refusal: Unknown | None = None


class Names:
    """Names as Keras gives them: conv2d, conv2d_1, ..."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def next(self, kind: str) -> str:
        """The name of the next layer of a class that is given none.

        Example:
            >>> names = Names()
            >>> [names.next(kind) for kind in ("Conv2D", "Conv2D", "LeakyReLU")]
            ['conv2d', 'conv2d_1', 'leaky_re_lu']
        """
        words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", kind)
        name = re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
        number = self._counts[name]
        self._counts[name] += 1
        return f"{name}_{number}" if number else name


def tensors_in(item: object) -> list[Tensor]:
    """The tensors among arguments, in lists too."""
    if isinstance(item, Tensor):
        return [item]
    if isinstance(item, dict):
        item = list(item.values())
    if isinstance(item, list | tuple) and not isinstance(item, Unknown):
        return [tensor for one in item for tensor in tensors_in(one)]
    return []


def unknown_in(item: object) -> Unknown | None:
    """The first of the values that the text does not tell, in lists too."""
    if isinstance(item, Unknown):
        return item
    if isinstance(item, dict):
        item = list(item.values())
    if isinstance(item, list | tuple):
        return next((found for one in item if (found := unknown_in(one))), None)
    return None


def is_lost(item: object) -> bool:
    """Whether a list is one whose values the text does not tell."""
    return isinstance(item, list | tuple) and any(isinstance(one, Lost) for one in item)


def spoil(item: object, unknown: Unknown) -> None:
    """What a model or a list holds is no longer known, nor what the models in a list do."""
    left, seen = [item], set()
    while left:
        one = left.pop()
        if isinstance(one, Model):
            one.spoil(unknown)
        elif isinstance(one, list | tuple) and not isinstance(one, Unknown) and id(one) not in seen:
            seen.add(id(one))
            left += one
            if isinstance(one, list):
                one[:] = [Lost(*unknown)]


def uses_behind(outputs: list[Tensor]) -> list[Use]:
    """The calls that tensors come of, the last ones first, each once."""
    found: dict[int, Use] = {}
    left = [tensor.use for tensor in outputs]
    while left:
        use = left.pop()
        if id(use) not in found:
            found[id(use)] = use
            left += [tensor.use for tensor in tensors_in([use.args, use.kwargs])]
    return list(found.values())


def parts_of(model: Model) -> list[Made | Model]:
    """The layers and models that a model is made of, those of a functional one by its calls."""
    if model.inputs is None:
        return model.layers
    return [use.layer for use in uses_behind(model.outputs)]


def wrapped_in(part: Made | Model) -> list[Model]:
    """The models that a layer is given: TimeDistributed(cnn)."""
    given = part.config.values() if isinstance(part, Made) else ()
    return [one for one in given if isinstance(one, Model)]


def inputs_of(model: Model) -> list[Tensor]:
    """The tensors that the outputs of a functional model come of, in their order."""
    uses = [use for use in uses_behind(model.outputs) if not tensors_in([use.args, use.kwargs])]
    return [Tensor(use) for use in sorted(uses, key=lambda use: use.number)]
