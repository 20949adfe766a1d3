"""What the page computes is what the executor computes, and what a walk tells."""

from __future__ import annotations

import re
import subprocess
from itertools import count, islice
from math import ceil, floor

import numpy as np
import pytest
from page_layers import (
    HERE,
    answers,
    drawn_layer,
    drawn_pooling,
    node,
    only_layer,
    started,
)

import convcalc
from convcalc.errors import ConvcalcError, UsageError
from convcalc.execute.arrays.plain_elements import Elements
from convcalc.explain.walk.network import walk_network
from convcalc.render.page.nodes import placed_nodes, squares_of
from walking import computed

CONFIGURATIONS = 200
FACTOR = ("tap", "place", "source", "value", "weight")


def possible():
    """Specs and shapes that go together, without an end."""
    for seed in count():
        text, shape = drawn_layer(seed)
        try:
            only_layer(text, shape)
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
        assert np.array_equal(out, said["outputs"][0]), text


def test_the_configurations_have_everything_that_a_slider_sets(told):
    layers = [start["nodes"][0]["layer"] for _, _, start, _, _ in told]
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
            for part in said["walks"][0][0]["parts"]
            for each in part["factors"]
        ]
        assert factors == own, text
        assert one.walk.result == said["walks"][0][0]["result"]


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
        reading += [(place, weights["0.weight"][place[0], 0, *tap]) for tap in taps]
    (said,) = answers([started(text, shape)[0]])
    fed = [(tuple(one["place"]), one["weight"]) for one in said["layers"][0]["fed"]]
    assert sorted(reading) == sorted(fed)


def test_its_formulas_come_to_the_sizes_and_the_macs(told):
    for text, shape, start, out, said in told:
        (report,) = convcalc.analyze(convcalc.parse(text), shape).layers
        (own,), layer = said["layers"], start["nodes"][0]["layer"]
        sizes = [eval(size, {"floor": floor}) for size in own["sizes"]]
        assert list(out.shape[1:]) == sizes, text
        extents = [d * (k - 1) + 1 for d, k in zip(layer["dilation"], layer["kernel"], strict=True)]
        assert extents == [eval(extent) for extent in own["extents"]]
        assert squares_of(placed_nodes(convcalc.parse(text), shape)) == said["squares"]
        assert report.macs == own["macs"]["value"] == eval(own["macs"]["numbers"])


def test_its_spec_is_read_as_the_same_layer(told):
    for text, shape, start, _, said in told:
        assert shape == tuple(map(int, said["input"].split("x")))
        (own,) = said["layers"]
        assert start["nodes"][0]["layer"] == only_layer(own["spec"], shape), text
        assert f"{own['spec']} -i {said['input']}" == said["command"]


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
        node = {"label": "0", "spec": text, "sources": [-1], "layer": unchecked(layer, shape)}
        starts.append({"nodes": [node], "shape": shape})
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
        "op": "convolution",
        "multiplier": None,
        "transposed": layer.kind == "convt",
        "channels": shape[0],
        "outChannels": layer.out_channels,
        "groups": layer.groups,
        "mode": getattr(layer, "padding_mode", "zeros"),
        "bias": layer.bias,
        "size": shape[1:],
        "extra": [extra, extra] if isinstance(extra, int) else list(extra),
    }


OTHER_WORDS = {
    "dw:k3,p1,m2": (2, 4, 4),
    "dw:k2,p=same-lower,s2": (3, 5, 4),
    "pw:6,g2": (4, 3, 3),
    "conv:2,k2,p=same": (1, 4, 4),
    "conv:2,k3,s3": (2, 7),
    "convt:2,k2,s3,d2,p=same-upper": (2, 3),
}


@pytest.mark.parametrize(("text", "shape"), OTHER_WORDS.items())
def test_other_words_for_a_convolution_are_shown_too(text, shape, shown):
    _, out, said = shown[text]
    rows = out if len(shape) == 3 else out[:, None]
    np.testing.assert_allclose(said["outputs"][0], rows, rtol=1e-12)


def possible_poolings():
    """Specs of poolings with shapes that they go on, without an end."""
    for seed in count():
        text, shape = drawn_pooling(seed)
        try:
            only_layer(text, shape)
        except ConvcalcError:
            continue
        yield text, shape


def test_poolings_are_the_executor_s_and_their_words_those_of_specs():
    drawn = list(islice(possible_poolings(), 150))
    starts = [started(*one, seed, whole=False) for seed, one in enumerate(drawn)]
    for (text, shape), (start, out), said in zip(
        drawn, starts, answers([start for start, _ in starts]), strict=True
    ):
        shown = np.array(said["outputs"][0], dtype=float)
        np.testing.assert_allclose(shown, out, rtol=1e-12, err_msg=text)
        assert squares_of(placed_nodes(convcalc.parse(text), shape)) == said["squares"]
        (own,) = said["layers"]
        assert start["nodes"][0]["layer"] == only_layer(own["spec"], shape), text
        sizes = [eval(size, {"floor": floor, "ceil": ceil}) for size in own["sizes"]]
        assert list(out.shape[1:]) == sizes, text


NETWORKS = {
    "gap": (2, 3, 4),
    "adaptiveavgpool:2x3": (2, 5, 4),
    "adaptivemaxpool:3": (2, 7),
    "conv:3,k3,p1 bn relu6 maxpool:2": (2, 6, 5),
    "convt:2,k2,s2 leakyrelu:0.2 sigmoid": (2, 3, 2),
    "residual{conv:2,k3,p1 relu conv:2,k3,p1 | } relu": (2, 4, 4),
    "residual{conv:2,k3,p1 bn relu conv:2,k3,p1 bn | pw:2} relu": (3, 4, 3),
    "concat{pw:2 | conv:1,k3,p1 | maxpool:3,s1,p1 pw:1}": (2, 4, 4),
    "conv:4,k3,p1 se:2": (2, 4, 4),
    "tanh silu hardswish hardsigmoid identity dropout": (1, 3, 4),
    "sep:3,k3,p1 relu avgpool:2": (2, 4, 5),
    "sep:2,k3,s2,m2,nobias,dwbias": (2, 5, 5),
    "conv:2,k3 concat{ | relu}": (1, 7),
}


@pytest.fixture(scope="module")
def shown():
    """By text: what a page starts with, what is computed, what the page says; of one process."""
    texts = {**OTHER_WORDS, **NETWORKS}
    starts = [started(*one, whole=False) for one in texts.items()]
    said = answers([start for start, _ in starts])
    return {text: (*one, own) for text, one, own in zip(texts, starts, said, strict=True)}


@pytest.mark.parametrize("text", NETWORKS)
def test_networks_are_the_executor_s_layer_by_layer(text, shown):
    shape = NETWORKS[text]
    network, sample, weights, results = computed(text, shape=shape)
    start, _, said = shown[text]
    ends = {node["label"]: n for n, node in enumerate(start["nodes"])}
    walked = {
        one.label: one.walk
        for one in walk_network(
            network,
            Elements(sample),
            {name: Elements(own) for name, own in weights.items()},
            [Elements(own) for own in results],
            tuple(start["place"][:1]) + tuple(start["place"][1:])[-len(shape) + 1 :],
        )
    }
    for layer, result in zip(network.nodes, results, strict=True):
        n = ends[layer.label]
        rows = result if result.ndim == 3 else result[:, None]
        np.testing.assert_allclose(said["outputs"][n], rows, rtol=1e-11, err_msg=layer.label)
        own = said["walks"][n]
        assert bool(own) == (layer.label in walked)
        if own:
            row = [0] * (3 - len(shape))
            channel, *position = walked[layer.label].place
            assert [channel, *row, *position] == own[0]["place"], layer.label
            assert own[0]["result"] == pytest.approx(walked[layer.label].result, rel=1e-11)
    assert squares_of(placed_nodes(network, shape)) == said["squares"]
    spec, _, input_shape = said["command"].partition(" -i ")
    given = tuple(map(int, input_shape.split("x")))
    *_, last = convcalc.parse(spec.strip("'")).walk(given)
    channels, *sides = last.leaving
    assert (channels, *[1] * (2 - len(sides)), *sides) == np.shape(said["outputs"][-1])


def test_of_a_separable_convolution_the_first_stage_is_looked_at_in_every_channel():
    start, _ = started("sep:3,k3,p1", (2, 4, 4))
    (said,) = answers([{**start, "place": [2, 1, 3]}])
    first, last = said["walks"]
    assert [[0, 1, 3], [1, 1, 3]] == [walk["place"] for walk in first]
    assert [[2, 1, 3]] == [walk["place"] for walk in last]
    assert ["dw:k3,p1", "conv:3,k1"] == [one["spec"] for one in said["layers"]]


def test_what_a_page_cannot_show_is_named():
    for text, shape, told in (
        ("conv:1,k3 lrn:3", (1, 5, 5), "'lrn:3' is none of them"),
        ("conv:1,k3", (1, 5, 5, 5), "1x5x5x5 has 3 axes beside its channels"),
        ("unflatten:2x2 gelu", (4, 3, 2), "2x2x3x2 has 3 axes beside its channels"),
    ):
        with pytest.raises(UsageError, match=re.escape(told)):
            placed_nodes(convcalc.parse(text), shape)
