"""Inputs nearby that all layers fit."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.inverse.nearby import nearby_inputs
from convcalc.network.graph import Network
from convcalc.zoo.catalog import load_network

CHAIN = "conv:8,k3 relu conv:8,k9 relu"


@pytest.mark.parametrize(
    ("spec", "shape", "found"),
    [
        (CHAIN, (3, 8, 8), ((3, 11, 11),)),
        # An even size comes back as itself, an odd one one smaller.
        ("residual{conv:8,k2,s2 convt:3,k2,s2 | }", (3, 5, 7), ((3, 4, 6), (3, 6, 8))),
        # 8 features a position: 100 is no multiple.
        (None, (3, 8, 8), ()),
        ("conv:2,k1 residual{pw:2 pw:3 | }", (1, 4), ()),
        # 64 is the farthest that is tried: 3 + 64 elements, and one more.
        ("conv:1,k67", (1, 3), ((1, 67),)),
        ("conv:1,k68", (1, 3), ()),
    ],
)
def test_the_nearest_inputs_that_fit(spec, shape, found):
    text = spec or "nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(100, 10))"
    assert found == nearby_inputs(convcalc.parse(text), shape).shapes


def test_a_unet_fits_multiples_of_16():
    assert ((1, 496, 496), (1, 512, 512)) == nearby_inputs(
        load_network("unet"), (1, 500, 500)
    ).shapes


def test_a_search_ends_after_so_many_layers(monkeypatch):
    asked = []
    walk = Network.walk

    def counted(network, shape):
        for step in walk(network, shape):
            asked.append(step)
            yield step

    monkeypatch.setattr("convcalc.inverse.nearby.MOST_STEPS", 50)
    monkeypatch.setattr(Network, "walk", counted)
    assert () == nearby_inputs(convcalc.parse("9xrelu conv:1,k40"), (1, 3)).shapes
    assert len(asked) < 200


@pytest.mark.parametrize(
    ("spec", "shape", "told"),
    [
        ("residual{conv:8,k4,s4 convt:3,k4,s4 | }", (3, 50, 50), "48, 52: multiples of 4"),
        ("residual{conv:8,k4,s4 convt:3,k4,s4 | }", (3, 50, 70), "48x68, 52x72: multiples of 4"),
        (CHAIN, (3, 8, 8), "11"),
    ],
)
def test_what_is_said_of_them(spec, shape, told):
    assert told == str(nearby_inputs(convcalc.parse(spec), shape))
