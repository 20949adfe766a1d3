"""A command and the numbers that it shows."""

from __future__ import annotations

FLOPS = ("flops", "-i", "3x224x224", "conv:64,k7,s2,p3", "conv:128,k3")

EXACT = ("9,472", "118,013,952", "236,027,904", "1,010,122,752", "2,351,616")

RUN = ("run", "image.npy", "--kernel", "kernel.npy")

ESCAPE = "\x1b"
