"""Small models of Keras with weights, and what they give; run, it writes the files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).with_name("keras_weights")


def maps():
    """Convolutions of every kind, norms, a model within, and features of maps."""
    from keras import Model, Sequential, layers

    x = inputs = layers.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="each")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.SeparableConv2D(6, 3, name="both")(x)
    x = layers.BatchNormalization(scale=False, name="shift")(x)
    x = layers.Conv2DTranspose(5, 3, strides=2, name="up")(x)
    x = layers.PReLU(shared_axes=[1, 2], name="slopes")(x)
    inner = [layers.Input((9, 9, 5)), layers.Conv2D(3, 1, name="mix"), layers.LayerNormalization()]
    x = Sequential(inner, name="inner")(x)
    x = layers.MaxPooling2D(4)(x)
    x = layers.Flatten()(x)
    return Model(inputs, layers.Dense(7, name="head")(x))


def made():
    """Features that become maps, and the same layer twice."""
    from keras import Model, layers

    inputs = layers.Input((6,))
    x = layers.Reshape((2, 2, 5))(layers.Dense(20, name="seed")(inputs))
    twice = layers.Conv2D(5, 3, padding="same", name="twice")
    return Model(inputs, twice(twice(x)))


def steps():
    """A table, and recurrent layers one upon the other."""
    from keras import Model, layers

    inputs = layers.Input((5,))
    x = layers.Embedding(11, 4, name="table")(inputs)
    x = layers.LSTM(6, return_sequences=True, name="lstm")(x)
    x = layers.GRU(5, return_sequences=True, name="gru")(x)
    x = layers.SimpleRNN(4, return_sequences=True, name="rnn")(x)
    return Model(inputs, layers.Dense(3, name="head")(x))


MODELS = {"maps": maps, "made": made, "steps": steps}


def saved(name, folder):
    """The model in both forms, an input and what Keras makes of it."""
    import keras

    keras.utils.set_random_seed(3)
    model, draw = MODELS[name](), np.random.default_rng(3)
    for weight in model.weights:
        weight.assign(draw.uniform(0.3, 1.2, weight.shape) * draw.choice([-1, 1], weight.shape))
    for weight in model.weights:
        if "variance" in weight.path:
            weight.assign(draw.uniform(0.5, 1.5, weight.shape))
    shape = (2, *model.input_shape[1:])
    x = draw.integers(0, 11, shape) if name == "steps" else draw.normal(size=shape).astype("f4")
    y = np.asarray(model.predict(x, verbose=0))
    model.save(folder / f"{name}.keras")
    model.save(folder / f"{name}.h5")
    np.savez_compressed(folder / f"{name}.npz", x=x, y=y)
    return model


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "torch")
    FOLDER.mkdir(exist_ok=True)
    for each in MODELS:
        saved(each, FOLDER)
