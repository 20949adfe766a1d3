"""Functions, matrices, paddings, resizings and moves on the page are the executor's and torch's."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import count, islice

import numpy as np
import pytest
from drawn_kinds import DRAWN, NAMED, OWN, SHARED, WITH_NUMBER, drawn_kind, torch_output
from page_layers import answers, started

import convcalc
from convcalc.errors import ConvcalcError
from convcalc.execute.arrays.plain_elements import Elements
from convcalc.explain.walk.functions import FORMULAS
from convcalc.explain.walk.network import walk_network
from convcalc.render.page.document import joined_scripts
from convcalc.render.page.known import MOVES
from convcalc.render.page.nodes import placed_nodes, squares_of
from walking import COPIES, FUNCTIONS, RESIZINGS, SHARES, computed

CONFIGURATIONS = 500


def possible():
    """Families, specs and shapes that go together, without an end."""
    for seed in count():
        family, text, shape = drawn_kind(seed)
        try:
            convcalc.parse(text).analyze(shape)
        except ConvcalcError:
            continue
        yield family, text, shape


@pytest.fixture(scope="module")
def told():
    """Of each configuration: family, text, shape, what a page starts with, computed, said."""
    drawn = list(islice(possible(), CONFIGURATIONS))
    starts = [started(*one[1:], seed, whole=False) for seed, one in enumerate(drawn)]
    said = answers([start for start, _ in starts])
    return [(*one, *start, own) for one, start, own in zip(drawn, starts, said, strict=True)]


def planes(array):
    """An array as channels, rows and columns; features are one row."""
    if array.ndim == 1:
        return array[None, None]
    return array[:, None] if array.ndim == 2 else array


def test_outputs_are_the_executor_s_in_500_configurations(told):
    families = [family for family, *_ in told]
    assert all(families.count(family) > 40 for family in DRAWN)
    for _, text, _, start, out, said in told:
        shown = np.array(said["outputs"][start["end"]], dtype=float)
        np.testing.assert_allclose(shown, planes(out), rtol=1e-12, atol=1e-13, err_msg=text)


def test_outputs_are_those_of_torch(told):
    torch = pytest.importorskip("torch")
    checked = set()
    for seed, (_, text, shape, _, _, said) in enumerate(told):
        _, sample, weights, _ = computed(text, seed, shape=shape)
        named = {name: torch.as_tensor(own) for name, own in weights.items()}
        if " " in text:
            continue
        found = torch_output(torch, text, torch.as_tensor(sample)[None], named)
        if found is None:
            continue
        checked.add(re.split("[:,]", text)[0])
        shown = np.array(said["outputs"][0], dtype=float)
        expected = planes(found[0].numpy())
        np.testing.assert_allclose(shown, expected, rtol=1e-12, atol=1e-13, err_msg=text)
    missing = {*NAMED, *WITH_NUMBER, *OWN, *SHARED, "linear"} - checked
    assert not missing


def test_walks_read_the_elements_that_the_walk_on_the_terminal_reads(told):
    for seed, (_, text, shape, start, _, said) in enumerate(told):
        network, sample, weights, results = computed(text, seed, shape=shape)
        named = {name: Elements(own) for name, own in weights.items()}
        channel, row, column = start["place"]
        places = {1: (column,), 2: (channel, column), 3: (channel, row, column)}
        place = places[results[network.output].ndim]
        arrays = [Elements(own) for own in results]
        walked = walk_network(network, Elements(sample), named, arrays, place)
        shown = said["walks"][start["end"]][0]
        assert shown["result"] == pytest.approx(walked[-1].walk.result, rel=1e-11, abs=1e-12)
        ends = {node["label"]: n for n, node in enumerate(start["nodes"])}
        for one in walked:
            own = said["walks"][ends[one.label]]
            assert list(spread(one.walk.place)) == own[0]["place"], text


def test_squares_and_specs_are_those_of_convcalc(told):
    for _, text, shape, start, _, said in told:
        placed = placed_nodes(convcalc.parse(text), shape)
        assert squares_of(placed) == said["squares"], text
        command, _, given = said["command"].partition(" -i ")
        again = placed_nodes(convcalc.parse(command.strip("'")), tuple(map(int, given.split("x"))))
        layers = [one["node"]["layer"] for one in again]
        assert [node["layer"] for node in start["nodes"]] == layers, text


def test_every_line_of_arithmetic_adds_up(told):
    counted = Counter()
    for family, text, _, start, _, said in told:
        for node, layer in zip(start["nodes"], said["layers"], strict=True):
            if node["layer"]["op"] in ("pad", "move"):
                continue
            for name, told_text, value in layer["lines"]:
                if name in ("copyOf", "fromBranch"):
                    continue
                expression = told_text.rpartition(" = ")[2].replace("×", "*").replace("^", "**")
                expression = re.sub(r"\|([^|]*)\|", r"abs(\1)", expression)
                own = eval(expression, vars(math).copy())
                assert own == pytest.approx(value, rel=2e-5, abs=1e-5), (text, told_text)
                counted[family] += 1
    assert all(counted[family] > 30 for family in ("function", "resize", "matrix", "share"))


SINGLE = {**FUNCTIONS, **COPIES, **SHARES, **RESIZINGS}


@pytest.fixture(scope="module")
def fed():
    """By layer, the places that its input's first element feeds, as a page tells them."""
    shown = {text: shape for text, shape in SINGLE.items() if len(shape) <= 3}
    said = answers([started(*one, whole=False)[0] for one in shown.items()])
    return {
        text: [tuple(one["place"]) for one in own["layers"][0]["fed"]]
        for text, own in zip(shown, said, strict=True)
    }


@pytest.mark.parametrize("text", SINGLE)
def test_what_an_element_feeds_are_the_outputs_whose_walks_read_it(text, fed):
    shape = SINGLE[text]
    if len(shape) > 3:
        pytest.skip("a page shows no volumes")
    network, sample, weights, results = computed(text, shape=shape)
    named = {name: Elements(own) for name, own in weights.items()}
    arrays, reading = [Elements(own) for own in results], []
    for place in np.ndindex(*results[-1].shape):
        (one,) = walk_network(network, Elements(sample), named, arrays, place)
        reading += [place for own in read_by(one.walk) if not any(own)]
    assert sorted(map(spread, reading)) == sorted(fed[text])


def spread(place):
    """A place as channel, row and column; of features as a column."""
    return {1: (0, 0, *place), 2: (place[0], 0, *place[1:]), 3: place}[len(place)]


def read_by(walk):
    """The places of the elements that an output is made of."""
    if hasattr(walk, "parts"):
        return [(p.channel, *factor.source) for p in walk.parts for factor in p.factors]
    if hasattr(walk, "elements"):
        return [read.source for read in walk.elements]
    if hasattr(walk, "source"):
        return [] if walk.source is None else [walk.source]
    return [walk.place]


def test_every_function_and_every_move_that_is_told_is_in_the_scripts():
    scripts = joined_scripts()
    table = scripts.split("const FUNCTIONS = {")[1].split("\n};")[0]
    assert sorted(FORMULAS) == sorted(re.findall(r"^  (\w+):", table, re.MULTILINE))
    table = scripts.split("const MOVED = {")[1].split("\n};")[0]
    assert sorted(MOVES) == sorted(re.findall(r"^  (\w+):", table, re.MULTILINE))
