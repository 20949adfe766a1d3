"""`run --network model.py:Net`: a model of PyTorch with its own weights, or those of a file."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

MODEL = '''
import torch
from torch import nn


class Head(nn.Module):
    """A layer of functions, whose parameters have names of their own."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(5, 4))
        self.shift = nn.Parameter(torch.randn(5))

    def forward(self, x):
        return nn.functional.linear(x, self.table, self.shift)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4))
        self.aux = nn.Linear(4, 2)
        self.head = Head()

    def forward(self, x):
        x = torch.relu(self.stem(x))
        x = nn.functional.adaptive_avg_pool2d(x, 1) * torch.sigmoid(x) + x
        return self.head(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))


class Sound(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 3, 3)

    def forward(self, x):
        return torch.rand_like(self.conv(x))


torch.manual_seed(1)
ready = Net()
ready.stem[1].running_mean.uniform_(-1, 1)
'''


@pytest.fixture
def model(tmp_path, monkeypatch):
    """What the file defines, in the folder that the commands run in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    names = {"__name__": "model"}
    exec(MODEL, names)
    return names


def forwarded(model, x):
    with torch.no_grad():
        return model.eval()(torch.from_numpy(x)).numpy()


@pytest.fixture
def image():
    return np.random.default_rng(0).standard_normal((2, 3, 9, 9)).astype("float32")


def test_a_model_that_is_there_is_run_with_its_own_weights(model, image, inside):
    np.save("x.npy", image)
    done = inside("run", "x.npy", "--network", "model.py:ready", "-o", "y.npy")
    assert (0, "") == (done.code, done.out)
    expected = forwarded(model["ready"], image)
    np.testing.assert_allclose(np.load("y.npy"), expected, rtol=1e-5, atol=1e-6)


def test_an_image_is_one_sample(model, image, inside):
    np.save("x.npy", image[0])
    done = inside("run", "x.npy", "--network", "model.py:ready", "-o", "y.npy")
    assert 0 == done.code
    expected = forwarded(model["ready"], image[:1])[0]
    np.testing.assert_allclose(np.load("y.npy"), expected, rtol=1e-5, atol=1e-6)


def test_a_class_takes_the_weights_of_a_file_by_the_names_of_its_state(model, image, inside):
    net = model["Net"]()
    torch.save(net.state_dict(), "w.pth")
    np.save("x.npy", image)
    words = ("run", "x.npy", "--network", "model.py:Net", "-o", "y.npy")
    done = inside(*words, "--weights", "w.pth")
    assert 0 == done.code
    assert "2 arrays are read by no layer: aux.weight, aux.bias" in done.err
    expected = forwarded(net, image)
    np.testing.assert_allclose(np.load("y.npy"), expected, rtol=1e-5, atol=1e-6)
    done = inside(*words, "--force")
    assert (2, True) == (done.code, "--network needs --weights FILE" in done.err)


def test_weights_of_a_file_go_before_those_of_the_model(model, image, inside):
    state = {name: torch.zeros_like(one) for name, one in model["ready"].state_dict().items()}
    torch.save(state, "zeros.pth")
    np.save("x.npy", image)
    words = ("run", "x.npy", "--network", "model.py:ready", "--weights", "zeros.pth")
    assert 0 == inside(*words, "-o", "y.npy").code
    assert not np.load("y.npy").any()


def test_a_file_that_lacks_weights_says_which(model, image, inside):
    np.save("x.npy", image)
    np.savez("w.npz", **{"stem.0.bias": np.zeros(4, "float32")})
    done = inside("run", "x.npy", "--network", "model.py:Net", "--weights", "w.npz")
    assert (3, True) == (done.code, "missing 'stem.0.weight' (4x3x3x3)" in done.err)


def test_layers_that_cannot_be_run_are_named(model, inside):
    np.save("x.npy", np.zeros((1, 2, 8), "float32"))
    done = inside("run", "x.npy", "--network", "model.py:Sound", "--random-weights", "1", "-q")
    assert (2, 1) == (done.code, done.err.count("\n"))
    assert "cannot be run" in done.err
    assert "rand_like" in done.err


def test_an_onnx_of_a_model_that_is_there_holds_its_weights(model, image, inside):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    done = inside("convert", "model.py:ready", "-i", "3x9x9", "-o", "net.onnx")
    assert 0 == done.code
    session = onnxruntime.InferenceSession("net.onnx", providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"input": image})
    np.testing.assert_allclose(result, forwarded(model["ready"], image), rtol=1e-4, atol=1e-5)
