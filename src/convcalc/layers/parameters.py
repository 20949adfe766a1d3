"""What a layer's parameters may be: one rule per form, checked once, at the door.

A rule turns what a user may write (7, (3, 5), "same", ...) into one normal form, or raises
`ParameterError` with the value that was given and the forms that are accepted. The dataclasses
attach a rule to each field with `param`; the spec language, the flags and the reference all read
it from there.
"""

from __future__ import annotations

import dataclasses
import re
from math import inf, isfinite
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeAlias, TypeVar

from convcalc.errors import ParameterError, described, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Default = TypeVar("Default")

LARGEST = 2**31 - 1
"""The largest size, kernel, stride, ... of one axis; beyond it is a typing error, not a network."""

LARGEST_COUNT = 10**18 - 1
"""The largest number of parameters or multiply-accumulates that is taken at its word."""

_NAME = re.compile(r"(?!in$)[A-Za-z][\w-]*", re.ASCII)

PerAxis: TypeAlias = int | tuple[int, ...]
"""One whole number for every spatial axis, or one each."""

Ends: TypeAlias = tuple[int, int]
"""Elements before and after."""

Padding: TypeAlias = str | int | tuple[int | Ends, ...]
"""A word such as "same", one number for all ends, or per axis a number or (before, after)."""

PADDING_WORDS = ("valid", "same", "same-upper", "same-lower")
CONV_WORDS = (*PADDING_WORDS, "full")
PADDING_MODES = ("zeros", "reflect", "symmetric", "replicate", "circular")
OTHER_MODES = {
    **dict.fromkeys(("constant", "grid-constant", "border-constant"), "zeros"),
    **dict.fromkeys(("mirror", "reflect101", "reflect-101", "border-default"), "reflect"),
    **dict.fromkeys(("border-reflect101", "border-reflect-101"), "reflect"),
    **dict.fromkeys(("grid-mirror", "border-reflect"), "symmetric"),
    **dict.fromkeys(("edge", "nearest", "border-replicate"), "replicate"),
    **dict.fromkeys(("wrap", "grid-wrap", "border-wrap"), "circular"),
}
"""Padding modes by the names of NumPy, SciPy and OpenCV; `_` and capitals are as good.

`reflect` is NumPy's and PyTorch's. SciPy's and OpenCV's is `symmetric`: it has no entry.
"""


class Rule(NamedTuple, Generic[T_co]):
    """How a parameter is written, the function that normalises it, the words it accepts.

    A `switch` is written by its key alone, `ceil`, and off with `no` before it, `noceil`; others
    with a value behind it, as in the `example`. With `labels` a word by itself names another node,
    of which its "sizes" or its "layer" are meant.
    """

    form: str
    normalise: Callable[[str, object], T_co]
    words: tuple[str, ...] = ()
    switch: bool = False
    example: str = "3"
    labels: str = ""


def optional(rule: Rule[T]) -> Rule[T | None]:
    """None, for what is not known or what others decide, or what another rule says."""

    def normalise(name: str, value: object) -> T | None:
        return None if value is None else rule.normalise(name, value)

    return Rule(rule.form, normalise, rule.words, rule.switch, rule.example, rule.labels)


def count(minimum: int, maximum: int = LARGEST) -> Rule[int]:
    """A single whole number."""

    def normalise(name: str, value: object) -> int:
        return _whole(name, value, minimum, maximum=maximum)

    return Rule("a whole number", normalise)


def whole_shape() -> Rule[tuple[int, ...]]:
    """A shape (channels, *spatial sizes)."""

    def normalise(name: str, value: object) -> tuple[int, ...]:
        given = value if isinstance(value, tuple | list) else (value,)
        return tuple(_whole(name, size, 1, "sizes, as 64x7x7") for size in given)

    return Rule("64x7x7", normalise)


MOST_AXES = 10
"""Axes that a shape may have."""


def read_shape(
    name: str, value: object, form: str = "(channels, *sizes), as (3, 224, 224)"
) -> tuple[int, ...]:
    """The shape (channels, *spatial sizes) that a caller gave, as whole numbers.

    Args:
        name: What the caller calls it.
        value: A tuple, a list or an array of numbers, of one axis.
        form: What is expected.

    Raises:
        ParameterError: it is none.
    """
    sizes = getattr(value, "tolist", lambda: value)() if _is_short(value) else None
    if not isinstance(sizes, tuple | list) or len(sizes) > MOST_AXES:
        raise ParameterError(name, f"expected {form}, got {described(value)}")
    return tuple(_whole(name, size, -LARGEST) for size in sizes)


def _is_short(value: object) -> bool:
    """Whether a value is no array, or one that may be a shape."""
    axes = getattr(value, "shape", None)
    return axes is None or (len(axes) == 1 and axes[0] <= MOST_AXES)


def name() -> Rule[str]:
    """A name of letters, digits, underscores and dashes, which begins with a letter."""

    def normalise(name: str, value: object) -> str:
        if isinstance(value, str) and _NAME.fullmatch(value):
            return value
        got = described(value)
        raise ParameterError(name, f"expected a name of letters and digits, got {got}")

    return Rule("a name", normalise, example="=Swish")


def per_axis(minimum: int) -> Rule[PerAxis]:
    """A whole number for every axis, or one for each: 3 or (3, 5)."""

    def normalise(name: str, value: object) -> PerAxis:
        if not isinstance(value, tuple | list):
            return _whole(name, value, minimum, "a whole number or one per axis, as 3 or 3x5")
        _check_rank(name, value)
        return _folded(tuple(_whole(name, item, minimum) for item in value))

    return Rule("3 or 3x5 (per axis)", normalise)


def label_sizes() -> Rule[PerAxis]:
    """A size for every axis, or one for each, or those of a labelled node."""
    rule = per_axis(1)
    return rule._replace(form=f"{rule.form}, @stem (the sizes of a label)", labels="sizes")


def padding(words: tuple[str, ...] = PADDING_WORDS, *, minimum: int = 0) -> Rule[Padding]:
    """Elements at every end, per axis, per end, or one of some words.

    A negative `minimum` allows to cut as many elements off.
    """
    numbers = "3, 1x2 (per axis), 0:1 (begin:end)"
    accepted = f"a whole number or one of {', '.join(words)}"

    def normalise(name: str, value: object) -> Padding:
        if isinstance(value, str) and words:
            return _word(name, value, words, ", or a number, as 3, 1x2 or 0:1 (begin:end)")
        if not isinstance(value, tuple | list):
            return _whole(name, value, minimum, accepted if words else f"elements, as {numbers}")
        _check_rank(name, value)
        axes = tuple(_ends(name, item, minimum) for item in value)
        return axes[0] if len(axes) == 1 and isinstance(axes[0], int) else axes

    return Rule(", ".join((numbers, *words)), normalise, words)


def real(minimum: float | None = None, maximum: float | None = None) -> Rule[float]:
    """A finite number, whole or not, within bounds that belong to it."""

    def normalise(name: str, value: object) -> float:
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            raise ParameterError(name, f"expected a number, got {described(value)}")
        try:
            number = float(value.__float__())
        except OverflowError:
            number = inf
        if not isfinite(number):
            raise ParameterError(name, f"expected a finite number, got {number}")
        if minimum is not None and number < minimum:
            raise ParameterError(name, f"must be at least {minimum:g}, got {number:g}")
        if maximum is not None and number > maximum:
            raise ParameterError(name, f"must be at most {maximum:g}, got {number:g}")
        return number

    return Rule("a number, as 0.1", normalise)


def section() -> Rule[tuple[Ends]]:
    """begin:end of one axis, the end left out: positions begin ... end - 1."""

    def normalise(name: str, value: object) -> tuple[Ends]:
        if isinstance(value, tuple | list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, tuple | list) or len(value) != 2:
            got = described(value)
            raise ParameterError(name, f"expected begin:end, as 0:32, got {got}")
        begin, end = _whole(name, value[0], 0), _whole(name, value[1], 0)
        if end <= begin:
            raise ParameterError(name, f"the end must lie behind the begin, got {begin}:{end}")
        return ((begin, end),)

    return Rule("begin:end, as 0:32", normalise)


def sizes() -> Rule[tuple[int, ...]]:
    """The sizes of up to eight axes, one of which may be -1: what is left for it."""

    def normalise(name: str, value: object) -> tuple[int, ...]:
        items = value if isinstance(value, tuple | list) else (value,)
        if not 1 <= len(items) <= 8:
            raise ParameterError(name, f"expected 1 to 8 sizes, as 16x4x4, got {len(items)}")
        found = tuple(-1 if item == -1 else _whole(name, item, 1) for item in items)
        if found.count(-1) > 1:
            raise ParameterError(name, "only one size can be -1, what is left for it")
        return found

    return Rule("16x4x4, one of them -1", normalise)


def axes() -> Rule[tuple[int, ...]]:
    """The numbers of one to eight axes of a sample, the first of which is 0, the last one -1."""

    def normalise(name: str, value: object) -> tuple[int, ...]:
        items = value if isinstance(value, tuple | list) else (value,)
        if not 1 <= len(items) <= 8:
            raise ParameterError(name, f"expected 1 to 8 axes, as 0x2, got {len(items)}")
        found = tuple(_whole(name, item, -8, maximum=7) for item in items)
        if len(set(found)) < len(found):
            raise ParameterError(name, "the same axis twice")
        return found

    return Rule("axes of a sample, as 0x2", normalise)


def one_of(*words: str, others: Mapping[str, str] | None = None) -> Rule[str]:
    """One of a few words, in any case; `others` are further words, with what they mean."""
    others = others or {}

    def normalise(name: str, value: object) -> str:
        if not isinstance(value, str):
            raise ParameterError(
                name, f"expected one of {', '.join(words)}, got {described(value)}"
            )
        return _word(name, others.get(_plain(value), value), words)

    return Rule(" | ".join(words), normalise, (*words, *others))


def padding_mode() -> Rule[str]:
    """What added elements contain, by our word or another library's."""
    return one_of(*PADDING_MODES, others=OTHER_MODES)


def switch() -> Rule[bool]:
    """True or false."""

    def normalise(name: str, value: object) -> bool:
        text = value.lower() if isinstance(value, str) else value
        if text is True or text == "true":
            return True
        if text is False or text == "false":
            return False
        raise ParameterError(name, f"expected true or false, got {described(value)}")

    return Rule("true | false", normalise, switch=True)


def param(
    rule: Rule[T],
    short: str,
    note: str,
    *,
    default: Default | dataclasses._MISSING_TYPE = dataclasses.MISSING,
    kw_only: bool = False,
) -> T | Default:
    """A dataclass field with its rule, its short key in the spec language and one line of help."""
    metadata = {"rule": rule, "short": short, "note": note}
    field: T | Default
    if default is dataclasses.MISSING:
        field = dataclasses.field(metadata=metadata, kw_only=kw_only)
    else:
        field = dataclasses.field(default=default, metadata=metadata, kw_only=kw_only)
    return field


def _whole(
    name: str,
    value: object,
    minimum: int,
    form: str = "a whole number",
    maximum: int = LARGEST,
) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ParameterError(name, f"expected {form}, got {described(value)}")
    try:
        number = int(value.__index__())
    except TypeError:  # arrays have an index if they hold one number
        raise ParameterError(name, f"expected {form}, got {described(value)}") from None
    if number < -LARGEST:
        raise ParameterError(name, f"must be at least {minimum}, got a number far below")
    if number < minimum:
        raise ParameterError(name, f"must be at least {minimum}, got {number}")
    if number > maximum:
        raise ParameterError(name, f"must be at most {maximum}, got a larger number")
    return number


def _ends(name: str, item: object, minimum: int) -> int | Ends:
    if not isinstance(item, tuple | list):
        return _whole(name, item, minimum)
    if len(item) != 2:
        raise ParameterError(name, f"expected begin:end for an axis, got {len(item)} values")
    before, after = (_whole(name, end, minimum) for end in item)
    return before if before == after else (before, after)


def _check_rank(name: str, value: tuple[object, ...] | list[object]) -> None:
    if not 1 <= len(value) <= 3:
        raise ParameterError(name, f"expected one value for each of 1 to 3 axes, got {len(value)}")


def _folded(values: tuple[int, ...]) -> PerAxis:
    """(3,) is 3; (3, 3) stays, because it also says how many axes there are."""
    return values[0] if len(values) == 1 else values


def _word(name: str, value: str, words: tuple[str, ...], more: str = "") -> str:
    word = _plain(value)
    if word in words:
        return word
    hint = nearest(word, words)
    raise ParameterError(
        name, f"expected one of {', '.join(words)}{more}; got {described(value)}{hint}"
    )


def _plain(word: str) -> str:
    return word.lower().replace("_", "-")
