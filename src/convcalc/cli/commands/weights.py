"""`weights`: what a network's weights are called, and a file of them to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli.commands.shape_rf import network_and_input
from convcalc.cli.parsing.values import choice_of, count_of, text_of
from convcalc.cli.terminal.streams import note
from convcalc.errors import UsageError, printable
from convcalc.network.initialisation import initial_rules
from convcalc.render.weights import DTYPE_BYTES, weights_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.cli.parsing.requests import WeightsRequest
    from convcalc.layers import Shape
    from convcalc.network.graph import Network
    from convcalc.render.table import Document

DEFAULT_SEED = 0


def weights(given: WeightsRequest) -> Document | None:
    """`convcalc weights`: the list, or the file.

    Raises:
        UsageError: there is no network, or an option goes with a file only.
    """
    if not given["specs"]:
        raise UsageError("whose weights? give layers, a file or a network by name, as resnet18")
    dtype = choice_of("dtype", given["dtype"], tuple(DTYPE_BYTES))
    seed = seed_of(given["init"], "init")
    archive = None if given.get("document_file") else given["output"]
    if archive is None and given["init"] is not None:
        raise UsageError("--init makes a file: name it with -o, as -o weights.npz")
    network, shape, _ = network_and_input(given)
    document = weights_document(initial_rules(network, shape), shape, dtype, seed)
    if archive is None:
        return document
    _write(given, archive, network, shape, seed, dtype, document.data["totals"])
    return None if given["format"] is None else document


def seed_of(text: str | None, option: str = "seed") -> int | None:
    """The seed that an option gives, DEFAULT_SEED where it is not there; None for zeros."""
    if text is None:
        return DEFAULT_SEED
    text = text_of(option, text)
    return None if text.lower() == "zeros" else count_of(option, text, minimum=0)


def _write(
    given: WeightsRequest,
    output: str,
    network: Network,
    shape: Shape,
    seed: int | None,
    dtype: str,
    totals: Mapping[str, int],
) -> None:
    # Only here: a list of names is made without numpy.
    from convcalc.arrayfile import check_output, write_archive
    from convcalc.arrayfile.archive import MAX_MEMBERS
    from convcalc.execute.weights.random_weights import initial_weights

    path = text_of("output", output)
    if not path.lower().endswith(".npz"):
        raise UsageError("--output: the weights are a .npz archive; name it so, as weights.npz")
    if not totals["arrays"]:
        raise UsageError("these layers have no weights: there is nothing to write")
    if totals["arrays"] > MAX_MEMBERS:
        raise UsageError(
            f"the network has {totals['arrays']:,} arrays; an archive of more than {MAX_MEMBERS:,} "
            f"would not be read back"
        )
    check_output(path, force=bool(given["force"]), inputs=given["specs"] or ())
    arrays = initial_weights(network, shape, seed, dtype)
    write_archive(path, arrays, totals["bytes"], force=bool(given["force"]))
    if given["quiet"]:
        return
    if given["init"] is None:
        note(f"not given, so assumed: seed {DEFAULT_SEED} (--init)")
    note(
        f"wrote {printable(path)} ({totals['arrays']:,} arrays, {totals['numbers']:,} elements of "
        f"{dtype}, {totals['bytes']:,} bytes)"
    )
