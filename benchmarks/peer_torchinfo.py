"""ResNet-50 built in torch and counted by torchinfo: what a user of it types."""

import torchinfo
from torch_resnet50 import ResNet50

torchinfo.summary(ResNet50(), (1, 3, 224, 224))
