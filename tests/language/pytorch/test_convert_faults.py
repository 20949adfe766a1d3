"""PyTorch's own text: every refusal has its line, and what is missing is said."""

from __future__ import annotations

import copy

import pytest
from printed_modules import Block, Net, network, nn, parameters

from convcalc.errors import SpecError
from convcalc.language.pytorch.printed import printed_parameters


def fault(text, shape=None):
    with pytest.raises(SpecError) as caught:
        network(text, shape)
    return str(caught.value)


def test_the_number_of_channels_is_checked():
    text = "nn.Sequential(nn.Conv2d(3, 64, 7), nn.Conv2d(3, 8, 3))"
    assert (
        "this Conv2d expects 3 input channels, 64 arrive; 64 would fit here (column 46)\n"
        "  nn.Sequential(nn.Conv2d(3, 64, 7), nn.Conv2d(3, 8, 3))\n"
        "                                               ^"
    ) == fault(text, (3, 32, 32))


@pytest.mark.parametrize(
    ("text", "shape", "message"),
    [
        ("Conv2d(3, 8, 3)", (1, 9, 9), "this Conv2d expects 3 input channels, 1 arrives"),
        (
            "Conv2d(3, 8, 3)",
            (9, 7, 3),
            "expects 3 input channels, 9 arrive; 9x7x3 may have them last: did you mean 3x9x7?",
        ),
        ("Conv1d(3, 8, 3)", (9, 3), "9 arrive; 9x3 may have them last: did you mean 3x9?"),
        ("Conv2d(3, 8, 3)", (3, 9), "this Conv2d expects 2 spatial axes, 1 arrives (3x9)"),
        ("Conv1d(3, 8, 3)", (3, 9, 9), "this Conv1d expects 1 spatial axis, 2 arrive (3x9x9)"),
        ("BatchNorm1d(3)", (3, 9, 9), "this BatchNorm1d expects no or 1 spatial axes, 2 arrive"),
        ("BatchNorm2d(3)", (4, 9, 9), "this BatchNorm2d expects 3 input channels, 4 arrive"),
        ("GroupNorm(2, 6)", (4, 9, 9), "this GroupNorm expects 6 input channels, 4 arrive"),
        ("Linear(9, 5)", (4, 9, 8), "expects 9 input features, 8 arrive (the last axis of 4x9x8)"),
        ("Linear(9, 5)", (4,), "this Linear expects 9 input features, 4 arrive; 4 would fit here"),
        ("LayerNorm(9)", (4, 9), "expects no spatial axes, 1 arrives (4x9); it is over the last"),
        ("Softmax(dim=-1)", (4, 9), "this Softmax expects no spatial axes, 1 arrives (4x9)"),
        ("LogSoftmax(dim=-1)", (4, 9), "(4x9); with others its dim is not that of the channels"),
        ("LogSoftmax()", (4, 9), "expects no or 2 or 3 spatial axes, 1 arrives (4x9)"),
        ("Softmin(-2)", (4,), "this Softmin expects 1 spatial axis, none arrives (4)"),
        ("GLU()", (4, 9), "this GLU expects no spatial axes, 1 arrives (4x9); with others its dim"),
        ("GLU(dim=1)", (5, 9), "halves the channels, whose number is odd in 5x9; 4 or 6 fit"),
        ("Flatten(1, 2)", (4, 9, 9), "this Flatten expects 1 spatial axis, 2 arrive"),
        ("PixelShuffle(2)", (4, 9), "this PixelShuffle expects 2 spatial axes, 1 arrives"),
        ("PixelUnshuffle(2)", (4, 8), "this PixelUnshuffle expects 2 spatial axes, 1 arrives"),
        ("Upsample(scale_factor=2, mode='bilinear')", (4, 9), "expects 2 spatial axes, 1 arrives"),
        ("MaxPool2d(9)", (3, 8, 9), "the kernel spans 9 elements, the padded input 8"),
        ("MaxPool2d(3)", (3,), "this MaxPool2d expects 2 spatial axes, none arrives (3)"),
    ],
)
def test_an_input_that_the_text_does_not_expect(text, shape, message):
    assert message in fault(text, shape)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nn.Convv2d(3, 8, 3)", "unknown PyTorch module 'Convv2d'; did you mean 'Conv2d'?"),
        ("EmbeddingBag(3, 8)", "unknown PyTorch module 'EmbeddingBag'"),
        ("nn.Conv2d(3, 8)", "Conv2d needs kernel_size"),
        ("nn.Conv2d(3, 8, 3, strid=2)", "Conv2d has no argument 'strid'; did you mean 'stride'?"),
        ("nn.Conv2d(3, 8, 3, kernel_size=3)", "Conv2d is given kernel_size twice"),
        ("nn.ReLU(True, 1)", "ReLU takes at most 1 argument ("),
        ("nn.Conv2d(3, 8, 0)", "kernel_size: must be at least 1, got 0"),
        ("nn.Conv2d(3, 8, (3, 3, 3))", "kernel_size of Conv2d: expected one number or 2, got 3"),
        ("nn.Conv2d(3, 8.5, 3)", "out_channels of Conv2d: expected a whole number, got 8.5"),
        ("nn.Conv2d(3, 8, 3, padding='full')", "expected numbers, 'same' or 'valid', got 'full'"),
        ("nn.MaxPool2d(3, padding='same')", "padding of MaxPool2d: expected a whole number"),
        ("nn.Conv2d(3, 8, 3, bias=0)", "bias of Conv2d: expected True or False, got 0"),
        ("nn.Conv2d(3, 8, 3, padding_mode='wrap')", "expected 'zeros', 'reflect', 'replicate'"),
        ("nn.GELU(approximate='erf')", "approximate of GELU: expected 'none' or 'tanh', got 'erf'"),
        ("nn.RReLU(0.5, 0.1)", "upper: must not be below lower=0.5, got 0.1"),
        ("nn.Softplus(beta=0)", "beta: must not be 0, by which the logarithm is divided"),
        ("nn.LogSoftmax(dim=2)", "dim of LogSoftmax: expected 1, the channels, got 2"),
        ("nn.Softmin(0)", "dim of Softmin: expected 1, the channels, got 0"),
        ("nn.MaxPool2d(2, return_indices=1)", "return_indices of MaxPool2d: 1 has no"),
        ("nn.AvgPool2d(2, divisor_override=3)", "divisor_override of AvgPool2d: 3 has no"),
        ("nn.LayerNorm((3, 4))", "several axes together have no counterpart here"),
        ("nn.Flatten(2)", "start_dim of Flatten: 2 has no counterpart here; only 1 can be"),
        ("nn.Flatten(1, -2)", "end_dim of Flatten: expected -1, the last axis, got -2"),
        ("nn.Unflatten(1, 4)", "unflattened_size of Unflatten: expected sizes, as (16, 4, 4)"),
        ("nn.Unflatten('C', (('a', 2), ('b', 2)))", "dim of Unflatten: expected a whole number"),
        ("nn.Unflatten(0, (2, 2))", "dim: 0 is the batch; 1 are the channels"),
        ("nn.AdaptiveAvgPool2d((None, 7))", "expected a whole number, got None"),
        ("nn.Upsample(scale_factor=2.5)", "a factor that is not whole has no counterpart here"),
        ("nn.Upsample(scale_factor=2, mode='bicubic')", "'bicubic' has no counterpart here"),
        ("nn.Upsample(size=4, align_corners=True)", "align_corners: goes with mode bilinear"),
        ("nn.ZeroPad2d(1, 0.5)", "value of ZeroPad2d: 0.5 has no counterpart here"),
        ("nn.ConstantPad2d(1, True)", "value of ConstantPad2d: expected a number, got True"),
        ("nn.ZeroPad2d((1, 2))", "padding of ZeroPad2d: expected one number or 4, got 2"),
        ("nn.LeakyReLU(inf)", "expected a number, got 'inf'"),
        ("nn.Conv2d(3, 8, 3 3)", "expected a ',' or a ')' after this argument (column 19)"),
        ("nn.Conv2d(3, 8, (3, $))", "no expression is worked out (column 21)"),
        ("nn.Conv2d(3, 8, " + "9" * 50 + ")", "a number of too many digits"),
        (
            "nn.Conv2d(3, 8, 3",
            "this bracket is never closed: the text is cut off; expected a ')' (column 10)",
        ),
        (
            "nn.Conv2d(3, 8, (3, 3",
            "this bracket is never closed: the text is cut off; expected a ')' (column 17)",
        ),
        ("nn.Conv2d", "expected a module, as Conv2d(3, 64, kernel_size=3)"),
        (
            "nn.Sequential(*layers)",
            "expected a list of modules behind this '*', made in the text without a loop or a "
            "function (column 15)",
        ),
        ("nn.Sequential(3)", "expected a module here, as nn.ReLU()"),
        ("nn.Sequential()", "expected at least one module; there is none"),
        ("Sequential((0): ReLU() (0): ReLU())", "the name '0' is there twice"),
        ("Sequential((a b): ReLU())", "'a b' is no name of letters, digits and underscores"),
        ("Sequential((a.b): ReLU())", "'a.b' is no name of letters"),
        ("Sequential((0-2): 2 x ReLU())", "expected the numbers of 2 modules, as (0-1)"),
        ("Sequential((0-99999999): 100000000 x ReLU())", "more than 100000 modules"),
    ],
)
def test_what_cannot_be_read_is_named(text, message):
    assert message in fault(text, (3, 8, 8))


def test_every_fault_has_its_line():
    text = "Sequential(\n  (0): Conv2d(3, 8)\n  (1): Rellu()\n)"
    assert (
        "Conv2d needs kernel_size (line 2, column 8)\n"
        "    (0): Conv2d(3, 8)\n"
        "         ^^^^^^\n"
        "unknown PyTorch module 'Rellu'; did you mean 'ReLU'? (line 3, column 8)\n"
        "    (1): Rellu()\n"
        "         ^^^^^"
    ) == fault(text)


def test_a_printout_without_the_flow_says_what_it_shows():
    # conv1 3*16*49; each block n*n*9 + 2*n + n*n; norm 2*16; fc 16*10 + 10
    printed = 2352 + 2 * (256 * 10 + 32) + 3 * (64 * 10 + 16) + 32 + 170
    distinct = 2352 + (256 * 10 + 32) + (64 * 10 + 16) + 32 + 170
    assert (9706, 5802) == (printed, distinct) == printed_parameters(str(Net()))
    assert parameters(Net()) == 9706
    assert (
        "a printed Net does not say how data flows between its modules; only a Sequential does\n"
        "Printed are convolutions, linear layers and norms of 9,706 parameters (5,802 if those "
        "printed alike are one, as layers.0.conv1 and layers.1.conv1); shared weights, and those "
        "outside of modules, are not to be seen."
        "\nGive the model itself, as model.py:Net, which is run to see how data flows, or write "
        "its branches as residual{...} or concat{...} "
        "(line 1, column 1)\n"
        "  Net(\n"
        "  ^^^"
    ) == fault(str(Net()))


class Stage(nn.Module):
    """The same two modules under two names, as a block and in a list of its parts."""

    def __init__(self, shared):
        super().__init__()
        parts = [nn.Conv3d(2, 10, 3, padding=1), nn.InstanceNorm3d(10, affine=True)]
        self.body = nn.ModuleDict({"mix": parts[0], "scale": parts[1]})
        self.chain = nn.Sequential(*(parts if shared else copy.deepcopy(parts)))


@pytest.mark.parametrize(("shared", "held"), [(True, 570), (False, 1140)])
def test_a_module_that_is_printed_twice_may_be_one(shared, held):
    # 2*10*27 + 10 and 2*10: what the text shows is the same, what the model holds is not
    module = Stage(shared)
    assert str(Stage(True)) == str(Stage(False))
    assert held == parameters(module)
    assert (1140, 570) == printed_parameters(str(module))
    message = fault(str(module))
    assert (
        "1,140 parameters (570 if those printed alike are one, as body.mix and chain.0)" in message
    )
    assert "ertain" not in message
    assert "at least" not in message


def test_what_is_printed_once_has_one_count():
    text = "Net(\n  (a): Linear(in_features=3, out_features=4, bias=True)\n  (b): Odd()\n)"
    assert "of 16 parameters; not counted are Odd (line 3); shared weights" in fault(text)
    assert (32, 16) == printed_parameters(text.replace("(a): ", "(0-1): 2 x "))
    assert (0, 0) == printed_parameters(text.replace("(a): ", "(0-1): 0 x "))


def test_the_flow_is_missing_inside_a_sequential_too():
    message = fault(str(nn.Sequential(nn.ReLU(), Block(4), Block(8))), (4, 8, 8))
    assert message.startswith("a printed Block does not say how data flows")
    assert "(line 3, column 8)" in message
    assert message.count("a printed") == 1


def test_arguments_of_unknown_modules_are_no_obstacle_to_counting():
    text = "Net(\n  (a): Odd(3 -> 4, x={1: (2)}, 'a)b')\n  (b): Linear(3, 4)\n)"
    assert printed_parameters(text) == (16, 16)
    with pytest.raises(SpecError, match="never closed"):
        printed_parameters("Net(")
