"""The linearised system against differences of the residuals, for every kind of equation."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from sympy import Abs, I, Interval, Matrix, exp, sin

from inrpde import GridField, Learned, On, Periodic, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.discretise.jets import evaluate_jets, integral_values, no_jets, residuals
from inrpde.discretise.state import zero_state
from inrpde.discretise.system import System, linearise, piece_slices
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Cells, Global, make_trials
from inrpde.solvers.linear.dense import ridge_solve
from inrpde.solvers.search.cost import nominal

space = Space("x y")
x, y = space.coords
u, v = space.unknowns("u v")
w = space.unknown("w", complex=True)
a, nu = space.coefficient("a"), space.parameter("nu")
omega = Region(space, Interval(0, 2) * Interval(0, 1))
walls, left = omega.boundary, omega.face(x, 0)
sensors = Points(space, np.array([[0.5, 0.5], [1.5, 0.2]]), {"reading": np.array([1.0, 2.0])})
grid = GridField(np.outer(np.linspace(1, 2, 9), np.linspace(1, 3, 7)), (np.linspace(0, 2, 9), np.linspace(0, 1, 7)))
ONE, CELLS = Global(30, (4.0, 3.0)), Cells(((0, 0.4, 1), (0, 0.5, 1)), 15, (4.0, 4.0))

LINEAR = {
    "flux": ([u], [On(omega, space.div(exp(x) * space.grad(u)) - x), On(walls, u - y)], {}),
    "normals": ([u], [On(omega, space.laplace(u)), On(walls, space.dn(u) + u - 1)], {}),
    "data": ([u], [On(omega, space.div(a * space.grad(u)) - a)], {a: grid}),
    "labels": ([u], [On(omega, space.laplace(u)), On(sensors, u - sensors["reading"])], {}),
    "systems": ([u, v], [On(omega, Matrix([u.diff(x) - v, v.diff(y) + u - 1])), On(walls, u - v)], {}),
    "periodic": ([u], [On(omega, u.diff(x, 2) + u - sin(y)), On(left, Periodic(u, x))], {}),
    "integrals": (
        [u],
        [On(omega, u - 2 * omega.mean(x * u) + omega.integral(1)), On(omega, omega.integral(u) - 3)],
        {},
    ),
    "flux integral": ([u], [On(omega, space.laplace(u) - left.integral(space.dn(u)))], {}),
    "complex": ([w], [On(omega, space.laplace(w) + I * w - 1), On(walls, space.dn(w) - 3 * I * w)], {}),
    "split": ([w, u], [On(omega, space.laplace(w) + I * u), On(omega, u - 1)], {}),
}
NONLINEAR = {
    "exponential": ([u], [On(omega, space.laplace(u) - exp(u)), On(walls, u**2 - x)], {}),
    "convection": ([u, v], [On(omega, u * u.diff(x) + v * u.diff(y)), On(omega, u.diff(x) + v.diff(y))], {}),
    "modulus": ([w], [On(omega, I * w.diff(x) + Abs(w) ** 2 * w)], {}),
    "learned": ([u], [On(omega, nu * space.laplace(u) + a * u)], {nu: Learned(2), a: Learned(1)}),
    "integrals": ([u], [On(omega, u - omega.mean((u - omega.mean(u)) ** 2) * u.diff(x))], {}),
}


def form_of(unknowns, conditions, coefficients):
    return compile_problem(Problem("p", unknowns, conditions, coefficients=coefficients))


def state_of(form, plan, seed=0):
    state = zero_state(form, make_trials(form, plan, seed))
    rng = np.random.default_rng(seed)
    vector = rng.standard_normal(state.width) / np.sqrt(state.width)
    if form.arithmetic == "complex":
        vector = vector + 1j * rng.standard_normal(state.width) / np.sqrt(state.width)
    return state.with_vector(vector)


def along(form, samples, state):
    """The residuals of all equations, on their own points."""
    values = residuals(form, samples, evaluate_jets(form, samples, state))
    return [np.array(value) for value in values]


def blockwise(form, system, vector):
    """Matrix times vector for each equation, split pairs put together again, rows that are the same once."""
    out = {}
    for block in system.blocks:
        out.setdefault(id(block.row), []).append(block.times(vector, system.pieces))
    return [np.array(sides[0]) + (1j * sides[1] if len(sides) > 1 else 0) for sides in map(out.get, map(id, form.rows))]


def rights(form, system):
    out = {}
    for block in system.blocks:
        out.setdefault(id(block.row), []).append(block.right)
    return [np.array(sides[0]) + (1j * sides[1] if len(sides) > 1 else 0) for sides in map(out.get, map(id, form.rows))]


@pytest.mark.parametrize("plan", [ONE, CELLS], ids=["one domain", "cells"])
@pytest.mark.parametrize("case", LINEAR.values(), ids=LINEAR)
def test_a_linear_form_is_matrix_times_heads_minus_right(case, plan):
    form = form_of(*case)
    assert form.linear
    samples = draw(form, 60, 0)
    state = state_of(form, plan)
    system = linearise(form, samples, zero_state(form, state.trials), no_jets(form))
    found = [m - b for m, b in zip(blockwise(form, system, state.vector), rights(form, system), strict=True)]
    for value, expected in zip(found, along(form, samples, state), strict=True):
        assert np.allclose(value, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("plan", [ONE, CELLS], ids=["one domain", "cells"])
@pytest.mark.parametrize("case", (LINEAR | NONLINEAR).values(), ids=LINEAR | NONLINEAR)
def test_the_system_at_a_state_is_its_tangent_there(case, plan):
    form = form_of(*case)
    samples = draw(form, 60, 0)
    state, step = state_of(form, plan), 1e-5
    direction = state_of(form, plan, seed=0).vector[::-1]
    system = linearise(form, samples, state, evaluate_jets(form, samples, state))
    ahead, behind = (along(form, samples, state.with_vector(state.vector + h * direction)) for h in (step, -step))
    for slope, p, q in zip(blockwise(form, system, direction), ahead, behind, strict=True):
        expected = (p - q) / (2 * step)
        assert np.allclose(slope, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max() + 1e-9)
    here = zip(blockwise(form, system, state.vector), rights(form, system), along(form, samples, state), strict=True)
    for product, right, residual in here:
        assert np.allclose(product - right, residual, rtol=1e-9, atol=1e-9 * max(np.abs(product).max(), 1))


def test_an_equation_of_numbers_alone_is_one_row():
    form = form_of([u], [On(omega, space.laplace(u) - 1), On(omega, omega.mean(u) - 3)], {})
    samples = draw(form, 60, 0)
    state = zero_state(form, make_trials(form, ONE, 0))
    system = linearise(form, samples, state, no_jets(form))
    assert [len(block.right) for block in system.blocks] == [len(samples.conditions[0].points), 1]


def test_integrals_are_exact_on_boxes():
    form = form_of([u], [On(omega, u - omega.integral(x**3 * y) - omega.mean(exp(x)))], {})
    samples = draw(form, 60, 0)
    assert np.allclose(
        sorted(integral_values(form, samples, no_jets(form))), sorted([2.0, (np.exp(2) - 1) / 2]), rtol=1e-13
    )


def test_rows_weigh_the_same_but_for_their_weight():
    for scale in (1.0, 1e6):
        form = form_of([u], [On(omega, scale * (space.laplace(u) - 1)), On(walls, u, weight=4)], {})
        samples = draw(form, 60, 0)
        state = zero_state(form, make_trials(form, ONE, 0))
        system = linearise(form, samples, state, no_jets(form))
        matrix, right = system.matrix(), system.right
        n = len(samples.conditions[0].points)
        inside, outside = (np.linalg.norm(part) for part in (matrix[:n], matrix[n:]))
        assert np.isclose(outside / inside, 2, rtol=0.1)
        assert np.isclose(inside, np.sqrt(state.width), rtol=0.1)
        assert len(right) == len(matrix)


def test_the_pieces_cover_the_heads_in_order():
    form = form_of([u, v], [On(omega, u - v)], {})
    trials = make_trials(form, CELLS, 0)
    pieces = piece_slices(trials)
    assert len(pieces) == 8
    assert pieces[0].start == 0
    assert all(p.stop == q.start for p, q in pairwise(pieces))
    assert pieces[-1].stop == sum(trial.width for trial in trials)


def test_jets_part_of_the_way():
    form = form_of(*NONLINEAR["convection"])
    samples = draw(form, 60, 0)
    one, other = state_of(form, ONE, 0), state_of(form, ONE, 0)
    other = other.with_vector(-3 * other.vector)
    half = evaluate_jets(form, samples, one).towards(evaluate_jets(form, samples, other), 0.25)
    direct = evaluate_jets(form, samples, one.with_vector(0.75 * one.vector + 0.25 * other.vector))
    for p, q in zip(half.rows, direct.rows, strict=True):
        assert all(np.allclose(p[symbol], q[symbol]) for symbol in p)


# -- unknowns that nothing couples


def apart():
    """u and v without a common equation, a third that only v is tied to."""
    f = space.unknown("f")
    conditions = [
        On(omega, space.laplace(u) - 1), On(walls, u), On(omega, space.laplace(v) - f), On(walls, v - x),
        On(omega, f - y),
    ]  # fmt: skip
    return form_of([u, v, f], conditions, {})


def test_unknowns_are_grouped_by_the_equations_that_hold_them():
    assert apart().groups == [[0], [1, 2]]
    assert form_of(*LINEAR["systems"]).groups == [[0, 1]]
    coupled = form_of([u, v], [On(omega, u - omega.integral(v)), On(omega, v - 1)], {})
    assert coupled.groups == [[0, 1]]


@pytest.mark.parametrize("plan", [ONE, CELLS])
def test_independent_systems_have_the_solution_of_the_whole(plan):
    form = apart()
    samples = draw(form, 200, 0)
    system = linearise(form, samples, zero_state(form, make_trials(form, plan, 0)), no_jets(form))
    parts = system.independent()
    assert len(parts) == 2
    assert sorted(np.concatenate([columns for columns, _, _ in parts])) == list(range(system.width))
    whole = ridge_solve(system.matrix(), system.right, 1e-6)
    matrix, right = system.matrix(), system.right
    for columns, _, part in parts:
        heads = ridge_solve(part.matrix(), part.right, 1e-9)
        rows = np.any(matrix[:, columns] != 0, axis=1)
        left = [np.linalg.norm(matrix[rows][:, columns] @ each - right[rows]) for each in (heads, whole[columns])]
        assert left[0] <= left[1] * (1 + 1e-6)


def test_fields_that_nothing_couples_cost_their_sum():
    form = apart()
    single = form_of(*LINEAR["flux"])
    assert nominal(form, ONE) < nominal(single, ONE) + nominal(form_of(*LINEAR["systems"]), ONE)
    assert nominal(form, ONE) > nominal(single, ONE)


def test_columns_that_no_equation_holds_are_left_out_of_all():
    form = apart()
    system = linearise(form, draw(form, 100, 0), zero_state(form, make_trials(form, ONE, 0)), no_jets(form))
    alone = replace(system, blocks=system.blocks[:2])
    ((columns, numbers, part),) = alone.independent()
    assert part.width == len(columns) < system.width
    assert numbers == [0, 1]


# -- some of the unknowns


@pytest.mark.parametrize("plan", [ONE, CELLS], ids=["one domain", "cells"])
@pytest.mark.parametrize("case", ["convection", "learned", "integrals"])
def test_the_system_of_some_unknowns_has_the_columns_of_the_whole(case, plan):
    form = form_of(*NONLINEAR[case])
    samples, state = draw(form, 60, 0), state_of(form, plan)
    jets = evaluate_jets(form, samples, state)
    whole = linearise(form, samples, state, jets)
    stops = np.cumsum([0, *(trial.width for trial in state.trials)])
    left = whole.minus(state.vector)
    for k in range(len(form.unknowns)):
        some = linearise(form, samples, state, jets, {k})
        mine = slice(stops[k], stops[k + 1])
        for block, full in zip(some.blocks, whole.blocks, strict=True):
            one, other = (replace(System((b,), whole.pieces).blocks[0], scale=1.0) for b in (block, full))
            found, expected = (System((b,), whole.pieces).matrix() for b in (one, other))
            assert np.allclose(found[:, mine], expected[:, mine], rtol=1e-12, atol=1e-12 * np.abs(expected).max())
            assert not np.delete(found, np.arange(mine.start, mine.stop), axis=1).any()
        alone = np.zeros(state.width)
        alone[mine] = state.vector[mine]
        for block, full in zip(some.minus(alone).blocks, left.blocks, strict=True):
            assert np.allclose(block.right, full.right, rtol=1e-9, atol=1e-9)  # what is left is that of the whole


def test_a_block_times_several_vectors_is_each_of_them():
    form = form_of(*LINEAR["systems"])
    samples, state = draw(form, 60, 0), state_of(form, CELLS)
    system = linearise(form, samples, state, no_jets(form))
    vectors = np.random.default_rng(0).standard_normal((state.width, 3))
    for block in system.blocks:
        found = block.times(vectors, system.pieces)
        assert found == pytest.approx(np.stack([block.times(v, system.pieces) for v in vectors.T], axis=1))
