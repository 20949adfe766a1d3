"""Makes the arrays in this folder; running it again writes the same bytes.

    python examples/make_examples.py [FOLDER]

- tiny.npy, tiny-kernel.npy, tiny-bias.npy: a 4 x 4 image, a 2 x 2 kernel and a bias, small enough
  to be checked by hand;
- fractal.npy: 256 x 384 bytes, the escape times of the Mandelbrot set, an image with edges at every
  scale;
- sobel.npy: two 3 x 3 kernels, horizontal and vertical edges;
- scene.ppm: 120 x 160 pixels in colour, two balls on a chequered floor, with light and shadow.
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
    pixels = scene()
    header = f"P6\n{pixels.shape[1]} {pixels.shape[0]}\n255\n"
    (folder / "scene.ppm").write_bytes(header.encode() + pixels.tobytes())


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


BALLS = (
    # Middle (x right, y up, z away), radius, colour.
    ((-0.9, 1.0, 4.5), 1.0, (200, 60, 50)),
    ((1.1, 0.6, 3.4), 0.6, (60, 90, 210)),
)
LIGHT = np.array([-0.5, 0.8, -0.4]) / np.sqrt(0.5**2 + 0.8**2 + 0.4**2)
EYE = np.array([0.0, 1.2, -1.0])


def scene() -> np.ndarray:
    """The scene as bytes (120, 160, 3), by one ray for each pixel; only + - * / and roots.

    These are the same to the last bit on every machine, so that the file is, too.
    """
    rows, columns = np.mgrid[0:120, 0:160]
    ray = np.stack([(columns - 79.5) / 100, (59.5 - rows) / 100 - 0.1, np.ones((120, 160))], -1)
    ray /= np.sqrt((ray * ray).sum(-1, keepdims=True))
    nearest = np.full((120, 160), np.inf)
    up = np.maximum(ray[..., 1:2], 0)
    picture = (1 - up) * (235.0, 240.0, 250.0) + up * (90.0, 140.0, 220.0)
    floor = np.where(ray[..., 1] < 0, -EYE[1] / np.minimum(ray[..., 1], -1e-9), np.inf)
    point = EYE + ray * np.where(np.isfinite(floor), floor, 0)[..., None]
    odd = (np.floor(point[..., 0]) + np.floor(point[..., 2])) % 2
    colour = 90 + 120 * odd[..., None] * np.ones(3)
    shade = 0.35 + 0.65 * ~np.any([hit(point, LIGHT, ball)[1] for ball in BALLS], axis=0)
    far = np.clip(floor / 25, 0, 1)[..., None]
    seen = np.isfinite(floor)
    picture[seen] = ((1 - far) * colour * shade[..., None] + far * 235)[seen]
    nearest[seen] = floor[seen]
    for ball in BALLS:
        away, seen = hit(EYE, ray, ball)
        seen &= away < nearest
        normal = (EYE + ray * np.where(seen, away, 0)[..., None] - ball[0]) / ball[1]
        bright = 0.25 + 0.75 * np.maximum((normal * LIGHT).sum(-1), 0)
        picture[seen] = (bright[..., None] * ball[2])[seen]
        nearest[seen] = away[seen]
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def hit(start: np.ndarray, ray: np.ndarray, ball: tuple) -> tuple[np.ndarray, np.ndarray]:
    """How far along rays a ball is, and whether they meet it in front of where they start."""
    middle, radius, _ = ball
    between = start - np.array(middle)
    half = (between * ray).sum(-1)
    below = half * half - ((between * between).sum(-1) - radius * radius)
    away = -half - np.sqrt(np.maximum(below, 0))
    return away, (below > 0) & (away > 1e-6)


def sobel() -> np.ndarray:
    """Derivatives along x and y, smoothed across, as (2, 1, 3, 3)."""
    along_x = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=np.int16)
    return np.stack([along_x, along_x.T])[:, None]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
