"""`run` of a model of PyTorch equals its forward, or is refused with the reason, and never else."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import runnable_models as models  # noqa: E402

from convcalc.importers.target import target_of  # noqa: E402
from convcalc.importers.torch_libraries import library_maker  # noqa: E402
from convcalc.importers.torch_missing import with_missing_operators  # noqa: E402

FILE = Path(__file__).with_name("runnable_models.py")


@pytest.fixture
def ran(inside, tmp_path, monkeypatch):
    """`ran(name)`: what the command says, what it gives, and what the model itself gives."""
    monkeypatch.chdir(tmp_path)

    def answer(name):
        shape = (1, 6, 4) if name in models.SEQUENCES else (1, 3, 8, 8)
        x = np.random.default_rng(0).standard_normal(shape).astype("float32")
        np.save("x.npy", x)
        word = f"{FILE}:{name.replace(' ', '_')}"
        done = inside("run", "x.npy", "--network", word, "-o", "y.npy")
        if done.code:
            return done, None, None
        with torch.no_grad():
            own = getattr(models, name.replace(" ", "_"))(torch.from_numpy(x))
        return done, np.load("y.npy"), own.numpy()

    return answer


@pytest.mark.parametrize("name", [*models.SAME, *models.SAME_STEPS])
def test_what_layers_compute_is_run(ran, name):
    done, found, own = ran(name)
    assert (0, "") == (done.code, done.out)
    np.testing.assert_allclose(found, own, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", [*models.OTHER, *models.OTHER_STEPS])
def test_what_layers_would_compute_in_another_way_is_refused(ran, name):
    _, reason = {**models.OTHER, **models.OTHER_STEPS}[name]
    done, *_ = ran(name)
    assert done.code in (2, 3)
    assert reason in done.err
    assert not Path("y.npy").exists()


def test_a_text_says_that_it_is_less_than_its_model(inside, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    word = f"{FILE}:attention_with_a_mask"
    done = inside("convert", word, "-i", "6x4", "-o", "net.spec")
    assert (0, True) == (done.code, "layer attend is written with shapes and costs" in done.err)
    done = inside("convert", word, "-i", "6x4", "-o", "net.onnx")
    assert (2, False) == (done.code, Path("net.onnx").exists())
    assert "layer attend does not compute what the model does: it has a mask" in done.err
    done = inside("convert", f"{FILE}:half_of_each_row", "-i", "3x8x8", "-o", "net.json")
    assert (0, True) == (done.code, "does not run as it" in done.err)


def test_a_network_of_torchvision_through_every_form(inside, tmp_path, monkeypatch):
    pytest.importorskip("onnx")
    if find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    with_missing_operators(lambda: library_maker(target_of("torchvision:resnet18")))
    from torchvision.models import resnet18

    monkeypatch.chdir(tmp_path)
    torch.manual_seed(3)
    model = resnet18(num_classes=10).eval()
    torch.save(model.state_dict(), "w.pth")
    x = np.random.default_rng(3).standard_normal((2, 3, 40, 40)).astype("float32")
    np.save("x.npy", x)
    word = "torchvision:resnet18(num_classes=10)"
    for name, words in {"net.onnx": ("--weights", "w.pth"), "net.json": (), "net.spec": ()}.items():
        assert 0 == inside("convert", word, "-i", "3x40x40", *words, "-o", name).code
    assert 0 == inside("convert", word, "-i", "3x40x40", "-o", "net.py").code
    for name in (word, "net.onnx", "net.json", "net.spec"):
        shown = inside("flops", name, "-i", "3x40x40", "--format", "json").out
        assert 11_181_642 == json.loads(shown)["totals"]["params"]
    with torch.no_grad():
        own = model(torch.from_numpy(x)).numpy()
    for network in ((word, "--weights", "w.pth"), ("net.onnx",)):
        assert 0 == inside("run", "x.npy", "--network", *network, "-o", "y.npy", "--force").code
        np.testing.assert_allclose(np.load("y.npy"), own, rtol=1e-4, atol=1e-5)
