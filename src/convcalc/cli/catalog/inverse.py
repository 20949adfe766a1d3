"""Commands that look for what gives what is wanted."""

from __future__ import annotations

from convcalc.cli.catalog.command import Command
from convcalc.cli.parsing.inverse_options import CHECK, SIZES, SOLVE, SWEEP

SOLVE_DETAILS = """Numbers may be one (7), several (1,2) or a range (3..7). What is not given is
looked for: kernels up to 7 and up to twice the ratio of the sizes, every stride that can give the
size, padding up to half the kernel at each end. In a pattern kernels are the same in every turn,
strides never grow, dilations never fall; without one it is Nx{conv:64,k{2..7},s{1,2}}. Exit 1 where
nothing gives what is wanted; the nearest are shown."""

SIZES_DETAILS = """Every size of the range is tried, with all spatial axes alike; the rule is
exact for it. Windows move along each axis by itself, so that of a network of windows the sizes of
one axis do not depend on the others. The table has the first layer that each of the other sizes
does not fit."""

CHECK_DETAILS = """A limit is a sign and a number: '<= 600M', '>= 200'; several have commas between
them. Limits of bytes and of time have a unit: 512KiB, 2ms. They may stand in the spec, as a comment
`# budget macs <= 600M, params <= 5M`, in a TOML file, as [budget] macs = "<= 600M", or here; what
is said here counts. Exit 0 where all are kept, 1 where one is not."""

SWEEP_DETAILS = """A choice is written in braces where a layer has a value: {32,64}, {3..11:2}.
Figures that conditions and columns may name: the choices, channels and out (the output's), params,
macs, flops, activations, field, stride and unused (elements that are dropped at an edge).
Combinations that do not fit are left out and counted. Rows are written as they are found; -i is
3x224x224 unless it is given or said in the file."""

COMMANDS: dict[str, Command] = {
    "solve": Command(
        module="convcalc.cli.commands.solve",
        function="solve",
        options=SOLVE,
        about="The layers that make a wanted output of an input, the usual ones first.",
        examples=(
            "convcalc solve -i 3x224x224 --output 64x112x112 -k 7 -s 2",
            "convcalc solve -i 64x7x7 --output 64x14x14 --transposed",
            "convcalc solve -i 64x112x112 --output 64x56x56 --kind maxpool --unused 0",
            "convcalc solve --field 70 'Nx{conv:64,k4,s{1,2}}'",
            "convcalc solve --field-of resnet50 --until layer1",
            "convcalc solve unet --input-for 64x64",
        ),
        details=SOLVE_DETAILS,
    ),
    "sizes": Command(
        module="convcalc.cli.commands.sizes",
        function="sizes",
        options=SIZES,
        about="The input sizes that a network takes, as a rule, and what breaks the others.",
        examples=(
            "convcalc sizes unet --near 500",
            "convcalc sizes 'residual{conv:8,k4,s4 convt:3,k4,s4 | }' -i 3x64x64",
            "convcalc sizes vgg16 --unused 0",
        ),
        details=SIZES_DETAILS,
    ),
    "check": Command(
        module="convcalc.cli.commands.check",
        function="check",
        options=CHECK,
        about="Whether a network keeps to its limits of cost, memory, field and time.",
        examples=(
            "convcalc check mobilenet_v2 --macs '<= 300M' --params '<= 3.5M'",
            "convcalc check net.spec --budget limits.toml --report github",
            "convcalc check resnet18 --time '<= 2ms' --device t4 --dtype int8",
        ),
        details=CHECK_DETAILS,
    ),
    "sweep": Command(
        module="convcalc.cli.commands.sweep",
        function="sweep",
        options=SWEEP,
        about="The figures of every combination of a grid, filtered, sorted, drawn.",
        examples=(
            "convcalc sweep -i 3x64x64 'conv:8,k{3,5},s{1,2},p{0..3}' --where 'out == 32'",
            "convcalc sweep resnet50 -i '3x{128..512:32}x=' --format csv",
            "convcalc sweep 'conv:$w,k3 relu conv:$w*2,k3' -D w=8..64:8 --sort macs",
            "convcalc sweep 'conv:8,k{1..9},d{1..4}' --pareto macs,field --front",
        ),
        details=SWEEP_DETAILS,
    ),
}
