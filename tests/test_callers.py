"""What callers give by mistake is told in one short line, whichever argument it is."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import numpy as np
import pytest

import convcalc
from convcalc.errors import ConvcalcError, SpecError, described

SHAPE = (3, 8, 8)
NETWORK = convcalc.parse("conv:8,k3 relu")
X, KERNEL = np.ones((1, *SHAPE), "float32"), np.ones((2, 3, 3, 3), "float32")

FILE = os.path.relpath(Path(convcalc.__file__).parent / "zoo" / "alexnet.spec")


def listed(**arguments):
    return list(convcalc.sweep(**arguments))


def one_branch(branch, dim):
    return convcalc.concat(branch, "relu", dim=dim)


def joined(layer, branch):
    return convcalc.join(layer, branch, "relu")


def compared(network, **options):
    return convcalc.compare(network, **options)


def of_torch(model, shape):
    torch = pytest.importorskip("torch")
    return convcalc.from_torch(torch.nn.ReLU() if model is None else model, shape)


def of_file(path, shape, model=None, in_order=False):
    return convcalc.from_file(path, shape, model=model, in_order=in_order)


compared.__signature__ = inspect.Signature(
    [
        inspect.Parameter("network", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        *list(inspect.signature(convcalc.compare).parameters.values())[1:],
    ]
)

GIVEN = {
    convcalc.analyze: {"network": NETWORK, "input_shape": SHAPE},
    convcalc.convolve: {"x": X, "kernel": KERNEL},
    convcalc.plan_convolution: {"shape": X.shape, "kernel_shape": KERNEL.shape},
    convcalc.load_network: {"name": "alexnet"},
    convcalc.parse: {"text": "relu"},
    of_torch: {"model": None, "shape": SHAPE},
    of_file: {"path": FILE, "shape": SHAPE},
    convcalc.residual: {"body": NETWORK},
    convcalc.named: {"label": "stem", "part": NETWORK},
    joined: {"layer": convcalc.layers.Residual(), "branch": NETWORK},
    one_branch: {"branch": NETWORK, "dim": 1},
    convcalc.diff: {"a": NETWORK, "b": NETWORK},
    compared: {"network": NETWORK},
    convcalc.sizes: {"network": NETWORK, "last": 20},
    convcalc.solve: {"input_shape": SHAPE, "output_shape": (4, 4, 4), "stride": 2},
    convcalc.sweep: {"spec": "conv:8,k{1,3}", "input_shape": SHAPE},
    convcalc.Network.chain: {"layers": [convcalc.layers.ReLU()]},
    NETWORK.analyze: {"input_shape": SHAPE},
    NETWORK.memory: {"input_shape": SHAPE},
    NETWORK.roofline: {"device": "t4", "input_shape": SHAPE},
    NETWORK.compare: {"variants": "separable", "input_shape": SHAPE},
    NETWORK.reconcile: {"input_shape": SHAPE},
    NETWORK.to_torch: {"input_shape": SHAPE},
    NETWORK.weight_shapes: {"input_shape": SHAPE},
    NETWORK.analyze(SHAPE).__getitem__: {"path": "0"},
}
"""What each function is called with; every one of its arguments is then given wrongly."""

COVERED = {
    "join": joined,
    "concat": one_branch,
    "compare": compared,
    "from_torch": of_torch,
    "from_file": of_file,
}
"""Functions of several positional arguments, by those that call them with names."""

NO_ARGUMENTS = {"network_names"}

FITS = {
    ("convolve", "x"),
    ("convolve", "kernel"),
    ("solve", "padding"),
    ("solve", "output_padding"),
    ("compared", "network"),
    ("of_torch", "shape"),
}
"""Arguments for which an array, or numbers, are a right value."""


def wrong_values():
    yield np.arange(192, dtype="float32").reshape(SHAPE)
    yield np.arange(50)
    yield list(range(100_000))
    yield "x" * 100_000
    torch = pytest.importorskip("torch")
    yield torch.ones(*SHAPE)


def test_every_public_function_is_called():
    functions = {name for name in convcalc.__all__ if inspect.isfunction(getattr(convcalc, name))}
    called = {COVERED.get(name, getattr(convcalc, name)) for name in functions - NO_ARGUMENTS}
    assert called <= set(GIVEN)


@pytest.mark.parametrize(
    ("function", "argument"),
    [(function, name) for function in GIVEN for name in inspect.signature(function).parameters],
    ids=lambda one: getattr(one, "__qualname__", one),
)
def test_a_wrong_value_is_told_in_one_short_line(function, argument):
    call = listed if function is convcalc.sweep else function
    for value in wrong_values():
        try:
            if function.__name__ == "__getitem__":
                call(value)
            else:
                call(**{**GIVEN[function], argument: value})
        except ConvcalcError as error:
            lines = str(error).splitlines()
            # A fault in a text is shown in it: its line, and a caret below.
            assert len(lines) <= (3 if isinstance(error, SpecError) else 1)
            assert max(map(len, lines)) < 200
        else:
            assert (function.__name__, argument) in FITS


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (X[0], "an array of float32 3x8x8"),
        (list(range(1000)), "a list of 1,000 values"),
        ({str(i): i for i in range(9)}, "a dict of 9 values"),
        ((3, [X[0], "relu"]), "(3, [an array of float32 3x8x8, 'relu'])"),
        ("\x1b[31m" + "x" * 100, r"'\x1b[31mxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxx'"),
        (10**50, "a very large number"),
        (-(10**50), "a number far below 0"),
        (np.float32(2.5), "2.5"),
        (None, "None"),
        ((), "()"),
    ],
)
def test_a_value_is_described_by_what_it_is(value, said):
    assert said == described(value).replace("np.float32(2.5)", "2.5")


def test_a_tensor_is_described_by_its_dtype_and_shape():
    torch = pytest.importorskip("torch")
    assert "a tensor of float16 2x3" == described(torch.ones(2, 3, dtype=torch.float16))
