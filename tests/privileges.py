"""To be a user for a while whom modes apply to."""

from __future__ import annotations

import contextlib
import os

NOBODY = 65534


def is_root() -> bool:
    """Whether the tests may do whatever they like."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextlib.contextmanager
def unprivileged():
    """Act as a user whom modes apply to; root is above them."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
