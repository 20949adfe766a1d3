"""`run`: files in, one convolution or a whole network, a file or a few lines out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcalc.arrayfile import check_output, write_array
from convcalc.arrayfile.member_names import is_zarr
from convcalc.cli.commands.run.naming import naming_files
from convcalc.cli.commands.run.places import place_of
from convcalc.cli.commands.run.request import CONTACT, WEIGHTS_BY, RunRequest
from convcalc.cli.commands.run.verify import failed, samples_of
from convcalc.cli.parsing.endings import check_ending
from convcalc.cli.parsing.values import choice_of, count_of, flag, text_of
from convcalc.cli.terminal.streams import note, warn
from convcalc.errors import UsageError, printable
from convcalc.execute.algorithms import ALGORITHMS
from convcalc.execute.arrays.dtypes import check_requested
from convcalc.execute.planning.machine import complaint
from convcalc.execute.planning.select_backend import BACKENDS
from convcalc.execute.settings import Settings
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from convcalc.cli.commands.run.save_all import SavedMaps
    from convcalc.execute.settings import Result
    from convcalc.render.table import Document

LAYOUTS = {"nchw": None, "nhwc": None, "ncw": 1, "nwc": 1, "ncdhw": 3, "ndhwc": 3}
"""Orders of axes, with the number of spatial ones; those of an image are said of any number."""
FILE_OPTIONS = ("kernel", "bias", "weights")
ONLY_NETWORK = ("weights", "weights_by", "random_weights", "until", "save_all", "fold_bn")


def run(args: Mapping[str, Any]) -> Document | None:
    """`convcalc run`; the document that is left to print, if any.

    Everything that can be wrong without the data is looked at before a file is read. What few
    command lines ask for is imported where it is asked for: most runs need a third of it.
    """
    request = RunRequest.of(args)
    settings = settings_of(request)
    seed = request.seed()
    _check_options(request)
    _check_several(request)
    if request.max_memory is not None:
        from convcalc.cli.commands.run.max_memory import check_bounds

        check_bounds(request)
    if request.pictured:
        from convcalc.cli.commands.run.pictured import check_pictured

        check_pictured(request)
    _check_files(request)
    with naming_files(request):
        if request.dry_run:
            return _dry_run(request, settings)
        return _run(request, settings, seed, "never" if args["no_color"] else args["color"])


def _dry_run(request: RunRequest, settings: Settings) -> Document:
    """What would be computed, and how."""
    from convcalc.render.plans import plan_document

    planned = place_of(request, settings).plan()
    for text in () if request.quiet else _with_complaint(planned.notes):
        note(text)
    return plan_document(planned)


def _run(
    request: RunRequest, settings: Settings, seed: int | None, color: str | None
) -> Document | None:
    """The result computed and written; the document that is left to print, if any."""
    maps = _saved_maps(request)
    result = place_of(request, settings, maps).run()
    failure = failed(result.verification)
    wrote = None if failure is not None else _write(request, result.array)
    if request.show:
        from convcalc.cli.commands.run.pictured import show_pictured

        show_pictured(request, result.array, color)
    shown = (
        (request.output is None and not request.show)
        or request.format is not None
        or maps is not None
    )
    shown = shown and not request.to_stdout
    stats = bool(request.stats) and not request.to_stdout
    _say(request, result, maps, shown=shown or stats, written=failure is None, wrote=wrote)
    if stats:
        from convcalc.render.plans import stats_document

        return replace(stats_document(result), failure=failure)
    if shown:
        from convcalc.render.results import result_document

        rows = None if maps is None else maps.rows
        return replace(result_document(result, seed, rows), failure=failure)
    if failure is not None:
        raise failure
    return None


def _saved_maps(request: RunRequest) -> SavedMaps | None:
    """What keeps the output of every layer, if that is asked for."""
    if request.save_all is None:
        return None
    from convcalc.cli.commands.run.save_all import SavedMaps

    return SavedMaps(request.save_all)


def _write(request: RunRequest, result: np.ndarray) -> str | None:
    """Writes a result that is in memory; of a picture, what was written in words."""
    if request.writes_picture:
        from convcalc.cli.commands.run.pictured import write_pictured

        return write_pictured(request, result)
    if request.output is not None and request.in_memory:
        write_array(request.output, result, force=bool(request.force))
    return None


def settings_of(request: RunRequest) -> Settings:
    """How to compute, as the options say.

    Raises:
        UsageError: one has an impossible value.
    """
    if not all(request.arrays):
        raise UsageError("INPUT.npy: the name is empty")
    for name in ("output", "device", "until", "save_all", *FILE_OPTIONS):
        text = request.text(name)
        if text is not None:
            text_of(name, text)
    layout = choice_of("layout", request.layout, tuple(LAYOUTS))
    return Settings(
        backend=choice_of("backend", request.backend, BACKENDS),
        device=request.device,
        dtype=check_requested(request.dtype),
        channels_last=layout.endswith("c"),
        spatial_dims=_dims(request.dims, layout),
        until=request.until,
        fold_norms=bool(request.fold_bn),
        verify=samples_of(request.verify),
        algorithm=choice_of("algorithm", request.algorithm, ("auto", *ALGORITHMS)),
        threads=None if request.threads is None else count_of("threads", request.threads),
    )


def _dims(text: str | None, layout: str) -> int | None:
    """The number of spatial axes that was asked for; None where the arrays are to tell."""
    own = LAYOUTS[layout]
    if text is None:
        return own
    dims = count_of("dims", text)
    if dims > 3:
        raise UsageError(f"--dims: expected 1, 2 or 3 spatial axes, got {dims}")
    if own not in (None, dims):
        raise UsageError(f"--dims {dims} does not go with --layout {layout}, which has {own}")
    return dims


def _check_options(request: RunRequest) -> None:
    """Which options go together.

    Raises:
        UsageError: one is missing, or two exclude each other.
    """
    if (request.kernel is None) == (request.network is None):
        raise UsageError(
            "give either --kernel K.npy (one convolution) or --network LAYERS (several)"
        )
    only_network = [name for name in ONLY_NETWORK if request.given(name)]
    if request.kernel is not None and only_network:
        raise UsageError(f"{flag(only_network[0])} goes with --network, not with --kernel")
    if request.weights is not None and request.random_weights is not None:
        raise UsageError("give either --weights or --random-weights, not both")
    choice_of("weights_by", request.weights_by, WEIGHTS_BY)
    if request.weights_by is not None and request.weights is None:
        raise UsageError("--weights-by goes with --weights: it says which array is whose")
    if request.network is not None and request.verify is not None:
        raise UsageError(
            "--verify goes with --kernel: it holds single sums against their bound, and the sums "
            "of a network are made of one another"
        )
    if request.save_all is not None and request.fold_bn:
        raise UsageError(
            "--save-all and --fold-bn exclude each other: what enters a folded bn is never computed"
        )
    if request.network is not None and request.bias is not None:
        raise UsageError("--bias goes with --kernel; a network has its biases in --weights")
    if request.dry_run and request.stats:
        raise UsageError("--dry-run computes nothing, so that --stats has nothing to show")


def _check_several(request: RunRequest) -> None:
    """Whether several inputs are given where there may be several.

    Raises:
        UsageError: they are not.
    """
    if len(request.arrays) > 1 and request.kernel is not None:
        raise UsageError(
            f"a convolution has one input, and '{printable(request.arrays[1], 60)}' is another; "
            "several go with --network"
        )
    if len(request.arrays) > 1 and request.layout is not None:
        raise UsageError("--layout goes with one input: several are given with channels first")


def _check_files(request: RunRequest) -> None:
    """Whether the inputs can be read and the output may be written.

    Raises:
        UsageError: two inputs come from standard input, or the output is named as another kind of
            file than `.npy`.
        OutputError: the output exists, or cannot be made.
    """
    inputs = request.inputs()
    if [*inputs, request.network].count("-") > 1:
        raise UsageError("only one input can come from standard input ('-')")
    if request.scheduler is not None:
        from convcalc.cli.commands.run.scheduler import check_scheduler

        check_scheduler(request, inputs)
        return
    _refuse_without_scheduler(request)
    if request.output is None:
        return
    if not request.writes_picture:
        check_ending("output", request.output, (".npy",))
    if not request.dry_run:
        check_output(request.output, force=bool(request.force), inputs=inputs)


def _refuse_without_scheduler(request: RunRequest) -> None:
    """What needs --scheduler; Zarr folders are read and written part by part by workers."""
    for name in CONTACT:
        if request.given(name) is not None:
            raise UsageError(f"{flag(name)} goes with --scheduler")
    for path in (request.array, request.output):
        if path is not None and is_zarr(path):
            raise UsageError(
                f"'{printable(path)}' is a zarr folder, which workers read and write; "
                f"--scheduler local starts some on this machine"
            )


def _say(
    request: RunRequest,
    result: Result,
    maps: SavedMaps | None,
    *,
    shown: bool,
    written: bool,
    wrote: str | None = None,
) -> None:
    """What was assumed, what was written, and what the result may not look like at first sight."""
    notes = list(result.notes)
    mode = request.layer.get("padding_mode")
    if mode is not None and request.layer.get("padding") is None:
        notes.append(f"--padding-mode {printable(str(mode), 60)} pads nothing without --padding")
    if maps is not None:
        notes.append(maps.summary())
    if request.output is not None and not written:
        notes.append("nothing was written")
    elif wrote is not None:
        notes.append(wrote)
    elif request.output is not None:
        name = "standard output" if request.output == "-" else printable(request.output)
        array = result.array
        size = f"{format_shape(array.shape)} {array.dtype.name}, {array.nbytes:,} bytes"
        notes.append(f"wrote {name} ({size})")
    if result.verification is not None and written and not shown:
        from convcalc.render.results import verification_text

        notes.append(verification_text(result.verification))
    for text in () if request.quiet else _with_complaint(notes):
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
