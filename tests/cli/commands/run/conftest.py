"""Clusters that the tests of a module share: they take seconds to start."""

import pytest
from clusters import cluster_here, cluster_of_processes


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers on this machine, in processes of their own."""
    with cluster_of_processes(tmp_path_factory.mktemp("workers")) as started:
        yield started


@pytest.fixture(scope="module")
def worker_here(tmp_path_factory):
    """The address of a scheduler with one worker, a thread of this process: a tenth of the time.

    For what does not depend on where a worker is.
    """
    with cluster_here(tmp_path_factory.mktemp("worker")) as started:
        yield started.scheduler_address
