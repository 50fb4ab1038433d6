"""An integrator of our own for comparison: exponential differences of fourth order (Cox and Matthews 2002, with the
contour integrals of Kassam and Trefethen 2005)."""

import numpy as np

CIRCLE = np.exp(1j * np.pi * (np.arange(64) + 0.5) / 64)


def march(linear, other, v, length, steps):
    """v' = linear v + other(v), for real `linear` of the shape of v, in steps of a length."""
    z = length * linear[..., None] + CIRCLE
    whole, half = np.exp(length * linear), np.exp(length * linear / 2)
    q = length * np.mean((np.exp(z / 2) - 1) / z, axis=-1).real
    f = [
        length * np.mean(each / z**3, axis=-1).real
        for each in (
            -4 - z + np.exp(z) * (4 - 3 * z + z**2),
            2 + z + np.exp(z) * (z - 2),
            -4 - 3 * z - z**2 + np.exp(z) * (4 - z),
        )
    ]
    for _ in range(steps):
        first = other(v)
        a = half * v + q * first
        second = other(a)
        b = half * v + q * second
        third = other(b)
        c = half * a + q * (2 * third - first)
        v = whole * v + f[0] * first + 2 * f[1] * (second + third) + f[2] * other(c)
    return v


def kuramoto(time, count=256, steps=8000):
    """The solution of `problems.kuramoto` on an even grid: its nodes and values."""
    x, k = np.arange(count) * 2 * np.pi / count, np.fft.rfftfreq(count, 1 / count)
    linear = 100 / 256 * k**2 - 100 / 16**4 * k**4
    slope = -0.5j * k * 100 / 16 * (k < count / 3)
    found = march(
        linear, lambda v: slope * np.fft.rfft(np.fft.irfft(v) ** 2),
        np.fft.rfft(np.cos(x) * (1 + np.sin(x))), time / steps, steps,
    )  # fmt: skip
    return x, np.fft.irfft(found)


def spots(time, count=64, steps=400):
    """The solution of `problems.spots` on an even grid: its nodes along a coordinate, and both fields."""
    x = np.arange(count) * 2 * np.pi / count
    k, half = np.fft.fftfreq(count, 1 / count), np.fft.rfftfreq(count, 1 / count)
    squares = k[:, None] ** 2 + half**2
    hill = np.exp(-8 * (np.sin((x[:, None] - 3) / 2) ** 2 + np.sin((x - 3) / 2) ** 2))

    def other(w):
        u, v = np.fft.irfft2(w, (count, count))
        out = np.fft.rfft2(np.stack([-u * v**2, u * v**2]))
        out[0, 0, 0] += count**2 / 25
        return out

    linear = np.stack([-squares / 500 - 1 / 25, -squares / 1000 - 1 / 10])
    start = np.fft.rfft2(np.stack([1 - hill / 2, hill / 2]))
    return x, np.fft.irfft2(march(linear, other, start, time / steps, steps), (count, count))
