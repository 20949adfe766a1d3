"""`fmt`: the canonical form of a file, and whether a file has it."""

from __future__ import annotations

import re

import pytest

from convcalc.zoo.catalog import network_names

LIMIT = 2**22


MESSY = """# a small network

conv:64,kernel_size=3,padding=1,stride=1   relu    # the stem
2x{ residual{conv:64,k3,p1,bias=true relu | } }
# the end
gap   linear:10
"""

TIDY = """# a small network

conv:64,k3,p1 relu  # the stem
2x{residual{conv:64,k3,p1 relu | }}
# the end
gap linear:10
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MESSY, TIDY),
        ("conv:n=8,kernel_size=3x5", "conv:8,k3x5\n"),
        ("relu\r\nbn\r\n", "relu\nbn\n"),
        ("\ufeffrelu", "relu\n"),
        ("a=conv:8,k3,same   b=relu", "a=conv:8,k3,same b=relu\n"),
        ("2x{ relu\n bn }", "2x{\n    relu\n    bn\n}\n"),
    ],
)
def test_fmt_prints_the_canonical_form(inside, folder, text, expected):
    (folder / "net.spec").write_bytes(text.encode())
    done = inside("fmt", "net.spec")
    assert (0, expected, "") == (done.code, done.out, done.err)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv:64,kernel_size=3,stride=1", "conv:64,k3\n"),
        ("a=conv:8,k3   se:4;relu", "a=conv:8,k3 se:4 relu\n"),
        ("residual{dw:k3,p1|}", "residual{dw:k3,p1 | }\n"),
        ("conv\N{FULLWIDTH COLON}8\N{FULLWIDTH COMMA}k3", "conv:8,k3\n"),
    ],
)
def test_fmt_takes_layers_as_every_command_does(inside, folder, text, expected):
    assert (0, expected, "") == tuple(inside("fmt", text))[:3]
    (folder / "relu").write_text("conv:8,k3\n")
    assert "conv:8,k3\n" == inside("fmt", "relu").out


def test_fmt_leaves_the_file_alone(inside, folder):
    (folder / "net.spec").write_text(MESSY)
    assert 0 == inside("fmt", "net.spec").code
    assert MESSY == (folder / "net.spec").read_text()


def test_fmt_of_standard_input(inside, typed):
    typed(MESSY.encode())
    assert (0, TIDY) == inside("fmt", "-")[:2]


@pytest.mark.parametrize("name", network_names())
def test_fmt_of_its_own_result_changes_nothing(inside, folder, name):
    once = inside("fmt", name)
    (folder / "net.spec").write_text(once.out)
    assert (0, once.out) == inside("fmt", "net.spec")[:2]
    assert (0, "") == inside("fmt", "net.spec", "--check")[:2]


@pytest.mark.parametrize("name", ["resnet18", "shufflenet_v2_x1_0", "inception_v3"])
def test_the_canonical_form_is_the_same_network(inside, folder, name):
    (folder / "net.spec").write_text(inside("fmt", name).out)
    form = ("--format", "csv")
    assert inside("summary", name, *form) == inside("summary", "net.spec", *form)


@pytest.mark.parametrize("name", network_names())
def test_fmt_keeps_every_comment(inside, name):
    from convcalc.zoo.catalog import network_text

    kept = inside("fmt", name).out
    comments = re.findall(r"#.*", network_text(name))
    assert comments == re.findall(r"#.*", kept)


@pytest.mark.parametrize(("text", "code"), [(TIDY, 0), (MESSY, 1), (TIDY[:-1], 1), ("relu\r\n", 1)])
def test_check_says_by_its_exit_code_whether_the_form_is_canonical(inside, folder, text, code):
    (folder / "net.spec").write_bytes(text.encode())
    done = inside("fmt", "net.spec", "--check")
    assert (code, "") == (done.code, done.out)
    assert [word for word in ("net.spec", "canonical") if word not in done.err] == []
    assert (code == 1) == ("not in canonical" in done.err)


def test_check_is_silent_when_asked(inside, typed):
    typed(TIDY.encode())
    assert (0, "", "") == inside("fmt", "-", "--check", "-q")[:3]


def test_every_reference_network_is_in_canonical_form(inside):
    codes = {name: inside("fmt", name, "--check").code for name in network_names()}
    assert [] == [name for name, code in codes.items() if code]


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_a_fault_has_its_line_and_a_caret(inside, folder, check):
    (folder / "net.spec").write_text("conv:8,k3\n# words\n  relu conx:3\n")
    done = inside("fmt", "net.spec", *check)
    assert (2, "") == (done.code, done.out)
    said, shown, carets = done.err.splitlines()
    assert [word for word in ("conx", "'conv'", "line 3", "column 8") if word not in said] == []
    assert "conx" == shown[carets.index("^") : carets.rindex("^") + 1]


UNREADABLE = [
    ("missing.spec", ["'missing.spec'", "No such file"]),
    ("folder.spec", ["'folder.spec'", "folder"]),
    ("latin.spec", ["'latin.spec'", "UTF-8", "byte 10", "0xff"]),
    ("large.spec", ["'large.spec'", "too large", "4,194,304"]),
    ("locked.spec/x", ["'locked.spec/x'", "Not a directory"]),
]


@pytest.mark.parametrize(("name", "words"), UNREADABLE)
@pytest.mark.parametrize("command", ["fmt", "summary"])
def test_a_file_that_cannot_be_read_is_an_error_of_data(inside, folder, command, name, words):
    (folder / "folder.spec").mkdir()
    (folder / "latin.spec").write_bytes(b"conv:8,k3 \xff")
    (folder / "locked.spec").write_text("relu")
    with open(folder / "large.spec", "wb") as file:
        file.truncate(LIMIT + 1)
    done = inside(command, name)
    assert (3, "") == (done.code, done.out)
    assert [word for word in words if word not in done.err] == []
    assert 1 == len(done.err.splitlines())


def test_standard_input_too_may_be_too_large(inside, typed):
    typed(b" " * (LIMIT + 1))
    done = inside("fmt", "-")
    assert (3, "") == (done.code, done.out)
    assert [word for word in ("standard input", "too large") if word not in done.err] == []


def test_a_file_of_the_largest_size_is_read(inside, folder):
    (folder / "net.spec").write_bytes(b"relu\n#" + b"x" * (LIMIT - 7) + b"\n")
    assert (0, "") == inside("fmt", "net.spec", "--check")[:2]


@pytest.mark.parametrize("text", ["", "\n\n", "# words\n"])
def test_a_file_without_layers_is_no_spec(inside, folder, text):
    (folder / "net.spec").write_text(text)
    done = inside("fmt", "net.spec")
    assert (2, "") == (done.code, done.out)
    assert "expected a layer" in done.err
