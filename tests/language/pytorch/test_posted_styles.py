"""Texts in the styles in which people post models: threads, mails, notebooks, logs, papers, pages.

Where a text names another size of its input than the usual ones, that is what it is asked about.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from convcalc.errors import SpecError
from convcalc.language.parse import parse
from convcalc.network.usual_input import usual_input

POSTED = Path(__file__).parents[1] / "posted"

SMALL = (
    *("chat", "html", "pipes", "grep", "diff", "smart", "class", "both_tables", "dict", "optim"),
    *("ddp", "keyword", "latex", "ansi", "kaggle", "bot", "inline", "F_alias", "wrapped_lines"),
    *("one_line", "mail", "tree", "asserted", "wandb", "escaped", "type_above", "plus"),
    *("size_mismatch", "fstring"),
)
"""Texts with Conv2d(2, 6, 3, padding=1) and ReLU() in them."""


def text_of(name):
    return (POSTED / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", SMALL)
def test_a_small_model_in_many_styles(name):
    totals = parse(text_of(name)).analyze((2, 8, 8)).totals
    # 2*6*9 + 6, and 6*8*8 outputs of 2*9 products
    assert (114, 6912) == (totals.params, totals.macs)


@pytest.mark.parametrize(
    ("name", "shape", "params", "macs"),
    [
        # 3*16*25 + 16 and 4096*10 + 10; 32*32*16*75 and 4096*10
        ("forum", (3, 32, 32), 42186, 1269760),
        # 4*8*3 + 8 and 8*4*4 + 4; 1024*8*12 and 1024*8*16
        ("issue", (4, 1024), 236, 229376),
        # 784*128 + 128 and 128*10 + 10
        ("notebook", (784,), 101770, 101632),
        # 64*16 + 64, 128*64*16 + 128 and 6272 + 1; 14*14*64*16, 7*7*128*1024 and 6272
        ("appendix", (1, 28, 28), 138561, 6629504),
        # 6*25 + 6 and 1176*10 + 10; 28*28*6*25 and 1176*10
        ("chinese", (1, 28, 28), 11926, 129360),
        # 100*784 + 784
        ("two", (100,), 79184, 78400),
    ],
)
def test_a_text_decides_its_input(name, shape, params, macs):
    network = parse(text_of(name))
    assert shape == usual_input(network).shape
    totals = network.analyze(shape).totals
    assert (params, macs) == (totals.params, totals.macs)


@pytest.mark.parametrize(
    ("name", "shape", "params", "out"),
    [
        ("quantization_aware", (3, 32, 32), 224, (8, 30, 30)),  # 3*8*9 + 8
        ("quantized_model", (1, 28, 28), 15770, (10,)),  # 9*8 + 8 and 8*14*14*10 + 10
        ("with_its_loss", (1, 28, 28), 216650, (10,)),  # 9*32 + 32 and 32*26*26*10 + 10
        # 27*16 + 16 and 16*16*27 + 16, each with the slope of its PReLU
        ("medical", (1, 32, 32, 32), 7378, (16, 16, 16, 16)),
        ("select_pool", (3, 64, 64), 25696, (1000,)),  # 24*27, twice 24, and 24*1000 + 1000
    ],
)
def test_modules_of_common_libraries(name, shape, params, out):
    analysis = parse(text_of(name)).analyze(shape)
    assert (params, out) == (analysis.totals.params, analysis.layers[-1].output_shape)


def test_losses_and_metrics_are_named():
    assert (
        "losses and metrics of LitClassifier are passed over: loss_fn, train_acc",
        "LitClassifier is read as the one module inside, model",
    ) == parse(text_of("with_its_loss")).notes


def test_a_name_above_a_model_is_its_label():
    assert "linear:1 sigmoid" == parse(text_of("two"), model="Discriminator").spec()


def test_source_text_of_a_class_yields_to_its_printout():
    assert ("net.0", "net.1") == tuple(node.label for node in parse(text_of("class")).nodes)


@pytest.mark.parametrize("name", ["vgg", "fx"])
def test_the_order_of_the_print_is_named(name):
    with pytest.raises(SpecError, match="--in-order reads them so"):
        parse(text_of(name))
    assert len(parse(text_of(name), in_order=True).nodes) > 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("modulelist", "a printed ModuleList does not say how data flows"),
        ("lightning", "this is a table of Lightning; give what print(model) shows"),
        ("functional", "'ch' is a name without one whole number in the text; write the number"),
        (
            "script",
            "this is a printout of TorchScript; it has no arguments; give what print(model)",
        ),
    ],
)
def test_what_is_not_read_is_one_error(name, message):
    with pytest.raises(SpecError) as caught:
        parse(text_of(name))
    assert (1, True) == (len(caught.value.problems), message in str(caught.value))


def test_colours_of_a_terminal_are_passed_over():
    text = text_of("ansi").replace("[32m", "\x1b[1;32m").replace("[0m", "\x1b[0m")
    assert "\x1b[" in text
    assert "conv:6,k3,p1 relu" == parse(text).spec()
