"""Pictures as arrays: what is read of each format, what is refused, and what is written."""

from __future__ import annotations

import io
import struct
import sys
import zlib

import numpy as np
import pytest

from convcalc.arrayfile import read_array
from convcalc.arrayfile.deep_pictures import deep_png
from convcalc.arrayfile.picture_writing import encoded, write_picture
from convcalc.arrayfile.pictures import picture_levels, read_picture
from convcalc.errors import DataError, OutputError, ResourceError, UsageError

Image = pytest.importorskip("PIL.Image")

RANDOM = np.random.default_rng(5)
GREY = RANDOM.integers(0, 256, (7, 9), np.uint8)
COLOUR = RANDOM.integers(0, 256, (7, 9, 3), np.uint8)
DEEP = RANDOM.integers(0, 65536, (7, 9, 3), np.uint16)


def saved(tmp_path, name, picture, **options):
    path = str(tmp_path / name)
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("name", ["x.png", "x.PGM", "x.pnm"])
def test_a_grey_picture_is_rows_and_columns(tmp_path, name):
    path = saved(tmp_path, name, Image.fromarray(GREY), format=None if "png" in name else "PPM")
    found = read_array(path)
    assert (np.uint8, (7, 9)) == (found.dtype, found.shape)
    assert (GREY == found).all()


@pytest.mark.parametrize("name", ["x.png", "x.ppm"])
def test_colours_are_channels_in_front(tmp_path, name):
    found = read_array(saved(tmp_path, name, Image.fromarray(COLOUR)))
    assert (np.uint8, (3, 7, 9)) == (found.dtype, found.shape)
    assert (COLOUR.transpose(2, 0, 1) == found).all()
    assert found.flags.c_contiguous


def test_a_mask_is_a_fourth_channel_and_a_palette_is_colour(tmp_path):
    masked = np.dstack((COLOUR, GREY))
    assert (
        masked.transpose(2, 0, 1) == read_array(saved(tmp_path, "m.png", Image.fromarray(masked)))
    ).all()
    palette = Image.fromarray(COLOUR // 128 * 255).convert("P", palette=Image.Palette.ADAPTIVE)
    expected = np.asarray(palette.convert("RGB")).transpose(2, 0, 1)
    assert (expected == read_array(saved(tmp_path, "p.png", palette))).all()


def test_bits_are_black_and_white(tmp_path):
    found = read_array(saved(tmp_path, "b.png", Image.fromarray(GREY > 127)))
    assert ((GREY > 127) * 255 == found).all()


def test_sixteen_bits_of_grey_are_kept(tmp_path):
    deep = DEEP[..., 0]
    path = saved(tmp_path, "g.png", Image.fromarray(deep))
    assert (np.uint16, 65535) == (read_array(path).dtype, picture_levels(path))
    assert (deep == read_array(path)).all()
    plain = tmp_path / "g.pgm"
    plain.write_bytes(b"P5\n9 7\n65535\n" + deep.astype(">u2").tobytes())
    assert (np.uint16, 65535) == (read_array(str(plain)).dtype, picture_levels(str(plain)))
    assert (deep == read_array(str(plain))).all()


def test_sixteen_bits_of_colour_are_kept(tmp_path):
    plain = tmp_path / "c.ppm"
    plain.write_bytes(b"P6 # a comment\n9 7\n65535\n" + DEEP.astype(">u2").tobytes())
    assert (DEEP.transpose(2, 0, 1) == read_array(str(plain))).all()
    assert 65535 == picture_levels(str(plain))


@pytest.mark.parametrize("strategy", range(5))
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_every_filter_of_deep_pngs_is_undone(tmp_path, strategy, channels):
    # One filter for every row, or for each row another one.
    values = RANDOM.integers(0, 65536, (6, 5, channels), np.uint16)
    values[2:4] //= 4096
    lines = [(strategy + row) % 5 if strategy else 4 for row in range(6)]
    path = tmp_path / "d.png"
    path.write_bytes(filtered_png(values, lines))
    assert (values.transpose(2, 0, 1) == read_array(str(path))).all()
    assert 65535 == picture_levels(str(path))


def filtered_png(values, filters):
    """A PNG whose rows are filtered as asked, byte by byte from the specification."""
    height, width, channels = values.shape
    size = 2 * channels
    rows = values.astype(">u2").reshape(height, -1).view(np.uint8).astype(int)
    data = b""
    for y, kind in enumerate(filters):
        above = rows[y - 1] if y else np.zeros_like(rows[0])
        line = []
        for x, value in enumerate(rows[y]):
            a = rows[y][x - size] if x >= size else 0
            b, c = above[x], above[x - size] if x >= size else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line.append((value - (0, a, b, (a + b) // 2, paeth)[kind]) % 256)
        data += bytes([kind, *line])
    colour = {2: 4, 3: 2, 4: 6}[channels]
    head = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in ((b"IHDR", head), (b"IDAT", zlib.compress(data)), (b"IEND", b""))
    )


def test_opencv_reads_and_writes_the_same_deep_pictures(tmp_path):
    cv2 = pytest.importorskip("cv2")
    path = str(tmp_path / "d.png")
    cv2.imwrite(path, DEEP[..., ::-1])
    assert (DEEP.transpose(2, 0, 1) == read_array(path)).all()
    write_picture(path, DEEP.transpose(2, 0, 1), force=True)
    assert (DEEP[..., ::-1] == cv2.imread(path, cv2.IMREAD_UNCHANGED)).all()


def test_a_photograph_is_turned_as_its_tag_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    path = saved(tmp_path, "x.jpg", Image.fromarray(COLOUR), exif=exif, quality=95)
    plain = read_array(saved(tmp_path, "y.jpg", Image.fromarray(COLOUR), quality=95))
    assert (np.rot90(plain, -1, (1, 2)) == read_array(path)).all()


def test_inks_become_colours(tmp_path):
    path = saved(tmp_path, "x.jpg", Image.fromarray(COLOUR).convert("CMYK"), quality=95)
    assert (3, 7, 9) == read_array(path).shape


def png_of_size(width, height, bits=8, colour=2):
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    data = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    )


@pytest.mark.parametrize("bits", [8, 16])
def test_a_bomb_is_refused_by_its_header(tmp_path, bits):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of_size(60_000, 60_000, bits))
    with pytest.raises(ResourceError, match=r"bomb.png'.* needs [\d,]+ bytes of memory"):
        read_picture(str(path), 1 << 30)


def test_a_deep_ppm_is_refused_by_its_header(tmp_path):
    path = tmp_path / "bomb.ppm"
    path.write_bytes(b"P6 60000 60000 65535\n")
    with pytest.raises(ResourceError, match="needs"):
        read_picture(str(path), 1 << 30)


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    path = saved(tmp_path, "x.png", Image.fromarray(COLOUR))
    with pytest.raises(ResourceError, match="needs"):
        read_picture(path, 50)


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.ppm", "d.png", "d.ppm"])
def test_a_picture_that_is_cut_off_is_told(tmp_path, name):
    if name.startswith("d"):
        plain = b"P6 9 7 65535\n" + DEEP.astype(">u2").tobytes()
        data = plain if "ppm" in name else filtered_png(DEEP, [4] * 7)
    else:
        stream = io.BytesIO()
        Image.fromarray(COLOUR).save(stream, {"png": "PNG", "jpg": "JPEG", "ppm": "PPM"}[name[2:]])
        data = stream.getvalue()
    path = tmp_path / name
    for length in range(0, len(data) - 30, 7):
        path.write_bytes(data[:length])
        with pytest.raises(DataError, match=r"damaged picture|is no picture"):
            read_array(str(path))


def test_damaged_bytes_never_end_in_another_error(tmp_path):
    data = bytearray(filtered_png(DEEP, [4] * 7))
    path = tmp_path / "x.png"
    places, refused = range(8, len(data), 3), 0
    for place in places:
        broken = data.copy()
        broken[place] ^= 0x55
        path.write_bytes(broken)
        try:
            read_picture(str(path), 1 << 28)
        except (DataError, ResourceError):
            refused += 1
    assert refused > len(places) / 2  # the rest is pixels, or said twice


@pytest.mark.parametrize("data", [b"", b"GIF89a" + b"\0" * 90, b"\x93NUMPY" + b"\0" * 90])
def test_another_kind_of_file_is_told_what_can_be_read(tmp_path, data):
    (tmp_path / "x.png").write_bytes(data)
    with pytest.raises(DataError, match="no picture in PNG, JPEG or PPM, which can be read"):
        read_array(str(tmp_path / "x.png"))


def test_without_pillow_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setattr("convcalc.arrayfile.pictures.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'convcalc\[image\]'"):
        read_array(str(tmp_path / "x.png"))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_is_written_is_read_again(tmp_path, channels, dtype):
    levels = RANDOM.integers(0, np.iinfo(dtype).max + 1, (channels, 5, 6), dtype)
    path = str(tmp_path / "x.png")
    write_picture(path, levels[0] if channels == 1 else levels, force=False)
    assert (levels.squeeze() == read_array(path)).all()
    with pytest.raises(OutputError, match="--force"):
        write_picture(path, levels, force=False)


def test_a_format_without_such_pictures_says_so():
    levels = np.zeros((4, 5, 6), np.uint8)
    with pytest.raises(UsageError, match="4 channels, a JPEG has 1 or 3"):
        encoded(levels, "JPEG")
    with pytest.raises(UsageError, match="16 bits is not written"):
        encoded(levels[:3].astype(np.uint16), "PPM")


def test_jpeg_and_ppm_are_written():
    stream = io.BytesIO(encoded(COLOUR.transpose(2, 0, 1), "PPM"))
    assert (np.asarray(Image.open(stream)) == COLOUR).all()
    smooth = np.full((8, 8), 90, np.uint8)
    jpeg = np.asarray(Image.open(io.BytesIO(encoded(smooth, "JPEG"))))
    assert abs(jpeg.astype(int) - 90).max() <= 1


def test_deep_pngs_are_complete_files():
    data = deep_png(DEEP.transpose(2, 0, 1))
    with Image.open(io.BytesIO(data)) as picture:
        assert ("PNG", DEEP.shape[1::-1]) == (picture.format, picture.size)
        picture.verify()
