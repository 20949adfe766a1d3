"""Clusters of Dask for tests: their start is most of what a test with one takes."""

from __future__ import annotations

import logging
import multiprocessing
from contextlib import contextmanager

OPTIONS = {
    "threads_per_worker": 1,
    "host": "127.0.0.1",
    "scheduler_kwargs": {"dashboard": False, "dashboard_address": "127.0.0.1:0"},
    "silence_logs": logging.CRITICAL + 1,
}


@contextmanager
def cluster_here(folder, protocol="tcp://", **options):
    """A scheduler and a worker in this process, which are spoken to as if they were elsewhere."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1,
        processes=False,
        protocol=protocol,
        worker_dashboard_address=None,
        local_directory=folder,
        **OPTIONS,
        **options,
    ) as started:
        yield started


LOADED = ["distributed", "convcalc.execute.cluster.worker", "dask.array", "zarr"]
"""What workers need; Dask itself would have pandas loaded, but none of these but its own."""


@contextmanager
def cluster_of_processes(folder):
    """Two workers on this machine, forked from one process that has all loaded that they need."""
    import dask
    from distributed import LocalCluster, utils

    method = "forkserver"
    with dask.config.set({"distributed.worker.multiprocessing-method": method}):
        utils.get_mp_context()  # the first call says what is loaded, and this is another
        multiprocessing.get_context(method).set_forkserver_preload(LOADED)
        with LocalCluster(n_workers=2, local_directory=folder, **OPTIONS) as started:
            yield started
