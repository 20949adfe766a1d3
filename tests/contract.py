"""The contract of the kinds: what one layer of each kind answers, in literal numbers."""

from __future__ import annotations

from fractions import Fraction

from contract_activations import ACTIVATIONS
from contract_rows import CELL, Row
from contract_sequences import SEQUENCES
from contract_tensors import TENSORS
from convcalc.layers import ElementOps

CONTRACT = {
    "conv": Row(
        spec="conv:6,k3x2,s2x1,p1x0:1,d1x2,g2",
        module="Conv2d",
        input=(4, 7, 5),
        output=(6, 4, 4),  # (7 + 2 - 3)//2 + 1, 5 + 1 - 3 + 1
        weights={"weight": (6, 2, 3, 2), "bias": (6,)},
        params=78,  # 6*2*3*2 + 6
        macs=1152,  # 6*4*4 outputs * 2 channels * 3*2 taps
        bias_adds=96,  # 6*4*4
        field=((3, 2, -1), (3, 1, 0)),
    ),
    "convt": Row(
        spec="convt:6,k3x2,s2x3,p1x0:1,g2,op1x0",
        module="ConvTranspose2d",
        input=(4, 3, 2),
        output=(6, 6, 4),  # 2*2 - 2 + 3 + 1, 1*3 - 1 + 2
        weights={"weight": (4, 3, 3, 2), "bias": (6,)},
        params=78,  # 4*3*3*2 + 6
        macs=432,  # 4*3*2 inputs * 3 channels * 3*2 taps
        bias_adds=144,  # 6*6*4
        # Row u reads (u + 1 - t)/2: row 0 cell 0, row 1 cells 0 and 1, so never before u/2 - 1/2.
        # Column u reads (u - t)/3: columns 0 and 1 cell 0, and column 2 none.
        field=((2, Fraction(1, 2), Fraction(-1, 2)), (1, Fraction(1, 3), Fraction(-1, 3))),
    ),
    "dw": Row(
        spec="dw:k3,s2,p1,m2",
        module="Conv2d",
        input=(3, 5, 6),
        output=(6, 3, 3),  # (5 + 2 - 3)//2 + 1, (6 + 2 - 3)//2 + 1
        weights={"weight": (6, 1, 3, 3), "bias": (6,)},
        params=60,  # 6*9 + 6
        macs=486,  # 6*3*3 outputs * 9 taps
        bias_adds=54,  # 6*3*3
        field=((3, 2, -1), (3, 2, -1)),
    ),
    "pw": Row(
        spec="pw:8,s2,g2",
        module="Conv2d",
        input=(4, 5, 6),
        output=(8, 3, 3),  # 4//2 + 1, 5//2 + 1
        weights={"weight": (8, 2, 1, 1), "bias": (8,)},
        params=24,  # 8*2 + 8
        macs=144,  # 8*3*3 outputs * 2 channels
        bias_adds=72,  # 8*3*3
        field=((1, 2, 0), (1, 2, 0)),
    ),
    "sep": Row(
        spec="sep:5,k3,p1,m2",
        module="Conv2d",
        input=(3, 4, 4),
        output=(5, 4, 4),
        weights={
            "depthwise.weight": (6, 1, 3, 3),
            "depthwise.bias": (6,),
            "pointwise.weight": (5, 6, 1, 1),
            "pointwise.bias": (5,),
        },
        params=95,  # 54 + 6 + 30 + 5
        macs=1344,  # 4*4 cells * (6*9 + 5*6)
        bias_adds=176,  # 4*4 cells * (6 + 5)
        field=((3, 1, -1), (3, 1, -1)),
    ),
    "maxpool": Row(
        spec="maxpool:3x2,s2x1,p1x0,d1x2",
        module="MaxPool2d",
        call="torch.nn.functional.max_pool2d(x, ",
        input=(2, 7, 5),
        output=(2, 4, 3),  # (7 + 2 - 3)//2 + 1, 5 - 3 + 1
        elements=ElementOps(compare=144),  # 2*4*3 windows * 3*2 cells
        field=((3, 2, -1), (3, 1, 0)),
    ),
    "maxunpool": Row(
        before="p=maxpool:3x1,s2x1,p1x0",
        spec="maxunpool:3x1,s2x1,p1x0,of=@p",
        module="MaxUnpool2d",
        call="torch.nn.functional.max_unpool2d(p, _1_positions, ",
        input=(2, 5, 4),
        output=(2, 5, 4),
        # Row 0 is in window 0 of -1 0 1 alone, row 1 in windows 0 and 1, which see -1 ... 3.
        field=((5, 1, -2), (1, 1, 0)),
    ),
    "avgpool": Row(
        spec="avgpool:3,s2,p1,ceil",
        module="AvgPool2d",
        call="torch.nn.functional.avg_pool2d(x, ",
        input=(2, 6, 7),
        output=(2, 4, 4),  # 5/2 up + 1, the last row window from 5 on; 6/2 + 1
        elements=ElementOps(add=288, divide=32),  # 2*4*4 windows * 9 cells, 2*4*4
        field=((3, 2, -1), (3, 2, -1)),
    ),
    "lppool": Row(
        spec="lppool:3,s2,ceil,norm2.5",
        module="LPPool2d",
        call="torch.nn.functional.lp_pool2d(x, ",
        input=(2, 6, 7),
        output=(2, 3, 3),  # 3/2 up + 1, 4/2 + 1
        # 2*3*3 windows * 9 cells; 2*6*7 powers and 2*3*3 roots
        elements=ElementOps(add=162, exponent=102),
        field=((3, 2, 0), (3, 2, 0)),
    ),
    "gap": Row(
        spec="gap",
        module="AdaptiveAvgPool2d",
        call="x.mean((2, 3), keepdim = True)",
        input=(3, 4, 5),
        output=(3, 1, 1),
        elements=ElementOps(add=60, divide=3),
        field=((4, 4, 0), (5, 5, 0)),
    ),
    "adaptiveavgpool": Row(
        spec="adaptiveavgpool:7",
        module="AdaptiveAvgPool1d",
        call="torch.nn.functional.adaptive_avg_pool1d(x, 7)",
        input=(2, 10),
        output=(2, 7),
        elements=ElementOps(add=32, divide=14),  # 2 * (2+2+3+2+3+2+2)
        field=((3, Fraction(10, 7), Fraction(-6, 7)),),  # window 2 starts at 2 = 2*10/7 - 6/7
    ),
    "adaptivemaxpool": Row(
        spec="adaptivemaxpool:2x3",
        module="AdaptiveMaxPool2d",
        call="torch.nn.functional.adaptive_max_pool2d(x, (",
        input=(2, 4, 4),
        output=(2, 2, 3),
        elements=ElementOps(compare=48),  # 2 * (2+2) * (2+2+2)
        field=((2, 2, 0), (2, Fraction(4, 3), Fraction(-2, 3))),
    ),
    "linear": Row(
        spec="linear:5",
        module="Linear",
        input=(3, 4),
        output=(3, 5),
        weights={"weight": (5, 4), "bias": (5,)},
        params=25,
        macs=60,  # 3*5 outputs * 4 features
        bias_adds=15,
        field=((4, 0, 0),),
    ),
    **SEQUENCES,
    **TENSORS,
    "flatten": Row(
        spec="flatten",
        module="Flatten",
        call="torch.flatten(x, 1)",
        input=(3, 4, 5),
        output=(60,),
        field=CELL,
    ),
    "reshape": Row(
        spec="reshape:10x-1x3",
        call="x.reshape(-1, 10, 2, 3)",
        input=(3, 4, 5),
        output=(10, 2, 3),
        # As of sections, beside the whole: 0 1 and 2 3 of 4; 0 1, 1 2 3 and 3 4 of 5
        field=((2, 2, 0), (3, Fraction(5, 3), Fraction(-2, 3))),
    ),
    "unflatten": Row(
        spec="unflatten:2x3",
        module="Unflatten",
        call="x.unflatten(1, (2, 3))",
        input=(6, 4, 5),
        output=(2, 3, 4, 5),
        # The new axis is made of channels: its three positions are none of the input's
        field=((1, Fraction(1, 3), Fraction(-2, 3)), (1, 1, 0), (1, 1, 0)),
    ),
    "bn": Row(
        spec="bn",
        module="BatchNorm2d",
        input=(3, 4, 5),
        output=(3, 4, 5),
        weights={"weight": (3,), "bias": (3,)},
        params=6,  # the running mean and variance are none
        elements=ElementOps(multiply=60, add=60),
        field=CELL,
    ),
    "gn": Row(
        spec="gn:2",
        module="GroupNorm",
        input=(4, 3, 5),
        output=(4, 3, 5),
        weights={"weight": (4,), "bias": (4,)},
        params=8,
        elements=ElementOps(multiply=180, add=242, divide=6, exponent=2),  # 60 elements, 2 groups
        field=CELL,
    ),
    "ln": Row(
        spec="ln",
        module="LayerNorm",
        call='getattr(self, "0")(x)',
        input=(4, 3, 5),
        output=(4, 3, 5),
        weights={"weight": (4,), "bias": (4,)},
        params=8,
        elements=ElementOps(multiply=180, add=255, divide=45, exponent=15),  # 60 and 3*5 cells
        field=CELL,
    ),
    "lrn": Row(
        spec="lrn:5,alpha0.5,k2",
        module="LocalResponseNorm",
        call="torch.nn.functional.local_response_norm(x, size = 5, alpha = 0.5, beta = 0.75, k = 2",
        input=(4, 3, 5),
        output=(4, 3, 5),
        # 60 elements: 2 products, 5 squares added onto k, a power, a quotient
        elements=ElementOps(multiply=120, add=300, divide=60, exponent=60),
        field=CELL,
    ),
    "in": Row(
        spec="in",
        module="InstanceNorm2d",
        input=(4, 3, 5),
        output=(4, 3, 5),
        elements=ElementOps(multiply=120, add=184, divide=12, exponent=4),  # 60 and 4 channels
        field=CELL,
    ),
    **ACTIVATIONS,
    "pad": Row(
        spec="pad:1:2x0:3,replicate",
        module="ReplicationPad2d",
        call="torch.nn.functional.pad(x, (0, 3, 1, 2), mode = 'replicate')",
        input=(2, 4, 5),
        output=(2, 7, 8),
        field=((1, 1, -1), (1, 1, 0)),
    ),
    "crop": Row(
        spec="crop:3x2,offset2x0",
        call="x[(Ellipsis, slice(2, 5, None), slice(0, 2, None))]",
        input=(2, 5, 4),
        output=(2, 3, 2),
        field=((1, 1, 2), (1, 1, 0)),
    ),
    "upsample": Row(
        spec="upsample:2,bilinear",
        module="Upsample",
        call="torch.nn.functional.interpolate(x, scale_factor = 2, mode = 'bilinear')",
        input=(2, 3, 4),
        output=(2, 6, 8),
        elements=ElementOps(multiply=384, add=288),  # 2*6*8 outputs * (4, 3)
        # Output 0 lies at -1/4, between the cells -1 and 0; output 1 at 1/4, between 0 and 1.
        field=((2, Fraction(1, 2), -1), (2, Fraction(1, 2), -1)),
    ),
    "pixelshuffle": Row(
        spec="pixelshuffle:2",
        module="PixelShuffle",
        call="torch.nn.functional.pixel_shuffle(x, 2)",
        input=(8, 2, 3),
        output=(2, 4, 6),
        field=((1, Fraction(1, 2), Fraction(-1, 2)), (1, Fraction(1, 2), Fraction(-1, 2))),
    ),
    "pixelunshuffle": Row(
        spec="pixelunshuffle:2",
        module="PixelUnshuffle",
        call="torch.nn.functional.pixel_unshuffle(x, 2)",
        input=(2, 4, 6),
        output=(8, 2, 3),  # 2*2*2 channels
        field=((2, 2, 0), (2, 2, 0)),
    ),
    "shuffle": Row(
        spec="shuffle:2",
        module="ChannelShuffle",
        call="x.unflatten(1, (2, -1))",
        input=(4, 2, 3),
        output=(4, 2, 3),
        field=CELL,
    ),
    "slice": Row(
        spec="slice:1:3",
        call="x[(slice(None, None, None), slice(1, 3, None))]",
        input=(4, 2, 3),
        output=(2, 2, 3),
        field=CELL,
    ),
    "dropout": Row(
        spec="dropout",
        module="Dropout",
        call="torch.nn.functional.dropout(x, 0.5, training = False)",
        input=(4, 2, 3),
        output=(4, 2, 3),
        field=CELL,
    ),
    "identity": Row(
        spec="identity",
        module="Identity",
        call="return x",
        input=(4, 2, 3),
        output=(4, 2, 3),
        field=CELL,
    ),
    "residual": Row(
        spec="residual{relu | identity | dropout}",
        call=" + _0_1_0",
        input=(2, 3, 4),
        output=(2, 3, 4),
        elements=ElementOps(add=48),  # two additions of 24 elements
        field=CELL,
    ),
    "concat": Row(
        spec="concat{relu | slice:0:1}",
        call="torch.cat((_0_0_0, _0_1_0), dim = 1)",
        input=(2, 3, 4),
        output=(3, 3, 4),
        field=CELL,
    ),
    "scale": Row(
        spec="scale{gap}",
        call="x * _0_0_0",
        input=(2, 3, 4),
        output=(2, 3, 4),
        elements=ElementOps(multiply=24),
        field=CELL,
    ),
    "layerscale": Row(
        spec="layerscale",
        module="ChannelScale",
        input=(3, 4, 5),
        output=(3, 4, 5),
        weights={"weight": (3,)},
        params=3,
        elements=ElementOps(multiply=60),
        field=CELL,
    ),
    "opaque": Row(
        spec="opaque:name=Deform,out6x4x4,params10,macs500",
        input=(2, 3, 4),
        output=(6, 4, 4),
        weights={"weight": (10,)},
        params=10,
        macs=500,
        field=None,
    ),
    "unreached": Row(
        spec="unreached:27,macs54",
        input=(2, 3, 4),
        output=(1,),
        weights={"weight": (27,)},
        params=27,
        macs=54,
        field=((0, 0, 0),),
    ),
}

COMPUTED = {kind: row for kind, row in CONTRACT.items() if row.module or row.call}
"""The rows of kinds that can be run."""
