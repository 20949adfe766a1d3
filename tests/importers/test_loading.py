"""A user's Python that is run: what it prints, what it raises, and what stays behind."""

from __future__ import annotations

import os
import sys

import pytest

from convcalc.errors import DataError
from convcalc.importers.loading import check_arguments, found
from convcalc.importers.target import target_of


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Writes model.py, and gives what a name in it is."""
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)

    def read(text, name="net"):
        (tmp_path / "model.py").write_text(text)
        return found(target_of(f"model.py:{name}"))

    yield read
    for name in set(sys.modules) - before:
        del sys.modules[name]


def refused(model, text, name="net"):
    with pytest.raises(DataError) as caught:
        model(text, name)
    assert str(caught.value).count("\n") <= 2
    return str(caught.value)


def test_modules_beside_the_file_are_found_while_it_is_imported(model, tmp_path):
    (tmp_path / "beside.py").write_text("value = 7\n")
    before = list(sys.path)
    assert 7 == model("from beside import value as net\n")
    assert before == sys.path
    assert not (tmp_path / "__pycache__").exists()


def test_what_it_prints_is_no_output_of_ours(model, capfd):
    model("import os\nprint('one')\nos.system('echo two')\nnet = 1\n")
    out, err = capfd.readouterr()
    assert ("", {"one", "two"}) == (out, set(err.split()))


def test_an_exception_is_told_with_its_own_last_line(model):
    text = "def f():\n    return 1 / 0\n\nnet = f()\n"
    assert refused(model, text) == (
        "model.py, line 2, while importing it: ZeroDivisionError: division by zero\n  return 1 / 0"
    )


def test_an_exception_in_a_library_is_told_with_the_line_that_called_it(model):
    found = refused(model, "import json\nnet = json.loads('{')\n")
    assert found.startswith("model.py, line 2, while importing it: JSONDecodeError")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "import sys\nsys.exit(0)\n",
            "line 2, while importing it: it ended the program",
        ),
        ("net = input('name? ')\n", "line 1, while importing it: it asked for input"),
        ("net = (1\n", "line 1, while importing it: SyntaxError"),
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_what_ends_an_import_is_one_clear_error(model, text, words):
    assert words in refused(model, text)


def test_a_name_that_is_not_there_has_the_nearest(model):
    text = "class TinyNet: pass\n"
    assert "'model.py' has nothing called 'tinynet'; did you mean 'TinyNet'?" == refused(
        model, text, "tinynet"
    )


def test_the_nearest_name_is_that_in_the_same_letters(model):
    text = "class Net: pass\nnet = 1\n"
    assert "did you mean 'Net'?" in refused(model, text, "Nett")


def test_a_file_that_ends_too_early_is_no_question(model, capfd):
    assert "EOFError: Ran out of input" in refused(model, "raise EOFError('Ran out of input')\n")
    assert "asked for input" in refused(model, "net = input('name? ')\n")
    assert capfd.readouterr().err == "name? \n"


def test_a_file_that_is_not_there_is_not_imported(tmp_path):
    with pytest.raises(DataError, match=r"none\.py': No such file or directory"):
        found(target_of(f"{tmp_path}{os.sep}none.py:Net"))


def test_a_module_is_found_from_the_current_folder(model, tmp_path):
    folder = tmp_path / "somewhere"
    folder.mkdir()
    (folder / "deep.py").write_text("net = 5\n")
    assert 5 == found(target_of("somewhere.deep:net"))


def test_arguments_that_do_not_fit_are_told_with_the_signature(model):
    value = model("class Net:\n    def __init__(self, width, depth=3, *, heads): pass\n", "Net")
    with pytest.raises(DataError) as caught:
        check_arguments(target_of("model.py:Net"), value)
    assert str(caught.value) == (
        "Net needs arguments that are not given: width, heads\n"
        "  it is Net(width, depth=3, *, heads); give them as "
        '"model.py:Net(width=..., heads=...)"'
    )
    check_arguments(target_of("model.py:Net(8, heads=2)"), value)
    with pytest.raises(DataError) as caught:
        check_arguments(target_of("model.py:Net(8, hight=1)"), value)
    assert str(caught.value) == (
        "Net cannot be called so: got an unexpected keyword argument 'hight'\n"
        '  it is Net(width, depth=3, *, heads); give them as "model.py:Net(...)"'
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("(8)", "that are not given: heads\n"),
        ("(8)", 'give them as "models/model.py:Net(8, heads=...)"'),
        ("(depth='a', width=(1, 2))", """:Net(depth='a', width=(1, 2), heads=...)\""""),
        ("(1, 2, 3)", "cannot be called so: too many positional arguments\n"),
    ],
)
def test_what_is_missing_is_shown_beside_what_is_given(model, given, told):
    value = model("class Net:\n    def __init__(self, width, depth=3, *, heads): pass\n", "Net")
    with pytest.raises(DataError) as caught:
        check_arguments(target_of(f"models/model.py:Net{given}"), value)
    assert told in str(caught.value)


def test_what_python_takes_by_place_alone_is_shown_without_a_name(model):
    value = model("class Net:\n    def __init__(self, width, depth, /, heads): pass\n", "Net")
    with pytest.raises(DataError) as caught:
        check_arguments(target_of("model.py:Net(8)"), value)
    assert str(caught.value) == (
        "Net needs arguments that are not given: depth, heads\n"
        '  it is Net(width, depth, /, heads); give them as "model.py:Net(8, ..., heads=...)"'
    )


def test_arguments_of_any_number_are_not_missing(model):
    value = model("def net(*sizes, width, **more): pass\n")
    with pytest.raises(DataError, match="net needs arguments that are not given: width\n"):
        check_arguments(target_of("model.py:net(1)"), value)
