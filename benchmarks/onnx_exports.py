"""Networks of torchvision through both of PyTorch's ONNX exporters, and what is counted of them.

    python benchmarks/onnx_exports.py [--only resnet18,vit_b_16] [--json OUT.json]

Each network is exported by the exporter of today (dynamo) and the one before it (torch.onnx.utils),
with fixed sizes and with open ones (the batch, and the sides where the network takes several). The
multiply-accumulates of the file have to equal half of what torch's FlopCounterMode counts on the
device "meta". The files go to a temporary folder and are removed. It needs torch, torchvision, onnx
and onnxscript, and takes several minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

NETWORKS = ("resnet18", "mobilenet_v3_small", "shufflenet_v2_x1_0", "vit_b_16", "swin_t")
SIDE = 224
ONE_SIZE = ("vit_b_16",)
"""Networks that take no other size."""


def torchvision_models() -> Any:
    """The models of torchvision, whose own kernels need not fit the torch that is there."""
    import torch

    with contextlib.suppress(RuntimeError):
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        globals()["_library"] = library  # what is defined goes with it
    import torchvision

    return torchvision.models


def drawn(model: Any) -> Any:
    """The model with noise on all parameters: equal ones would be merged in the file."""
    import torch

    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return model


def macs_on_meta(model: Any) -> int:
    """Half of what FlopCounterMode counts, of a copy on the device "meta"."""
    import copy

    import torch
    from torch.utils.flop_counter import FlopCounterMode

    there = copy.deepcopy(model).to("meta").requires_grad_(False)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        there(torch.zeros(1, 3, SIDE, SIDE, device="meta"))
    return int(counter.get_total_flops() // 2)


def export(model: Any, path: Path, *, dynamo: bool, open_axes: list[int]) -> None:
    """Writes a model as ONNX; axes of the input without a size have names."""
    import torch

    names = {0: "batch", 2: "height", 3: "width"}
    given: dict[str, Any] = {}
    if open_axes and dynamo:
        dims = dict.fromkeys(open_axes, torch.export.Dim.DYNAMIC)
        given["dynamic_shapes"] = (dims,)
    elif open_axes:
        given["dynamic_axes"] = {"x": {axis: names[axis] for axis in open_axes}}
    batch = 2 if open_axes and dynamo else 1
    arrays = (torch.zeros(batch, 3, SIDE, SIDE),)
    quiet = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(quiet):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, arrays, str(path), input_names=["x"], dynamo=dynamo, verbose=False, **given
        )


def error_of_run(model: Any, path: Path) -> float | str:
    """How far the run of a file is from the model's own result, over its largest; or why not."""
    import torch

    from convcalc.cli.commands.run.onnx_network import computed_part
    from convcalc.errors import ConvcalcError
    from convcalc.execute.in_memory import run_network
    from convcalc.execute.settings import Settings
    from convcalc.importers.onnx_model import imported
    from convcalc.importers.onnx_weights import arrays_of

    torch.manual_seed(1)
    x = torch.randn(1, 3, SIDE, SIDE)
    found = imported(str(path), array=tuple(x.shape))
    try:
        result = run_network(
            computed_part(found.network),
            x.numpy(),
            lambda part, _: arrays_of(str(path), found, part),
            Settings(spatial_dims=2, backend="numpy"),
        )
    except ConvcalcError as error:
        return str(error)
    with torch.no_grad():
        wanted = model(x)
    difference = (torch.from_numpy(result.array).reshape(wanted.shape) - wanted).abs().max()
    return float(difference / wanted.abs().max())


def row(model: Any, name: str, folder: Path, *, dynamo: bool, opened: bool) -> dict[str, Any]:
    """One export, and what is counted of it."""
    from convcalc.importers.onnx_model import network_of

    axes = [] if not opened else [0] if name in ONE_SIZE else [0, 2, 3]
    path = folder / f"{name}.onnx"
    begin = time.process_time()
    export(model, path, dynamo=dynamo, open_axes=axes)
    exported = time.process_time() - begin
    begin = time.process_time()
    network = network_of(str(path), {"": (3, SIDE, SIDE)} if opened else {})
    assert network.input_shape is not None
    report = network.analyze(network.input_shape)
    return {
        "network": name,
        "exporter": "dynamo" if dynamo else "legacy",
        "sizes": "open" if opened else "fixed",
        "macs": report.totals.macs,
        "params": report.totals.params,
        "nodes": len(network.nodes),
        "opaque": sum(node.layer.kind == "opaque" for node in network.nodes),
        "unknown": len(report.unknown),
        "seconds": round(time.process_time() - begin, 2),
        "error_of_run": error_of_run(model, path),
        "export_seconds": round(exported, 1),
    }


def main() -> int:
    """The table; 1 where a total differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default=",".join(NETWORKS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    models, rows, wrong = torchvision_models(), [], 0
    for name in options.only.split(","):
        model = drawn(getattr(models, name)().eval())
        truth = macs_on_meta(model)
        params = sum(p.numel() for p in model.parameters())
        for dynamo in (False, True):
            for opened in (False, True):
                with tempfile.TemporaryDirectory() as folder:
                    try:
                        one = row(model, name, Path(folder), dynamo=dynamo, opened=opened)
                    except Exception as error:
                        one = {"network": name, "dynamo": dynamo, "opened": opened}
                        one["error"] = f"{type(error).__name__}: {str(error)[:300]}"
                one |= {"truth": truth, "module_params": params}
                wrong += one.get("macs") != truth
                rows.append(one)
                print(json.dumps(one), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    print(f"{len(rows) - wrong} of {len(rows)} equal")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
