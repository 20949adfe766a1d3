"""Which product of a network reads which, held against the graph of torch.export."""

from __future__ import annotations

import math

import pytest

from installed_libraries import library

models = library("torchvision.models")
timm = library("timm")

import torch  # noqa: E402

from convcalc.importers.target import target_of  # noqa: E402
from convcalc.importers.torch_model import network_of  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

PRODUCTS = {
    **{f"conv{axes}d": "conv" for axes in (1, 2, 3)},
    **{name: name for name in ("conv", "linear", "matmul", "lstm")},
    **dict.fromkeys(("attention", "scaled_dot_product_attention"), "attention"),
    **dict.fromkeys(("bmm", "einsum"), "matmul"),
}
"""Kinds of layers, and operations of torch, that are products."""

SHAPE_ALONE = ("new_zeros", "new_ones", "zeros_like", "ones_like")
"""Operations that take no element of what they are given."""

NETWORKS = (
    *("torchvision:densenet121", "torchvision:googlenet", "torchvision:shufflenet_v2_x1_0"),
    *("torchvision:deeplabv3_resnet50", "torchvision:vit_b_16", "torchvision:swin_t"),
    *("torchvision:convnext_tiny", "torchvision:r3d_18", "timm:levit_128s"),
    *("timm:coatnet_0_rw_224", "timm:hrnet_w18_small", "timm:halonet26t", "timm:nfnet_l0"),
)


def read_by_ours(network):
    """Of each product its name, the elements of its output, and the products that it reads."""
    found, sources = [], {-1: frozenset()}
    for index, row in enumerate(network.analyze(network.input_shape).layers):
        read = frozenset().union(*(sources[one] for one in row.inputs))
        elements = math.prod(row.output_shape)
        if row.kind == "multiheadattention":  # three to torch: in, attention, out
            names = ("linear", 3 * elements), ("attention", elements), ("linear", elements)
        elif row.macs:
            name = network.nodes[index].layer.name if row.kind == "opaque" else row.kind
            names = ((PRODUCTS[name], elements),)
        else:
            names = ()
        for name in names:
            found.append((*name, read))
            read = frozenset({len(found) - 1})
        sources[index] = read
    return found


def read_by_export(model, shape):
    """The same of the graph that torch.export makes."""
    given = torch.zeros(1, *shape, device="meta")
    with torch.device("meta"):
        graph = torch.export.export(model, (given,), strict=False).graph
    found, sources = [], {}
    for node in graph.nodes:
        name = str(node.target).removeprefix("aten.").partition(".")[0]
        inputs = () if name in SHAPE_ALONE else node.all_input_nodes
        read = frozenset().union(*(sources[one] for one in inputs))
        if node.op == "call_function" and name in PRODUCTS:
            found.append((PRODUCTS[name], node.meta["val"].numel(), read))
            read = frozenset({len(found) - 1})
        sources[node] = read
    return found


def made(word):
    """A model without values, as its library makes it."""
    where, name = word.split(":")
    make = timm.create_model if where == "timm" else models.get_model
    none = {"weights_backbone": None} if name in models.list_models(models.segmentation) else {}
    with torch.device("meta"):
        return make(name, **none).eval().requires_grad_(False)


@pytest.mark.parametrize("word", NETWORKS)
def test_the_same_products_read_each_other_as_in_the_graph_of_torch_export(word):
    network = network_of(target_of(word), None)
    ours = read_by_ours(network)
    assert ours == read_by_export(made(word), network.input_shape)
    assert len(ours) > 10
