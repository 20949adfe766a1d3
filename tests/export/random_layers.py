"""Random layers of every kind, made from what their fields may be."""

from __future__ import annotations

import dataclasses

from hypothesis import assume
from hypothesis import strategies as st

from convcalc.errors import LayerError
from convcalc.layers import KINDS

WORDS = st.sampled_from(("valid", "same", "same-upper", "same-lower"))
MODES = st.sampled_from(("zeros", "reflect", "symmetric", "replicate", "circular"))
VECTORS = (
    *("linear", "flatten", "bn", "gn", "ln", "shuffle", "slice", "softmax", "prelu"),
    *("glu", "logsoftmax", "softmin", "reshape", "unflatten"),
)
"""Kinds that are also drawn on a vector (N, C)."""

SEQUENCES = ("lstm", "gru", "rnn", "multiheadattention")
"""Kinds that read (N, steps, features)."""


def per_axis(low, high):
    return lambda rank: st.integers(low, high) | st.tuples(*[st.integers(low, high)] * rank)


def ends(high, low=0):
    end = st.integers(low, high)
    return lambda rank: st.tuples(*[end | st.tuples(end, end)] * rank)


def any_rank(strategy):
    return lambda rank: strategy


FIELDS = {
    # By its own name, or by that of its kind where it means something else there.
    "axes": lambda rank: st.lists(st.integers(-2, 1), min_size=1, max_size=2, unique=True).map(
        tuple
    ),
    "keepdim": any_rank(st.booleans()),
    "order": any_rank(st.sampled_from(((0, 1), (1, 0), (1, 2, 0), (0, 2, 1), (2, 3, 1, 0)))),
    "reduce.name": any_rank(st.sampled_from(("sum", "mean", "max", "min", "norm"))),
    "shape": any_rank(st.sampled_from(((3,), (2, 3), (1, 2, 3)))),
    "affine": any_rank(st.booleans()),
    "align_corners": any_rank(st.booleans()),
    "alpha": any_rank(st.sampled_from((0.5, 1.0, 2.0))),
    "approximate": any_rank(st.sampled_from(("none", "tanh"))),
    "beta": any_rank(st.sampled_from((-1.5, 0.5, 1.0, 2.0))),
    "lrn.beta": any_rank(st.sampled_from((0.5, 0.75, 1.5))),
    "bias": any_rank(st.booleans()),
    "bidirectional": any_rank(st.booleans()),
    "ceil_mode": any_rank(st.booleans()),
    "channels": any_rank(st.sampled_from((((0, 1),), ((1, 4),), ((2, 3),)))),
    "count_include_pad": any_rank(st.booleans()),
    "depthwise_bias": any_rank(st.booleans()),
    "dim": any_rank(st.sampled_from((1, 2, -1))),
    "dilation": per_axis(1, 3),
    "downscale_factor": any_rank(st.integers(1, 2)),
    "embedding_dim": any_rank(st.integers(1, 5)),
    "eps": any_rank(st.sampled_from((1e-5, 0.1))),
    "groups": any_rank(st.sampled_from((1, 2, 4))),
    "k": any_rank(st.sampled_from((0.5, 1.0, 2.0))),
    "hidden_size": any_rank(st.integers(2, 4)),
    "kernel_size": per_axis(1, 4),
    "lambd": any_rank(st.sampled_from((0.0, 0.5))),
    "lower": any_rank(st.sampled_from((-0.5, 0.125))),
    "max_val": any_rank(st.just(1.5)),
    "min_val": any_rank(st.just(-0.5)),
    "mode": any_rank(st.sampled_from(("nearest", "bilinear"))),
    "multiplier": any_rank(st.integers(1, 2)),
    "negative_slope": any_rank(st.sampled_from((0.01, 0.3))),
    "norm_type": any_rank(st.sampled_from((1.0, 2.0, 3.0))),
    "nonlinearity": any_rank(st.sampled_from(("tanh", "relu"))),
    "num_heads": any_rank(st.sampled_from((1, 2, 4))),
    "embed_dim": any_rank(st.just(4)),
    "num_embeddings": any_rank(st.integers(1, 9)),
    "num_groups": any_rank(st.sampled_from((1, 2, 4))),
    "num_layers": any_rank(st.integers(1, 3)),
    "num_parameters": any_rank(st.sampled_from((1, 4))),
    "out_channels": any_rank(st.sampled_from((2, 4, 8))),
    "out_features": any_rank(st.integers(1, 5)),
    "offset": lambda rank: st.none() | per_axis(0, 2)(rank),
    "output_padding": per_axis(0, 2),
    "output_size": per_axis(1, 9),
    "p": any_rank(st.just(0.3)),
    "padding": lambda rank: WORDS | ends(2)(rank),
    "padding_mode": any_rank(MODES),
    "proj_size": any_rank(st.integers(0, 1)),
    "scale_factor": per_axis(1, 3),
    "size": per_axis(1, 9),
    "sizes": any_rank(st.sampled_from(((-1,), (2, -1), (-1, 2, 2), (1, 2, -1, 2)))),
    "stride": per_axis(1, 3),
    "threshold": any_rank(st.sampled_from((-0.5, 0.0, 0.3))),
    "upper": any_rank(st.sampled_from((0.3, 2.0))),
    "value": any_rank(st.sampled_from((0.0, -2.5))),
    "unflattened_size": any_rank(st.sampled_from(((-1,), (2, -1), (-1, 2, 2), (1, -1)))),
    "lrn.size": any_rank(st.integers(1, 9)),
    "pad.value": any_rank(st.sampled_from((0.0, 0.0, 0.0, 0.5))),
    "upscale_factor": any_rank(st.integers(1, 2)),
    **dict.fromkeys(
        ("conv.padding", "dw.padding", "sep.padding"),
        lambda rank: WORDS | st.just("full") | ends(2)(rank),
    ),
    "pad.padding": ends(3, low=-2),
    "convt.output_size": lambda rank: st.none() | per_axis(1, 12)(rank),
    "adaptivemaxpool.output_size": per_axis(1, 9),
}


def drawn(kind, most):
    """How many layers of a kind are drawn: a third where only their shape can differ."""
    return most if dataclasses.fields(KINDS[kind]) else most // 3


@st.composite
def layers(draw, kind):
    """(layer, the shape of one sample): a layer of one kind that fits what arrives."""
    low = 0 if kind in VECTORS else 1
    rank = {**dict.fromkeys(SEQUENCES, 1), "embedding": 0}.get(kind)
    rank = draw(st.integers(low, 3)) if rank is None else rank
    most = (0, 12, 8, 6)[rank]
    shape = (draw(st.sampled_from((4, 8))), *(draw(st.integers(1, most)) for _ in range(rank)))
    layer_type = KINDS[kind]
    values = {}
    for field in dataclasses.fields(layer_type):
        strategy = FIELDS.get(f"{kind}.{field.name}") or FIELDS[field.name]
        values[field.name] = draw(strategy(max(1, rank)))
    if kind == "upsample":
        values[draw(st.sampled_from(("size", "scale_factor")))] = None
    if values.get("output_padding") and values.get("output_size"):
        values["output_padding"] = 0
    try:
        layer = layer_type(**values)
        layer.out_shape(shape)
    except LayerError:
        assume(False)
    return layer, shape
