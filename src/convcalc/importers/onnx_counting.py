"""The multiply-accumulates of ONNX's operations, from the shapes around them."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from onnx import defs

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.importers.onnx_calls import Call


def macs_of(call: Call) -> int | None:
    """The multiply-accumulates of a node; None where nobody knows, which is not zero.

    Operations of ONNX's own that multiply no matrices have none.
    """
    if call.node.domain not in ("", "ai.onnx") or not defs.has(call.op):
        return None
    rule = RULES.get(call.op)
    if rule is None:
        return None if call.op in UNCOUNTED else 0
    try:
        return rule(call)
    except (ValueError, IndexError, KeyError):
        return None


def _convolution(place: int) -> Callable[[Call], int]:
    """Every output is a sum over a kernel (C/g, *k), the rest of the weight's axes."""
    return lambda call: prod(call.out.known) * prod(call.tensor(place).known[1:])


def _transposed(call: Call) -> int:
    """Every input element meets a kernel (O/g, *k)."""
    return prod(call.x.known) * prod(call.tensor(1).known[1:])


def _matmul(call: Call) -> int:
    """Every output is a sum over the last axis of the first."""
    return prod(call.out.known) * call.x.known[-1]


def _gemm(call: Call) -> int:
    first = call.x.known
    return prod(call.out.known) * first[0 if call("transA", 0) else 1]


def _recurrent(call: Call) -> int:
    """Each weight once for every step and sample.

    W (directions, gates*H, I) and R (directions, gates*H, H); X is (T, N, I) or (N, T, I).
    """
    steps = prod(call.x.known[:2])
    return steps * (prod(call.tensor(1).known) + prod(call.tensor(2).known))


def _einsum(call: Call) -> int:
    """Pair by pair from the left: the sizes of all letters of both, if something is summed.

    Letters that one factor alone has and the result has not are summed first, without products.
    """
    text = call("equation").replace(" ", "")
    left, _, right = text.partition("->")
    terms = left.split(",")
    if "..." in text:
        terms, right = _without_dots(call, terms, right)
    sizes = {
        letter: size
        for place, term in enumerate(terms)
        for letter, size in zip(term, call.tensor(place).known, strict=True)
    }
    if "->" not in text:
        once = [letter for letter in sizes if left.count(letter) == 1]
        right = "".join(sorted(once))
    macs, first = 0, set(terms[0])
    for place, term in enumerate(terms[1:], start=1):
        other = set(term)
        rest = set(right).union(*terms[place + 1 :])
        first = {letter for letter in first if letter in other or letter in rest}
        other = {letter for letter in other if letter in first or letter in rest}
        both = first | other
        if both - rest:
            macs += prod(sizes[letter] for letter in both)
        first = both & rest
    return macs


def _without_dots(call: Call, terms: list[str], right: str) -> tuple[list[str], str]:
    """The terms with capital letters from beyond the alphabet for the axes of an ellipsis."""
    most, new = "", []
    for place, term in enumerate(terms):
        extra = len(call.tensor(place).known) - len(term.replace("...", ""))
        letters = "".join(chr(0x391 + 24 - axis) for axis in range(extra, 0, -1))
        most = max(most, letters, key=len)
        new.append(term.replace("...", letters))
    return new, right.replace("...", most)


def _attention(call: Call) -> int:
    """Q k^T and the product with v: N*H*L*S*(E + Ev), H those of the query; masks save nothing."""
    q, k, v = (call.tensor(place).known for place in range(3))
    past = call.given(4)
    if len(q) == 3:
        heads, others = call("q_num_heads"), call("kv_num_heads")
        samples, length, steps = q[0], q[1], k[1]
        sizes = q[2] // heads + v[2] // others
    else:
        samples, heads, length, _ = q
        steps, sizes = k[2], q[3] + v[3]
    if past is not None:
        steps += past.known[2]
    return int(samples * heads * length * steps * sizes)


RULES: dict[str, Callable[[Call], int]] = {
    "Conv": _convolution(1),
    "ConvInteger": _convolution(1),
    "QLinearConv": _convolution(3),
    "DeformConv": _convolution(1),
    "ConvTranspose": _transposed,
    "MatMul": _matmul,
    "MatMulInteger": _matmul,
    "QLinearMatMul": _matmul,
    "Gemm": _gemm,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "RNN": _recurrent,
    "Einsum": _einsum,
    "Attention": _attention,
}
"""The operations that are products of matrices."""

UNCOUNTED = ("DFT", "STFT", "Det", "If", "Loop", "Scan", "SequenceMap", "LinearAttention")
"""Others that multiply and add, by how many nobody says here."""
