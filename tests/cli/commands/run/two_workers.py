"""A cluster of two workers on this machine."""

from __future__ import annotations

import logging


def two_workers(folder):
    """The cluster, in whose `folder` the workers keep their files; close it, or use `with`."""
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        local_directory=folder,
        silence_logs=logging.CRITICAL + 1,
    )
