"""A convolution and what verification says of it."""

from __future__ import annotations

from convolving import run


def verified(kind, x, w, b=None, *, verify="all", **options):
    return run(kind, x, w, b, verify=verify, **options).verification
