"""Arrays become pictures: PNG, JPEG and PPM, written by Pillow as a whole or not at all."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import numpy as np

from convcalc.arrayfile.deep_pictures import deep_png
from convcalc.arrayfile.pictures import ENDINGS, check_installed, is_picture
from convcalc.arrayfile.whole_file import write_output
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from convcalc.arrayfile.npy import Array

CHANNELS = {"PNG": (1, 2, 3, 4), "JPEG": (1, 3), "PPM": (1, 3)}
"""Channels that pictures of a format may have."""


def write_picture(path: str, levels: Array, *, force: bool) -> None:
    """Writes grey levels (H, W) or (C, H, W), uint8 or uint16, in the format of the name.

    Raises:
        UsageError: Pillow is not installed, or the format has no such pictures.
        OutputError: It cannot be written; a file that was there is as it was.
    """
    write_output(path, encoded(levels, ENDINGS[os.path.splitext(path)[1].lower()]), force=force)


def encoded(levels: Array, form: str) -> bytes:
    """The bytes of a picture.

    Raises:
        UsageError: The format has no pictures of so many channels, or of 16 bits.
    """
    planes = levels if levels.ndim == 3 else levels[None]
    channels = len(planes)
    if channels not in CHANNELS[form]:
        raise UsageError(
            f"the result has {channels} channels, a {form} has 1 or 3; PNG has 2 or 4 too"
        )
    if levels.dtype == np.uint16:
        if form != "PNG":
            raise UsageError(f"a {form} of 16 bits is not written; name it .png, or give --range")
        return deep_png(planes)
    check_installed()
    from PIL import Image

    pixels = np.ascontiguousarray(np.moveaxis(planes, 0, -1))
    picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    out = io.BytesIO()
    picture.save(out, form, **({"quality": 95} if form == "JPEG" else {}))
    return out.getvalue()


def check_picture(path: str) -> None:
    """Whether a picture can be written at all.

    Raises:
        UsageError: Pillow is not installed.
    """
    if is_picture(path):
        check_installed()
