"""A network of torchvision counted by another tool: what a user of it types.

python benchmarks/peer_torchvision.py torchinfo|fvcore resnet50
"""

from __future__ import annotations

import sys
from importlib import import_module

import torch
from torch.library import Library

library = Library("torchvision", "FRAGMENT")
try:
    import_module("torchvision")
except RuntimeError:  # compiled for another torch: see convcalc.importers.torch_missing
    for name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[name]
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

models = import_module("torchvision.models")
tool, network = sys.argv[1:]
model = models.get_model(network).eval()
if tool == "torchinfo":
    import torchinfo

    torchinfo.summary(model, (1, 3, 224, 224))
else:
    from fvcore.nn import FlopCountAnalysis

    print(FlopCountAnalysis(model, torch.zeros(1, 3, 224, 224)).total())
