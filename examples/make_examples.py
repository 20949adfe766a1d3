"""Makes the arrays in this folder; running it again writes the same bytes.

    python examples/make_examples.py [FOLDER]

- tiny.npy, tiny-kernel.npy, tiny-bias.npy: a 4 x 4 image, a 2 x 2 kernel and a bias, small enough
  to be checked by hand;
- fractal.npy: 256 x 384 bytes, the escape times of the Mandelbrot set, an image with edges at every
  scale;
- sobel.npy: two 3 x 3 kernels, horizontal and vertical edges.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

HEIGHT, WIDTH, STEPS = 256, 384, 255


def main(folder: Path) -> None:
    """Writes every array into `folder`."""
    arrays = {
        "tiny": np.array(
            [[4, 1, 7, 5], [4, 4, 2, 5], [7, 7, 2, 4], [1, 0, 2, 4]], dtype=np.float32
        ),
        "tiny-kernel": np.array([[1, 0], [2, 1]], dtype=np.float32),
        "tiny-bias": np.array([-0.2050], dtype=np.float32),
        "fractal": mandelbrot(),
        "sobel": sobel(),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


def mandelbrot() -> np.ndarray:
    """Steps until z*z + c leaves the circle of radius 2, as bytes (HEIGHT, WIDTH)."""
    y, x = np.mgrid[-1.25 : 1.25 : HEIGHT * 1j, -2.4 : 1.35 : WIDTH * 1j]
    real, imaginary = np.zeros_like(x), np.zeros_like(y)
    steps = np.zeros(x.shape, dtype=np.uint8)
    inside = np.ones(x.shape, dtype=bool)
    for _ in range(STEPS):
        real, imaginary = real * real - imaginary * imaginary + x, 2 * real * imaginary + y
        inside &= real * real + imaginary * imaginary <= 4
        real[~inside] = imaginary[~inside] = 0
        steps += inside
    return steps


def sobel() -> np.ndarray:
    """Derivatives along x and y, smoothed across, as (2, 1, 3, 3)."""
    along_x = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=np.int16)
    return np.stack([along_x, along_x.T])[:, None]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
