"""Answers in Python: how they print, what a notebook shows, and their rows as data."""

from __future__ import annotations

import builtins
from html.parser import HTMLParser

import pytest

import convcalc
from convcalc.analysis import MemoryReport, Report, Roofline, difference
from convcalc.cli.main import run
from convcalc.errors import ConvcalcError, UsageError

NETWORK = convcalc.load_network("resnet18")
SHAPE = (3, 224, 224)
REPORT = NETWORK.analyze(SHAPE)
OTHER = convcalc.load_network("resnet34").analyze(SHAPE)
ANSWERS = {
    "summary": REPORT,
    "flops --convention thop": NETWORK.analyze(SHAPE, convention="thop"),
    "memory": NETWORK.memory(SHAPE),
    "roofline --device t4": NETWORK.roofline("t4", SHAPE),
    "flops --compare separable": NETWORK.compare("separable", SHAPE),
    "flops --reconcile": NETWORK.reconcile(SHAPE),
    "diff": difference(REPORT, OTHER),
}
"""An answer of each class, by the command that asks the same."""

LAYERED = [
    answer for answer in ANSWERS.values() if isinstance(answer, Report | MemoryReport | Roofline)
]


class Tags(HTMLParser):
    """Counts what is opened, and holds that all of it is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.count: dict[str, int] = {}
        self.feed(text)
        assert [] == self.opened

    def handle_starttag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag != "br":
            self.opened.append(tag)

    def handle_endtag(self, tag):
        assert tag == self.opened.pop()


@pytest.mark.parametrize("command", [name for name in ANSWERS if name != "diff"])
def test_str_is_what_the_command_prints(command, capsys):
    name, *options = command.split()
    assert 0 == run([name, "resnet18", "-i", "3x224x224", *options])
    assert capsys.readouterr().out.rstrip("\n") == str(ANSWERS[command])


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_repr_has_at_most_20_lines_and_says_what_and_of_which_input(answer):
    lines = repr(answer).splitlines()
    assert len(lines) <= 20
    assert lines[0].startswith(type(answer).__name__)
    assert "3x224x224" in lines[1]
    assert max(map(len, lines)) < 120


def test_the_short_form_of_a_report_has_its_first_layers_and_its_totals():
    lines = repr(REPORT).splitlines()
    assert "Report: 69 layers" == lines[0]
    assert lines[6].split()[:3] == ["conv1", "conv:64,k7,s2,p3,nobias", "9,408"]
    assert "... 58 more rows; print() shows all of them" == lines[-3]
    assert ["total", "11,689,512", "1,814.07"] == lines[-1].split()


def test_a_short_answer_is_shown_as_it_is():
    assert "more rows" not in repr(convcalc.parse("pw:8 relu").analyze((3, 4, 4)))


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_html_is_whole_and_needs_no_script(answer):
    text = answer._repr_html_()
    tags = Tags(text)
    assert tags.count["table"] >= 1
    assert not {"script", "link", "img"} & tags.count.keys()


@pytest.mark.parametrize("answer", LAYERED)
def test_html_folds_the_four_stages_of_a_resnet_into_a_line_each(answer):
    text = answer._repr_html_()
    assert 4 == Tags(text).count["details"]
    # 4 convolutions of 64x64x3x3 and their bn of 128
    assert "layer1: 14 layers to 64x56x56, 147,968 params, 462,422,016 MACs" in text


def test_html_escapes_what_a_label_holds():
    report = convcalc.parse("pw:8").analyze((3, 4, 4))
    text = report._repr_html_()
    assert "<script>" not in text
    harmed = convcalc.Network((convcalc.Node(REPORT.layers[0].layer, (-1,), "<script>"),))
    assert "&lt;script&gt;" in harmed.analyze(SHAPE)._repr_html_()


def test_a_label_is_a_layer_and_a_block_its_layers_with_their_sums():
    assert REPORT["conv1"] is REPORT.layers[0]
    block = REPORT["layer1.0"]
    assert [row.label for row in block.layers] == [
        name for name in REPORT if name.startswith("layer1.0")
    ]
    assert (73_984, 231_211_008) == (block.totals.params, block.totals.macs)
    assert (64, 56, 56) == block.last.output_shape
    assert ("layer1" in REPORT, "layer5" in REPORT) == (True, False)


@pytest.mark.parametrize("answer", LAYERED)
def test_every_answer_about_layers_is_asked_in_the_same_way(answer):
    assert list(answer) == [row.label for row in REPORT.layers]
    places = [i for i, name in enumerate(REPORT.labels) if name.startswith("layer2.")]
    assert places == answer.places("layer2")


def test_bytes_and_seconds_of_a_block_are_those_of_its_layers():
    memory, roofline = ANSWERS["memory"], ANSWERS["roofline --device t4"]
    assert 4 * 147_968 == sum(row.weights for row in memory["layer1"])
    assert 14 == len(roofline["layer1"])


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("layr1", "no layer and no block is called 'layr1'; did you mean 'layer1'?"),
        ("", "no layer and no block is called ''; the first is 'conv1'"),
        (3, "expected a label or a block, as 'layer1.0', got 3"),
    ],
)
def test_what_is_not_there_is_a_key_error_with_the_nearest_label(path, said):
    with pytest.raises(KeyError) as caught:
        REPORT[path]
    assert said == str(caught.value)
    assert isinstance(caught.value, ConvcalcError)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_rows_are_flat_and_all_alike(answer):
    rows = answer.rows()
    assert 1 == len({tuple(row) for row in rows})
    flat = (int, float, str, tuple, type(None))
    assert all(isinstance(value, flat) for row in rows for value in row.values())


def test_the_rows_of_a_report_add_up_to_its_totals():
    rows = REPORT.rows()
    assert (11_689_512, 1_814_073_344) == tuple(
        sum(row[name] for row in rows) for name in ("params", "macs")
    )
    first = {"label": "conv1", "output_shape": (64, 112, 112), "field_size": (7, 7)}
    assert first.items() <= rows[0].items()
    assert (-3, -3) == rows[0]["field_start"]


def test_a_frame_has_a_row_for_each_layer():
    pytest.importorskip("pandas")
    frame = REPORT.to_frame()
    assert (69, 11_689_512) == (len(frame), frame.params.sum())
    assert list(REPORT.rows()[0]) == list(frame.columns)


def test_without_pandas_the_error_says_what_brings_it(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name == "pandas":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UsageError, match=r"pip install 'convcalc\[pandas\]'"):
        REPORT.to_frame()


def test_layers_blocks_and_networks_are_one_line():
    told = (NETWORK, REPORT["conv1"], REPORT["layer1"], ANSWERS["memory"]["conv1"][0])
    for one in (*told, ANSWERS["roofline --device t4"]["conv1"][0]):
        assert ("\n" in repr(one), len(repr(one)) < 200) == (False, True)
    assert "<Network of 69 layers: conv bn relu maxpool conv bn relu conv ...>" == repr(NETWORK)


@pytest.mark.parametrize("shape", [(3, 224, 224), [3, 224, 224], None])
def test_the_input_may_be_left_out_where_it_is_known(shape):
    network = convcalc.parse("# input 3x224x224\nconv:8,k3,s2")
    assert (8, 111, 111) == network.analyze(shape).output_shape
