"""Whatever is made of a page by its sliders is what its command makes of the same numbers."""

from __future__ import annotations

import json
import subprocess
from itertools import count, islice

import numpy as np
import pytest
from drawn_kinds import drawn_kind
from page_layers import HERE, drawn_layer, drawn_pooling, node, started

import convcalc
from convcalc.errors import ConvcalcError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings

NETWORKS = [
    ("conv:4,k3,p1 relu maxpool:2 flatten linear:5", (1, 6, 6)),
    ("conv:2,k3 gelu upsample:2 conv:1,k3,p1", (2, 5, 4)),
    ("conv:4,k3,p1 pixelshuffle:2 pad:1,reflect dw:k3", (2, 4, 4)),
    ("conv:3,k3,p1,s2 leakyrelu:0.1 upsample:2,bilinear", (2, 6)),
    ("linear:4 gelu linear:3 softmax", (7,)),
    ("conv:2,k3,p1 slice:0:2 crop:3 flatten linear:2", (1, 5, 5)),
    ("concat:dim-1{linear:2 | linear:3} tanh", (2, 4)),
    ("convt:2,k2,s2 hardswish pad:-1 maxpool:2", (1, 4, 3)),
]
CONFIGURATIONS = 240


def possible():
    """Specs and shapes that go together, of every family, without an end."""
    for seed in count():
        drawn = [drawn_kind(seed)[1:], drawn_layer(seed), drawn_pooling(seed)]
        for text, shape in [*drawn, NETWORKS[seed % len(NETWORKS)]]:
            try:
                convcalc.parse(text).analyze(shape)
                start, _ = started(text, shape, seed, whole=False)
            except ConvcalcError:
                continue
            yield text, start


@pytest.fixture(scope="module")
def slid():
    """What pages start with, and what is known of them after four moves of their sliders."""
    drawn = list(islice(possible(), CONFIGURATIONS))
    done = subprocess.run(
        [node(), str(HERE / "sliding.mjs")],
        input=json.dumps([start for _, start in drawn]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == done.stderr
    answered = json.loads(done.stdout)
    return [(*one, said) for one, said in zip(drawn, answered, strict=True)]


def asked(command):
    """The network and the shape of a command."""
    spec, _, shape = command.partition(" -i ")
    return convcalc.parse(spec.strip("'")), tuple(map(int, shape.split("x")))


def test_outputs_after_sliding_are_those_of_the_command(slid):
    checked = 0
    for text, start, said in slid:
        if said["problem"] or said["command"] is None:
            continue
        network, shape = asked(said["command"])
        sample = np.array(said["input"], dtype=float).reshape(shape)
        weights = named_weights(network, shape, said["weights"])
        results = []
        settings = Settings(backend="numpy", spatial_dims=len(shape) - 1)
        run_network(
            network, sample[None], weights, settings, lambda _, own, r=results: r.append(own[0])
        )
        out = results[network.output]
        shown = np.array(said["output"], dtype=float).reshape(out.shape)
        told = f"{text} {start['shape']} -> {said['command']}"
        np.testing.assert_allclose(shown, out, rtol=1e-11, atol=1e-11, err_msg=told)
        checked += 1
    assert checked > 0.6 * CONFIGURATIONS


def named_weights(network, shape, given):
    """The weights of a chain by their names, as the page has them by its nodes."""
    weights = {}
    for step, own in zip(network.walk(shape), given, strict=True):
        label = step.node.label
        for name, size in step.layer.tensor_shapes(*step.arriving).items():
            weights[f"{label}.{name}"] = array_of(step.layer, name, size, own)
    return weights


def array_of(layer, name, size, own):
    """One array of a layer; of a function those of channels that are new do nothing."""
    if own["own"]:
        word = {"running_mean": "mean", "running_var": "var"}.get(name, name)
        made = np.array(own["own"][word], dtype=float)[: size[0]]
        usual = {"mean": 0, "bias": 0}.get(word, 1)
        return np.concatenate([made, np.full(size[0] - len(made), usual)])
    flat = np.array(own[name], dtype=float)
    if getattr(layer, "kind", "") == "convt" and name == "weight":
        out, depth = flat.shape[:2]
        groups = layer.groups
        # (O, C/g, *k) of the page as (C, O/g, *k)
        parts = flat.reshape(groups, out // groups, depth, *flat.shape[2:])
        flat = parts.swapaxes(1, 2)
    return flat.reshape(size)


def test_what_sliders_make_impossible_is_refused_by_the_command(slid):
    refused = 0
    for _, _, said in slid:
        if not said["problem"] or said["problem"]["name"] == "tooLarge" or not said["command"]:
            continue
        network, shape = asked(said["command"])
        with pytest.raises(ConvcalcError):
            network.analyze(shape)
        refused += 1
    assert refused > 5
