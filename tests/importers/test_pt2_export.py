"""Programs that torch.export writes today: products and parameters equal the model's."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from convcalc.importers.pt2.model import network_of  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # torch.export's own
]


class Mixed(nn.Module):
    """What networks are made of beside convolutions of one size."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(8, 6, 4, stride=2, padding=1, groups=2)
        self.norm = nn.GroupNorm(2, 6)
        self.steps = nn.LSTM(6, 5, batch_first=True, bidirectional=True)
        self.head = nn.Bilinear(10, 10, 4)
        self.never = nn.Linear(3, 3)
        self.table = nn.Parameter(torch.randn(6, 7))

    def forward(self, x):
        x = self.norm(self.up(torch.relu_(self.down(x))))
        x[:, 0] = x[:, 1] * 2
        y = torch.einsum("bchw,cd->bdhw", x, self.table)
        steps, _ = self.steps(x.flatten(2).transpose(1, 2))
        last = steps[:, -1]
        return self.head(last, last) + y.mean((1, 2, 3))[:, None]


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)

    def forward(self, x):
        return nn.functional.scaled_dot_product_attention(self.layer(x), x, x)


class Pictures(nn.Sequential):
    """A network whose every layer can be computed."""

    def __init__(self):
        block = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))
        super().__init__(block, nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, groups=2), *head)


def counted(model, shape):
    """Parameters, and torch's own count of products on the device meta."""
    model = model.to("meta").requires_grad_(False)
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *shape, device="meta"))
    return sum(p.numel() for p in model.parameters()), counter.get_total_flops() // 2


def exported(model, shape, path, *, open_batch, decomposed=False):
    batch = 2 if open_batch else 1
    dims = ({0: torch.export.Dim("batch", min=1, max=64)},) if open_batch else None
    program = torch.export.export(model, (torch.zeros(batch, *shape),), dynamic_shapes=dims)
    program = program.run_decompositions() if decomposed else program
    torch.export.save(program, path)
    return network_of(str(path), None)


def test_a_mixture_of_layers(tmp_path):
    model = Mixed().eval()
    shape = (3, 12, 12)
    found = exported(model, shape, tmp_path / "net.pt2", open_batch=False)
    totals = found.analyze(shape).totals
    params = sum(p.numel() for p in model.parameters())
    # 8*3*9 * 6*6, 8*6*6 * 3*16, 144 steps of 2 * 4*5*(6 + 5), 4*10*10, and 6*7 at 144 positions
    macs = 216 * 36 + 288 * 48 + 144 * 440 + 400 + 42 * 144
    assert (params, macs) == (totals.params, totals.macs)
    assert any("12 parameters that nothing reads: never" in note for note in found.notes)


@pytest.mark.parametrize("decomposed", [False, True])
def test_attention_and_its_matrices(tmp_path, decomposed):
    shape = (9, 16)
    expected = counted(Attention().eval(), shape)
    found = exported(
        Attention().train(False).requires_grad_(True),
        shape,
        tmp_path / "net.pt2",
        open_batch=False,
        decomposed=decomposed,
    )
    totals = found.analyze(shape).totals
    assert expected == (totals.params, totals.macs)


def test_the_weights_of_the_model_fit_by_name_and_give_its_results(tmp_path):
    torch.manual_seed(0)
    model = Pictures().eval()
    x = torch.randn(1, 3, 12, 12)
    found = exported(model, (3, 12, 12), tmp_path / "net.pt2", open_batch=True)
    ours = found.to_torch((3, 12, 12), weights=model.state_dict())
    with torch.no_grad():
        assert torch.allclose(model(x), ours(x), rtol=1e-5, atol=1e-6)


NAMES = ("resnet18", "mobilenet_v3_small", "shufflenet_v2_x1_0", "vit_b_16", "swin_t")


@pytest.mark.parametrize("open_batch", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_models_of_torchvision(tmp_path, name, open_batch):
    models = pytest.importorskip("torchvision.models")
    shape = (3, 224, 224)
    expected = counted(getattr(models, name)().eval(), shape)
    model = getattr(models, name)().eval()
    found = exported(model, shape, tmp_path / "net.pt2", open_batch=open_batch)
    totals = found.analyze(shape).totals
    assert expected == (totals.params, totals.macs)
