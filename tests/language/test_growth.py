"""Hostile texts: whatever a reader is given, twice the text is at most twice the work."""

from __future__ import annotations

import dataclasses

import pytest

import convcalc
from convcalc.analysis.report import layer_reports
from convcalc.cli.parsing.network_argument import read_source
from convcalc.errors import SpecError
from convcalc.language.parse import formatted
from convcalc.network.functional import check_functions, declared_functions
from growth import check, work

SPEC = {
    "closings": ("", "}", ""),
    "closings after layers": ("", "relu}", ""),
    "bars": ("", "|", ""),
    "openings": ("", "{", ""),
    "blocks never closed": ("", "residual{", ""),
    "repeats never closed": ("", "2x{", ""),
    "definitions cut off": ("", "define a( ", ""),
    "definitions alone": ("", "define ", ""),
    "definitions in definitions": ("", "define a(){", ""),
    "definitions": ("", "define a(){relu} ", "relu"),
    "comments": ("", "#\n", "relu"),
    "a long comment": ("#", "a", "\nrelu"),
    "blanks": ("", " ", ""),
    "lines": ("", "\n", "relu"),
    "semicolons": ("", ";", "relu"),
    "a long word": ("", "a", ""),
    "a long label": ("", "a", "=relu"),
    "a label with dots": ("", "a.", "a=relu"),
    "a long label of many": ("", "a", "=4x{relu}"),
    "a long jump": ("relu @", "a", ""),
    "jumps": ("", "@a ", ""),
    "jumps to one label": ("a=relu ", "@a ", "relu"),
    "labels that are set twice": ("", "a=relu ", ""),
    "equals signs": ("", "=", ""),
    "layers": ("", "relu ", ""),
    "layers with arguments": ("", "conv:8,k3,p1 ", ""),
    "unknown kinds": ("", "cnov ", ""),
    "unknown words": ("conv:", "z,", "z"),
    "unknown words in layers": ("", "conv:z ", ""),
    "unknown words never used": ("define a(){", "conv:z ", "} relu"),
    "the same key": ("conv:8", ",k3", ""),
    "commas": ("conv:", ",", ""),
    "colons": ("conv:", ":", ""),
    "axes": ("conv:8,k", "1x", "1"),
    "axes of expressions": ("conv:8,k", "(in)x", "1"),
    "digits after an axis": ("conv:8,k3x", "1", ""),
    "a name of x": ("conv:$", "x", ""),
    "digits": ("conv:", "1", ""),
    "decimals": ("conv:1.", "1", ""),
    "a sum": ("conv:", "1+", "1,k3"),
    "a sum of channels": ("conv:", "in+", "in,k3"),
    "signs": ("conv:", "-", "1"),
    "brackets": ("conv:", "(", "1"),
    "brackets of counts": ("", "(", ""),
    "counts": ("", "2x ", ""),
    "a long count": ("", "1", "x{relu}"),
    "branches": ("concat{", "|", "}"),
    "branches of layers": ("concat{", "relu|", "}"),
    "branches in many turns": ("3x{concat{", "|", "}}"),
    "comments in many turns": ("3x{", "#\n", "relu}"),
    "comments in definitions": ("define a(){", "#\n", "relu}" + " a" * 3),
    "parameters": ("define a(b", ",", "){relu} a"),
    "uses with many values": ("define a(b){relu} a:1", ",1", ""),
    "deep comments": ("1x{" * 20 + "\n", "#a\n", "}" * 20),
    "a deep line": ("1x{" * 30, "relu ", "\nrelu" + "}" * 30),
    "blanks before PyTorch": ("", " ", "nn.ReLU"),
    "comments before PyTorch": ("", "#a\n", "a.b"),
    "blanks inside PyTorch": ("Net", " ", "()"),
    "control characters": ("", "\x1b", ""),
    "characters of two bytes": ("", "é ", ""),
}
"""Beginning, what is repeated, end."""

PYTORCH = {
    "modules": ("nn.Sequential(", "nn.ReLU(),", ")"),
    "modules that are cut off": ("", "nn.Sequential(", ""),
    "modules without commas": ("nn.Sequential(", "nn.ReLU() ", ")"),
    "brackets": ("nn.Conv2d(", "(", ""),
    "square brackets": ("nn.Conv2d(", "[", ""),
    "brackets that close": ("nn.ReLU(", ")", ""),
    "numbers": ("nn.Sequential(", "1,", ")"),
    "numbers without commas": ("nn.Sequential(", "1 ", ")"),
    "numbers in a list": ("nn.Conv2d((", "1,", "), 2, 3)"),
    "digits": ("nn.Conv2d(", "1", ", 2, 3)"),
    "signs": ("nn.ReLU(", "-", ")"),
    "unknown keys": ("nn.Conv2d(", "z=1,", ")"),
    "modules with unknown keys": ("nn.Sequential(", "nn.GELU(z=1),", ")"),
    "unknown keys in a printout": ("Net(\n", "(a): GELU(z=1)\n", ")"),
    "keys without values": ("nn.ReLU(", "a=", ")"),
    "a long key": ("nn.ReLU(", "a", "=1)"),
    "quotes": ("nn.Sequential(", "'", ")"),
    "quotes of both kinds": ("nn.Sequential(", "'\"", ")"),
    "quotes and backslashes": ("nn.Sequential(", "'\\", ")"),
    "a long string": ("nn.Upsample(mode='", "a", "')"),
    "a long word": ("nn.", "a", "()"),
    "a word with dots": ("nn.", "a.", "()"),
    "blanks": ("nn.ReLU(", " ", ")"),
    "blanks after a key": ("nn.ReLU(a", " ", ")"),
    "lines": ("nn.ReLU(", "\n", ")"),
    "comments": ("nn.ReLU(", "#\n", ")"),
    "comments before": ("", "#\n", "nn.ReLU()"),
    "words after the module": ("nn.ReLU() ", "a ", ""),
    "unknown modules": ("nn.Sequential(", "Zzz(),", ")"),
    "the same child": ("Sequential(\n", "(0): ReLU()\n", ")"),
    "children without a name": ("Sequential(\n", "(): ReLU()\n", ")"),
    "children and numbers": ("Sequential(\n", "(a): ReLU() 1 1\n", ")"),
    "children never closed": ("S(", "(a): S(", ""),
    "children never named": ("nn.Sequential(", "(a", ")"),
    "a long child": ("Sequential(\n(", "a", "): ReLU()\n)"),
    "a long child of many": ("Sequential(\n(", "a", "): Sequential((0-3): 4 x ReLU()))"),
    "a long count": ("Sequential((0-9): ", "9", " x ReLU())"),
    "gaps in many turns": ("Sequential((0-3): 4 x Sequential(nn.ReLU(),", " ", "nn.ReLU()))"),
    "deep junk": ("nn.Sequential(" * 30, "1 ", ")" + " 1)" * 29),
    "deep modules": ("nn.Sequential(" * 30, "nn.ReLU(),", ")" + " 1)" * 29),
    "an ordered dictionary": ("nn.Sequential(OrderedDict([", "('a', nn.ReLU()),", "]))"),
}

HEADERS = {
    "names of functions": ("# functions ", "a ", "\nrelu"),
    "kinds of functions": ("# functions ", "relu ", "\nrelu"),
    "one long name": ("# functions ", "a", "\nrelu"),
    "blanks after functions": ("# functions a", " ", "\nrelu"),
    "headers of functions": ("", "# functions a\n", "relu"),
    "headers cut off": ("", "# functions \n", "relu"),
    "headers of the input": ("", "# input 3x8x8\n", "relu"),
    "inputs with words": ("", "# input 3 a\n", "relu"),
    "a long input": ("# input ", "1", "\nrelu"),
    "an input of axes": ("# input 1", "x1", "\nrelu"),
    "blanks after an input": ("# input 3", " ", "a\nrelu"),
    "lines after an input": ("# input 3", "\n", "relu"),
    "lines and blanks": ("# input 3", "\n ", "a"),
}

SIZES = (750, 1500)
"""Characters of a text and of one twice as long."""

LARGE_SIZES = (3000, 6000)
"""Above what a name may have: for a few patterns always, for the others in the long campaign."""

ALWAYS_LARGE = frozenset({"closings after layers", "definitions cut off", "a long label of many"})


def twice(patterns):
    """A parameter for every pattern, in both sizes: the two texts."""
    return pytest.mark.parametrize(
        "texts", [*sized(patterns, SIZES, "small"), *sized(patterns, LARGE_SIZES, "large")]
    )


def sized(patterns, sizes, called):
    """The parameters for these sizes; most large ones are slow."""
    for name, pattern in patterns.items():
        slow = called == "large" and name not in ALWAYS_LARGE
        marks = [pytest.mark.slow] if slow else []
        yield pytest.param(two(*pattern, sizes), id=f"{name}, {called}", marks=marks)


def two(head, unit, tail, sizes):
    """The texts of a pattern at two sizes."""
    return [head + unit * (size // len(unit)) + tail for size in sizes]


def attempt(function, text):
    try:
        return function(text)
    except SpecError:
        return None


@twice(SPEC)
def test_a_spec_is_read_and_formatted_in_linear_time(texts):
    check(lambda text: attempt(formatted, text), texts)


@twice(PYTORCH)
def test_a_text_of_pytorch_is_read_in_linear_time(texts):
    check(lambda text: attempt(convcalc.parse, text), texts)


@twice(HEADERS)
def test_the_headers_of_a_file_are_read_in_linear_time(texts, tmp_path):
    def read(text):
        (tmp_path / "net.spec").write_text(text)
        source = attempt(lambda word: read_source([word]), str(tmp_path / "net.spec"))
        if source is not None:
            check_functions(source, source.functions)

    check(read, texts)


@pytest.mark.parametrize("numbers", [(60, 120), pytest.param((1000, 2000), marks=pytest.mark.slow)])
def test_functions_are_looked_up_once_for_all_layers(numbers):
    """Every name was once held against every layer."""

    def given(number):
        labels = [f"a{i}.b" for i in range(number)]
        network = convcalc.parse(" ".join(f"{label}=relu" for label in labels))
        names = declared_functions(f"# functions {' '.join(labels)}")
        return dataclasses.replace(network, functions=names)

    def count(network):
        check_functions(network, network.functions)
        return list(layer_reports(network, (3,)))

    check(count, [given(number) for number in numbers])


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("1001 characters in the name of a layer", "a" * 1001 + "=relu"),
        ("1003 characters in the name of a layer", "a" * 999 + "=2x{b=relu}"),
        ("1001 characters in the name of a module", f"Sequential(({'a' * 1001}): ReLU())"),
        ("a value for more than 10 axes", "conv:8,k" + "x".join("11111111111")),
        (
            "a definition of more than 100 parameters",
            f"define f({','.join(f'p{i}=1' for i in range(101))}) {{relu}} f",
        ),
        ("more than 250000 layers and repeats", "50x{concat{" + "|" * 6000 + "}}"),
        ("more than 250000 layers and repeats", "3000x{pw:" + "+".join(["in"] * 90) + "}"),
    ],
)
def test_what_would_cost_much_in_a_small_text_is_refused(message, text):
    with pytest.raises(SpecError) as caught:
        convcalc.parse(text)
    assert str(caught.value).startswith(message)


def test_what_is_just_allowed_is_read():
    label = "a" * 1000
    assert label == convcalc.parse(f"{label}=relu").nodes[0].label
    assert label == convcalc.parse(f"Sequential(({label}): ReLU())").nodes[0].label
    parameters = ",".join(f"p{i}=1" for i in range(100))
    assert 1 == len(convcalc.parse(f"define f({parameters}) {{relu}} f").nodes)


@pytest.mark.parametrize("unit", ["}", "relu} ", "relu}", "|", "{"])
def test_reading_ends_at_the_eleventh_fault(unit):
    """A text of 1 MiB runs as many lines as one of 600 characters."""
    texts = [unit * (size // len(unit)) for size in (600, 2**20)]
    attempt(convcalc.parse, texts[0])  # what is made once is made here
    small, large = (work(lambda text=text: attempt(convcalc.parse, text)) for text in texts)
    assert small.lines == large.lines
