"""The sliding window of a convolution or pooling along ONE axis, and its size rules.

Everything that knows how a kernel lies on an axis is here, so that an off-by-one can live in
one place only. In the formulas

    i  input size      k  kernel size    d  dilation     o  output size
    s  stride          pb padding before the first element  pa padding after the last element
    e = d*(k - 1) + 1  the extent: elements from the first tap to the last, holes included
"""

from __future__ import annotations

from functools import partial
from math import gcd
from typing import NamedTuple


class Window(NamedTuple):
    """Kernel, stride, padding and dilation of one axis, all whole numbers of elements."""

    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1

    @property
    def extent(self) -> int:
        """Elements from the first tap to the last one, holes included: d*(k - 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    def real_size(self, size: int) -> int:
        """Elements that are left of `size` where padding below 0 cuts some off; 0 or less if none.

        Source: PyTorch, `torch.nn.functional.pad`.
        """
        return size + min(0, self.before) + min(0, self.after)

    def out_size(self, size: int) -> int:
        """Positions at which the window fits on `size` padded elements; 0 or less where none.

        Window u covers the padded elements u*s ... u*s + e - 1 and must end by i + pb + pa - 1:
        u <= (i + pb + pa - e) / s, so that o = floor((i + pb + pa - e) / s) + 1.

        Source: derived; Dumoulin and Visin, "A guide to convolution arithmetic", relation 15.
        """
        return (size + self.before + self.after - self.extent) // self.stride + 1

    def ceiled(self, size: int) -> Window:
        """The window in pooling's ceil mode: the end padded until the last position fits.

        The last window may hang over the end, o = ceil((i + pb + pa - e) / s) + 1, unless it would
        start behind the input and the padding before it: (o - 1)*s >= i + pb leaves it out.

        Source: PyTorch, `pooling_output_shape` in ATen/native/Pool.h.
        """
        padded = size + self.before + self.after
        last = -((self.extent - padded) // self.stride)
        if last * self.stride >= size + self.before:
            last -= 1
        overhang = last * self.stride + self.extent - padded
        return self._replace(after=self.after + max(0, overhang))

    def dropped_input(self, size: int) -> int:
        """Elements at the end of the input, padding apart, that the stride leaves out.

        Source: derived. (i + pb + pa - e) mod s padded elements lie beyond the last window; the
        first `pa` of them, counted from the end, are padding.
        """
        beyond = (size + self.before + self.after - self.extent) % self.stride
        return min(size, max(0, beyond - self.after))

    def real_pairs(self, size: int, positions: int) -> int:
        """Pairs of one of the first `positions` windows and a tap that lies on a real element.

        Tap t of window u lies on element u*s - pb + t*d, which is real from 0 to i - 1.

        Source: derived.
        """
        return self._pairs(positions, self.kernel, self.before, size)

    def elements_read(self, size: int) -> int:
        """Elements of the input, padding apart, on which a tap lies at one position at least.

        Tap t of window u lies on the element u*s + t*d - pb. With g = gcd(s, d) just the pairs
        (u + n*d/g, t - n*s/g) lie on the same element. Of those within 0 <= u < o, 0 <= t < k the
        one with the smallest t is counted: t < s/g, or else u + d/g >= o.

        Source: derived.
        """
        out, common = self.out_size(size), gcd(self.stride, self.dilation)
        taps, positions = self.stride // common, self.dilation // common
        read = self._pairs(out, min(self.kernel, taps), self.before, size)
        first = max(0, out - positions)  # window and tap at which the other pairs begin
        moved = self.before - first * self.stride - taps * self.dilation
        return read + self._pairs(out - first, self.kernel - taps, moved, size)

    def _pairs(self, windows: int, taps: int, before: int, size: int) -> int:
        """Pairs u < windows, t < taps with 0 <= u*s + t*d - before < size."""
        if windows < 1 or taps < 1:
            return 0
        below = partial(pairs_up_to, windows, taps, self.stride, self.dilation)
        return below(before + size - 1) - below(before - 1)

    def transposed_size(self, size: int, output_padding: int = 0) -> int:
        """Output elements of the transposed convolution of `size` elements.

        Element j is spread over the uncropped elements j*s ... j*s + e - 1, (i - 1)*s + e in all;
        pb and pa are cropped and `output_padding` elements are added at the end.

        Source: derived; Dumoulin and Visin, relation 14, generalised to output padding.
        """
        uncropped = (size - 1) * self.stride + self.extent
        return uncropped - self.before - self.after + output_padding


def pairs_up_to(windows: int, taps: int, stride: int, dilation: int, most: int) -> int:
    """Pairs u < windows, t < taps with u*stride + t*dilation <= most.

    Tap t allows u up to (most - t*dilation) / stride. From 0 to `full` that is every window; of the
    taps after those up to `last`, counted backwards, it is one more than
    floor((most - last*dilation + n*dilation) / stride).

    Source: derived.
    """
    last = min(taps - 1, most // dilation)
    full = min(last, (most - (windows - 1) * stride) // dilation)
    full = max(-1, full)
    rest = last - full
    if rest < 1:
        return max(0, last + 1) * windows
    counted = floor_sum(rest, stride, dilation, most - last * dilation)
    return (full + 1) * windows + rest + counted


def floor_sum(count: int, divisor: int, step: int, first: int) -> int:
    """The sum of floor((first + n*step) / divisor) for n = 0 ... count - 1, all of them >= 0.

    The whole multiples of the divisor are taken out of `first` and `step`. What is left counts
    the points with whole coordinates under a line, which from the other axis is the same question
    with divisor and step exchanged: as many turns as Euclid's algorithm has.

    Source: Graham, Knuth and Patashnik, "Concrete Mathematics" (1994), section 3.5.
    """
    total = 0
    while count > 0:
        total += (count - 1) * count // 2 * (step // divisor) + count * (first // divisor)
        step, first = step % divisor, first % divisor
        reached = first + count * step
        count, first = divmod(reached, divisor)
        divisor, step = step, divisor
        if not divisor:
            break
    return total


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> int:
    """Padding elements in all for an output of ceil(i / s) elements: max((o - 1)*s + e - i, 0).

    Source: TensorFlow's and ONNX's definition of SAME. At stride 1 it is e - 1, PyTorch's `same`.
    """
    out = -(-size // stride)
    return max((out - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
