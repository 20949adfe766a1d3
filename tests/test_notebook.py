"""The notebook in examples/ runs, and shows a report, a frame, a comparison and a field."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "examples" / "notebook.ipynb"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of the notebook's own libraries
def test_the_notebook_runs_and_shows_what_it_says(tmp_path, monkeypatch):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("pandas")
    pytest.importorskip("ipykernel")
    kernel = tmp_path / "kernels" / "python3"  # of this interpreter, wherever others are
    kernel.mkdir(parents=True)
    start = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": start, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), "utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120).execute(cwd=str(tmp_path))
    shown = [cell.outputs[-1]["data"] for cell in notebook.cells if cell.cell_type == "code"]
    report, frame, comparison, fields, field = shown
    assert "<summary>layer1: 14 layers to 64x56x56, 147,968 params" in report["text/html"]
    assert "11166912" in frame["text/html"]
    assert comparison["text/html"].index("mobilenet_v2") < comparison["text/html"].index("resnet18")
    assert "(7, 7)" in fields["text/html"]
    assert "435" == field["text/plain"]


def test_the_notebook_is_stored_without_outputs():
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert [] == [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
