"""Walks of networks on arrays that are drawn, with what the executor makes of them."""

from __future__ import annotations

import numpy as np

import convcalc
from convcalc.execute.arrays.plain_elements import Elements
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.explain.walk.functions import pieces_of
from convcalc.explain.walk.network import walk_network

CONVOLUTIONS = {
    "conv:2,k2,p=same": (1, 4, 4),
    "conv:4,k3x2,s2x1,p1x0:1,d1x2,g2": (4, 7, 5),
    "conv:2,k3,p2,reflect": (2, 4, 5),
    "conv:2,k3,p2,symmetric": (2, 4, 5),
    "conv:2,k3,p2,replicate,s2": (2, 4, 5),
    "conv:2,k3,p2,circular,d2": (2, 5, 5),
    "conv:2,k3,s3,nobias": (2, 7),
    "conv:2,k2,s2,p1,d2": (2, 3, 4, 4),
    "dw:k3,p1,m2": (2, 4, 4),
    "dw:k2,s2,p=same-lower,reflect": (3, 5, 4),
    "pw:6,g2,s2": (4, 3, 3),
    "sep:3,k3,p1": (2, 4, 4),
    "sep:2,k3,s2,p1,m2,nobias": (2, 4, 4),
    "convt:2,k3,s2,p1": (2, 3, 3),
    "convt:4,k3x2,s2x3,p1x0:1,g2,op1x0": (4, 3, 2),
    "convt:2,k2,s3,d2": (2, 3),
    "convt:2,k2,s2,p=same-upper,nobias": (2, 2, 2, 2),
    "linear:3": (4,),
}
"""Layers whose outputs are sums of products."""

POOLINGS = {
    "maxpool:3,s2,p1": (2, 5, 5),
    "maxpool:2,s2,d2,ceil": (2, 6, 5),
    "avgpool:3,s2,p1": (2, 5, 5),
    "avgpool:3,s2,p1,noinclude,ceil": (2, 6, 5),
    "lppool:2,norm2": (2, 4, 6),
    "lppool:2,s2,ceil,norm1": (2, 5, 5),
    "gap": (3, 4, 5),
    "adaptiveavgpool:2x3": (2, 5, 4),
    "adaptivemaxpool:3": (2, 5),
}

NETWORKS = {
    "residual{conv:2,k3,p1 relu conv:2,k3,p1 | }": (2, 4, 4),
    "concat{pw:2 | conv:1,k3,p1 | maxpool:3,s1,p1 pw:1}": (2, 4, 4),
    "concat:dim-1{pw:2 | pw:2,s2}": (2, 1, 4),
    "conv:4,k3,p1 se:2": (2, 4, 4),
    "conv:3,k3 bn silu upsample:2 gap flatten linear:2": (2, 5, 5),
}
"""Blocks: their branches first, then what joins them."""

FUNCTIONS = {
    "relu": (2, 3, 3),
    "relu6": (2, 3, 3),
    "hardtanh:min-0.5,max2": (2, 3, 3),
    "leakyrelu:0.2": (2, 3, 3),
    "rrelu": (2, 3, 3),
    "prelu": (2, 3, 3),
    "prelu:2": (2, 3, 3),
    "sigmoid": (2, 3, 3),
    "silu": (2, 3, 3),
    "gelu": (2, 3, 3),
    "gelu:tanh": (2, 3, 3),
    "softsign": (2, 3, 3),
    "tanh": (2, 3, 3),
    "hardsigmoid": (2, 3, 3),
    "hardswish": (2, 3, 3),
    "elu:1.5": (2, 3, 3),
    "selu": (2, 3, 3),
    "celu:0.5": (2, 3, 3),
    "celu:-2": (2, 3, 3),
    "softplus:threshold2": (2, 3, 3),
    "softplus:2,threshold3": (2, 3, 3),
    "softplus:-2,threshold3": (2, 3, 3),
    "logsigmoid": (2, 3, 3),
    "mish": (2, 3, 3),
    "hardshrink:1": (2, 3, 3),
    "softshrink:1": (2, 3, 3),
    "tanhshrink": (2, 3, 3),
    "threshold:threshold1,value-7": (2, 3, 3),
    "bn": (2, 3, 3),
    "bn:affine=false,eps0.1": (2, 3),
    "layerscale": (2, 3, 3),
}
"""Functions of one number."""

COPIES = {
    "identity": (2, 3, 3),
    "dropout": (2, 3),
    "flatten": (2, 3, 2),
    "reshape:3x2x2": (2, 3, 2),
    "unflatten:2x3": (6, 2),
    "permute:2x0x1": (2, 3, 4),
    "slice:1:3": (4, 2, 3),
    "crop:2": (2, 5, 4),
    "shuffle:2": (6, 2, 2),
    "pixelshuffle:2": (8, 2, 3),
    "pixelunshuffle:2": (2, 4, 6),
    "upsample:2x3": (2, 3, 2),
    "upsample:size5x2": (2, 3, 4),
    "pad:1x0:2": (2, 3, 3),
    "pad:1,constant2": (2, 3),
    "pad:2,reflect": (2, 3, 4),
    "pad:2,symmetric": (2, 3, 4),
    "pad:2,replicate": (2, 2, 2, 2),
    "pad:2:-1,circular": (2, 4, 5),
    "pad:-1:1": (2, 4, 5),
}
"""Layers that move elements."""

SHARES = {
    "softmax": (4, 2, 3),
    "softmin": (3, 2),
    "logsoftmax": (5,),
    "softmax:dim-1": (2, 3, 4),
    "logsoftmax:dim2": (2, 3, 4),
}
"""Functions of all elements along an axis."""

RESIZINGS = {
    "upsample:2,bilinear": (2, 3, 3),
    "upsample:3x2,bilinear,align": (2, 3, 2),
    "upsample:size2x7,bilinear": (1, 5, 4),
    "upsample:size1x5,bilinear,align": (2, 3, 3),
    "upsample:2,bilinear ": (2, 4),
}
"""Linear resizings, whose outputs are sums of shares."""

EVERY = {**CONVOLUTIONS, **POOLINGS, **NETWORKS, **FUNCTIONS, **COPIES, **SHARES, **RESIZINGS}


def computed(text, seed=0, *, whole=False, shape=None):
    """A network, its sample, its weights and the result of every layer, drawn at random."""
    network, shape = convcalc.parse(text), shape or EVERY[text]
    random = np.random.default_rng(seed)
    sizes = {"input": shape, **network.tensor_shapes(shape)}
    drawn = {
        name: random.integers(-9, 10, size) if whole else random.uniform(0.1, 2, size)
        for name, size in sizes.items()
    }
    sample = drawn.pop("input")
    if all(pieces_of(node.layer) for node in network.nodes) and not whole:
        sample = random.uniform(-4, 4, shape)  # they differ below 0
    results = []

    def keep(label, array):
        results.append(array[0].copy())

    settings = Settings(backend="numpy", spatial_dims=len(shape) - 1)
    run_network(network, sample[None], drawn, settings, keep)
    return network, sample, drawn, results


def walks(text, seed=0, *, whole=False, shape=None):
    """The walk of every output of a network, each with what the executor says."""
    network, sample, weights, results = computed(text, seed, whole=whole, shape=shape)
    named = {name: Elements(own) for name, own in weights.items()}
    elements = [Elements(own) for own in results]
    end = results[network.output]
    for place in np.ndindex(*end.shape):
        walked = walk_network(network, Elements(sample), named, elements, place)
        yield walked, results, end[place]
