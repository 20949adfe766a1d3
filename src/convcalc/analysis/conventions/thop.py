"""thop (pytorch-OpCounter): hooks on modules of known classes."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from convcalc.analysis.conventions.base import (
    Convention,
    CountedLayer,
    Reason,
    Rule,
    Term,
    for_kinds,
    left_out,
    no_terms,
    transposed_outputs,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

NORM = {True: Reason("4 per element"), False: Reason("2 per element, without weights")}
ELEMENT = Reason("1 per element")
SOFTMAX = Reason("3C - 1 for the C channels of a position")
MEAN = Reason("1 per output element")
ADAPTIVE = Reason("input positions / output positions + 1 per output element")
RESIZED = {1: Reason("5 per output element"), 2: Reason("11 per output element")}
OUTPUTS = Reason(
    "by output positions",
    "a transposed convolution uses each weight once per INPUT position: this is too high",
)
BIAS = Reason("the bias counted as MACs")
STATE = {
    "lstm": Reason("8 per element of the state"),
    "gru": Reason("7 per element of the state"),
    "rnn": Reason("1 per element of the state"),
}
NOT_A_LEAF = Reason(
    "left out", "its matrices are used, but modules with a module inside them have no hook"
)
CALLED = Reason("left out", "modules are counted, and these products are calls of functions")
BILINEAR = Reason("left out", "products are counted, but nn.Bilinear has no hook")
PROJECTION = Reason(
    "a projection taken for none", "its layers read and carry `hidden_size`, not `proj_size`"
)


def as_module(rule: Rule) -> Rule:
    """A rule for modules, which does not see functions."""

    def seen(call: CountedLayer) -> Iterable[Term]:
        return () if call.function else rule(call)

    return seen


def transposed(call: CountedLayer) -> Iterable[Term]:
    """`calculate_conv2d_flops`, the formula of a convolution: output elements * C/g * taps."""
    from convcalc.layers.convt import ConvTranspose

    layer = call.layer
    assert isinstance(layer, ConvTranspose)
    shape = call.arriving[0]
    outputs = layer.out_channels * transposed_outputs(call)
    yield Term(OUTPUTS, outputs * (shape[0] // layer.groups) * layer.taps(shape) - call.macs)


def normalisation(call: CountedLayer) -> Iterable[Term]:
    """`count_normalization`."""
    from convcalc.layers.normalisation import Norm

    layer = call.layer
    assert isinstance(layer, Norm)
    yield Term(NORM[layer.affine], call.inputs * (4 if layer.affine else 2))


def prelu(call: CountedLayer) -> Iterable[Term]:
    """`count_prelu`, the only activation without a fixed slope."""
    yield Term(ELEMENT, call.inputs)


def softmax(call: CountedLayer) -> Iterable[Term]:
    """`calculate_softmax`: C exponents, C - 1 additions, C divisions."""
    from convcalc.layers.softmax import Softmax

    layer = call.layer
    assert isinstance(layer, Softmax)
    channels, positions = layer.positions(call.arriving[0])
    yield Term(SOFTMAX, call.batch * positions * (3 * channels - 1))


def recurrent(call: CountedLayer) -> Iterable[Term]:
    """`count_lstm`, `count_gru` and `count_rnn`."""
    from convcalc.layers.recurrent import LSTM, Recurrent

    layer = call.layer
    assert isinstance(layer, Recurrent)
    shape = call.arriving[0]
    each = {"lstm": 8, "gru": 7, "rnn": 1}[layer.kind]
    yield Term(BIAS, call.bias_adds)
    yield Term(STATE[layer.kind], call.batch * each * layer.states(shape))
    if isinstance(layer, LSTM):
        plain = replace(layer, proj_size=0)
        yield Term(PROJECTION, call.batch * plain.costs(shape).macs - call.macs)


def mean_pool(call: CountedLayer) -> Iterable[Term]:
    """`calculate_avgpool`."""
    yield Term(MEAN, call.outputs)


def adaptive_mean(call: CountedLayer) -> Iterable[Term]:
    """`calculate_adaptive_avg`, whose quotients of sizes are binary fractions and cut at the end.

    So are they here, in the same order, for the same integer.
    """
    sizes = zip(call.arriving[0][1:], call.leaving[1:], strict=True)
    elements = prod((size / out for size, out in sizes), start=1.0)
    yield Term(ADAPTIVE, int((elements + 1) * call.outputs))


def upsample(call: CountedLayer) -> Iterable[Term]:
    """`calculate_upsample`; linear in three axes is not in its list and counts nothing."""
    from convcalc.layers.upsample import Upsample

    layer = call.layer
    assert isinstance(layer, Upsample)
    if layer.mode == "nearest":
        yield Term(MEAN, call.outputs)
    elif call.spatial_dims in RESIZED:
        yield Term(RESIZED[call.spatial_dims], call.outputs * (5 if call.spatial_dims == 1 else 11))


CONVENTION = Convention(
    name="thop",
    tool="thop 0.1.1",
    text="MACs of profile: those of convolutions and linear layers, with operations of "
    "normalisation and means added to them",
    source="thop/vision/basic_hooks.py, calc_func.py",
    rules={
        **for_kinds(no_terms, "Activation", "Join", "layerscale", "lrn", "Rearrangement"),
        **for_kinds(no_terms, "adaptivemaxpool", "lppool", "maxpool"),
        **for_kinds(no_terms, "conv", "embedding", "gn", "linear", "Staged"),
        "convt": transposed,
        "Recurrent": recurrent,
        "bilinear": left_out(BILINEAR),
        "multiheadattention": left_out(NOT_A_LEAF),
        **for_kinds(left_out(CALLED), "attention", "matmul"),
        **for_kinds(no_terms, "parameter", "reduce", "view"),
        **for_kinds(as_module(normalisation), "bn", "in", "ln"),
        "prelu": as_module(prelu),
        "softmax": as_module(softmax),
        "avgpool": as_module(mean_pool),
        "AdaptiveMean": as_module(adaptive_mean),
        "upsample": as_module(upsample),
    },
)
