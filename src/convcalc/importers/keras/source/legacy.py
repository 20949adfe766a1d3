"""What Keras 1 called the parameters of its layers, and Keras 2 where version 3 has other names."""

from __future__ import annotations

RENAMED = {
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "stride": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
    "bias": "use_bias",
    "p": "rate",
    "pool_length": "pool_size",
    "inner_activation": "recurrent_activation",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "sigma": "stddev",
    "length": "size",
}
"""Names of Keras 1, and today's."""

OF_KERAS_1 = {
    *("nb_filter", "nb_row", "nb_col", "filter_length", "border_mode", "subsample"),
    *("subsample_length", "dim_ordering", "W_regularizer", "nb_epoch"),
}
"""Names that no later version has."""

SIGNS = (*(f"{name}=" for name in sorted(OF_KERAS_1)), "Convolution2D(")
"""What the text of Keras 1 has, and hardly any later one."""

_ORDERINGS = {"th": "channels_first", "tf": "channels_last", "default": None}
_MODES = {"sum": "add", "mul": "multiply", "concat": "concatenate", "ave": "average"}


def renamed(kind: str, given: dict[str, object]) -> dict[str, object]:
    """What a layer is given, by today's names.

    Example:
        >>> renamed("Conv2D", {"nb_filter": 8, "nb_row": 3, "nb_col": 5, "dim_ordering": "th"})
        {'filters': 8, 'data_format': 'channels_first', 'kernel_size': (3, 5)}
    """
    found: dict[str, object] = {}
    for name, value in given.items():
        known = RENAMED.get(name, name)
        if name == "stride" and "Pooling" not in kind:
            known = name
        elif name == "output_dim" and kind != "Embedding":
            known = "units"
        found[known] = value
    ordering = found.get("data_format")
    if isinstance(ordering, str) and ordering in _ORDERINGS:
        found["data_format"] = _ORDERINGS[ordering]
    if "nb_row" in found and "nb_col" in found:
        found["kernel_size"] = (found.pop("nb_row"), found.pop("nb_col"))
    return found


def is_old_kernel(kind: str, written: str, values: list[object], *, old: bool) -> bool:
    """Whether three numbers without names are filters, rows and columns of Keras 1.

    Args:
        kind: The class.
        written: What the text calls it: Keras 2 and 3 write Conv2D.
        values: What is given without names.
        old: Whether the text has names that only Keras 1 has.
    """
    three = len(values) >= 3 and all(isinstance(one, int) for one in values[:3])
    return (
        three
        and kind in ("Conv2D", "SeparableConv2D", "Conv2DTranspose")
        and (old or "Convolution" in written)
    )


def merging(mode: object) -> str | None:
    """The function of today for `merge(..., mode=...)` of Keras 1; None where it is none."""
    return _MODES.get(mode, "maximum" if mode == "max" else None) if isinstance(mode, str) else None
