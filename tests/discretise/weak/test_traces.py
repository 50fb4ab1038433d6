"""What holds on faces: harmonic weights, values, fluxes and both, components, pressures, and what does not fit."""

import numpy as np
import pytest
from sympy import Eq, Interval, Matrix, Piecewise, eye

from inrpde import On, Region, Space
from inrpde.discretise.weak.traces import PENALTY, Unfit, conditions, face_terms, facing, traces
from tests.discretise.weak.forms import flux_of, grouped, on_boxes, standing

space = Space("x y")
x, y = space.coords
u, v, p = space.unknowns("u v p")
n = Matrix(list(space.normal))
square = Region(space, Interval(0, 2) * Interval(0, 1))
left, right = square.face(x, 0), square.face(x, 2)
U = Matrix([u, v])
STRAIN = (space.grad(U) + space.grad(U).T) / 2
STRESS = 2 * STRAIN + STRAIN.trace() * eye(2)
STOKES = [
    On(square, Eq(-space.laplace(u) + p.diff(x), 0)), On(square, Eq(-space.laplace(v) + p.diff(y), 0)),
    On(square, Eq(u.diff(x) + v.diff(y), 0)), On(square.boundary - right, U),
]  # fmt: skip


def poisson(*boundary, a=1):
    return flux_of([u], [On(square, Eq(-space.div(a * space.grad(u)), 0)), *boundary])


def on(flux, region, inner=False):
    """The terms of the group of faces on a region, with constants 2, or of those between two cells, with 2 and 20."""
    made = standing(flux, on_boxes(flux, size=1.0), 1 if len(flux.form.unknowns) < 3 else (1, 1, 0))
    zero = np.zeros(made.columns.width)
    for group in grouped(made):
        if (len(group.sides) == 2) == inner and region.contains(group.points[0]).all():
            found = traces(flux, facing(group, made.columns), made.columns, zero)
            held = conditions(flux, found)
            constants = [2.0, 20.0] if inner else [2.0] * len(found.traces)
            return found, held, face_terms(found, held, np.tile(constants, (len(group.points), 1)))
    raise AssertionError("no such faces")


def test_between_materials_the_average_is_weighted_and_the_penalty_harmonic():
    flux = poisson(On(square.boundary, u), a=Piecewise((1, x < 1), (100, True)))
    found, held, terms = on(flux, square, inner=True)
    one, other = found.traces
    a, b = found.slots[0, 0], found.slots[1, 0]
    assert np.allclose(terms.slopes[..., a, a + 1 : a + 3], 20 / 22 * one.slopes[..., a + 1 : a + 3])
    assert np.allclose(terms.slopes[..., a, b + 1 : b + 3], -2 / 22 * other.slopes[..., b + 1 : b + 3])
    assert np.allclose(np.swapaxes(terms.slopes, 2, 3), terms.slopes)
    harmonic = PENALTY * 2 * 20 / 22
    for row, column, sign in ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1)):
        assert np.allclose(terms.slopes[..., row, column], sign * harmonic)
    assert held.fast.shape[2] == held.given.shape[2] == 1
    assert not terms.lacking.any()
    conductivities = sorted(float(np.abs(t.slopes).max()) for t in found.traces)
    assert conductivities == pytest.approx([1, 100])


def test_a_value_is_held_by_a_penalty_and_the_flux_stays():
    found, _, terms = on(poisson(On(left, Eq(u, 5)), On(square.boundary - left, u)), left)
    (trace,) = found.traces
    a = found.slots[0, 0]
    assert np.allclose(terms.slopes[..., a, a], 2 * PENALTY)
    assert np.allclose(terms.values[..., a], -5 * 2 * PENALTY)
    assert np.allclose(terms.slopes[..., a, 1:3], trace.slopes[..., 1:3])
    assert np.allclose(terms.values[..., 1:3], -5 * trace.slopes[..., 1:3])  # the adjoint


@pytest.mark.parametrize("factor", [1, -7])
def test_a_robin_condition_takes_the_place_of_the_flux(factor):
    robin = On(left, Eq(factor * (4 * space.dn(u) + 3 * u), factor * 5))
    found, held, terms = on(poisson(robin, On(square.boundary - left, u), a=4), left)
    a = found.slots[0, 0]
    wanted = np.zeros((3, 3))
    wanted[a, a] = 3
    assert np.allclose(terms.slopes, wanted)
    assert np.allclose(terms.values, [-5, 0, 0])
    assert not held.fast.size
    assert not terms.lacking.any()


def test_a_roller_holds_the_normal_component_alone():
    t = Matrix([-n[1], n[0]])
    roller = [On(left, Eq(U.dot(n), 0)), On(left, Eq((STRESS * n).dot(t), 3))]
    flux = flux_of([u, v], [On(square, Eq(space.div(STRESS), Matrix([0, 0]))), *roller, On(square.boundary - left, U)])
    found, held, terms = on(flux, left)
    a, b = found.slots[0, 0], found.slots[0, 1]
    assert not terms.lacking.any()
    assert held.fast.shape[2] == held.given.shape[2] == 1
    assert np.allclose(terms.slopes[..., a, a], 2 * PENALTY)
    assert np.allclose(terms.slopes[..., b, :], 0)  # its flux is given
    assert np.allclose(np.abs(terms.values[..., b]), 3)
    assert np.allclose(terms.values[..., a], 0)


def test_a_pressure_that_is_given_is_put_into_the_flux():
    outlet = [On(right, Eq(p, 7)), On(right, Eq(space.dn(u), 0)), On(right, Eq(v, 0))]
    found, held, terms = on(flux_of([u, v, p], [*STOKES, *outlet]), right)
    pressure = found.slots[0, 2]
    assert not terms.lacking.any()
    assert np.allclose(held.given_slopes[..., pressure], 0)
    assert np.allclose(terms.slopes[..., found.slots[0, 0], :], 0)
    assert np.allclose(np.abs(terms.values[..., found.slots[0, 0]]), 7)


def test_a_traction_at_an_outlet_is_a_flux():
    outlet = [On(right, Eq(space.dn(u) - p * n[0], 2)), On(right, Eq(space.dn(v) - p * n[1], 0))]
    found, held, terms = on(flux_of([u, v, p], [*STOKES, *outlet]), right)
    assert not terms.lacking.any()
    assert not held.fast.size
    assert np.allclose(terms.slopes, 0)
    assert np.allclose(np.abs(terms.values[..., found.slots[0, 0]]), 2)


def test_where_conditions_are_too_few_that_is_told_and_nothing_goes_through():
    terms = on(poisson(On(left, u)), right)[2]
    assert terms.lacking.all()
    assert not terms.slopes.any()
    assert not terms.values.any()
    flux = flux_of([u, v], [On(square, Eq(space.div(STRESS), Matrix([0, 0]))), On(left, U), On(right, v)])
    assert on(flux, right)[2].lacking.all()
    assert not on(flux, left)[2].lacking.any()


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (On(right, Eq(u.diff(y), 0)), "neither on the values nor on the fluxes"),
        (On(right, Eq(u, p)), "ties what has a flux to what has none"),
    ],
)
def test_what_does_not_fit_is_told(condition, why):
    with pytest.raises(Unfit, match=why):
        on(flux_of([u, v, p], [*STOKES, condition, On(right, Eq(v, 0))]), right)


def test_a_condition_on_an_unknown_that_lives_elsewhere_is_told():
    part = Region(space, Interval(0, 1) * Interval(0, 1))
    w = space.unknown("w", on=part)
    flux = flux_of([u, w], [
        On(square, Eq(space.laplace(u), 0)), On(part, Eq(space.laplace(w), 0)), On(part.boundary, w),
        On(right, Eq(w + u, 0)),
        On(square.boundary - right, u),
    ])  # fmt: skip
    with pytest.raises(Unfit, match="w does not live"):
        on(flux, right)
