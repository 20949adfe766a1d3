"""`--explain`: every number has an expression in numbers, and it comes to what the engine says."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from evaluating import evaluated, read_line

import convcalc
from contract import CONTRACT
from convcalc.analysis.memory.report import analyze_memory
from convcalc.explain.explaining import explain_costs, explain_fields, explain_shapes
from convcalc.explain.memory import explain_memory
from convcalc.explain.symbols import SYMBOLS, symbols_of
from convcalc.explain.table import EXPLAINED
from convcalc.layers import KINDS, Costs, ElementOps, Opaque
from convcalc.network.graph import Network
from convcalc.render.reference import kind_document

VARIANTS = {
    "conv:4,k3,p=same": (2, 7, 9),
    "conv:4,k2,p=same,d3": (2, 7, 9),
    "conv:4,k4,s3,p=same-upper": (2, 7, 9),
    "conv:4,k4,s3,p=same-lower,d2": (2, 17, 9),
    "conv:4,k3,p=full,d2": (2, 7),
    "conv:4,k3,s4": (2, 9, 10, 9),
    "conv:4,k1,s3": (2, 9),
    "convt:4,k3,s2,p=same-upper": (2, 5, 4),
    "convt:4,k2,s3,p=same-lower": (2, 5),
    "convt:4,k3,s2,p1,size=10x8": (2, 5, 4),
    "dw:k3,s2,p=same-upper,nobias": (3, 7, 8),
    "maxpool:3,s2,ceil": (2, 5, 7),
    "maxpool:2,s3,p1,ceil": (2, 5, 7),
    "avgpool:3,p=same-upper": (2, 5, 7),
    "adaptiveavgpool:3x1": (2, 5, 7),
    "upsample:3": (2, 5),
    "upsample:size=4x9,bilinear": (2, 5, 7),
    "pad:-1:2": (2, 5, 7),
    "crop:2": (2, 5, 7),
    "bn:noaffine": (4, 3),
    "gn:2,noaffine": (4, 3),
    "softmax": (4, 3),
    "gelu": (4, 3),
    "reshape:2x-1": (4, 3),
    "residual{conv:2,k3,p1 | conv:2,k5,p2}": (2, 9, 9),
    "concat{conv:3,k3,s2,p1 | maxpool:3,s2,p1}": (2, 9, 9),
    "convt:2,k3,s2 conv:2,k3,s2": (2, 9, 9),
    "conv:2,k3,s2 conv:2,k3,d2 convt:2,k4,s2,p1 pixelshuffle:1": (2, 19, 19),
    "se:2": (4, 3, 3),
    "softmax:dim-1": (4, 3, 5),
    "glu:dim2": (4, 6, 5),
    "ln:dim-1": (4, 6, 5),
    "concat:dim2{ | identity}": (2, 3, 4),
    "matmul{ | permute:1x0}": (3, 4),
    "attention:scale1,causal{ | | }": (2, 3, 4),
    "elementwise:name=mul{ | gap}": (2, 3, 4),
    "reduce:var,axes-1,keep": (3, 4, 5),
    "reduce:logsumexp,axes0x1x2": (3, 4, 5),
    "parameter:3x4 relu": (2, 3, 4),
}
"""Layers beside those of the contract: every word for padding, every mode of rounding."""


def case(kind):
    return CONTRACT[kind].network, CONTRACT[kind].input


CASES = [*map(case, CONTRACT), *VARIANTS.items()]


def networks(batch=1):
    for text, shape in CASES:
        network = convcalc.parse(text)
        yield network, network.analyze(shape, batch)


def checked(explanation):
    """The equations of an explanation, each expression held against its value."""
    for layer in explanation.layers:
        for one in layer.equations:
            if one.said.expression:
                assert (one, one.value) == (one, evaluated(one.said.expression))
        for line in layer.lines():
            _, value, expression, _ = read_line(line)
            assert expression is None or Fraction(value) == evaluated(expression)
    return [layer.equations for layer in explanation.layers]


def test_every_axis_is_explained_with_its_size():
    for _, report in networks():
        for row, equations in zip(report.layers, checked(explain_shapes(report)), strict=True):
            sizes = tuple(one.value for one in equations if not one.of)
            assert (row.spec, row.output_shape) == (row.spec, sizes)
            assert all(one.said.expression or one.said.remark for one in equations)


def test_elements_that_no_window_reads_are_told():
    for _, report in networks():
        for row, equations in zip(report.layers, checked(explain_shapes(report)), strict=True):
            axes = [one.said.remark for one in equations if not one.of][1:]
            found = [
                re.search(r"the last (\d*) ?\w+ of the input (?:is|are) read", text)
                for text in axes
            ]
            told = tuple(int(one[1] or 1) if one else 0 for one in found)
            assert tuple(row.unread) == told or (not any(row.unread) and not any(told))


def test_a_word_for_padding_is_told_in_elements_of_each_end():
    for _, report in networks():
        for row, equations in zip(report.layers, checked(explain_shapes(report)), strict=True):
            told = [
                tuple(map(int, re.findall(r"(\d+) (?:before|after)", one.said.remark)))
                for one in equations
                if one.of in ("padding", "cropping")
            ]
            if isinstance(getattr(row.layer, "padding", None), str):
                layer = row.layer
                if hasattr(layer, "walk"):
                    layer = next(layer.walk(row.input_shapes[0]))[1]
                windows = layer.windows(row.input_shapes[0])
                assert [(w.before, w.after) for w in windows] == told
            else:
                assert [] == told


@pytest.mark.parametrize("batch", [1, 3])
def test_every_cost_is_explained(batch):
    for _, report in networks(batch):
        for row, equations in zip(report.layers, checked(explain_costs(report)), strict=True):
            told = {one.of: one.value for one in equations}
            expected = {"params": row.params, "MACs": row.macs, "bias adds": row.bias_adds}
            expected |= row.elements._asdict()
            counted = {name: value for name, value in expected.items() if value}
            assert (row.spec, counted | {"params": row.params}) == (row.spec, told)
            assert all(one.said.expression for one in equations if one.value)


def test_every_field_is_explained():
    for _, report in networks():
        for row, equations in zip(report.layers, checked(explain_fields(report)), strict=True):
            told = [one.value for one in equations]
            known = row.receptive_field or ()
            fields = [(f.size, f.effective_stride, f.start) for f in known]
            assert (row.spec, [value for field in fields for value in field]) == (row.spec, told)
            assert all(one.said.expression or one.said.remark for one in equations)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int4"])
def test_the_bytes_of_every_layer_are_explained(dtype):
    for network, report in networks():
        for in_place in (False, True):
            found = analyze_memory(network, report.input, 2, dtype=dtype, in_place=in_place)
            every = checked(explain_memory(network, found))
            for row, equations in zip(found.layers, every, strict=True):
                told = {one.of: one.value for one in equations}
                figures = {"weights": row.weights, "activations": row.activations}
                figures |= {"live": row.live, "buffers": row.buffers, "saved": row.saved}
                if row.workspace is not None:
                    figures |= row.workspace._asdict()
                if row.traffic is not None:
                    figures["traffic"] = row.traffic.ideal.total
                    figures["no reuse"] = row.traffic.without_reuse.total
                    figures["op/byte"] = row.traffic.intensity
                assert {name: own for name, own in figures.items() if own} == {
                    name: own for name, own in told.items() if own
                }
                assert {"weights", "activations", "live"} <= told.keys()
                assert all(one.said.expression for one in equations if one.value)


@pytest.mark.parametrize("name", ["googlenet", "mobilenet_v2", "resnet18", "unet"])
def test_whole_networks_are_explained(name):
    network = convcalc.load_network(name)
    report = network.analyze(network.input_shape or (3, 224, 224), 2)
    for explain in (explain_shapes, explain_costs, explain_fields):
        assert len(report.layers) == len(checked(explain(report)))
    found = analyze_memory(network, report.input, 2)
    assert len(report.layers) == len(checked(explain_memory(network, found)))


@pytest.mark.parametrize("convention", ["thop", "torchinfo"])
def test_the_total_of_another_convention_is_its_terms(convention):
    report = convcalc.parse("conv:4,k3 bn relu").analyze((2, 7, 9), 1, convention)
    for row, equations in zip(report.layers, checked(explain_costs(report)), strict=True):
        told = [one.value for one in equations if one.of == f"{convention} total"]
        assert told == [row.total] * bool(row.terms)


def test_the_lines_of_a_convolution_have_the_numbers_put_in():
    report = convcalc.parse("conv:64,k7,s2,p3").analyze((3, 224, 224))
    (shapes,), (costs,), (fields,) = (
        explain(report).layers for explain in (explain_shapes, explain_costs, explain_fields)
    )
    assert [
        "channels: 64, as given",
        "height and width: 112 = floor((224 + 3 + 3 - 7) / 2) + 1; "
        "the last row of the padding is read by no window; "
        "the last column of the padding is read by no window",
    ] == shapes.lines()
    assert [
        "params: 9,472 = 64*3*7*7 + 64; weight, bias",
        "MACs: 118,013,952 = 112*112 * 64 * 3 * 7*7",
        "bias adds: 802,816 = 64*112*112",
    ] == costs.lines()
    assert ["size: 7 = 1 + (7 - 1) * 1", "stride: 2 = 1 * 2", "start: -3 = 0 - 3 * 1"] == (
        fields.lines()
    )


def test_same_padding_is_told_where_it_is_odd():
    report = convcalc.parse("conv:1,k2,p=same").analyze((1, 4, 4))
    (layer,) = explain_shapes(report).layers
    assert "padding: 1 = max((4 - 1)*1 + 2 - 4, 0); same: 0 before, 1 after" in layer.lines()


def test_layers_between_branches_that_drift_apart_have_an_explanation():
    report = convcalc.parse("residual{conv:2,k5,s2,p2 | conv:2,k3,s2,p1 | conv:2,k1,s2}").analyze(
        (2, 9, 9)
    )
    assert report.layers[-1].receptive_field[0].size == 5
    checked(explain_fields(report))


def test_every_letter_of_every_rule_is_explained():
    rules = {rule for one in EXPLAINED.values() for _, rule in one.rules}
    assert len(rules) >= 15
    for rule in rules:
        assert set(symbols_of(rule.formula)) <= set(SYMBOLS)
        # One letter, or two of which the second says which one is meant, is never a word.
        letters = set(re.findall(r"(?<![\w'^])[A-Zb-zp][ab]?(?![\w'])", rule.formula))
        assert letters <= set(SYMBOLS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_letters_in_the_formulas_of_a_kind_are_explained_beside_them(kind):
    remarks = kind_document(kind).remarks
    formulas = " ".join(line for line in remarks if line.startswith(("output:", "costs:")))
    letters = set(re.findall(r"(?<![A-Za-z'])(?:[B-Zb-z]|p[ab])(?![A-Za-z'])", formulas))
    legend = [line.removeprefix("where") for line in remarks if line.startswith(("where ", " "))]
    assert letters <= {line.partition(":")[0].strip() for line in legend}


class Said(Opaque):
    """An operation of which more is known than a text can say, as an imported one."""

    def costs(self, *shapes):
        return Costs(7, 3, ElementOps(add=5))


def test_all_that_an_imported_operation_costs_is_told():
    report = Network.chain([Said("resize", (2, 3))]).analyze((2, 3), 2)
    ((*equations,),) = checked(explain_costs(report))
    assert {"params": 0, "MACs": 14, "bias adds": 6, "add": 10} == {
        one.of: one.value for one in equations
    }
