"""Which arrays of a model are the weights of a layer, and which calls are more than their layer.

A layer says what a call costs and sees. It is run only where it is all that the call computes, from
inputs that are nodes and weights that are parameters or buffers as they are stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from convcalc.importers.torch_calls import PASSED, axis_of, dtype_of, is_array
from convcalc.importers.torch_steps import IN_ORDER
from convcalc.layers import Elementwise, View
from convcalc.layers.named_operations import ELEMENTWISE
from convcalc.network.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from convcalc.importers.torch_calls import Call, Given
    from convcalc.layers import Layer, Shape

NameOf: TypeAlias = "Callable[[object], str | None]"
"""Gives the name of the parameter or buffer that a tensor is; None where it is computed."""

_PLAIN = {"weight": "weight", "bias": "bias"}
_NORM = {**_PLAIN, "running_mean": "running_mean", "running_var": "running_var"}
_ATTENTION = {
    "in_proj_weight": "in_proj_weight",
    "in_proj_bias": "in_proj_bias",
    "out_proj.weight": "out_proj_weight",
    "out_proj.bias": "out_proj_bias",
}
_HEADS = (
    "query key value embed_dim num_heads in_proj_weight in_proj_bias bias_k bias_v add_zero_attn "
    "dropout_p out_proj_weight out_proj_bias training key_padding_mask need_weights attn_mask"
)
_RNN = "input hx params has_biases num_layers dropout train bidirectional batch_first"
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")

ARRAYS: dict[str, tuple[str, Mapping[str, str]]] = {
    **dict.fromkeys(
        (*(f"conv{n}d" for n in (1, 2, 3)), *(f"conv_transpose{n}d" for n in (1, 2, 3)), "linear"),
        ("input weight bias", _PLAIN),
    ),
    **dict.fromkeys(
        ("batch_norm", "instance_norm"), ("input running_mean running_var weight bias", _NORM)
    ),
    "group_norm": ("input num_groups weight bias", _PLAIN),
    "layer_norm": ("input normalized_shape weight bias", _PLAIN),
    "prelu": ("input weight", _PLAIN),
    "embedding": ("input weight", _PLAIN),
    "multi_head_attention_forward": (_HEADS, _ATTENTION),
}
"""The names of the arguments of each function, and which of them is which weight."""


def stored_of(call: Call, layer: Layer, shapes: Iterable[Shape], name_of: NameOf | None) -> Stored:
    """Where the weights of a call's layer are stored, and what it does that its layer does not.

    Args:
        call: The call.
        layer: The layer that it is written as.
        shapes: What arrives at the layer.
        name_of: Gives the names of tensors; None where tensors have none.
    """
    shapes = list(shapes)
    is_view = isinstance(layer, View)  # what is known of it is from the call itself
    refusal = None if is_view else refusal_of(call) or _left_out(layer, len(shapes))
    needed = layer.tensor_shapes(*shapes) if name_of is not None and layer.has_weights() else {}
    if not needed or name_of is None:
        return Stored({}, refusal)
    arrays = _arrays(call, list(needed))
    given = {name: one for name, one in arrays.items() if name in needed and one is not None}
    names = {name: name_of(one) for name, one in given.items()}
    found = {name: own for name, own in names.items() if own is not None}
    missing = [name for name in needed if name not in found]
    if missing and refusal is None:
        refusal = f"its {missing[0]} is no parameter of the model, but computed"
    return Stored(found, refusal)


def _left_out(layer: Layer, inputs: int) -> str | None:
    """Whether an operand is no input of a layer, as a mask is that no input has reached."""
    if not isinstance(layer, Elementwise):
        return None
    given = inputs + (layer.value is not None)
    return None if given == ELEMENTWISE[layer.name].operands else "an operand is a constant"


def _arrays(call: Call, needed: list[str]) -> dict[str, object]:
    """The tensors that a call reads as weights, by the names that its layer has for them."""
    if call.name in RECURRENT:
        params = call.given(_RNN)("params") or ()
        return dict(zip(needed, params, strict=True)) if len(params) == len(needed) else {}
    names, weights = ARRAYS.get(call.name, ("", {}))
    given = call.given(names)
    return {name: given(argument) for name, argument in weights.items()}


def keeps_elements(calls: Iterable[Call], number: int) -> bool:
    """Whether all elements of a tensor, so many, are in their order still behind some calls."""
    return all(
        call.name in IN_ORDER | PASSED
        and refusal_of(call) is None
        and int(call.out.numel()) == number
        for call in calls
    )


def refusal_of(call: Call) -> str | None:
    """What a call does beside what its layer does; None if nothing.

    Args:
        call: The call; states of recurrent layers that are zeros have been left out of it.
    """
    rule = REFUSALS.get(call.name)
    if rule is None:
        return None
    names, why = rule
    try:
        return why(call.given(names))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError):
        return "its arguments are not known here"


def _multiplied(given: Given) -> str | None:
    return None if given("alpha", 1) == 1 else "alpha multiplies an operand"


def _rounded(given: Given) -> str | None:
    return "it rounds" if given("rounding_mode") is not None else None


def _other_norm(name: str) -> Callable[[Given], str | None]:
    def why(given: Given) -> str | None:
        return (
            None if given(name) in (None, 2, "fro") else f"it is a norm with {name}={given(name)}"
        )

    return why


def _resized(given: Given) -> str | None:
    """Whether positions are found by a ratio that is not that of the sizes."""
    factor = given("scale_factor")
    if factor is None or given("recompute_scale_factor"):
        return None
    pairs = zip(given.input.shape[2:], given.call.out.shape[2:], strict=True)
    factors = factor if isinstance(factor, tuple) else (factor,) * (given.input.dim() - 2)
    fits = all(old * own == new for (old, new), own in zip(pairs, factors, strict=True))
    return None if fits else "its factor is not the ratio of its sizes"


def _dropped(given: Given) -> str | None:
    drops = given("training", True) and given("p", 0.5)
    return "it drops elements at random" if drops else None


def _picked(given: Given) -> str | None:
    """Whether elements are picked by their numbers, and not by a range."""
    index = given.values["index"]
    items = index if isinstance(index, tuple) else (index,)
    plain = (int, slice, type(None), type(Ellipsis))
    ranges = all(isinstance(one, plain) and not isinstance(one, bool) for one in items)
    return None if ranges else "it picks elements by their numbers"


def _attended(given: Given) -> str | None:
    if given("attn_mask") is not None or given("key_padding_mask") is not None:
        return "it has a mask"
    if given("bias_k") is not None or given("add_zero_attn"):
        return "it attends to more than its input"
    return "it drops elements at random" if given("training") and given("dropout_p") else None


def _scored(given: Given) -> str | None:
    mask = given("attn_mask")
    if is_array(mask) and not dtype_of(mask).is_floating_point:
        return "its mask says which scores count"
    return "it drops elements at random" if given("dropout_p") else None


def _begun(given: Given) -> str | None:
    if given("hx") is not None:
        return "it begins with a state of its own"
    return "it drops elements at random" if given("train") and given("dropout") else None


def _cast(given: Given) -> str | None:
    """Whether elements become whole numbers, or bytes are read as another dtype."""
    before, after = dtype_of(given.input), dtype_of(given.call.out)
    if before == after:
        return None
    if given.call.name == "view":
        return "it reads bytes as another dtype"
    whole = before.is_floating_point and not after.is_floating_point
    return "it rounds to whole numbers" if whole else None


def _over_samples(given: Given) -> str | None:
    """Whether a reduction takes all samples of a batch together, which are run one by one."""
    dim = given("dim")
    dims = (dim,) if isinstance(dim, int) else dim or range(given.input.dim())
    batch = any(axis_of(given.input, axis) is None for axis in dims)
    return "it reduces over all samples" if batch else None


def _norm(name: str) -> Callable[[Given], str | None]:
    other = _other_norm(name)
    return lambda given: other(given) or _over_samples(given)


def _turned(given: Given) -> str:  # noqa: ARG001 - as all are
    return "its operands are exchanged"


REFUSALS: dict[str, tuple[str, Callable[[Given], str | None]]] = {
    **dict.fromkeys(("add", "sub", "rsub", "subtract"), ("input other", _multiplied)),
    **dict.fromkeys(("div", "divide"), ("input other", _rounded)),
    "rpow": ("input other", _turned),
    "norm": ("input p dim keepdim", _norm("p")),
    "linalg_vector_norm": ("input ord dim keepdim", _norm("ord")),
    "interpolate": (
        "input size scale_factor mode align_corners recompute_scale_factor antialias",
        _resized,
    ),
    "dropout": ("input p training", _dropped),
    **dict.fromkeys(
        ("sum", "mean", "prod", "amax", "amin", "max", "min", "logsumexp", "var", "std"),
        ("input dim", _over_samples),
    ),
    "getitem": ("input index", _picked),
    "multi_head_attention_forward": (_HEADS, _attended),
    "scaled_dot_product_attention": ("query key value attn_mask dropout_p", _scored),
    **dict.fromkeys(RECURRENT, (_RNN, _begun)),
    **dict.fromkeys(("to", "type", "type_as"), ("input", _cast)),
    "view": ("input", _cast),
}
"""The names of the arguments of each function, and what tells whether it does more."""
