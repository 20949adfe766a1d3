"""torchvision beside another torch than the one that it was compiled for.

Its compiled operators then do not load, and it cannot be imported at all, because it describes two
of them (`nms` and `qnms`) that do not exist. Declared without a kernel they let it be imported: its
models can be counted, and only a call of such an operator fails.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

from torch.library import Library

from convcalc.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")

SCHEMAS = tuple(
    f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor" for name in ("nms", "qnms")
)
"""torchvision/csrc/ops/nms.cpp and quantized/cpu/qnms_kernel.cpp."""

_kept: list[Library] = []


def with_missing_operators(read: Callable[[], Found]) -> tuple[Found, bool]:
    """What is read, a second time with the missing operators declared where they are in the way.

    Args:
        read: Imports something that may import torchvision.

    Returns:
        What it gives, and whether operators are declared.

    Raises:
        DataError: as `read` does.
    """
    try:
        return read(), bool(_kept)
    except DataError as error:
        if _kept or "operator torchvision::" not in str(error):
            raise
    for name in [name for name in sys.modules if name.partition(".")[0] in ("torchvision", "timm")]:
        del sys.modules[name]  # half imported
    library = Library("torchvision", "DEF")
    for schema in SCHEMAS:
        library.define(schema)
    _kept.append(library)  # operators live as long as their library
    return read(), True
