"""Configurations of darknet: what it computes from them, and what has no counterpart."""

from __future__ import annotations

from pathlib import Path

import pytest

from convcalc.errors import SpecError
from convcalc.language.parse import parse

POSTED = Path(__file__).parent / "posted"
TINY = (POSTED / "yolov3-tiny.cfg").read_text("utf-8")


def shapes(text):
    """The shape that leaves each layer, by its label."""
    network = parse(text)
    return {step.node.label: step.leaving for step in network.walk(network.input_shape)}


def fault(text):
    with pytest.raises(SpecError) as caught:
        network = parse(text)
        list(network.walk(network.input_shape))
    return str(caught.value)


def net(*sections, size=8):
    head = f"[net]\nwidth={size}\nheight={size}\nchannels=4\n"
    return head + "".join(section.replace(";", "\n") + "\n" for section in sections)


def test_a_small_configuration():
    text = (POSTED / "mini.cfg").read_text("utf-8")
    network = parse(text)
    # 3*8*9, and a scale and a shift for each of 8 channels
    assert 232 == network.analyze(network.input_shape).totals.params
    assert {
        "0": (8, 32, 32),
        "0.bn": (8, 32, 32),
        "0.act": (8, 32, 32),
        "1": (8, 32, 32),  # size 2, stride 1: one element of padding, at the end
    } == shapes(text)


def test_yolov3_tiny_is_as_large_and_as_costly_as_published():
    """The floats of yolov3-tiny.weights: 35,434,956 bytes, of which 20 are the header.

    They hold a mean and a variance for each of the 3,184 normalized channels besides. The site of
    darknet, pjreddie.com/darknet/yolo, has 5.56 billion operations for 416 x 416.
    """
    network = parse(TINY)
    totals = network.analyze(network.input_shape).totals
    assert (35_434_956 - 20) // 4 - 2 * 3184 == totals.params == 8_852_366
    assert "5.56" == f"{2 * totals.macs / 1e9:.2f}"


def test_every_convolution_of_yolov3_tiny_costs_what_darknet_prints():
    # What darknet prints for 608 x 608, in 10^9 operations.
    printed = [0.319, 0.852, 0.852, 0.852, 0.852, 0.852, 3.407, 0.189, 0.852, 0.094]
    report = parse(TINY).analyze((3, 608, 608))
    convolutions = [layer for layer in report.layers if layer.kind == "conv"]
    assert printed == [round(2 * layer.macs / 1e9, 3) for layer in convolutions[:10]]


def test_sections_are_numbered_and_refer_back():
    found = shapes(TINY)
    assert (512, 13, 13) == found["11"]
    assert (384, 26, 26) == found["20"]
    assert (255, 26, 26) == found["22"]
    assert "16" not in found  # [yolo] has no layers


@pytest.mark.parametrize(
    ("section", "shape"),
    [
        ("[maxpool];size=2;stride=2", (4, 4, 4)),
        ("[maxpool];size=3;stride=1", (4, 8, 8)),
        ("[maxpool];size=2;stride_y=2;stride_x=1", (4, 4, 8)),
        ("[maxpool];size=2;stride=1", (4, 8, 8)),
        ("[maxpool];stride=2", (4, 4, 4)),
        ("[maxpool];size=3;stride=2;padding=0", (4, 3, 3)),
        ("[convolutional];filters=6;size=3;pad=1;activation=linear", (6, 8, 8)),
        ("[convolutional];filters=6;size=3;padding=2;activation=linear", (6, 10, 10)),
        ("[convolutional];filters=6;size=3;activation=linear", (6, 6, 6)),
        ("[convolutional];filters=8;size=3;groups=4;stride=2;pad=1;activation=linear", (8, 4, 4)),
        ("[avgpool]", (4, 1, 1)),
        ("[upsample];stride=2", (4, 16, 16)),
        ("[connected];output=5;activation=linear", (5,)),
        ("[dropout];probability=.5", (4, 8, 8)),
        ("[batchnorm]", (4, 8, 8)),
    ],
)
def test_sections(section, shape):
    assert shape == list(shapes(net(section)).values())[-1]


@pytest.mark.parametrize(
    ("name", "spec"),
    [("selu", "selu"), ("gelu", "gelu:tanh"), ("leaky", "leakyrelu:0.1"), ("hardtan", "hardtanh")],
)
def test_activations(name, spec):
    network = parse(net(f"[convolutional];filters=4;size=1;activation={name}"))
    assert spec == network.nodes[-1].layer.spec()


def test_a_shortcut_adds_and_a_route_concatenates():
    text = net(
        "[convolutional];filters=4;size=1;activation=linear",
        "[convolutional];filters=4;size=3;pad=1;activation=relu",
        "[shortcut];from=-2;activation=linear",
        "[route];layers=-1,0",
        "[route];layers=1",
    )
    network = parse(text)
    inputs = {node.label: node.inputs for node in network.nodes}
    labels = [node.label for node in network.nodes]
    assert {labels.index("1.act"), labels.index("0")} == set(inputs["2"])
    assert (labels.index("2"), labels.index("0")) == inputs["3"]
    assert labels.index("1.act") == network.output


def convolution(filters, size=3, stride=1, *, last=False):
    norm = "activation=linear" if last else "activation=leaky;batch_normalize=1"
    return f"[convolutional];{norm};filters={filters};size={size};stride={stride};pad=1"


def halved_stage(filters):
    """A stage of yolov4-tiny: half of its channels go through two more convolutions."""
    half = filters // 2
    return [
        convolution(filters),
        "[route];layers=-1;groups=2;group_id=1",
        *(convolution(half), convolution(half)),
        "[route];layers=-1,-2",
        convolution(filters, 1),
        "[route];layers=-6,-1",
        "[maxpool];size=2;stride=2",
    ]


def test_yolov4_tiny_is_as_large_and_as_costly_as_published():
    """The floats of yolov4-tiny.weights: 24,251,276 bytes, of which 20 are the header.

    They hold a mean and a variance for each normalized channel besides. AlexeyAB/darknet has 6.91
    billion operations for 416 x 416.
    """
    sections = [
        *(convolution(32, 3, 2), convolution(64, 3, 2)),
        *(section for filters in (64, 128, 256) for section in halved_stage(filters)),
        *(convolution(512), convolution(256, 1), convolution(512), convolution(255, 1, last=True)),
        *("[yolo]", "[route];layers=-4", convolution(128, 1), "[upsample];stride=2"),
        *("[route];layers=-1,23", convolution(256), convolution(255, 1, last=True), "[yolo]"),
    ]
    network = parse(net(*sections, size=416).replace("channels=4", "channels=3"))
    report = network.analyze(network.input_shape)
    normalized = sum(layer.params // 2 for layer in report.layers if layer.kind == "bn")
    assert (24_251_276 - 20) // 4 - 2 * normalized == report.totals.params == 6_056_606
    assert "6.91" == f"{2 * report.totals.macs / 1e9:.2f}"
    assert (255, 26, 26) == report.output_shape
    assert network == parse(network.spec())


def test_a_route_takes_a_share_of_each_of_its_sections():
    found = parse(net("[dropout]", "[dropout]", "[route];layers=0,1;groups=4;group_id=3")).spec()
    assert found.endswith("2=concat{@0 slice:in//4*3:in//4*4 | @1 slice:in//4*3:in//4*4}")


@pytest.mark.parametrize("name", ["scale_channels", "sam"])
def test_what_arrives_scales_another_section(name):
    text = net(
        "[convolutional];filters=6;size=1;activation=linear", "[avgpool]", f"[{name}];from=0"
    )
    network = parse(text)
    (scaled,) = [node for node in network.nodes if node.layer.kind == "scale"]
    assert ((0, 1), (6, 8, 8)) == (scaled.inputs, list(shapes(text).values())[-1])


def test_a_shortcut_may_add_several_sections():
    text = net("[dropout]", "[dropout]", "[dropout]", "[shortcut];from=-2,-3;activation=linear")
    assert [(1, 0, 2)] == [one.inputs for one in parse(text).nodes if one.layer.kind == "residual"]


@pytest.mark.parametrize(
    ("head", "shape"),
    [
        ("width=6\nheight=4\nchannels=1", (1, 4, 6)),
        ("width=6\nheight=4", (3, 4, 6)),
        ("inputs=256", (256,)),
        ("batch=1", None),
    ],
)
def test_the_input_of_a_configuration(head, shape):
    assert shape == parse(f"[net]\n{head}\n[dropout]\n").input_shape


def test_an_activation_that_is_not_named_is_logistic():
    kinds = [node.layer.kind for node in parse(net("[convolutional];filters=6")).nodes]
    assert ["conv", "sigmoid"] == kinds


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            "[reorg];stride=2",
            "[reorg] has no counterpart here: it moves positions into channels in an order of its "
            "own; write it as layers of a spec",
        ),
        ("[local];size=3", "[local] has no counterpart here: each position has a kernel of its"),
        ("[crnn]", "[crnn] has no counterpart here: it goes over time"),
        ("[route];layers=0;groups=2;group_id=2", "there is no group 2 of 2; they are counted"),
        ("[scale_channels];from=0", "there is no section 0 before this one"),
        ("[maxpool];size=2;antialiasing=1", "antialiasing of [maxpool] has no counterpart here"),
        ("[convolutionl]", "did you mean 'convolutional'?"),
        ("[convolutional];filters=many", "filters of [convolutional]: expected a whole number"),
        (
            "[convolutional];activation=leeky",
            "no activation is called 'leeky'; did you mean 'leaky'?",
        ),
        *(
            (f"[convolutional];activation={name}", f"no activation is called '{name}'; ")
            for name in ("glu", "softmax", "threshold", "sigmoid", "hardswish")
        ),
        ("[route];layers=-3", "there is no section -3 before this one, which is 0"),
        ("[route]", "[route] names no section: ''"),
        ("[shortcut];from=x", "[shortcut] names no section: 'x'"),
        ("[convolutional];size=9;activation=linear", "the kernel spans 9"),
    ],
)
def test_what_has_no_counterpart_is_named_with_its_line(section, message):
    found = fault(net(section))
    assert message in found
    assert "line " in found


def test_comments_and_blanks_do_not_matter():
    text = "# from a thread\n\n; more\n" + TINY.replace("=", " = ").replace("\n", "\r\n")
    assert parse(text) == parse(TINY)
