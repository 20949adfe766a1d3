"""Models that Keras makes today: its own count of parameters, and torch's of products."""

from __future__ import annotations

import importlib.util
import os

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

if importlib.util.find_spec("keras") is None or importlib.util.find_spec("torch") is None:
    pytest.skip("needs keras and torch", allow_module_level=True)

os.environ.setdefault("KERAS_BACKEND", "torch")
NAMES = (
    *("unet", "lstm", "transformer", "wave", "volume", "gan", "mobilenet_v3_small"),
    *("MobileNetV2", "InceptionV3", "ConvNeXtTiny", "ResNet50V2", "EfficientNetV2B0"),
)


def products(model, shape):
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    with (
        torch.no_grad(),
        sdpa_kernel(SDPBackend.MATH),
        FlopCounterMode(display=False) as counter,
    ):
        model(torch.zeros(1, *shape), training=False)
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_products_of_todays_keras(tmp_path, name):
    import numpy as np
    from keras_zoo import KEPT, OTHERS, save

    from convcalc.importers.keras.file import config_of
    from convcalc.importers.keras.model import network_of

    model = {**KEPT, **OTHERS}[name]()
    path = tmp_path / "net.keras"
    save(model, path)
    found = network_of(config_of(str(path)), None, str(path))
    totals = found.analyze(found.input_shape).totals
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    # SimpleRNN runs for one step more than there are on the torch backend: 24*16 + 16*16
    more = 640 if name == "lstm" else 0
    assert (trained, products(model, model.input_shape[1:]) - more) == (totals.params, totals.macs)
