"""A cluster that the tests of a module share: it takes seconds to start."""

import logging

import pytest


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers on this machine, forked from one process that has Dask loaded."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            local_directory=tmp_path_factory.mktemp("workers"),
            silence_logs=logging.CRITICAL + 1,
        ) as started,
    ):
        yield started
