"""One call of a layer of Keras: its configuration, and what arrives."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convcalc.errors import DataError, printable
from convcalc.importers.channels_last import Value, Writing, folded
from convcalc.importers.written import plain_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.importers.keras.graph import Config
    from convcalc.importers.written import Written
    from convcalc.layers import Shape


@dataclass
class Account:
    """What is found beside the nodes.

    Attributes:
        statistics: Elements of weights that are not trained: means and variances.
        unknown: How often layers occur whose operations are not known, by their class.
        owned: The layers whose weights have been counted.
    """

    statistics: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    owned: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Call(Writing):
    """A layer that is called.

    Attributes:
        path: The names of the models that it is in, and its own.
        kind: Its class.
        config: Its configuration.
        args: Its arguments, with values for tensors.
        kwargs: Those by name.
        values: What arrives, masks apart.
        recorded: The shape that the file tells of what it gives.
        written: The nodes.
        account: What is found beside them.
    """

    path: str
    kind: str
    config: Config
    args: object
    kwargs: Mapping[str, object]
    values: Sequence[Value]
    recorded: Shape | None
    written: Written
    account: Account

    def __call__(self, name: str, default: object = None) -> Any:
        """The value of a parameter as the file has it: layers check what they are made of."""
        value = self.config.get(name)
        return default if value is None else value

    def given(self, name: str, position: int | None, default: object = None) -> Any:
        """An argument by its name or position, else the parameter of that name."""
        if name in self.kwargs:
            return self.kwargs[name]
        if position is not None and isinstance(self.args, list) and len(self.args) > position:
            return self.args[position]
        return self(name, default)

    def axes(self, name: str, default: object = 1) -> Any:
        """A parameter that has a value for each axis, once where all are the same."""
        return folded(self(name, default))

    @property
    def value(self) -> Value:
        """What arrives first."""
        if not self.values:
            raise DataError(f"layer '{printable(self.path, 60)}' reads nothing")
        return self.values[0]

    @property
    def shape(self) -> Shape:
        """The shape of what arrives first, without the batch."""
        return self.value.shape

    @property
    def is_new(self) -> bool:
        """Whether its weights have not been counted yet."""
        return self.path not in self.account.owned

    def maps(self, value: Value | None = None) -> Value:
        """What arrives, with the channels in front of its spatial axes."""
        first = self("data_format") == "channels_first"
        return self.placed(self.value if value is None else value, moved=not first)

    def unknown(self) -> Value:
        """A layer of which nothing is known but the shape that the file tells.

        Raises:
            DataError: it tells none.
        """
        if self.recorded is None:
            raise DataError(
                f"layer '{printable(self.path, 60)}' is of class {printable(self.kind, 60)}, which "
                "is not known, and the file does not tell the shape that leaves it; it stores one "
                "with models that Keras 3 saves as .keras"
            )
        self.account.unknown[plain_name(self.kind)] += 1
        return self.nameless(self.kind, self.recorded, 0, None, *self.values)
