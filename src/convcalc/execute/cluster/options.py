"""Where a convolution is computed by workers, and what they may take."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.execute.out_of_core.run import Progress

LOCAL = "local"
"""The address of workers that are started for the work, and end with it."""


ANSWER_SECONDS = 20
"""How long a scheduler may take to answer where nobody says."""


class Certificates(NamedTuple):
    """Files in PEM form for a connection by TLS; Dask's own configuration for those not given.

    Attributes:
        ca: The certificates that vouch for the scheduler's.
        cert: The certificate of this process.
        key: Its key, where that is not in the same file.
    """

    ca: str | None = None
    cert: str | None = None
    key: str | None = None


class ClusterOptions(NamedTuple):
    """Where the work is done.

    Attributes:
        address: Of the scheduler, or "local".
        output: The `.npy` file or `.zarr` folder for the result.
        memory: Bytes that computing a tile may take, or None.
        progress: Makes something that is told how far the work is, from the bytes in all.
        force: Whether an output of that name is replaced.
        seconds: How long the scheduler may take to answer.
        certificates: For a scheduler that speaks TLS.
    """

    address: str
    output: str | None
    memory: int | None
    progress: Callable[[int], Progress]
    force: bool
    seconds: int = ANSWER_SECONDS
    certificates: Certificates = Certificates()
