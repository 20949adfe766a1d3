"""Where a run happens: in memory, in parts that fit into so much of it, or on a cluster.

What a place needs beside a convolution in memory is imported when it is the one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from convcalc.arrayfile import read_placeholder
from convcalc.cli.commands.run.kernels import read_kernel
from convcalc.cli.terminal.progress import told
from convcalc.execute.in_memory import plan_work, run_network, run_work

if TYPE_CHECKING:
    from convcalc.cli.commands.run.request import RunRequest
    from convcalc.cli.commands.run.save_all import SavedMaps
    from convcalc.execute.settings import DryRun, Result, Settings


class Place(Protocol):
    """What does the work of a request."""

    def plan(self) -> DryRun:
        """The plans; of files that are not piped only the headers are read."""

    def run(self) -> Result:
        """The result, with what is known of it."""


def place_of(request: RunRequest, settings: Settings, maps: SavedMaps | None = None) -> Place:
    """Where a request is computed.

    Args:
        request: The command line.
        settings: How to compute.
        maps: What keeps the output of every layer of a network, if that is asked for.
    """
    match request.where:
        case "in memory":
            return _InMemory(request, settings)
        case "a network":
            return _Network(request, settings, maps)
        case "in parts":
            return _InParts(request, settings)
        case "on a cluster":
            return _OnCluster(request, settings)


class _InMemory(NamedTuple):
    """One convolution in memory."""

    request: RunRequest
    settings: Settings

    def plan(self) -> DryRun:
        return plan_work(read_kernel(*self, read_placeholder), self.settings)

    def run(self) -> Result:
        return run_work(read_kernel(*self), self.settings, done=told("outputs verified"))


class _Network(NamedTuple):
    """A whole network in memory."""

    request: RunRequest
    settings: Settings
    maps: SavedMaps | None

    def plan(self) -> DryRun:
        from convcalc.cli.commands.run.inputs import read_network
        from convcalc.execute.network_job import network_work

        work = read_network(self.request, self.settings, network_work, read=read_placeholder)
        return plan_work(work, self.settings)

    def run(self) -> Result:
        from convcalc.cli.commands.run.inputs import read_network

        return read_network(
            self.request, self.settings, partial(run_network, done=told("layers")), self.maps
        )


class _InParts(NamedTuple):
    """One convolution box by box, whose input is read and result written box by box."""

    request: RunRequest
    settings: Settings

    def plan(self) -> DryRun:
        from convcalc.cli.commands.run.max_memory import memory_of
        from convcalc.execute.out_of_core.run import plan_bounded

        work = read_kernel(*self, read_placeholder)
        return plan_bounded(work, self.settings, memory_of(self.request))

    def run(self) -> Result:
        from convcalc.arrayfile.stored import open_parts, placeholder
        from convcalc.cli.commands.run.max_memory import bounds_of
        from convcalc.execute.out_of_core.run import run_bounded

        stored = open_parts(self.request.array)
        work = read_kernel(*self, read_input=lambda _: placeholder(stored))
        return run_bounded(work, stored, self.settings, bounds_of(self.request))


class _OnCluster(NamedTuple):
    """One convolution tile by tile, by workers that read the input themselves."""

    request: RunRequest
    settings: Settings

    def plan(self) -> DryRun:
        from convcalc.cli.commands.run.scheduler import order_of, read_shape
        from convcalc.execute.cluster.submit import plan_scheduled

        work = read_kernel(*self, read_placeholder, read_shape)
        return plan_scheduled(work, self.settings, order_of(self.request))

    def run(self) -> Result:
        from convcalc.arrayfile.stored import open_stored, placeholder
        from convcalc.cli.commands.run.scheduler import order_of
        from convcalc.execute.cluster.submit import run_scheduled

        stored = open_stored(self.request.array)
        work = read_kernel(*self, read_input=lambda _: placeholder(stored))
        return run_scheduled(work, stored, self.settings, order_of(self.request))
