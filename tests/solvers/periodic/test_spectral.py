"""The equations of modes: what they leave of known fields, their factors, and what is taken on a grid."""

import numpy as np
import pytest
from sympy import Eq, cos, sin

from inrpde import GridField
from inrpde.solvers.periodic.modes import Modes
from inrpde.solvers.periodic.spectral import Equations, Spectral
from tests.solvers.lines.problems import residual
from tests.solvers.periodic.problems import (
    advection,
    burgers,
    cubic,
    line,
    made,
    parts,
    schroedinger,
    separating,
    vortices,
    wave,
)

RNG = np.random.default_rng(0)


def system(problem, most=20):
    equations, _ = parts(problem)
    space = equations.form.space
    real = equations.form.arithmetic != "complex"
    dim = len(space.spatial)
    return Spectral(equations, Modes(np.zeros(dim), np.full(dim, 2 * np.pi), (most,) * dim, real))


def state(of, known, time, h=1e-4):
    """The vector of known fields, functions of the nodes and the time, its rate and its second derivative."""
    at = np.meshgrid(*of.modes.axes, indexing="ij")
    fields = [np.stack([f(*at, time + shift) for f in known]) for shift in (-h, 0, h)]
    base = np.reshape(of.equations.base, (-1, *[1] * len(at)))
    before, now, after = fields
    kinds = [now - base, (after - before) / (2 * h), (after - 2 * now + before) / h**2]
    return [of.vector(of.modes.spectra(each)) for each in kinds]


def left(of, known, time=0.3):
    y, rate, second = state(of, known, time)
    orders = of.orders
    found = residual(of, time, y, np.where(orders > 0, rate, 0), np.where(orders == 2, second, 0))
    return np.max(of.sizes(found))


@pytest.mark.parametrize(
    ("problem", "known", "precise"),
    [
        (advection()[0], [lambda x, t: np.exp(np.sin(x - t))], 1e-7),
        (wave()[0], [lambda x, t: np.cos(x) * np.cos(2 * t) + np.sin(2 * x - t)], 1e-5),
        (schroedinger()[0], [lambda x, t: np.exp(1j * (t + np.cos(x)))], 1e-7),
        (
            cubic()[0],
            [lambda x, t: np.cos(2 * x - 1.75 * t) / 2, lambda x, t: np.sin(2 * x - 1.75 * t) / 2],
            1e-7,
        ),
        (
            vortices()[0],
            [
                lambda x, y, t: np.sin(x) * np.cos(y) * np.exp(-t / 10),
                lambda x, y, t: -np.cos(x) * np.sin(y) * np.exp(-t / 10),
                lambda x, y, t: (np.cos(2 * x) + np.cos(2 * y)) * np.exp(-t / 5) / 4,
            ],
            1e-7,
        ),
    ],
    ids=["advection", "wave", "schroedinger", "cubic", "vortices"],
)
def test_known_solutions_leave_nothing_and_others_something(problem, known, precise):
    of = system(problem, 12)
    assert left(of, known) < precise
    assert left(of, [lambda *at, f=f: 1.01 * f(*at) + 0.01 * np.cos(at[0]) for f in known]) > 1e-3


@pytest.mark.parametrize("scale", [0.03, 0.02 + 0.05j])
@pytest.mark.parametrize("problem", [advection()[0], vortices()[0], separating(), cubic()[0], schroedinger()[0]])
def test_factors_invert_the_equations_at_a_constant_state(problem, scale):
    of = system(problem, 5)
    still, lower, size = np.zeros(len(of.orders), of.vector(np.zeros(of.shape, complex)).dtype), of.orders > 0, 1e-6
    begun = residual(of, 0.0, still, still, still)

    def applied(w):
        """What the factor is of, by differences: nonlinear terms vanish with the size."""
        values, rates = np.where(lower, w, 0.0), np.where(lower, 0.0, w)
        by_values = residual(of, 0.0, size * values, still, still)
        by_rates = residual(of, 0.0, size * rates, size * values, still)
        return (scale * (by_values - begun) + by_rates - begun) / size

    parts_ = [RNG.standard_normal((of.shape[0], *of.modes.grid)) for _ in range(2)]
    w, other = (of.vector(of.modes.spectra(each)) for each in parts_)
    right = applied(w)
    if np.iscomplexobj(scale):
        w, right = w + 1j * other, right + 1j * applied(other)
    found = of.factorised(0.0, still, still, still, scale)(right)
    for part in (np.real, np.imag):
        missed = np.array(of.spectra(part(found - w)) if of.modes.real else of.spectra(found - w))
        if of.shape[0] == 3:
            missed[2][(0,) * len(of.modes.shape)] = 0  # the mean of the pressure is open
        if of.equations.exact or of.equations.form.arithmetic != "complex":
            assert np.max(np.abs(missed)) < 1e-4


def test_a_factor_of_coefficients_that_vary_is_that_of_their_means():
    of = system(wave()[0])
    still = np.zeros(len(of.orders))
    right = of.vector(of.modes.spectra(RNG.standard_normal((1, *of.modes.grid))))
    found = of.spectra(of.factorised(0.0, still, still, still, 0.1)(right))
    mean = 1 + 1 / 8  # of (1 + sin(x) / 2)²
    assert np.allclose(found * (1 + 0.01 * mean * of.modes.frequencies[0] ** 2), of.spectra(right), atol=1e-12)


def test_terms_with_constant_coefficients_need_no_grid():
    equations, _ = parts(burgers())
    assert {term.index for term in equations.terms} == {(0, 1), (2, 0)}
    assert {jet.index for jet in equations.jets[0].values()} == {(0, 0), (1, 0)}
    assert not equations.steady
    assert parts(wave()[0])[0].steady


def test_data_on_grids_are_coefficients():
    space, x, t, u, omega = line()
    a = space.coefficient("a")
    axes = [np.linspace(0, 2 * np.pi, 200), np.linspace(0, 1, 4)]
    data = GridField(np.repeat(2 + np.cos(axes[0])[:, None], 4, axis=1), axes)
    equation = Eq(u.diff(t), a * u.diff(x, 2))
    problem = made(space, [u], omega, [equation], [Eq(u, sin(x))], coefficients={a: data})
    plain = made(space, [u], omega, [Eq(u.diff(t), (2 + cos(x)) * u.diff(x, 2))], [Eq(u, sin(x))])
    one, two = system(problem), system(plain)
    y, rate, second = state(one, [lambda x, t: np.sin(x - t)], 0.2)
    found = [residual(of, 0.2, y, rate, 0 * second) for of in (one, two)]
    assert np.allclose(*found, atol=1e-6)
    assert np.max(np.abs(found[1])) > 0.1


def test_several_times_together_are_those_one_by_one():
    of = system(wave()[0])
    times = np.array([0.1, 0.4])
    y, rate, second = RNG.standard_normal((3, 2, len(of.orders)))
    together = of.residuals(times, y, rate, second)
    each = [residual(of, *args) for args in zip(times, y, rate, second, strict=True)]
    assert np.allclose(together, each)


def test_a_row_of_complex_values_is_two_equations_of_real_unknowns():
    equations, initial = parts(cubic()[0])
    assert isinstance(equations, Equations)
    assert [part.imaginary for part in equations.parts] == [False, True]
    assert len(initial.parts) == 2
    assert equations.base == (0.0, 0.0)
