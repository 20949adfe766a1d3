"""What the tests of torch models ask: results beside the executor's, their state, their modules."""

from __future__ import annotations

import numpy as np
import pytest

from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.executor.executor import Executor
from convcalc.execute.in_memory import run_network
from convcalc.execute.planning.machine import this_machine
from convcalc.execute.settings import Settings
from convcalc.layers import KINDS
from convcalc.network.functional import only_module

torch = pytest.importorskip("torch")
ONLY_MODULES = {kind for kind, layer in KINDS.items() if layer.computable and only_module(kind)}
JOINS = {kind for kind, layer in KINDS.items() if layer.joins}


def weights_of(network, shape, seed=1):
    """Weights that keep signals about their size through a ReLU, so that outputs say something.

    All are uniform: drawing millions of normal numbers took longer than computing with them.
    """
    rng = np.random.default_rng(seed)

    def drawn(name, size):
        values = rng.random(size, "float32")
        values -= 0.5
        if len(size) > 1:
            values *= (24 / np.prod(size[1:])) ** 0.5  # the variance is 2 / fan-in
        elif name.endswith("running_var"):
            values += 1
        else:
            values += name.endswith("weight")
        return values

    return {name: drawn(name, size) for name, size in network.tensor_shapes(shape).items()}


def samples(shape, batch=3, seed=0):
    return 3 * np.random.default_rng(seed).standard_normal((batch, *shape))


def executed(network, x, weights):
    """The result of our own executor; of vectors, which it does not read from files, by layers."""
    if x.ndim > 2:
        return run_network(network, x, weights, Settings("numpy", spatial_dims=x.ndim - 2)).array
    values = {-1: x}
    for index, step in enumerate(network.walk(x.shape[1:])):
        arrays = [values[source] for source in step.node.inputs]
        prefix = f"{step.node.label}."
        own = {name.removeprefix(prefix): w.astype(float) for name, w in weights.items()}
        values[index] = step.layer.run(Executor(NumpyBackend(), this_machine()), arrays, own)
    return values[index]


def both(network, shape, functions=(), batch=3):
    """What our own executor computes, what the torch model does, in float64, and the model."""
    x, weights = samples(shape, batch), weights_of(network, shape)
    indices = getattr(network.nodes[0].layer, "num_embeddings", None)
    if indices:
        x = np.floor(abs(x)) % indices
    expected = executed(network, x, weights)
    model = network.to_torch(shape, functions, weights).double()
    with torch.no_grad():
        arriving = torch.from_numpy(x)
        return expected, model(arriving.long() if indices else arriving).numpy(), model


def agree(network, shape, functions=(), batch=3, tolerance=1e-12):
    """The result, in which both agree."""
    return agreeing(network, shape, functions, batch, tolerance)[0]


def agreeing(network, shape, functions=(), batch=3, tolerance=1e-12):
    """The result, in which both agree, and the model of torch."""
    expected, result, model = both(network, shape, functions, batch)
    assert expected.shape == result.shape
    # A maximum over padding alone is -inf, in both.
    scale = max(1.0, abs(expected[np.isfinite(expected)]).max(initial=0.0))
    np.testing.assert_allclose(result, expected, rtol=0, atol=tolerance * scale)
    return expected, model


def shapes_in(model):
    """Names and shapes of the state, the counters of batches apart."""
    return {
        name: tuple(tensor.shape)
        for name, tensor in model.state_dict().items()
        if not name.endswith(".num_batches_tracked")
    }


def leaves(model):
    """The class names of the modules that have none inside."""
    return [type(m).__name__ for m in model.modules() if not [*m.children()]]
