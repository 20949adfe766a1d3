"""A model of PyTorch that a program holds is a network, and is left as it was."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.errors import DataError, ParameterError, ShapeError
from older_torch import needs_checked_ids

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402


class Odd(nn.Module):
    """Grouped, strided, dilated, one layer used twice."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 12, (3, 5), stride=(2, 1), padding=(1, 2))
        self.twice = nn.Conv2d(12, 12, 3, padding=2, dilation=2, groups=3)
        self.up = nn.ConvTranspose2d(12, 6, (3, 4), (2, 3), (1, 0), (1, 2), groups=2)

    def forward(self, image):
        image = torch.relu(self.stem(image))
        return self.up(self.twice(self.twice(image)))


class Two(nn.Module):
    """Two inputs, one of them whole numbers."""

    def __init__(self):
        super().__init__()
        self.words, self.mix = nn.Embedding(50, 4), nn.Linear(4, 4)

    def forward(self, ids, image):
        return self.mix(self.words(ids)) + image


def test_its_figures_are_those_of_torch():
    from torch.utils.flop_counter import FlopCounterMode

    model = Odd()
    report = convcalc.from_torch(model, (3, 31, 29)).analyze()
    with FlopCounterMode(display=False) as counter:
        out = model(torch.zeros(1, 3, 31, 29))
    assert tuple(out.shape[1:]) == report.output_shape == (6, 32, 90)
    assert sum(one.numel() for one in model.parameters()) == report.totals.params == 1_434
    assert counter.get_total_flops() == 2 * report.totals.macs == 1_703_808
    assert ["stem", "relu", "twice", "twice-2", "up"] == [row.label for row in report.layers]


def test_the_model_is_left_as_it_was():
    model = Odd().train()
    before = [one.detach().clone() for one in model.parameters()]
    convcalc.from_torch(model, (3, 31, 29))
    assert model.training
    pairs = zip(before, model.parameters(), strict=True)
    assert all(torch.equal(old, new) and new.requires_grad for old, new in pairs)


def test_inputs_are_shapes_or_tensors_by_place_or_by_name():
    ids = torch.zeros(3, 7, dtype=torch.int64)
    by_place = convcalc.from_torch(Two(), ids, (7, 4))
    by_name = convcalc.from_torch(Two(), image=(7, 4), ids=ids)
    assert by_place.analyze().totals == by_name.analyze().totals
    assert (7, 4) == by_place.analyze().output_shape
    assert (3, 224, 224) == convcalc.from_torch(Odd()).input_shape


@pytest.mark.parametrize(
    ("model", "inputs", "told"),
    [
        (Odd, [], r"model: expected a torch.nn.Module, got .*Odd.*; make one of the class first"),
        ("resnet18", [], "model: expected a torch.nn.Module, got 'resnet18'"),
        (Odd(), ["3x8x8"], r"input 0: expected a tensor, or \(channels, \*sizes\) as .*'3x8x8'"),
        (Odd(), [(3, 8.0, 8)], "input 0: expected a tensor"),
        (Odd(), [(3, 0, 8)], "input 0: expected a tensor"),
        (Odd(), [torch.zeros(3)], "input 0: a tensor has its samples in front"),
        (Odd(), [(3, 8, 8), (3, 8, 8)], r"TypeError|inputs: "),
        (Two(), [(3, 8)], r"inputs: Two.forward\(ids, image\) needs 2 inputs, 1 given$"),
    ],
)
def test_what_is_no_model_and_no_input_is_told(model, inputs, told):
    with pytest.raises((ParameterError, DataError), match=told):
        convcalc.from_torch(model, *inputs)


@pytest.mark.parametrize(
    ("module", "spec"),
    [
        (lambda: nn.LPPool1d(3, 2), "lppool:2,norm3"),
        (lambda: nn.LPPool2d(2, (3, 2), (2, 1), ceil_mode=True), "lppool:3x2,s2x1,ceil"),
        (lambda: nn.MaxPool2d(3, 2, 1, return_indices=True), "maxpool:3,s2,p1"),
        (lambda: nn.MaxPool3d(2, ceil_mode=True, return_indices=True), "maxpool:2,s2,ceil"),
    ],
)
def test_poolings_are_kinds(module, spec):
    made = module()
    axes = int(type(made).__name__[-2])
    (layer,) = convcalc.from_torch(made, (2, *(9, 8, 7)[:axes])).nodes[:1]
    out = made(torch.rand(1, 2, *(9, 8, 7)[:axes]))
    values = out[0] if isinstance(out, tuple) else out
    assert spec == convcalc.parse(layer.layer.spec()).nodes[0].layer.spec()
    assert tuple(values.shape[1:]) == layer.layer.out_shape((2, *(9, 8, 7)[:axes]))


def test_another_input_than_that_of_the_run_has_its_own_figures():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
    network = convcalc.from_torch(model, (3, 64, 64))
    assert 8 * 3 * 9 * 62 * 62 == network.analyze().totals.macs
    assert 194_400 == network.analyze((3, 32, 32)).totals.macs  # 8 * 3 * 9 * 30 * 30


def test_what_is_known_of_the_run_alone_is_refused_on_another_input():
    network = convcalc.from_torch(Odd(), (3, 31, 29))
    with pytest.raises(
        ShapeError, match=r"run on 3x31x29, and twice-2 .* is known of that run alone"
    ):
        network.analyze((3, 64, 64))


class Late(nn.Module):
    """A model whose last layer does not fit."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 3), nn.Linear(5, 4)

    def forward(self, image):
        return self.last(self.first(image).flatten(1))


def test_a_model_that_fails_raises_with_its_place():
    with pytest.raises(
        DataError, match=r"test_torch_from\.py, line .* in stem .*: 3 expected, 4 give"
    ):
        convcalc.from_torch(Odd(), (4, 31, 29))
    with pytest.raises(DataError, match=r"\n  a shape is that of one sample, without a batch in"):
        convcalc.from_torch(Odd(), (1, 3, 31, 29))
    with pytest.raises(DataError, match=r"^the run ended at .* in last: RuntimeError"):
        convcalc.from_torch(Late(), (3, 8, 8))


def test_whole_numbers_are_a_tensor():
    needs_checked_ids()
    with pytest.raises(DataError, match="whole numbers are given as a tensor of them"):
        convcalc.from_torch(Two(), (7,), (7, 4))
