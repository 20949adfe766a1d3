"""What is published of the mobile and efficient networks, and what was counted from it exactly.

Parameters, and multiply-accumulates of convolutions and linear layers. The sources' own figures are
in brackets; where they are rounded, the integer was counted on a torch model written from them.
"""

IMAGE = (3, 224, 224)

# name: (input, output shape, params, macs)
PUBLISHED = {
    # Howard et al., "MobileNets" (2017), tables 4 and 8 (4.2 M; 569 M); gamma and beta counted.
    "mobilenet_v1": (IMAGE, (1000,), 4231976, 568740352),
    # The same paper, table 4 (29.3 M; 4866 M), with full convolutions.
    "conv-mobilenet": (IMAGE, (1000,), 29294088, 4867293184),
    # torchvision, MobileNet_V2_Weights (3504872; 0.301 G).
    "mobilenet_v2": (IMAGE, (1000,), 3504872, 300774272),
    # torchvision, MobileNet_V3_Small_Weights (2542856; 0.057 G).
    "mobilenet_v3_small": (IMAGE, (1000,), 2542856, 56510400),
    # torchvision, MobileNet_V3_Large_Weights (5483032; 0.217 G).
    "mobilenet_v3_large": (IMAGE, (1000,), 5483032, 216589760),
    # torchvision, ShuffleNet_V2_X1_0_Weights (2278604; 0.145 G).
    "shufflenet_v2_x1_0": (IMAGE, (1000,), 2278604, 144907992),
    # torchvision, MNASNet1_0_Weights (4383312; 0.314 G).
    "mnasnet1_0": (IMAGE, (1000,), 4383312, 314415872),
    # torchvision, EfficientNet_B0_Weights (5288548; 0.386 G).
    "efficientnet_b0": (IMAGE, (1000,), 5288548, 385814752),
    # torchvision, RegNet_Y_400MF_Weights (4344144; 0.402 G).
    "regnet_y_400mf": (IMAGE, (1000,), 4344144, 401842848),
    # torchvision, ConvNeXt_Tiny_Weights (28589128; 4.456 G).
    "convnext_tiny": (IMAGE, (1000,), 28589128, 4455531264),
}

# name: (size, stride, start) of the last layer before the global pooling
FIELDS = {
    # google-research/receptive_field, mobilenet_v1 at 321 x 321, where SAME is a padding of 1.
    "mobilenet_v1": (315, 32, -157),
    # Derived: 2 cells times the stride before it for each of the 18 kernels of 3 cells,
    # 2*1 + 2*2 + (2 + 4)*2 + (4 + 8 + 8)*2 + (8 + 16*3)*2 + 16*3*2 + (16 + 32*2)*2 + 32*2 = 490.
    "mobilenet_v2": (491, 32, -245),
}

# Numbers that leave convolutions and linear layers. timm rounds them to millions
# (results/benchmark-infer-amp-nchw-pt113-cu117-rtx3090.csv, "infer_macts"), given in brackets.
ACTIVATIONS = {
    "mobilenet_v2": 6679112,  # mobilenetv2_100 (6.68)
    "mobilenet_v3_small": 1417680,  # mobilenetv3_small_100 (1.42)
    "mobilenet_v3_large": 4407168,  # mobilenetv3_large_100 (4.41)
    "mnasnet1_0": 5457640,  # mnasnet_100 (5.46)
    "efficientnet_b0": 6748036,  # efficientnet_b0 (6.75)
    "regnet_y_400mf": 3892496,  # regnety_004 (3.89)
    "convnext_tiny": 13435624,  # convnext_tiny (22.21 at 288 x 288: 81/49 of it)
}
