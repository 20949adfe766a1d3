"""How torch is called: the order of channels in memory, kernels of one tap, uneven padding."""

import pytest

torch = pytest.importorskip("torch")

import convcalc  # noqa: E402
from convcalc.execute.backends import opencv, torch_conv  # noqa: E402
from convcalc.execute.backends.torch_backend import TorchBackend  # noqa: E402
from convcalc.window import Window  # noqa: E402


@pytest.fixture(params=[1, 2])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def whole(*shape, seed=0, dtype=torch.float32):
    """Whole numbers, whose sums are exact in any order."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-9, 10, shape, generator=generator).to(dtype)


def definition(x, w, bias=None):
    """A kernel of one tap, by its definition."""
    y = torch.einsum("nc...,oc->no...", x.double(), w.double().flatten(1))
    return y if bias is None else y + bias.double().view(-1, *(1,) * (x.ndim - 2))


@pytest.mark.parametrize("installed", [False, True])
@pytest.mark.parametrize("shape", [(2, 6, 16, 16), (1, 20, 9, 7), (2, 3, 8, 8), (3, 1, 5, 6)])
def test_channels_are_put_side_by_side(shape, installed, threads, monkeypatch):
    if installed:
        pytest.importorskip("cv2")
    monkeypatch.setattr(opencv, "is_installed", lambda: installed)
    x = whole(*shape)
    y = torch_conv._interleaved(x)
    assert torch.equal(x, y)
    _, c, *sizes = shape
    assert (c * sizes[0] * sizes[1], 1, c * sizes[1], c) == y.stride()


def test_opencv_reorders_where_it_is_faster(threads, monkeypatch):
    seen = []
    monkeypatch.setattr(opencv, "is_installed", lambda: True)
    monkeypatch.setattr(opencv, "transpose", lambda array, _: seen.append(array.shape))
    torch_conv._interleaved(whole(2, 6, 16, 16))  # 256 cells apart
    assert [(6, 256), (6, 256)] == seen
    torch_conv._interleaved(whole(1, 6, 9, 9))
    assert (2 if threads > 1 else 3) == len(seen)
    before = len(seen)
    torch_conv._interleaved(whole(1, 4, 16, 16))
    torch_conv._interleaved(whole(1, 6, 16, 32)[..., ::2])
    torch_conv._interleaved(whole(1, 16, 16, 6).permute(0, 3, 1, 2))
    assert before == len(seen)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("channels", "maps", "sizes"),
    [(3, 64, (40, 31)), (20, 30, (50, 41)), (64, 3, (33, 40)), (2, 8, (71,)), (5, 32, (9, 8, 7))],
)
def test_a_kernel_of_one_tap(channels, maps, sizes, dtype, threads):
    x = whole(1, channels, *sizes, dtype=dtype)
    w = whole(maps, channels, *(1,) * len(sizes), seed=1, dtype=dtype)
    b = whole(maps, seed=2, dtype=dtype)
    for bias in (None, b):
        y = TorchBackend().direct(x, w, bias, (Window(1),) * len(sizes), 1, "product")
        assert (dtype, definition(x, w, bias).tolist()) == (y.dtype, y.tolist())


def test_one_tap_of_channels_that_lie_side_by_side_or_apart(threads):
    x, w = whole(1, 32, 20, 30), whole(48, 32, 1, 1, seed=1)
    expected = definition(x, w).tolist()
    side_by_side = x.contiguous(memory_format=torch.channels_last)
    apart = torch.stack([x, x], -1)[..., 0]
    for given in (x, side_by_side, apart):
        assert expected == convcalc.convolve(given, w).tolist()


def test_an_infinite_weight_of_one_tap_meets_what_it_is_multiplied_with():
    x, w = torch.ones(1, 20, 40, 40), torch.ones(32, 20, 1, 1)
    x[0, 3, 5, 6], w[7, 3] = 0, torch.inf
    y = convcalc.convolve(x, w)
    assert "product" == convcalc.plan_convolution(x.shape, w.shape, backend="torch").layout
    assert [(7, 5, 6)] == [tuple(p) for p in y[0].isnan().nonzero().tolist()]
    assert 1600 - 1 == int(y[0].isinf().sum())


@pytest.mark.parametrize("layout", ["contiguous", "channels-last"])
@pytest.mark.parametrize("ends", [((1, 1), (1, 1)), ((0, 1), (2, 1)), ((2, 0), (0, 0))])
def test_an_infinite_weight_meets_no_padding(ends, layout):
    x, w = torch.ones(1, 20, 9, 9), torch.ones(16, 20, 3, 3)
    w[3, 4, 0, 1] = torch.inf
    y = TorchBackend().direct(x, w, None, tuple(Window(3, 1, *e) for e in ends), 1, layout)
    assert not y.isnan().any()
    assert int(y.isinf().sum()) == int(y[:, 3].isinf().sum()) > 0


def test_only_what_one_end_has_more_is_padded_before():
    given = torch_conv._arguments((Window(3, 1, 0, 1), Window(5, 2, 3, 2), Window(3, 1, 1, 1)))
    # of the last axis first: nothing; one cell before; one cell after
    assert ([0, 2, 1], [0, 0, 1, 0, 0, 1]) == (given.padding, given.ends)
    assert not torch_conv._arguments((Window(3),)).pads
    assert [] == torch_conv._arguments((Window(3, 1, 1, 1),)).ends


@pytest.mark.parametrize("layout", ["contiguous", "channels-last"])
def test_uneven_padding(layout):
    x, w = whole(1, 5, 12, 10), whole(6, 5, 3, 3, seed=1)
    windows = (Window(3, 1, 0, 2), Window(3, 2, 2, 1))
    y = TorchBackend().direct(x, w, None, windows, 1, layout)
    padded = torch.nn.functional.pad(x.double(), (2, 1, 0, 2))
    expected = torch.nn.functional.conv2d(padded, w.double(), None, (1, 2))
    assert expected.tolist() == y.tolist()
