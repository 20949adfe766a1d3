"""Models as people post them: with words, prompts, quoting, logs and fences around them."""

from __future__ import annotations

from pathlib import Path

import pytest
from surroundings import SURROUNDINGS, quoted

from convcalc.errors import SpecError
from convcalc.language.parse import parse
from convcalc.language.pytorch.posted import posted_models
from growth import check

POSTED = Path(__file__).parents[1] / "posted"

PRINTED = """Sequential(
  (0): Conv2d(2, 6, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (1): ReLU()
)"""
TYPED = "nn.Sequential(nn.Conv2d(2, 6, 3, padding=1), nn.ReLU())"
OLD = """Sequential (
  (0): Conv2d (2, 6, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (1): ReLU (inplace)
)"""
CLASS = (
    PRINTED.replace("Sequential", "Net")
    .replace("\n  ", "\n    ")
    .replace("Net(", "Net(\n  (body): Sequential(")
    .replace("\n)", "\n  )\n)")
)


def answer(text, shape=(2, 8, 8), **how):
    """Parameters and MACs of the model in a text."""
    totals = parse(text, **how).analyze(shape).totals
    return totals.params, totals.macs


def fault(text, **how):
    with pytest.raises(SpecError) as caught:
        parse(text, **how)
    return caught.value


@pytest.mark.parametrize("around", SURROUNDINGS)
@pytest.mark.parametrize(
    "text", [PRINTED, TYPED, OLD, CLASS], ids=["printed", "typed", "old", "class"]
)
def test_what_is_around_a_model_changes_nothing(text, around):
    # 2*6*9 + 6, and 6*8*8 outputs of 2*9 products
    assert (114, 6912) == answer(SURROUNDINGS[around](text))


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("wrapper.txt", (3, 32, 32), (781, 190656)),
        ("child.txt", (2, 8, 8), (114, 6912)),
        ("fence.txt", (2, 8, 8), (114, 6912)),
        ("prompt.txt", (2, 8, 8), (114, 6912)),
        ("trailer.txt", (2, 8, 8), (114, 6912)),
        ("old_torch.txt", (3, 8, 8), (252, 15552)),
        ("zeropad.txt", (3, 8, 8), (140, 7560)),
        ("observed.txt", (8, 8, 8), (36, 2048)),
        ("quantized.txt", (3, 8, 8), (196, 3024)),
        ("assignment.txt", (3, 8, 8), (252, 8748)),
        ("expression.txt", (12, 6, 6), (21650, 21600)),
        ("one_channel.txt", (1, 8, 8), (60, 1944)),
    ],
)
def test_posted_texts(name, shape, expected):
    # Of the MACs: old_torch 9*8*8*27, zeropad 5*(8+1-2)*(8+2-2)*27, observed 7*4*4*27,
    # one_channel 6*6*6*9.
    assert expected == answer((POSTED / name).read_text("utf-8"), shape)


def test_a_classifier_with_activations_of_its_time():
    text = """Sequential(
  (hidden): Linear(in_features=120, out_features=16, bias=True)
  (act): SELU()
  (drop): AlphaDropout(p=0.05, inplace=False)
  (out): Linear(in_features=16, out_features=4, bias=True)
  (score): LogSoftmax(dim=1)
)"""
    # 120*16 + 16 + 16*4 + 4 parameters, and as many MACs as weights.
    assert (2004, 1984) == answer(text, (120,))


def test_parts_in_the_order_of_their_print():
    text = (POSTED / "parts_in_order.txt").read_text("utf-8")
    # 3*8*9 + 8, and 200*9 + 9; 8*32*32*27 and 200*9
    assert (2033, 222984) == answer(text, (3, 32, 32), in_order=True)
    assert (
        "SmallNet is read in the order of its print: stem, pool, head",
        "flatten is added before head.0, whose input has axes",
    ) == parse(text, in_order=True).notes
    assert "--in-order" in str(fault(text))


def test_behind_gates_there_are_half_the_channels():
    text = """Gated(
  (a): Conv1d(3, 8, kernel_size=(3,), stride=(1,))
  (gates): GLU(dim=1)
  (b): Conv1d(4, 2, kernel_size=(1,), stride=(1,))
)"""
    assert "--in-order reads them so" in str(fault(text))
    # 8*9 + 8, and 2*4 + 2; on 7 positions 8*9 and 2*4
    assert (90, 560) == answer(text, (3, 9), in_order=True)


@pytest.mark.parametrize(
    ("around", "notes"),
    [
        ("a label", ()),
        ("a prompt", ("passed over: lines 1, 6",)),
        ("a fence", ("passed over: lines 1, 6",)),
        ("words", ("passed over: lines 1, 8",)),
    ],
)
def test_a_note_says_which_lines_were_passed_over(around, notes):
    assert notes == parse(SURROUNDINGS[around](PRINTED)).notes


def test_what_follows_on_the_line_of_a_model_is_said():
    assert ("passed over: the rest of line 1, '; x = 1'",) == parse("ReLU(); x = 1").notes
    for text in ("ReLU()  # of 2010", "`ReLU()`.", "(net): ReLU(),", "print(ReLU())"):
        assert () == parse(text).notes


def test_the_first_line_of_an_old_printout_in_a_log_is_no_stamp():
    assert "conv:6,k3,p1 relu" == parse(SURROUNDINGS["a log"](OLD)).spec()


@pytest.mark.parametrize("end", ["groups=2)", "bias=False)", "groups=2, bias=False)"])
def test_a_line_that_was_broken_by_a_terminal_keeps_its_arguments(end):
    text = f"Sequential(\n  (0): Conv2d(2, 6, kernel_size=(3, 3), stride=(1, 1),\n{end}\n)"
    whole = f"nn.Conv2d(2, 6, 3, {end}"
    assert parse(whole).spec() == parse(text).spec() != "conv:6,k3"


def test_modules_with_commas_between_them_are_one_after_the_other():
    text = "body = nn.Conv2d(3, 8, 3),  # stem\n    nn.ReLU(),\n    nn.Conv2d(8, 4, 1),\n"
    assert "conv:8,k3 relu conv:4,k1" == parse(text).spec()
    assert () == parse(text).notes


def test_a_module_that_is_only_spoken_of_is_no_model():
    assert (114, 6912) == answer(f"I tried Conv2d(9, 9, 9) first.\n{PRINTED}")
    error = fault("I tried nn.Conv2d(9, 9, 9) first, but it is slow.")
    message = "a module is named here among other words; give a model on lines of its own"
    assert (1, True) == (len(error.problems), message in str(error))


TWO = f"head = nn.Linear(7, 3)\n\n{PRINTED}\nother: {TYPED}\n"


def test_of_several_models_the_first_is_read_and_the_others_are_named():
    network = parse(TWO)
    assert ["linear"] == [node.layer.kind for node in network.nodes]
    assert (
        "of 3 models in the text 'head' (line 1) is read, not that of line 3, 'other' (line 7)",
    ) == network.notes


@pytest.mark.parametrize(
    ("wanted", "expected"), [("2", (114, 6912)), ("3", (114, 6912)), ("other", (114, 6912))]
)
def test_a_model_is_chosen_by_its_name_or_its_number(wanted, expected):
    assert expected == answer(TWO, model=wanted)


def test_a_module_inside_is_chosen_by_its_path():
    text = (POSTED / "wrapper.txt").read_text("utf-8")
    for path in ("trunk", "module.trunk"):
        assert (781, 190656) == answer(text, (3, 32, 32), model=path)
    assert ["module.trunk.2"] == [node.label for node in parse(text, model="trunk.2").nodes]


@pytest.mark.parametrize(
    ("text", "wanted", "message"),
    [
        (CLASS, "boddy", "no module is called 'boddy'; did you mean 'body'?"),
        (CLASS, "nothing-like-it", "no module is called 'nothing-like-it'; inside it are body"),
        (TWO, "4", "no module is called '4'"),
        ("conv:8,k3", "head", "there are no models in a spec, and so none called 'head'"),
    ],
)
def test_a_model_that_is_not_there(text, wanted, message):
    assert message in str(fault(text, model=wanted))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            (POSTED / "cut_off.txt").read_text("utf-8"),
            "this bracket is never closed: the text is cut off; expected a ')' (line 1, column 11)",
        ),
        (
            (POSTED / "elided.txt").read_text("utf-8"),
            "something was left out here; give the whole printout (line 3, column 3)",
        ),
        (
            (POSTED / "fragment.txt").read_text("utf-8"),
            "this ')' closes a module that begins before the text: it is a fragment; give the "
            "whole printout, or leave this bracket out (line 4, column 3)",
        ),
        (quoted((POSTED / "elided.txt").read_text("utf-8")), "something was left out here"),
        (PRINTED.replace("  (1)", "  (1): ...\n  (2)"), "something was left out here"),
        (PRINTED.replace("  (1)", "  .\n  .\n  (1)"), "something was left out here"),
        (PRINTED.replace("  (1)", "  [...]\n  (1)"), "something was left out here"),
        (PRINTED.replace("  (1)", "  <snip>\n  (1)"), "something was left out here"),
        (PRINTED.replace("  (1)", "  ... (12 more blocks)\n  (1)"), "something was left out here"),
        (TYPED.replace(" nn.ReLU", "\n  # ...\n nn.ReLU"), "something was left out here"),
        (f"```\n{PRINTED[:-2]}\n```", "this bracket is never closed"),
        (
            PRINTED[PRINTED.index("(0)") :],
            "this ')' closes a module that begins before the text: it is a fragment",
        ),
        (
            PRINTED[PRINTED.index("(0)") : -2],
            "(0) and (1) are modules of a larger printout: it is a fragment; write 'Sequential(' "
            "before them",
        ),
    ],
)
def test_what_is_not_whole_is_one_error(text, message):
    error = fault(text)
    assert (1, True) == (len(error.problems), message in str(error))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ((POSTED / "summary_table.txt").read_text("utf-8"), "a table of torchsummary"),
        ((POSTED / "lua_torch.txt").read_text("utf-8"), "a Torch7 printout"),
        ((POSTED / "mini.prototxt").read_text("utf-8"), "a Caffe prototxt"),
        (
            "Layer (type:depth-idx)     Output Shape     Param #\n├─Conv2d: 1-1",
            "a table of torchinfo",
        ),
        (
            "Layer (type)  Output Shape  Param #\nconv2d (Conv2D) (None, 26, 26, 32) 320",
            "a table of Keras",
        ),
        ("nc: 80\nbackbone:\n  [[-1, 1, Focus, [64, 3]]]\nhead:\n", "a YOLO configuration in YAML"),
        ('{"class_name": "Sequential", "config": {"layers": []}}', "a Keras model in JSON"),
        ('{"layers": [{"type": "conv"}]}', "JSON"),
        ("HybridSequential(\n  (0): Conv2D(3 -> 8, kernel_size=(3, 3))\n)", "a Gluon printout"),
        (
            '{"cells": [{"source": ["nn.Conv2d(3, 8, 3)"]}], "nbformat": 4}',
            "a Jupyter notebook as a file; give the source text in it",
        ),
        (
            "graph(%input : Float(1, 3, 8, 8)):\n  %2 : Float(1, 8, 6, 6) = onnx::Conv(%input)\n",
            "a graph of ONNX or TorchScript",
        ),
        ("net.add(nn.Conv2D(channels=6, kernel_size=5))", "source text of Gluon"),
        (
            "Sequential(\n  (0): Conv2D(3, 8, kernel_size=[3, 3], data_format=NCHW)\n)",
            "a Paddle printout",
        ),
        ("x = nn.Conv(features=32, kernel_size=(3, 3))(x)", "source text of Flax"),
        ("odict_keys(['conv1.weight', 'conv1.bias'])", "a list of weights"),
        ("conv1.weight \t torch.Size([6, 3, 5, 5])\n", "a list of weights"),
        (
            'Traceback (most recent call last):\n  File "train.py", line 3\n    out = net(x)\n',
            "an error message of Python",
        ),
        (
            "opcode  name  target  args  kwargs\n-----\nplaceholder  x  x  ()  {}\n",
            "a table of torch.fx",
        ),
        ("model.add(Conv2D(32, (3, 3), activation='relu'))", "source text of Keras"),
        (
            "class Net(nn.Module):\n    def __init__(self):\n        self.a = nn.Conv2d(3, 8, 3)\n"
            "    def forward(self, x):\n        return self.a(x)\n",
            "the source of a class, Net, which says in code how data flows; save it as model.py "
            "and give model.py:Net, which is run",
        ),
        (
            "class Part(nn.Module):\n    def __init__(self, width):\n        pass\n"
            "class Net(nn.Module):\n    def __init__(self, width, depth=2):\n"
            "        self.part = Part(3)\n    def forward(self, x):\n        return x\n",
            "the source of a class, Net, which says in code how data flows; save it as model.py "
            'and give "model.py:Net(width=...)", which is run',
        ),
        (
            "    ```python\n    class Net(nn.Module):\n        def __init__(self, width):\n"
            "            pass\n        def forward(self, x):\n            return x\n    ```\n",
            "the source of a class, Net, which says in code how data flows; save it as model.py "
            'and give "model.py:Net(width=...)", which is run',
        ),
        (
            "Here is my code:\nclass Net(nn.Module):\n    def __init__(self, width):\n"
            "        pass\n    def forward(self, x):\n        return x\n",
            "the source of a class, Net, which says in code how data flows; save it as model.py "
            "and give model.py:Net, which is run",
        ),
        (
            "if True:\n    class Net(nn.Module):\n        def forward(self, x):\n"
            "            return x\n",
            "the source of a class, Net, which says in code how data flows; save it as model.py "
            "and give model.py:Net, which is run",
        ),
    ],
)
def test_other_formats_are_named_in_one_error(text, name):
    error = fault(text)
    assert 1 == len(error.problems)
    assert str(error).startswith(f"this is {name}; give what print(model) shows") or name in str(
        error
    )
    assert "spec" not in error.problems[0].message


@pytest.mark.parametrize(
    "behind",
    [
        "Traceback (most recent call last):\n  File 'a.py', line 3\n",
        "0.weight torch.Size([6, 2, 3, 3])\n",
    ],
)
@pytest.mark.parametrize("text", [PRINTED, TYPED], ids=["printed", "typed"])
def test_a_model_with_its_error_or_its_weights_is_read(text, behind):
    assert "conv:6,k3,p1 relu" == parse(f"{text}\n\n{behind}").spec()


@pytest.mark.parametrize(
    "text", ["conv:8,k3", "# nn.Conv2d(3, 8, 3) by hand\nconv:8,k3", "Stem=conv:8,k(1+2)"]
)
def test_a_spec_stays_one(text):
    assert () == posted_models(text)
    assert "conv" == parse(text).nodes[0].layer.kind


HOSTILE = {
    "prompts": ("", ">>> \n", PRINTED),
    "prompts on a line": ("", ">>> ", PRINTED),
    "quotes": ("", "> ", PRINTED),
    "labels": ("", "net: ", PRINTED),
    "labels on lines": ("", "net:\n", PRINTED),
    "bars": ("", "| ", PRINTED),
    "numbers": ("", "1 ", PRINTED),
    "words": ("", "word ", PRINTED),
    "stamps": ("", "2021-01-01 00:00:00 - ", PRINTED),
    "tags": ("", "<pre>", PRINTED),
    "entities": ("", "&gt;", PRINTED),
    "no-break spaces": ("", "\u00a0", PRINTED),
    "blank lines behind": (PRINTED, "\n", ")"),
    "opened": ("", "Net(\n", ""),
    "opened under a name": ("", "net = nn.A(\n", ""),
    "children": ("", "(a): ", ""),
    "children with modules": ("", "  (0): Conv2d(3, 4, 3)\n", ""),
    "models": ("", "nn.ReLU()\n", ""),
    "models after commas": ("", "nn.ReLU(), ", ""),
    "models spoken of": ("", "I use Conv2d(3) so\n", ""),
    "models in a model": ("", "Conv2d(3 ", ""),
    "models added": ("net = nn.Sequential()\n", "net.add_module('a', nn.ReLU())\n", ""),
    "comments": ("", "# net: nn.ReLU(\n", ""),
    "dots": ("", "...\n", ""),
    "letters": ("", "A", ""),
    "strings": ("", "'\n\"", ""),
    "an open string": ("nn.A(", "'nn.A(", ""),
    "sections": ("[net]\n", "[dropout]\n", ""),
    "sections that are not read": ("[net]\n", "[reorg]\n", ""),
    "closed": ("", ")\n", ""),
}
"""Beginning, what is repeated, end."""


@pytest.mark.parametrize("pattern", HOSTILE.values(), ids=HOSTILE)
def test_twice_the_text_is_at_most_twice_the_work(pattern):
    begin, piece, end = pattern
    check(parse, [f"{begin}{piece * count}{end}" for count in (300, 600)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nn.Sequential(" * 10_000, "modules are nested more than 100 deep"),
        ("nn.Sequential(" + "[" * 10_000, "brackets are nested more than 100 deep"),
        ("Net(\n  (a): " * 50_000, "modules are nested more than 100 deep"),
        (">>> " * 250_000, "this is a session of Python with no model in it that is read"),
        (">>> \n" * 800_000, "this is a session of Python with no model in it that is read"),
        (">>> " * 1_000_000 + PRINTED, "a text of 4000098 characters with modules of PyTorch"),
        ("net: " * 1_000_000 + PRINTED, "a spec of 5000098 characters"),
        ("nn.ReLU()\n" * 1_000_000, "a spec of 10000000 characters"),
        ("[net]\n" + "[dropout]\n" * 100_000, "more than 10000 sections"),
    ],
    ids=["brackets", "squares", "modules", "prompts", "lines", "much", "labels", "10 MB", "cfg"],
)
def test_a_hostile_text_is_one_error(text, message):
    error = fault(text)
    assert (1, True) == (len(error.problems), message in str(error))
