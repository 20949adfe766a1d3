"""Several networks side by side, in Python."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.analysis import RooflineMachine
from convcalc.errors import ParameterError, UsageError
from convcalc.several.meant import name_of, network_of

RESNET18 = {
    "params": 11_689_512,
    "macs": 1_814_073_344,
    "activations": 8_230_888,
    "memory": 2 * 64 * 112 * 112 * 4,  # the first bn: its input and its result, in float32
    "field": (627, 627),
}


def test_a_row_has_the_figures_of_each_report():
    (found,) = convcalc.compare("resnet18", device="t4").networks
    assert RESNET18.items() <= found._asdict().items()
    network = convcalc.load_network("resnet18")
    assert network.roofline("t4").seconds == found.time
    assert network.memory().peak.bytes == found.memory


def test_each_network_is_taken_on_its_own_input_unless_one_is_given():
    names = ("resnet18", "unet", "inception_v3")
    own = [one.input for one in convcalc.compare(*names).networks]
    assert [(3, 224, 224), (1, 512, 512), (3, 299, 299)] == own
    given = convcalc.compare("resnet18", "vgg11", input_shape=(3, 96, 96)).networks
    assert {(3, 96, 96)} == {one.input for one in given if one.failure is None}


def test_networks_are_named_by_their_name_their_text_or_a_mapping():
    network = convcalc.parse("conv:8,k3 relu")
    found = convcalc.compare("alexnet", "pw:8", network, {"mine": network})
    assert ["alexnet", "pw:8", "conv:8,k3 relu", "mine"] == [one.name for one in found.networks]


def test_rows_are_sorted_and_what_is_not_known_comes_last():
    names = ("vgg11", "resnet18", "conx", "squeezenet1_1")
    found = convcalc.compare(*names, sort="params").networks
    assert ["squeezenet1_1", "resnet18", "vgg11", "conx"] == [one.name for one in found]
    found = convcalc.compare(*names, sort="-params").networks
    assert ["vgg11", "resnet18", "squeezenet1_1", "conx"] == [one.name for one in found]


def test_the_front_is_of_networks_that_no_other_is_better_than():
    texts = ("conv:8,k3,p1", "conv:8,k5,p2", "conv:16,k3,p1", "conv:8,k3,p1 relu")
    found = convcalc.compare(*texts, input_shape=(3, 9, 9), pareto="macs,field")
    # 3x3 is the cheapest, 5x5 sees more; twice the channels see no more; relu costs no MACs.
    assert (True, True, False, True) == found.on_front
    assert [True, True, False, True] == [row["front"] for row in found.rows()]
    assert "front" not in convcalc.compare("relu").rows()[0]


def test_a_network_that_fails_keeps_its_row_with_the_reason():
    found = convcalc.compare("conv:8,k3 conv:8,k900", "conx:8", "relu")
    small, _, fine = found.networks
    assert (small.params, small.macs, fine.failure) == (None, None, None)
    assert "the kernel spans 900 elements" in str(small.failure)
    assert found.rows()[1]["failure"].startswith("unknown kind 'conx'; did you mean 'conv'?")


def test_what_is_not_known_of_every_layer_is_not_told():
    (found,) = convcalc.compare("conv:8,k3,p1 opaque:name=Swish", input_shape=(3, 9, 9)).networks
    assert (found.macs, found.params) == (None, 224)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"sort": "mac"}, "sort: no figure is called 'mac'; did you mean 'macs'?"),
        ({"pareto": "macs"}, "pareto: expected two figures, as macs,field; got 'macs'"),
        ({"sort": "time"}, "device: time needs a machine: name one, as t4"),
        ({"device": "a100-40"}, "device: no device is called 'a100-40'; did you mean 'a100-40gb'?"),
        ({"batch": 0}, "batch: must be at least 1, got 0"),
        ({"dtype": "float"}, "dtype: expected one of float32, float16, bfloat16, int8, int4; got "),
    ],
)
def test_a_wrong_option_is_told_whatever_the_networks(arguments, said):
    with pytest.raises((ParameterError, UsageError)) as caught:
        convcalc.compare("resnet18", **arguments)
    assert str(caught.value).startswith(said)


def test_a_machine_may_be_given_as_one():
    machine = RooflineMachine(peak=1, bandwidth=1)
    (found,) = convcalc.compare("relu", input_shape=(1, 2, 2), device=machine).networks
    assert 32 == found.time  # 4 elements of 4 bytes, read and written, at a byte a second


def test_diff_takes_networks_names_and_texts():
    found = convcalc.diff("resnet18", convcalc.load_network("resnet34"))
    quantities = {one.name: (one.a, one.b) for one in found.quantities}
    assert (11_689_512, 21_797_672) == quantities["params"]
    assert (6_422_528, 6_422_528) == quantities["peak_memory"]
    assert (627, 1091) == quantities["field"]
    assert "resnet18" == found.names[0]
    assert 56 == found.count("only_b")


def test_what_is_no_network_is_told():
    with pytest.raises(ParameterError, match=r"^network: expected a Network, a name or layers"):
        network_of(3)
    assert "resnet18" == name_of("resnet18")


def test_a_comparison_of_nothing_is_refused():
    with pytest.raises(ParameterError, match=r"^networks: expected one or more, got none$"):
        convcalc.compare()
