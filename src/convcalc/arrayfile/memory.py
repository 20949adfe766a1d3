"""How many bytes this process may still allocate, as far as the system tells."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from convcalc.arrayfile.windows_memory import free_memory
from convcalc.resource_limits import limit_of

if TYPE_CHECKING:
    from collections.abc import Iterator


UNLIMITED = 1 << 62
"""Bytes; a group without a limit has 2**63 less a page in the first version."""


def available_memory() -> int | None:
    """Bytes that can be allocated without swapping or being killed; None where unknown.

    The smallest of what the machine has, what every enclosing control group leaves, and what the
    limit on the address space leaves.
    """
    bounds = [_free_memory(), free_memory(), *_group_bounds(), _address_space_left()]
    known = [bound for bound in bounds if bound is not None]
    return max(0, min(known)) if known else None


def _free_memory(meminfo: str = "/proc/meminfo") -> int | None:
    """The kernel's own estimate, in bytes, of what can be allocated without swapping."""
    kibibytes = _field(meminfo, "MemAvailable:")
    return None if kibibytes is None else kibibytes * 1024


def _group_bounds(
    membership: str = "/proc/self/cgroup", root: str = "/sys/fs/cgroup"
) -> Iterator[int]:
    """The bytes that each control group around this process leaves."""
    for line in _text(membership).splitlines():
        hierarchy, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if hierarchy == "0":
            files = ("memory.max", "memory.current", "inactive_file")
            yield from _left_along(root, group, files)
        elif "memory" in controllers.split(","):
            files = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _left_along(f"{root}/memory", group, files)


def _left_along(root: str, group: str, files: tuple[str, str, str]) -> Iterator[int]:
    """The bytes left in a group and in each of its ancestors.

    A container often sees its own group mounted as the root and a path that does not exist below
    it, so missing folders are passed over and the root is always looked at.
    """
    limit_file, usage_file, cache_field = files
    path = PurePosixPath(group.lstrip("/"))
    for part in (path, *path.parents):
        folder = f"{root}/{part}"
        limit = _number(_text(f"{folder}/{limit_file}"))
        if limit is None or limit >= UNLIMITED:
            continue
        usage = _number(_text(f"{folder}/{usage_file}"))
        if usage is not None:
            # Cached file contents count as used, but are given up before anyone is killed.
            yield limit - usage + (_field(f"{folder}/memory.stat", cache_field) or 0)


def _address_space_left(statm: str = "/proc/self/statm") -> int | None:
    """The bytes that RLIMIT_AS leaves; None where it is not set."""
    limit = limit_of("AS")
    if limit is None:
        return None
    from mmap import PAGESIZE

    pages = _number(_text(statm)) or 0
    return limit - pages * PAGESIZE


def _field(path: str, name: str) -> int | None:
    """The number after `name` in a file of `name number` lines."""
    for line in _text(path).splitlines():
        word, _, rest = line.partition(" ")
        if word == name:
            return _number(rest)
    return None


def _number(text: str) -> int | None:
    """The number that a text begins with; None for anything else, such as "max"."""
    word = text.split(maxsplit=1)[:1]
    return int(word[0]) if word and word[0].isdecimal() else None


def _text(path: str) -> str:
    """The contents of a file of the system, empty where there is none."""
    try:
        # The system makes it up at every reading: not in the pieces that a text would be read in.
        with open(path, "rb", buffering=0) as file:
            return file.readall().decode("ascii", "replace")
    except OSError:
        return ""
