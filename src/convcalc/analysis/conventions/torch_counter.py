"""The counter that torch brings with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.analysis.conventions.base import (
    Convention,
    CountedLayer,
    Reason,
    Term,
    for_kinds,
    left_out,
    no_terms,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

TRILINEAR = Reason(
    "left out", "products of matrices are counted, but the operator `_trilinear` is not known"
)
TWO = Reason("multiplications and additions apart, 2 per MAC")


def flops(call: CountedLayer) -> Iterable[Term]:
    """`conv_flop_count` and `mm_flop`: 2 per MAC, transposed convolutions by input positions.

    What torch computes in one operator of oneDNN or a fast path of its own on a processor, as an
    LSTM without projection, is counted on the device "meta" and not on the processor.
    """
    yield Term(TWO, call.macs)


CONVENTION = Convention(
    name="torch",
    tool="torch 2.13",
    text="FLOPs of FlopCounterMode: 2 per MAC of convolutions and matrix products, nothing else",
    source="torch/utils/flop_counter.py",
    rules={
        "bilinear": left_out(TRILINEAR),
        **for_kinds(flops, "conv", "convt", "linear", "multiheadattention", "Recurrent", "Staged"),
        **for_kinds(flops, "attention", "matmul"),
        **for_kinds(
            no_terms, "Activation", "Join", "layerscale", "Rearrangement", "Pool", "AdaptiveMean"
        ),
        **for_kinds(no_terms, "adaptivemaxpool", "bn", "gn", "in", "ln", "lrn", "upsample"),
        **for_kinds(no_terms, "embedding", "parameter", "reduce", "view"),
    },
)
