"""The rows of the contract for operations on whole tensors."""

from __future__ import annotations

from contract_rows import CELL, Row
from convcalc.layers import ElementOps

TENSORS = {
    "input": Row(
        spec="input:3x4",
        input=(2, 5),
        output=(3, 4),
        field=((1, 1, 0),),
    ),
    "parameter": Row(
        spec="parameter:3x4",
        module="Learned",
        input=(2, 5),
        output=(3, 4),
        weights={"weight": (3, 4)},
        params=12,
        field=((0, 0, 0),),
    ),
    "permute": Row(
        spec="permute:0x2x1",
        call="x.permute((0, 1, 3, 2))",
        input=(2, 3, 4),
        output=(2, 4, 3),
        field=CELL,
    ),
    "view": Row(
        spec="view:name=roll,out2x3x4",
        input=(2, 3, 4),
        output=(2, 3, 4),
        field=CELL,
    ),
    "matmul": Row(
        spec="matmul{ | permute:0x2x1}",
        call="torch.matmul(x, _0_1_0)",
        input=(2, 3, 4),
        output=(2, 3, 3),
        macs=72,  # 2*3*3 outputs * 4 products
        field=CELL,
    ),
    "attention": Row(
        spec="attention{ | pad:2x0 | pad:2x0 crop:7x3}",
        call="torch.nn.functional.scaled_dot_product_attention(x, _0_1_0, _0_2_1",
        input=(2, 3, 4),
        output=(2, 3, 3),
        macs=294,  # 2*3*7 scores * (4 + 3)
        # 2*3 rows of 7 scores: 13, 6, 7, 7 each; 2*3*4 products of the scale
        elements=ElementOps(multiply=24, add=78, compare=36, divide=42, exponent=42),
        field=CELL,
    ),
    "elementwise": Row(
        spec="elementwise:name=sub{ | relu}",
        call="torch.sub" if False else "x - ",
        input=(2, 3, 4),
        output=(2, 3, 4),
        elements=ElementOps(add=24),
        field=CELL,
    ),
    "reduce": Row(
        spec="reduce:mean,axes1x2",
        call="torch.mean(x, (2, 3), keepdim = False)",
        input=(3, 4, 5),
        output=(3,),
        elements=ElementOps(add=60, divide=3),
        field=((4, 4, 0), (5, 5, 0)),
    ),
}
