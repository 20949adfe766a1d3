"""The rows of layers for sequences in the contract of the kinds, in literal numbers."""

from __future__ import annotations

from contract_rows import Row
from convcalc.layers import ElementOps

SEQUENCES = {
    "lstm": Row(
        spec="lstm:3,layers2,bidirectional",
        module="LSTM",
        input=(2, 4),
        output=(2, 6),
        weights={
            f"{name}_l{layer}{end}": (12, {"weight_ih": arriving, "weight_hh": 3}[name])
            if name.startswith("weight")
            else (12,)
            for layer, arriving in ((0, 4), (1, 6))
            for end in ("", "_reverse")
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        },
        params=480,  # 2 directions * (12*(4 + 3) + 24 and 12*(6 + 3) + 24)
        macs=768,  # 2 steps * 2 directions * 12 * (7 + 9)
        bias_adds=192,  # 2 steps * 2 layers * 2 directions * 24
        # 2 steps * 2 layers * 2 directions * 3 = 24 states: 3 sigmoids, 2 tanh, 3 products, a sum
        elements=ElementOps(multiply=72, add=96, divide=72, exponent=120),
        field=((4, 0, 0),),
    ),
    "gru": Row(
        spec="gru:3",
        module="GRU",
        input=(2, 4),
        output=(2, 3),
        weights={
            "weight_ih_l0": (9, 4),
            "weight_hh_l0": (9, 3),
            "bias_ih_l0": (9,),
            "bias_hh_l0": (9,),
        },
        params=81,
        macs=126,  # 2 steps * 9 * (4 + 3)
        bias_adds=36,  # 2 steps * 18
        # 2 steps * 3 states: 2 sigmoids, a tanh, 3 products, 3 sums
        elements=ElementOps(multiply=18, add=30, divide=12, exponent=18),
        field=((4, 0, 0),),
    ),
    "rnn": Row(
        spec="rnn:3,relu",
        module="RNN",
        input=(2, 4),
        output=(2, 3),
        weights={
            "weight_ih_l0": (3, 4),
            "weight_hh_l0": (3, 3),
            "bias_ih_l0": (3,),
            "bias_hh_l0": (3,),
        },
        params=27,
        macs=42,  # 2 steps * 3 * (4 + 3)
        bias_adds=12,  # 2 steps * 6
        elements=ElementOps(compare=6),
        field=((4, 0, 0),),
    ),
    "embedding": Row(
        spec="embedding:10,d3",
        module="Embedding",
        input=(5,),
        output=(5, 3),
        weights={"weight": (10, 3)},
        params=30,
        field=((1, 0, 0),),
    ),
    "multiheadattention": Row(
        spec="multiheadattention:4,heads2",
        module="NonDynamicallyQuantizableLinear",  # what is inside nn.MultiheadAttention
        input=(3, 4),
        output=(3, 4),
        weights={
            "in_proj_weight": (12, 4),
            "in_proj_bias": (12,),
            "out_proj.weight": (4, 4),
            "out_proj.bias": (4,),
        },
        params=80,
        macs=264,  # 3 steps * 12*4, 2 * 3*3 * 4, 3 steps * 4*4
        bias_adds=48,  # 3 * (12 + 4)
        # 3*2 softmaxes of 3 scores: 5, 2, 3, 3 each; 3*4 products of the scale
        elements=ElementOps(multiply=12, add=30, compare=12, divide=18, exponent=18),
        field=((4, 0, 0),),
    ),
    "bilinear": Row(
        spec="bilinear:3{|}",
        module="Bilinear",
        input=(2, 5),
        output=(2, 3),
        weights={"weight": (3, 5, 5), "bias": (3,)},
        params=78,
        macs=150,  # 2*3 outputs * 5*5 pairs
        bias_adds=6,
        elements=ElementOps(multiply=50),  # 2 * 5*5 pairs
        field=((5, 0, 0),),
    ),
}
