"""LSTM, GRU and RNN of ONNX: a state is carried along the first axis.

With layout 1 it is the second. Gates are in the order of ONNX (i, o, f, c of LSTM, z, r, h of GRU);
each direction has weights and states of its own.

Source: ONNX, LSTM, GRU and RNN, their default activations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc import layers
from convcalc.importers.onnx_counting import macs_of
from convcalc.importers.onnx_plans import Plan, Recipe, need
from convcalc.importers.whole_operation import Operation
from convcalc.layers import Costs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.onnx_calls import Call
    from convcalc.layers.operations import A, Operations

ACTIVATIONS = {
    "LSTM": ("sigmoid", "tanh", "tanh"),
    "GRU": ("sigmoid", "tanh"),
    "RNN": ("tanh",),
}
"""The activations by default, of each direction."""

KINDS: dict[str, type[layers.LSTM | layers.GRU | layers.RNN]] = {
    "LSTM": layers.LSTM,
    "GRU": layers.GRU,
    "RNN": layers.RNN,
}
PLACES = {"W": 1, "R": 2, "B": 3, "initial_h": 5, "initial_c": 6, "P": 7}
LEARNED = ("W", "R", "B", "P")


class Sizes(NamedTuple):
    """The sizes of a recurrent node."""

    op: str
    steps: int
    samples: int
    features: int
    hidden: int
    directions: int
    batch_first: bool
    reset_after: bool
    backwards: bool


def recurrent(call: Call) -> Plan:
    """A recurrent node with its default activations, all of whose sequences are whole."""
    sizes = _sizes(call)
    usual = [word for _ in range(sizes.directions) for word in ACTIVATIONS[call.op]]
    need([word.lower() for word in call("activations", usual)] == usual)
    need(call("clip") is None and not call("input_forget", 0))
    lengths = call.given(4)
    if lengths is not None:
        need(lengths.value is not None and set(lengths.value.tolist()) == {sizes.steps})
    given = {name: call.given(place) for name, place in PLACES.items()}
    there = {name: call.weight(PLACES[name]) for name, one in given.items() if one is not None}
    layer = Operation(
        call.op.lower(),
        call.out.sample,
        _costs(call, sizes, biased="B" in there) if call.place == 0 else Costs(),
        _function(sizes, call.place),
        {name: one.known for name, one in there.items() if name in LEARNED},
        {name: one.known for name, one in there.items() if name not in LEARNED},
    )
    return Plan(layer, weights={name: Recipe.of(one) for name, one in there.items()})


def _sizes(call: Call) -> Sizes:
    batch_first = bool(call("layout", 0))
    first, second, features = call.x.known
    steps, samples = (second, first) if batch_first else (first, second)
    directions, _, hidden = call.tensor(2).known
    return Sizes(
        call.op,
        steps,
        samples,
        features,
        hidden,
        directions,
        batch_first,
        bool(call("linear_before_reset", 0)),
        call("direction", "forward") == "reverse",
    )


def _costs(call: Call, sizes: Sizes, *, biased: bool) -> Costs:
    """Every weight once a step, both biases, and what our kind computes for an element."""
    macs = macs_of(call)
    need(macs is not None)
    states = sizes.steps * sizes.samples * sizes.directions * sizes.hidden
    kind = KINDS[call.op](sizes.hidden)
    adds = 2 * kind.gates * states if biased else 0
    return Costs(macs or 0, adds, kind.each.times(states))


def _function(sizes: Sizes, place: int) -> Callable[..., object]:
    """The result of a place: all states, the last, or the last inner ones."""

    def compute(ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        (x,) = arrays
        count = x.shape[0]
        axes = (sizes.steps, sizes.samples)
        x = x.reshape(count, *(axes[::-1] if sizes.batch_first else axes), sizes.features)
        x = x.swapaxes(1, 2) if sizes.batch_first else x
        found = [_direction(ops, x, weights, sizes, one) for one in range(sizes.directions)]
        if place == 0:  # (n, T, D, N, H)
            parts = [
                states.reshape(count, sizes.steps, 1, sizes.samples, -1) for states, _ in found
            ]
            out = ops.concat(parts, 2)
            return ops.permute(out, (0, 3, 1, 2, 4)) if sizes.batch_first else out
        last = [state[place - 1].reshape(count, 1, sizes.samples, -1) for _, state in found]
        out = ops.concat(last, 1)
        return out.swapaxes(1, 2) if sizes.batch_first else out

    return compute


def _direction(
    ops: Operations[A], x: A, weights: Mapping[str, A], sizes: Sizes, direction: int
) -> tuple[A, list[A]]:
    """The states of every step of one direction, and the last."""
    own = {name: array[direction] for name, array in weights.items()}
    if sizes.batch_first:  # states are (N, D, H) then
        own |= {n: weights[n][:, direction] for n in ("initial_h", "initial_c") if n in weights}
    count, hidden = x.shape[0], sizes.hidden
    shape = (count, sizes.samples, hidden)
    zeros = x[:, 0, :, :1] * 0 + ops.vector([0.0] * hidden, x)
    state = [own[name] + zeros if name in own else zeros for name in ("initial_h", "initial_c")]
    backwards = direction == 1 or sizes.backwards
    states: dict[int, A] = {}
    for step in reversed(range(sizes.steps)) if backwards else range(sizes.steps):
        state = _step(ops, x[:, step], state, own, sizes)
        states[step] = state[0].reshape(count, 1, *shape[1:])
    return ops.concat([states[step] for step in range(sizes.steps)], 1), state


def _sums(ops: Operations[A], x: A, state: A, own: Mapping[str, A]) -> tuple[A, A]:
    """W x + b and R h + c, of all gates."""
    bias = own.get("B")
    rows = own["W"].shape[0]
    one, other = (None, None) if bias is None else (bias[:rows], bias[rows:])
    return ops.linear(x, own["W"], one), ops.linear(state, own["R"], other)


def _lstm(ops: Operations[A], x: A, state: list[A], own: Mapping[str, A], sizes: Sizes) -> list[A]:
    """i, o, f and c; peepholes of i, o and f look at the inner state."""
    hidden, inner = state
    arriving, carried = _sums(ops, x, hidden, own)
    sums = [_gate(arriving + carried, gate, sizes.hidden) for gate in range(4)]
    peep = own.get("P")
    holes = [None] * 3 if peep is None else [_gate(peep, gate, sizes.hidden) for gate in range(3)]
    enter = _sigmoid(ops, sums[0] if holes[0] is None else sums[0] + holes[0] * inner)
    forget = _sigmoid(ops, sums[2] if holes[2] is None else sums[2] + holes[2] * inner)
    inner = forget * inner + enter * ops.apply("tanh", sums[3])
    leave = _sigmoid(ops, sums[1] if holes[1] is None else sums[1] + holes[1] * inner)
    return [leave * ops.apply("tanh", inner), inner]


def _gru(ops: Operations[A], x: A, state: list[A], own: Mapping[str, A], sizes: Sizes) -> list[A]:
    """z, r and h; the reset is before the product with R unless it is said to be behind it."""
    hidden = state[0]
    arriving, carried = _sums(ops, x, hidden, own)
    keep, reset = (
        _sigmoid(ops, _gate(arriving, gate, sizes.hidden) + _gate(carried, gate, sizes.hidden))
        for gate in (0, 1)
    )
    entering = _gate(arriving, 2, sizes.hidden)
    if sizes.reset_after:
        rest = reset * _gate(carried, 2, sizes.hidden)
    else:
        bias = own.get("B")
        last = own["R"][2 * sizes.hidden :]
        shift = None if bias is None else bias[5 * sizes.hidden :]
        rest = ops.linear(reset * hidden, last, shift)
    new = ops.apply("tanh", entering + rest)
    return [(1 - keep) * new + keep * hidden, hidden]


def _rnn(ops: Operations[A], x: A, state: list[A], own: Mapping[str, A]) -> list[A]:
    arriving, carried = _sums(ops, x, state[0], own)
    return [ops.apply("tanh", arriving + carried), state[0]]


def _step(ops: Operations[A], x: A, state: list[A], own: Mapping[str, A], sizes: Sizes) -> list[A]:
    """The states after a step: what is given on, and the inner one of an LSTM."""
    if sizes.op == "LSTM":
        return _lstm(ops, x, state, own, sizes)
    if sizes.op == "GRU":
        return _gru(ops, x, state, own, sizes)
    return _rnn(ops, x, state, own)


def _gate(sums: A, gate: int, hidden: int) -> A:
    return sums[..., gate * hidden : (gate + 1) * hidden]


def _sigmoid(ops: Operations[A], x: A) -> A:
    return 1 / (ops.apply("exp", -x) + 1)
