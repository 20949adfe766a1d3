"""The rows of activations in the contract of the kinds, in literal numbers."""

from __future__ import annotations

from contract_rows import CELL, Row, activation
from convcalc.layers import ElementOps

ACTIVATIONS = {
    "relu": activation("relu", "ReLU", "relu(x)", compare=1),
    "relu6": activation("relu6", "ReLU6", "relu6(x)", compare=2),
    "hardtanh": activation(
        "hardtanh:min-2,max3", "Hardtanh", "hardtanh(x, min_val = -2.0, max_val = 3.0)", compare=2
    ),
    "leakyrelu": activation(
        "leakyrelu:2", "LeakyReLU", "leaky_relu(x, negative_slope = 2.0)", multiply=1, compare=1
    ),
    "elu": activation(
        "elu:2", "ELU", "elu(x, alpha = 2.0)", multiply=1, add=1, compare=1, exponent=1
    ),
    "selu": activation("selu", "SELU", "selu(x)", multiply=1, add=1, compare=1, exponent=1),
    "celu": activation(
        "celu:2", "CELU", "celu(x, alpha = 2.0)", multiply=1, add=1, compare=1, divide=1, exponent=1
    ),
    "gelu": activation(
        "gelu:tanh",
        "GELU",
        "gelu(x, approximate = 'tanh')",
        multiply=5,  # x*x, *b, x*, x/2, *
        add=2,
        exponent=1,
    ),
    "softsign": activation("softsign", "Softsign", "softsign(x)", add=1, compare=1, divide=1),
    "rrelu": activation(
        "rrelu:lower0.5,upper1",
        "RReLU",
        "rrelu(x, lower = 0.5, upper = 1.0)",
        multiply=1,
        compare=1,
    ),
    "silu": activation("silu", "SiLU", "silu(x)", add=1, divide=1, exponent=1),
    "sigmoid": activation("sigmoid", "Sigmoid", "sigmoid(x)", add=1, divide=1, exponent=1),
    "tanh": activation("tanh", "Tanh", "tanh(x)", exponent=1),
    "softplus": activation(
        "softplus:2,threshold5",
        "Softplus",
        "softplus(x, beta = 2.0, threshold = 5.0)",
        multiply=1,
        add=1,
        compare=1,
        divide=1,
        exponent=2,
    ),
    "logsigmoid": activation(
        "logsigmoid", "LogSigmoid", "logsigmoid(x)", add=2, compare=2, exponent=2
    ),
    "mish": activation("mish", "Mish", "mish(x)", multiply=1, add=1, compare=1, exponent=3),
    "hardsigmoid": activation(
        "hardsigmoid", "Hardsigmoid", "hardsigmoid(x)", add=1, compare=2, divide=1
    ),
    "hardswish": activation(
        "hardswish", "Hardswish", "hardswish(x)", multiply=1, add=1, compare=2, divide=1
    ),
    "hardshrink": activation(
        "hardshrink:0.25", "Hardshrink", "hardshrink(x, lambd = 0.25)", compare=2
    ),
    "softshrink": activation(
        "softshrink:0.25", "Softshrink", "softshrink(x, lambd = 0.25)", add=1, compare=2
    ),
    "tanhshrink": activation("tanhshrink", "Tanhshrink", "tanhshrink(x)", add=1, exponent=1),
    "threshold": activation(
        "threshold:0.5,value20",
        "Threshold",
        "_threshold(x, threshold = 0.5, value = 20.0)",  # the name of torch's function itself
        compare=1,
    ),
    "prelu": activation("prelu:2", "PReLU", "", weights={"weight": (2,)}, multiply=1, compare=1),
    "glu": Row(
        spec="glu",
        module="GLU",
        call="torch.nn.functional.glu(x, dim = 1)",
        input=(4, 3, 2),
        output=(2, 3, 2),
        elements=ElementOps(add=12, divide=12, exponent=12),  # 2*3*2 results
        field=CELL,
    ),
    "softmax": Row(
        spec="softmax",
        module="Softmax",
        call="torch.nn.functional.softmax(x, dim = 1)",
        input=(3, 2, 2),
        output=(3, 2, 2),
        elements=ElementOps(add=20, compare=8, divide=12, exponent=12),  # 4 cells * (5, 2, 3, 3)
        field=CELL,
    ),
    "softmin": Row(
        spec="softmin",
        module="Softmin",
        call="torch.nn.functional.softmin(x, dim = 1)",
        input=(3, 2, 2),
        output=(3, 2, 2),
        elements=ElementOps(add=20, compare=8, divide=12, exponent=12),  # 4 cells * (5, 2, 3, 3)
        field=CELL,
    ),
    "logsoftmax": Row(
        spec="logsoftmax",
        module="LogSoftmax",
        call="torch.nn.functional.log_softmax(x, dim = 1)",
        input=(3, 2, 2),
        output=(3, 2, 2),
        elements=ElementOps(add=32, compare=8, exponent=16),  # 4 cells * (3 + 2 + 3, 2, 3 + 1)
        field=CELL,
    ),
}
