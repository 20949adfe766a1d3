"""The memory of whole networks in bytes: weights, peaks, training; by hand and published."""

import re

import pytest

import convcalc
from convcalc.analysis import MemoryReport, analyze_memory
from convcalc.analysis.dtypes import BITS
from convcalc.analysis.memory.report import STATE
from convcalc.errors import ParameterError, ShapeError
from convcalc.network.graph import INPUT, Network

IMAGE = (3, 224, 224)


def memory(spec, shape, batch=1, **options):
    return analyze_memory(convcalc.parse(spec), shape, batch, **options)


@pytest.fixture(scope="module")
def resnet50():
    network = convcalc.load_network("resnet50")
    return {
        in_place: analyze_memory(network, IMAGE, in_place=in_place) for in_place in (False, True)
    }


# -- one block by hand: 2 x 4 x 4 = 32 numbers -----------------------------------------------------

BLOCK = "conv:2,k3,p1 bn relu"


def test_each_layer_of_a_block_by_hand():
    found = memory(BLOCK, (2, 4, 4))
    assert isinstance(found, MemoryReport)
    # 2*2*9 + 2 weights; a scale and a shift, a mean and a variance of two channels
    assert [4 * 38, 16, 0] == [row.weights for row in found.layers]
    assert [0, 16, 0] == [row.buffers for row in found.layers]
    assert [128, 128, 128] == [row.activations for row in found.layers]
    assert [128, 128, 128] == [row.stored for row in found.layers]
    assert [256, 256, 256] == [row.live for row in found.layers]
    assert [128, 128 + 16, 128] == [row.saved for row in found.layers]
    assert (4 * 18 * 16, None, None) == tuple(
        row.workspace and row.workspace.im2col for row in found.layers
    )
    sums = (found.weights, found.buffers, found.activations, found.input, found.peak.bytes)
    assert (168, 16, 384, 128, 256) == sums


def test_in_place_nothing_new_is_stored_but_what_leaves_is_the_same():
    found = memory(BLOCK, (2, 4, 4), in_place=True)
    assert [128, 0, 0] == [row.stored for row in found.layers]
    assert [256, 128, 128] == [row.live for row in found.layers]
    assert [128, 128, 128] == [row.activations for row in found.layers]


def test_a_learned_slope_is_written_in_place_too():
    # 2 x 4 x 4 numbers of 4 bytes: the layer's input and result, which is written over it.
    apart, in_place = (memory("pw:2 prelu:2", (2, 4, 4), in_place=it) for it in (False, True))
    assert [256, 256] == [row.live for row in apart.layers]
    assert [256, 128] == [row.live for row in in_place.layers]


def test_what_training_keeps_does_not_depend_on_in_place():
    apart, in_place = (memory(BLOCK, (2, 4, 4), in_place=which) for which in (False, True))
    assert apart.training == in_place.training


def test_a_view_stores_nothing_and_its_result_counts():
    found = memory("conv:2,k1 flatten linear:3", (2, 4, 4))
    assert [128, 0, 12] == [row.stored for row in found.layers]
    assert [128, 128, 12] == [row.activations for row in found.layers]


@pytest.mark.parametrize(
    ("optimizer", "state"), [("sgd", 0), ("momentum", 168), ("adam", 336), ("adamw", 336)]
)
def test_training_is_weights_gradients_state_and_what_is_saved(optimizer, state):
    training = memory(BLOCK, (2, 4, 4), optimizer=optimizer).training
    assert (optimizer, 168, 16, 168, state, 400) == (
        training.optimizer,
        training.weights,
        training.buffers,
        training.gradients,
        training.state,
        training.saved,  # 128 + 144 + 128
    )
    assert 168 + 16 + 168 + state + 400 == training.total


def test_the_batch_multiplies_activations_and_not_weights():
    one, five = (memory(BLOCK, (2, 4, 4), batch) for batch in (1, 5))
    assert (168, 16) == (five.weights, five.buffers) == (one.weights, one.buffers)
    assert (5 * 384, 5 * 128, 5 * 256) == (five.activations, five.input, five.peak.bytes)
    assert 5 * 384 + 16 == five.training.saved
    assert [row.workspace for row in one.layers] == [row.workspace for row in five.layers]


@pytest.mark.parametrize(
    ("dtype", "weights", "peak", "saved"),
    [
        ("float32", 168, 256, 400),
        ("float16", 84, 128, 200),
        ("bfloat16", 84, 128, 200),
        ("int8", 42, 64, None),
        ("int4", 21, 32, None),
    ],
)
def test_every_dtype_by_hand(dtype, weights, peak, saved):
    found = memory(BLOCK, (2, 4, 4), dtype=dtype)
    assert (weights, peak) == (found.weights, found.peak.bytes)
    assert saved == (found.training and found.training.saved)
    assert (saved is None) == (found.layers[0].saved is None)


def test_columns_and_traffic_have_the_dtype_too():
    row = memory(BLOCK, (2, 4, 4), dtype="int8").layers[0]
    assert (18 * 16, 32 + 38 + 32) == (row.workspace.im2col, row.traffic.ideal.total)


def test_each_array_of_int4_takes_whole_bytes():
    # 3 weights and 1 of a bias: 2 bytes and 1; 3 numbers leave each layer
    found = memory("conv:1,k3 relu", (1, 5), dtype="int4")
    assert (3, 3, 2 + 2) == (found.weights, found.input, found.activations)
    assert 5 == found.peak.bytes


def test_the_traffic_is_that_of_the_report():
    # 32 numbers in and out and 38 weights; 1152 products twice
    row = memory(BLOCK, (2, 4, 4)).layers[0]
    assert (4 * (32 + 38 + 32), 2 * 2 * 18 * 16) == (
        row.traffic.ideal.total,
        row.traffic.operations,
    )


# -- ResNet-50 by hand -----------------------------------------------------------------------------


def test_the_weights_of_resnet50_are_its_published_parameters(resnet50):
    # 25,557,032 (torchvision); a mean and a variance for each of the 26,560 channels of bn
    assert (4 * 25_557_032, 4 * 2 * 26_560) == (resnet50[False].weights, resnet50[False].buffers)


def test_the_peak_of_resnet50_in_place(resnet50):
    # layer1's first block: 64x56x56 = 200,704 numbers wait for the shortcut, which makes 256x56x56
    # = 802,816 beside the 802,816 of the other branch: 1,806,336. The second block comes to the
    # same with its 802,816 + 200,704 + 802,816; the first of the two is named.
    peak = resnet50[True].peak
    assert 4 * 1_806_336 == 7_225_344 == peak.bytes
    assert ("layer1.0.1.0", "conv:256,k1,nobias") == (peak.layer.label, peak.layer.spec)
    tensors = [(one.label, one.shape, one.bytes) for one in peak.tensors]
    assert tensors == [
        ("3", (64, 56, 56), 802_816),  # maxpool
        ("layer1.0.0.0.7", (256, 56, 56), 3_211_264),  # bn, over the convolution's result
        ("layer1.0.1.0", (256, 56, 56), 3_211_264),
    ]
    second = resnet50[True].layers[22]
    assert ("layer1.2.0.0.0.0.6", 7_225_344) == (second.layer.label, second.live)


def test_the_peak_of_resnet50_without(resnet50):
    # bn of the first shortcut: the other branch waits, and it reads and writes 802,816 numbers.
    peak = resnet50[False].peak
    assert 4 * 3 * 802_816 == 9_633_792 == peak.bytes
    assert ("layer1.0.1.1", "bn") == (peak.layer.label, peak.layer.spec)
    labels = [one.label for one in peak.tensors]
    assert ["layer1.0.0.0.7", "layer1.0.1.0", "layer1.0.1.1"] == labels


def test_the_peak_may_hold_the_callers_input():
    peak = memory("conv:1,k1", (3, 4, 4)).peak
    assert [(INPUT, "input", (3, 4, 4), 192), (0, "0", (1, 4, 4), 64)] == [
        (one.index, one.label, one.shape, one.bytes) for one in peak.tensors
    ]


def test_the_peak_is_the_first_of_the_largest():
    # 4 + 4 numbers, then 4 + 12, 12 + 4, and 4 + 12 again
    found = memory("pw:1 pw:3 pw:1 pw:3", (1, 4))
    assert [4 * live for live in (8, 16, 16, 16)] == [row.live for row in found.layers]
    assert 1 == found.peak.layer.index


@pytest.mark.parametrize("name", ["googlenet", "unet", "shufflenet_v2_x1_0", "densenet121"])
@pytest.mark.parametrize("in_place", [False, True])
def test_the_tensors_of_a_peak_add_up_to_it(name, in_place):
    network = convcalc.load_network(name)
    found = analyze_memory(
        network, (1, 64, 64) if name == "unet" else (3, 64, 64), in_place=in_place
    )
    assert found.peak.bytes == sum(one.bytes for one in found.peak.tensors)
    assert found.peak.bytes == max(row.live for row in found.layers)
    assert found.peak.bytes >= max(row.activations for row in found.layers)


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "shufflenet_v2_x1_0", "squeezenet1_1"])
def test_pytorch_stores_what_is_alive_at_each_layer(name):
    # Which results share memory, and how much that is, as PyTorch has it.
    pytest.importorskip("torch")
    from torch_layers import forward

    # Dropout, which is no view in training, becomes the identity.
    text = convcalc.load_network(name).spec()
    network = convcalc.parse(re.sub(r"dropout(:[\d.]+)?", "identity", text))
    results, _ = forward(network, (3, 64, 64), batch=2)
    needed = {node: [max(0, node)] for node in results}
    for index, node in enumerate(network.nodes):
        for source in node.inputs:
            needed[source].append(index)
    alive = []
    for index in range(len(network.nodes)):
        held = [
            results[node].untyped_storage()
            for node, times in needed.items()
            if min(times) <= index <= max(times)
        ]
        alive.append(sum({one.data_ptr(): one.nbytes() for one in held}.values()))
    found = analyze_memory(network, (3, 64, 64), 2)
    assert alive == [row.live for row in found.layers]


# -- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"dtype": "float23"}, "dtype: expected one of float32, float16"),
        ({"dtype": "float23"}, "did you mean 'float32'?"),
        ({"optimizer": "adams"}, "optimizer: expected one of adam, adamw"),
        ({"batch": 0}, "batch: "),
    ],
)
def test_an_impossible_option_is_refused(options, said):
    with pytest.raises(ParameterError, match=re.escape(said)):
        memory(BLOCK, (2, 4, 4), **options)


def test_a_network_without_layers_is_refused():
    with pytest.raises(ParameterError, match="has no layers"):
        analyze_memory(Network(()), (3, 4, 4))


def test_layers_that_do_not_fit_are_refused_as_everywhere():
    with pytest.raises((ShapeError, convcalc.SpecError), match="the kernel spans 9 elements"):
        memory("conv:2,k9", (2, 4, 4))


def test_the_names_of_optimizers_and_dtypes_are_in_the_conventions():
    from test_docs import ROOT

    text = (ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
    assert [] == [name for name in (*STATE, *BITS) if f"`{name}`" not in text]
