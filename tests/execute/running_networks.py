"""Calls of whole networks."""

import numpy as np
from convolving import drawn

import convcalc
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings


def network(spec, x, weights=None, **settings):
    """The result of a network on numpy, with random weights of seed 0 if none are given."""
    chosen = Settings(**{"backend": "numpy", **settings})
    return run_network(convcalc.parse(spec), x, drawn(0) if weights is None else weights, chosen)


def normal(*shape, dtype="float32"):
    return np.random.default_rng(1).standard_normal(shape).astype(dtype)
