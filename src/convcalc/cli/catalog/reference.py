"""Commands that show what there is by name, and networks in other forms."""

from __future__ import annotations

from convcalc.cli.catalog.command import Command
from convcalc.cli.parsing.appearance import APPEARANCE
from convcalc.cli.parsing.computing_options import CONVERT
from convcalc.cli.parsing.options import KIND, SHELL, SPEC_FILE

FMT_DETAILS = """Line breaks and comments stay; blanks, indentation, keys and defaults become
regular. The result says the same network."""

COMPLETION_DETAILS = """For bash, eval "$(convcalc completion bash)" in ~/.bashrc; for zsh the same
with zsh in ~/.zshrc, after compinit; for fish, convcalc completion fish | source in
~/.config/fish/completions/convcalc.fish. Commands, options and their values, networks, kinds,
devices and the labels of a network that is named are offered, and files where they may stand."""

CONVERT_DETAILS = """Every command reads a .spec and a .json, at once and without torch. A .json
holds any network; a .spec is its text; a .py defines the same model for PyTorch, whose weights have
the network's names; an .onnx holds weights, too, and takes a batch of any size."""

REFERENCE_COMMANDS: dict[str, Command] = {
    "devices": Command(
        module="convcalc.cli.commands.roofline",
        function="devices",
        options=APPEARANCE,
        about="The devices that `roofline` takes by name, and where their figures are from.",
        examples=("convcalc devices", "convcalc devices --format csv"),
    ),
    "layers": Command(
        module="convcalc.cli.commands.networks",
        function="layers",
        options={**KIND, **APPEARANCE},
        about="The kinds of layers and their parameters.",
        examples=("convcalc layers", "convcalc layers conv"),
    ),
    "networks": Command(
        module="convcalc.cli.commands.networks",
        function="networks",
        options=APPEARANCE,
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
