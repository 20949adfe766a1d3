"""Commands that answer from shapes alone."""

from __future__ import annotations

from convcalc.cli.catalog.command import LAYERS_DETAILS, Command
from convcalc.cli.parsing.options import (
    CALCULATOR,
    COMPARE,
    COUNTING,
    DIFF,
    EXPLAIN,
    MACHINE,
    MEMORY,
)
from convcalc.cli.parsing.several_options import COMPARE_DETAILS, COMPARE_NETWORKS

MEMORY_DETAILS = f"""{LAYERS_DETAILS}
Everything has the one dtype, biases and running statistics too."""

DIFF_DETAILS = """Layers are paired in order: equal ones, changed ones, and those that only one of
the networks has. Each network is taken on the input that it is meant for, unless -i gives one."""

ROOFLINE_DETAILS = """A layer takes at least operations / peak seconds, and at least bytes /
bandwidth. Operations are 2 for each multiply-accumulate and 1 for each operation on single
elements; bytes are those of reading and writing every element once. Layers run one after the
other, each from memory to memory: a machine that fuses them can be faster. What is not given of the
input and of a layer is assumed and said, as by `flops`."""

COMMANDS: dict[str, Command] = {
    "shape": Command(
        module="convcalc.cli.commands.shape_rf",
        function="shape",
        options={**CALCULATOR, **EXPLAIN},
        about="Output shape and weight shapes of every layer.",
        examples=(
            "convcalc shape -i 3x224x224 conv:64,k7,s2,p3",
            "convcalc shape -i 3x128x128 dw:k3 pw:10 --explain",
            "convcalc shape -i 64x8x8 --transposed -n 32 -k 4 -s 2 -p 1",
        ),
        details=LAYERS_DETAILS,
    ),
    "flops": Command(
        module="convcalc.cli.commands.flops",
        function="flops",
        options={**CALCULATOR, **COMPARE, **COUNTING, **EXPLAIN},
        about="Parameters, multiply-accumulates and FLOPs of every layer.",
        examples=(
            "convcalc flops -i 3x224x224 conv:64,k7,s2,p3",
            "convcalc flops -i 512x14x14 conv:512,k3,p1 --compare separable,grouped:4",
            "convcalc flops resnet50 --reconcile",
            "convcalc flops -i 3x224x224 sep:64,k3 --batch 8 --format json",
        ),
        details=LAYERS_DETAILS,
    ),
    "rf": Command(
        module="convcalc.cli.commands.shape_rf",
        function="rf",
        options={**CALCULATOR, **EXPLAIN},
        about="Receptive field of every layer: size, effective stride and start.",
        examples=(
            "convcalc rf -i 3x224x224 conv:64,k7,s2,p3 conv:64,k3,d2",
            "convcalc rf -i 1x1000 conv:8,k9,s4 convt:1,k9,s4",
        ),
        details=LAYERS_DETAILS,
    ),
    "memory": Command(
        module="convcalc.cli.commands.memory",
        function="memory",
        options={**CALCULATOR, **MEMORY, **EXPLAIN},
        about="Bytes: weights, the peak of live activations, scratch space, training.",
        examples=(
            "convcalc memory resnet50 --in-place",
            "convcalc memory unet --batch 8 --dtype float16 --optimizer momentum",
            "convcalc memory -i 64x56x56 conv:64,k3,p1 --format json",
        ),
        details=MEMORY_DETAILS,
    ),
    "summary": Command(
        module="convcalc.cli.commands.networks",
        function="summary",
        options=CALCULATOR,
        about="Everything about a network in one table.",
        examples=(
            "convcalc summary resnet50 --depth 1",
            "convcalc summary resnet50 --depth 1 -o resnet50.svg",
            "convcalc summary model.py:Net -i 3x32x32",
            "convcalc summary 'conv:64,k3,p1 residual{bn relu conv:64,k3,p1} gap'",
        ),
        details=LAYERS_DETAILS,
    ),
    "compare": Command(
        module="convcalc.cli.commands.compare",
        function="compare",
        options=COMPARE_NETWORKS,
        about="Several networks side by side: costs, memory, least time and field of each.",
        examples=(
            "convcalc compare resnet50 mobilenet_v2 efficientnet_b0 --sort macs",
            "convcalc compare resnet18 resnet34 vgg16 --device t4 --pareto time,field",
        ),
        details=COMPARE_DETAILS,
    ),
    "diff": Command(
        module="convcalc.cli.commands.diff",
        function="diff",
        options=DIFF,
        about="Two networks side by side: the layers that differ, and what that changes.",
        examples=(
            "convcalc diff resnet50 resnet50-paper",
            "convcalc diff 'conv:64,k5,p2 relu' '2xconv:64,k3,p1 relu' -i 64x56x56",
        ),
        details=DIFF_DETAILS,
    ),
    "roofline": Command(
        module="convcalc.cli.commands.roofline",
        function="roofline",
        options={**CALCULATOR, **MACHINE},
        about="The least time of every layer on a machine, and what limits it.",
        examples=(
            "convcalc roofline resnet50 --device t4 --batch 8",
            "convcalc roofline resnet50 --device a100-40gb --dtype float16",
            "convcalc roofline -i 512x14x14 conv:512,k3,p1 --peak 19.5T --bandwidth 1.5T",
            "convcalc roofline mobilenet_v1 --measure",
        ),
        details=ROOFLINE_DETAILS,
    ),
}
