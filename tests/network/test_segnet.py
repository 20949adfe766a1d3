"""Encoders whose poolings are labelled, and decoders that unpool by them, as in SegNet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import convcalc
from convcalc.analysis.diff import difference
from convcalc.analysis.memory.report import analyze_memory
from convcalc.errors import SpecError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.language.parse import formatted
from convcalc.language.unparse import with_source
from convcalc.network.graph import Network
from convcalc.network.subgraph import part_until

SEGNET = """# input 3x30x45
define unit(w) { conv:$w,k3,p1 bn relu }
unit:8   p1=maxpool:2
unit:16  p2=maxpool:2
maxunpool:2,of=p2  unit:8
maxunpool:2,of=p1  unit:4
"""
"""Badrinarayanan, Kendall and Cipolla, "SegNet" (2017), small; 45 and 15 are odd."""

SHAPE = (3, 30, 45)


def test_sizes_and_costs():
    report = convcalc.parse(SEGNET).analyze(SHAPE)
    rows = {row.spec: row for row in report.layers}
    assert (16, 7, 11) == rows["maxpool:2"].output_shape  # 15 and 22 elements, one left over
    assert (16, 15, 22) == rows["maxunpool:2,of=@p2"].output_shape
    assert (8, 30, 45) == rows["maxunpool:2,of=@p1"].output_shape
    assert ((16, 7, 11), (16, 15, 22)) == rows["maxunpool:2,of=@p2"].input_shapes
    assert (0, 0, 0) == (
        rows["maxunpool:2,of=@p1"].params,
        *rows["maxunpool:2,of=@p1"].elements[:2],
    )
    # 3*8*9 + 8, 8*16*9 + 16, 16*8*9 + 8, 8*4*9 + 4, and 2 per channel of a norm
    assert 224 + 1168 + 1160 + 292 + 2 * (8 + 16 + 8 + 4) == report.totals.params
    # 1350 positions of 3*8*9 and 8*4*9 products, 330 of 8*16*9 twice
    assert 1350 * (216 + 288) + 330 * 2 * 1152 == report.totals.macs
    assert (4, 30, 45) == report.output_shape


def test_what_an_unpooling_reads():
    network = convcalc.parse(SEGNET)
    at = [node.label for node in network.nodes].index
    unpool = network.nodes[at("4")]
    # The pooled values, and what the pooling read: the relu before it.
    assert (at("p2"), at("2.2")) == unpool.inputs
    assert network.nodes[at("p2")].inputs == unpool.inputs[1:]


def test_the_field_is_that_of_all_that_decides():
    report = convcalc.parse("p=maxpool:2 @p pw:1 maxunpool:2,of=p").analyze((1, 8))
    (field,) = report.layers[-1].receptive_field
    assert (2, 1, -1, 2) == (field.size, field.effective_stride, field.start, field.touched)
    # A window of 3, and what a convolution of 3 windows put into it
    wide = convcalc.parse("p=maxpool:2 conv:1,k3,p1 maxunpool:2,of=p").analyze((1, 8))
    assert [(6, 1, -3)] == [
        (field.size, field.effective_stride, field.start)
        for field in wide.layers[-1].receptive_field
    ]


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_it_computes_what_torch_does_with_indices(backend):
    torch = pytest.importorskip("torch")
    nn, network = torch.nn, convcalc.parse("conv:4,k3,p1 p=maxpool:2 conv:4,k3,p1 maxunpool:2,of=p")
    torch.manual_seed(0)
    first, pool = nn.Conv2d(3, 4, 3, padding=1).double(), nn.MaxPool2d(2, return_indices=True)
    second, unpool = nn.Conv2d(4, 4, 3, padding=1).double(), nn.MaxUnpool2d(2)
    x = torch.randn(2, 3, 9, 8, dtype=torch.float64)
    with torch.no_grad():
        wide = first(x)
        pooled, positions = pool(wide)
        expected = unpool(second(pooled), positions, wide.shape).numpy()
    weights = {
        f"{label}.{name}": tensor.detach().numpy()
        for label, module in (("0", first), ("2", second))
        for name, tensor in module.named_parameters()
    }
    result = run_network(network, x.numpy(), weights, Settings(backend)).array
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)
    model = network.to_torch((3, 9, 8), weights=weights).double()
    with torch.no_grad():
        np.testing.assert_allclose(model(x).numpy(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("of", "text"),
    [
        ("maxpool:3,s2,p1,ceil", "p=maxpool:3,s2,p1,ceil maxunpool:3,s2,p1,of=p"),
        # As a jump, a label is seen further in, and means what a block or repeat ends with
        ("maxpool:2", "p=2x{relu maxpool:2} maxunpool:2,of=@p"),
        ("maxpool:2", "p=maxpool:2 residual{relu | maxunpool:2,of=p maxpool:2}"),
        ("maxpool:2", "define up(from) {relu maxunpool:2,of=$from} p=maxpool:2 up:p"),
        ("maxpool:2", "define up(from) {relu maxunpool:2,of=$from} p=maxpool:2 up:@p"),
        # of an earlier branch as well
        ("maxpool:2", "concat{p=maxpool:2 upsample:2 | maxpool:2 maxunpool:2,of=p}"),
    ],
)
def test_the_pooling_is_found_as_a_jump_finds_its_label(of, text):
    network = convcalc.parse(text)
    (found,) = (node for node in network.nodes if node.layer.kind == "maxunpool")
    assert of == found.layer.of.layer.spec()
    printed = network.spec()
    assert network == convcalc.parse(printed)
    assert printed == formatted(printed).strip()


@pytest.mark.parametrize(
    ("message", "column", "text"),
    [
        ("no label 'p' is set before this place; none is set yet", 13,
         "maxunpool:2,of=p p=maxpool:2"),
        ("no label 'p' is set before this place", 38, "residual{p=maxpool:2,s1} maxunpool:2,of=p"),
        ("of: expected the label of a maxpool, but '@p' is avgpool", 25,
         "p=avgpool:2 maxunpool:2,of=p"),
        ("of: expected the label of a maxpool, but '@p' is the network's input", 24,
         "p=0x{relu} maxunpool:2,of=p"),
        ("of: the parameters of '@p' have to be numbers", 26, "p=maxpool:in maxunpool:2,of=p"),
        ("of: is known in the text of a network only, as of=@pool1", 13, "maxunpool:2,of=3"),
        ("'@p' has 3x4 positions, 3x2 arrives; each element needs one", 23,
         "p=maxpool:2 maxpool:2 maxunpool:2,of=p"),
        ("unpools an axis to 12 elements, '@p' pooled one of 9; give the kernel_size", 13,
         "p=maxpool:2 maxunpool:3,of=p"),
    ],
)  # fmt: skip
def test_what_is_no_pooling_is_pointed_at(message, column, text):
    with pytest.raises(SpecError) as caught:
        convcalc.parse(text).analyze((3, 9))
    (problem,) = caught.value.problems
    assert message in problem.message
    assert column == problem.start + 1


def test_parts_and_printed_forms_keep_the_pooling():
    network = convcalc.parse(SEGNET)
    part = part_until(network, SHAPE, "4")
    assert ["0.0", "0.1", "0.2", "p1", "2.0", "2.1", "2.2", "p2", "4"] == [
        node.label for node in part.nodes
    ]
    report = part.analyze(SHAPE)
    assert (16, 15, 22) == report.output_shape
    # Without the pooling itself, when something else gives the values
    other = convcalc.parse("a=relu p=maxpool:2 @a avgpool:2 maxunpool:2,of=p")
    assert ["p"] == [row.label for row in other.analyze((1, 4)).unused]
    assert ["a", "2", "3"] == [node.label for node in part_until(other, (1, 4), "3").nodes]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("p=maxpool:2 maxunpool:2,of=p", "p=maxpool:2 maxunpool:2,of=@p"),
        ("1x{p=maxpool:2 maxunpool:2,of=p}", "0.0.p=maxpool:2 0.0.1=maxunpool:2,of=@0.0.p"),
        ("residual{p=maxpool:2 maxunpool:2,of=p}", "residual{p=maxpool:2 maxunpool:2,of=@p | }"),
        (
            "a=pw:2 relu @a p=maxpool:2 pw:2 maxunpool:2,of=p",
            "a=pw:2 relu @a p=maxpool:2 pw:2 maxunpool:2,of=@p",
        ),
    ],
)
def test_a_network_is_written_again_from_its_nodes(text, shown):
    steps = convcalc.parse(text).walk((2, 8))
    nodes = Network(tuple(replace(step.node, layer=step.layer, origin=None) for step in steps))
    again = with_source(nodes)
    assert shown == again.spec()
    assert nodes == again == convcalc.parse(shown)


def test_what_was_pooled_lives_until_it_is_unpooled():
    memory = analyze_memory(convcalc.parse("relu p=maxpool:2 tanh maxunpool:2,of=p"), (1, 8))
    # The result of relu, 8 elements, beside 4 and 4, then 4 and 8; the caller's 8 at the first
    assert [64, 48, 64, 80] == [layer.live for layer in memory.layers]


def test_unpoolings_by_equal_poolings_are_alike_whatever_their_labels():
    one, other = (
        convcalc.parse(f"{name}=maxpool:2 relu maxunpool:2,of={name}").analyze((1, 8))
        for name in ("p", "q")
    )
    assert ["equal", "equal", "equal"] == [pair.status for pair in difference(one, other).pairs]


def test_norms_before_a_pooling_are_folded():
    text = "conv:2,k3,p1 bn p=maxpool:2 conv:2,k1 bn maxunpool:2,of=p"
    network, x = convcalc.parse(text), np.random.default_rng(0).standard_normal((1, 2, 6, 6))
    weights = {
        name: np.random.default_rng(1).uniform(0.5, 1, shape)
        for name, shape in network.tensor_shapes((2, 6, 6)).items()
    }
    plain = run_network(network, x, weights, Settings("numpy"))
    folded = run_network(network, x, weights, Settings("numpy", fold_norms=True))
    np.testing.assert_allclose(folded.array, plain.array, rtol=1e-12)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_torch_s_printed_module_is_read(axes):
    twos, zeros = (2,) * axes, (0,) * axes
    text = f"(0): MaxUnpool{axes}d(kernel_size={twos}, stride={twos}, padding={zeros})"
    network = convcalc.parse(f"Sequential({text})")
    assert (3, *(8,) * axes) == network.analyze((3, *(4,) * axes)).output_shape
    (node,) = convcalc.parse(f"nn.MaxUnpool{axes}d(3, stride=2, padding=1)").nodes
    assert "maxunpool:3,s2,p1" == node.layer.spec()
