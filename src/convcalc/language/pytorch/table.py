"""PyTorch's modules: which kind each is in the spec language, and what its arguments are called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Form:
    """A module: our kind, PyTorch's parameters in order, how many of them it must be given.

    `axes` are the numbers of spatial axes that fit, all if there are none; `only` are parameters
    of which a few values alone have a counterpart; `fixed` are arguments that its name says. `then`
    are kinds that follow in the same module; `lazy` says that what arrives is not named;
    `features` that its count is that of the last axis; `inside` are modules in it that its text
    has its arguments from, where it prints none. `notes` say what is assumed where an
    argument is not given, and under no name what a module does besides.
    """

    kind: str
    parameters: tuple[str, ...] = ()
    required: int = 0
    axes: tuple[int, ...] = ()
    only: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    then: tuple[str, ...] = ()
    lazy: bool = False
    features: bool = False
    inside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


NORMS = ("bn", "gn", "ln", "in")
"""Kinds whose bias comes and goes with their weight."""

OURS = {
    "align_corners": "align",
    "elementwise_affine": "affine",
    "ceil_mode": "ceil",
    "count_include_pad": "include",
}
"""Our names for parameters, where they are not PyTorch's; switches are called by the short one."""

_CONV = (
    *("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation"),
    *("groups", "bias", "padding_mode", "device", "dtype"),
)
_TRANSPOSED = (
    *("in_channels", "out_channels", "kernel_size", "stride", "padding", "output_padding"),
    *("groups", "bias", "dilation", "padding_mode", "device", "dtype"),
)
_MAX_POOL = ("kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode")
_AVG_POOL = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")
_DIVISOR = ("divisor_override",)
_NORM = ("eps", "momentum", "affine", "track_running_stats")
_FACTORY = ("device", "dtype", "bias")
_INDICES = {"return_indices": (False, True)}


def _of_axes(axes: int) -> dict[str, Form]:
    """The modules of 1, 2 or 3 spatial axes, whose names end with that."""
    at = (axes,)
    batch = (0, 1) if axes == 1 else at
    divisor = _DIVISOR if axes > 1 else ()
    forms = {
        "Conv": Form("conv", _CONV, 3, at),
        "ConvTranspose": Form("convt", _TRANSPOSED, 3, at, {"padding_mode": ("zeros",)}),
        "MaxPool": Form("maxpool", _MAX_POOL, 1, at, _INDICES),
        "MaxUnpool": Form("maxunpool", ("kernel_size", "stride", "padding"), 1, at),
        "AvgPool": Form("avgpool", (*_AVG_POOL, *divisor), 1, at, {"divisor_override": (None,)}),
        "LPPool": Form("lppool", ("norm_type", "kernel_size", "stride", "ceil_mode"), 2, at),
        "AdaptiveAvgPool": Form("adaptiveavgpool", ("output_size",), 1, at),
        "AdaptiveMaxPool": Form(
            "adaptivemaxpool", ("output_size", "return_indices"), 1, at, _INDICES
        ),
        "BatchNorm": Form(
            "bn", ("num_features", *_NORM, *_FACTORY), 1, batch, {"track_running_stats": (True,)}
        ),
        "InstanceNorm": Form(
            "in", ("num_features", *_NORM, *_FACTORY), 1, at, {"track_running_stats": (False,)}
        ),
        "Dropout": Form("dropout", ("p", "inplace")),
        "ZeroPad": Form("pad", ("padding", "value"), 1, at, {"value": (0,)}),
        "ConstantPad": Form("pad", ("padding", "value"), 2, at),
    }
    for name, mode in _BORDERS.items():
        forms[name] = Form("pad", ("padding",), 1, at, fixed={"padding_mode": mode})
    return {f"{name}{axes}d": form for name, form in forms.items()}


_BORDERS = {"ReflectionPad": "reflect", "ReplicationPad": "replicate", "CircularPad": "circular"}

_RECURRENT = (
    *("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout"),
    *("bidirectional", "proj_size", "device", "dtype"),
)
_SEQUENCE_NOTES = {
    "": "gives its last states beside its output: the output alone is passed on",
    "batch_first": "without batch_first has the batch as its second axis: a sample is (steps, "
    "features) all the same",
}
_NONLINEARITY = {"nonlinearity": "does not name its nonlinearity: tanh is taken"}

_UPSAMPLE = ("size", "scale_factor", "mode", "align_corners", "recompute_scale_factor")

FORMS: dict[str, Form] = {
    **_of_axes(1),
    **_of_axes(2),
    **_of_axes(3),
    "SyncBatchNorm": Form(
        "bn",
        ("num_features", *_NORM, "process_group", *_FACTORY),
        1,
        (1, 2, 3),
        {"track_running_stats": (True,)},
    ),
    "GroupNorm": Form("gn", ("num_groups", "num_channels", "eps", "affine", *_FACTORY), 2),
    "LayerNorm": Form(
        "ln", ("normalized_shape", "eps", "elementwise_affine", "bias", "device", "dtype"), 1
    ),
    "LayerNorm2d": Form("ln", ("num_channels", "eps", "elementwise_affine", "bias"), 1, (2,)),
    "LocalResponseNorm": Form("lrn", ("size", "alpha", "beta", "k"), 1, (1, 2, 3)),
    "Linear": Form(
        "linear", ("in_features", "out_features", "bias", "device", "dtype"), 2, features=True
    ),
    "Embedding": Form(
        "embedding",
        (
            *("num_embeddings", "embedding_dim", "padding_idx", "max_norm", "norm_type"),
            *("scale_grad_by_freq", "sparse", "_weight", "_freeze", "device", "dtype"),
        ),
        2,
        (0,),
        only={"max_norm": (None,), "_weight": (None,)},
    ),
    "MultiheadAttention": Form(
        "multiheadattention",
        (
            *("embed_dim", "num_heads", "dropout", "bias", "add_bias_kv", "add_zero_attn"),
            *("kdim", "vdim", "batch_first", "device", "dtype"),
        ),
        1,
        (1,),
        {"add_bias_kv": (False,), "add_zero_attn": (False,), "kdim": (None,), "vdim": (None,)},
        features=True,
        inside={"out_proj": {"in_features": "embed_dim", "bias": "bias"}},
        notes={
            "": "is read as that of one input with itself",
            "num_heads": "does not print its heads: one is taken; parameters and MACs do not "
            "depend on them",
        },
    ),
    **{
        name: Form(name.lower(), _RECURRENT, 2, (1,), features=True, notes=_SEQUENCE_NOTES)
        for name in ("LSTM", "GRU")
    },
    "RNN": Form(
        "rnn",
        (*_RECURRENT[:3], "nonlinearity", *_RECURRENT[3:]),
        2,
        (1,),
        features=True,
        notes=_SEQUENCE_NOTES | _NONLINEARITY,
    ),
    "Flatten": Form("flatten", ("start_dim", "end_dim"), only={"start_dim": (1,)}),
    "Unflatten": Form("unflatten", ("dim", "unflattened_size"), 2),
    **dict.fromkeys(
        ("Dropout", "AlphaDropout", "FeatureAlphaDropout"), Form("dropout", ("p", "inplace"))
    ),
    "Identity": Form("identity"),
    **{
        name: Form(name.lower(), ("inplace",))
        for name in ("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish")
    },
    "Sigmoid": Form("sigmoid"),
    "Tanh": Form("tanh"),
    "Tanhshrink": Form("tanhshrink"),
    **{name: Form(name.lower(), ("lambd",)) for name in ("Hardshrink", "Softshrink")},
    "Threshold": Form("threshold", ("threshold", "value", "inplace"), 2),
    "GELU": Form("gelu", ("approximate",)),
    "Softsign": Form("softsign"),
    "LeakyReLU": Form("leakyrelu", ("negative_slope", "inplace")),
    **{name: Form(name.lower(), ("alpha", "inplace")) for name in ("ELU", "CELU")},
    "RReLU": Form("rrelu", ("lower", "upper", "inplace")),
    "Softplus": Form("softplus", ("beta", "threshold")),
    "LogSigmoid": Form("logsigmoid"),
    "Hardtanh": Form("hardtanh", ("min_val", "max_val", "inplace")),
    "PReLU": Form("prelu", ("num_parameters", "init", "device", "dtype")),
    **{
        name: Form(name.lower(), ("dim",), axes=(0, 2, 3))
        for name in ("Softmax", "LogSoftmax", "Softmin")
    },
    "GLU": Form("glu", ("dim",), axes=(0,)),
    "Softmax2d": Form("softmax", axes=(2,)),
    "PixelShuffle": Form("pixelshuffle", ("upscale_factor",), 1, (2,)),
    "PixelUnshuffle": Form("pixelunshuffle", ("downscale_factor",), 1, (2,)),
    "ChannelShuffle": Form("shuffle", ("groups",), 1),
    "Upsample": Form(
        "upsample",
        _UPSAMPLE,
        only={"recompute_scale_factor": (None, False)},
    ),
    "UpsamplingNearest2d": Form(
        "upsample", ("size", "scale_factor", "mode"), axes=(2,), only={"mode": ("nearest",)}
    ),
    "UpsamplingBilinear2d": Form(
        "upsample",
        ("size", "scale_factor", "mode"),
        axes=(2,),
        only={"mode": ("bilinear",)},
        fixed={"mode": "bilinear", "align_corners": "true"},
    ),
}
"""Every module that is read, by its name."""

_SAME_AS = {
    "BatchNormAct2d": "BatchNorm2d",  # timm, with what is printed inside
    **dict.fromkeys(("Swish", "MemoryEfficientSwish", "SwishImplementation"), "SiLU"),
    **dict.fromkeys(("HSwish", "Hswish", "h_swish", "HardSwish"), "Hardswish"),
    **dict.fromkeys(("HSigmoid", "Hsigmoid", "h_sigmoid", "HardSigmoid"), "Hardsigmoid"),
    **dict.fromkeys(("DropPath", "StochasticDepth", "DropBlock2d"), "Identity"),
    "FrozenBatchNorm2d": "BatchNorm2d",  # torchvision; its four vectors are never trained
}
_POOL_OF_TIMM = Form(
    "gap", ("pool_type", "flatten", "input_fmt"), axes=(2,), only={"pool_type": ("avg",)}
)
_STEMS = ("DynamicQuantized", "Quantized", "Parametrized")
_FUSED = re.compile(r"(Conv|BatchNorm|Linear)(Bn)?+(ReLU)?+((?:[123]d)?+)")
_QUANTIZATION = ("scale", "zero_point", "qscheme", "version")


def form_of(name: str) -> Form | None:
    """The form of a module: its own, or of the plain module that it is by its name.

    Example:
        >>> form_of("QuantizedConvReLU2d").kind, form_of("QuantizedConvReLU2d").then
        ('conv', ('relu',))
    """
    name = _SAME_AS.get(name, name)
    if name in FORMS:
        return FORMS[name]
    if name.startswith("Lazy"):
        form = FORMS.get(name[4:])
        if form is None or not form.parameters or form.parameters[0] not in ARRIVING:
            return None
        least = form.required - 1
        return replace(form, parameters=form.parameters[1:], required=least, lazy=True)
    if name.endswith("Observer"):
        return FORMS["Identity"]
    if name == "SelectAdaptivePool2d":
        return _POOL_OF_TIMM
    stem = next((stem for stem in _STEMS if name.startswith(stem)), "")
    plain = name.removeprefix(stem).replace("BNReLU", "BatchNormReLU")
    form = FORMS.get(plain) if stem else None
    then: tuple[str, ...] = ()
    fused = None if form else _FUSED.fullmatch(plain)
    if fused is not None:
        first, bn, relu, axes = fused.groups()
        form = FORMS.get(first if first == "Linear" else f"{first}{axes}")
        then = tuple(kind.lower() for kind in (bn, relu) if kind)
    return form and replace(form, parameters=(*form.parameters, *_QUANTIZATION), then=then)


ARRIVING = ("in_channels", "in_features", "num_features")
"""Parameters that count what arrives."""

ELEMENTWISE = frozenset(
    (
        # torch.ao.quantization: shapes pass, and integers stand for what passes.
        *("QuantStub", "DeQuantStub", "FakeQuantize", "FusedMovingAvgObsFakeQuantize"),
        *("Quantize", "DeQuantize"),
        # Functions of each element, as classes of that name are written.
        *("QuickGELU", "SquaredReLU", "Snake", "Sine", "GaussianNoise", "Abs", "Exp", "Square"),
    )
)
"""Modules without a kind that give each element a value of its own, without parameters."""

REFUSED = {
    "Bilinear": "it reads two inputs, which a spec writes as its branches, bilinear:5{a | b}",
    "ModuleList": "it is a list without an order of use",
    "ModuleDict": "it is a table without an order of use",
}
"""Why a well-known module is not read."""
