"""Both backends compute the convolution: they agree with plain loops, torch and each other."""

from itertools import chain

import numpy as np
import pytest
from convolving import AVAILABLE, BACKENDS, cases, conv, convt, run, transposed_cases
from hypothesis import given, settings

from convcalc.layers import Conv
from tolerances import TOLERANCES

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


@pytest.fixture(scope="module", autouse=True)
def tally():
    """The expected outputs of all tests here: where most are zero, agreement proves little."""
    seen = {"elements": 0, "not zero": 0}
    yield seen
    assert seen["not zero"] >= 0.5 * seen["elements"]


def counted(tally, expected):
    tally["elements"] += expected.size
    tally["not zero"] += np.count_nonzero(expected)
    return expected


def agree_exactly(tally, case, dtype):
    x, w, b = case.numbers(dtype)
    expected = counted(tally, case.naive(x, w, b))
    for backend in AVAILABLE:
        result = case.run(x, w, b, backend=backend)
        assert (backend, "int64") == (result.backend, result.array.dtype)
        assert expected.tolist() == result.array.tolist()


@pytest.mark.parametrize("dtype", INTEGERS)
@settings(max_examples=25)
@given(case=cases())
def test_integers_are_convolved_exactly(tally, dtype, case):
    agree_exactly(tally, case, dtype)


@pytest.mark.parametrize("dtype", ["int64", "uint8"])
@settings(max_examples=40)
@given(case=transposed_cases())
def test_integers_are_convolved_exactly_transposed(tally, dtype, case):
    agree_exactly(tally, case, dtype)


def agree_on_whole_numbers(tally, case, dtype):
    """Every partial sum is exact in `dtype`, so that the order of summation cannot matter."""
    x, w, b = (None if a is None else a.astype(dtype) for a in case.numbers("int8"))
    expected = counted(tally, case.naive(x, w, b))
    for backend in AVAILABLE:
        array = case.run(x, w, b, backend=backend).array
        assert (dtype, expected.tolist()) == (array.dtype, array.tolist())


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@settings(max_examples=40)
@given(case=cases())
def test_small_whole_numbers_are_exact_in_every_float(tally, dtype, case):
    agree_on_whole_numbers(tally, case, dtype)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@settings(max_examples=40)
@given(case=transposed_cases())
def test_small_whole_numbers_are_exact_in_every_float_transposed(tally, dtype, case):
    agree_on_whole_numbers(tally, case, dtype)


def stay_within_the_bound(tally, case, dtype):
    stored = "float32" if dtype == "bfloat16" else dtype
    x, w, b = case.numbers(stored)
    expected = counted(tally, case.naive(x, w, b))
    products = case.naive(abs(x), abs(w), None if b is None else abs(b))
    for backend in AVAILABLE:
        array = case.run(x, w, b, backend=backend, dtype=dtype).array
        assert stored == array.dtype
        assert (abs(array.astype(float) - expected) <= TOLERANCES[dtype].bound(products)).all()


@pytest.mark.parametrize("dtype", TOLERANCES)
@settings(max_examples=40)
@given(case=cases())
def test_floats_stay_within_the_bound(tally, dtype, case):
    stay_within_the_bound(tally, case, dtype)


@pytest.mark.parametrize("dtype", TOLERANCES)
@settings(max_examples=40)
@given(case=transposed_cases())
def test_floats_stay_within_the_bound_transposed(tally, dtype, case):
    stay_within_the_bound(tally, case, dtype)


@settings(max_examples=100)
@given(case=cases(modes=("zeros", "reflect", "replicate", "circular")))
def test_torch_itself_agrees(tally, case):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    x, w, b = (None if a is None else torch.from_numpy(a).double() for a in case.numbers())
    ends = list(chain.from_iterable(reversed(case.pads)))
    padded = functional.pad(x, ends, mode={"zeros": "constant"}.get(case.mode, case.mode))
    function = getattr(functional, f"conv{case.spatial_dims}d")
    expected = function(padded, w, b, case.stride, 0, case.dilation, case.groups).numpy()
    counted(tally, expected)
    for backend in AVAILABLE:
        array = case.run(*case.numbers(), backend=backend).array
        assert expected.tolist() == array.tolist()


@settings(max_examples=100)
@given(case=transposed_cases())
def test_torch_itself_agrees_transposed(tally, case):
    torch = pytest.importorskip("torch")
    case = case._replace(pads=tuple((before, before) for before, _ in case.pads))
    if min(case.transposed_sizes()) < 1:
        case = case._replace(pads=((0, 0),) * case.spatial_dims)
    x, w, b = (None if a is None else torch.from_numpy(a).double() for a in case.numbers())
    function = getattr(torch.nn.functional, f"conv_transpose{case.spatial_dims}d")
    pads = [before for before, _ in case.pads]
    expected = function(x, w, b, case.stride, pads, case.extra, case.groups, case.dilation).numpy()
    counted(tally, expected)
    for backend in AVAILABLE:
        array = case.run(*case.numbers(), backend=backend).array
        assert expected.tolist() == array.tolist()


IMAGE = [[4, 1, 7, 5], [4, 4, 2, 5], [7, 7, 2, 4], [1, 0, 2, 4]]
KERNEL = [[1, 0], [2, 1]]
SAME = [
    # The odd cell of padding is at the end: 4 + 2*4 + 4 - 0.205; the last row reads [1, 0] alone.
    [15.795, 10.795, 15.795, 14.795],
    [24.795, 19.795, 9.795, 12.795],
    [8.795, 8.795, 9.795, 11.795],
    [0.795, -0.205, 1.795, 3.795],
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("dtype", "digits"), [("float64", 14), ("float32", 6)])
def test_a_small_image_by_hand(backend, dtype, digits):
    x, w, b = (np.array(values, dtype) for values in (IMAGE, KERNEL, -0.2050))
    array = conv(x, w, b, backend=backend, parameters={"padding": "same"})
    assert SAME == pytest.approx(array, abs=10.0 ** (1 - digits))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [14, 20, 26]),  # 1*1 + 2*2 + 3*3, ...
        ({"stride": 2}, [14, 26]),
        ({"padding": 1}, [8, 14, 20, 26, 14]),  # 0 + 2*1 + 3*2; 4 + 2*5 + 0
        ({"padding": ((2, 0),)}, [3, 8, 14, 20, 26]),
        ({"padding": ((0, 2),)}, [14, 20, 26, 14, 5]),
        ({"dilation": 2}, [22]),  # 1 + 2*3 + 3*5
        ({"padding": "same-upper", "stride": 2}, [8, 20, 14]),  # one cell at either end
        ({"padding": 1, "padding_mode": "reflect"}, [10, 14, 20, 26, 26]),  # 2 [1 2 3 4 5] 4
        ({"padding": 2, "padding_mode": "symmetric"}, [7, 9, 14, 20, 26, 29, 27]),  # 2 1 [...] 5 4
        ({"padding": 1, "padding_mode": "replicate"}, [9, 14, 20, 26, 29]),  # 1 [1 2 3 4 5] 5
        ({"padding": 1, "padding_mode": "circular"}, [13, 14, 20, 26, 17]),  # 5 [1 2 3 4 5] 1
    ],
)
def test_a_single_axis_by_hand(backend, parameters, expected):
    x, w = np.arange(1, 6), np.array([1, 2, 3])
    assert expected == conv(x, w, backend=backend, parameters=parameters).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["int64", "float64"])
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [1, 12, 123, 230, 300]),  # 1 2 3 from cell 0, ten times that from cell 1, ...
        ({"stride": 2}, [1, 2, 13, 20, 130, 200, 300]),
        ({"stride": 3}, [1, 2, 3, 10, 20, 30, 100, 200, 300]),
        ({"stride": 2, "output_padding": 1}, [1, 2, 13, 20, 130, 200, 300, 0]),
        ({"padding": 1}, [12, 123, 230]),
        ({"padding": ((1, 0),)}, [12, 123, 230, 300]),
        ({"padding": ((0, 2),)}, [1, 12, 123]),
        ({"dilation": 2}, [1, 10, 102, 20, 203, 30, 300]),
        ({"stride": 2, "padding": 1, "output_padding": 1}, [2, 13, 20, 130, 200, 300]),
        ({"stride": 4}, [1, 2, 3, 0, 10, 20, 30, 0, 100, 200, 300]),
    ],
)
def test_a_single_transposed_axis_by_hand(backend, dtype, parameters, expected):
    x, w = np.array([1, 10, 100], dtype), np.array([1, 2, 3], dtype)
    assert expected == convt(x, w, backend=backend, parameters=parameters).tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("kernel", "parameters"),
    [
        ([1], {"stride": 5, "padding": 2, "output_padding": 4}),
        ([1, 2], {"stride": 3, "padding": ((3, 0),), "output_padding": 2}),
    ],
)
def test_more_can_be_cropped_than_was_spread(backend, kernel, parameters):
    array = convt(np.ones(1), np.array(kernel, float), backend=backend, parameters=parameters)
    assert [0] == array.tolist()


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_bias_is_added_to_cells_that_no_kernel_reaches(backend):
    x, w, b = np.array([1.0, 10.0]), np.array([[[1.0], [2.0]]]), np.array([5.0, 7.0])
    array = convt(x, w, b, backend=backend, parameters={"stride": 2, "output_padding": 1})
    assert [[6, 5, 15, 5], [9, 7, 27, 7]] == array.tolist()


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_result_says_who_computed_it(backend):
    result = run(
        Conv, np.ones((1, 1, 3), "float16"), np.ones((1, 1, 2), "float16"), backend=backend
    )
    libraries = {"numpy": {"convcalc", "numpy"}, "torch": {"convcalc", "numpy", "torch"}}
    assert (backend, libraries[backend]) == (result.backend, set(result.versions) - {"opencv"})
    assert ("float32", "float16") == (result.dtypes.compute, result.dtypes.result)
    assert result.threads >= 1
    assert (1, 2) == result.report.layers[0].output_shape
