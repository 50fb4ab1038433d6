"""Full-waveform inversion: squared slowness from sources, receivers and several frequencies."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse.linalg import LinearOperator, gmres
from scipy.special import hankel1 as hankel
from scipy.special import jv
from sympy import Eq, Expr, I, Rational, exp, hankel1, lambdify, sqrt, symbols

from inrpde import Ball, Learned, On, Points, Problem, Space

x, y = COORDS = symbols("x y", real=True)
MEDIUM = 1 + (4 * exp(-20 * ((x - 0.2) ** 2 + (y - 0.1) ** 2)) - 3 * exp(-20 * ((x + 0.2) ** 2 + (y + 0.15) ** 2))) / 10
"""The squared slowness that is sought; it is 1 outside of the unit disk."""


def ring(count: int, radius: float) -> np.ndarray:
    """So many places (N, 2) on a circle."""
    angles = 2 * np.pi * (np.arange(count) + 0.5) / count
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])


def scattered(k: float, sources: np.ndarray, receivers: np.ndarray, nodes: int = 72) -> np.ndarray:
    """What the medium adds in free space to the waves of point sources, at receivers: (sources, receivers).

    It is k² ∫ G(· - y) (m - 1) u dy, with u of Lippmann and Schwinger's equation, on a grid of the square; convolutions
    by Fourier transforms of the kernel that is cut where it is not felt (Vico, Greengard and Ferrando 2016)."""
    h, reach, shape = 2 / nodes, 3.0, (4 * nodes, 4 * nodes)
    axis = h * (np.arange(nodes) + 0.5) - 1
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    contrast = lambdify(COORDS, MEDIUM - 1)(*points.T)
    wave = 2 * np.pi * np.fft.fftfreq(shape[0], h)
    s = np.hypot(wave[:, None], wave)
    bent = s * jv(1, reach * s) * hankel(0, reach * k) - k * jv(0, reach * s) * hankel(1, reach * k)
    kernel = (1 + 0.5j * np.pi * reach * bent) / (s**2 - k**2)

    def spread(density: np.ndarray) -> np.ndarray:
        made = np.fft.ifft2(kernel * np.fft.fft2(density.reshape(nodes, nodes), shape))
        return made[:nodes, :nodes].ravel()

    medium = LinearOperator((len(points),) * 2, lambda u: u - k**2 * spread(contrast * u), dtype=complex)
    towards = 0.25j * hankel(0, k * np.linalg.norm(receivers[:, None] - points, axis=-1))
    found = []
    for source in sources:
        incident = 0.25j * hankel(0, k * np.linalg.norm(points - source, axis=-1))
        total, _ = gmres(medium, incident, rtol=1e-8)
        found.append(k**2 * h**2 * towards @ (contrast * total))
    return np.array(found)


def readings(
    frequencies: Sequence[float], sources: np.ndarray, receivers: np.ndarray, noise: float, seed: int
) -> Iterator[tuple[np.ndarray, float]]:
    """For each frequency the noisy readings (sources, receivers), and the standard deviation of both their parts."""
    rng = np.random.default_rng(seed)
    for k in frequencies:
        values = scattered(k, sources, receivers)
        size = noise * float(np.sqrt(np.mean(np.abs(values) ** 2) / 2))
        yield values + size * (rng.standard_normal(values.shape) + 1j * rng.standard_normal(values.shape)), size


def problem(
    frequencies: Sequence[float] = (3, 5, 7), sources: int = 4, receivers: int = 24, noise: float = 0.01, seed: int = 0
) -> Problem:
    """`frequencies` are wavenumbers outside; so many point sources lie on a circle of radius 2, and receivers on one
    of radius 0.9; `noise` is relative to the root mean square of the readings at a frequency."""
    space = Space("x y")
    m = space.coefficient("m", positive=True)
    radius = Rational(5, 4)
    disk, whole = Ball(space, (0, 0), 1), Ball(space, (0, 0), radius)
    rim = whole - disk
    emitting, hearing = ring(sources, 2.0), ring(receivers, 0.9)
    unknowns, conditions = [], [On(disk.boundary, Eq(m, 1))]

    def turned(u: Expr) -> Expr:  # the derivative by the angle
        return x * u.diff(y) - y * u.diff(x)

    for k, (read, _) in zip(frequencies, readings(frequencies, emitting, hearing, noise, seed), strict=True):
        for number, (place, values) in enumerate(zip(emitting, read, strict=True)):
            u = space.unknown(f"u_{k}_{number}", complex=True)  # what the medium adds to the wave
            wave = I / 4 * hankel1(0, k * sqrt((x - place[0]) ** 2 + (y - place[1]) ** 2))
            outwards, around = (x * u.diff(x) + y * u.diff(y)) / radius, turned(turned(u)) / radius**2
            absorbed = around + (2 * k**2 + 3 * I * k / radius - Rational(3, 4) / radius**2) * u
            sensors = Points(space, hearing, {"u": values})
            unknowns.append(u)
            conditions += [
                On(disk, Eq(space.laplace(u) + k**2 * m * u, k**2 * (1 - m) * wave)),
                On(rim, Eq(space.laplace(u) + k**2 * u, 0)),
                On(whole.boundary, Eq((2 / radius - 2 * I * k) * outwards, absorbed)),  # Bayliss and Turkel 1980
                On(sensors, Eq(u, sensors["u"])),
            ]
    return Problem("inversion", unknowns, conditions, {m: Learned(1.0, bounds=(0.2, 5))}, exact={m: MEDIUM})
