"""Axes of one element: where torch's fast convolutions go wrong, and every way around that."""

import pytest

torch = pytest.importorskip("torch")

import narrow  # noqa: E402

from convcalc import convolve, plan_convolution  # noqa: E402
from convcalc.execute.backends import torch_conv  # noqa: E402
from convcalc.execute.backends.layouts import channels_may_be_last  # noqa: E402
from convcalc.execute.backends.torch_backend import TorchBackend  # noqa: E402
from convcalc.execute.executor import interruptible  # noqa: E402
from convcalc.execute.executor.open_executor import limited_threads  # noqa: E402
from convcalc.execute.problem import ConvProblem  # noqa: E402
from convcalc.window import Window  # noqa: E402

# x, w, stride, padding; and an output of ones: the taps that lie on the input
GARBAGE = {
    "2-D": ((2, 1, 300, 3), (16, 1, 3, 3), (1, 2), 0, 9),
    "as wide as the kernel": ((1, 1, 115, 7), (4, 1, 7, 7), (1, 3), 0, 49),
    "many samples": ((8, 1, 500, 4), (64, 1, 3, 4), (1, 3), 0, 12),
    "3-D": ((2, 1, 2, 2, 2), (1, 1, 2, 3, 2), (2, 1, 3), 1, 2),  # 1 * 2 * 1 of 2 * 3 * 2
    # a stride longer than the kernel, along an axis that is not the last one
    "long stride": ((3, 1, 539, 152), (2, 1, 1, 7), (3, 1), 0, 7),
    "long stride, 3-D": ((8, 1, 57, 9, 46), (1, 1, 1, 5, 5), (6, 1, 3), 0, 25),
    "long stride, channels": ((8, 3, 1792, 1), (64, 3, 4, 1), (9, 1), 0, 12),
}
garbage = pytest.mark.parametrize("name", GARBAGE)


def whole(*shape, seed=0):
    """Whole numbers, whose sums are exact in any order."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(-9, 10, shape, generator=draw).float()


def side_by_side(tensor):
    """The channels side by side in memory, by the strides too if there is one alone."""
    return tensor.movedim(1, -1).reshape(-1).view(tensor.movedim(1, -1).shape).movedim(-1, 1)


def plain(x, w, stride, padding):
    """Torch's own call in float64, in its own order."""
    return narrow.CONV[x.ndim - 3](x.double(), w.double(), None, stride, padding)


@garbage
@pytest.mark.parametrize("order", [lambda t: t, side_by_side], ids=["own", "last"])
def test_what_torch_has_computed_wrong(name, order):
    x_shape, w_shape, stride, padding, taps = GARBAGE[name]
    x, w = whole(*x_shape), whole(*w_shape, seed=1)
    ones = torch.ones(x_shape), torch.ones(w_shape)
    expected = plain(x, w, stride, padding)
    for _ in range(3):  # what lay in the memory decides
        narrow.poison()
        y = convolve(order(x), order(w), stride=stride, padding=padding)
        assert torch.equal(expected, y.double())
        narrow.poison()
        y = convolve(*map(order, ones), stride=stride, padding=padding)
        assert {float(taps)} == set(y.flatten().tolist())


@garbage
@pytest.mark.parametrize("layout", ["contiguous", "channels-last"])
@pytest.mark.parametrize("order", [lambda t: t, side_by_side], ids=["own", "last"])
@pytest.mark.parametrize("threads", [1, 2])
def test_what_torch_has_computed_wrong_in_every_layout(name, layout, order, threads):
    x_shape, w_shape, stride, padding, _ = GARBAGE[name]
    x, w = whole(*x_shape), whole(*w_shape, seed=1)
    expected = plain(x, w, stride, padding)
    windows = tuple(
        Window(k, s, padding, padding) for k, s in zip(w_shape[2:], stride, strict=True)
    )
    problem = ConvProblem(
        *x_shape[:2], w_shape[0], 1, x_shape[2:], windows, tuple(expected.shape[2:])
    )
    with limited_threads(threads, "torch"):
        for call in (
            TorchBackend().prepared(problem, layout),
            lambda *given: TorchBackend().direct(*given, windows, 1, layout),
        ):
            narrow.poison()
            assert torch.equal(expected, call(order(x), order(w), None).double())


@pytest.mark.parametrize("layout", ["contiguous", "channels-last"])
def test_weights_in_groups_with_a_stride_that_means_nothing(layout):
    # Torch was off by up to the sums themselves, the same each time, for a kernel one element wide
    # that lies with its channels side by side and has another stride than torch's own there.
    x, w = whole(8, 4, 3, 453), whole(16, 2, 3, 1, seed=1)
    odd = side_by_side(w).as_strided(w.shape, (6, 1, 2, 260))
    expected = torch.conv2d(x.double(), w.double(), None, 3, 0, 1, 2)
    windows = (Window(3, 3), Window(1, 3))
    y = TorchBackend().direct(side_by_side(x), odd, None, windows, 2, layout)
    assert torch.equal(expected, y.double())
    assert torch.equal(expected, convolve(side_by_side(x), odd, stride=3, groups=2).double())


@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_a_transposed_convolution_takes_any_order(spatial_dims):
    x, w = whole(2, 1, *(1, 5, 3)[-spatial_dims:]), whole(1, 3, *(3, 1, 4)[-spatial_dims:], seed=1)
    expected = narrow.TRANSPOSED[spatial_dims - 1](x.double(), w.double(), None, 2)
    y = TorchBackend().direct_transpose(
        side_by_side(x),
        side_by_side(w),
        None,
        [Window(k, 2) for k in w.shape[2:]],
        1,
        expected.shape[2:],
    )
    assert torch.equal(expected, y.double())


@pytest.mark.parametrize(
    "shape", [(2, 1, 5, 3), (1, 1, 1, 1), (1, 4, 1, 7), (3, 2, 5), (2, 1, 1, 4, 1)]
)
def test_strides_are_those_of_torch(shape):
    own = torch.empty(shape).stride()
    x = whole(*shape)
    ones = [7 if size == 1 else step for size, step in zip(shape, x.stride(), strict=True)]
    for given in (x, x.as_strided(shape, ones), side_by_side(x), torch.stack([x, x], -1)[..., 0]):
        ordered = torch_conv._own_order(given)
        assert (own, True) == (ordered.stride(), torch.equal(x, ordered))
    assert torch_conv._own_order(x) is x


@pytest.mark.parametrize(
    ("allowed", "in_channels_per_group", "groups", "windows", "sizes"),
    [
        (True, 1, 1, (Window(3), Window(3, 2)), (300, 5)),
        (False, 1, 1, (Window(3), Window(3, 2)), (300, 4)),  # one output wide
        (False, 8, 1, (Window(3), Window(3)), (300, 3)),
        (True, 1, 1, (Window(3), Window(3)), (3, 300)),
        (False, 1, 1, (Window(2, 3), Window(3)), (300, 300)),  # a stride longer than the kernel
        (False, 1, 1, (Window(2, 3, dilation=4), Window(3)), (300, 300)),  # taps count, not holes
        (True, 2, 1, (Window(2, 3), Window(3)), (300, 300)),
        (True, 1, 4, (Window(2, 3), Window(3)), (300, 300)),
        (False, 2, 1, (Window(3), Window(3, 1, 3, 0)), (30, 30)),  # a window on padding alone
        (False, 2, 1, (Window(3), Window(3, 1, 0, 3)), (30, 30)),
        (True, 2, 1, (Window(3), Window(3, 1, 2, 2)), (30, 30)),
        (True, 2, 1, (Window(3), Window(3, 1, 4, 4, 2)), (30, 30)),
    ],
)
def test_where_channels_may_be_last(allowed, in_channels_per_group, groups, windows, sizes):
    assert allowed is channels_may_be_last(in_channels_per_group, groups, windows, sizes)


def test_no_plan_has_the_channels_last_where_torch_is_wrong():
    shape, kernel = (8, 1, 500, 400), (64, 1, 3, 4)
    fine = plan_convolution(shape, kernel, backend="torch", algorithm="direct")
    assert "channels-last" == fine.layout
    narrowed = plan_convolution((8, 1, 50_000, 4), kernel, backend="torch", algorithm="direct")
    assert "channels-last" != narrowed.layout


def failures(seeds, ways, threads=1):
    """What is off by more than the tolerance; every fifth convolution is a transposed one."""
    off = []
    with limited_threads(threads, "torch"):
        for seed in seeds:
            case, found = narrow.excesses(seed, ways, seed % 5 == 0)
            off += [(seed, name, case.problem) for name, times in found.items() if not times <= 1]
    return off


@pytest.mark.parametrize("hundred", range(5))
def test_500_shapes_in_every_order_that_torch_is_called_with(hundred):
    assert [] == failures(range(100 * hundred, 100 * hundred + 100), narrow.torch_ways)


@pytest.mark.parametrize("cut", [False, True])
def test_shapes_by_every_way_there_is(cut, monkeypatch):
    if cut:
        monkeypatch.setattr(interruptible, "count_of", lambda chosen, problem: 3)
    assert [] == failures(range(25), narrow.ways)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(40))
def test_20000_shapes_by_every_way_there_is(part):
    seeds = range(500 * part, 500 * part + 500)
    assert [] == failures(seeds, narrow.ways, threads=2 if part % 10 == 9 else 1)
