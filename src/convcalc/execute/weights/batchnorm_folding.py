"""The arithmetic of folding `bn` into the layers before them; the analysis says into which."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from convcalc.network.batchnorm_folding import absorbed, absorptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.layers import Shape
    from convcalc.network.graph import Network, Step


class Folded(NamedTuple):
    """A network in fewer layers that computes what it did, its weights, and what was done."""

    network: Network
    weights: dict[str, np.ndarray]
    note: str


def fold_norms(
    network: Network, input_shape: Shape, weights: Mapping[str, np.ndarray], dtype: str
) -> Folded:
    """A network in which every `bn` that can be is part of the layer before it.

    The new weights are computed in float64 and rounded to `dtype` once.

    Raises:
        ShapeError, SpecError: a layer does not fit.
    """
    pairs = absorptions(network, input_shape)
    steps = list(network.walk(input_shape))
    folded = absorbed(network, input_shape, pairs)
    changed = dict(weights)
    for pair in pairs:
        host, norm = steps[pair.host], steps[pair.norm]
        prefix = f"{host.node.label}.{pair.prefix}"
        scale, shift = _scale_and_shift(norm, weights)
        weight = weights[f"{prefix}weight"].astype(np.float64)
        bias = weights.get(f"{prefix}bias", np.zeros(scale.shape))
        changed[f"{prefix}weight"] = _scaled(weight, scale, pair.groups).astype(dtype)
        changed[f"{prefix}bias"] = (bias.astype(np.float64) * scale + shift).astype(dtype)
    for name, shape in folded.tensor_shapes(input_shape).items():
        # Of a separable layer without biases, the depthwise stage has got one too.
        changed.setdefault(name, np.zeros(shape, dtype))
    norms = sum(step.layer.kind == "bn" for step in steps)
    return Folded(folded, changed, _note(len(pairs), norms))


def _scale_and_shift(
    norm: Step, weights: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The a and c of y*a + c, per channel."""
    own = {
        name: weights[f"{norm.node.label}.{name}"].astype(np.float64)
        for name in norm.layer.tensor_shapes(*norm.arriving)
    }
    with np.errstate(all="ignore"):
        scale = own.get("weight", 1.0) / np.sqrt(own["running_var"] + norm.layer.eps)  # type: ignore[attr-defined]
        shift = own.get("bias", 0.0) - own["running_mean"] * scale
    return scale, shift


def _scaled(weight: np.ndarray, scale: np.ndarray, groups: int | None) -> np.ndarray:
    """The weight with each output channel times its number of `scale`."""
    taps = (1,) * (weight.ndim - 2)
    if groups is None:
        scaled: np.ndarray = weight * scale.reshape(-1, 1, *taps)
        return scaled
    # (C, O/g, *k): the inputs of each group have outputs of their own.
    blocks = weight.reshape(groups, -1, *weight.shape[1:])
    scaled = blocks * scale.reshape(groups, 1, -1, *taps)
    return scaled.reshape(weight.shape)


def _note(folded: int, norms: int) -> str:
    if not folded:
        return "no bn follows a convolution that it could be folded into"
    one = folded == 1
    into = "convolution before it" if one else "convolutions before them"
    rest = f"; {norms - folded} stay as they are" if norms > folded else ""
    return f"{folded} bn folded into the {into}{rest}"
