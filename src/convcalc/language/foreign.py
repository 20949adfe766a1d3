"""Texts of other programs, which describe a network in ways that are not read here.

They are looked for where a text is no spec, so that one line says what it is.
"""

from __future__ import annotations

import re
import textwrap
from typing import NamedTuple

from convcalc.errors import printable

_PRINT = "give what print(model) shows of a Sequential, or write it as layers"
_KERAS = "commands on networks read a whole model in it, and convcalc convert writes its layers"
_NOTEBOOK = "give the source text in it, or what print(model) shows there"


class _Format(NamedTuple):
    """A way of writing networks: what it is called, the signs of it, and what to give instead."""

    name: str
    signs: tuple[str, ...]
    instead: str = _PRINT


_FORMATS = (
    _Format("a table of torchsummary", ("Layer (type)", "Output Shape", "Param #", "[-1,")),
    _Format("a table of torchinfo", ("Layer (type:depth-idx)",)),
    _Format("a table of Keras", ("Layer (type)", "Output Shape", "Param #", "(None,")),
    _Format("a table of Keras", ("Layer (type)", "Output Shape", "Param #")),
    _Format("a table of Lightning", ("| Name", "| Type", "Params")),
    _Format(
        "a printout of TorchScript",
        ("RecursiveScriptModule(", "original_name="),
        "it has no arguments; give what print(model) shows before torch.jit.script",
    ),
    _Format("a Torch7 printout", ("[input -> ",)),
    _Format("a Caffe prototxt", ("layer {", "type:")),
    _Format("a Caffe prototxt", ("layers {", "type:")),
    _Format("a YOLO configuration in YAML", ("backbone:", "head:", "nc:")),
    _Format("a Gluon printout", ("HybridSequential(",)),
    _Format("a Gluon printout", ("Conv2D(", " -> ", "kernel_size=")),
    _Format("a Jupyter notebook as a file", ('"nbformat"',), _NOTEBOOK),
    _Format("a graph of ONNX or TorchScript", ("graph(%", " = ")),
    _Format("a table of torch.fx", ("opcode", "target", "args", "kwargs")),
    _Format("a list of weights", ("odict_keys([",)),
    _Format("a list of weights", ("torch.Size([", ".weight")),
    _Format("a list of weights", ("OrderedDict([", ".weight", "tensor(")),
    _Format("an error message of Python", ("Traceback (most recent call last)",)),
    _Format("a Keras model in JSON", ('"class_name"', '"config"'), _KERAS),
    _Format("source text of Gluon", ("nn.Conv2D(", "channels=")),
    _Format("a Paddle printout", ("Conv2D(", "data_format=")),
    _Format("source text of Flax", ("nn.Conv(", "features=")),
    _Format("source text of Keras", ("layers.Conv",), _KERAS),
    _Format("source text of Keras", ("model.add(",), _KERAS),
    _Format("source text of Keras", ("Conv2D(", "activation="), _KERAS),
)
_BESIDE_PRINTED = "a table"
_BESIDE = ("a list", "an error")
"""How the names of what a text has beside a printout, or beside any model, begin."""

_SESSION = re.compile(r"\s*+(?:>>>|In \[\d*+\]:)")
_JSON = re.compile(r"\s*+[{\[]\s*+[\"{\[]")
_FENCE = re.compile(r"^[ \t]*+```[^\n]*+$", re.MULTILINE)
_CLASS = re.compile(r"^[ \t]*+class[ \t]++(\w++)[^\n:]*+:", re.MULTILINE)


def session_in(text: str) -> str | None:
    """That a text without a model is a session of Python, if it begins with a prompt."""
    if _SESSION.match(text) is None:
        return None
    return f"this is a session of Python with no model in it that is read; {_PRINT}"


def format_of(text: str, *, printed: bool = False, found: bool = False) -> str | None:
    """What a text is and what to give in its place, in one line; None where that is not known.

    A table or the source of a class says nothing where a model is `printed` beside it, weights and
    error messages where any model is `found`.

    Example:
        >>> format_of("nc: 80, backbone: head:").partition(";")[0]
        'this is a YOLO configuration in YAML'
    """
    source = _CLASS.search(text)
    if source is not None and "def forward" in text and not printed:
        return _source_of_class(text, source.group(1))
    for name, signs, instead in _FORMATS:
        beside = (printed and name.startswith(_BESIDE_PRINTED)) or (
            found and name.startswith(_BESIDE)
        )
        if not beside and all(sign in text for sign in signs):
            return f"this is {name}; {instead}"
    if _JSON.match(text):
        return f"this is JSON; {_PRINT}"
    return None


def _source_of_class(text: str, first: str) -> str:
    """What to do with the source of a class; `first` is that of its classes that stands first."""
    from convcalc.python_source import defined  # only such a text needs it

    try:
        names, example = defined(textwrap.dedent(_FENCE.sub("", text)))
    except SyntaxError:  # cut off, or lines that were posted around it
        names, example = [], ""
    example = example or first  # which may stand in an `if` or a `try`
    name = next((one for one in names if not one.endswith("()")), first)
    word = f"model.py:{printable(example, 200)}"
    shown = f'"{word}"' if "(" in word else word
    return (
        f"this is the source of a class, {printable(name, 60)}, which says in code how data flows; "
        f"save it as model.py and give {shown}, which is run"
    )
