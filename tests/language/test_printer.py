"""The formatter: what a file keeps of how it was written, and what becomes regular."""

import subprocess
import sys

import pytest
from drawn_networks import networks
from hypothesis import given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.language import read_tree, write_file, write_line
from convcalc.language.bind import canonical_items


def formatted(text):
    items, problems = read_tree(text)
    assert [] == problems
    return write_file(canonical_items(items))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("", ""),
        ("", " \n ; \n"),
        ("relu\n", "relu"),
        ("relu bn\n", "  relu ;; bn\t\n\n"),
        ("relu\nbn\n", "relu\n   bn"),
        ("relu\n\nbn\n", "relu\n\n\n\nbn"),
        ("relu\nbn\n", "\n\nrelu;\nbn;"),
        ("relu\nbn\n", "relu\r\nbn\r\n"),
        ("conv:8,k3\n", "CONV:kernel_size=3,n8,s1"),
        # Comments
        ("# only\n", "# only"),
        ("#only\n", "   #only  \t"),
        ("relu  # why\nbn\n", "relu # why\nbn"),
        ("# head\n\nrelu\n# tail\n", "# head\n\nrelu\n# tail"),
        ("relu  # one ; pw:8 {\n", "relu# one ; pw:8 {"),
        ("# one\n# two\nrelu\n", "# one\n  # two\nrelu"),
        # Bodies on one line stay on it
        ("residual{relu | bn} bn\n", "residual {relu|bn}bn"),
        ("residual{relu | }\n", "residual{ relu | }"),
        ("3xrelu\n", "3x{ relu }"),
        ("3x{relu bn}\n", "3x{relu;bn}"),
        ("define f(w, s=1) {conv:$w,k3,s$s}\nf:8\n", "define f(w,s=1){conv:$w,k=3,s=$s}\nf:8"),
        ("residual{relu}\n", "residual{relu\n}"),
        # Bodies of several lines are indented
        ("residual{\n    relu\n    bn\n}\n", "residual{relu\nbn}"),
        ("residual{\n    relu\n|\n    bn\n}\n", "residual{\nrelu\n|\nbn\n}"),
        ("residual{\n    relu\n|\n}\n", "residual{\nrelu|}"),
        ("3x{\n    relu\n} bn\n", "3x{\nrelu\n}  bn"),
        ("a=3x{\n    b=relu bn\n\n    bn\n}\n@a\n", "a=3x{\n b=relu bn\n\n\nbn}\n@a"),
        ("(1+$n)x{\n    relu\n}\n", "(1+$n)x{\nrelu}"),
        ("define f() {\n    relu\n}\n\nf\n", "define f()\n{\n  relu}\n\nf"),
        ("residual{\n    # why\n    relu\n}\n", "residual{ # why\n relu}"),
        ("residual{\n    relu  # why\n|\n    # how\n}\n", "residual{relu # why\n|# how\n}"),
        ("2x{\n    residual{\n        relu\n    }\n}\n", "2x{residual{\nrelu}}"),
        ("residual{\n    relu\n}  # end\n", "residual{\nrelu} # end"),
    ],
)
def test_a_file_becomes_regular_and_keeps_its_lines(expected, text):
    assert expected == formatted(text)
    assert expected == formatted(expected)


def test_a_whole_file():
    text = (
        "# ResNet's first stage\n\n"
        "define basic(w,s=1)   {   # two layers\n"
        "  residual{ conv:$w,k3,s=$s,p1 bn relu\n\n\n conv:$w,k3,p1 bn | }\n"
        "relu }\n"
        "stem=conv:64,k7,s2,p3,bias=true;bn;relu\n\n"
        "2x{ basic:64 }"
    )
    expected = (
        "# ResNet's first stage\n"
        "\n"
        "define basic(w, s=1) {\n"
        "    # two layers\n"
        "    residual{\n"
        "        conv:$w,k3,s$s,p1 bn relu\n"
        "\n"
        "        conv:$w,k3,p1 bn\n"
        "    |\n"
        "    }\n"
        "    relu\n"
        "}\n"
        "stem=conv:64,k7,s2,p3 bn relu\n"
        "\n"
        "2xbasic:64\n"
    )
    assert expected == formatted(text)


GAPS = st.sampled_from([" ", "  ", "\t", ";", " ; ", "\n", "\n\n", "\n  \n\n ", "\r\n", "; \n"])
COMMENTS = st.sampled_from(["# a\n", " #b } | {  \n", "\n# c ; d\n", "\n\n  ## \n\n"])


@st.composite
def texts(draw):
    """A network's words with any blanks, line breaks and comments between them."""
    parts = [draw(st.sampled_from(["", "\n\n", "# head\n"]))]
    for word in draw(networks()):
        head, brace, _ = word.partition("{")
        parts += [head, draw(st.sampled_from(["", " ", "\n"])), "{"] if brace else [word]
        parts.append(draw(st.one_of(GAPS, GAPS, COMMENTS)))
    return "".join(parts)


@given(texts())
def test_formatting_twice_is_formatting_once(text):
    once = formatted(text)
    assert once == formatted(once)


@given(texts())
def test_a_formatted_file_is_the_same_network(text):
    assert convcalc.parse(text) == convcalc.parse(formatted(text))


@given(texts())
def test_every_comment_stays_in_its_order(text):
    kept = [line[line.index("#") :] for line in formatted(text).split("\n") if "#" in line]
    assert [line[line.index("#") :].rstrip() for line in text.split("\n") if "#" in line] == kept


@given(texts())
def test_the_layout_of_a_file_is_regular(text):
    depth = 0
    for line in formatted(text).split("\n"):
        code = line.partition("#")[0].strip()
        depth -= code.startswith("}") + code.startswith("|")
        if line:
            assert 4 * depth == len(line) - len(line.lstrip())
            assert line == line.rstrip()
        depth += code.startswith("|") + code.count("{") - code[1:].count("}")
    assert 0 == depth


@settings(max_examples=100)
@given(networks())
def test_a_network_on_one_line_stays_on_it(words):
    text = " ".join(words)
    assert f"{convcalc.parse(text).spec()}\n" == formatted(text)


def test_the_items_of_a_line_leave_comments_out():
    assert "relu bn" == write_line(read_tree("relu # why\nbn")[0])


DEEP = """
from convcalc.language import read_tree, write_file
text = "residual{2x{define f() {" * 20 + "\\nrelu" + "}}}" * 20
lines = write_file(read_tree(text)[0]).split("\\n")
assert 60 + 1 + 60 + 1 == len(lines), len(lines)
assert " " * 240 + "relu" == lines[60], lines[60]
"""


def test_sixty_levels_are_formatted_at_once():
    subprocess.run([sys.executable, "-c", DEEP], check=True, timeout=5)


@pytest.mark.parametrize("text", ["define f() {conv:8,zz}\n", "0xconv:8,k0\n", "conx:8 conv\n"])
def test_calls_that_mean_nothing_stay_as_they_are(text):
    assert text == formatted(text)
