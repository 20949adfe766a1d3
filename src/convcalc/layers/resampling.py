"""Fields through layers that change the size of an axis by any ratio, not a whole stride.

From i elements to o elements, output u lies at the elements u*i/o of the input. With r = o / gcd(i,
o) and s = i / gcd(i, o) that is u*s/r: so the axis is first refined r times and then read with
stride s, both of which the windows of convolutions know exactly.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from convcalc.window import Window

if TYPE_CHECKING:
    from convcalc.receptive import Field


def through_sections(field: Field, size: int, out: int) -> Field:
    """Output u reads the elements floor(u*i/o) ... ceil((u + 1)*i/o) - 1, as adaptive pooling does.

    Refined r times, fine element v is element floor(v/r), and output u reads the fine elements u*s
    ... (u + 1)*s - 1.
    """
    refine, stride = _ratio(size, out)
    fine = field.through_transposed(Window(refine, refine))
    return fine.through(Window(stride, stride))


def through_nearest(field: Field, size: int, out: int) -> Field:
    """Output u reads the element floor(u*i/o)."""
    refine, stride = _ratio(size, out)
    return field.through_transposed(Window(refine, refine)).through(Window(1, stride))


def through_linear(field: Field, size: int, out: int) -> Field:
    """Output u reads the two elements around (u + 1/2)*i/o - 1/2, or the one that it meets.

    That place is v/2r with v = (2u + 1)*s - r. Refined 2r times, element j is read by the fine
    elements 2r*(j - 1) < v < 2r*(j + 1), and output u is fine element u*2s + s - r.
    """
    refine, stride = _ratio(size, out)
    around = Window(4 * refine - 1, 2 * refine, before=2 * refine - 1)
    return field.through_transposed(around).through(Window(1, 2 * stride, before=refine - stride))


def through_corners(field: Field, size: int, out: int) -> Field:
    """Output u reads the two elements around u*(i - 1)/(o - 1), or the one that it meets.

    That place is v/r with v = u*s, r = (o - 1) / gcd(i - 1, o - 1) and s = (i - 1) / the same.
    Refined r times, element j is read by the fine elements r*(j - 1) < v < r*(j + 1). One output,
    and every output of one element, is the first element.
    """
    if size == 1 or out == 1:
        return through_nearest(field, size, out)
    refine, stride = _ratio(size - 1, out - 1)
    around = Window(2 * refine - 1, refine, before=refine - 1)
    return field.through_transposed(around).through(Window(1, stride))


def nearest_read(size: int, out: int) -> int:
    """Distinct elements among floor(u*i/o), u from 0 to o - 1: all, or o if that is less."""
    return min(size, out)


def linear_read(size: int, out: int) -> int:
    """Distinct elements that have a share in one of o outputs, linearly between two elements.

    Outputs lie i/o apart. Up to i = 2*o no element is passed over. Beyond it no two outputs share a
    element: each reads the two around (u + 1/2)*i/o - 1/2 = ((2u + 1)*s - r) / 2r, or one where
        that
    is a whole number. Then r divides 2u + 1, because it has no divisor in common with s; so r is
    odd, 2u + 1 = m*r with m odd, and (m*s - 1) / 2 is whole if s is odd. There are as many odd m
    below 2*o/r = 2*gcd(i, o) as the divisor says.

    Source: derived.
    """
    if size <= 2 * out:
        return size
    refine, stride = _ratio(size, out)
    alone = gcd(size, out) if refine % 2 and stride % 2 else 0
    return 2 * out - alone


def corners_read(size: int, out: int) -> int:
    """Distinct elements that have a share where the corners are aligned.

    Outputs lie (i - 1)/(o - 1) apart. Below 2 no element is passed over. From there on no two
    outputs share one: each reads two, or the one that it meets, which are the multiples of r among
    0 ... o - 1, gcd(i - 1, o - 1) + 1 of them.

    Source: derived.
    """
    if out == 1:
        return 1
    if size - 1 < 2 * (out - 1):
        return size
    return 2 * out - gcd(size - 1, out - 1) - 1


def _ratio(size: int, out: int) -> tuple[int, int]:
    common = gcd(size, out)
    return out // common, size // common
