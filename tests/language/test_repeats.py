"""Labels that are paths, written as repeats where turns are alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

import convcalc
from convcalc.language.spec_file import spec_file


def written(text):
    """The file of the nodes of a text, which reads back as just these."""
    network = convcalc.parse(text)
    nodes = tuple(replace(node, origin=None) for node in network.nodes)
    bare = replace(network, nodes=nodes, source=None)
    found = spec_file(bare, None)
    assert network == convcalc.parse(found)
    return found.rstrip()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a=pw:4 b.0.x=pw:8 b.1.x=pw:8 c=relu", "a=pw:4 b=2x{x=pw:8} c=relu"),
        # What a turn begins with, and what the whole ends with.
        (
            "a=pw:4 b.0.x=pw:4 b.0.y=residual{@a | } b.1.x=pw:4 b.1.y=residual{@b.0.y | } "
            "c=relu d=residual{@b.1.y | }",
            "a=pw:4 b=2x{begin=0xidentity x=pw:4 y=residual{@begin | }} c=relu d=residual{@b | }",
        ),
        # A layer that all turns read lies outside.
        (
            "in=relu a=pw:4 b.0.x=residual{@in | } b.1.x=residual{@in | }",
            "in=relu a=pw:4 b=2x{x=residual{@in | }}",
        ),
    ],
)
def test_turns_that_are_alike_are_a_repeat(text, shown):
    assert shown == written(text).replace("\n", " ")


@pytest.mark.parametrize(
    "text",
    [
        "a=pw:4 b.0.x=pw:8 b.1.x=pw:4",  # another layer
        "a=pw:4 b.0.x=pw:8 b.1.y=pw:8",  # another label
        "a=pw:4 b.1.x=pw:8 b.2.x=pw:8",  # not from the first on
        "a=pw:4 b.0.x=pw:4 b.1.x=pw:4 c=residual{@b.0.x | }",  # looked into
        "b.0.x=pw:8 b.1.x=pw:8",  # turns of the input, which has no label
    ],
)
def test_other_turns_stay_as_they_are(text):
    assert " ".join(text.split()) == " ".join(written(text).split())


def test_a_long_body_has_lines_of_its_own():
    first = "conv1=conv:64,k3,p1,nobias bn1=bn act1=relu"
    body = f"{first} conv2=conv:64,k3,p1,nobias bn2=bn activation=gelu"
    turns = (" ".join(f"body.{turn}.{item}" for item in body.split()) for turn in range(3))
    assert written(f"a=pw:4 {' '.join(turns)} b=relu").splitlines() == [
        "a=pw:4",
        "body=3x{",
        f"    {body}",
        "}",
        "b=relu",
    ]
