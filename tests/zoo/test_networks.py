"""The reference networks: what is published of them, to the last digit."""

from __future__ import annotations

import networks_classic
import networks_efficient
import pytest

import convcalc
from convcalc.errors import UsageError
from convcalc.zoo.catalog import (
    load_network,
    network_input,
    network_names,
    network_summary,
    network_text,
)

TABLES = (networks_classic, networks_efficient)
PUBLISHED = networks_classic.PUBLISHED | networks_efficient.PUBLISHED
FIELDS = networks_classic.FIELDS | networks_efficient.FIELDS
ACTIVATIONS = networks_classic.ACTIVATIONS | networks_efficient.ACTIVATIONS


def report(name):
    return load_network(name).analyze(network_input(name))


def along(layer):
    """(size, stride, start) of a layer's field, which is the same along both axes."""
    (field,) = set(layer.receptive_field)
    return field.size, field.effective_stride, field.start


def test_every_network_is_in_one_of_the_tables():
    assert sorted(PUBLISHED) == list(network_names())
    assert len(PUBLISHED) == sum(len(table.PUBLISHED) for table in TABLES)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_counts_are_the_published_ones(name):
    counted = report(name)
    shape, totals = counted.layers[-1].output_shape, counted.totals
    assert PUBLISHED[name] == (network_input(name), shape, totals.params, totals.macs)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_network_prints_as_a_spec_that_reads_back_to_itself(name):
    network = load_network(name)
    again = convcalc.parse(network.spec())
    assert (network, network.spec()) == (again, again.spec())


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_header_says_what_it_is_and_for_which_input(name):
    lines = network_text(name).splitlines()
    header = lines[: lines.index("")]
    assert all(line.startswith("# ") for line in header)
    assert [header[1]] == [line for line in lines if line.startswith("# input ")]
    assert header[0] == f"# {network_summary(name)}"
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("name", FIELDS)
def test_the_field_of_the_last_spatial_stage(name):
    layers = report(name).layers
    whole = (n for n, layer in enumerate(layers) if any(f.whole for f in layer.receptive_field))
    assert FIELDS[name] == along(layers[next(whole) - 1])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_numbers_that_convolutions_and_linear_layers_give(name):
    kinds = {"conv", "dw", "pw", "linear"}
    given = sum(layer.activations for layer in report(name).layers if layer.kind in kinds)
    assert ACTIVATIONS[name] == given


@pytest.mark.parametrize("size", [224, 321])
@pytest.mark.parametrize("row", networks_classic.SLIM_FIELDS, ids=lambda row: "-".join(row[:2]))
def test_the_fields_and_operations_of_the_networks_of_tensorflow_slim(row, size):
    name, endpoint, field, stride, *rest = row
    padding, operations = rest[::2] if size == 224 else rest[1::2]
    layers = convcalc.parse(networks_classic.SLIM[name]).analyze((3, size, size)).layers
    last = max(n for n, layer in enumerate(layers) if layer.label.split(".")[0] == endpoint)
    assert (field, stride, -padding) == along(layers[last])
    counted = sum(
        layer.flops + layer.bias_adds + (layer.element_ops if layer.kind == "maxpool" else 0)
        for layer in layers[: last + 1]
    )
    assert operations == f"{counted / 10**9:.3f}"


@pytest.mark.parametrize("ask", [load_network, network_text, network_input, network_summary])
def test_an_unknown_name_is_refused_with_the_nearest(ask):
    with pytest.raises(UsageError, match="'resnet5'; did you mean 'resnet50'"):
        ask("resnet5")


@pytest.mark.parametrize("name", ["", "../reference", "resnet50.spec\n", "/etc/passwd", "*"])
def test_a_name_is_no_path(name):
    with pytest.raises(UsageError, match="no reference network is called"):
        load_network(name)
