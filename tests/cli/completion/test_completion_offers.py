"""What is offered at the end of a line."""

from __future__ import annotations

import subprocess
import sys

import pytest

from convcalc import network_names
from convcalc.cli.catalog.commands import COMMANDS
from convcalc.cli.completion.candidates import offered
from convcalc.cli.completion.line import Line, read_line
from convcalc.layers import KINDS


def offers(text):
    """What is offered after a text whose words have blanks between them."""
    words = text.split(" ")
    return offered(read_line(["convcalc", *words], len(words)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("su", ["summary"]),
        ("resnet1", ["resnet101", "resnet152", "resnet18"]),
        ("--v", ["--version"]),
        ("help roof", ["roofline"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("summary resnet1", ["resnet101", "resnet152", "resnet18"]),
        ("shape maxp", ["maxpool:"]),
        ("shape -i 3x8x8 relu conv", ["conv-mobilenet", "convnext_tiny", "conv:", "convt:"]),
        ("diff unet vgg19", ["vgg19"]),
        ("schema roof", ["roofline"]),
        ("compare unet vgg16 vgg1", ["vgg11", "vgg16", "vgg16_bn", "vgg19"]),
        ("summary unet --format s", ["svg"]),
        ("layers maxp", ["maxpool"]),
        ("flops --conv", ["--convention"]),
        ("flops --no-b", ["--no-bias"]),
        ("flops --convention t", ["torch", "torchinfo", "thop"]),
        ("flops --convention=f", ["--convention=fvcore"]),
        ("flops --compare separable,dep", ["separable,depthwise"]),
        ("roofline --device a", ["a100-40gb", "a100-80gb-pcie", "a100-80gb-sxm"]),
        ("run x.npy --device ", ["cpu", "cuda"]),
        ("run x.npy --network resnet18 --until layer1.1", ["layer1.1", "layer1.1.0"]),
        ("solve --field-of vgg16 --until 4", ["4"]),
        ("shape --format json --format x", []),
        ("shape conv:8,k", []),
        ("shape -- --format", []),
        ("nonsense ", []),
    ],
)
def test_words(text, expected):
    found = list(offers(text).words)
    assert expected == (found[: len(expected)] if "--until" in text else found)


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("shape x", True),
        ("shape conv:", False),
        ("run ", True),
        ("run x.npy -o ", True),
        ("run x.npy --backend ", False),
        ("run x.npy -k ", True),
        ("roofline --peak ", False),
        ("run x.npy ", True),
    ],
)
def test_files_are_offered_where_they_may_stand(text, files):
    assert files == offers(text).files


def test_every_command_network_and_kind_is_offered():
    assert {*COMMANDS, "help"} <= offers("").words.keys()
    found = {word.removesuffix(":") for word in offers("summary ").words}
    assert {*network_names(), *KINDS} == found


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_of_a_command_is_offered_with_its_help(inside, command):
    told = " ".join(inside(command, "--help").out.split())
    words = offers(f"{command} -").words
    assert all(word in told for word in words)
    assert {"-h", "--help"} <= words.keys()


def test_labels_of_a_file(folder):
    (folder / "net.spec").write_text("stem=conv:8,k3 body=2x{relu}\n")
    assert ["body", "body.0", "body.0.0", "body.1", "body.1.0"] == list(
        offers("rf net.spec --layer body").words
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["c", "shape", "conv", ":"], Line(("shape",), "conv:", 5)),
        (["c", "shape", "conv", ":", "64,k"], Line(("shape",), "conv:64,k", 5)),
        (["c", "shape", "--format", "=", "j"], Line(("shape",), "--format=j", 9)),
        (["c", "shape", "--format", "="], Line(("shape",), "--format=", 9)),
        (["c", "rf", "conv", ":", "8", "relu"], Line(("rf", "conv:8"), "relu")),
        (["c", "rf", ""], Line(("rf",), "")),
        (["c"], Line((), "")),
    ],
)
def test_words_that_bash_splits_are_one_again(words, expected):
    assert expected == read_line(words, max(len(words) - 1, 1), " \t:=")


def test_words_of_other_shells_are_whole_already():
    assert Line(("shape",), "conv:6") == read_line(["c", "shape", "conv:6"], 2)


def test_little_is_loaded_to_answer():
    code = (
        "import sys; sys.argv[1:] = ['__complete', '4', '', 'c', 'rf', 'vgg16', '--layer', '3']\n"
        "from convcalc.__main__ import main; code = main()\n"
        "heavy = {'typer', 'click', 'rich', 'numpy', 'convcalc.cli.app', 'convcalc.cli.main',\n"
        "  'convcalc.layers.conv', 'convcalc.analysis', 'convcalc.render'}\n"
        "print(code, *sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("0\n", "3\n3.0\n") == (done.stderr, done.stdout[:6])
