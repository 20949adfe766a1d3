"""`run`: files in, one convolution or a whole network, a file or a few lines out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from convcalc.arrayfile import (
    check_output,
    read_archive,
    read_array,
    read_placeholder,
    write_array,
)
from convcalc.arrayfile.stored import open_parts, open_stored, placeholder
from convcalc.cli.commands.run.max_memory import bounds_of, check_bounds, memory_of
from convcalc.cli.commands.run.naming import naming_files
from convcalc.cli.commands.run.save_all import SavedMaps
from convcalc.cli.commands.run.scheduler import (
    check_scheduler,
    order_of,
    plan_tiles,
    read_shape,
    run_tiles,
)
from convcalc.cli.commands.run.verify import failed, samples_of
from convcalc.cli.parsing.endings import check_ending
from convcalc.cli.parsing.network_argument import read_source
from convcalc.cli.parsing.values import (
    choice_of,
    count_of,
    flag,
    layer_flags,
    layer_of,
    text_of,
)
from convcalc.cli.terminal.streams import note, warn
from convcalc.errors import UsageError, printable
from convcalc.execute.algorithms import ALGORITHMS
from convcalc.execute.arrays.dtypes import check_requested
from convcalc.execute.in_memory import plan_work, run_network, run_work
from convcalc.execute.job import kernel_work, network_work
from convcalc.execute.out_of_core.run import plan_bounded, run_bounded
from convcalc.execute.planning.machine import complaint
from convcalc.execute.planning.select_backend import BACKENDS
from convcalc.execute.settings import Settings
from convcalc.execute.weights.random_weights import initial_weights
from convcalc.layers.base import format_shape
from convcalc.network.subgraph import last_node, needed_nodes
from convcalc.render.plans import plan_document, stats_document
from convcalc.render.results import result_document, verification_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.execute.job import Work
    from convcalc.execute.settings import DryRun, Result
    from convcalc.layers import Shape
    from convcalc.network.graph import Network
    from convcalc.render.table import Document

T = TypeVar("T")

LAYOUTS = ("nchw", "nhwc")
FILE_OPTIONS = ("kernel", "bias", "weights")
ONLY_NETWORK = ("weights", "random_weights", "until", "save_all", "fold_bn")


def run(given: Mapping[str, Any]) -> Document | None:
    """`convcalc run`; the document that is left to print, if any.

    Everything that can be wrong without the data is looked at before a file is read.
    """
    settings = _settings(given)
    seed = _seed(given)
    _check_options(given)
    check_bounds(given)
    _check_files(given)
    with naming_files(given):
        return _dry_run(given, settings) if given["dry_run"] else _run(given, settings, seed)


def _run(given: Mapping[str, Any], settings: Settings, seed: int | None) -> Document | None:
    """The result computed and written; the document that is left to print, if any."""
    maps = None
    if given["scheduler"] is not None or given["max_memory"] is not None:
        result = _in_parts(given, settings)
    elif given["network"] is None:
        result = run_work(_kernel(given, settings), settings)
    else:
        maps = None if given["save_all"] is None else SavedMaps(given["save_all"])
        result = _network(given, settings, run_network, maps)
    failure = failed(result.verification)
    elsewhere = given["max_memory"] is not None or given["scheduler"] is not None
    if given["output"] is not None and failure is None and not elsewhere:
        write_array(given["output"], result.array, force=bool(given["force"]))
    shown = given["output"] is None or given["format"] is not None or maps is not None
    shown = shown and given["output"] != "-"
    stats = given["stats"] and given["output"] != "-"
    _say(given, result, maps, shown=shown or stats, written=failure is None)
    if stats:
        return replace(stats_document(result), failure=failure)
    if shown:
        rows = None if maps is None else maps.rows
        return replace(result_document(result, seed, rows), failure=failure)
    if failure is not None:
        raise failure
    return None


def _dry_run(given: Mapping[str, Any], settings: Settings) -> Document:
    """The plans; of files that are not piped only the headers are read."""
    if given["network"] is not None:
        work = _network(given, settings, network_work, read=read_placeholder)
    elif given["scheduler"] is not None:
        work = _kernel(given, settings, read_placeholder, read_shape)
    else:
        work = _kernel(given, settings, read_placeholder)
    order = order_of(given)
    if order is None:
        memory = None if given["max_memory"] is None else memory_of(given)
        outlook = _outlook(work, settings, memory)
    else:
        outlook = plan_tiles(work, settings, order)
    for text in () if given["quiet"] else _with_complaint(outlook.notes):
        note(text)
    return plan_document(outlook)


def _outlook(work: Work, settings: Settings, memory: int | None) -> DryRun:
    """The plans in memory, or within so many bytes."""
    if memory is None:
        return plan_work(work, settings)
    return plan_bounded(work, settings, memory)


def _in_parts(given: Mapping[str, Any], settings: Settings) -> Result:
    """The convolution of an input that is read by whoever computes a part of the result."""
    scheduled = given["scheduler"] is not None
    opened: list[Any] = []

    def read_form(path: str) -> Any:
        opened.append(open_stored(path) if scheduled else open_parts(path))
        return placeholder(opened[0])

    work = _kernel(given, settings, read_input=read_form)
    if scheduled:
        return run_tiles(work, opened[0], settings, given)
    return run_bounded(work, opened[0], settings, bounds_of(given))


def _kernel(
    given: Mapping[str, Any],
    settings: Settings,
    read: Callable[[str], Any] = read_array,
    read_input: Callable[[str], Any] | None = None,
) -> Work:
    """What is given to be convolved."""
    values = layer_flags({**given, "bias": None})
    groups = count_of("groups", given["groups"]) if given["groups"] else 1
    transposed = bool(given["transposed"])
    # With a stand-in kernel: impossible flags are the command line's fault, not the data's.
    layer_of({"out_channels": groups, "kernel_size": 1, **values})
    array = (read_input or read)(given["array"])
    kernel = read(given["kernel"])
    bias = None if given["bias"] is None else read(given["bias"])

    def make_layer(channels: int, kernel_size: tuple[int, ...]) -> Any:
        shape = {"out_channels": channels, "kernel_size": kernel_size, "bias": bias is not None}
        return layer_of({**values, **shape})

    flip = bool(given["flip"])
    return kernel_work(
        array, kernel, bias, make_layer, settings, transposed=transposed, groups=groups, flip=flip
    )


def _network(
    given: Mapping[str, Any],
    settings: Settings,
    work: Callable[..., T],
    maps: SavedMaps | None = None,
    read: Callable[[str], Any] = read_array,
) -> T:
    flags = layer_flags({**given, "bias": None})
    if given["flip"]:
        flags["flip"] = True
    if flags:
        names = ", ".join(map(flag, flags))
        raise UsageError(f"{names} belongs to --kernel; write it into the layers of --network")
    network = read_source([text_of("network", given["network"])])
    last = last_node(network, settings.until)
    if maps is not None:
        computed: Sequence[int] = range(len(network.nodes))
        if settings.until is not None:
            computed = needed_nodes(network, last)
        labels = [network.nodes[index].label for index in computed]
        force, inputs = bool(given["force"]), _inputs(given)
        maps.check(labels, given["output"], force=force, inputs=inputs)
    array = read(given["array"])
    seed = _seed(given)
    if seed is None:
        weights = _no_weights if given["weights"] is None else read_archive(given["weights"])
        return _watched(maps, work, network, array, weights, settings)
    declared = network.input_shape
    if settings.spatial_dims is None and declared is not None and len(declared) > 1:
        settings = replace(settings, spatial_dims=len(declared) - 1)

    def drawn(part: Network, shape: Shape) -> dict[str, Any]:
        return dict(initial_weights(part, shape, seed, whole=network))

    return _watched(maps, work, network, array, drawn, settings)


def _watched(maps: SavedMaps | None, work: Callable[..., T], *arguments: Any) -> T:
    """The work done, and every feature map saved that is wanted."""
    if maps is None:
        return work(*arguments)
    with maps.collected():
        return work(*arguments, watch=maps.save)


def _no_weights(network: Network, shape: Shape) -> dict[str, Any]:
    needed = network.tensor_shapes(shape)
    if not needed:
        return {}
    names = ", ".join(f"{name} {format_shape(shape)}" for name, shape in list(needed.items())[:8])
    more = f", ... {len(needed) - 8} more" if len(needed) > 8 else ""
    raise UsageError(
        f"--network needs --weights W.npz or --random-weights SEED; its weights are {names}{more}"
    )


def _settings(given: Mapping[str, Any]) -> Settings:
    if not given["array"]:
        raise UsageError("INPUT.npy: the name is empty")
    for name in ("output", "device", "until", "save_all", *FILE_OPTIONS):
        if given[name] is not None:
            text_of(name, given[name])
    dims = None if given["dims"] is None else count_of("dims", given["dims"])
    if dims is not None and dims > 3:
        raise UsageError(f"--dims: expected 1, 2 or 3 spatial axes, got {dims}")
    return Settings(
        backend=choice_of("backend", given["backend"], BACKENDS),
        device=given["device"],
        dtype=check_requested(given["dtype"]),
        channels_last=choice_of("layout", given["layout"], LAYOUTS) == "nhwc",
        spatial_dims=dims,
        until=given["until"],
        fold_norms=bool(given["fold_bn"]),
        verify=samples_of(given["verify"]),
        algorithm=choice_of("algorithm", given["algorithm"], ("auto", *ALGORITHMS)),
        threads=None if given["threads"] is None else count_of("threads", given["threads"]),
    )


def _seed(given: Mapping[str, Any]) -> int | None:
    text = given["random_weights"]
    return None if text is None else count_of("random_weights", text, minimum=0)


def _check_options(given: Mapping[str, Any]) -> None:
    """Which options go together.

    Raises:
        UsageError: one is missing, or two exclude each other.
    """
    if (given["kernel"] is None) == (given["network"] is None):
        raise UsageError(
            "give either --kernel K.npy (one convolution) or --network LAYERS (several)"
        )
    only_network = [name for name in ONLY_NETWORK if given[name]]
    if given["kernel"] is not None and only_network:
        raise UsageError(f"{flag(only_network[0])} goes with --network, not with --kernel")
    if given["weights"] is not None and given["random_weights"] is not None:
        raise UsageError("give either --weights or --random-weights, not both")
    if given["network"] is not None and given["verify"] is not None:
        raise UsageError(
            "--verify goes with --kernel: it holds single sums against their bound, and the sums "
            "of a network are made of one another"
        )
    if given["save_all"] is not None and given["fold_bn"]:
        raise UsageError(
            "--save-all and --fold-bn exclude each other: what enters a folded bn is never computed"
        )
    if given["network"] is not None and given["bias"] is not None:
        raise UsageError("--bias goes with --kernel; a network has its biases in --weights")
    if given["dry_run"] and given["stats"]:
        raise UsageError("--dry-run computes nothing, so that --stats has nothing to show")


def _check_files(given: Mapping[str, Any]) -> None:
    """Whether the inputs can be read and the output may be written.

    Raises:
        UsageError: two inputs come from standard input, or the output is named as another kind of
            file than `.npy`.
        OutputError: the output exists, or cannot be made.
    """
    inputs = _inputs(given)
    if [*inputs, given["network"]].count("-") > 1:
        raise UsageError("only one input can come from standard input ('-')")
    check_scheduler(given, inputs)
    if given["output"] is not None and given["scheduler"] is None:
        check_ending("output", given["output"], (".npy",))
    if given["output"] is not None and not given["dry_run"] and given["scheduler"] is None:
        check_output(given["output"], force=bool(given["force"]), inputs=inputs)


def _inputs(given: Mapping[str, Any]) -> list[str]:
    """The names of all files that arrays come from."""
    return [given["array"], *(given[name] for name in FILE_OPTIONS if given[name] is not None)]


def _say(
    given: Mapping[str, Any],
    result: Result,
    maps: SavedMaps | None,
    *,
    shown: bool,
    written: bool,
) -> None:
    """What was assumed, what was written, and what the result may not look like at first sight."""
    notes = list(result.notes)
    if maps is not None:
        notes.append(maps.summary())
    if given["output"] is not None and not written:
        notes.append("nothing was written")
    elif given["output"] is not None:
        name = "standard output" if given["output"] == "-" else printable(given["output"])
        array = result.array
        size = f"{format_shape(array.shape)} {array.dtype.name}, {array.nbytes:,} bytes"
        notes.append(f"wrote {name} ({size})")
    if result.verification is not None and written and not shown:
        notes.append(verification_text(result.verification))
    for text in () if given["quiet"] else _with_complaint(notes):
        note(text)
    if result.overflowed:
        warn(
            f"{result.overflowed:,} values left the range of {result.dtypes.result}; "
            f"a wider --dtype would hold them"
        )


def _with_complaint(notes: Sequence[str]) -> list[str]:
    """The notes, behind what is wrong with the rates that the plans should have been made with."""
    fault = complaint()
    return [*notes] if fault is None else [fault, *notes]
