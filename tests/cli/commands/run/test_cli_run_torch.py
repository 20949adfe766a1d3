"""`run` of a model of PyTorch equals its forward, or is refused with the reason, and never else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import runnable_models as models  # noqa: E402

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
