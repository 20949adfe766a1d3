"""The reference networks: spec files beside this module, each with a header of comments.

The first line of a header says what the network is and where it was published; the second,
`# input 3x224x224`, names the input that its published numbers are for. A line `# functions relu`
names the kinds and labels that the published code calls as functions.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.errors import UsageError, nearest, printable
from convcalc.language.parse import parse
from convcalc.layers.arguments import checked_text
from convcalc.network.functional import declared_functions

if TYPE_CHECKING:
    from convcalc.network.graph import Network

FOLDER = os.path.dirname(__file__)
SUFFIX = ".spec"
INPUT_MARK = "# input "


def network_names() -> tuple[str, ...]:
    """The name of every reference network, sorted.

    Example:
        >>> "resnet50" in network_names()
        True
    """
    files = os.listdir(FOLDER)
    return tuple(sorted(name.removesuffix(SUFFIX) for name in files if name.endswith(SUFFIX)))


def load_network(name: str) -> Network:
    """A reference network by its name.

    Raises:
        UsageError: there is none of that name; the message has the nearest one.

    Example:
        >>> load_network("resnet18").analyze(network_input("resnet18")).totals.params
        11689512
    """
    text = network_text(name)
    found = parse(text)
    # Errors are about layers by their labels: nobody wrote the lines of the file in the package.
    nodes = tuple(replace(node, origin=None) for node in found.nodes)
    return replace(found, nodes=nodes, functions=declared_functions(text))


def named_or_read(text: str) -> Network:
    """A reference network by its name, in any letters, or else the layers of a text.

    Raises:
        SpecError: the text has faults.

    Example:
        >>> named_or_read("VGG16") == load_network("vgg16"), named_or_read("conv:8,k3").spec()
        (True, 'conv:8,k3')
    """
    name = text.strip().lower()
    return load_network(name) if name in network_names() else parse(text)


def network_text(name: str) -> str:
    """The spec of a reference network as it is written, header and all.

    Raises:
        UsageError: there is none of that name.

    Example:
        >>> network_text("vgg16").splitlines()[-1]
        'linear:1000'
    """
    names = network_names()
    checked_text("name", name, "that of a reference network, as 'resnet18'")
    if name not in names:
        hint = nearest(name, names) or "; network_names() and `convcalc networks` list them"
        raise UsageError(f"no reference network is called '{printable(name, 60)}'{hint}")
    with open(os.path.join(FOLDER, name + SUFFIX), encoding="utf-8") as file:
        return file.read()


def network_input(name: str) -> tuple[int, ...]:
    """(channels, *spatial sizes) of the input that the published numbers are for.

    Raises:
        UsageError: there is no network of that name.

    Example:
        >>> network_input("inception_v3")
        (3, 299, 299)
    """
    line = network_text(name).splitlines()[1]
    return tuple(map(int, line.removeprefix(INPUT_MARK).split("x")))


def network_summary(name: str) -> str:
    """What the network is and where it was published: the first line of its header.

    Raises:
        UsageError: there is no network of that name.

    Example:
        >>> network_summary("resnext50_32x4d")
        "ResNeXt-50 32x4d (Xie et al., 2017), torchvision's resnext50_32x4d"
    """
    return network_text(name).partition("\n")[0].removeprefix("# ")
