"""What the nodes of an ONNX graph are called: by the module that each comes from, if that is said.

PyTorch's exporters write the path of the module: the one of today as `pkg.torch.onnx.name_scopes`
beside each node, the one before as a name with slashes, as /features/features.0/Conv.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

    from convcalc.importers.onnx_calls import Call

SCOPES = "pkg.torch.onnx.name_scopes"
MAX_NAME = 200

_ENDINGS = ("weight", "weights", "kernel", "W", "w")


class Name(NamedTuple):
    """What a node is called.

    Attributes:
        path: The module that it belongs to; empty where nothing says it.
        own: Its own name.
        alone: Whether all nodes of the module are of its kind, and it has no modules inside: then
            the module's name is enough.
    """

    path: str
    own: str
    alone: bool = False


class Names:
    """The names of the nodes of a graph."""

    def __init__(self, graph: GraphProto) -> None:
        ops: defaultdict[str, set[str]] = defaultdict(set)
        for node in graph.node:
            path = _path_of(node)
            if path:
                ops[path].add(node.op_type)
        outer = {path[:end] for path in ops for end in _dots(path)}
        self._alone = {path for path, own in ops.items() if len(own) == 1} - outer

    def of(self, call: Call) -> Name:
        """What a node is called.

        Its weight's own name is first: where a norm is folded into a convolution, the norm's
        module is beside the node, and the convolution's weight is in it.
        """
        path = _owner(call) or _path_of(call.node)
        if path is not None:
            return Name(path, plain(call.op), path in self._alone)
        # Numbers that exporters give are left to us: they change with every node before.
        own = "" if re.fullmatch(r"\D*_?\d+", call.node.name) else call.node.name
        return Name("", _safe(own) or plain(call.op))


def _path_of(node: NodeProto) -> str | None:
    """The module of a node, empty for the model itself; None where nothing says it."""
    scopes = next((one.value for one in node.metadata_props if one.key == SCOPES), "")
    path = _scoped(scopes)
    if path is not None:
        return path
    words = [word for word in node.name.split("/") if word]
    return _joined(words[:-1]) if node.name.startswith("/") and words else None


def _dots(path: str) -> list[int]:
    """Where the names of outer modules end in a path."""
    return [place for place, sign in enumerate(path) if sign == "."]


def _scoped(text: str) -> str | None:
    """The module of a list of scopes, whose last is the call itself; None where there is none."""
    if not text or len(text) > 10_000:
        return None
    try:
        scopes = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    if not isinstance(scopes, list) or not all(isinstance(one, str) for one in scopes):
        return None
    return _safe(scopes[-2]) if len(scopes) > 1 else ""


def _joined(words: list[str]) -> str:
    """The path of modules, of which some have their parent's name before their own."""
    path: list[str] = []
    for word in words:
        if path and word.startswith(f"{path[-1]}."):
            path[-1] = word
        else:
            path.append(word)
    return _safe(".".join(path))


def _owner(call: Call) -> str:
    """The module that a weight is named after: features.0 of features.0.weight."""
    weight = call.given(1)
    if weight is None or not weight.roots or weight.name not in weight.roots:
        return ""
    path, _, ending = weight.name.rpartition(".")
    return _safe(path) if ending in _ENDINGS else ""


def plain(op: str) -> str:
    """The name of an operation in small letters: batch_normalization."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", re.sub(r"\W", "", op)).lower()
    return words if words[:1].isalpha() and words.isascii() and words != "in" else f"call_{words}"


def label_of(name: str) -> str:
    """What an array of the file is called as a node."""
    safe = _safe(name)
    return safe if safe[:1].isalpha() else f"array_{safe}".rstrip("_")


def _safe(name: str) -> str:
    """A name with nothing in it that labels have not."""
    return re.sub(r"[^\w.-]+", "_", name[:MAX_NAME], flags=re.ASCII).strip("._-")
