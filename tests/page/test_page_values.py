"""What the page computes is what the executor computes, and what a walk tells."""

from __future__ import annotations

import subprocess
from itertools import count, islice
from math import floor

import numpy as np
import pytest
from page_layers import HERE, answers, drawn_layer, node, started

import convcalc
from convcalc.errors import ConvcalcError
from convcalc.execute.arrays.plain_elements import Elements
from convcalc.explain.walk.network import walk_network
from convcalc.render.page.start import page_layer, squares_of
from walking import computed

CONFIGURATIONS = 200
FACTOR = ("tap", "place", "source", "value", "weight")


def possible():
    """Specs and shapes that go together, without an end."""
    for seed in count():
        text, shape = drawn_layer(seed)
        try:
            network = convcalc.parse(text)
            page_layer([step.layer for step in network.walk(shape)], shape)
        except ConvcalcError:
            continue
        yield text, shape


@pytest.fixture(scope="module")
def told():
    """Of each configuration: its text, its shape, what a page starts with, computed, said."""
    drawn = list(islice(possible(), CONFIGURATIONS))
    starts = [started(text, shape, seed) for seed, (text, shape) in enumerate(drawn)]
    said = answers([start for start, _ in starts])
    return [(*one, *start, own) for one, start, own in zip(drawn, starts, said, strict=True)]


def test_its_scripts_pass_their_own_tests():
    done = subprocess.run(
        [node(), "--test", *map(str, sorted(HERE.glob("*.test.mjs")))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout


def test_its_outputs_are_the_executor_s_in_200_configurations(told):
    assert len(told) == CONFIGURATIONS
    for text, _, _, out, said in told:
        assert np.array_equal(out, said["outputs"]), text


def test_the_configurations_have_everything_that_a_slider_sets(told):
    layers = [start["layer"] for _, _, start, _, _ in told]
    for name in ("transposed", "bias"):
        assert {False, True} == {layer[name] for layer in layers}
    for name in ("kernel", "stride", "dilation", "before", "after", "extra", "size"):
        assert len({layer[name] for layer in layers}) >= 4
    assert {1, 2, 3} == {layer["groups"] for layer in layers}
    assert 5 == len({layer["mode"] for layer in layers})


def test_its_steps_are_those_of_the_walk(told):
    for seed, (text, shape, start, _, said) in enumerate(told):
        network, sample, weights, results = computed(text, seed, whole=True, shape=shape)
        named = {name: Elements(array) for name, array in weights.items()}
        arrays = [Elements(array) for array in results]
        (one,) = walk_network(network, Elements(sample), named, arrays, start["place"])
        factors = [
            [part.channel, *map(_listed, factor)]
            for part in one.walk.parts
            for factor in part.factors
        ]
        own = [
            [part["channel"], *(each[name] for name in FACTOR)]
            for part in said["sum"]["parts"]
            for each in part["factors"]
        ]
        assert factors == own, text
        assert one.walk.result == said["sum"]["result"]


def _listed(value):
    return list(value) if isinstance(value, tuple) else value


def test_an_input_element_feeds_the_outputs_whose_walks_read_it():
    text, shape = "conv:1,k3x2,s2x1,p1,d1x2,replicate", (1, 4, 5)
    network, sample, weights, results = computed(text, whole=True, shape=shape)
    named = {name: Elements(array) for name, array in weights.items()}
    arrays = [Elements(array) for array in results]
    reading = []
    for place in np.ndindex(*results[-1].shape):
        (one,) = walk_network(network, Elements(sample), named, arrays, place)
        (part,) = one.walk.parts
        taps = [factor.tap for factor in part.factors if factor.source == (0, 0)]
        reading += [[list(place[1:]), list(tap)] for tap in taps]
    (said,) = answers([started(text, shape)[0]])
    assert sorted(reading) == sorted(said["fed"])


def test_its_formulas_come_to_the_sizes_and_the_macs(told):
    for text, shape, start, out, said in told:
        (report,) = convcalc.analyze(convcalc.parse(text), shape).layers
        sizes = [eval(size, {"floor": floor}) for size in said["sizes"]]
        assert list(out.shape[1:]) == sizes, text
        layer = start["layer"]
        extents = [d * (k - 1) + 1 for d, k in zip(layer["dilation"], layer["kernel"], strict=True)]
        assert extents == [eval(extent) for extent in said["extents"]]
        assert squares_of(layer, out.shape) == said["squares"]
        assert report.macs == said["macs"]["value"] == eval(said["macs"]["numbers"])


def test_its_spec_is_read_as_the_same_layer(told):
    for text, shape, start, _, said in told:
        network = convcalc.parse(said["spec"])
        assert shape == tuple(map(int, said["input"].split("x")))
        layers = [step.layer for step in network.walk(shape)]
        assert start["layer"] == page_layer(layers, shape), text


def test_what_it_calls_impossible_is_what_convcalc_refuses():
    starts, refused = [], []
    for seed in range(600):
        text, shape = drawn_layer(seed)
        layer = convcalc.parse(text).nodes[0].layer
        try:
            layer.out_shape(shape)
            refused.append(False)
        except ConvcalcError:
            refused.append(True)
        starts.append({"layer": unchecked(layer, shape)})
    said = answers(starts)
    problems = [one["problem"] or {"name": ""} for one in said]
    assert refused == [one["name"] not in ("", "tooLarge") for one in problems]
    assert 60 < sum(refused) < 540


def unchecked(layer, shape):
    """What a page would know of a layer that may be impossible."""
    windows = layer.windows(shape)
    own = {name: [getattr(w, name) for w in windows] for name in ("kernel", "stride", "dilation")}
    ends = {name: [getattr(w, name) for w in windows] for name in ("before", "after")}
    extra = getattr(layer, "output_padding", 0)
    return {
        **own,
        **ends,
        "transposed": layer.kind == "convt",
        "channels": shape[0],
        "outChannels": layer.out_channels,
        "groups": layer.groups,
        "mode": getattr(layer, "padding_mode", "zeros"),
        "bias": layer.bias,
        "size": shape[1:],
        "extra": [extra, extra] if isinstance(extra, int) else list(extra),
    }


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("dw:k3,p1,m2", (2, 4, 4)),
        ("dw:k2,p=same-lower,s2", (3, 5, 4)),
        ("pw:6,g2", (4, 3, 3)),
        ("conv:2,k2,p=same", (1, 4, 4)),
        ("conv:2,k3,s3", (2, 7)),
        ("convt:2,k2,s3,d2,p=same-upper", (2, 3)),
    ],
)
def test_other_words_for_a_convolution_are_shown_too(text, shape):
    start, out = started(text, shape, whole=False)
    (said,) = answers([start])
    rows = out if len(shape) == 3 else out[:, None]
    np.testing.assert_allclose(said["outputs"], rows, rtol=1e-12)
