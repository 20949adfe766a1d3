"""The layers before the one that does not fit, and inputs nearby that all layers fit."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.analysis.fitting import fitting_part, inputs_that_fit
from convcalc.network.graph import Network
from convcalc.zoo.catalog import load_network

CHAIN = "conv:8,k3 relu conv:8,k9 relu"


@pytest.mark.parametrize(
    ("spec", "shape", "kinds"),
    [
        (CHAIN, (3, 8, 8), ["conv", "relu"]),
        (CHAIN, (3, 2, 2), []),
        (CHAIN, (3, 11, 11), ["conv", "relu", "conv", "relu"]),
        ("conv:2,k1 residual{pw:2 pw:3 | } relu", (1, 4), ["conv", "pw", "pw"]),
        # Found out by its weights, not by its shape: what asks all questions finds all faults.
        ("relu prelu:5", (3, 4), ["relu"]),
    ],
)
def test_the_fitting_part_ends_before_the_first_layer_that_does_not_fit(spec, shape, kinds):
    part = fitting_part(convcalc.parse(spec), shape)
    assert kinds == [node.layer.kind for node in part.nodes]
    assert len(kinds) - 1 == part.output


def test_the_fitting_part_is_a_network_by_itself():
    network = convcalc.parse("a=residual{conv:3,k1 | } b=residual{conv:3,k1 conv:3,k9 | } @a relu")
    report = fitting_part(network, (3, 4, 4)).analyze((3, 4, 4))
    assert ["a.0.0", "a", "b.0.0"] == [row.label for row in report.layers]
    assert (24, (3, 4, 4), 2) == (report.totals.params, report.output_shape, report.output)


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
    assert found == inputs_that_fit(convcalc.parse(text), shape)


def test_a_unet_fits_multiples_of_16():
    assert ((1, 496, 496), (1, 512, 512)) == inputs_that_fit(load_network("unet"), (1, 500, 500))


def test_a_search_ends_after_so_many_layers(monkeypatch):
    asked = []
    walk = Network.walk

    def counted(network, shape):
        for step in walk(network, shape):
            asked.append(step)
            yield step

    monkeypatch.setattr("convcalc.analysis.fitting.MOST_STEPS", 50)
    monkeypatch.setattr(Network, "walk", counted)
    assert () == inputs_that_fit(convcalc.parse("9xrelu conv:1,k40"), (1, 3))
    assert len(asked) < 200
