"""What the values of arguments come to: parameters, labels and channels put in, and sums done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcalc.errors import nearest, printable
from convcalc.language.expressions import AtLabel, InputChannels, Operation, Parameter, joined
from convcalc.language.tree import Axes, Call, Ends

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcalc.language.tree import Value
    from convcalc.layers import Shape


NO_NUMBERS = (str, bool, Axes, AtLabel)
"""What no operation takes."""


def measured(value: InputChannels | AtLabel, shape: Callable[[int], Shape]) -> int | Axes:
    """The channels or the spatial sizes that a value stands for."""
    channels, *sizes = shape(-1 if value.node is None else value.node)
    if isinstance(value, InputChannels):
        return channels
    if not sizes:
        raise ValueError(f"what leaves '{printable(value.label, 60)}' has no spatial axes")
    return Axes(tuple(sizes))


def no_labels(label: str) -> int:
    """Where nothing has a label.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"there are no labels here, got '@{printable(label, 60)}'")


def evaluate(
    value: Value,
    parameters: Mapping[str, Value],
    source: int,
    node_of: Callable[[str], int] = no_labels,
) -> Value:
    """The value with its parameters filled in and its arithmetic done, as far as that is known.

    Raises:
        ValueError: a parameter or a label is unknown, or is no number where one is needed.
    """

    def located(it: InputChannels | AtLabel) -> InputChannels | AtLabel:
        if it.node is not None:
            return it
        if isinstance(it, AtLabel):
            return it._replace(node=node_of(it.label))
        return here

    here = InputChannels(source)

    result: Value = filled(value, parameters, located)
    return result


def is_open(value: object) -> bool:
    """Whether a value holds a parameter of a definition, a layer, or what shapes alone tell."""
    match value:
        case Parameter() | InputChannels() | AtLabel() | Operation() | Call():
            return True
        case Ends(begin, end):
            return is_open(begin) or is_open(end)
        case Axes(values):
            return any(map(is_open, values))
        case _:
            return False


def filled(
    value: object,
    parameters: Mapping[str, Value],
    located: Callable[[InputChannels | AtLabel], Value],
) -> Any:
    """A value with everything that is known put in.

    Raises:
        ValueError: a parameter is unknown, or no number where one is needed.
    """
    match value:
        case Parameter(name):
            if name not in parameters:
                known = f"; the parameters are {', '.join(parameters)}" if parameters else ""
                hint = nearest(name, parameters) or known
                raise ValueError(f"unknown parameter ${name}{hint}")
            return parameters[name]
        case InputChannels() | AtLabel():
            return located(value)
        case Operation(sign, left, right):
            one = filled(left, parameters, located)
            other = filled(right, parameters, located)
            if isinstance(one, NO_NUMBERS) or isinstance(other, NO_NUMBERS):
                raise ValueError(f"'{sign}' needs whole numbers on both sides")
            return joined(sign, one, other)
        case Ends(begin, end):
            return Ends(filled(begin, parameters, located), filled(end, parameters, located))
        case Axes(values):
            return Axes(tuple(filled(axis, parameters, located) for axis in values))
        case _:
            return value


def waits(value: object) -> bool:
    """Whether a value still holds what shapes alone tell."""
    match value:
        case InputChannels() | AtLabel():
            return True
        case Operation(_, left, right) | Ends(left, right):
            return waits(left) or waits(right)
        case Axes(values):
            return any(map(waits, values))
        case _:
            return False


def plain(value: object) -> object:
    """A value as the layer classes take it: numbers, words, tuples.

    Raises:
        ValueError: it holds a parameter that is itself no number.
    """
    match value:
        case Axes(values):
            return tuple(plain(axis) for axis in values)
        case Ends(begin, end):
            return (plain(begin), plain(end))
        case Parameter() | Operation():
            raise ValueError("expected a number")
        case _:
            return value
