"""Fully connected, recurrent and attention layers of Keras, and tables of features."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.importers.keras.graph import layer_in, parameters_of
from convcalc.importers.written import plain_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.importers.channels_last import Value
    from convcalc.importers.keras.call import Call
    from convcalc.importers.keras.graph import Config
    from convcalc.layers.recurrent import Recurrent

GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1, "CuDNNLSTM": 4, "CuDNNGRU": 3}
"""Sums that each element of the state is made of."""

_KINDS: dict[str, type[Recurrent]] = {
    "LSTM": layers.LSTM,
    "CuDNNLSTM": layers.LSTM,
    "GRU": layers.GRU,
    "CuDNNGRU": layers.GRU,
    "SimpleRNN": layers.RNN,
}


def dense(call: Call) -> Value:
    """A matrix over the last axis, which is a pointwise convolution where channels are in front."""
    units, bias = call("units"), bool(call("use_bias", True))
    value = call.value
    if value.moved and 2 <= len(value.shape) <= 4:
        return call.add(layers.Pointwise(units, bias=bias), value)
    return call.add(layers.Linear(units, bias), call.placed(value, moved=False))


def einsum_dense(call: Call) -> Value:
    """A product by the letters of its axes: every letter is gone through once."""
    letters = str(call("equation")).replace(" ", "").replace("...", "")
    inputs, _, out = letters.partition("->")
    first, _, kernel = inputs.partition(",")
    given = call("output_shape")
    given = list(given) if isinstance(given, list | tuple) else [given]
    sizes = dict(zip(reversed(first), reversed(call.shape), strict=False))
    sizes[first[0]] = sizes.get(first[0], 1) if len(first) == len(call.shape) else 1
    told = zip(reversed(out), reversed(given), strict=False)
    sizes |= {letter: size for letter, size in told if size is not None and letter not in sizes}
    bias = prod(sizes[letter] for letter in call("bias_axes", ""))
    params = prod(sizes[letter] for letter in kernel) + (bias if call("bias_axes") else 0)
    shape = tuple(sizes[letter] for letter in out[1:])
    macs = prod(sizes[letter] for letter in {*first, *kernel})
    value = call.placed(call.value, moved=False)
    return call.nameless("einsum_dense", shape, params, macs, value)


def embedding(call: Call) -> Value:
    """Rows of a table."""
    layer = layers.Embedding(call("input_dim"), call("output_dim"))
    if len(call.shape) == 1:
        return call.add(layer, call.value)
    shape = (*call.shape, layer.embedding_dim)
    params = layer.num_embeddings * layer.embedding_dim
    return call.nameless("embedding", shape, params, 0, call.placed(call.value, moved=False))


def recurrent(call: Call) -> Value | tuple[Value, ...]:
    """An LSTM, GRU or RNN in one direction."""
    value = call.placed(call.value, moved=False)
    layer = _layer(call.kind, call.config, bidirectional=False)
    steps, size = value.shape[0], call("units")
    params = _params(call.kind, call.config, value.shape[-1])
    if len(call.values) > 1:
        macs = layer.costs(value.shape).macs
        whole = call.nameless(
            call.kind.lower(), (steps, size), params, macs, value, *call.values[1:]
        )
    else:
        whole = call.add(layer, value, params=params)
    if not call("return_sequences"):
        last = call.add(layers.Slice(((steps - 1, steps),)), whole, end="last")
        whole = call.add(layers.Flatten(), last, shape=(size,), end="last.flatten")
    if not call("return_state"):
        return whole
    states = 2 if GATES[call.kind] == 4 else 1
    state = whole if len(whole.shape) == 1 else call.view("state", whole, (size,))
    return (whole, *(state,) * states)


def bidirectional(call: Call) -> Value | tuple[Value, ...]:
    """Two layers that read from both ends, whose results are joined."""
    inner = layer_in(call("layer"))
    kind = "" if inner is None else str(inner.get("class_name"))
    if inner is None or kind not in GATES or len(call.values) > 1:
        return call.unknown()
    value, config = call.placed(call.value, moved=False), parameters_of(inner)
    layer = _layer(kind, config, bidirectional=True)
    params = 2 * _params(kind, config, value.shape[-1])
    both = call.add(layer, value, params=params)
    size, sequences = _units(config), bool(config.get("return_sequences"))
    mode = call.config.get("merge_mode", "concat")
    steps = value.shape[:1] if sequences else ()
    if mode == "concat":
        return both if sequences else call.view("last", both, (2 * size,))
    if mode is None or config.get("return_state"):
        return call.unknown()
    return call.add(
        layers.Opaque(plain_name(f"merge_{mode}"), (*steps, size), 0, 0),
        both,
        shape=(*steps, size),
        end="merge",
    )


def _layer(kind: str, config: Config, *, bidirectional: bool) -> Recurrent:
    layer = _KINDS[kind](_units(config), bidirectional=bidirectional)
    return layer if config.get("use_bias", True) else replace(layer, bias=False)


def _units(config: Config) -> int:
    """The elements of the state."""
    units = config["units"]
    if not isinstance(units, int | float):
        raise TypeError("units are a number")
    return int(units)


def _params(kind: str, config: Config, features: int) -> int:
    """The weights of one direction: one bias, or two where a GRU resets after its product."""
    size, gates = _units(config), GATES[kind]
    two = kind.endswith("GRU") and config.get("reset_after", kind.startswith("CuDNN"))
    two = two or kind == "CuDNNLSTM"
    biases = (2 if two else 1) if config.get("use_bias", True) else 0
    return gates * size * (features + size + biases)


def multi_head_attention(call: Call) -> Value | tuple[Value, ...]:
    """Attention of heads, with the matrices before and after it."""
    query = call.placed(call.given("query", 0), moved=False)
    value = call.given("value", 1, query)
    key = call.given("key", 2, value)
    value, key = (call.placed(one, moved=False) for one in (value or query, key or value or query))
    heads, bias = call("num_heads"), bool(call("use_bias", True))
    key_size = call("key_dim", call("head_dim"))
    value_size = call("value_dim", key_size)
    key_heads = call("num_key_value_heads", heads)
    features = query.shape[-1]
    out = call("output_shape")
    size = features if out is None else prod(out) if isinstance(out, list | tuple) else out
    alike = query.node == key.node == value.node and heads == key_heads
    if len(query.shape) != 2 or call("use_gate"):
        return call.unknown()
    if alike and features == size == heads * key_size == heads * value_size:
        return call.add(layers.MultiheadAttention(size, heads, bias), query)
    matrices = (
        (query.shape[0], features, heads * key_size),
        (key.shape[0], key.shape[-1], key_heads * key_size),
        (value.shape[0], value.shape[-1], key_heads * value_size),
        (query.shape[0], heads * value_size, size),
    )
    params = sum(rows * columns + bias * columns for _, rows, columns in matrices)
    macs = sum(prod(one) for one in matrices)
    macs += heads * query.shape[0] * key.shape[0] * (key_size + value_size)
    read = list(dict.fromkeys((query, value, key)))
    return call.nameless("multi_head_attention", (query.shape[0], size), params, macs, *read)


def attention(call: Call) -> Value:
    """Attention without matrices: products of query and key, and of their shares and the values."""
    query, value, *rest = (call.placed(one, moved=False) for one in call.values)
    key = rest[0] if rest else value
    scaled = bool(call("use_scale", call.kind == "AdditiveAttention"))
    if call.kind == "Attention" and call("score_mode", "dot") == "dot":
        return call.add(layers.Attention(1.0), query, key, value, params=int(scaled))
    scores = query.shape[-2] * key.shape[-2]
    params = scaled * query.shape[-1] if call.kind == "AdditiveAttention" else 1 + scaled
    shape = (*query.shape[:-1], value.shape[-1])
    return call.nameless("attention", shape, params, scores * value.shape[-1], query, key, value)


RULES: dict[str, Callable[[Call], Value | tuple[Value, ...]]] = {
    "Dense": dense,
    "EinsumDense": einsum_dense,
    "Embedding": embedding,
    **dict.fromkeys(GATES, recurrent),
    "Bidirectional": bidirectional,
    "MultiHeadAttention": multi_head_attention,
    "GroupedQueryAttention": multi_head_attention,
    "GroupQueryAttention": multi_head_attention,
    "Attention": attention,
    "AdditiveAttention": attention,
}
"""Layers of features and sequences, by the class of Keras."""
