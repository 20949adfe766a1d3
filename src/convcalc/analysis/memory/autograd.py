"""What training keeps of a forward pass for the backward pass, as PyTorch's autograd does.

The table says of each kind which of its inputs, whether its output, and what else is kept. It
follows the formulas of PyTorch's tools/autograd/derivatives.yaml: whatever a backward formula
names is saved. Weights and running statistics are there anyway and are not counted again.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.layers import Layer, Shape
    from convcalc.window import Window


class Kept(NamedTuple):
    """What one layer keeps.

    Attributes:
        inputs: Which of its inputs, by their places.
        for_gradient: Which more, if the input itself has a gradient.
        output: Whether its output.
        factors: Whether each of its inputs is kept for the gradient of the other one only.
        joined: How many of the first axes of each input, the batch among them, are made one; where
            that takes a copy, the copy is kept in its place.
        elements: Elements beside them, of the layer's own dtype, of the whole batch.
        whole_bytes: Bytes beside them whatever the dtype: masks and indices.
        of: The pooling that found those indices, which keeps them already if it is trained.
    """

    inputs: tuple[int, ...] = ()
    for_gradient: tuple[int, ...] = ()
    output: bool = False
    factors: bool = False
    joined: int = 0
    elements: int = 0
    whole_bytes: int = 0
    of: Layer | None = None


class LayerShapes(NamedTuple):
    """A layer with the shapes of its first input and its output, and the batch."""

    layer: Any
    shape: Shape
    out: Shape
    batch: int


Rule: TypeAlias = "Kept | Callable[[LayerShapes], Kept | None]"
"""What a kind keeps: always the same, or as its shapes have it; None where nobody can say."""

NOTHING = Kept()
INPUT_KEPT = Kept(inputs=(0,))
OUTPUT_KEPT = Kept(output=True)

INDEX = 8
"""Bytes of an int64 index."""


def _conv(here: LayerShapes) -> Kept:
    """The input, or the padded copy of it that the convolution really reads.

    Zeros that are the same at both ends are the convolution's own business; uneven ones are added
    first, as far as the ends differ (`convolution_same` in aten/src/ATen/native/Convolution.cpp).
    Other modes pad first (torch/nn/modules/conv.py), for which `reflect` and `replicate` keep the
    input as well, where it has a gradient; slices put together, as of the others, keep nothing.
    """
    windows = here.layer.windows(here.shape)
    if here.layer.padding_mode == "zeros":
        return _evenly_padded(windows, here)
    padded = [size + w.before + w.after for size, w in zip(here.shape[1:], windows, strict=True)]
    unpadded = (0,) if here.layer.padding_mode in ("reflect", "replicate") else ()
    return Kept(for_gradient=unpadded, elements=here.batch * here.shape[0] * prod(padded))


def _evenly_padded(windows: Sequence[Window], here: LayerShapes) -> Kept:
    """The input, or where the ends differ a copy with the difference added."""
    uneven = [abs(window.after - window.before) for window in windows]
    if not any(uneven):
        return INPUT_KEPT
    sizes = [size + more for size, more in zip(here.shape[1:], uneven, strict=True)]
    return Kept(elements=here.batch * here.shape[0] * prod(sizes))


def _stages(here: LayerShapes) -> Kept:
    """What each convolution keeps; between two of them lies a tensor of its own."""
    kept, shape = NOTHING, here.shape
    for place, stage in enumerate(here.layer.stages(shape[0]).values()):
        out = stage.out_shape(shape)
        own = _conv(LayerShapes(stage, shape, out, here.batch))
        if place == 0:
            kept = own
        else:
            between = here.batch * prod(shape) if own.inputs else 0
            kept = kept._replace(elements=kept.elements + own.elements + between)
        shape = out
    return kept


def _pool(here: LayerShapes) -> Kept:
    """The input, padded first where the padding is uneven; PyTorch rounds up without padding."""
    return _evenly_padded(replace(here.layer, ceil_mode=False).windows(here.shape), here)


def _maxpool(here: LayerShapes) -> Kept:
    """What `_pool` keeps, and the place of each maximum."""
    return _pool(here)._replace(whole_bytes=INDEX * here.batch * prod(here.out))


def _power_pool(here: LayerShapes) -> Kept:
    """The input, padded first where it is; its powers; of each output sign, magnitude and powers.

    Source: PyTorch, `lp_pool2d` in torch/nn/functional.py: the mean, its magnitude after `relu`,
    its sign, and the sum that the root is taken of.
    """
    windows = replace(here.layer, ceil_mode=False).windows(here.shape)
    sizes = [size + w.before + w.after for size, w in zip(here.shape[1:], windows, strict=True)]
    padded = here.shape[0] * prod(sizes)
    copied = any(w.before or w.after for w in windows)
    elements = (1 + copied) * padded + 4 * prod(here.out)
    return Kept(inputs=() if copied else (0,), elements=here.batch * elements)


def _unpool(here: LayerShapes) -> Kept:
    """The places of the maxima, which the pooling that it names may keep already."""
    places = INDEX * here.batch * prod(here.shape)
    return Kept(whole_bytes=places, of=here.layer.of and here.layer.of.layer)


def _adaptive_max(here: LayerShapes) -> Kept:
    """The input and the place of each maximum."""
    return Kept((0,), whole_bytes=INDEX * here.batch * prod(here.out))


def _adaptive_mean(here: LayerShapes) -> Kept:
    """The input; a mean of everything (`mean`, which PyTorch takes then) keeps nothing."""
    return NOTHING if prod(here.out[1:]) == 1 else INPUT_KEPT


def _bn(here: LayerShapes) -> Kept:
    """The input, and the mean and 1 / deviation of each channel over the batch."""
    return Kept((0,), elements=2 * here.shape[0])


def _measured(here: LayerShapes) -> Kept:
    """The input, and the mean and 1 / deviation of each set of values."""
    return Kept((0,), elements=2 * here.batch * here.layer.sets(here.shape))


def _group(here: LayerShapes) -> Kept:
    """What is kept of measured values, in one piece (`group_norm` calls `contiguous`)."""
    return _measured(here)._replace(joined=1 + len(here.shape))


def _instance(here: LayerShapes) -> Kept:
    """What `_group` keeps, and the weight once for each sample (`instance_norm` repeats it)."""
    kept = _group(here)
    return kept._replace(elements=kept.elements + here.layer.affine * here.batch * here.shape[0])


def _lrn(here: LayerShapes) -> Kept:
    """The input, its squares with zeros around the channels, what is raised, and the divisor.

    Source: PyTorch, `local_response_norm` in torch/nn/functional.py.
    """
    channels, *sizes = here.shape
    padded = channels + here.layer.size - 1
    return Kept((0,), elements=here.batch * (padded + 2 * channels) * prod(sizes))


def _linear(here: LayerShapes) -> Kept:
    """The input as a matrix of its last axis."""
    return Kept((0,), joined=len(here.shape))


def _bilinear(here: LayerShapes) -> Kept:
    """Both inputs, as matrices of their last axes."""
    return Kept((0, 1), joined=len(here.shape))


def _embedding(here: LayerShapes) -> Kept:
    """The indices, as int64."""
    return Kept(whole_bytes=INDEX * here.batch * prod(here.shape))


def _attention(here: LayerShapes) -> Kept:
    """The input, Q, K and V, the heads' results, and the sum of each row of powers as float32.

    The steps come first inside: a batch of several samples of several steps is copied for that.
    """
    steps, batch = here.shape[0], here.batch
    copied = batch > 1 and steps > 1
    elements = (4 + copied) * batch * prod(here.shape)
    sums = 4 * batch * here.layer.num_heads * steps
    return Kept(() if copied else (0,), elements=elements, whole_bytes=sums)


def _dropout(here: LayerShapes) -> Kept:
    """A mask of one byte each (`native_dropout`); p = 0 is no layer, p = 1 a product with one 0."""
    if here.layer.p in (0, 1):
        return Kept(elements=int(here.layer.p))
    return Kept(whole_bytes=here.batch * prod(here.shape))


def _tanhshrink(here: LayerShapes) -> Kept:
    """The tangent, which PyTorch takes off the input (`x - x.tanh()`)."""
    return Kept(elements=here.batch * prod(here.shape))


def _input_and_more(here: LayerShapes) -> Kept:
    """The input and as much again: the slopes that `rrelu` drew, what `softsign` divides by."""
    return Kept((0,), elements=here.batch * prod(here.shape))


def _pad(here: LayerShapes) -> Kept:
    """The input of `reflection_pad` and `replication_pad`; other modes keep sizes alone."""
    return INPUT_KEPT if here.layer.padding_mode in ("reflect", "replicate") else NOTHING


def _unknown(here: LayerShapes) -> None:
    """A workspace of the library that computes it, as oneDNN, whose size nobody else knows."""


def _product(here: LayerShapes) -> Kept:
    """Each input for the gradient of the other, the axes in front of its matrices made one."""
    return Kept((0, 1), factors=True, joined=max(1, len(here.shape) - 1))


def _elementwise(here: LayerShapes) -> Kept | None:
    """By the name of the operation; of products and the like, what the other operand needs."""
    name, number = here.layer.name, here.layer.value is not None
    if name in ("add", "sub", "rsub", "neg") or (number and name in ("mul", "div")):
        return NOTHING
    if name in ("exp", "expm1", "sqrt", "rsqrt", "reciprocal", "tanh", "sigmoid"):
        return OUTPUT_KEPT
    if name in ("abs", "square", "log1p") or (number and name in ("pow", "clamp_min", "clamp_max")):
        return INPUT_KEPT
    return None


def _reduced(here: LayerShapes) -> Kept | None:
    """Sums and means keep nothing; of others it depends on how the library computes them."""
    return NOTHING if here.layer.name in ("sum", "mean") else None


SAVED: dict[str, Rule] = {
    "conv": _conv,
    "Staged": _stages,
    "linear": _linear,
    "Recurrent": _unknown,
    "embedding": _embedding,
    "multiheadattention": _attention,
    **dict.fromkeys(("convt", "layerscale", "prelu"), INPUT_KEPT),
    **dict.fromkeys(("relu", "sigmoid", "tanh", "softmax", "softmin", "logsoftmax"), OUTPUT_KEPT),
    **dict.fromkeys(
        (
            *("relu6", "hardtanh", "leakyrelu", "elu", "selu", "celu", "silu", "gelu"),
            *("softplus", "logsigmoid", "mish", "hardsigmoid", "hardswish"),
            *("hardshrink", "softshrink", "threshold", "glu"),
        ),
        INPUT_KEPT,
    ),
    **dict.fromkeys(
        (
            *("residual", "concat", "crop", "flatten", "reshape", "unflatten", "identity", "slice"),
            *("upsample", "pixelshuffle", "pixelunshuffle", "shuffle"),
        ),
        NOTHING,
    ),
    **dict.fromkeys(("rrelu", "softsign"), _input_and_more),
    "tanhshrink": _tanhshrink,
    "bilinear": _bilinear,
    "attention": _unknown,
    "elementwise": _elementwise,
    "reduce": _reduced,
    "matmul": _product,
    **dict.fromkeys(("input", "parameter", "permute", "view"), NOTHING),
    "scale": Kept(inputs=(0, 1), factors=True),
    "bn": _bn,
    "gn": _group,
    "ln": _measured,
    "in": _instance,
    "lrn": _lrn,
    "maxpool": _maxpool,
    "maxunpool": _unpool,
    "avgpool": _pool,
    "lppool": _power_pool,
    "adaptivemaxpool": _adaptive_max,
    "AdaptiveMean": _adaptive_mean,
    "dropout": _dropout,
    "pad": _pad,
}
"""What each kind keeps, by its name or by that of its family.

Source: PyTorch 2.13, tools/autograd/derivatives.yaml; every row is compared with what autograd
really saves in tests/analysis/memory/test_autograd.py. That a kind needs its input in one piece:
`group_norm` (aten/src/ATen/native/group_norm.cpp) calls `contiguous`; `instance_norm`
(Normalization.cpp) and `linear` (Linear.cpp) call `reshape`, which copies where neighbouring axes
are no longer one.
"""
