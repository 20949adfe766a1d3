"""The weights inside a file of Keras, by the names of our layers and with their axes.

    .keras   model.weights.h5: layers/CLASS/vars/0, 1, ..., with the layer's own name beside them
    .h5      model_weights/LAYER, which lists the names of its arrays in order

Keras has kernels (*k, I/g, O), depthwise ones (*k, C, M), transposed ones (*k, O, I) and matrices
(I, O). A recurrent layer has one bias, or two rows of it; gates of a GRU are z, r, h.

Source: Keras 3, src/saving/saving_lib.py and src/legacy/saving/legacy_h5_format.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from convcalc.arrayfile.wording import quoted
from convcalc.errors import DataError, printable
from convcalc.importers.keras.file import config_of, config_of_hdf5
from convcalc.importers.keras.graph import is_model, layers_of, name_of, parameters_of
from convcalc.importers.keras.stored_arrays import is_zip, stored_arrays
from convcalc.layers.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from convcalc.importers.keras.graph import Config
    from convcalc.layers import Layer, Shape
    from convcalc.network.graph import Network, Step

Arrays: TypeAlias = "list[np.ndarray]"
Rule: TypeAlias = "Callable[[Arrays, Config], dict[str, np.ndarray]]"
"""What gives the weights of a layer by its own names, from those of Keras in their order."""


def arrays_of(path: str, network: Network, shape: Shape) -> dict[str, np.ndarray]:
    """The array of each weight of a network that was read from a file, or of a part of it.

    Args:
        path: The file.
        network: Its layers know the names of those of Keras.
        shape: (channels, *sizes) of one sample.

    Raises:
        DataError: the weights are missing, damaged, or of a layer whose weights are not read.
        ResourceError: there is not enough memory.
    """
    label = quoted(path)
    configs = dict(_configs(config_of(path) if is_zip(path) else config_of_hdf5(path), ""))
    steps = [step for step in network.walk(shape) if _needed(step)]
    wanted = {source for step in steps for source in _sources(step)}
    found: dict[str, np.ndarray] = {}
    with stored_arrays(path, wanted) as stored:
        for step in steps:
            for source in _sources(step):
                arrays = [np.array(one) for one in stored.get(source, ())]
                found |= _placed(step, arrays, configs.get(source, {}), source, label)
    return found


def _needed(step: Step) -> dict[str, Shape]:
    return step.layer.tensor_shapes(*step.arriving)


def _sources(step: Step) -> set[str]:
    """The layer of Keras that has the weights of a layer."""
    return set() if step.node.stored is None else set(step.node.stored.names.values())


def _configs(model: Config, path: str) -> Iterator[tuple[str, Config]]:
    """The configuration of every layer by its path."""
    for layer in layers_of(model):
        own = f"{path}.{name_of(layer)}".removeprefix(".")
        if is_model(layer):
            yield from _configs(layer, own)
        else:
            yield own, parameters_of(layer)


def _placed(
    step: Step,
    arrays: list[np.ndarray],
    config: Config,
    source: str,
    label: str,
) -> dict[str, np.ndarray]:
    """The weights of a layer by their names in the network."""
    layer: Layer = step.layer.like if isinstance(step.layer, Shared) else step.layer
    shown = f"layer '{printable(source, 60)}' in {label}"
    rule = RULES.get(layer.kind)
    if rule is None:
        raise DataError(f"weights of {shown} ({layer.kind}) are not read; --weights gives them")
    needed = _needed(step)
    try:
        made = rule(arrays, config)
        return {
            f"{step.node.label}.{name}": array.reshape(needed[name])
            for name, array in made.items()
            if name in needed
        }
    except (ValueError, IndexError, KeyError, TypeError) as error:
        why = printable(str(error), 100)
        raise DataError(f"weights of {shown} do not fit: {why}") from None


def _kernel(kernel: np.ndarray) -> np.ndarray:
    """(*k, I, O) as (O, I, *k)."""
    last = kernel.ndim - 1
    return kernel.transpose(last, last - 1, *range(last - 1))


def _channelwise(kernel: np.ndarray) -> np.ndarray:
    """(*k, C, M) as (C, M, *k), whose first two axes are the channels that leave."""
    last = kernel.ndim - 1
    return kernel.transpose(last - 1, last, *range(last - 1))


def _plain(turned: Callable[[np.ndarray], np.ndarray]) -> Rule:
    """A kernel or matrix, and a bias."""

    def rule(arrays: Arrays, config: Config) -> dict[str, np.ndarray]:  # noqa: ARG001 - as all
        weight, *biases = arrays
        return {"weight": turned(weight), **dict(zip(["bias"], biases, strict=False))}

    return rule


def _separable(arrays: Arrays, config: Config) -> dict[str, np.ndarray]:  # noqa: ARG001
    """The kernel of each channel, and that of a pointwise convolution, which has the bias."""
    each, mixed, *biases = arrays
    found = {"depthwise.weight": _channelwise(each), "pointwise.weight": _kernel(mixed)}
    return {**found, **dict(zip(["pointwise.bias"], biases, strict=False))}


def _norm(arrays: Arrays, config: Config) -> dict[str, np.ndarray]:
    """Gamma and beta where there are any, mean and variance; ones and zeros in their place."""
    there = {"weight": config.get("scale", True), "bias": config.get("center", True)}
    names = [name for name, given in there.items() if given] + ["running_mean", "running_var"]
    found = dict(zip(names, arrays, strict=False))
    return {"weight": np.ones_like(arrays[0]), "bias": np.zeros_like(arrays[0]), **found}


def _recurrent(order: tuple[int, ...]) -> Rule:
    """The matrices of input and state, and their biases, gates in another order."""

    def rule(arrays: Arrays, config: Config) -> dict[str, np.ndarray]:
        _check_usual(config)
        enter, carry, *biases = (_gates(array, order) for array in arrays)
        found = {"weight_ih_l0": enter.T, "weight_hh_l0": carry.T}
        if biases:
            rows = biases[0].reshape(-1, enter.shape[-1])
            found["bias_ih_l0"] = rows[0]
            found["bias_hh_l0"] = rows[1] if len(rows) > 1 else np.zeros_like(rows[0])
        return found

    return rule


def _check_usual(config: Config) -> None:
    """Whether a recurrent layer computes what ours does.

    Raises:
        ValueError: it has other functions, reads from the end, or resets before its product.
    """
    usual = {
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "go_backwards": False,
        "reset_after": True,
    }
    for name, value in usual.items():
        if config.get(name, value) != value:
            raise ValueError(f"{name} is {config[name]}, and only {value} is computed")


def _gates(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """The last axis with its gates in another order."""
    parts = np.split(array, len(order), axis=-1)
    return np.concatenate([parts[place] for place in order], axis=-1)


def _vector(name: str) -> Rule:
    return lambda arrays, config: {name: arrays[0]}  # noqa: ARG005 - as all


RULES: dict[str, Rule] = {
    "conv": _plain(_kernel),
    "convt": _plain(_kernel),
    "dw": _plain(_channelwise),
    "pw": _plain(np.transpose),
    "linear": _plain(np.transpose),
    "sep": _separable,
    **dict.fromkeys(("bn", "ln", "gn"), _norm),
    "lstm": _recurrent((0, 1, 2, 3)),
    "gru": _recurrent((1, 0, 2)),
    "rnn": _recurrent((0,)),
    **dict.fromkeys(("prelu", "embedding", "layerscale"), _vector("weight")),
}
"""The rule of each kind."""
