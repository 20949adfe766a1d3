"""The shapes of a file of torch.save, from a pickle that is not run."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest

from convcalc.arrayfile.archive import opened_zip
from convcalc.arrayfile.torch_pickle import torch_contents
from convcalc.errors import DataError


def contents(data, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile("w.pth", "w", method) as archive:
        archive.writestr("w/data.pkl", data)
    with opened_zip("w.pth", "a file of torch.save") as (_, archive):
        return torch_contents(archive)


def tensor(*sizes: bytes) -> bytes:
    """What builds a tensor of these sizes, each the instructions of a number."""
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n"
    storage = b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpuK\x01tQ"
    return rebuild + b"(" + storage + b"K\0(" + b"".join(sizes) + b"t(t\x89}tR"


def state(*instructions: bytes) -> bytes:
    return b"\x80\x02}(" + b"X\1\0\0\0w".join((b"", *instructions)) + b"u."


def test_a_tensor_has_its_shape():
    assert ({"w": (3, 4)}, None) == contents(state(tensor(b"K\x03", b"K\x04")))


def test_real_files_are_read():
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 5), torch.nn.BatchNorm2d(4))
    state = module.state_dict()
    shapes = {name: tuple(one.shape) for name, one in state.items()}
    adam = torch.optim.Adam(module.parameters()).state_dict()
    parameters = dict(module.named_parameters())
    for saved in (state, {"state_dict": state, "optimizer": adam, "lr": 0.1}, parameters):
        torch.save(saved, "w.pth")
        with opened_zip("w.pth", "a file of torch.save") as (_, archive):
            found = torch_contents(archive)
        kept = shapes if saved is not parameters else {name: shapes[name] for name in parameters}
        assert (kept, None) == found


@pytest.mark.parametrize("name", ["os\nsystem", "__builtin__\neval", "torch.hub\nload"])
def test_what_wants_code_is_named_and_nothing_is_called(name):
    data = state(b"c" + name.encode() + b"\n(X\x0d\0\0\0touch trappedtR", tensor(b"K\x02"))
    assert ({"w": (2,)}, name.replace("\n", ".")) == contents(data)
    assert not Path("trapped").exists()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "its pickle is damaged"),
        (b"\x80\x02.", "its pickle is damaged: IndexError"),
        (b"\x80\x02t.", "its pickle is damaged: IndexError"),
        (b"\x80\x02h\x07.", "its pickle is damaged: KeyError"),
        (b"\x80\x02X\xff\xff\xff\xff.", "its pickle is damaged: ValueError"),
        (state(tensor(b"J\xff\xff\xff\xff")), "its pickle is damaged: ValueError"),
        (state(tensor(*[b"J\xff\xff\xff\x7f"] * 3)), "its pickle is damaged: ValueError"),
        (state(tensor(*[b"K\x01"] * 65)), "its pickle is damaged: ValueError"),
        (state(tensor(b"N")), "its pickle is damaged: ValueError"),
        (pickle.dumps({"w": b"1"}, 4), "its pickle is damaged: KeyError"),
        (b"\x80\x02}K\x01" + tensor(b"K\x02") + b"s.", "its tensors have no names"),
        (b"\x80\x02" + b"K\x01" + b"\x85" * 100_000 + b"}" + b"\x86\x85.", ""),
        (b"}" * ((1 << 20) + 1), "its pickle has 1,048,577 bytes, over 1,048,576"),
    ],
)
def test_a_pickle_that_lies_is_refused(data, expected):
    if not expected:
        assert ({}, None) == contents(data)
        return
    with pytest.raises(DataError, match=expected):
        contents(data)


def test_marks_cost_no_more_than_they_are_long():
    data = b"\x80\x02" + b"K\x01" * 200_000 + b"(t" * 200_000 + b"."
    assert ({}, None) == contents(data)
