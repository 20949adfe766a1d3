"""Commands that show what there is by name, and networks in other forms."""

from __future__ import annotations

from convcalc.cli.catalog.command import Command
from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.computing_options import CONVERT
from convcalc.cli.parsing.document_options import DOCUMENT_FILE
from convcalc.cli.parsing.drawing_options import GRAPH, SCHEMA
from convcalc.cli.parsing.options import KIND, SHELL, SPEC_FILE

FMT_DETAILS = """Line breaks and comments stay; blanks, indentation, keys and defaults become
regular. The result says the same network."""

COMPLETION_DETAILS = """For bash, eval "$(convcalc completion bash)" in ~/.bashrc; for zsh the same
with zsh in ~/.zshrc, after compinit; for fish, convcalc completion fish | source in
~/.config/fish/completions/convcalc.fish. Commands, options and their values, networks, kinds,
devices and the labels of a network that is named are offered, and files where they may stand."""

GRAPH_DETAILS = """Without -o the text for Graphviz is printed. A .svg or .png is laid out by
Graphviz's program dot, which has to be installed; .dot and .mmd (Mermaid, which pages of Markdown
draw) are written without it. Of a network of more than 200 layers or 400 arrows blocks are folded,
and that is said."""

SCHEMA_DETAILS = """Of draft 2020-12. Every document of --format json is valid against the schema of
its command; of sweep every line is. Keys may be added: schema_version changes when one is taken
away or means something else."""

CONVERT_DETAILS = """Every command reads a .spec and a .json, at once and without torch. A .json
holds any network; a .spec is its text; a .py defines the same model for PyTorch, whose weights have
the network's names; an .onnx holds weights, too, and takes a batch of any size."""

COMMANDS: dict[str, Command] = {
    "devices": Command(
        module="convcalc.cli.commands.roofline",
        function="devices",
        options={**APPEARANCE, **DOCUMENT_FILE},
        about="The devices that `roofline` takes by name, and where their figures are from.",
        examples=("convcalc devices", "convcalc devices --format csv"),
    ),
    "layers": Command(
        module="convcalc.cli.commands.networks",
        function="layers",
        options={**KIND, **APPEARANCE, **DOCUMENT_FILE},
        about="The kinds of layers and their parameters.",
        examples=("convcalc layers", "convcalc layers conv"),
    ),
    "networks": Command(
        module="convcalc.cli.commands.networks",
        function="networks",
        options={**APPEARANCE, **DOCUMENT_FILE},
        about="The reference networks, which every command takes by name.",
        examples=("convcalc networks", "convcalc networks --format json"),
    ),
    "fmt": Command(
        module="convcalc.cli.commands.networks",
        function="fmt",
        options=SPEC_FILE,
        about="A spec in its canonical form.",
        examples=("convcalc fmt resnet50", "convcalc fmt network.spec --check"),
        details=FMT_DETAILS,
    ),
    "convert": Command(
        module="convcalc.cli.commands.convert",
        function="convert",
        options=CONVERT,
        about="A network as a spec, a JSON document, Python source or an ONNX model.",
        examples=(
            "convcalc convert model.py:Net -i 3x32x32 -o net.json",
            "convcalc convert resnet18 -o net.onnx --weights resnet18.pth",
            "convcalc convert net.json -o - --to spec",
        ),
        details=CONVERT_DETAILS,
    ),
    "graph": Command(
        module="convcalc.cli.commands.graph",
        function="graph",
        options=GRAPH,
        about="A network as a picture: shapes and costs on the layers, blocks folded.",
        examples=(
            "convcalc graph resnet18 -o resnet18.svg --depth 2",
            "convcalc graph 'conv:8,k3,p1 residual{bn relu conv:8,k3,p1}' -i 3x32x32",
            "convcalc graph unet --to mermaid",
        ),
        details=GRAPH_DETAILS,
    ),
    "schema": Command(
        module="convcalc.cli.commands.schema",
        function="schema",
        options=SCHEMA,
        about="What the JSON of a command holds, as a JSON Schema.",
        examples=("convcalc schema summary", "convcalc schema run > run.schema.json"),
        details=SCHEMA_DETAILS,
    ),
    "completion": Command(
        module="convcalc.cli.commands.completion",
        function="completion",
        options=SHELL,
        about="A script by which a shell completes command lines.",
        examples=(
            'eval "$(convcalc completion bash)"',
            "convcalc completion fish | source",
        ),
        details=COMPLETION_DETAILS,
    ),
}
