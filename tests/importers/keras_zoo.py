"""Models of Keras that the files in keras_models were saved from, without their weights.

`KERAS_BACKEND=torch python tests/importers/keras_zoo.py FOLDER` writes the files again.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

import keras
from keras import applications, layers


def unet():
    x = first = keras.Input((64, 64, 3))
    skips = []
    for width in (16, 32):
        for _ in range(2):
            x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization()(x))
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    x = layers.SpatialDropout2D(0.1)(x)
    for width in (32, 16):
        x = layers.Conv2DTranspose(width, 3, strides=2, padding="same")(x)
        x = layers.Concatenate()([x, skips.pop()])
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    return keras.Model(first, layers.Conv2D(2, 1, activation="sigmoid")(x))


def lstm():
    first = keras.Input((80,))
    x = layers.Embedding(5000, 64)(first)
    x = layers.Bidirectional(layers.LSTM(32, return_sequences=True))(x)
    x = layers.GRU(24, return_sequences=True)(x)
    x = layers.SimpleRNN(16, return_sequences=True)(x)
    return keras.Model(first, layers.Dense(1, activation="sigmoid")(layers.LSTM(16)(x)))


def transformer():
    first = keras.Input((50, 48))
    x = layers.LayerNormalization(epsilon=1e-6)(first)
    x = layers.MultiHeadAttention(4, 16, dropout=0.1)(x, x) + first
    y = layers.LayerNormalization(epsilon=1e-6)(x)
    y = layers.Dense(48)(layers.Dense(96, activation="gelu")(y))
    x = layers.Add()([x, y])
    x = layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(3, 16)(x, x))
    return keras.Model(first, layers.Dense(5, activation="softmax")(x))


def wave():
    parts = (
        layers.Conv1D(16, 9, strides=2, padding="causal", activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling1D(3, padding="same"),
        layers.SeparableConv1D(24, 5),
        layers.Conv1DTranspose(8, 4, strides=3),
        layers.ZeroPadding1D(2),
        layers.Cropping1D((1, 3)),
        layers.UpSampling1D(2),
        layers.LSTM(6, return_sequences=True),
        layers.Flatten(),
        layers.Dense(4),
    )
    return keras.Sequential([keras.Input((400, 2)), *parts])


def volume():
    parts = (
        layers.Conv3D(8, 3, padding="same", activation="elu"),
        layers.MaxPooling3D(2),
        layers.Conv3DTranspose(4, 2, strides=2),
        layers.GroupNormalization(2),
        layers.AveragePooling3D(2, padding="same"),
        layers.GlobalMaxPooling3D(),
        layers.Dense(3),
    )
    return keras.Sequential([keras.Input((12, 14, 16, 2)), *parts])


def gan():
    parts = (
        layers.Dense(7 * 7 * 64, use_bias=False),
        layers.BatchNormalization(),
        layers.LeakyReLU(),
        layers.Reshape((7, 7, 64)),
        layers.Conv2DTranspose(32, 5, strides=1, padding="same", use_bias=False),
        layers.Conv2DTranspose(16, 5, strides=2, padding="same"),
        layers.Conv2DTranspose(1, 5, strides=2, padding="same", activation="tanh"),
    )
    return keras.Sequential([keras.Input((100,)), *parts])


def application(name, **options):
    return lambda: getattr(applications, name)(weights=None, **options)


SMALL = {"input_shape": (224, 224, 3), "classes": 10}
KEPT = {
    "mobilenet_v3_small": application("MobileNetV3Small", **SMALL),
    "resnet50": application("ResNet50"),
    "efficientnet_b0": application("EfficientNetB0"),
    "densenet121": application("DenseNet121"),
    "xception": application("Xception"),
    "unet": unet,
    "lstm": lstm,
    "transformer": transformer,
    "wave": wave,
    "volume": volume,
    "gan": gan,
}
"""Models whose configurations are kept beside the tests."""

OTHERS = {
    name: application(name)
    for name in ("MobileNetV2", "InceptionV3", "ConvNeXtTiny", "ResNet50V2", "EfficientNetV2B0")
}
"""More of Keras's own."""


def save(model, path):
    """What `model.save` writes, without the weights."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "net.keras"
        model.save(whole)
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
            for name in ("metadata.json", "config.json"):
                member = zipfile.ZipInfo(name)
                target.writestr(member, source.read(name), zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__":
    for kept, make in KEPT.items():
        save(make(), Path(sys.argv[1]) / f"{kept}.keras")
