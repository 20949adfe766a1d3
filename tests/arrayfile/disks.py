"""Disks that are full, and what is on them."""

from __future__ import annotations

import os
from pathlib import Path


def tree():
    """Every file below the current folder with its bytes, and every folder with None."""
    return {
        path.as_posix(): None if path.is_dir() else path.read_bytes() for path in Path().rglob("*")
    }


NEEDED = ("mkdir", "write", "fsync", "replace", "rename", "link", "posix_fallocate", "fchmod")
STEPS = [name for name in NEEDED if hasattr(os, name)]


class Full:
    """The functions of `os` that change a disk, of which call number `failing` finds no room."""

    def __init__(self, monkeypatch, failing):
        self.calls, self.failing = 0, failing
        for name in STEPS:
            monkeypatch.setattr(os, name, self.wrapped(getattr(os, name)))

    def wrapped(self, real):
        def call(*arguments, **more):
            self.calls += 1
            if self.calls == self.failing:
                raise OSError(28, "No space left on device")
            return real(*arguments, **more)

        return call
