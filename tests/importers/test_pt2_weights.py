"""Weights inside programs of torch.export: read without torch; refused where they do not fit."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from convcalc.cli.main import run  # noqa: E402
from convcalc.importers.pt2.weights import arrays_of  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


class Net(nn.Module):
    """A layer of each kind of array: parameters, statistics, a buffer, a learned array."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 5)
        self.register_buffer("mask", torch.rand(1, 4, 1, 1))
        self.gain = nn.Parameter(torch.rand(4, 1, 1))

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x))) * self.mask + self.gain
        return self.head(x.mean((2, 3)))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A folder with a program as it is exported and in core operations, and both arrays."""
    folder = tmp_path_factory.mktemp("exported")
    torch.manual_seed(4)
    net, x = Net().eval(), torch.randn(1, 3, 6, 7)
    net.norm.running_mean.uniform_(-1, 1)
    program = torch.export.export(net, (x,), strict=False)
    torch.export.save(program, folder / "net.pt2")
    torch.export.save(program.run_decompositions(), folder / "core.pt2")
    np.save(folder / "x.npy", x.numpy())
    np.save(folder / "wanted.npy", net(x).detach().numpy())
    return folder


@pytest.mark.parametrize("name", ["net", "core"])
def test_a_program_is_run_with_its_own_weights(exported, tmp_path, name):
    words = ["run", f"{exported}/x.npy", "--network", f"{exported}/{name}.pt2"]
    assert 0 == run([*words, "-o", str(tmp_path / "y.npy"), "-q"])
    wanted = np.load(exported / "wanted.npy")
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), wanted, rtol=1e-5, atol=1e-6)


def test_torch_is_not_imported(exported):
    code = (
        "import sys; from convcalc.importers.pt2.weights import arrays_of; "
        f"print(len(arrays_of({str(exported / 'net.pt2')!r})), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "11 False\n" == done.stdout


def changed(exported, folder, change):
    """The archive with another list of its weights."""
    path = str(folder / "other.pt2")
    with zipfile.ZipFile(exported / "net.pt2") as old, zipfile.ZipFile(path, "w") as new:
        for one in old.infolist():
            data = old.read(one)
            if one.filename.endswith("weights/model_weights_config.json"):
                config = json.loads(data)
                change(config["config"]["conv.weight"])
                data = json.dumps(config).encode()
            new.writestr(one.filename, data)
    return path


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda one: one["tensor_meta"].update(sizes=[{"as_int": 10**12}] * 4),
            "'conv.weight' in '{path}' has fewer bytes than its sizes ask for: it is damaged",
        ),
        (
            lambda one: one["tensor_meta"].update(storage_offset={"as_int": 1}),
            "'conv.weight' in '{path}' has fewer bytes than its sizes ask for: it is damaged",
        ),
        (
            lambda one: one["tensor_meta"].update(storage_offset={"as_int": -1}),
            "the list of the weights in '{path}' is damaged",
        ),
        (
            lambda one: one["tensor_meta"].update(dtype=9),
            "'conv.weight' in '{path}' is of a dtype that is not read (number 9)",
        ),
        (
            lambda one: one.update(path_name="../weight_99"),
            "'conv.weight' in '{path}' is not there, or damaged",
        ),
    ],
)
def test_what_does_not_fit_its_bytes_is_refused(exported, tmp_path, change, told):
    path = changed(exported, tmp_path, change)
    with pytest.raises(Exception) as refused:
        arrays_of(path)
    assert (3, told.format(path=path)) == (refused.value.exit_code, str(refused.value))


def test_halves_and_bfloat16_are_read(tmp_path):
    net = nn.Linear(3, 2).to(torch.bfloat16).eval()
    program = torch.export.export(net, (torch.ones(1, 3, dtype=torch.bfloat16),), strict=False)
    torch.export.save(program, tmp_path / "net.pt2")
    found = arrays_of(str(tmp_path / "net.pt2"))
    np.testing.assert_array_equal(found["weight"], net.weight.detach().float().numpy())
