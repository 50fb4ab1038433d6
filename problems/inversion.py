"""Full-waveform inversion: squared slowness from sources, receivers and several frequencies, in an absorbing layer."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse.linalg import LinearOperator, gmres
from scipy.special import hankel1 as hankel
from scipy.special import jv
from sympy import Abs, Eq, Expr, I, Interval, Max, Rational, diag, exp, hankel1, lambdify, sqrt, symbols

from inrpde import Learned, On, Points, Problem, Region, Space

x, y = symbols("x y", real=True)
MEDIUM = 1 + Rational(2, 5) * exp(-((x - 0.25) ** 2 + (y - 0.2) ** 2) / 0.08) - Rational(3, 10) * exp(
    -((x + 0.3) ** 2 + (y + 0.25) ** 2) / 0.08
)
"""The squared slowness that is sought; it is 1 outside of the square [-1, 1]²."""


def ring(count: int, radius: float) -> np.ndarray:
    """So many places (N, 2) on a circle."""
    angles = 2 * np.pi * (np.arange(count) + 0.5) / count
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])


def scattered(k: float, sources: np.ndarray, receivers: np.ndarray, nodes: int = 80) -> np.ndarray:
    """What the medium adds to the waves of point sources, at receivers, (sources, receivers), in free space.

    It is k² ∫ G(· - y) (m - 1) u dy, with u of Lippmann and Schwinger's equation, on a grid of the square; convolutions
    by Fourier transforms of the kernel that is cut where it is not felt (Vico, Greengard and Ferrando 2016)."""
    h, reach, shape = 2 / nodes, 3.0, (4 * nodes, 4 * nodes)
    axis = h * (np.arange(nodes) + 0.5) - 1
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    contrast = lambdify((x, y), MEDIUM - 1)(*points.T)
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


def problem(
    frequencies: Sequence[float] = (3, 5, 7), sources: int = 4, receivers: int = 24, noise: float = 0.01, seed: int = 0
) -> Problem:
    """Wavenumbers outside, how many point sources lie on a circle beyond the layer and how many receivers on one in the
    square; `noise` is relative to the root mean square of the readings at a frequency."""
    space = Space("x y")
    m = space.coefficient("m", positive=True)
    omega, square = (Region(space, Interval(-r, r) ** 2) for r in (Rational(3, 2), 1))
    layer = omega - square
    heard, places = ring(receivers, 0.9), ring(sources, 2.0)
    rng = np.random.default_rng(seed)
    unknowns, conditions = [], [On(square.boundary, Eq(m, 1))]

    def stretch(z: Expr, k: float) -> Expr:  # absorbing in the layer
        return 1 + I * Rational(24, k) * (2 * Max(Abs(z) - 1, 0)) ** 3

    for k in frequencies:
        sx, sy = (stretch(each, k) for each in space.coords)
        readings = scattered(k, places, heard)
        size = noise * np.sqrt(np.mean(np.abs(readings) ** 2) / 2)
        readings = readings + size * (rng.standard_normal(readings.shape) + 1j * rng.standard_normal(readings.shape))
        for number, (place, values) in enumerate(zip(places, readings, strict=True)):
            u = space.unknown(f"u_{k}_{number}", complex=True)
            incident = I / 4 * hankel1(0, k * sqrt((x - place[0]) ** 2 + (y - place[1]) ** 2))
            sensors = Points(space, heard, {"u": values})
            flux = diag(sy / sx, sx / sy) * space.grad(u)
            unknowns.append(u)
            conditions += [
                On(square, Eq(space.laplace(u) + k**2 * m * u, k**2 * (1 - m) * incident)),
                On(layer, Eq(space.div(flux) + k**2 * sx * sy * u, 0)),
                On(omega.boundary, Eq(u, 0)),
                On(sensors, Eq(u, sensors["u"])),
            ]
    return Problem("inversion", unknowns, conditions, {m: Learned(1.0, bounds=(0.2, 5))}, exact={m: MEDIUM})
