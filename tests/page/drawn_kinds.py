"""Layers beside convolutions and poolings drawn at random, and how torch computes them."""

from __future__ import annotations

import random

MODES = ["zeros", "reflect", "symmetric", "replicate", "circular"]

PLAIN = [
    *("relu", "relu6", "sigmoid", "silu", "gelu", "gelu:tanh", "softsign", "tanh", "hardsigmoid"),
    *("hardswish", "selu", "logsigmoid", "mish", "tanhshrink", "prelu", "layerscale"),
]
"""Functions without parameters."""


def drawn_function(one, turn):
    """The spec of a function of one number, each in its turn, and a shape."""
    draw = [
        *PLAIN,
        f"hardtanh:min{-one.randint(1, 3)},max{one.randint(0, 2)}",
        f"leakyrelu:{one.choice([0.01, 0.2, -0.5])}",
        f"rrelu:lower{one.choice([0.1, 0.2])},upper0.4",
        *(f"{kind}:{one.choice([0.5, 1, 2])}" for kind in ("elu", "celu")),
        f"softplus:{one.choice([0.5, 1, -2])},threshold{one.choice([1, 20])}",
        *(f"{kind}:{one.choice([0.5, 1.5])}" for kind in ("hardshrink", "softshrink")),
        f"threshold:threshold{one.randint(-2, 2)},value{one.randint(-9, 9)}",
        f"bn:eps{one.choice([1e-5, 0.1])}" + one.choice(["", ",affine=false"]),
    ]
    shape = one.randint(1, 3), one.randint(1, 4), one.randint(1, 4)
    return draw[turn % len(draw)], shape


def drawn_pad(one, _turn):
    """The spec of a padding, which may crop, and a shape; they may not go together."""
    ends = [[one.randint(-1, 3) for _ in "ab"] for _ in "hw"]
    words = ["pad:" + "x".join(":".join(map(str, own)) for own in ends), one.choice(MODES)]
    if words[1] == "zeros":
        words[1] = f"constant{one.choice([0, 0.5, -3])}"
    return ",".join(words), (one.randint(1, 2), one.randint(2, 5), one.randint(2, 5))


def drawn_resize(one, _turn):
    """The spec of a resizing and a shape."""
    pair = f"{one.randint(1, 4)}x{one.randint(1, 5)}"
    size = one.choice([pair, f"size{pair}"])
    mode = one.choice(["", ",bilinear", ",bilinear,align"])
    return f"upsample:{size}{mode}", (one.randint(1, 2), one.randint(1, 4), one.randint(1, 4))


def drawn_move(one, _turn):
    """The spec of a move and a shape that it fits."""
    rows, columns = one.randint(1, 4), one.randint(1, 4)
    order = "x".join(one.sample("012", 3))
    begin = one.randint(0, 3)
    return one.choice(
        [
            ("flatten", (one.randint(1, 3), rows, columns)),
            ("identity", (2, rows, columns)),
            ("dropout:0.3", (2, rows, columns)),
            (f"reshape:{rows}x{columns}x6", (6, rows, columns)),
            ("reshape:-1", (2, rows, columns)),
            ("unflatten:3x2", (6, columns)),
            (f"permute:{order}", (3, rows, columns)),
            ("permute:1x0", (3, columns)),
            (f"slice:{begin}:{begin + one.randint(1, 3)}", (6, rows, columns)),
            (f"crop:{rows}x{columns}", (2, rows + one.randint(0, 3), columns + 2)),
            (f"crop:2,offset{begin}x1", (2, 5, 4)),
            (f"shuffle:{one.choice([1, 2, 3])}", (6, rows, columns)),
            ("pixelshuffle:2", (8, rows, columns)),
            ("pixelshuffle:3", (6, columns)),
            ("pixelunshuffle:2", (2, 2 * rows, 2 * columns)),
            ("pixelunshuffle:2", (3, 2 * columns)),
        ]
    )


def drawn_matrix(one, _turn):
    """The spec of a matrix, alone or behind others, and a shape."""
    bias = one.choice(["", ",nobias"])
    out, rows, columns = one.randint(1, 11), one.randint(1, 4), one.randint(1, 5)
    channels = one.randint(1, 3)
    return one.choice(
        [
            (f"linear:{out}{bias}", (one.randint(1, 30),)),
            (f"linear:{out}{bias}", (channels, columns)),
            (f"linear:{out}{bias}", (channels, rows, columns)),
            (f"flatten linear:{out}{bias} relu linear:3", (channels, rows, columns)),
            (f"bn prelu:4 linear:{out}{bias} concat{{ | relu}}", (4,)),
            (f"gap flatten dropout linear:{out}{bias}", (5, rows, columns)),
        ]
    )


def drawn_share(one, _turn):
    """The spec of a softmax or its like, and a shape."""
    kind = one.choice(["softmax", "softmin", "logsoftmax"])
    shape = tuple(one.randint(1, 5) for _ in range(one.randint(1, 3)))
    return f"{kind}:dim{one.choice([1, -1, len(shape)])}", shape


DRAWN = {
    "function": drawn_function,
    "pad": drawn_pad,
    "resize": drawn_resize,
    "move": drawn_move,
    "matrix": drawn_matrix,
    "share": drawn_share,
}


def drawn_kind(seed):
    """A family, a spec and a shape, which may not go together."""
    one = random.Random(seed)
    turn, which = divmod(seed, len(DRAWN))
    family = list(DRAWN)[which]
    return family, *DRAWN[family](one, turn)


def torch_output(torch, text, x, weights):
    """What torch makes of a batch of one; None of layers that it has not, or has as several."""
    kind, _, words = text.partition(":")
    functional, numbers = torch.nn.functional, words.split(",")
    if kind in NAMED:
        return getattr(functional, NAMED[kind])(x)
    if kind in WITH_NUMBER:
        return getattr(functional, WITH_NUMBER[kind])(x, float(words))
    if kind in OWN and x.ndim == OWN[kind][0]:
        return OWN[kind][1](functional, numbers, x, weights)
    if kind in SHARED:
        return getattr(functional, SHARED[kind])(x, dim=int(words[len("dim") :]))
    if kind == "linear":
        return functional.linear(x, weights["0.weight"], weights.get("0.bias"))
    return None


NAMED = {
    **{kind: kind for kind in ("tanhshrink", "softsign", "relu", "relu6", "silu", "tanh", "mish")},
    **{kind: kind for kind in ("hardsigmoid", "hardswish", "selu", "logsigmoid", "sigmoid")},
}
WITH_NUMBER = {
    "leakyrelu": "leaky_relu",
    **{kind: kind for kind in ("elu", "celu", "hardshrink", "softshrink")},
}


SHARED = {"softmax": "softmax", "softmin": "softmin", "logsoftmax": "log_softmax"}


def _gelu(functional, numbers, x, _):
    return functional.gelu(x, approximate=numbers[0] or "none")


def _softplus(functional, numbers, x, _):
    return functional.softplus(x, float(numbers[0]), float(numbers[1][len("threshold") :]))


def _batch_norm(functional, numbers, x, weights):
    affine = weights.get("0.weight"), weights.get("0.bias")
    statistics = weights["0.running_mean"], weights["0.running_var"]
    return functional.batch_norm(x, *statistics, *affine, eps=float(numbers[0][len("eps") :]))


def _padded(functional, numbers, x, _):
    """None of symmetric borders, and where a border is cropped, which torch has in other ways."""
    rows, columns = [[int(end) for end in axis.split(":")] for axis in numbers[0].split("x")]
    ends, mode = [*columns, *rows], numbers[1]
    if mode.startswith("constant"):
        return functional.pad(x, ends, value=float(mode[len("constant") :]))
    if mode in ("symmetric", "zeros") or min(ends) < 0:
        return None
    return functional.pad(x, ends, mode=mode)


def _resized(functional, numbers, x, _):
    size, *mode = numbers
    sizes = [int(one) for one in size.removeprefix("size").split("x")]
    if not size.startswith("size"):
        sizes = [own * factor for own, factor in zip(x.shape[2:], sizes, strict=True)]
    if not mode:
        return functional.interpolate(x, sizes)
    return functional.interpolate(x, sizes, mode="bilinear", align_corners="align" in mode)


OWN = {
    "gelu": (4, _gelu),
    "softplus": (4, _softplus),
    "prelu": (4, lambda functional, _, x, weights: functional.prelu(x, weights["0.weight"])),
    "bn": (4, _batch_norm),
    "pad": (4, _padded),
    "upsample": (4, _resized),
    "pixelshuffle": (4, lambda own, numbers, x, _: own.pixel_shuffle(x, int(numbers[0]))),
    "pixelunshuffle": (4, lambda own, numbers, x, _: own.pixel_unshuffle(x, int(numbers[0]))),
}
"""Kinds with an axis number that torch's function wants, and how it is called."""
