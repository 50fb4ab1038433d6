"""The classical side: Chebyshev collocation (Trefethen, Spectral Methods in MATLAB), in time as a method of lines.

Steady linear problems are solved by diagonalising each coordinate. In time what is linear has the exact exponentials
and cosines of the modes; Burgers' front, which is periodic, is a Fourier series with scipy's `DOP853`. Degrees are
chosen by the errors, which are below 1e-11, on Burgers' front below 1e-9.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce

import numpy as np
from chebyshev import differentiation
from scipy.integrate import solve_ivp
from sympy import Expr, Symbol, lambdify
from zoo.time.spectral import Box, chebyshev
from zoo.traps.known import Known

Array = np.ndarray
Answer = Callable[[Array], Array]
Function = Callable[..., Array]


def lagrange(n: int) -> Function:
    """Values (N, n + 1) of the polynomials that are 1 at one of the n + 1 Chebyshev points of [0, 1]."""
    fit = np.linalg.inv(np.polynomial.chebyshev.chebvander(2 * differentiation(n)[0] - 1, n))
    return lambda x: np.polynomial.chebyshev.chebvander(2 * x - 1, n) @ fit


def contracted(values: Array, bases: Sequence[Array]) -> Array:
    """Values (N, n, …) times a basis (N, n) for each coordinate, summed over all but N: (N, 1)."""
    for basis in bases:
        values = np.einsum("ni,ni...->n...", basis, values)
    return values[:, None]


def interpolated(values: Array) -> Answer:
    """Values at the Chebyshev points of the unit cube (n + 1, …), elsewhere."""
    basis = lagrange(len(values) - 1)

    def answer(points: Array) -> Array:
        return contracted(np.broadcast_to(values, (len(points), *values.shape)), [basis(x) for x in points.T])

    return answer


def along(matrix: Array, values: Array, axis: int) -> Array:
    return np.moveaxis(np.moveaxis(values, axis, -1) @ matrix.T, -1, axis)


def steady(source: Function, given: Function, shift: float, dimension: int, n: int) -> Answer:
    """-Δu - shift u = source in the unit cube, u = given on its boundary."""
    nodes, slope = differentiation(n)
    second = slope @ slope
    grid = np.meshgrid(*[nodes] * dimension, indexing="ij")
    inner = (slice(1, -1),) * dimension
    values = given(*grid)
    values[inner] = 0
    right = (source(*grid) + sum(along(second, values, k) for k in range(dimension)))[inner]
    rates, modes = np.linalg.eig(second[1:-1, 1:-1])
    rates, modes = rates.real, modes.real  # both are real (Gottlieb, Lustman 1983)
    for k in range(dimension):
        right = along(np.linalg.inv(modes), right, k)
    right /= -reduce(np.add.outer, [rates] * dimension) - shift
    for k in range(dimension):
        right = along(modes, right, k)
    values[inner] = right
    return interpolated(values)


def cubic(source: Function, n: int) -> Answer:
    """-Δu + u³ = source in the unit square, u = 0 on its boundary: Newton's method from 0."""
    nodes, slope = differentiation(n)
    second, one = (slope @ slope)[1:-1, 1:-1], np.eye(n - 1)
    minus_laplace = -np.kron(second, one) - np.kron(one, second)
    right = source(*np.meshgrid(nodes[1:-1], nodes[1:-1], indexing="ij")).ravel()
    u = np.zeros(len(right))
    for _ in range(20):
        step = np.linalg.solve(minus_laplace + np.diag(3 * u**2), right - minus_laplace @ u - u**3)
        u += step
        if np.linalg.norm(step) < 1e-12 * np.linalg.norm(u):
            break
    return interpolated(np.pad(u.reshape(n - 1, n - 1), 1))


def modal(start: Function, speeds: Sequence[float], sides: Sequence[float], n: int, in_time: Function) -> Answer:
    """Σ speeds ∂² on a box from the origin, zero on its boundary: each mode follows `in_time(rate, t)`."""
    box = Box([chebyshev(0, side, n) for side in sides])
    heads = box.analysed(start(*box.nodes)[None])[0]
    rates = reduce(np.add.outer, [speed * axis.rates for speed, axis in zip(speeds, box.axes, strict=True)])

    def answer(points: Array) -> Array:
        *place, t = points.T
        bases = [axis.basis(x, 0) for axis, x in zip(box.axes, place, strict=True)]
        return contracted(heads * in_time(rates, t.reshape(-1, *[1] * rates.ndim)), bases)

    return answer


def wave(rates: Array, t: Array) -> Array:
    """From rest."""
    return np.cos(np.sqrt(-rates) * t)


def decay(rates: Array, t: Array) -> Array:
    return np.exp(rates * t)


def burgers(nu: float, half: int, tol: float = 1e-11) -> Answer:
    """From -sin πx to time 1, periodic on [-1, 1], with waves up to `half`; in time by Dormand and Prince's method."""
    nodes, slope = np.arange(2 * half) / half - 1, 1j * np.pi * np.arange(half + 1)

    def rate(_: float, u: Array) -> Array:
        waves = np.fft.rfft(u)
        return np.fft.irfft(nu * slope**2 * waves) - u * np.fft.irfft(slope * waves)

    run = solve_ivp(rate, (0, 1), -np.sin(np.pi * nodes), "DOP853", dense_output=True, rtol=tol, atol=tol)

    def answer(points: Array) -> Array:
        place, time = points.T
        waves = np.fft.rfft(run.sol(time), axis=0) / half
        waves[0] /= 2
        return np.einsum("kn,nk->n", waves, np.exp(np.outer(place + 1, slope))).real[:, None]

    return answer


STEADY = {"poisson5": (0.0, 10), "helmholtz": (100.0, 24), "mixed": (0.0, 32), "cubic": (0.0, 18)}
"""The shift, and the degree along each coordinate."""
MODAL = {
    "string": ((4.0,), (1.0,), 40, wave),
    "membrane": ((1.0, 2.0), (1.0, 1.0), 24, wave),
    "rod": ((4 / np.pi**2,), (12.0,), 48, decay),
}
NAMES = (*STEADY, *MODAL, "burgers")


def function(coords: Sequence[Symbol], expr: Expr) -> Function:
    compiled = lambdify(coords, expr, "numpy")
    return lambda *at: compiled(*at) + np.zeros(np.shape(at[0]))


def prepared(name: str, known: Known) -> Callable[[], Answer]:
    """The solve, from the data as functions of numpy."""
    if name == "burgers":
        return partial(burgers, 0.01, 256)
    coords = known.problem.space.coords
    [solution] = known.exact[0].values()
    given = function(coords, solution)
    if name in MODAL:
        return partial(modal, lambda *place: given(*place, np.zeros_like(place[0])), *MODAL[name])
    minus_laplace = -sum(solution.diff(x, 2) for x in coords)
    shift, n = STEADY[name]
    if name == "cubic":
        return partial(cubic, function(coords, minus_laplace + solution**3), n)
    return partial(steady, function(coords, minus_laplace - shift * solution), given, shift, len(coords), n)


def warm() -> None:
    """Nothing is loaded late."""
