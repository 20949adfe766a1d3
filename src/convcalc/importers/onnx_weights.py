"""The arrays of an ONNX file's weights, read only where something is computed with them.

onnx's own loader reads them, whose checks of files beside the model are kept: nothing outside its
folder is opened. What a file makes of its parameters is made with onnx's reference operations.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

import onnx
from onnx import helper, inliner, numpy_helper
from onnx.reference import ReferenceEvaluator

from convcalc.arrayfile.memory import available_memory
from convcalc.arrayfile.wording import quoted, too_large
from convcalc.errors import DataError, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from onnx import ModelProto, NodeProto

    from convcalc.importers.onnx_model import Imported
    from convcalc.importers.onnx_plans import Recipe
    from convcalc.network.graph import Network

WIDENED = ("bfloat16", "float8", "float4")
"""Beginnings of the names of dtypes that numpy has not: they become float32, exactly."""

COPIES, BYTES = 4, 8
"""Copies of a file that its reading may hold at the same time, and bytes of an element."""


def arrays_of(path: str, found: Imported, part: Network | None = None) -> dict[str, np.ndarray]:
    """The array of each weight of a network that was read from a file, by its name.

    Args:
        path: The file.
        found: What was read from it.
        part: A part of the network, whose weights are enough; None is all of it.

    Raises:
        DataError: what the file needs is missing, outside its folder, or cannot be made.
        ResourceError: there is not enough memory.
    """
    label, recipes = quoted(path), found.recipes
    if part is not None:
        labels = {node.label for node in part.nodes}
        recipes = {name: one for name, one in recipes.items() if name.rpartition(".")[0] in labels}
    wanted = {tensor.name for recipe in recipes.values() for tensor in recipe.tensors}
    _check_memory(label, path, found.made)
    model = _loaded(path, label)
    # The input is not there to be asked for its shape, which is known.
    model.graph.initializer.extend(
        numpy_helper.from_array(sizes, name) for name, sizes in found.sizes.items()
    )
    made = _made(model, wanted, label)
    try:
        return {name: _plain(_array(recipe, made)) for name, recipe in recipes.items()}
    except (ValueError, KeyError, IndexError) as error:
        raise DataError(f"{label}: a weight cannot be made: {printable(str(error))}") from None


def _array(recipe: Recipe, made: Mapping[str, np.ndarray]) -> np.ndarray:
    arrays = [made[tensor.name] for tensor in recipe.tensors]
    return arrays[0] if recipe.make is None else recipe.make(*arrays)


def _check_memory(label: str, path: str, made: int) -> None:
    """Refuses what memory does not hold: a few bytes of a file may stand for any number of zeros.

    Raises:
        ResourceError: there is not enough.
    """
    needed = COPIES * os.path.getsize(path) + BYTES * made
    limit = available_memory()
    if limit is not None and needed > limit:
        raise too_large(label, needed, limit)


def _loaded(path: str, label: str) -> ModelProto:
    """The model with all its arrays."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = onnx.load(path)
            return inliner.inline_local_functions(model) if model.functions else model
    except Exception as error:
        # onnx refuses files by errors of many kinds.
        why = printable(" ".join(str(error).split()), 200)
        raise DataError(f"cannot read the weights of {label}: {why}") from None


def _made(model: ModelProto, wanted: Iterable[str], label: str) -> dict[str, np.ndarray]:
    """The arrays by name: those that are stored, and those that nodes make of them."""
    makers = {name: node for node in model.graph.node for name in node.output if name}
    stored = {one.name: one for one in model.graph.initializer}
    order = _needed(wanted, makers, stored.keys(), label)
    arrays = {name: numpy_helper.to_array(one) for name, one in stored.items() if name in order}
    left = [name for name in sorted(set(wanted)) if name not in arrays]
    if not left:
        return arrays
    missing = order - stored.keys()
    nodes = [node for node in model.graph.node if not missing.isdisjoint(node.output)]
    outputs = [helper.make_empty_tensor_value_info(name) for name in left]
    kept = [one for name, one in stored.items() if name in order]
    part = helper.make_model(
        helper.make_graph(nodes, "constants", [], outputs, kept),
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
    )
    try:
        results = ReferenceEvaluator(part).run(left, {})
    except Exception as error:
        # Any operation of the file may be in it, and fail in its own way.
        why = printable(str(error).strip().partition("\n")[0], 100)
        raise DataError(f"{label} makes weights in a way that cannot be computed: {why}") from None
    return {**arrays, **dict(zip(left, results, strict=True))}


def _needed(
    wanted: Iterable[str], makers: Mapping[str, NodeProto], stored: Iterable[str], label: str
) -> set[str]:
    """All tensors that have to be made for some."""
    found, waiting, have = set(), list(wanted), set(stored)
    while waiting:
        name = waiting.pop()
        if not name or name in found:
            continue
        found.add(name)
        if name in have:
            continue
        if name not in makers:
            raise DataError(f"{label} has no array '{printable(name, 60)}'")
        waiting.extend(makers[name].input)
    return found


def _plain(array: np.ndarray) -> np.ndarray:
    """An array of a dtype of numpy's own."""
    return array.astype("float32") if array.dtype.name.startswith(WIDENED) else array
