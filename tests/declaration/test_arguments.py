"""Coefficients of some of the coordinates: what they may be bound to, and what data of fewer axes mean."""

import numpy as np
import pytest
from sympy import Eq, Function, Interval, Symbol, sin

from inrpde import GridField, Learned, Mesh, MeshField, On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.declaration.arguments import check_arguments, whole
from inrpde.discretise.jets import evaluate_jets
from inrpde.discretise.state import zero_state
from inrpde.discretise.system import linearise
from inrpde.errors import ProblemError
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Global, make_trials

space = Space("x y", time="t")
x, y, t = space.coords
u = space.unknown("u")
omega = Region(space, Interval(0, 2) * Interval(0, 1) * Interval(0, 3))
X, Y, T = np.linspace(0, 2, 9), np.linspace(0, 1, 7), np.linspace(0, 3, 5)
POINTS = np.random.default_rng(0).uniform((0, 0, 0), (2, 1, 3), (50, 3))
JETS = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (1, 1, 0)]


def bound(a, value):
    return Problem("p", [u], [On(omega, Eq(space.dt(u), a)), On(omega.initial, Eq(u, 0))], {a: value})


def test_a_coefficient_is_of_the_coordinates_in_their_order():
    assert space.coefficient("a").args == (x, y, t)
    assert space.coefficient("a", of=(t, x)).args == (x, t)
    assert space.coefficient("a", of=y).args == (y,)
    assert space.coefficient("a", of=x, positive=True).is_positive


@pytest.mark.parametrize(
    ("of", "said"),
    [(Symbol("z"), "cannot depend on z"), ((), "cannot depend on nothing"), ((x, 3), "cannot depend on 3")],
)
def test_what_is_no_coordinate_is_refused(of, said):
    with pytest.raises(ProblemError, match=said) as caught:
        space.coefficient("a", of=of)
    assert 'coefficient("a", of=' in caught.value.where
    assert "x, y, t" in caught.value.fix


@pytest.mark.parametrize("arguments", [(y, x), (x, x), (x, Symbol("z")), (x + 1,), (x, y, t, x)])
def test_arguments_that_are_not_some_of_the_coordinates_are_refused(arguments):
    a = Function("a", real=True)(*arguments)
    with pytest.raises(ProblemError, match="not some of the coordinates x, y, t") as caught:
        bound(a, Learned(1.0))
    assert 'space.coefficient("a", of=(…))' in caught.value.fix


def test_an_expression_of_another_coordinate_is_refused():
    a = space.coefficient("a", of=(x, y))
    assert bound(a, x * sin(y))
    with pytest.raises(ProblemError, match="of x, y alone, and its expression holds t") as caught:
        bound(a, x * sin(t))
    assert "leave t out" in caught.value.fix
    assert bound(space.coefficient("a"), x * sin(t))


def test_a_mesh_lies_in_all_of_space():
    mesh = Mesh.of(space, np.array([[0, 0], [2, 0], [2, 1], [0, 1.0]]), {"triangle": np.array([[0, 1, 2], [0, 2, 3]])})
    field = MeshField(mesh, np.arange(4.0))
    check_arguments(space, space.coefficient("a", of=(x, y)), field, set(), "here")
    with pytest.raises(ProblemError, match="the mesh lies in x, y"):
        check_arguments(space, space.coefficient("a", of=(x, t)), field, set(), "here")


VALUES = {
    "x": ((x,), np.sin(X), (X,)),
    "y": ((y,), np.exp(Y), (Y,)),
    "t": ((t,), np.cos(T), (T,)),
    "x y": ((x, y), np.outer(np.sin(X), np.exp(Y)), (X, Y)),
    "x t": ((x, t), np.outer(np.sin(X), np.cos(T)), (X, T)),
}


@pytest.mark.parametrize("method", ["cubic", "linear", "nearest"])
@pytest.mark.parametrize("case", VALUES)
def test_data_of_fewer_axes_are_those_that_do_not_vary_along_the_others(case, method):
    of, values, axes = VALUES[case]
    key = space.coefficient("a", of=of)
    made = whole(key, GridField(values, axes, method=method), [omega])
    shape = [len(axis) if each in of else 1 for each, axis in zip((x, y, t), (X, Y, T), strict=True)]
    full = np.broadcast_to(values.reshape(shape), (len(X), len(Y), len(T)))
    expected = GridField(full, (X, Y, T), method=method)
    found, there = made.jets(POINTS, JETS), expected.jets(POINTS, JETS)
    for index in JETS:
        assert found[index] == pytest.approx(there[index], abs=1e-10)
    assert made.covers(*omega.bounds)


def test_axes_go_by_their_names():
    key = space.coefficient("a", of=(x, t))
    turned = GridField(np.outer(np.cos(T), np.sin(X)), (T, X), names=("t", "x"))
    plain = GridField(np.outer(np.sin(X), np.cos(T)), (X, T))
    found, expected = (whole(key, each, [omega]).jets(POINTS, JETS[:4]) for each in (turned, plain))
    assert all(np.array_equal(found[index], expected[index]) for index in JETS[:4])


def test_data_of_all_axes_stay_as_they_are():
    given = GridField(np.ones((9, 7, 5)), (X, Y, T))
    assert whole(space.coefficient("a"), given, [omega]) is given
    assert whole(space.coefficient("a", of=x), given, [omega]) is given


def test_data_that_do_not_reach_as_far_as_the_domain_are_refused():
    a = space.coefficient("a", of=x)
    with pytest.raises(ProblemError):
        bound(a, GridField(np.sin(X[:5]), (X[:5],)))
    assert bound(a, GridField(np.sin(X), (X,))).coefficients[a].values.shape == (9, 2, 2)


def test_equations_are_the_same_whether_data_have_an_axis_more():
    samples, made = None, []
    for of, values, axes in ((x, np.sin(X), (X,)), (None, np.tile(np.sin(X)[:, None, None], (1, 7, 5)), (X, Y, T))):
        form = compile_problem(bound(space.coefficient("a", of=of), GridField(values, axes)))
        samples = samples or draw(form, 40, 0)
        state = zero_state(form, tuple(make_trials(form, Global(20, (3.0,) * 3), 0)))
        made.append(linearise(form, samples, state, evaluate_jets(form, samples, state)).right)
    assert np.abs(made[0]).max() > 0.1
    assert made[0] == pytest.approx(made[1], abs=1e-10)
