"""Networks that are drawn: they read back as themselves, and repeats are their bodies."""

from __future__ import annotations

import dataclasses

from drawn_networks import networks, sequences
from hypothesis import given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.errors import SpecError

BODIES = sequences(2)
TEMPLATES = sequences(2, labels=[], values=["w", "s"])


@given(networks())
def test_a_network_reads_back_as_itself(words):
    network = convcalc.parse(" ".join(words))
    printed = network.spec()
    assert network == convcalc.parse(printed)
    assert printed == convcalc.parse(printed).spec()


@settings(max_examples=100)
@given(networks())
def test_a_network_of_matching_branches_has_a_report(words):
    report = convcalc.parse(" ".join(words)).analyze((4, 7))
    assert all((4, 7) == layer.output_shape for layer in report.layers[-1:])


def same_layers(one, other):
    """Whether two texts have the same report on an input, whatever their labels."""
    reports = [convcalc.parse(text).analyze((4, 7)) for text in (one, other)]
    bare = [
        [
            dataclasses.replace(layer, label="", weights=tuple(layer.weights.values()))
            for layer in report.layers
        ]
        for report in reports
    ]
    return bare[0] == bare[1] and reports[0].totals == reports[1].totals


@settings(max_examples=100)
@given(BODIES, st.integers(0, 4))
def test_a_repeat_is_its_body_written_several_times(body, times):
    inside = " ".join(body)
    assert same_layers(f"relu {times}x{{{inside}}} bn", f"relu {f'{inside} ' * times} bn")


@settings(max_examples=100)
@given(TEMPLATES, st.integers(1, 3), st.integers(0, 3))
def test_a_use_is_the_body_with_numbers_in_the_place_of_parameters(body, width, step):
    inside = " ".join(body)
    filled = inside.replace("$w", str(width)).replace("$s", str(step + 1))
    used = f"define f(w, s=2) {{{inside}}} relu f:{width},s{step + 1} bn"
    assert same_layers(used, f"relu {filled} bn")


ALPHABET = [
    "relu",
    "bn",
    "pw:4",
    "conv:8,k3,p1",
    "se:4",
    "residual",
    "concat{",
    "scale{",
    "}",
    "|",
    "{",
    "2x",
    "3x{",
    "(2)x",
    "a=",
    "b=",
    "@a",
    "@b",
    "define",
    "f(w)",
    "f(w,s=1)",
    "f(v=$w)",
    "f:3",
    "f:in",
    "f",
    "g(",
    ")",
    "$w",
    "$w*2",
    "in//2",
    "in,",
    "(in+1)*2",
    "k=in",
    ",p$w",
    ":0:1",
    "x2",
    "0.5",
    "1e9",
    "//",
    "1//0",
    "=",
    ",",
    ":",
    ";",
    "#",
    "\n",
    "-",
    "(",
    "$",
]

TEXTS = st.lists(
    st.one_of(st.sampled_from([*ALPHABET, " ", " ", "}"]), st.characters()), max_size=24
).map("".join)


@given(TEXTS)
def test_any_text_of_the_language_is_a_network_or_a_spec_error(text):
    try:
        network = convcalc.parse(text)
    except SpecError as error:
        shown, others = error.problems[:3], len(error.problems) > 3
        assert 3 * len(shown) + others == len(str(error).split("\n"))
        assert all(line.isprintable() for line in str(error).split("\n"))
        return
    assert network == convcalc.parse(network.spec())
    try:
        network.analyze((4, 7))
    except SpecError as error:
        assert 1 == len(error.problems)
