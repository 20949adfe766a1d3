"""Convolutions drawn at random, and what node says that a page would show of them."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from convcalc.execute.arrays.plain_elements import Elements
from convcalc.render.page.start import page_layer, page_start
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


def started(text, shape, seed=0, *, whole=True):
    """What a page starts with, and the outputs that the executor computes."""
    network, sample, weights, results = computed(text, seed, whole=whole, shape=shape)
    layers = [step.layer for step in network.walk(shape)]
    out = results[-1]
    place = tuple(int(at) for at in np.random.default_rng(seed).integers(out.shape))
    named = {name: Elements(array) for name, array in weights.items()}
    layer = page_layer(layers, shape)
    return page_start(text, layer, Elements(sample), named, place), out


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
