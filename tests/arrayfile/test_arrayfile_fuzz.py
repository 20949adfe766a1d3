"""Whatever the bytes, the outcome is an array or one line: mutations and every truncation."""

from __future__ import annotations

import io
import random
import zipfile

import numpy as np
import pytest

from convcalc.arrayfile import read_archive, read_array
from convcalc.errors import DataError, ResourceError

LIMIT = 1 << 20
INTERESTING = [b"\0", b"\xff", b"-", b"9" * 25, b"(", b"'", b",", b"L", b"\n", b"|O", b">", b"True"]


def npy(array, version=None):
    content = io.BytesIO()
    np.lib.format.write_array(content, array, version)
    return content.getvalue()


def npz(method):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name in ("w", "b"):
            archive.writestr(f"{name}.npy", npy(np.arange(6, dtype="f4").reshape(2, 3)))
    return content.getvalue()


SEEDS = {
    "npy": [
        npy(np.arange(6, dtype="f4").reshape(2, 3)),
        npy(np.asfortranarray(np.ones((3, 4), ">i8"))),
        npy(np.zeros((), "c8"), (2, 0)),
        npy(np.array([True, False]), (3, 0)),
    ],
    "npz": [npz(zipfile.ZIP_STORED), npz(zipfile.ZIP_DEFLATED)],
}
READERS = {"npy": read_array, "npz": read_archive}


def mutated(chance, content):
    """A copy with one to four small damages."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        what = chance.randrange(5)
        if what == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif what == 1 and at < len(data):
            data[at] = chance.randrange(256)
        elif what == 2:
            del data[at : at + chance.randint(1, 4)]
        elif what == 3:
            data[at:at] = chance.choice(INTERESTING)
        else:
            piece = chance.choice(INTERESTING)
            data[at : at + len(piece)] = piece
    return bytes(data)


def outcome(reader, path):
    """What became of a file: "loaded" or "refused"; everything else is a bug."""
    try:
        result = reader(path, memory_limit=LIMIT)
    except (DataError, ResourceError) as error:
        assert str(error).isprintable()
        assert len(str(error)) < 1500
        return "refused"
    for array in result.values() if isinstance(result, dict) else [result]:
        assert array.dtype.kind in "biufc"
        assert array.nbytes <= LIMIT
        array.sum()
    return "loaded"


@pytest.mark.parametrize("kind", SEEDS)
@pytest.mark.parametrize("block", range(3))
def test_a_mutated_file_is_loaded_or_refused(tmp_path, kind, block):
    path = tmp_path / f"x.{kind}"
    outcomes = []
    for seed in range(block * 500, block * 500 + 500):
        chance = random.Random(seed)
        path.write_bytes(mutated(chance, chance.choice(SEEDS[kind])))
        try:
            outcomes.append(outcome(READERS[kind], str(path)))
        except Exception as error:
            pytest.fail(f"seed {seed}: {error!r}")
    # Both happen, or the mutations are too weak or too strong to show anything.
    assert outcomes.count("refused") > 250
    assert outcomes.count("loaded") > 10


@pytest.mark.parametrize(("kind", "number"), [(k, n) for k in SEEDS for n in range(len(SEEDS[k]))])
def test_a_file_cut_at_any_byte_is_refused(tmp_path, kind, number):
    path = tmp_path / f"x.{kind}"
    whole = SEEDS[kind][number]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert outcome(READERS[kind], str(path)) == "refused", length
    path.write_bytes(whole)
    assert outcome(READERS[kind], str(path)) == "loaded"
