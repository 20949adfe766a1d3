"""The main job, on the files of this folder: each command is shown, and then its answer."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

STEPS = (
    (
        "A 2 x 2 kernel slides over a 4 x 4 image; 'same' keeps the size.",
        "run tiny.npy --kernel tiny-kernel.npy --bias tiny-bias.npy --padding same",
    ),
    (
        "Two Sobel kernels on a real image of bytes: exact integers, the edges in x and in y.",
        "run fractal.npy --kernel sobel.npy --padding same --padding-mode reflect",
    ),
    (
        "A small network on the same image, with weights drawn from a seed.",
        'run fractal.npy --network "conv:8,k7,s2,p3 dw:k3,p1 pw:16" --random-weights 7',
    ),
    (
        "What that costs, before anything is computed.",
        "flops -i 1x256x384 conv:8,k7,s2,p3 dw:k3,p1 pw:16",
    ),
    (
        "How much of the image one output sees.",
        "rf -i 1x256x384 conv:8,k7,s2,p3 dw:k3,p1 pw:16",
    ),
    (
        "A standard convolution against depthwise + pointwise.",
        "flops -i 512x14x14 conv:512,k3,p1,nobias --compare separable",
    ),
)


def main() -> int:
    """Runs every step; stops at the first one that fails."""
    for text, command in STEPS:
        print(f"\n{text}\n$ convcalc {command}\n", flush=True)
        words = [sys.executable, "-m", "convcalc", *shlex.split(command)]
        done = subprocess.run(words, cwd=HERE, env={**os.environ}, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
