"""What is published of the classic networks, and what was counted from it exactly.

Parameters and multiply-accumulates of convolutions and linear layers. Brackets hold what a source
says; where it rounds, the integer was counted on a torch model written from the source.
"""

from __future__ import annotations

IMAGE = (3, 224, 224)

# name: (input, output shape, params, macs)
PUBLISHED = {
    # torchvision, AlexNet_Weights (61100840; 0.714 G).
    "alexnet": (IMAGE, (1000,), 61100840, 714188480),
    # torchvision, VGG11_Weights (132863336; 7.609 G).
    "vgg11": (IMAGE, (1000,), 132863336, 7609090048),
    # torchvision, VGG16_Weights (138357544; 15.47 G).
    "vgg16": (IMAGE, (1000,), 138357544, 15470264320),
    # torchvision, VGG16_BN_Weights (138365992; 15.47 G).
    "vgg16_bn": (IMAGE, (1000,), 138365992, 15470264320),
    # torchvision, VGG19_Weights (143667240; 19.632 G).
    "vgg19": (IMAGE, (1000,), 143667240, 19632062464),
    # torchvision, ResNet18_Weights (11689512; 1.814 G).
    "resnet18": (IMAGE, (1000,), 11689512, 1814073344),
    # torchvision, ResNet34_Weights (21797672; 3.664 G).
    "resnet34": (IMAGE, (1000,), 21797672, 3663761408),
    # torchvision, ResNet50_Weights (25557032; 4.089 G).
    "resnet50": (IMAGE, (1000,), 25557032, 4089184256),
    # torchvision, ResNet101_Weights (44549160; 7.801 G).
    "resnet101": (IMAGE, (1000,), 44549160, 7801405440),
    # torchvision, ResNet152_Weights (60192808; 11.514 G).
    "resnet152": (IMAGE, (1000,), 60192808, 11513626624),
    # He et al., "Deep Residual Learning" (2016), table 1 (3.8 G); Hu et al. (2018) (3.86 G).
    "resnet50-paper": (IMAGE, (1000,), 25557032, 3857973248),
    # torchvision, ResNeXt50_32X4D_Weights (25028904; 4.23 G).
    "resnext50_32x4d": (IMAGE, (1000,), 25028904, 4230479872),
    # torchvision, Wide_ResNet50_2_Weights (68883240; 11.398 G).
    "wide_resnet50_2": (IMAGE, (1000,), 68883240, 11398021120),
    # Hu et al., "Squeeze-and-Excitation Networks" (2018), section 6: 2 C^2/16 weights in each gate,
    # 2,514,944 in all, more than resnet50-paper; as many MACs, since a gate has one cell.
    "se-resnet50": (IMAGE, (1000,), 28071976, 3860488192),
    # torchvision, GoogLeNet_Weights (6624904; 1.498 G).
    "googlenet": (IMAGE, (1000,), 6624904, 1498376192),
    # Szegedy et al., "Going Deeper with Convolutions" (2015): the filters of table 1, with biases.
    "googlenet-paper": (IMAGE, (1000,), 6998552, 1582671872),
    # torchvision, Inception_V3_Weights (27161264 with the auxiliary head's 3326696; 5.713 G).
    "inception_v3": ((3, 299, 299), (1000,), 23834568, 5713216096),
    # torchvision, SqueezeNet1_0_Weights (1248424; 0.819 G).
    "squeezenet1_0": (IMAGE, (1000,), 1248424, 818924576),
    # torchvision, SqueezeNet1_1_Weights (1235496; 0.349 G).
    "squeezenet1_1": (IMAGE, (1000,), 1235496, 349151936),
    # torchvision, DenseNet121_Weights (7978856; 2.834 G).
    "densenet121": (IMAGE, (1000,), 7978856, 2834161664),
    # Ronneberger et al., "U-Net" (2015), figure 1: the same parameters without padding.
    "unet": ((1, 512, 512), (2, 512, 512), 31030658, 192384335872),
    # torchvision, DeepLabV3_ResNet50_Weights (42004074; 178.722 G), both with the auxiliary head,
    # which has 2365205 parameters and 9990739200 multiply-accumulates.
    "deeplabv3-resnet50": ((3, 520, 520), (21, 520, 520), 39638869, 168731205888),
    # Long et al., "Fully Convolutional Networks" (2015), the authors' voc-fcn8s: the same
    # parameters with their padding of 100 cells.
    "fcn8s": ((3, 512, 512), (21, 512, 512), 134489759, 111306461184),
}

# name: (size, stride, start) of the last layer before the global pooling or the flattening,
# Araujo et al., "Computing Receptive Fields of Convolutional Neural Networks" (Distill, 2019)
FIELDS = {
    "alexnet": (195, 32, -66),
    "vgg16": (212, 32, -90),
    "resnet18": (435, 32, -217),
    "resnet50": (427, 32, -213),
}

# Numbers that leave convolutions and linear layers. timm rounds them to millions
# (results/benchmark-infer-amp-nchw-pt113-cu117-rtx3090.csv, "infer_macts"), given in brackets.
ACTIVATIONS = {
    "vgg11": 7435240,  # vgg11 (7.44)
    "vgg16": 13556712,  # vgg16 (13.56)
    "vgg19": 14861288,  # vgg19 (14.86)
    "resnet18": 2484712,  # resnet18 (2.48)
    "resnet34": 3739112,  # resnet34 (3.74)
    "resnet50": 11114984,  # resnet50 (11.11)
    "resnet101": 16232936,  # resnet101 (16.23)
    "resnet152": 22555112,  # resnet152 (22.56)
    "resnext50_32x4d": 14401512,  # resnext50_32x4d (14.4)
    "wide_resnet50_2": 14401512,  # wide_resnet50_2 (14.4)
    "se-resnet50": 10604184,  # legacy_seresnet50 (10.6), which has biases in its gates
    "inception_v3": 8968488,  # inception_v3 (8.97)
    "densenet121": 6900200,  # densenet121 (6.9)
}

# TensorFlow-Slim's networks, as far as receptive fields go: no normalisation, no activation.
SLIM = {
    "alexnet_v2": """
        conv1=conv:64,k11,s4
        pool1=maxpool:3,s2
        conv2=conv:192,k5,same-upper
        maxpool:3,s2
        conv3=conv:384,k3,same-upper
        conv4=conv:384,k3,same-upper
        conv5=conv:256,k3,same-upper
        pool5=maxpool:3,s2
    """,
    "vgg_16": """
        conv1_1=conv:64,k3,same-upper conv:64,k3,same-upper
        pool1=maxpool:2
        conv2_1=conv:128,k3,same-upper conv:128,k3,same-upper
        pool2=maxpool:2
        conv3_1=conv:256,k3,same-upper conv3_2=conv:256,k3,same-upper conv:256,k3,same-upper
        pool3=maxpool:2
        conv4_1=conv:512,k3,same-upper conv4_2=conv:512,k3,same-upper conv:512,k3,same-upper
        pool4=maxpool:2
        conv5_1=conv:512,k3,same-upper conv5_2=conv:512,k3,same-upper conv:512,k3,same-upper
        pool5=maxpool:2
    """,
    # The stride is in the last unit of a block, whose shortcut takes every second cell.
    "resnet_v1_50": """
        define body(w) {
            conv:$w,k1,nobias conv:$w,k3,same-upper,nobias conv:$w*4,k1,nobias
        }
        define first(w) { residual{body:$w | conv:$w*4,k1,nobias} }
        define unit(w) { residual{body:$w | } }
        define last(w) {
            residual{
                conv:$w,k1,nobias conv:$w,k3,s2,p1,nobias conv:$w*4,k1,nobias |
                maxpool:1,s2
            }
        }
        conv:64,k7,s2,p3,nobias maxpool:3,s2,same-upper
        block1=1x{first:64 unit:64 last:64}
        block2=1x{first:128 2xunit:128 last:128}
        block3=1x{first:256 4xunit:256 last:256}
        block4=1x{first:512 2xunit:512}
    """,
}

# google-research/receptive_field, RECEPTIVE_FIELD_TABLE.md: (network, endpoint, size, stride,
# padding at 224, padding at 321, GFLOPs at 224, GFLOPs at 321). The padding is minus the start; an
# operation is a multiplication or addition of a convolution, a bias, or a cell of a pooling window.
SLIM_FIELDS = [
    ("alexnet_v2", "conv1", 11, 4, 0, 0, "0.136", "0.283"),
    ("alexnet_v2", "pool1", 19, 8, 0, 0, "0.136", "0.284"),
    ("alexnet_v2", "conv2", 51, 8, 16, 16, "0.552", "1.171"),
    ("alexnet_v2", "conv3", 99, 16, 32, 32, "0.743", "1.602"),
    ("alexnet_v2", "conv4", 131, 16, 48, 48, "1.125", "2.462"),
    ("alexnet_v2", "conv5", 163, 16, 64, 64, "1.380", "3.036"),
    ("alexnet_v2", "pool5", 195, 32, 64, 64, "1.380", "3.036"),
    ("vgg_16", "conv1_1", 3, 1, 1, 1, "0.177", "0.363"),
    ("vgg_16", "pool1", 6, 2, 2, 2, "3.882", "7.973"),
    ("vgg_16", "conv2_1", 10, 2, 4, 4, "5.734", "11.751"),
    ("vgg_16", "pool2", 16, 4, 6, 6, "9.436", "19.307"),
    ("vgg_16", "conv3_1", 24, 4, 10, 10, "11.287", "23.084"),
    ("vgg_16", "conv3_2", 32, 4, 14, 14, "14.987", "30.635"),
    ("vgg_16", "pool3", 44, 8, 18, 18, "18.688", "38.188"),
    ("vgg_16", "conv4_1", 60, 8, 26, 26, "20.538", "41.964"),
    ("vgg_16", "conv4_2", 76, 8, 34, 34, "24.238", "49.514"),
    ("vgg_16", "pool4", 100, 16, 42, 42, "27.938", "57.066"),
    ("vgg_16", "conv5_1", 132, 16, 58, 58, "28.863", "58.954"),
    ("vgg_16", "conv5_2", 164, 16, 74, 74, "29.788", "60.841"),
    ("vgg_16", "pool5", 212, 32, 90, 90, "30.713", "62.729"),
    ("resnet_v1_50", "block1", 35, 8, 15, 17, "1.323", "2.767"),
    ("resnet_v1_50", "block2", 99, 16, 47, 49, "2.974", "6.315"),
    ("resnet_v1_50", "block3", 291, 32, 143, 145, "5.498", "12.013"),
    ("resnet_v1_50", "block4", 483, 32, 239, 241, "6.963", "15.629"),
]
