"""Source text at random, which Keras itself runs: its own count of parameters, its own shapes."""

from __future__ import annotations

import importlib.util
import inspect
import os
import random
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

if importlib.util.find_spec("keras") is None or importlib.util.find_spec("torch") is None:
    pytest.skip("needs keras and torch", allow_module_level=True)

os.environ.setdefault("KERAS_BACKEND", "torch")

WINDOWS = (
    "Conv2D({n}, {k}, padding='{p}', use_bias={b})",
    "Conv2D({n}, ({k}, 3), {s}, '{p}', activation='relu')",
    "Conv2D({n} * 2, kernel_size={k}, strides=({s}, 1), padding='{p}')",
    "Conv2D(filters={n}, kernel_size=3, dilation_rate=2, padding='same')",
    "DepthwiseConv2D({k}, depth_multiplier={s}, padding='{p}')",
    "SeparableConv2D({n}, {k}, padding='same', use_bias={b})",
    "Conv2DTranspose({n}, {k}, strides={s}, padding='{p}')",
    "MaxPooling2D(2, padding='{p}')",
    "MaxPool2D((2, 1), strides={s}, padding='same')",
    "AveragePooling2D(2, padding='{p}')",
    "ZeroPadding2D((({s}, 1), (0, {k})))",
    "Cropping2D(1)",
    "UpSampling2D({s})",
    "BatchNormalization(scale={b})",
    "BatchNormalization(-1, 0.9, 1e-4, {b})",
    "LayerNormalization()",
    "GroupNormalization(-1)",
    "Activation('elu')",
    "LeakyReLU(0.1)",
    "PReLU(shared_axes=[1, 2])",
    "SpatialDropout2D(0.2)",
    "Dense({n})",
)
ENDS = ("Flatten()", "GlobalAveragePooling2D()", "GlobalMaxPooling2D()")


def values(draw):
    return {
        "n": draw.randint(1, 12),
        "k": draw.randint(1, 3),
        "s": draw.randint(1, 2),
        "p": draw.choice(["same", "valid"]),
        "b": draw.choice([True, False]),
    }


def chain(draw):
    """A chain of layers, as `model.add` or as a list."""
    size = f"({draw.randint(24, 40)}, {draw.randint(24, 40)}, {draw.randint(1, 4)})"
    layers = [draw.choice(WINDOWS).format(**values(draw)) for _ in range(draw.randint(2, 7))]
    layers += [draw.choice(ENDS), f"Dense({draw.randint(1, 9)}, 'relu')", "Dense(3)"]
    if draw.random() < 0.5:
        added = "\n".join(f"model.add({layer})" for layer in layers)
        return f"model = Sequential()\nmodel.add(Input({size}))\n{added}\n"
    return f"model = Sequential([Input(shape={size}), {', '.join(layers)}])\n"


STEPS = (
    "Conv1D({n}, {k}, {s}, '{p}')",
    "Conv1D({n}, {k}, padding='causal', dilation_rate={s}, use_bias={b})",
    "SeparableConv1D({n}, {k}, depth_multiplier={s})",
    "Conv1DTranspose({n}, {k}, strides={s}, padding='{p}')",
    "MaxPooling1D({s})",
    "ZeroPadding1D(({s}, 0))",
    "Cropping1D(1)",
    "UpSampling1D({s})",
    "LSTM({n}, return_sequences=True, use_bias={b})",
    "GRU({n}, return_sequences=True)",
    "GRU({n}, reset_after=False, return_sequences=True)",
    "SimpleRNN({n}, 'relu', return_sequences=True)",
    "Bidirectional(LSTM({n}, return_sequences=True))",
    "TimeDistributed(Dense({n}))",
    "LayerNormalization(center={b})",
    "Dense({n})",
)


def steps(draw):
    """A chain on a sequence."""
    layers = [draw.choice(STEPS).format(**values(draw)) for _ in range(draw.randint(2, 6))]
    layers += [draw.choice(["Flatten()", "GlobalMaxPooling1D()", "GRU(5)", "LSTM(4)"]), "Dense(3)"]
    return f"model = Sequential([Input((40, {draw.randint(1, 6)})), {', '.join(layers)}])\n"


def graph(draw):
    """Branches that are added or put side by side."""
    lines = [f"x = first = Input(({draw.randint(16, 24)}, 20, {draw.randint(1, 4)}))"]
    for _ in range(draw.randint(1, 4)):
        n, k = draw.randint(1, 9), draw.randint(1, 3)
        lines += [
            f"y = Conv2D({n}, {k}, padding='same', activation='relu')(x)",
            f"z = DepthwiseConv2D({k}, padding='same')(Conv2D({n}, 1)(x))",
            draw.choice(["x = add([y, z])", "x = y + z", "x = concatenate([y, z, x])"]),
            draw.choice(["x = MaxPooling2D()(x)", "x = BatchNormalization()(x)", "y = x"]),
        ]
    return "\n".join([*lines, "model = Model(first, Dense(2)(Flatten()(x)))", ""])


def made_by_keras(text):
    import keras

    names = {**vars(keras.layers), **{name: getattr(keras, name) for name in ("Sequential",)}}
    exec(text, names := {**names, "Model": keras.Model, "Input": keras.Input})
    return names["model"]


def trained(model):
    return sum(int(weight.numpy().size) for weight in model.trainable_weights)


@pytest.mark.parametrize("seed", range(150))
def test_parameters_and_output_of_todays_keras(seed):
    from convcalc.importers.files.keras_text import read_keras

    draw = random.Random(seed)
    text = draw.choice([chain, graph, steps])(draw)
    try:
        model = made_by_keras(text)
    except ValueError:
        pytest.skip("too small for its windows")
    found = read_keras(text, "")
    report = found.analyze(found.input_shape)
    params = report.totals.params
    assert (trained(model), model.output_shape[1:]) == (params, report.output_shape)


def test_positional_arguments_are_those_of_todays_keras():
    from keras import layers

    from convcalc.importers.keras.source.signatures import signatures

    for name, signature in signatures().items():
        if hasattr(layers, name) and name not in ("Input", "InputLayer", "RandomZoom"):
            own = list(inspect.signature(getattr(layers, name).__init__).parameters)[1:]
            count = len(signature.ordered)
            assert (name, own[:count]) == (name, list(signature.ordered))


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("oxford_pets", "model"),
        ("unet_blocks", "build_unet"),
        ("residual", "create_res_net"),
        ("skips", "model"),
        ("siamese_function", "siamese"),
        ("inception_function", "model"),
        ("mobile", "model"),
        ("text_cnn", "net"),
        ("densenet", "model"),
    ],
)
def test_posted_functions_as_todays_keras_runs_them(name, variable):
    import keras

    from convcalc.importers.files.keras_text import read_keras

    text = Path(__file__).with_name("keras_texts").joinpath(f"{name}.txt").read_text("utf-8")
    text = text.replace("tensorflow.keras", "keras").replace("import tensorflow as tf\n", "")
    exec(text, names := {"__name__": "posted"})
    model = names[variable]
    model = model if isinstance(model, keras.Model) else model()
    network = read_keras(text.replace('"__main__"', '"posted"'), "")
    report = network.analyze(network.input_shape)
    assert (trained(model), model.output_shape[1:2]) == (
        report.totals.params,
        (report.output_shape[1:] or report.output_shape)[:1],
    )
