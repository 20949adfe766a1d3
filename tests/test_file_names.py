"""What is a path and what is text, on this system and as Windows has it."""

from __future__ import annotations

import ntpath
from types import SimpleNamespace

import pytest

from convcalc import file_names
from convcalc.file_names import begins_like_path, has_folder, without_end

WINDOWS = SimpleNamespace(sep="\\", altsep="/", curdir=".", pardir="..", path=ntpath)


@pytest.fixture
def on_windows(monkeypatch):
    monkeypatch.setattr(file_names, "os", WINDOWS)


def test_a_path_begins_with_a_folder():
    assert [True, True, True, False] == list(map(begins_like_path, ["/x", "./relu", "../x", "x/y"]))


@pytest.mark.usefixtures("on_windows")
@pytest.mark.parametrize("word", [r"C:\nets\x", "C:/nets/x", r".\relu", "./relu", r"..\x", r"\x"])
def test_on_windows_a_path_begins_with_a_drive_or_either_sign(word):
    assert begins_like_path(word)
    assert has_folder(word)


@pytest.mark.usefixtures("on_windows")
@pytest.mark.parametrize("word", ["conv:64,k3", "relu", "x:1", "1 0; 2 1"])
def test_a_text_is_no_path_on_windows(word):
    assert not begins_like_path(word)
    assert not has_folder(word)


@pytest.mark.usefixtures("on_windows")
def test_on_windows_a_folder_may_end_in_either_sign():
    assert ["maps", "maps"] == [without_end("maps\\"), without_end("maps/")]


def test_a_folder_is_named_with_and_without_its_end():
    assert ["maps", "maps"] == [without_end("maps/"), without_end("maps")]
