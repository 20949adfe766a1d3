"""Which tensor is stored where, and for how long."""

import weakref
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

import convcalc
from convcalc.analysis.memory.lifetimes import placed
from convcalc.layers import KINDS
from convcalc.network.graph import INPUT, Network, Node

SHAPE = (4, 2)


def placement(network, shape=SHAPE, batch=1, **options):
    return placed(list(network.walk(shape)), shape, batch, **options)


def live(spec, shape=SHAPE, batch=1, in_place=False):
    """Numbers alive at each layer of a spec."""
    found = placement(convcalc.parse(spec), shape, batch, in_place=in_place)
    return found.live([storage.elements for storage in found.storages])


# -- by hand, on an input of 4 x 2 = 8 numbers; pw:4 makes 8, pw:2 makes 4 -------------------------


@pytest.mark.parametrize(
    ("spec", "apart", "in_place"),
    [
        # The input and the result; a layer that comes later finds the input gone.
        ("pw:2 pw:4", [12, 12], [12, 12]),
        # relu writes over the convolution's result, and never over the caller's input.
        ("pw:4 relu relu", [16, 16, 16], [16, 8, 8]),
        ("relu relu", [16, 16], [16, 8]),
        # A learned slope is one more number for each channel, and no reason to write elsewhere.
        ("pw:4 prelu prelu:4", [16, 16, 16], [16, 8, 8]),
        # The sums that a softmax divides by need every number of a place once more.
        ("pw:4 softmax", [16, 16], [16, 16]),
        # A view stores nothing, and its storage lives as long as it does.
        ("pw:4 flatten linear:1", [16, 8, 9], [16, 8, 9]),
        ("pw:4 flatten relu", [16, 8, 16], [16, 8, 8]),
        ("pw:4 dropout identity relu", [16, 8, 8, 16], [16, 8, 8, 8]),
        ("identity relu", [8, 16], [8, 16]),
        # A sum is written over its first branch; the input lives until the sum has read it.
        ("residual{pw:4 | }", [16, 24], [16, 16]),
        ("pw:4 residual{pw:4 | }", [16, 16, 24], [16, 16, 16]),
        # ... over the second, where the first is still needed: @a is read again by the end.
        ("a=pw:4 residual{@a | pw:4} concat{@a | }", [16, 16, 24, 32], [16, 16, 16, 32]),
        # A branch that is listed twice is not written over.
        ("pw:4 residual{ | }", [16, 16], [16, 16]),
        ("pw:4 residual{flatten | identity flatten}", [16, 8, 8, 8, 16], [16, 8, 8, 8, 16]),
        # A view of the storage is read later, after the layer that could have written over it.
        ("a=pw:4 v=identity @a relu concat{ | @v}", [16, 8, 16, 32], [16, 8, 16, 32]),
        ("a=pw:4 relu v=slice:0:2 @a pw:2", [16, 16, 16, 12], [16, 16, 16, 12]),
        # Some channels of a larger storage hold all of it, and are not written over.
        ("pw:4 slice:0:2 relu", [16, 8, 12], [16, 8, 12]),
        ("pw:4 slice:0:4 relu", [16, 8, 16], [16, 8, 8]),
        ("pw:4 slice:0:1 pw:1", [16, 8, 10], [16, 8, 10]),
        # Branches are put side by side in new memory.
        ("concat{pw:4 | pw:2}", [16, 20, 24], [16, 20, 24]),
        # A gate is read, the input written over if nothing needs it any more.
        ("pw:4 scale{gap}", [16, 12, 20], [16, 12, 12]),
        ("pw:4 scale{relu}", [16, 16, 24], [16, 16, 16]),
        # A result that nobody reads is there for its own layer.
        ("a=pw:4 relu @a pw:2", [16, 16, 12], [16, 16, 12]),
    ],
)
def test_what_is_alive_by_hand(spec, apart, in_place):
    assert apart == live(spec)
    assert in_place == live(spec, in_place=True)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        # Of 4 x 3 numbers 4 x 2 stay, two of three in turn: no axis of 8 without a copy ...
        ("pw:4 crop:2 flatten", [24, 12, 12 + 8]),
        ("pw:4 crop:2 reshape:2x4", [24, 12, 12 + 8]),
        # ... but 2 x 2 channels; and every third one is an axis of 4.
        ("pw:4 crop:2 unflatten:2x2", [24, 12, 12]),
        ("pw:4 crop:1 flatten", [24, 12, 12]),
    ],
)
def test_axes_are_made_one_by_a_copy_where_they_lie_apart(spec, expected):
    assert expected == live(spec, (4, 3))


def test_the_batch_multiplies_every_storage():
    assert [3 * 16, 3 * 16] == live("pw:4 relu", batch=3)


def test_a_view_may_be_refused():
    # In training a dropout makes a tensor of its own.
    network = convcalc.parse("pw:4 dropout")
    found = placement(network, views=lambda layer: layer.view and layer.kind != "dropout")
    assert (0, 1, 2) == (found.home(INPUT), found.home(0), found.home(1))
    assert (0, 1, 1) == tuple(map(placement(network).home, (INPUT, 0, 1)))


PLAIN = {
    "conv": "conv:4,k3,p1",
    "convt": "convt:4,k3,p1",
    "dw": "dw:k3,p1",
    "pw": "pw:4",
    "sep": "sep:4,k3,p1",
    "linear": "linear:4",
    "gn": "gn:2",
    "lppool": "lppool:3,s1,p1",
    "lrn": "lrn:3",
    "maxpool": "maxpool:3,s1,p1",
    "maxunpool": "p=maxpool:2 maxunpool:2,of=p",
    "avgpool": "avgpool:3,s1,p1",
    "adaptiveavgpool": "adaptiveavgpool:3",
    "adaptivemaxpool": "adaptivemaxpool:3",
    "crop": "crop:2",
    "pad": "pad:1",
    "upsample": "upsample:2",
    "pixelshuffle": "pixelshuffle:2",
    "pixelunshuffle": "pixelunshuffle:2",
    "shuffle": "shuffle:2",
    "reshape": "reshape:8x2x4",
    "unflatten": "unflatten:2x2",
    "slice": "slice:0:2",
    "threshold": "threshold:0,value1",
    "permute": "permute:0x2x1",
    "reduce": "reduce:sum,axes1",
    "parameter": "parameter:4x4x4",
    "matmul": "matmul{tanh | relu}",
    "attention": "attention{tanh | relu | }",
    "elementwise": "elementwise:name=sub{tanh | relu}",
    "bilinear": "bilinear:4{tanh | relu}",
    "residual": "residual{tanh | relu}",
    "concat": "concat{tanh | relu}",
    "scale": "scale{tanh}",
}


def is_element_by_element(kind):
    """Whether PyTorch's result changes only where its first input was changed, and at all places.

    Then a number may be written over as soon as it was read: nothing asks for it again.
    """
    torch = pytest.importorskip("torch")
    from torch_layers import operation

    network = convcalc.parse(PLAIN.get(kind, kind))
    *_, step = network.walk((4, 4, 4))
    compute, modules = operation(step.layer, *step.arriving)
    for module in modules:
        module.eval()
    torch.manual_seed(0)
    arrays = [torch.rand(1, *shape) for shape in step.arriving]
    first = compute(*arrays)
    if first.shape != arrays[0].shape:
        return False
    changed = torch.zeros(4 * 4 * 4, 4 * 4 * 4, dtype=torch.bool)
    for place in range(4 * 4 * 4):
        other = arrays[0].clone()
        other.view(-1)[place] += 3
        changed[place] = (compute(other, *arrays[1:]) != first).reshape(-1)
    return torch.equal(changed, torch.eye(4 * 4 * 4, dtype=torch.bool))


SEQUENCES = {
    *("lstm", "gru", "rnn", "embedding", "multiheadattention", "opaque", "view", "input"),
    "unreached",
}
"""Kinds that take no image, and mix or look up its elements, or of which no element is known."""


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"dropout", "identity"} - SEQUENCES))
def test_what_is_written_in_place_works_element_by_element(kind):
    assert is_element_by_element(kind) == KINDS[kind].in_place


def test_resnet50_by_hand():
    # layer1's second block: its input 256x56x56 = 802,816 stays for the sum; the last convolution
    # reads 64x56x56 = 200,704 and writes 802,816. In layer1's first block the shortcut reads the
    # input of 200,704 beside two results of 802,816. Both come to 1,806,336.
    network = convcalc.load_network("resnet50")
    image = (3, 224, 224)
    in_place = placement(network, image, in_place=True)
    apart = placement(network, image)
    peaks = [found.live([s.elements for s in found.storages]) for found in (in_place, apart)]
    assert 200_704 + 2 * 802_816 == 1_806_336 == max(peaks[0])
    # Without: normalising the shortcut reads and writes 802,816 beside the other branch.
    assert 3 * 802_816 == 2_408_448 == max(peaks[1])


# -- an executor that counts references, on any network -------------------------------------------


class Block:
    """Memory; nothing else keeps it than the tensors in it."""

    def __init__(self, elements):
        self.elements = elements


class Tensor:
    def __init__(self, block, elements):
        self.block, self.elements = block, elements


def executed(network, shape, in_place):
    """Numbers in memory at each layer, of an executor that lets go of what was read."""
    steps = list(network.walk(shape))
    readings = [source for step in steps for source in step.node.inputs]
    pending = {node: readings.count(node) for node in range(INPUT, len(steps))}
    pending[len(steps) - 1] += 1  # the caller waits for the result
    allocated = weakref.WeakSet()
    kept = {INPUT: Tensor(Block(prod(shape)), prod(shape))}
    allocated.add(kept[INPUT].block)
    callers = weakref.ref(kept[INPUT].block)
    counts = []
    for index, step in enumerate(steps):
        arguments = [kept[source] for source in step.node.inputs]
        for source in step.node.inputs:
            pending[source] -= 1
            if not pending[source]:
                del kept[source]
        result = computed(step, arguments, kept, in_place, callers())
        allocated.add(result.block)
        counts.append(sum(block.elements for block in allocated))
        del arguments
        if pending[index]:
            kept[index] = result
        del result
    return counts


def computed(step, arguments, kept, in_place, callers):
    """The result, in a block of its own unless it can do without."""
    elements = prod(step.leaving)
    if step.layer.view:
        return Tensor(arguments[0].block, elements)
    if in_place and step.layer.in_place:
        blocks = [argument.block for argument in arguments]
        needed = [tensor.block for tensor in kept.values()]
        for argument in arguments if step.layer.kind == "residual" else arguments[:1]:
            block = argument.block
            lonely = blocks.count(block) == 1 and block not in needed and block is not callers
            if lonely and argument.elements == block.elements == elements:
                return Tensor(block, elements)
    return Tensor(Block(elements), elements)


@st.composite
def networks(draw):
    """Up to 12 layers, each on any earlier results; shapes are (channels, 2) or flat."""
    shapes = {INPUT: SHAPE}
    nodes = []
    for index in range(draw(st.integers(1, 12))):
        source = draw(st.sampled_from(sorted(shapes)))
        shape = shapes[source]
        alike = [node for node in shapes if shapes[node] == shape]
        beside = [node for node in shapes if shapes[node][1:] == shape[1:]]
        kinds = ["relu", "identity", "slice", "residual", "scale", "concat", "flatten", "bn"]
        kind = draw(st.sampled_from([*kinds, *(["pw"] * 2 if len(shape) == 2 else [])]))
        inputs = [source]
        match kind:
            case "pw":
                layer = KINDS[kind](draw(st.integers(1, 4)), bias=False)
            case "slice":
                begin = draw(st.integers(0, shape[0] - 1))
                layer = KINDS[kind](((begin, draw(st.integers(begin + 1, shape[0]))),))
            case "residual" | "concat":
                pool = alike if kind == "residual" else beside
                inputs += draw(st.lists(st.sampled_from(pool), max_size=2))
                layer = KINDS[kind]()
            case "scale":
                inputs.append(draw(st.sampled_from(alike)))
                layer = KINDS[kind]()
            case _:
                layer = KINDS[kind]()
        shapes[index] = layer.out_shape(*(shapes[node] for node in inputs))
        nodes.append(Node(layer, tuple(inputs), str(index)))
    return Network(tuple(nodes))


@given(networks(), st.booleans())
def test_an_executor_that_counts_references_agrees(network, in_place):
    found = placement(network, in_place=in_place)
    counted = found.live([storage.elements for storage in found.storages])
    assert executed(network, SHAPE, in_place) == counted


@given(networks(), st.booleans())
def test_every_storage_is_named_by_what_was_written_last(network, in_place):
    found = placement(network, in_place=in_place)
    steps = list(network.walk(SHAPE))
    for layer in range(len(steps)):
        for storage in found.storages:
            if storage.first <= layer <= storage.last:
                held = storage.held(layer)
                assert found.storages[found.home(held)] is storage
                shape = SHAPE if held == INPUT else steps[held].leaving
                assert prod(shape) == storage.elements
