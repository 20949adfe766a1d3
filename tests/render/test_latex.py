"""Tables in LaTeX: what is escaped, how numbers are set, and that pdfLaTeX takes all of it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import convcalc
from convcalc.render.costs import flops_document
from convcalc.render.documents import field_document, shape_document
from convcalc.render.latex import escaped, latex_text, numbers_text
from convcalc.render.reference import networks_document
from convcalc.render.summary import summary_document
from convcalc.render.table import Column, Document, Share, Table
from convcalc.render.views import View, viewed

HOSTILE = "\\end{document} & % $ # _ { } ^ ~ < > | ` -- --- é \N{CJK UNIFIED IDEOGRAPH-5377} \u0301"
PAGE = r"""\documentclass{article}
\usepackage{booktabs,longtable}
\begin{document}
\input{table}
\end{document}
"""


def hostile():
    columns = [Column("label", "na_me"), Column("spec", "100 % & more", wraps=True)]
    columns += [Column("macs", "#", numeric=True), Column("share", "share")]
    rows = [[HOSTILE, HOSTILE, -1234567, Share(1, 3)], ["a", "conv:8,k3" * 9, None, Share(0, 3)]]
    total = ["total", "", -1234567, ""]
    explained = [(HOSTILE, [HOSTILE])]
    return Document({}, Table(columns, rows, total), [HOSTILE], [HOSTILE], explained=explained)


def report(name):
    network = convcalc.load_network(name)
    return network.analyze(network.input_shape or (3, 224, 224))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"a\b", r"a\textbackslash{}b"),
        ("{_}", r"\{\_\}"),
        ("50 % & #1 $2", r"50 \% \& \#1 \$2"),
        ("--no-bias", "-{}-no-bias"),
        ("---", "-{}-{}-"),
        ("x < y", r"x \textless{} y"),
        ("\N{CJK UNIFIED IDEOGRAPH-5377}", r"\unicodechar{5377}"),
        ("é", "é"),
    ],
)
def test_what_is_a_command_to_latex_is_escaped(text, expected):
    assert expected == escaped(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234", "1,234"),
        ("-3", "$-$3"),
        ("3x224x224", r"3$\times$224$\times$224"),
        ("7/2/-3", "7/2/$-$3"),
        ("2-3", "2-3"),
    ],
)
def test_numbers_have_the_signs_of_mathematics(text, expected):
    assert expected == numbers_text(text)


def test_numbers_stand_at_the_right_and_the_rules_are_those_of_booktabs():
    text = latex_text(flops_document(convcalc.parse("conv:8,k3 relu").analyze((3, 9, 9))))
    assert r"\begin{tabular}{@{}rllrrrr@{}}" in text
    assert [1, 2, 1] == [text.count(rf"\{rule}") for rule in ("toprule", "midrule", "bottomrule")]
    row = r"0 & \texttt{conv:8,k3} & 8$\times$7$\times$7 & 224 & 10,584 & 21,168 & 392"
    assert row + r" \tabularnewline" in text
    assert r"\caption{input 3$\times$9$\times$9}" in text
    assert text.startswith("% needs \\usepackage{booktabs}\n")


def test_a_long_table_goes_on_over_pages():
    text = latex_text(summary_document(report("resnet18")))
    assert text.startswith("% needs \\usepackage{booktabs,longtable}\n")
    assert r"\endhead" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "document",
    [
        pytest.param(lambda: summary_document(report("resnet18")), id="long"),
        pytest.param(
            lambda: viewed(summary_document(report("resnet50")), View(depth=1)), id="folded"
        ),
        pytest.param(lambda: shape_document(report("alexnet")), id="weights"),
        pytest.param(lambda: field_document(report("unet")), id="fields"),
        pytest.param(networks_document, id="words"),
        pytest.param(hostile, id="hostile"),
    ],
)
def test_pdflatex_takes_it(tmp_path, document):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    (tmp_path / "table.tex").write_text(latex_text(document()), encoding="utf-8")
    (tmp_path / "page.tex").write_text(PAGE)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=120)
    assert 0 == done.returncode, done.stdout.decode("utf-8", "replace")[-2000:]
    assert (tmp_path / "page.pdf").stat().st_size > 10_000
