"""Calls that repeat are prepared once: the bits of the call that is not, in every form there is."""

from importlib.util import find_spec

import numpy as np
import pytest

from convcalc import convolve
from convcalc.execute import repeating
from convcalc.execute.arguments import How
from convcalc.execute.executor.open_executor import limited_threads, open_executor
from convcalc.execute.planning.select_backend import planner_of
from convcalc.execute.repeating import call_of
from convcalc.layers.conv import Conv
from convcalc.layers.convt import ConvTranspose

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
LIBRARIES = [
    "numpy",
    pytest.param("numpy by torch", marks=needs_torch),
    pytest.param("tensors", marks=needs_torch),
]
OPTIONS = {
    "plain": {},
    "padded": {"padding": 1},
    "strided": {"stride": 2, "padding": (1, 2), "dilation": (2, 1)},
    "grouped": {"groups": 2, "padding": 1},
    "reflect": {"padding": 2, "padding_mode": "reflect"},
    "symmetric": {"padding": 2, "padding_mode": "symmetric"},
    "replicate": {"padding": 2, "padding_mode": "replicate"},
    "circular": {"padding": 2, "padding_mode": "circular"},
    "fft": {"algorithm": "fft", "padding": 1},  # of float32: few products of float64 are refused
    "im2col": {"algorithm": "im2col"},
    "transposed": {"transposed": True},
    "transposed, strided": {
        "transposed": True,
        "stride": 3,
        "padding": 1,
        "output_padding": 1,
        "groups": 2,
    },
}


def arrays(how, dtype):
    """An input (2, 4, 17, 19), a kernel of 3 x 3, and a bias."""
    draw = np.random.default_rng(0)
    shape = (4, 6 // how.groups) if how.transposed else (6, 4 // how.groups)
    given = (draw.standard_normal(s) for s in ((2, 4, 17, 19), (*shape, 3, 3), (6,)))
    return [array.astype(dtype) for array in given]


def unprepared(x, w, b, how, backend):
    """The same by the executor, which knows nothing of calls before."""
    kind = ConvTranspose if how.transposed else Conv
    extra = {"output_padding": how.output_padding} if how.transposed else {}
    extra |= {} if how.transposed else {"padding_mode": how.padding_mode}
    common = {name: getattr(how, name) for name in ("stride", "padding", "dilation", "groups")}
    layer = kind(6, (3, 3), bias=b is not None, **common, **extra)
    planner = planner_of(backend, None, (), how.algorithm, how.threads)
    executor = open_executor(planner, threads=how.threads)
    load = executor.load
    named = {"weight": load(w, w.dtype.name)} | (
        {} if b is None else {"bias": load(b, b.dtype.name)}
    )
    with limited_threads(how.threads, backend):
        return executor.unload(layer.run(executor, [load(x, x.dtype.name)], named))


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("threads", [None, 1])
def test_a_prepared_call_has_the_bits_of_one_that_is_not(library, options, dtype, biased, threads):
    if options.get("algorithm") == "fft":
        dtype = "float32"
    backend = "numpy" if library == "numpy" else "torch"
    how = How(backend=backend, threads=threads)._replace(**options)
    x, w, b = arrays(how, dtype)
    b = b if biased else None
    given = [x, w, b]
    if library == "tensors":
        import torch

        how = how._replace(backend="auto")
        given = [None if one is None else torch.from_numpy(one) for one in given]
    call = call_of(*given, how)
    assert call is not None
    assert call is call_of(*given, how)
    expected = unprepared(x, w, b, how, backend)
    for _ in range(2):
        found = np.asarray(call(*given))
        assert (expected.shape, expected.dtype) == (found.shape, found.dtype)
        assert (expected == found).all()
    arguments = how._asdict()
    np.testing.assert_array_equal(expected, np.asarray(convolve(*given, **arguments)))


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_second_call_prepares_nothing(library, monkeypatch):
    given = [np.ones((1, 2, 9), "float32"), np.ones((3, 2, 3), "float32")]
    if library == "tensors":
        import torch

        given = [torch.from_numpy(one) for one in given]
    told = {} if library == "tensors" else {"backend": library.rpartition(" ")[2]}
    first = convolve(*given, threads=1, **told)
    prepared = []
    monkeypatch.setattr(repeating, "open_executor", lambda *given: prepared.append(given))
    second = convolve(*given, threads=1, **told)
    assert ([], {6.0}) == (prepared, {*np.asarray(first).ravel(), *np.asarray(second).ravel()})


@needs_torch
@pytest.mark.parametrize("where", ["weight", "input"])
def test_values_that_are_not_finite_are_those_of_the_definition(where):
    """Outputs are fewer than weights, so that they are looked at; padding takes no part."""
    import torch

    x, w = torch.ones(1, 8, 2, 2), torch.ones(16, 8, 3, 3)
    if where == "weight":
        w[0, 0, 0, 0] = torch.inf  # it reaches an element from the last output alone
        expected = torch.tensor([[32.0, 32.0], [32.0, torch.inf]])
    else:
        x[0, 0, 0, 0] = torch.nan  # every window of 3 x 3 sees all of 2 x 2
        expected = torch.full((2, 2), torch.nan)
    for _ in range(2):
        y = convolve(x, w, padding=1)
        torch.testing.assert_close(y[0, 0], expected, equal_nan=True)
        whole = torch.full((2, 2), 32.0 if where == "weight" else torch.nan)
        torch.testing.assert_close(y[0, 1], whole, equal_nan=True)
