"""Labels without layers are those of the network."""

import pytest

from convcalc import load_network, network_names
from convcalc.language.labels import labels_of
from convcalc.zoo.catalog import network_text


@pytest.mark.parametrize("name", network_names())
def test_a_reference_network_has_these_labels(name):
    assert [node.label for node in load_network(name).nodes] == labels_of(network_text(name))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stem=conv:8,k3 relu", ["stem", "1"]),
        ("residual{conv:8,k3 | } a=2xbn", ["0.0.0", "0", "a.0.0", "a.1.0"]),
        ("conv:8 nonsense:3", ["0", "1"]),
        ("conv:8 3x{", []),
        ("", []),
    ],
)
def test_labels_of_a_text(text, expected):
    assert expected == labels_of(text)
