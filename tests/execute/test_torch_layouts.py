"""How torch is called: uneven padding."""

import pytest

torch = pytest.importorskip("torch")

from convcalc.execute import torch_backend  # noqa: E402
from convcalc.execute.torch_backend import TorchBackend  # noqa: E402
from convcalc.window import Window  # noqa: E402


def whole(*shape, seed=0, dtype=torch.float32):
    """Whole numbers, whose sums are exact in any order."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-9, 10, shape, generator=generator).to(dtype)


@pytest.mark.parametrize("layout", ["contiguous", "channels-last"])
@pytest.mark.parametrize("ends", [((1, 1), (1, 1)), ((0, 1), (2, 1)), ((2, 0), (0, 0))])
def test_an_infinite_weight_meets_no_padding(ends, layout):
    x, w = torch.ones(1, 20, 9, 9), torch.ones(16, 20, 3, 3)
    w[3, 4, 0, 1] = torch.inf
    y = TorchBackend().direct(x, w, None, tuple(Window(3, 1, *e) for e in ends), 1, layout)
    assert not y.isnan().any()
    assert int(y.isinf().sum()) == int(y[:, 3].isinf().sum()) > 0


def test_only_what_one_end_has_more_is_padded_before():
    given = torch_backend._arguments((Window(3, 1, 0, 1), Window(5, 2, 3, 2), Window(3, 1, 1, 1)))
    # of the last axis first: nothing; one cell before; one cell after
    assert ([0, 2, 1], [0, 0, 1, 0, 0, 1]) == (given.padding, given.ends)
    assert not torch_backend._arguments((Window(3),)).pads
    assert [] == torch_backend._arguments((Window(3, 1, 1, 1),)).ends


@pytest.mark.parametrize("layout", ["contiguous", "channels-last"])
def test_uneven_padding(layout):
    x, w = whole(1, 5, 12, 10), whole(6, 5, 3, 3, seed=1)
    windows = (Window(3, 1, 0, 2), Window(3, 2, 2, 1))
    y = TorchBackend().direct(x, w, None, windows, 1, layout)
    padded = torch.nn.functional.pad(x.double(), (2, 1, 0, 2))
    expected = torch.nn.functional.conv2d(padded, w.double(), None, (1, 2))
    assert expected.tolist() == y.tolist()
