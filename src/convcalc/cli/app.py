"""The commands and their help, put together from the tables of options."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from convcalc.cli.grouped_help import GroupedCommand
from convcalc.cli.limits import check_room_for_numpy, limit_threads, use_threads_to_be_had
from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.document_file import DRAWN, document_file
from convcalc.cli.parsing.document_options import DOCUMENT_FILE
from convcalc.cli.parsing.drawing_options import GRAPH, SCHEMA
from convcalc.cli.parsing.inverse_options import CHECK, SIZES, SOLVE, SWEEP
from convcalc.cli.parsing.options import (
    CALCULATOR,
    COMPARE,
    CONVERT,
    COUNTING,
    DEMO,
    DIFF,
    EXPLAIN,
    KIND,
    MACHINE,
    MEMORY,
    RUN,
    SPEC_FILE,
    WALK,
    WEIGHTS,
)
from convcalc.cli.parsing.repeats import one_value_each
from convcalc.cli.parsing.several_options import COMPARE_DETAILS, COMPARE_NETWORKS
from convcalc.cli.parsing.view_options import asks_for_view
from convcalc.cli.terminal.output import check_appearance, check_complete, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcalc.cli.parsing.option_types import Options
    from convcalc.cli.parsing.requests import Appearance

CONTEXT = {"help_option_names": ["-h", "--help"]}

SUMMARY = """Exact shapes, costs and receptive fields of convolutions, and the convolution itself.

Layers are written kind:arguments, as in conv:64,k7,s2,p3 (64 channels, kernel 7, stride 2, padding
3), dw:k3 (depthwise), pw:128 (pointwise), sep:128,k3 (both) or convt:32,k4,s2,p1 (transposed).

\b
Examples:
  convcalc demo
  convcalc shape -i 3x224x224 conv:64,k7,s2,p3
  convcalc summary resnet50 --depth 1
  convcalc run image.npy --kernel kernel.npy --padding same
"""

EXIT_CODES = """\b
Exit codes: 0 done; 1 the answer is no; 2 the command line or a layer is
wrong; 3 an input file or its data is wrong, or with --strict a cost is not
known; 4 the result cannot be written, or memory or workers are short; 70 a
bug; 130, 143, 129 interrupted by a signal.
CONVCALC_TRACEBACK=1 shows where a failure arose.
"""

EXAMPLES = {
    "shape": (
        "convcalc shape -i 3x224x224 conv:64,k7,s2,p3",
        "convcalc shape -i 3x128x128 dw:k3 pw:10 --explain",
        "convcalc shape -i 64x8x8 --transposed -n 32 -k 4 -s 2 -p 1",
    ),
    "flops": (
        "convcalc flops -i 3x224x224 conv:64,k7,s2,p3",
        "convcalc flops -i 512x14x14 conv:512,k3,p1 --compare separable,grouped:4",
        "convcalc flops resnet50 --reconcile",
        "convcalc flops -i 3x224x224 sep:64,k3 --batch 8 --format json",
    ),
    "rf": (
        "convcalc rf -i 3x224x224 conv:64,k7,s2,p3 conv:64,k3,d2",
        "convcalc rf -i 1x1000 conv:8,k9,s4 convt:1,k9,s4",
    ),
    "memory": (
        "convcalc memory resnet50 --in-place",
        "convcalc memory unet --batch 8 --dtype float16 --optimizer momentum",
        "convcalc memory -i 64x56x56 conv:64,k3,p1 --format json",
    ),
    "summary": (
        "convcalc summary resnet50 --depth 1",
        "convcalc summary resnet50 --depth 1 -o resnet50.svg",
        "convcalc summary model.py:Net -i 3x32x32",
        "convcalc summary 'conv:64,k3,p1 residual{bn relu conv:64,k3,p1} gap'",
    ),
    "compare": (
        "convcalc compare resnet50 mobilenet_v2 efficientnet_b0 --sort macs",
        "convcalc compare resnet18 resnet34 vgg16 --device t4 --pareto time,field",
    ),
    "diff": (
        "convcalc diff resnet50 resnet50-paper",
        "convcalc diff 'conv:64,k5,p2 relu' '2xconv:64,k3,p1 relu' -i 64x56x56",
    ),
    "roofline": (
        "convcalc roofline resnet50 --device t4 --batch 8",
        "convcalc roofline resnet50 --device a100-40gb --dtype float16",
        "convcalc roofline -i 512x14x14 conv:512,k3,p1 --peak 19.5T --bandwidth 1.5T",
        "convcalc roofline mobilenet_v1 --measure",
    ),
    "solve": (
        "convcalc solve -i 3x224x224 --output 64x112x112 -k 7 -s 2",
        "convcalc solve -i 64x7x7 --output 64x14x14 --transposed",
        "convcalc solve -i 64x112x112 --output 64x56x56 --kind maxpool --unused 0",
        "convcalc solve --field 70 'Nx{conv:64,k4,s{1,2}}'",
        "convcalc solve --field-of resnet50 --until layer1",
        "convcalc solve unet --input-for 64x64",
    ),
    "sizes": (
        "convcalc sizes unet --near 500",
        "convcalc sizes 'residual{conv:8,k4,s4 convt:3,k4,s4 | }' -i 3x64x64",
        "convcalc sizes vgg16 --unused 0",
    ),
    "check": (
        "convcalc check mobilenet_v2 --macs '<= 300M' --params '<= 3.5M'",
        "convcalc check net.spec --budget limits.toml --report github",
        "convcalc check resnet18 --time '<= 2ms' --device t4 --dtype int8",
    ),
    "sweep": (
        "convcalc sweep -i 3x224x224 'conv:{32,64},k{3,5,7},s{1,2},p{0..3}' --where 'out == 112'",
        "convcalc sweep resnet50 -i '3x{128..512:32}x=' --format csv",
        "convcalc sweep -i 3x32x32 'conv:$w,k3 relu conv:$w*2,k3' -D w=8..64:8 --sort macs",
        "convcalc sweep -i 3x64x64 'conv:8,k{1..9},d{1..4}' --pareto macs,field --front",
    ),
    "devices": ("convcalc devices", "convcalc devices --format csv"),
    "layers": ("convcalc layers", "convcalc layers conv"),
    "networks": ("convcalc networks", "convcalc networks --format json"),
    "fmt": ("convcalc fmt resnet50", "convcalc fmt network.spec --check"),
    "convert": (
        "convcalc convert model.py:Net -i 3x32x32 -o net.json",
        "convcalc convert resnet18 -o net.onnx --weights resnet18.pth",
        "convcalc convert net.json -o - --to spec",
    ),
    "graph": (
        "convcalc graph resnet18 -o resnet18.svg --depth 2",
        "convcalc graph 'conv:8,k3,p1 residual{bn relu conv:8,k3,p1}' -i 3x32x32",
        "convcalc graph unet --to mermaid",
    ),
    "schema": ("convcalc schema summary", "convcalc schema run > run.schema.json"),
    "calibrate": ("convcalc calibrate",),
    "run": (
        "convcalc run image.npy --kernel kernel.npy --padding same",
        "convcalc run image.npy --kernel kernel.npy --stride 2 -o result.npy",
        'convcalc run image.npy --network "dw:k3 pw:4" --random-weights 7',
        'convcalc run image.npy --network "relu maxpool:2" --save-all maps',
        "convcalc run image.npy mask=mask.npy --network net.onnx -o result.npy",
        "convcalc run image.zarr --kernel kernel.npy -o result.zarr --scheduler local",
    ),
    "explain": (
        "convcalc explain conv:8,k3,s2,p1 -i 3x7x7 --at 0,1,1",
        "convcalc explain image.npy --kernel kernel.npy --padding same --at 0,0,0",
        "convcalc explain 'residual{conv:2,k3,p1 | }' -i 2x4x4",
        "convcalc explain conv:2,k3,p1 -i 3x5x5 --html out.html",
    ),
    "demo": ("convcalc demo",),
    "weights": (
        "convcalc weights resnet18",
        "convcalc weights resnet18 --init 7 -o w.npz",
        "convcalc weights -i 1x28x28 conv:8,k3 relu flatten linear:10 --init zeros -o z.npz",
    ),
}

ABOUT = {
    "shape": "Output shape and weight shapes of every layer.",
    "flops": "Parameters, multiply-accumulates and FLOPs of every layer.",
    "rf": "Receptive field of every layer: size, effective stride and start.",
    "memory": "Bytes: weights, the peak of live activations, scratch space, training.",
    "summary": "Everything about a network in one table.",
    "compare": "Several networks side by side: costs, memory, least time and field of each.",
    "diff": "Two networks side by side: the layers that differ, and what that changes.",
    "roofline": "The least time of every layer on a machine, and what limits it.",
    "solve": "The layers that make a wanted output of an input, the usual ones first.",
    "sizes": "The input sizes that a network takes, as a rule, and what breaks the others.",
    "check": "Whether a network keeps to its limits of cost, memory, field and time.",
    "sweep": "The figures of every combination of a grid, filtered, sorted, drawn.",
    "devices": "The devices that `roofline` takes by name, and where their figures are from.",
    "layers": "The kinds of layers and their parameters.",
    "networks": "The reference networks, which every command takes by name.",
    "fmt": "A spec in its canonical form.",
    "convert": "A network as a spec, a JSON document, Python source or an ONNX model.",
    "graph": "A network as a picture: shapes and costs on the layers, blocks folded.",
    "schema": "What the JSON of a command holds, as a JSON Schema.",
    "calibrate": "Measure this machine, so that plans fit it.",
    "run": "The real convolution of an array in a .npy file.",
    "explain": "One output step by step: what is read, products, sums, bias.",
    "demo": "The first minute: a few commands on a photograph that comes along.",
    "weights": "The weights of a network: names and shapes, or a file of them to start from.",
}

DETAILS = """Give layers, or describe one layer by flags. What is not given is assumed and said:
input 3x224x224, or what PyTorch's text says of it, 64 output channels, kernel 3; the rest as in
PyTorch. A model of PyTorch, as model.py:Net, model.py:make_net(10) or package.module:attribute, is
made and run once: its code is run, and may do all that you may. timm:NAME and torchvision:NAME are
the models of these libraries, made without weights. Files of ONNX, Keras (.keras, .h5),
torch.export (.pt2) and TFLite, and what `convcalc convert` writes, are read; nothing in them is
run."""

RUN_DETAILS = """PyTorch's semantics: cross-correlation of (N, C, H, W) with a kernel (O, C/groups,
kh, kw); leading axes may be missing, and one to three spatial axes work alike. '-' reads standard
input, or writes standard output. Integers are computed and returned exactly, as int64."""

WALK_DETAILS = """The input with the window marked, the kernel, the products, the sum of each input
channel, the sum over channels, the bias and the result, for the output at --at, counted from 0;
of a network an output of each layer that it depends on. [4] is read, (4) lies in a hole of a
dilated kernel, . is padding, ~4 a copy that padding made. For layers without an array
small whole numbers are made up."""

ROOFLINE_DETAILS = """A layer takes at least operations / peak seconds, and at least bytes /
bandwidth. Operations are 2 for each multiply-accumulate and 1 for each operation on single
elements; bytes are those of reading and writing every element once. Layers run one after the
other, each from memory to memory: a machine that fuses them can be faster. What is not given of the
input and of a layer is assumed and said, as by `flops`."""

MEMORY_DETAILS = f"""{DETAILS}
Everything has the one dtype, biases and running statistics too."""

FMT_DETAILS = """Line breaks and comments stay; blanks, indentation, keys and defaults become
regular. The result says the same network."""

CONVERT_DETAILS = """Every command reads a .spec and a .json, at once and without torch. A .json
holds any network; a .spec is its text; a .py defines the same model for PyTorch, whose weights have
the network's names; an .onnx holds weights, too, and takes a batch of any size."""

GRAPH_DETAILS = """Without -o the text for Graphviz is printed. A .svg or .png is laid out by
Graphviz's program dot, which has to be installed; .dot and .mmd (Mermaid, which pages of Markdown
draw) are written without it. Of a network of more than 200 layers or 400 arrows blocks are folded,
and that is said."""

SCHEMA_DETAILS = """Of draft 2020-12. Every document of --format json is valid against the schema of
its command; of sweep every line is. Keys may be added: schema_version changes when one is taken
away or means something else."""

CALIBRATE_DETAILS = """Some ten seconds of convolutions and transforms, in rounds until two of them
agree; on a busy machine it takes longer, and says so. The rates are kept in
XDG_CACHE_HOME/convcalc/machine.json (~/.cache by default) and used by every plan from then on.
Without them plans assume an ordinary processor with two cores."""

WEIGHTS_DETAILS = """Kernels and matrices are drawn evenly within sqrt(3 * gain / products of an
output), gain 2 before relu and its like, else 1 (He et al., 2015); biases are 0, normalisation does
nothing yet. The same seed gives the same numbers, here and in run --random-weights."""

DEMO_DETAILS = "Its files go into convcalc-demo/, so that every command can be typed again."

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

DIFF_DETAILS = """Layers are paired in order: equal ones, changed ones, and those that only one of
the networks has. Each network is taken on the input that it is meant for, unless -i gives one."""

OTHER_DETAILS = {
    "compare": COMPARE_DETAILS,
    "diff": DIFF_DETAILS,
    "memory": MEMORY_DETAILS,
    "roofline": ROOFLINE_DETAILS,
    "solve": SOLVE_DETAILS,
    "sizes": SIZES_DETAILS,
    "check": CHECK_DETAILS,
    "sweep": SWEEP_DETAILS,
    "devices": "",
    "layers": "",
    "networks": "",
    "fmt": FMT_DETAILS,
    "convert": CONVERT_DETAILS,
    "run": RUN_DETAILS,
    "explain": WALK_DETAILS,
    "weights": WEIGHTS_DETAILS,
    "demo": DEMO_DETAILS,
    "graph": GRAPH_DETAILS,
    "schema": SCHEMA_DETAILS,
    "calibrate": CALIBRATE_DETAILS,
}
"""What the help of a command says at its end, where it is not about one layer by flags."""

REQUIRED = ("arrays", "file", "a", "b", "name", "networks")

HANDLERS: dict[str, tuple[str, str, Options]] = {
    "shape": ("convcalc.cli.commands.shape_rf", "shape", {**CALCULATOR, **EXPLAIN}),
    "flops": (
        "convcalc.cli.commands.flops",
        "flops",
        {**CALCULATOR, **COMPARE, **COUNTING, **EXPLAIN},
    ),
    "rf": ("convcalc.cli.commands.shape_rf", "rf", {**CALCULATOR, **EXPLAIN}),
    "memory": ("convcalc.cli.commands.memory", "memory", {**CALCULATOR, **MEMORY, **EXPLAIN}),
    "summary": ("convcalc.cli.commands.networks", "summary", CALCULATOR),
    "compare": ("convcalc.cli.commands.compare", "compare", COMPARE_NETWORKS),
    "diff": ("convcalc.cli.commands.diff", "diff", DIFF),
    "roofline": ("convcalc.cli.commands.roofline", "roofline", {**CALCULATOR, **MACHINE}),
    "solve": ("convcalc.cli.commands.solve", "solve", SOLVE),
    "sizes": ("convcalc.cli.commands.sizes", "sizes", SIZES),
    "check": ("convcalc.cli.commands.check", "check", CHECK),
    "sweep": ("convcalc.cli.commands.sweep", "sweep", SWEEP),
    "devices": ("convcalc.cli.commands.roofline", "devices", {**APPEARANCE, **DOCUMENT_FILE}),
    "layers": ("convcalc.cli.commands.networks", "layers", {**KIND, **APPEARANCE, **DOCUMENT_FILE}),
    "networks": ("convcalc.cli.commands.networks", "networks", {**APPEARANCE, **DOCUMENT_FILE}),
    "fmt": ("convcalc.cli.commands.networks", "fmt", SPEC_FILE),
    "convert": ("convcalc.cli.commands.convert", "convert", CONVERT),
    "graph": ("convcalc.cli.commands.graph", "graph", GRAPH),
    "schema": ("convcalc.cli.commands.schema", "schema", SCHEMA),
    "calibrate": ("convcalc.cli.commands.calibrate", "calibrate", {**APPEARANCE, **DOCUMENT_FILE}),
    "run": ("convcalc.cli.commands.run.run", "run", RUN),
    "explain": ("convcalc.cli.commands.explain.explain", "explain", WALK),
    "weights": ("convcalc.cli.commands.weights", "weights", WEIGHTS),
    "demo": ("convcalc.cli.demo", "demo", DEMO),
}
"""Where each command is computed, and its options; the module is imported when it is called."""


VIEWING = "convcalc.cli.commands.viewing"
"""What reads the options about the rows of a table."""

NEEDS_NUMPY = ("run", "explain", "weights", "calibrate", "demo")
"""The commands that import numpy at once."""


def build(names: Iterable[str]) -> typer.Typer:
    """The application with these of its commands."""
    app = typer.Typer(
        name="convcalc",
        help=SUMMARY,
        epilog=EXIT_CODES,
        context_settings=CONTEXT,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_program)
    for name in names:
        _register(app, name)
    # Answered by main.run, as every request for help is; here so that the help lists it.
    app.command("help", help="The help of a command.", context_settings=CONTEXT)(_help)
    return app


def _program(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, help="The version, and nothing else.")
    ] = False,
) -> None:
    if version:
        from convcalc import __version__
        from convcalc.cli.terminal.streams import write_out

        write_out(f"convcalc {__version__}\n")
        raise typer.Exit


def _help(
    command: Annotated[str | None, typer.Argument(metavar="[COMMAND]")] = None,
) -> None:
    del command


def _register(app: typer.Typer, name: str) -> None:
    """One command with the signature that its table of options describes."""
    module, function, options = HANDLERS[name]

    def command(**typed: Any) -> None:
        given = one_value_each(typed)
        appearance = cast("Appearance", given)
        if "format" in given:
            given["document_file"] = document_file(name, given)
            check_appearance(appearance, drawn=name in DRAWN)
        if given.get("threads") is not None:
            given["threads"] = limit_threads(given["threads"], quiet=bool(given["quiet"]))
        if name in NEEDS_NUMPY:
            use_threads_to_be_had()
            check_room_for_numpy()
        view = import_module(VIEWING).view_of(given) if asks_for_view(given) else None
        document = getattr(import_module(module), function)(given)
        if document is not None:
            show(view(document) if view else document, appearance)
            check_complete(document, strict=bool(given.get("strict")))

    parameters = [
        inspect.Parameter(
            option,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=annotation,
            default=inspect.Parameter.empty if option in REQUIRED else None,
        )
        for option, annotation in options.items()
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = dict(options)
    details = OTHER_DETAILS.get(name, DETAILS)
    examples = "\b\nExamples:\n" + "\n".join(f"  {line}" for line in EXAMPLES[name])
    app.command(
        name,
        help=f"{ABOUT[name]}\n\n{examples}\n\n{details}".strip(),
        short_help=ABOUT[name],
        context_settings=CONTEXT,
        cls=GroupedCommand,
    )(command)
