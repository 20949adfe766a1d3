"""How ONNX writes layers that read sequences: recurrent ones, and attention with its matrices.

ONNX has the steps before the samples, and the gates in another order than PyTorch. Weights stay in
the file as they are, under their own names, and are put in order by the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.export.onnx_site import OnnxSite
    from convcalc.layers import GRU, LSTM, RNN, MultiheadAttention
    from convcalc.layers.recurrent import Recurrent

ORDERS = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
"""Places of PyTorch's gates in ONNX's order: i, o, f, c of i, f, g, o; z, r, h of r, z, n."""


def lstm(site: OnnxSite, layer: LSTM) -> str:
    """LSTM of each layer; with a projection, which ONNX has not, step by step."""
    if layer.proj_size:
        return _upon_each_other(site, layer, lambda x, number: _stepped(site, layer, x, number))
    return _upon_each_other(site, layer, lambda x, n: _whole(site, layer, x, n, "LSTM"))


def gru(site: OnnxSite, layer: GRU) -> str:
    """GRU of each layer, whose reset gate is behind the product."""

    def write(x: str, number: int) -> str:
        return _whole(site, layer, x, number, "GRU", linear_before_reset=1)

    return _upon_each_other(site, layer, write)


def rnn(site: OnnxSite, layer: RNN) -> str:
    """RNN of each layer."""
    functions = [layer.nonlinearity.capitalize()] * len(layer.directions)

    def write(x: str, number: int) -> str:
        return _whole(site, layer, x, number, "RNN", activations=functions)

    return _upon_each_other(site, layer, write)


def _upon_each_other(site: OnnxSite, layer: Recurrent, write: Callable[[str, int], str]) -> str:
    """Every layer on (steps, N, features) of the one before it."""
    x = site.op("Transpose", *site.inputs, perm=[1, 0, 2])
    for number in range(layer.num_layers):
        x = write(x, number)
    return site.op("Transpose", x, perm=[1, 0, 2])


def _whole(
    site: OnnxSite,
    layer: Recurrent,
    x: str,
    number: int,
    operator: str,
    **attributes: int | Sequence[str],
) -> str:
    """One layer as one operator, of (steps, N, features)."""
    weights = [_gates(site, layer, name, number) for name in ("weight_ih", "weight_hh")]
    if layer.bias:
        both = [_gates(site, layer, name, number) for name in ("bias_ih", "bias_hh")]
        weights.append(site.op("Concat", *both, axis=1))
    direction = "bidirectional" if layer.bidirectional else "forward"
    out = site.op(
        operator, x, *weights, hidden_size=layer.hidden_size, direction=direction, **attributes
    )
    # (steps, directions, N, features), of which directions and features go side by side.
    turned = site.op("Transpose", out, perm=[0, 2, 1, 3])
    size = layer.result_size * len(layer.directions)
    return site.op("Reshape", turned, site.whole((0, 0, size)))


def _gates(site: OnnxSite, layer: Recurrent, name: str, number: int) -> str:
    """A weight of all directions, (directions, gates * elements, ...), gates in ONNX's order."""
    size = layer.hidden_size
    rows = [gate * size + row for gate in ORDERS[layer.kind] for row in range(size)]
    found = []
    for end in layer.directions:
        own = site.weight(f"{name}_l{number}{end}")
        own = own if rows == sorted(rows) else site.take(own, 0, rows)
        found.append(site.op("Unsqueeze", own, site.whole([0])))
    return found[0] if len(found) == 1 else site.op("Concat", *found, axis=0)


def _stepped(site: OnnxSite, layer: LSTM, x: str, number: int) -> str:
    """One layer whose results are projected, every step written out."""
    read = [_one_way(site, layer, x, f"_l{number}{end}", bool(end)) for end in layer.directions]
    return read[0] if len(read) == 1 else site.op("Concat", *read, axis=2)


def _one_way(site: OnnxSite, layer: LSTM, x: str, ending: str, backwards: bool) -> str:
    """The results of one direction, (steps, N, features)."""
    names = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if layer.bias else [])]
    enter, carry, *biases = (site.weight(name + ending) for name in names)
    turned = site.op("Transpose", site.weight(f"weight_hr{ending}"), perm=[1, 0])
    samples = site.op("Shape", *site.inputs, start=0, end=1)
    state, inner = (
        site.op("Expand", site.constant(np.zeros((1, size))), _sizes(site, samples, size))
        for size in (layer.proj_size, layer.hidden_size)
    )
    steps = site.shapes[0][0]
    results = [""] * steps
    for step in reversed(range(steps)) if backwards else range(steps):
        own = site.op("Gather", x, site.constant(step, "int64"), axis=0)
        sums = site.op(
            "Add",
            site.op("Gemm", own, enter, *biases[:1], transB=1),
            site.op("Gemm", state, carry, *biases[1:], transB=1),
        )
        first, forget, new, leave = site.split(sums, 4, 1)
        kept = site.op("Mul", site.op("Sigmoid", forget), inner)
        added = site.op("Mul", site.op("Sigmoid", first), site.op("Tanh", new))
        inner = site.op("Add", kept, added)
        state = site.op("Mul", site.op("Sigmoid", leave), site.op("Tanh", inner))
        state = site.op("MatMul", state, turned)
        results[step] = site.op("Unsqueeze", state, site.whole([0]))
    return site.op("Concat", *results, axis=0)


def _sizes(site: OnnxSite, samples: str, size: int) -> str:
    return site.op("Concat", samples, site.whole([size]), axis=0)


def multihead_attention(site: OnnxSite, layer: MultiheadAttention) -> str:
    """MatMul, Softmax and MatMul of all heads at once, between the matrices."""
    steps, size = site.shapes[0]
    heads, each = layer.num_heads, size // layer.num_heads
    all_three = _product(site, site.inputs[0], "in_proj_weight", "in_proj_bias", bias=layer.bias)
    read = site.split(all_three, 3, 2)
    query, key, value = (site.reshape(x, (steps, heads, each)) for x in read)
    query = site.op("Transpose", query, perm=[0, 2, 1, 3])
    query = site.op("Mul", query, site.constant(each**-0.5))
    scores = site.op("MatMul", query, site.op("Transpose", key, perm=[0, 2, 3, 1]))
    shares = site.op("Softmax", scores, axis=-1)
    found = site.op("MatMul", shares, site.op("Transpose", value, perm=[0, 2, 1, 3]))
    found = site.reshape(site.op("Transpose", found, perm=[0, 2, 1, 3]), (steps, size))
    return _product(site, found, "out_proj.weight", "out_proj.bias", bias=layer.bias)


def _product(site: OnnxSite, x: str, weight: str, bias_name: str, *, bias: bool) -> str:
    """A matrix times every step, and what is added."""
    out = site.op("MatMul", x, site.op("Transpose", site.weight(weight), perm=[1, 0]))
    return site.op("Add", out, site.weight(bias_name)) if bias else out
