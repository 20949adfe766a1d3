"""How many bytes Windows lets a process allocate."""

from __future__ import annotations

import sys


def free_memory() -> int | None:
    """Bytes of memory that are free, or of memory and paging file together where those are fewer.

    None on other systems, and where Windows does not tell.

    Source: Microsoft, GlobalMemoryStatusEx and MEMORYSTATUSEX.
    """
    if sys.platform != "win32":
        return None
    else:
        import ctypes

        class Status(ctypes.Structure):
            _fields_ = (
                ("length", ctypes.c_uint32),
                ("load", ctypes.c_uint32),
                ("physical", ctypes.c_uint64),
                ("free_physical", ctypes.c_uint64),
                ("commit", ctypes.c_uint64),
                ("free_commit", ctypes.c_uint64),
                ("addresses", ctypes.c_uint64),
                ("free_addresses", ctypes.c_uint64),
                ("extended", ctypes.c_uint64),
            )

        status = Status(length=ctypes.sizeof(Status))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return None
        return int(min(status.free_physical, status.free_commit))
