"""ptflops with its pytorch backend: hooks on modules, and patched functions beside them."""

from __future__ import annotations

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
    pooled,
    transposed_outputs,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BIAS = Reason("the bias counted as MACs")
NORM = {True: Reason("2 per element"), False: Reason("1 per element, without weights")}
LAYER_NORM = Reason(
    "1 per element",
    "normalisation with weights is meant to be 2 per element; it is asked for `affine`, which "
    "torch's LayerNorm calls `elementwise_affine`",
)
ELEMENT = Reason("1 per element")
INPUT = Reason("1 per input element")
OUTPUT = Reason("1 per output element")
PRODUCTS = Reason("2 products and a sum per element")
SQUARES = Reason("1 per square, zeros around the channels among them")
ROOTS = Reason("a relu and a product per output element")
STATE = {
    "lstm": Reason("10 per element of the state"),
    "gru": Reason("7 per element of the state"),
    "rnn": Reason("1 per element of the state"),
}
SCALE = Reason("1 per element for the scale")
SCORE = Reason("1 per score")
NO_BIAS = Reason("a bias that it has not", "its hook takes the last bias to be always there")
BILINEAR = Reason("left out", "products are counted, but nn.Bilinear has no hook")
FUSED = Reason("left out", "products are counted, but scaled_dot_product_attention is not patched")
PROJECTION = Reason(
    "the projection left out", "products of weights are counted, but not those of weight_hr"
)
TWICE = Reason(
    "counted a second time",
    "a module that calls a patched function is counted by its hook and again by the function",
)


def biased(call: CountedLayer) -> Iterable[Term]:
    """`conv_flops_counter_hook`, `linear_flops_counter_hook`: MACs and bias."""
    yield Term(BIAS, call.bias_adds)


def transposed(call: CountedLayer) -> Iterable[Term]:
    """`biased`, with MACs by input positions and the bias by those of the output."""
    from convcalc.layers.convt import ConvTranspose

    layer = call.layer
    assert isinstance(layer, ConvTranspose)
    yield Term(BIAS, layer.out_channels * transposed_outputs(call) if layer.bias else 0)


def normalisation(call: CountedLayer) -> Iterable[Term]:
    """`bn_flops_counter_hook`."""
    from convcalc.layers.normalisation import Norm

    layer = call.layer
    assert isinstance(layer, Norm)
    yield Term(NORM[layer.affine], call.inputs * (2 if layer.affine else 1))


def layer_norm(call: CountedLayer) -> Iterable[Term]:
    """`bn_flops_counter_hook`, which does not see a LayerNorm's weights."""
    if not call.function:
        yield Term(LAYER_NORM, call.inputs)


def local_response_norm(call: CountedLayer) -> Iterable[Term]:
    """No hook; the function squares and scales with `Tensor.mul`, adds k and takes a mean.

    The mean is that of squares with zeros before and behind the channels.
    """
    from convcalc.layers.lrn import LocalResponseNorm

    layer = call.layer
    assert isinstance(layer, LocalResponseNorm)
    channels = call.arriving[0][0]
    yield Term(PRODUCTS, 3 * call.inputs)
    yield Term(SQUARES, call.inputs // channels * (channels + layer.size - 1))


def power_pool(call: CountedLayer) -> Iterable[Term]:
    """No hook; the function takes a mean of the powers, `relu` of it, a product by `Tensor.mul`."""
    yield Term(INPUT, pooled(call, pads=False))
    yield Term(ROOTS, 2 * call.outputs)


def recurrent(call: CountedLayer) -> Iterable[Term]:
    """`rnn_flops_counter_hook`, for both directions what the first one has."""
    from convcalc.layers.recurrent import Recurrent

    layer = call.layer
    assert isinstance(layer, Recurrent)
    shape = call.arriving[0]
    each = {"lstm": 10, "gru": 7, "rnn": 1}[layer.kind]
    projections = (
        prod(size) for name, size in layer.weight_shapes(shape).items() if "weight_hr" in name
    )
    yield Term(BIAS, call.bias_adds)
    yield Term(STATE[layer.kind], call.batch * each * layer.states(shape))
    yield Term(PROJECTION, -call.batch * shape[0] * sum(projections))


def attention(call: CountedLayer) -> Iterable[Term]:
    """`multihead_attention_counter_hook`."""
    from convcalc.layers.multiheadattention import MultiheadAttention

    layer = call.layer
    assert isinstance(layer, MultiheadAttention)
    yield Term(BIAS, call.bias_adds)
    yield Term(NO_BIAS, 0 if layer.bias else call.inputs)
    yield Term(SCALE, call.inputs)
    yield Term(SCORE, call.batch * layer.num_heads * call.arriving[0][0] ** 2)


def inputs(call: CountedLayer) -> int:
    """Elements of the input."""
    return call.inputs


def outputs(call: CountedLayer) -> int:
    """Elements of the result."""
    return call.outputs


def elementwise(
    reason: Reason,
    elements: Callable[[CountedLayer], int] = inputs,
    *,
    hook: bool = True,
    patched: bool = True,
) -> Rule:
    """A kind counted once per element, by a hook on its module, by its patched function, or both.

    Args:
        reason: What an element is.
        elements: How many there are.
        hook: Whether its module has a hook.
        patched: Whether the function that the module calls is patched.
    """

    def rule(call: CountedLayer) -> Iterable[Term]:
        by_hook = hook and not call.function
        if by_hook or patched:
            yield Term(reason, elements(call))
        if by_hook and patched:
            yield Term(TWICE, elements(call))

    return rule


def relu6(call: CountedLayer) -> Iterable[Term]:
    """Once either way: its module has a hook and calls F.hardtanh, F.relu6 itself is patched."""
    yield Term(ELEMENT, call.inputs)


def global_mean(call: CountedLayer) -> Iterable[Term]:
    """1 per input element of the module; the function is x.mean(...), which is not patched."""
    return () if call.function else elementwise(INPUT)(call)


CONVENTION = Convention(
    name="ptflops",
    tool="ptflops 0.7.5",
    text="MACs of get_model_complexity_info, pytorch backend, of one sample (here times the "
    "batch): biases, normalisation, activations and pooling among them",
    source="ptflops/pytorch_ops.py, pytorch_engine.py",
    rules={
        **for_kinds(biased, "conv", "linear", "Staged"),
        "convt": transposed,
        "Recurrent": recurrent,
        "bilinear": left_out(BILINEAR),
        "multiheadattention": attention,
        **for_kinds(normalisation, "bn", "gn", "in"),
        "ln": layer_norm,
        "lrn": local_response_norm,
        **for_kinds(elementwise(ELEMENT), "elu", "gelu", "prelu", "relu"),
        "leakyrelu": elementwise(ELEMENT, patched=False),
        "relu6": relu6,
        **for_kinds(elementwise(ELEMENT, hook=False), "silu", "softmax"),
        **for_kinds(no_terms, "celu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "mish"),
        **for_kinds(no_terms, "selu", "sigmoid", "softplus", "softshrink", "tanh", "tanhshrink"),
        **for_kinds(no_terms, "logsigmoid", "logsoftmax", "rrelu", "softmin", "softsign"),
        **for_kinds(no_terms, "glu", "threshold"),
        "Pool": elementwise(INPUT, pooled),
        "lppool": power_pool,
        **for_kinds(elementwise(INPUT), "adaptiveavgpool", "adaptivemaxpool"),
        "gap": global_mean,
        "upsample": elementwise(OUTPUT, outputs),
        **for_kinds(no_terms, "Join", "embedding", "layerscale", "Rearrangement"),
        "attention": left_out(FUSED),
        **for_kinds(no_terms, "matmul", "parameter", "reduce", "view"),
    },
)
