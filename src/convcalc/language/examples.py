"""What an example gives to a parameter: values that make sense."""

from __future__ import annotations

EXAMPLE_VALUES = {
    "out_channels": "32",
    "kernel_size": "3",
    "out_features": "10",
    "hidden_size": "64",
    "embed_dim": "64",
    "num_embeddings": "1000",
    "embedding_dim": "64",
    "output_size": "4",
    "num_groups": "4",
    "groups": "4",
    "shape": "16x32x32",
    "out": "16x32x32",
    "order": "0x2x1",
    "name": "=mean",
    "axes": "1x2",
    "upscale_factor": "2",
    "downscale_factor": "2",
    "channels": "0:8",
    "size": "5",
    "sizes": "64x16x16",
    "unflattened_size": "4x4",
    "padding": "1",
    "threshold": "0.1",
    "value": "20",
    "params": "4096",
}
"""What an example gives to a parameter that has no default."""

HINTS = {
    ("conv", "out_channels"): "64",
    ("convt", "out_channels"): "64",
    ("pw", "out_channels"): "64",
    ("maxpool", "kernel_size"): "2",
    ("avgpool", "kernel_size"): "2",
    ("lppool", "kernel_size"): "2",
    ("maxunpool", "kernel_size"): "2",
    ("opaque", "name"): "=Swish",
    ("elementwise", "name"): "=exp",
    ("view", "name"): "=roll",
    ("input", "shape"): "3x224x224",
}
"""Values of parameters that are missing, where those would be unusual."""


def hint_of(kind: str, parameter: str) -> str:
    """The value of a parameter in the hint of an error: maxpool needs kernel_size, as maxpool:2."""
    return HINTS.get((kind, parameter)) or EXAMPLE_VALUES.get(parameter, "3")
