"""Convolutions drawn at random, and what node says that a page would show of them."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import convcalc
from convcalc.errors import UsageError
from convcalc.execute.arrays.plain_elements import Elements
from convcalc.render.page.nodes import placed_nodes, squares_of
from convcalc.render.page.start import MOST_SQUARES, page_start
from walking import computed

HERE = Path(__file__).parent
MODES = ["zeros", "reflect", "symmetric", "replicate", "circular"]


def drawn_layer(seed):
    """A spec and its input's shape; they may not go together."""
    one = random.Random(seed)
    groups = one.choice([1, 1, 2, 3])
    channels, out = groups * one.randint(1, 3), groups * one.randint(1, 2)
    transposed = one.random() < 0.4
    kernel, dilation = [one.randint(1, 4) for _ in "hw"], [one.randint(1, 3) for _ in "hw"]
    stride = [one.randint(1, 3) for _ in "hw"]
    words = [f"convt:{out}" if transposed else f"conv:{out}"]
    words += [f"k{kernel[0]}x{kernel[1]}", f"s{stride[0]}x{stride[1]}"]
    words += ["p" + "x".join(f"{one.randint(0, 2)}:{one.randint(0, 2)}" for _ in "hw")]
    words += [f"d{dilation[0]}x{dilation[1]}", f"g{groups}"]
    if transposed:
        words += [
            "op"
            + "x".join(str(one.randrange(max(axis))) for axis in zip(stride, dilation, strict=True))
        ]
    else:
        words += [one.choice(MODES)]
    words += ["nobias"] * one.randint(0, 1)
    return ",".join(words), (channels, one.randint(1, 7), one.randint(1, 7))


def drawn_pooling(seed):
    """The spec of a pooling and its input's shape; they may not go together."""
    one = random.Random(seed)
    kind = one.choice(["maxpool", "avgpool", "lppool"])
    kernel = [one.randint(1, 4) for _ in "hw"]
    words = [f"{kind}:{kernel[0]}x{kernel[1]}", f"s{one.randint(1, 3)}x{one.randint(1, 3)}"]
    words += ["p" + "x".join(f"{one.randint(0, k // 2)}:{one.randint(0, k // 2)}" for k in kernel)]
    words += ["ceil"] * one.randint(0, 1)
    words += [f"d{one.randint(1, 2)}x{one.randint(1, 2)}"] if kind == "maxpool" else []
    words += ["noinclude"] * one.randint(0, 1) if kind == "avgpool" else []
    words += [f"norm{one.randint(1, 3)}"] if kind == "lppool" else []
    return ",".join(words), (one.randint(1, 2), one.randint(1, 7), one.randint(1, 7))


def only_layer(text, shape):
    """The one layer that a page shows of a network.

    Raises:
        UsageError: it has too many squares.
    """
    (one,) = placed = placed_nodes(convcalc.parse(text), shape)
    if squares_of(placed) > MOST_SQUARES:
        raise UsageError("too many squares")
    return one["node"]["layer"]


def started(text, shape, seed=0, *, whole=True):
    """What a page starts with, and the outputs that the executor computes.

    Numbers are whole where that is asked for, and nothing makes fractions of them.
    """
    layers = convcalc.parse(text).walk(shape)
    whole = whole and not any(step.layer.needs_floats for step in layers)
    network, sample, weights, results = computed(text, seed, whole=whole, shape=shape)
    out = results[network.output]
    place = tuple(int(at) for at in np.random.default_rng(seed).integers(out.shape))
    named = {name: Elements(array) for name, array in weights.items()}
    return page_start(network, Elements(sample), named, place), out


def node():
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed, which runs the page's scripts")
    return found


def answers(starts):
    """What the page's scripts say of each start."""
    done = subprocess.run(
        [node(), str(HERE / "answers.mjs")],
        input=json.dumps(starts),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == done.stderr
    return json.loads(done.stdout)
