"""Archives that zip programs do not write, by a number that they grow with."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def npy(array: object) -> bytes:
    """The bytes of a `.npy`."""
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


ONES = npy(np.ones(4, "f4"))
ZEROS = npy(np.zeros(4, "f4"))


class Member(NamedTuple):
    """A member as it is stored, and what its entry in the directory says."""

    name: bytes
    data: bytes
    extra: bytes
    local_extra: bytes
    declared_extra: int | None
    comment: bytes
    flags: int
    method: int
    size: int
    packed: int
    crc: int
    offset: int | None
    mark: bytes


def member(
    name: str,
    data: bytes = ONES,
    *,
    extra: bytes = b"",
    local_extra: bytes = b"",
    declared_extra: int | None = None,
    comment: bytes = b"",
    flags: int = 0x800,
    method: int = 0,
    size: int | None = None,
    packed: int | None = None,
    crc: int | None = None,
    offset: int | None = None,
    mark: bytes = b"PK\x03\x04",
) -> Member:
    """A member that is right but for what is given."""
    stored = zlib.compress(data, 9, -15) if method == 8 else data
    return Member(
        *(name.encode(), stored, extra, local_extra, declared_extra, comment, flags, method),
        len(data) if size is None else size,
        len(stored) if packed is None else packed,
        zlib.crc32(data) if crc is None else crc,
        *(offset, mark),
    )


def local(one: Member) -> bytes:
    """What is before the data of a member, and the data."""
    extra = len(one.local_extra) if one.declared_extra is None else one.declared_extra
    numbers = (20, one.flags, one.method, 0, 0x21, one.crc, one.packed, one.size)
    return (
        one.mark
        + struct.pack("<5H3I2H", *numbers, len(one.name), extra)
        + one.name
        + one.local_extra
        + one.data
    )


def entry(one: Member, place: int) -> bytes:
    """The entry of a member in the directory."""
    numbers = (20, 20, one.flags, one.method, 0, 0x21, one.crc, one.packed, one.size)
    lengths = (len(one.name), len(one.extra), len(one.comment))
    offset = place if one.offset is None else one.offset
    head = struct.pack("<6H3I5H2I", *numbers, *lengths, 0, 0, 0, offset)
    return b"PK\x01\x02" + head + one.name + one.extra + one.comment


def archive(
    members: Sequence[Member],
    *,
    comment: bytes = b"",
    before: bytes = b"",
    count: int | None = None,
    length: int | None = None,
    offset: int | None = None,
) -> bytes:
    """The whole file; `before` stands before every member."""
    places, body = [], bytearray()
    for one in members:
        body += before if body else b""
        places.append(len(body))
        body += local(one)
    return closed(bytes(body), members, places, comment, (count, length, offset))


def closed(
    body: bytes,
    members: Sequence[Member],
    places: Sequence[int],
    comment: bytes = b"",
    told: tuple[int | None, int | None, int | None] = (None, None, None),
) -> bytes:
    """A body with its directory, and what is told of the directory: entries, bytes, place."""
    directory = b"".join(entry(one, place) for one, place in zip(members, places, strict=True))
    right = (len(members), len(directory), len(body))
    count, length, offset = (a if b is None else b for a, b in zip(right, told, strict=True))
    end = struct.pack("<4H2IH", 0, 0, count, count, length, offset, len(comment))
    return body + directory + b"PK\x05\x06" + end + comment


def fields(count: int, kind: int = 0x9999) -> bytes:
    """Extra fields without contents, four bytes each."""
    return struct.pack("<HH", kind, 0) * count


def inside(count: int) -> bytes:
    """Members that all lie in the extra fields of the members before them, to the last."""
    data = local(member("", mark=b"", declared_extra=0))[26:]
    members = [member(f"{i}.npy") for i in range(count)]
    heads = [30 + len(one.name) for one in members]
    rest = [sum(heads[i + 1 :]) for i in range(count)]
    shown = [
        one._replace(declared_extra=min(more, 65_535), data=b"")
        for one, more in zip(members, rest, strict=True)
    ]
    body = b"".join(local(one) for one in shown) + data
    return closed(body, members, [sum(heads[:i]) for i in range(count)])


def many(count: int, **odd: object) -> bytes:
    """An archive of members that are all odd in the same way."""
    return archive([member(f"{i}.npy", **odd) for i in range(count)])  # type: ignore[arg-type]


def named(*names: str) -> bytes:
    """An archive of members of these names."""
    return archive([member(name) for name in names])


def header(text: str) -> bytes:
    """A `.npy` of which there is the header alone."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("latin-1")


ARCHIVES: dict[str, Callable[[int], bytes]] = {
    "members": many,
    "deflated members": lambda n: many(n, method=8),
    "empty members": lambda n: many(n, data=b""),
    "members that are no arrays": lambda n: many(n, data=b"x"),
    "arrays without elements": lambda n: many(n, data=npy(np.zeros((0, 9)))),
    "a long name": lambda n: named("a" * 20 * n + ".npy"),
    "long names": lambda n: named(*(f"{i}{'a' * 300}.npy" for i in range(n))),
    "endings": lambda n: named("a" + ".npy" * 5 * n),
    "names without endings": lambda n: named(*(f"{i}" for i in range(n))),
    "names of folders": lambda n: named(*("a/" * 30 + f"{i}.npy" for i in range(n))),
    "names of letters": lambda n: named(*("é" * 50 + f"{i}.npy" for i in range(n))),
    "names of signs": lambda n: named(*("\x1b" * 50 + f"{i}.npy" for i in range(n))),
    "names that are no text": lambda n: archive(
        [member(f"{i}")._replace(name=b"\xff" * 50) for i in range(n)]
    ),
    "names that end early": lambda n: named(*(f"a\0{i}.npy" for i in range(n))),
    "empty names": lambda n: named(*[""] * n),
    "equal names": lambda n: named(*["a.npy"] * n),
    "nearly equal names": lambda n: named(*["a.npy", "a"] * (n // 2)),
    "equal names at the end": lambda n: named(*(f"{i % (n - 1)}.npy" for i in range(n))),
    "encrypted members": lambda n: many(n, flags=0x801),
    "members of unknown methods": lambda n: many(n, method=99),
    "members that are not deflated": lambda n: archive(
        [member(f"{i}.npy")._replace(method=8) for i in range(n)]
    ),
    "an extra field": lambda n: many(n, extra=struct.pack("<HH", 0x9999, 500) + b"x" * 500),
    "extra fields": lambda n: many(n, extra=fields(20)),
    "many extra fields": lambda n: many(1, extra=fields(min(100 * n, 16_000))),
    "many extra fields in many": lambda n: many(n, extra=fields(4000)),
    "extra fields of large sizes": lambda n: many(n, extra=fields(20, kind=1)),
    "extra fields cut off": lambda n: many(n, extra=fields(20) + b"\x99\x99\xff\xff"),
    "extra fields of members": lambda n: many(n, local_extra=fields(100)),
    "extra fields that reach on": lambda n: many(n, declared_extra=65_535),
    "members in extra fields": inside,
    "comments": lambda n: many(n, comment=b"x" * 500),
    "a long comment": lambda n: archive([member("a.npy")], comment=b"x" * 30 * n),
    "a comment of ends": lambda n: archive([member("a.npy")], comment=b"PK\x05\x06" * 8 * n),
    "a comment of entries": lambda n: archive([member("a.npy")], comment=b"PK\x01\x02" * 8 * n),
    "bytes between": lambda n: archive([member(f"{i}.npy") for i in range(n)], before=b"x" * 200),
    "marks between": lambda n: archive(
        [member(f"{i}.npy") for i in range(n)], before=b"PK\x03\x04" * 50
    ),
    "sizes too large": lambda n: many(n, size=10**6),
    "sizes too large by far": lambda n: many(n, size=2**32 - 2),
    "sizes too small": lambda n: many(n, size=20),
    "packed sizes too large": lambda n: many(n, packed=10**5),
    "packed sizes too small": lambda n: many(n, packed=20),
    "wrong sums": lambda n: many(n, crc=1),
    "wrong marks": lambda n: many(n, mark=b"PK\x03\x05"),
    "one place": lambda n: many(n, offset=0),
    "places beyond the end": lambda n: many(n, offset=2**31),
    "too few entries told": lambda n: archive([member(f"{i}.npy") for i in range(n)], count=1),
    "too many entries told": lambda n: archive(
        [member(f"{i}.npy") for i in range(n)], count=60_000
    ),
    "a directory that is cut": lambda n: archive([member(f"{i}.npy") for i in range(n)], length=99),
    "a directory elsewhere": lambda n: archive([member(f"{i}.npy") for i in range(n)], offset=5),
    "no end": lambda n: many(n)[:-22],
    "half a file": lambda n: many(n)[: 100 * n],
    "zeros deflated": lambda n: many(1, data=npy(np.zeros(1000 * n, "u1")), method=8),
    "hostile headers": lambda n: many(n, data=header("(" * 100)),
    "long headers": lambda n: many(n, data=header(" " * 900)),
    "huge shapes": lambda n: many(
        n, data=header("{'descr':'<f4','fortran_order':False,'shape':(1000000000,)}")
    ),
    "bytes after the array": lambda n: many(n, data=ONES + b"x" * 500),
}
"""Each makes a file that is twice as large for twice the number."""
