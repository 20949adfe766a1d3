"""Networks that no text described, as importers make them: any node may read any before it."""

from __future__ import annotations

from hypothesis import strategies as st

from convcalc.layers import (
    BatchNorm,
    Concat,
    Conv,
    Elementwise,
    Input,
    MatMul,
    Opaque,
    Parameter,
    Permute,
    ReLU,
    Residual,
    Scale,
    View,
)
from convcalc.network.graph import INPUT, Network, Node

ONE = [
    Conv(4, 3, padding=1),
    Conv(2, (1, 3), padding=(0, (0, 2)), bias=False),
    BatchNorm(eps=0.001),
    ReLU(),
    Opaque("conv2d", (4, 8, 8), params=3, macs=70, like=Conv(4, 3, padding=1)),
    Opaque("roll"),
    Elementwise("exp"),
    Permute((1, 2, 0)),
    View("roll", (4, 8, 8)),
]
PARTS = st.sampled_from(["conv", "relu-2", "block", "0", "1", "7", "body", "x_1"])


@st.composite
def dags(draw):
    """A network of up to nine nodes, whose labels are paths; it need not fit any input."""
    names = draw(
        st.lists(
            st.lists(PARTS, min_size=1, max_size=3).map(".".join),
            min_size=1,
            max_size=9,
            unique=True,
        )
    )
    nodes = []
    for index, name in enumerate(names):
        before = st.integers(-1, index - 1)
        several = draw(st.lists(before, min_size=2, max_size=3))
        layer, inputs = draw(
            st.sampled_from(
                [
                    *((layer, several[:1]) for layer in ONE),
                    (Input((4, 2)), [INPUT]),
                    (Parameter((4, 8)), [INPUT]),
                    (MatMul(), several[:2]),
                    (Elementwise("sub"), several[:2]),
                    (Residual(), several),
                    (Concat(), several),
                    (Scale(), several[:2]),
                    (Opaque("stack", (1, 8, 8), macs=0), several),
                ]
            )
        )
        nodes.append(Node(layer, tuple(inputs), name))
    end = draw(st.integers(-1, len(nodes) - 1))
    return Network(tuple(nodes), end)
