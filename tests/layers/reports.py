"""What the tests of layers ask: the layer of a kind's row, the report of a spec, plain loops."""

from __future__ import annotations

import convcalc
from contract import CONTRACT
from convcalc.execute.backends.numpy_backend import NumpyBackend
from oracles import naive_conv, naive_conv_transpose


def layer_of(kind):
    """The layer of a kind's row."""
    return convcalc.parse(CONTRACT[kind].network).nodes[-1].layer


def report(spec, shape, batch=1):
    """The last layer of a spec."""
    return convcalc.parse(spec).analyze(shape, batch).layers[-1]


def seen(row):
    """Size, effective stride and start along each axis; None where they are not known."""
    fields = row.receptive_field
    return fields and tuple((f.size, f.effective_stride, f.start) for f in fields)


class Loops(NumpyBackend):
    """A backend that convolves in plain loops, to see what the layers ask for."""

    def conv(self, array, weight, bias, windows, groups, padding_mode):
        return naive_conv(
            array,
            weight,
            bias,
            stride=[w.stride for w in windows],
            pads=[(w.before, w.after) for w in windows],
            dilation=[w.dilation for w in windows],
            groups=groups,
            mode=padding_mode,
        )

    def conv_transpose(self, array, weight, bias, windows, groups, out_sizes):
        return naive_conv_transpose(
            array,
            weight,
            bias,
            stride=[w.stride for w in windows],
            pads=[(w.before, w.after) for w in windows],
            dilation=[w.dilation for w in windows],
            groups=groups,
            output_sizes=out_sizes,
        )
