"""Limits that the system sets on this process (`ulimit`); Windows has none of them."""

from __future__ import annotations

import sys


def limit_of(name: str) -> int | None:
    """The soft limit RLIMIT_`name` of this process, in its own unit; None where there is none."""
    if sys.platform == "win32":
        return None
    else:
        import resource

        soft, _ = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
        return None if soft == resource.RLIM_INFINITY else soft
