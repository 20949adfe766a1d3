"""Modules that hand their input to what is inside them: wrappers, sequences by other names.

What a class computes is not in its printout. It is known for the sequences of common libraries,
which add nothing to `Sequential` but a constructor, and can hardly be anything else for a class
with one module inside; what is assumed is said.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.errors import nearest, printable
from convcalc.language.pytorch.module import Child, Module
from convcalc.language.pytorch.table import ELEMENTWISE, form_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SEQUENCES = frozenset(
    (
        "Sequential",
        "OrderedDict",  # of names and modules, as a Sequential is given them
        # torchvision: ops.misc, ops.MLP, models.densenet, mobilenetv2, segmentation.
        *("Conv2dNormActivation", "Conv3dNormActivation", "ConvNormActivation", "MLP"),
        *("ConvBNActivation", "ConvBNReLU", "_Transition", "ASPPConv", "FCNHead"),
        *("SimpleStemIN", "ResStemIN"),
        # torch.ao.nn.intrinsic before it is fused.
        *(f"{name}{n}d" for n in (1, 2, 3) for name in ("ConvBn", "ConvReLU", "ConvBnReLU")),
        *("BNReLU2d", "BNReLU3d", "LinearReLU", "LinearBn1d"),
        # googlenet and inception of torchvision, whose ReLU is a function.
        "BasicConv2d",
        # A convolution, its norm and its activation in timm, mmcv, YOLOX, ultralytics and MONAI.
        *("ConvNormAct", "ConvBnAct", "ConvModule", "BaseConv", "Conv", "Convolution", "ADN"),
    )
)
"""Classes whose modules are applied in the order in which they are printed."""

WRAPPERS = {
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "OptimizedModule": "_orig_mod",
}
"""Modules that are made of one other, and what they call it."""

MEASURES = re.compile(r"(?:Loss|Accuracy|F1Score|AUROC|JaccardIndex|ConfusionMatrix|Metric\w*+)$")
"""Names of losses and metrics, which a class for training holds beside its network."""

LISTS = frozenset(("ModuleList", "ModuleDict", "ParameterList", "ParameterDict"))
"""Containers that have no order of use."""


def is_sequence(module: Module) -> bool:
    """Whether the modules inside are applied one after the other.

    One of `torch.ao.nn` that prints the arguments of what it fuses is a layer.
    """
    given = module.arguments[0].value if module.arguments else None
    fused = given is not None and form_of(module.name) is not None
    return module.name in SEQUENCES and not (fused and not isinstance(given, Module))


def is_leaf(module: Module) -> bool:
    """Whether a module is one layer, whatever is printed inside it."""
    return bool(form_of(module.name)) or module.name in ELEMENTWISE or not module.children


def flattens(module: Module) -> bool:
    """Whether a pooling of timm has a `Flatten` behind it, as its text says."""
    said = next((one.value for one in module.arguments if one.key == "flatten"), None)
    return said is True or (isinstance(said, Module) and said.name == "Flatten")


def in_flow(module: Module) -> tuple[Module, list[str]]:
    """A module without the losses and metrics in it, through which no data flows; their names."""
    measures = [child.name for child in module.children if MEASURES.search(child.module.name)]
    if not measures:
        return module, []
    children = tuple(one for one in module.children if not MEASURES.search(one.module.name))
    return replace(module, children=children), measures


def only_child(module: Module) -> Child | None:
    """The one module that is inside another, where it is no part of a known layer."""
    given = module.arguments[0] if module.name in WRAPPERS and module.arguments else None
    if given is not None and not module.children and isinstance(given.value, Module):
        return Child(WRAPPERS[module.name], None, given.value, given.place)
    alone = len(module.children) == 1 and not module.arguments and not is_leaf(module)
    if not alone or module.name in LISTS or module.children[0].module.name in LISTS:
        return None
    return module.children[0] if module.children[0].times is None else None


def named_pairs(value: object) -> list[tuple[str, Module]] | None:
    """The names and modules of `OrderedDict([("name", module), ...])`, if it is one."""
    if not isinstance(value, Module) or value.name != "OrderedDict" or value.unread:
        return None
    if len(value.arguments) != 1 or not isinstance(value.arguments[0].value, tuple):
        return None
    found = []
    for pair in value.arguments[0].value:
        match pair:
            case (str(name), Module() as module):
                found.append((name, module))
            case _:
                return None
    return found


def find_child(root: Module, path: str) -> tuple[Module | None, str]:
    """The module of that name inside another, and its whole path; None with what there is instead.

    Args:
        root: Where to look.
        path: Names with dots, from the outside in; the first ones may be left out where what
            follows is there once.
    """
    paths = dict(_paths(root, ""))
    if path in paths:
        return paths[path], path
    ends = [whole for whole in paths if whole.endswith(f".{path}")]
    if len(ends) == 1:
        return paths[ends[0]], ends[0]
    shown = printable(path, 60)
    if ends:
        return None, f"'{shown}' is there {len(ends)} times, as {ends[0]} and {ends[1]}"
    inside = ", ".join(child.name for child in root.children[:6])
    hint = nearest(path, paths) or (f"; inside it are {printable(inside, 200)}" if inside else "")
    return None, f"no module is called '{shown}'{hint}"


def _paths(module: Module, before: str) -> Iterator[tuple[str, Module]]:
    """Every printed module inside another by its path."""
    for child in module.children:
        path = f"{before}{child.name}"
        yield path, child.module
        yield from _paths(child.module, f"{path}.")
