"""What may become of an input while it is read. No clock: times are set, not waited for."""

from __future__ import annotations

import os

HEADER = 128
OTHER = bytes(255 - byte for byte in range(256))
"""Whole numbers x become -x - 1."""


def replaced(path):
    """Another file gets the name, of the same size, time and first bytes (the header of a .npy)."""
    status = os.stat(path)
    aside = path.with_name("aside")
    content = path.read_bytes()
    aside.write_bytes(content[:HEADER] + content[HEADER:].translate(OTHER))
    os.utime(aside, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(aside, path)


def truncated(path):
    """Its second half is gone."""
    os.truncate(path, path.stat().st_size // 2)


def appended(path):
    """It is longer by a byte."""
    with open(path, "ab") as file:
        file.write(b"!")


def written_into(path):
    """Its last byte is another one, an hour later."""
    with open(path, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")
    touched(path)


def touched(path):
    """Nothing but its time is another one."""
    status = os.stat(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 3_600_000_000_000))


def removed(path):
    """It has lost its name."""
    path.unlink()
