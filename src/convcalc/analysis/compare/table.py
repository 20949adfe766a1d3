"""The variants by name, each loaded when it is first asked for, and how a list of them is read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from convcalc.errors import ParameterError, UsageError, described, nearest, printable
from convcalc.layers.arguments import checked_text
from convcalc.layers.parameters import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.analysis.compare.variant import Variant

EXAMPLES = (
    "separable",
    "grouped:4",
    "depthwise",
    "bottleneck:4",
    "dilated:2",
    "factorized",
    "stacked",
    "lowrank:8",
)
"""Every variant as it may be asked for; each is a class in the module of its name."""

FORM = "words, as 'separable,grouped:4'"

VARIANTS = tuple(example.partition(":")[0] for example in EXAMPLES)


def read_variants(text: str) -> tuple[Variant, ...]:
    """The variants of a list with commas: separable,grouped:4.

    Raises:
        UsageError: one is unknown, lacks its number or has one too many, or is given twice.

    Example:
        >>> [str(variant) for variant in read_variants("separable,grouped:4")]
        ['separable', 'grouped:4']
    """
    found = [read_variant(word) for word in text.split(",")]
    names = list(map(str, found))
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"'{name}' is given twice")
    return tuple(found)


def read_variant(text: str) -> Variant:
    """One variant from its word: separable, or grouped:4.

    Raises:
        UsageError: there is none of that name, or its number is missing, wrong or one too many.
    """
    name, colon, number = text.strip().lower().partition(":")
    if not name:
        raise UsageError("a variant is missing; separate them as in separable,grouped:4")
    if name not in VARIANTS:
        hint = nearest(name, VARIANTS)
        raise UsageError(
            f"expected one or more of {', '.join(EXAMPLES)}; got '{printable(text, 60)}'{hint}"
        )
    kind = _kind(name)
    example = EXAMPLES[VARIANTS.index(name)]
    if kind.least is None:
        if colon:
            raise UsageError(f"{name} takes no number; got '{printable(text, 60)}'")
        return kind()
    if not number:
        raise UsageError(f"{name} needs a number, as {example}")
    try:
        whole = int(number) if number.isascii() and number.isdigit() else number
        return kind(count(kind.least).normalise(name, whole))
    except ParameterError as error:
        raise UsageError(f"{error}; write {example}") from None
    except ValueError:  # more digits than Python reads
        raise UsageError(f"{name}: the number is too long; write {example}") from None


def variants_of(asked: Sequence[Variant | str] | str) -> tuple[Variant, ...]:
    """The variants that a caller means: a list with commas, or words and variants."""
    if isinstance(asked, str):
        return read_variants(asked)
    if not isinstance(asked, list | tuple):
        raise ParameterError("variants", f"expected {FORM}, got {described(asked)}")
    return tuple(_variant(one) for one in asked)


def _variant(one: Variant | str) -> Variant:
    """A variant, or that of a word.

    Raises:
        ParameterError: it is neither.
    """
    if not isinstance(one, str) and hasattr(one, "replacement"):
        return one
    return read_variant(checked_text("variants", one, FORM))


def _kind(name: str) -> type[Variant]:
    module = import_module(f"convcalc.analysis.compare.{name}")
    kind: type[Variant] = getattr(module, name.capitalize())
    return kind
