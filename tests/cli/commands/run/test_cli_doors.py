"""Every door to the convolution takes the same arrays: one bias for all, a batch of no samples."""

from importlib.util import find_spec

import numpy as np
import pytest

import convcalc as library
from convcalc.errors import DataError

HAS_TORCH = find_spec("torch") is not None
HAS_DASK = all(find_spec(name) is not None for name in ("dask", "distributed", "zarr"))
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")
needs_dask = pytest.mark.skipif(not HAS_DASK, reason="dask and zarr are not installed")

DOORS = [
    "arrays",
    "arrays, checked anew",
    "run",
    "run --max-memory",
    "run --network",
    pytest.param("tensors", marks=needs_torch),
    pytest.param("tensors, checked anew", marks=needs_torch),
    pytest.param("run --backend torch", marks=needs_torch),
    pytest.param("to_torch", marks=needs_torch),
    pytest.param("run --scheduler", marks=needs_dask),
    pytest.param("run --scheduler .zarr", marks=needs_dask),
]
OPTIONS = {
    "run": (),
    "run --max-memory": ("--max-memory", "100M"),
    "run --backend torch": ("--backend", "torch"),
}


@pytest.fixture
def enter(inside, request):
    """`enter(door, x, w, b)`: the result through that door, which must open."""

    def opened(door, x, w, b=None):
        if door.startswith(("arrays", "tensors")):
            return through_library(door, x, w, b)
        if door == "to_torch":
            return through_model(x, w, b)
        named = {"0.weight": w} | ({} if b is None else {"0.bias": b})
        np.savez("w.npz", **named)
        for name, array in (("x", x), ("w", w), ("b", b)):
            np.save(f"{name}.npy", 0 if array is None else array)
        words = ("--kernel", "w.npy", *OPTIONS.get(door, ()))
        if "--scheduler" in door:
            words += ("--scheduler", request.getfixturevalue("worker_here"))
        words += () if b is None else ("--bias", "b.npy")
        if door == "run --network":
            words = ("--network", spec(w, b), "--weights", "w.npz")
        output = "y.zarr" if door.endswith("zarr") else "y.npy"
        ended = inside("run", "x.npy", *words, "-o", output, "--force")
        assert 0 == ended.code, ended.err
        return loaded(output)

    return opened


def spec(w, b):
    return f"conv:{w.shape[0]},k{w.shape[2]}x{w.shape[3]}{',nobias' * (b is None)}"


def through_library(door, x, w, b):
    # A number of threads is told to libraries anew in each call, so that nothing is kept.
    options = {"threads": 1} if door.endswith("anew") else {}
    if door.startswith("arrays"):
        return library.convolve(x, w, b, **options)
    import torch

    x, w, b = (None if a is None else torch.from_numpy(np.asarray(a)) for a in (x, w, b))
    return library.convolve(x, w, b, **options).numpy()


def through_model(x, w, b):
    import torch

    weights = {"0.weight": w} | ({} if b is None else {"0.bias": b})
    model = library.parse(spec(w, b)).to_torch(x.shape[1:], weights=weights)
    with torch.no_grad():
        return model(torch.from_numpy(x)).numpy()


def loaded(output):
    if output.endswith(".npy"):
        return np.load(output)
    import zarr

    return zarr.open_array(output)[:]


@pytest.mark.parametrize("door", DOORS)
def test_one_bias_is_that_of_every_output_channel(enter, door):
    """Kernels of ones and twos over two channels of ones: 2*4 = 8 and 16, and 0.5 for each."""
    w = np.stack([np.ones((2, 2, 2)), np.full((2, 2, 2), 2.0)]).astype("float32")
    y = enter(door, np.ones((3, 2, 3, 4), "float32"), w, np.array(0.5, "float32"))
    assert ((3, 2, 2, 3), "float32") == (y.shape, y.dtype.name)
    assert ({8.5}, {16.5}) == (set(y[:, 0].ravel().tolist()), set(y[:, 1].ravel().tolist()))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("bias", [None, 0.5])
def test_a_batch_of_no_samples_has_a_result_of_none(enter, door, bias):
    x, w = np.zeros((0, 2, 6, 7), "float32"), np.ones((3, 2, 2, 4), "float32")
    b = None if bias is None else np.full(3, bias, "float32")
    y = enter(door, x, w, b)
    assert ((0, 3, 5, 4), "float32") == (y.shape, y.dtype.name)


MIXED = [
    ("float32", "float64", "float64"),
    ("float16", "float16", "float16"),
    ("float16", "float32", "float32"),
    ("uint8", "int8", "int64"),
    ("int64", "uint8", "int64"),
    ("int16", "float32", "float32"),
]


@pytest.mark.parametrize("door", [door for door in DOORS if "to_torch" not in str(door)])
@pytest.mark.parametrize(("own", "of_kernel", "result"), MIXED)
@pytest.mark.parametrize("biased", [False, True])
def test_dtypes_that_meet_are_promoted_alike(enter, door, own, of_kernel, result, biased):
    """Twos over kernels of threes, 2 channels of 2 x 2: 8 * 6 = 48, and a bias of 1."""
    x, w = np.full((1, 2, 3, 4), 2, own), np.full((3, 2, 2, 2), 3, of_kernel)
    y = enter(door, x, w, np.ones(3, of_kernel) if biased else None)
    assert ((1, 3, 2, 3), result) == (y.shape, y.dtype.name)
    assert {48 + biased} == set(y.ravel().tolist())


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--verify",),
        ("--stats",),
        ("--dry-run",),
        ("--dry-run", "--max-memory", "1M"),
        ("--format", "json"),
        ("--dtype", "int8"),
    ],
)
def test_a_batch_of_no_samples_is_said(inside, save, words):
    save("x.npy", np.zeros((0, 1, 6)), "int16")
    save("k.npy", [1, 2, 3], "int16")
    ended = inside("run", "x.npy", "--kernel", "k.npy", *words)
    assert (0, True) == (ended.code, "the batch is empty: nothing is computed" in ended.err)


def test_a_batch_of_no_samples_has_every_map_of_a_network(inside, save, folder):
    save("x.npy", np.zeros((0, 1, 6, 6)), "float32")
    spec = "conv:4,k3 relu maxpool:2 bn flatten linear:5"
    words = ("--network", spec, "--random-weights", "1", "--save-all", "maps")
    assert 0 == inside("run", "x.npy", *words).code
    assert 0 == inside("run", "x.npy", *words[:4], "--fold-bn", "-o", "y.npy").code
    assert (0, 5) == np.load("y.npy").shape
    shapes = {path.stem: np.load(path).shape for path in (folder / "maps").iterdir()}
    assert shapes == {
        "0": (0, 4, 4, 4),
        "1": (0, 4, 4, 4),
        "2": (0, 4, 2, 2),
        "3": (0, 4, 2, 2),
        "4": (0, 16),
        "5": (0, 5),
    }


@pytest.mark.parametrize(
    ("x", "told"),
    [
        ((2, 0, 6, 7), "there is nothing to convolve"),
        ((0, 2, 6, 0), "there is nothing to convolve"),
        ((0, 3, 6, 7), "has 3 channels, the kernel 3x2x2x4 reads 2"),
        ((0, 2, 1, 7), "the kernel spans 2"),
    ],
)
def test_a_batch_of_no_samples_must_fit_all_the_same(inside, x, told):
    w = np.ones((3, 2, 2, 4), "float32")
    np.save("x.npy", np.zeros(x, "float32"))
    np.save("w.npy", w)
    ended = inside("run", "x.npy", "--kernel", "w.npy")
    assert (3, True) == (ended.code, told in ended.err), ended.err
    with pytest.raises((DataError, library.ShapeError), match=told):
        library.convolve(np.zeros(x, "float32"), w)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8"])
@pytest.mark.parametrize("tensors", [False, pytest.param(True, marks=needs_torch)])
def test_a_plain_number_is_a_bias_that_changes_no_dtype(tensors, dtype, transposed):
    x, w = np.ones((1, 2, 3), dtype), np.ones((2, 2, 2), dtype)
    if tensors:
        import torch

        x, w = torch.from_numpy(x), torch.from_numpy(w)
    y = library.convolve(x, w, 3, dims=1, padding=0, transposed=transposed)
    assert ("int64" if dtype == "int8" else dtype) in str(y.dtype)
    # Two channels and taps: 4, and one tap at the ends of a transposed result: 2.
    row = [5.0, 7.0, 7.0, 5.0] if transposed else [7.0, 7.0]
    assert [row, row] == y.tolist()[0]


@pytest.mark.parametrize("tensors", [False, pytest.param(True, marks=needs_torch)])
def test_a_plain_number_loses_no_digits(tensors):
    x, w = np.zeros((1, 1, 3), "float64"), np.ones((1, 1, 2), "float64")
    if tensors:
        import torch

        x, w = torch.from_numpy(x), torch.from_numpy(w)
    with pytest.raises(DataError, match=r"^'bias' \(int64\) holds 9007199254740993, beyond"):
        library.convolve(x, w, 2**53 + 1)
    with pytest.raises(DataError, match=r"^'bias' holds 9223372036854775808, which int64 cannot"):
        library.convolve(x, w, 2**63)
    assert [[[0.1, 0.1]]] == library.convolve(x, w, 0.1).tolist()
