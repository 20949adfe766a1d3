"""Multiply-accumulates of torch's operations, from the shapes of their arguments."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, TypeAlias

from convcalc.importers.pt2.program import Array

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.pt2.program import Operation

Arguments: TypeAlias = "Mapping[str, object]"
"""The arguments of an operation by the names of its schema, tensors as Arrays."""

Rule: TypeAlias = "Callable[[Arguments, Sequence[Array]], int]"
"""The multiply-accumulates of an operation, from its arguments and the tensors that it gives."""


def macs_of(operation: Operation) -> int | None:
    """The multiply-accumulates of an operation; None where nobody knows them."""
    if operation.space != "aten" or operation.name.startswith(UNKNOWN):
        return None
    rule = RULES.get(operation.name)
    return 0 if rule is None else rule(operation.named, operation.results)


def _array(named: Arguments, name: str) -> Array:
    """The tensor that an argument is."""
    value = named[name]
    if not isinstance(value, Array):
        raise TypeError(f"{name} is no tensor")
    return value


def _arrays(named: Arguments, name: str) -> list[Array]:
    """The tensors that an argument is a list of."""
    values = named[name]
    if not isinstance(values, list) or not all(isinstance(one, Array) for one in values):
        raise TypeError(f"{name} is no list of tensors")
    return values


def _conv(named: Arguments, results: Sequence[Array]) -> int:
    """Each output is a sum over the kernel and the channels of its group."""
    if named.get("transposed"):
        return _conv_transpose(named, results)
    return results[0].numel() * _rest(_array(named, "weight"))


def _conv_transpose(named: Arguments, _results: Sequence[Array]) -> int:
    """Each input is multiplied with its kernel for all channels of its group."""
    return _array(named, "input").numel() * _rest(_array(named, "weight"))


def _rest(weight: Array) -> int:
    """The elements of a weight for each place of its first axis."""
    return prod(weight.shape[1:])


def _product(first: str) -> Rule:
    """Each output is a sum over the last axis of one factor."""
    return lambda named, results: results[0].numel() * _array(named, first).shape[-1]


def _of_elements(name: str) -> Rule:
    """Each element of one argument is multiplied once: a matrix and a vector."""
    return lambda named, _results: _array(named, name).numel()


def _attention(named: Arguments, _results: Sequence[Array]) -> int:
    """Scores of E products each, of S for each query, then as many times Ev."""
    query, key, value = (_array(named, name).shape for name in ("query", "key", "value"))
    return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _recurrent(named: Arguments, _results: Sequence[Array]) -> int:
    """Every matrix once for each step of each sample."""
    steps = prod(_array(named, "input").shape[:2])
    return steps * sum(one.numel() for one in _arrays(named, "params") if one.dim() == 2)


def _bilinear(named: Arguments, _results: Sequence[Array]) -> int:
    return prod(_array(named, "input1").shape[:-1]) * _array(named, "weight").numel()


def _einsum(named: Arguments, _results: Sequence[Array]) -> int:
    """Factors joined from the left, two at a time, each pair a product over what both have.

    Letters that one factor alone has, and nothing behind it, are summed before: additions.
    """
    inputs, _, out = str(named["equation"]).replace(" ", "").partition("->")
    terms, tensors = inputs.split(","), _arrays(named, "tensors")
    if "." in inputs or len(terms) != len(tensors):
        raise ValueError("letters that are not written")
    sizes = {
        letter: size
        for term, array in zip(terms, tensors, strict=True)
        for letter, size in zip(term, array.shape, strict=True)
    }
    macs, first = 0, set(terms[0])
    for place, term in enumerate(terms[1:], start=1):
        later = set(out).union(*terms[place + 1 :])
        second = set(term)
        one = {letter for letter in first if letter in later | second}
        other = {letter for letter in second if letter in later | first}
        if (one & other) - later:
            macs += prod(sizes[letter] for letter in one | other)
        first = (one | other) & later
    return macs


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "convolution", "_convolution"), _conv),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _conv_transpose),
    "linear": _product("input"),
    "matmul": _product("self"),
    "mm": _product("self"),
    "bmm": _product("self"),
    "addmm": _product("mat1"),
    "baddbmm": _product("batch1"),
    "mv": _of_elements("self"),
    "dot": _of_elements("self"),
    "vdot": _of_elements("self"),
    "addmv": _of_elements("mat"),
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), _recurrent),
    "bilinear": _bilinear,
}
"""Operations that multiply and add up."""

UNKNOWN = (
    *("linalg_", "fft_", "_fft", "cdist", "_cdist", "tensordot", "chain_matmul", "addbmm", "kron"),
    *(
        "_native_multi_head",
        "_transformer_encoder",
        "_scaled_dot_product",
        "_trilinear",
        "conv_tbc",
    ),
    *("sparse_", "_sparse", "_int_mm", "_scaled_mm", "_weight_int", "lstm_c", "gru_c"),
    *("lstm.data", "thnn", "_thnn", "mkldnn", "cudnn", "stft", "istft", "addr"),
)
"""Beginnings of the names of operations that multiply and add up in ways that are not known."""
