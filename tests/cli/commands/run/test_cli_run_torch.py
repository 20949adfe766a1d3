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
from installed_libraries import library  # noqa: E402

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


@pytest.mark.parametrize("name", models.OTHER)
def test_what_layers_would_compute_in_another_way_is_refused(ran, name):
    _, reason = models.OTHER[name]
    done, *_ = ran(name)
    assert done.code in (2, 3)
    assert reason in done.err
    assert not Path("y.npy").exists()


def test_a_call_that_mixes_samples_is_refused(inside, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype("float32"))
    done = inside("run", "x.npy", "--network", f"{FILE}:a_running_sum", "-o", "y.npy", "-q")
    assert (
        2,
        "convcalc: error: a call of the model mixes the samples of a batch; run one at a time\n",
    ) == (done.code, done.err)


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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["swin_t", "swin_v2_t", "maxvit_t", "vit_b_16", "convnext_tiny"])
def test_large_networks_of_torchvision_are_run(inside, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = getattr(library("torchvision.models"), name)().eval()
    torch.save(model.state_dict(), "w.pth")
    x = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype("float32")
    np.save("x.npy", x)
    words = ("--network", f"torchvision:{name}", "--weights", "w.pth", "-o", "y.npy")
    assert 0 == inside("run", "x.npy", *words).code
    with torch.no_grad():
        own = model(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(np.load("y.npy"), own, rtol=0, atol=1e-5 * abs(own).max())


def test_drawn_weights_that_are_used_twice_are_the_same(inside, tmp_path, monkeypatch):
    """The kernel is found from the first use, by least squares, and is that of the second."""
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).standard_normal((4, 3, 8, 8)).astype("float32")
    np.save("x.npy", x)
    word = f"{FILE}:a_kernel_that_is_used_twice"
    words = ("--network", word, "--random-weights", "3", "--save-all", "maps", "-q")
    assert 0 == inside("run", "x.npy", *words).code
    before, first, second = (
        torch.from_numpy(np.load(f"maps/{name}.npy")).double()
        for name in ("conv", "conv2d", "conv2d-2")
    )

    def rows(array):
        return torch.nn.functional.unfold(array, 3).transpose(1, 2).flatten(0, 1)

    def columns(array):
        return array.flatten(2).transpose(1, 2).flatten(0, 1)

    kernel = torch.linalg.lstsq(rows(before), columns(first)).solution
    torch.testing.assert_close(columns(second), rows(first) @ kernel, rtol=1e-4, atol=1e-5)
    assert second.abs().max() > 1e-3
