"""ResNet-50 built in torch and counted by fvcore: what a user of it types."""

import torch
from fvcore.nn import FlopCountAnalysis
from torch_resnet50 import ResNet50

print(FlopCountAnalysis(ResNet50().eval(), torch.zeros(1, 3, 224, 224)).total())
