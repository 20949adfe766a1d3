"""Python's cycle collector, held back while a large structure without cycles is built."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def gc_paused() -> Iterator[None]:
    """No search for cycles inside.

    Everything that reading and analysing make is kept and free of cycles; the collector would walk
    over all of it again and again as it grows, so that long networks would cost more per layer.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
