"""Zarr folders are read without trust: an array, or one line that says why not."""

from __future__ import annotations

import json
import os
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convcalc.arrayfile.member_names import is_zarr, split_array
from convcalc.arrayfile.zarr_metadata import read_layout
from convcalc.errors import ConvcalcError, DataError, OutputError, ResourceError
from unix import unix_files

zarr = pytest.importorskip("zarr")
zarr_folder = pytest.importorskip("convcalc.arrayfile.zarr_folder", exc_type=ImportError)

VALUES = np.arange(24, dtype="int16").reshape(4, 6)


def save(name, version, values=VALUES, **options):
    """An array in chunks of 3 x 4."""
    array = zarr.create_array(
        name, shape=values.shape, chunks=(3, 4), dtype=values.dtype, zarr_format=version, **options
    )
    array[...] = values


def cells(name):
    """All cells of an array."""
    stored = zarr_folder.open_zarr(name)
    return stored.read((slice(None),) * len(stored.shape))


def edit(path, **changes):
    """Other values in a JSON text; None takes a key away."""
    data = json.loads(path.read_text())
    data.update(changes)
    path.write_text(json.dumps({key: value for key, value in data.items() if value is not None}))


def metadata(folder, version):
    return folder / "x.zarr" / ("zarr.json" if version == 3 else ".zarray")


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float16", "float32", "float64"])
def test_numbers_of_every_size_are_read(version, dtype):
    save("x.zarr", version, VALUES.astype(dtype))
    assert np.dtype(dtype) == cells("x.zarr").dtype
    np.testing.assert_array_equal(VALUES, cells("x.zarr"))


def test_numbers_in_another_byte_order_become_native():
    save("x.zarr", 2, VALUES.astype(">f4"))
    assert np.dtype("float32") == cells("x.zarr").dtype
    np.testing.assert_array_equal(VALUES, cells("x.zarr"))


@pytest.mark.parametrize("options", [{"shards": (6, 8)}, {"compressors": None}, {"order": "F"}])
def test_shards_and_orders_are_read(options):
    save("x.zarr", 2 if "order" in options else 3, **options)
    np.testing.assert_array_equal(VALUES, cells("x.zarr"))


def test_the_only_array_of_a_group_needs_no_name(folder):
    zarr.create_group("g.zarr")
    save("g.zarr/deep", 3)
    np.testing.assert_array_equal(VALUES, cells("g.zarr"))
    np.testing.assert_array_equal(VALUES, cells("g.zarr/"))


@pytest.mark.parametrize("version", [2, 3])
def test_one_of_several_arrays_is_named(version):
    zarr.create_group("g.zarr", zarr_format=version)
    save("g.zarr/one", version)
    save("g.zarr/two", version, -VALUES)
    np.testing.assert_array_equal(-VALUES, cells("g.zarr:two"))
    with pytest.raises(DataError, match="is not one array; it holds 'one', 'two'; name one as"):
        read_layout("g.zarr")
    with pytest.raises(DataError, match=r"has no array 'tow'; it holds .* did you mean 'two'"):
        read_layout("g.zarr:tow")
    with pytest.raises(DataError, match=r"has no array '\.\./g\.zarr/one'"):
        read_layout("g.zarr:../g.zarr/one")


def test_what_is_no_array_is_named(folder):
    (folder / "empty.zarr").mkdir()
    (folder / "file.zarr").write_bytes(b"PK")
    with pytest.raises(DataError, match="holds no zarr array"):
        read_layout("empty.zarr")
    with pytest.raises(DataError, match="it is a file, expected a zarr folder"):
        read_layout("file.zarr")
    with pytest.raises(DataError, match=r"cannot read 'none\.zarr': No such file"):
        read_layout("none.zarr")


class Trap:
    """Makes a folder when somebody unpickles it."""

    def __reduce__(self):
        return os.mkdir, ("trapped",)


@pytest.mark.parametrize("key", ["compressor", "filters"])
def test_a_codec_that_unpickles_is_refused_before_it_runs(folder, key):
    save("x.zarr", 2)
    codec = {"id": "pickle", "protocol": 5}
    edit(metadata(folder, 2), **{key: codec if key == "compressor" else [codec]})
    (folder / "x.zarr" / "0.0").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(DataError, match="stored with the codec 'pickle', expected one of adler32"):
        cells("x.zarr")
    assert not (folder / "trapped").exists()


def test_a_codec_inside_a_shard_is_looked_at_too(folder):
    save("x.zarr", 3, shards=(6, 8))
    text = metadata(folder, 3).read_text()
    metadata(folder, 3).write_text(text.replace('"zstd"', '"numcodecs.pickle"'))
    with pytest.raises(DataError, match=r"the codec 'numcodecs\.pickle'"):
        cells("x.zarr")


@pytest.mark.parametrize(
    ("version", "changes", "said"),
    [
        (2, {"dtype": "|O"}, "is of dtype |O, expected booleans, integers or floats"),
        (2, {"dtype": [["a", "<i4"]]}, "is of dtype [['a', '<i4']]"),
        (2, {"dtype": "<f4,<f4"}, "is of dtype <f4,<f4"),
        (2, {"dtype": "<c8"}, "is of dtype <c8"),
        (3, {"data_type": "string"}, "is of dtype string"),
        (3, {"data_type": "complex64"}, "is of dtype complex64"),
        (3, {"shape": [4]}, "expected as many whole numbers in both"),
        (3, {"shape": [4, -6]}, "expected as many whole numbers in both"),
        (3, {"shape": [True, 6]}, "expected as many whole numbers in both"),
        (3, {"shape": [2**62, 6]}, "2^63 bytes or more"),
        (2, {"chunks": [3, 0]}, "expected as many whole numbers in both"),
        (2, {"chunks": [2**20, 2**20]}, "has chunks of 2,199,023,255,552 bytes"),
        (2, {"shape": [1] * 40, "chunks": [1] * 40}, "expected as many whole numbers in both"),
        (3, {"codecs": None}, "has invalid metadata ('codecs')"),
        (3, {"codecs": [3]}, "has invalid metadata"),
        (3, {"chunk_grid": []}, "has invalid metadata"),
        (3, {"chunk_grid": {"name": "rectilinear"}}, "in a rectilinear grid"),
    ],
)
def test_what_a_folder_declares_is_checked_first(folder, version, changes, said):
    save("x.zarr", version)
    edit(metadata(folder, version), **changes)
    with pytest.raises(DataError) as caught:
        cells("x.zarr")
    assert said in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff", b"[" * 100_000])
def test_a_text_that_is_no_metadata_is_named(folder, content):
    save("x.zarr", 3)
    metadata(folder, 3).write_bytes(content)
    with pytest.raises(DataError, match=r"zarr\.json' is no JSON"):
        cells("x.zarr")


def test_a_text_of_any_length_is_not_read(folder):
    save("x.zarr", 3)
    with metadata(folder, 3).open("ab") as file:
        file.write(b" " * 2**20)
    with pytest.raises(DataError, match=r"zarr\.json' has 1,\d\d\d,\d\d\d bytes, expected at most"):
        cells("x.zarr")


def test_a_chunk_that_memory_cannot_hold_is_refused(monkeypatch):
    save("x.zarr", 3)
    monkeypatch.setattr(zarr_folder, "available_memory", lambda: 23)
    with pytest.raises(ResourceError, match=r"a chunk of 'x\.zarr' needs 24 bytes of memory"):
        cells("x.zarr")


def test_an_array_that_becomes_another_is_noticed():
    save("x.zarr", 3)
    stored = zarr_folder.open_zarr("x.zarr")
    save("x.zarr", 3, VALUES.T, overwrite=True)
    with pytest.raises(DataError, match="has changed since the work began"):
        stored.read((slice(0, 1), slice(0, 1)))


@unix_files
def test_links_in_a_group_are_not_followed(folder):
    zarr.create_group("g.zarr")
    save("g.zarr/one", 3)
    (folder / "g.zarr" / "loop").symlink_to(folder / "g.zarr")
    np.testing.assert_array_equal(VALUES, cells("g.zarr"))


def test_a_group_without_end_is_not_searched(monkeypatch):
    monkeypatch.setattr("convcalc.arrayfile.zarr_metadata.MAX_NODES", 3)
    for name in ("g.zarr", "g.zarr/a", "g.zarr/b", "g.zarr/c"):
        zarr.create_group(name)
    with pytest.raises(DataError, match="has more than 3 folders; name an array"):
        read_layout("g.zarr")


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 100])
def test_a_damaged_chunk_is_named(folder, content):
    save("x.zarr", 3)
    (folder / "x.zarr" / "c" / "0" / "1").write_bytes(content)
    with pytest.raises(DataError, match=r"'x\.zarr' is damaged: .*; copy it again"):
        cells("x.zarr")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([2, 3]), st.data())
def test_whatever_the_metadata_say_the_outcome_is_an_array_or_a_sentence(tmp_path, version, data):
    name = str(tmp_path / f"{version}.zarr")
    if not os.path.exists(name):
        save(name, version)
    path = os.path.join(name, "zarr.json" if version == 3 else ".zarray")
    with open(path, "rb") as file:
        whole = file.read()
    text = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        size = data.draw(st.integers(0, 6))
        text[place : place + size] = data.draw(st.sampled_from(PIECES))
    try:
        with open(path, "wb") as file:
            file.write(text)
        try:
            cells(name)
        except ConvcalcError as error:
            assert str(error)
    finally:
        with open(path, "wb") as file:
            file.write(whole)


PIECES = (
    b"",
    b"0",
    b"-1",
    b"9" * 30,
    b"null",
    b"[]",
    b"{}",
    b'"',
    b"1e9",
    b"\x00",
    b",",
    b"pickle",
)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("x.zarr", ("x.zarr", None)),
        ("x.zarr/", ("x.zarr", None)),
        ("X.ZARR", ("X.ZARR", None)),
        ("a/x.zarr:b/c", ("a/x.zarr", "b/c")),
        ("x.npy", ("x.npy", None)),
    ],
)
def test_a_folder_is_known_by_its_ending(name, parts):
    assert parts == split_array(name)
    assert (not name.endswith(".npy")) == is_zarr(name)


def test_what_is_written_keeps_the_sign_of_zero(folder):
    values = np.full((3, 4), -0.0)
    os.mkdir("y.zarr")
    zarr_folder.make_zarr("y.zarr", "y.zarr", values.shape, (3, 4), values.dtype)
    zarr_folder.write_box("y.zarr", "y.zarr", (slice(0, 3), slice(0, 4)), values)
    assert np.signbit(cells("y.zarr")).all()


def test_what_cannot_be_written_is_called_as_it_will_be(folder):
    os.mkdir("made")
    zarr_folder.make_zarr("made", "y.zarr", (3, 4), (3, 4), "int8")
    (folder / "made" / "c").write_bytes(b"in the way")
    with pytest.raises(OutputError, match=r"cannot write 'y\.zarr': (Not a directory|File exists)"):
        zarr_folder.write_box("made", "y.zarr", (slice(3), slice(4)), np.ones((3, 4), "int8"))
