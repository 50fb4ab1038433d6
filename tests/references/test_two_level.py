"""Quadratic elements solved by iteration with linear ones: the same answer in few steps, whatever the mesh."""

import numpy as np
import pytest
from scipy.sparse import csr_array, eye_array
from sympy import Eq, Interval, Matrix, Rational, exp, eye, sin

from inrpde import On, Problem, Region, Space, deadline
from inrpde.compiler import bind
from inrpde.references import fem, fem_system, two_level
from inrpde.references.factors import Factors
from inrpde.references.fem_mesh import finer, first
from inrpde.references.reference import Unsupported

pytest.importorskip("skfem")
pytest.importorskip("gmsh")
SPACE = Space("x y z")
X, Y, Z = SPACE.coords
BEAM = Region(SPACE, Interval(0, 4) * Interval(0, 1) ** 2)
WALL = BEAM.face(X, 0)


def conduction():
    u = SPACE.unknown("u")
    flux = (1 + X * Y) * SPACE.grad(u) + Matrix([u, 0, u * Z])
    return Problem("wire", [u], [On(BEAM, Eq(-SPACE.div(flux), exp(X))), On(BEAM.boundary, Eq(u, sin(Y)))])


def elasticity():
    slip = Matrix(SPACE.unknowns("u v w"))
    strain = (SPACE.grad(slip) + SPACE.grad(slip).T) / 2
    force = (strain + Rational(3, 4) * strain.trace() * eye(3)) / Rational(13, 10)
    conditions = [
        On(BEAM, Eq(SPACE.div(force), Matrix([0, 0, 1]))),
        On(WALL, Eq(slip, Matrix([0, 0, 0]))),
        On(BEAM.boundary - WALL, Eq(force * SPACE.normal, Matrix([0, 0, 0]))),
    ]
    return Problem("beam", list(slip), conditions)


@pytest.fixture(params=[conduction, elasticity])
def equations(request):
    """The matrix of a problem on two meshes, its right-hand side and the prolongation of linear elements."""
    forms, rows, shape = fem._check(bind(request.param()))
    mesh = first(shape, 0.5)
    made = []
    for each in (mesh, finer(shape, mesh)):
        domains = [np.ones(each.nelements, bool)] * len(forms.owners)
        system = fem_system.FemSystem(forms, rows, fem.Spaces(each, (2,) * len(domains), domains))
        residual, matrix = system.tangent(np.zeros(system.functions.basis.shape[1]))
        made.append((matrix, -residual, system._coarse()))
    return made


def test_the_answer_is_that_of_the_factors_in_few_iterations(equations, monkeypatch):
    counts = []
    gmres = two_level.gmres

    def counted(*args, **options):
        return gmres(*args, **options, callback=lambda _: counts.append(1), callback_type="pr_norm")

    monkeypatch.setattr(two_level, "gmres", counted)
    for matrix, rhs, coarse in equations:
        counts.clear()
        found = two_level.TwoLevel(matrix, coarse).solve(rhs)
        assert found == pytest.approx(Factors(matrix).solve(rhs), rel=1e-7, abs=1e-8 * np.max(np.abs(found)))
        assert len(counts) < 60


def test_a_deadline_ends_it(equations):
    matrix, rhs, coarse = equations[1]
    solver = two_level.TwoLevel(matrix, coarse)
    with deadline.within(0) as scope:
        solver.solve(rhs)
    assert scope.expired


def test_what_it_cannot_solve_is_refused():
    """Values are exchanged at random, of which functions that are smooth know nothing."""
    n, chance = 2000, np.random.default_rng(0)
    exchanged = csr_array((np.ones(n), (np.arange(n), chance.permutation(n))), shape=(n, n))
    coarse = csr_array(np.kron(np.eye(n // 10), np.ones((10, 1))))
    with pytest.raises(Unsupported, match="do not end"):
        two_level.TwoLevel(csr_array(exchanged + eye_array(n) / 10), coarse).solve(chance.normal(size=n))


def test_a_problem_is_solved_by_it_where_equations_are_many(monkeypatch):
    bound = bind(conduction())
    direct = fem.solve(bound, 8)
    monkeypatch.setattr(fem_system, "DIRECT", 100)
    iterated = fem.solve(bound, 8)
    known = np.isfinite(direct.values["u"])
    assert iterated.values["u"][known] == pytest.approx(direct.values["u"][known], rel=1e-8, abs=1e-9)
    assert iterated.estimated_error["u"] == pytest.approx(direct.estimated_error["u"], rel=1e-3)
