"""What a local worker does at its start: Dask calls `dask_setup` in its process."""

from __future__ import annotations

import signal


def dask_setup(_worker: object) -> None:
    """An interrupt at the keyboard is for the process that started the worker, which ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
