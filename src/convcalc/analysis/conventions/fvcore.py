"""fvcore's FlopCountAnalysis, which counts the operators that a trace of the model shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.analysis.conventions.base import (
    Convention,
    CountedLayer,
    Reason,
    Term,
    by_stage,
    for_kinds,
    left_out,
    no_terms,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

BATCH_NORM = {True: Reason("2 per element"), False: Reason("1 per element, without weights")}
MEASURED = {True: Reason("5 per element"), False: Reason("4 per element, without weights")}
ADAPTIVE = Reason("1 per input element")
NEAREST = Reason("1 per output element")
LINEAR = Reason("4 per output element")
WORD = Reason(
    "padding given as a word: left out",
    "convolutions are counted, but the operator that padding='same' is traced as is not known",
)

ATTENTION = Reason(
    "scores and means left out",
    "products are counted, but the operator `scaled_dot_product_attention` is not known",
)
FUSED = Reason(
    "left out",
    "products are counted, but the operator `scaled_dot_product_attention` is not known",
)
BILINEAR = Reason("left out", "products are counted, but the operator `bilinear` is not known")
RECURRENT = Reason(
    "left out",
    "products are counted, but the operator that a recurrent layer is traced as is not known",
)


def attention(call: CountedLayer) -> Iterable[Term]:
    """`aten::scaled_dot_product_attention` has no handle; the projections are `aten::linear`."""
    steps, features = call.arriving[0]
    yield Term(ATTENTION, -call.batch * 2 * steps**2 * features)


def convolution(call: CountedLayer) -> Iterable[Term]:
    """`conv_flop_jit` has no handle for `_convolution_mode`, which a word as padding becomes."""
    from convcalc.layers.conv import Conv

    layer = call.layer
    assert isinstance(layer, Conv)
    if layer.padding in ("same", "valid") and layer.padding_mode == "zeros":
        yield Term(WORD, -call.macs)


def batch_norm(call: CountedLayer) -> Iterable[Term]:
    """`batchnorm_flop_jit` at inference."""
    from convcalc.layers.normalisation import Norm

    layer = call.layer
    assert isinstance(layer, Norm)
    yield Term(BATCH_NORM[layer.affine], call.inputs * (2 if layer.affine else 1))


def measured_norm(call: CountedLayer) -> Iterable[Term]:
    """`norm_flop_counter`: "5 is just a rough estimate"."""
    from convcalc.layers.normalisation import Norm

    layer = call.layer
    assert isinstance(layer, Norm)
    yield Term(MEASURED[layer.affine], call.inputs * (5 if layer.affine else 4))


def adaptive_mean(call: CountedLayer) -> Iterable[Term]:
    """The operator has a handle on two axes only; x.mean(...) has none."""
    mean = call.layer.kind == "gap" and call.function
    if call.spatial_dims == 2 and not mean:
        yield Term(ADAPTIVE, call.inputs)


def upsample(call: CountedLayer) -> Iterable[Term]:
    """`elementwise_flop_counter` of `upsample_nearest2d` and `upsample_bilinear2d`."""
    from convcalc.layers.upsample import Upsample

    layer = call.layer
    assert isinstance(layer, Upsample)
    if call.spatial_dims == 2:
        nearest = layer.mode == "nearest"
        yield Term(*((NEAREST, call.outputs) if nearest else (LINEAR, 4 * call.outputs)))


CONVENTION = Convention(
    name="fvcore",
    tool="fvcore 0.1.5",
    text="flops of FlopCountAnalysis: a multiply-add is 1, normalisation and some resizing beside",
    source="fvcore/nn/flop_count.py, jit_handles.py",
    rules={
        "conv": convolution,
        "Staged": by_stage(convolution),
        **for_kinds(no_terms, "convt", "linear", "lrn", "adaptivemaxpool", "embedding"),
        "Recurrent": left_out(RECURRENT),
        "bilinear": left_out(BILINEAR),
        "multiheadattention": attention,
        "bn": batch_norm,
        **for_kinds(measured_norm, "gn", "in", "ln"),
        "AdaptiveMean": adaptive_mean,
        "upsample": upsample,
        "attention": left_out(FUSED),
        **for_kinds(no_terms, "Activation", "Join", "layerscale", "Rearrangement", "Pool"),
        **for_kinds(no_terms, "matmul", "parameter", "reduce", "view"),
    },
)
