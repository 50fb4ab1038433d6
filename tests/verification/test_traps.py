"""The truths of the traps solve their problems: closed forms by substitution, others by differences."""

import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest
from skfem import MeshTri
from sympy import Add, Derivative, Dummy, Piecewise, factorial, lambdify
from sympy.core.function import AppliedUndef

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from zoo.flux import FLUX, MAKERS
from zoo.flux.making import TRUTHS
from zoo.flux.weak import constant, facets
from zoo.time import TIMED
from zoo.time.cooling import Cooling, fitted, through
from zoo.time.making import TRUTHS as TIME_TRUTHS
from zoo.time.spectral import Box, fourier
from zoo.traps import TRAPS, narrow
from zoo.traps.known import DIGITS, Known

from inrpde.sampling import sample

LEAST = 1e-30
STEPS = 1e-3, 3e-5


def unmet(known: Known, solution, conditions=None, count: int = 6) -> float:
    """The largest residual of a closed form, beside the mean size of its terms' sum there and in the whole region."""
    problem, worst = known.problem, 0.0
    inside = sample(problem.conditions[0].region, 3 * count, 6).points
    for condition in conditions or problem.conditions:
        points = sample(condition.region, count, 5)
        spatial = len(problem.space.spatial) if points.normals is not None else 0
        normals = points.normals[:, :spatial] if spatial else np.zeros((len(points), 0))
        symbols = [*problem.space.coords, *problem.space.normal[:spatial]]
        everywhere = np.hstack([inside, np.ones((len(inside), spatial))])
        for residual in condition.residuals:
            parts = Add.make_args(residual.subs({**problem.coefficients, **known.data}).doit().expand())
            terms = [lambdify(symbols, part.subs(dict(solution)).doit(), "mpmath") for part in parts]
            with mpmath.workdps(DIGITS):
                at = np.hstack([points.points, normals])
                found = [[term(*map(mpmath.mpf, map(float, row))) for term in terms] for row in (*at, *everywhere)]
                size = sum(abs(value) for row in found for value in row) / len(found) + LEAST
                worst = max(worst, *(float(abs(sum(row)) / size) for row in found[: len(at)]))
    return worst


SAMPLED = [path.stem for path in TRUTHS.glob("*.npz")]
FORMULAS = {name: trap for name, trap in FLUX.items() if name not in SAMPLED}
SAMPLED_IN_TIME = [path.stem for path in TIME_TRUTHS.glob("*.npz")]
IN_TIME = {name: trap for name, trap in TIMED.items() if name not in SAMPLED_IN_TIME}
CLOSED = TRAPS | FORMULAS | IN_TIME
DEAR = {"hole_quarter", "hole_wide"}
"""Those that take mpmath ten seconds; another of their kind takes three."""
FIRST = {trap.kind: name for name, trap in reversed(CLOSED.items()) if name not in DEAR}.values()
CLOSED = [pytest.param(each, marks=[] if name in FIRST else pytest.mark.slow, id=name) for name, each in CLOSED.items()]
"""The first of each kind that is not dear is tried always."""


@pytest.mark.parametrize("trap", CLOSED)
def test_truths_satisfy_their_conditions(trap):
    known = trap.make()
    for solution in known.exact:
        assert unmet(known, solution) < max(1e-10, known.accuracy)
    for truth in () if known.exact else known.truths:
        assert unmet_by_differences(known, truth) < 1e-4


@pytest.mark.parametrize("family", [narrow.drop, narrow.charge3])
def test_what_has_no_wide_twin_satisfies_its_equation_where_its_source_is_wide(family):
    known = family(0.3)
    assert unmet(known, known.exact[0], known.problem.conditions[:1]) < 1e-12


CHAINED = ("inclusion", "ellipse", "layers", "pipe")
"""Families of the flux cases whose pieces each meet the next one."""
JUMPING = [trap for trap in TRAPS.values() if trap.kind == "jump"]
JUMPING += [trap for trap in FORMULAS.values() if trap.name.startswith(CHAINED)]
JUMPING += [trap for trap in TIMED.values() if trap.name.startswith("joined")]


@pytest.mark.parametrize("trap", JUMPING, ids=lambda trap: trap.name)
def test_values_and_fluxes_are_continuous_where_coefficients_jump(trap):
    known = trap.make()
    coords = known.problem.space.coords
    (solution,) = known.exact
    rng = np.random.default_rng(0)
    for expr in solution.values():
        pieces = expr.atoms(Piecewise)
        coefficients = [c for c in known.problem.coefficients.values() if c.has(Piecewise)]
        for piece in pieces:
            fluxes = coefficients[0].args if coefficients else [(1, None)] * len(piece.args)
            for (a, where), (b, _), (p, _), (q, _) in zip(piece.args, piece.args[1:], fluxes, fluxes[1:], strict=False):
                level = where.lhs - where.rhs
                across = [(p * a.diff(x) - q * b.diff(x)) * level.diff(x) for x in known.problem.space.spatial]
                size = 1 + sum(abs(p * a.diff(x)) * abs(level.diff(x)) for x in known.problem.space.spatial)
                gap, jump, f = (lambdify(coords, e, "mpmath") for e in (a - b, sum(across) / size, level))
                found = [at for at in (crossing(f, start) for start in rng.uniform(0, 1, (20, len(coords)))) if at]
                assert len(found) > 3
                for at in found:
                    assert abs(gap(*at)) < 1e-12
                    assert abs(jump(*at)) < 1e-12


def crossing(f, start) -> list | None:
    """Where f vanishes on the way from a point along the last coordinate in space that f has, if it does."""
    at = [mpmath.mpf(float(value)) for value in start]
    turn = max(k for k in range(len(at)) if f(*[v + (j == k) for j, v in enumerate(at)]) != f(*at))
    try:
        at[turn] = mpmath.findroot(lambda v: f(*at[:turn], v, *at[turn + 1 :]), at[turn])
    except ValueError:
        return None
    return at


def differences(known: Known, truth, derivative, points: np.ndarray, share: float) -> np.ndarray:
    """A derivative of a truth by seven points along its coordinate, within the region's bounds."""
    lo, hi = known.problem.conditions[0].region.bounds
    ((coordinate, order),) = derivative.variable_count
    k = known.problem.space.coords.index(coordinate)
    h = share * (hi[k] - lo[k])
    first = np.clip(np.round((points[:, k] - lo[k]) / h) - 3, 0, round(1 / share) - 6)
    nodes = lo[k] + h * (first[:, None] + np.arange(7))
    local = (nodes - points[:, [k]]) / h
    weights = np.linalg.solve(local[:, None, :] ** np.arange(7)[:, None], _unit(int(order)))
    at = np.repeat(points, 7, axis=0)
    at[:, k] = nodes.ravel()
    values = truth(at)[derivative.expr.func.__name__].reshape(nodes.shape)
    return np.sum(weights[:, :, 0] * values, axis=1) / h ** int(order)


def _unit(order: int) -> np.ndarray:
    unit = np.zeros((7, 1))
    unit[order] = float(factorial(order))
    return unit


def gaps(known: Known, truth, residual, share: float, points: np.ndarray) -> np.ndarray:
    """The terms of a residual (terms, N), derivatives by differences."""
    derivatives = residual.atoms(Derivative)
    atoms = [*derivatives, *residual.xreplace({each: Dummy() for each in derivatives}).atoms(AppliedUndef)]
    symbols = [Dummy() for _ in atoms]
    swapped = dict(zip(atoms, symbols, strict=True))
    parts = [part.xreplace(swapped) for part in Add.make_args(residual.expand())]
    values = [
        differences(known, truth, atom, points, share) if atom in derivatives else truth(points)[atom.func.__name__]
        for atom in atoms
    ]
    terms = lambdify([*known.problem.space.coords, *symbols], parts, "numpy")(*points.T, *values)
    return np.array([np.broadcast_to(term, len(points)) for term in terms])


def unmet_by_differences(known: Known, truth) -> float:
    """The largest residual of the conditions: in the median over points, as some lie next to what is not smooth, and
    of the better of two steps."""
    inside, worst = sample(known.problem.conditions[0].region, 30, 6).points, 0.0
    for condition in known.problem.conditions:
        points = sample(condition.region, 20, 5).points[:20]
        for residual in condition.residuals:
            found = []
            for share in STEPS:
                size = np.mean(np.abs(gaps(known, truth, residual, share, inside)).sum(axis=0)) or 1.0
                found.append(np.median(np.abs(gaps(known, truth, residual, share, points).sum(axis=0))) / size)
            worst = max(worst, min(found))
    return worst


@pytest.mark.parametrize("name", SAMPLED_IN_TIME)
def test_samples_in_time_are_of_every_field(name):
    known = TIMED[name].make()
    assert known.accuracy < 3e-5
    assert set(known.samples) == {"points", *(unknown.func.__name__ for unknown in known.problem.unknowns)}
    for values in known.samples.values():
        assert len(values) == 720
        assert np.isfinite(values).all()


def test_an_integral_for_viscous_waves_is_found_again_by_series():
    samples = TIMED["steepening_soft"].make().samples
    box = Box([fourier(-np.pi, np.pi, 20)] * 2)
    x, y = box.nodes
    start = np.stack([np.sin(x) * np.cos(y), np.cos(x) * np.sin(y) - np.cos(y) / 4])

    def carried(_, w):
        return -w[:1] * box.slope(w, 0) - w[1:] * box.slope(w, 1)

    points = samples["points"].reshape(12, 60, 3)
    linear = np.stack([0.1 * box.laplace] * 2)
    found = box.marched(linear, carried, start, points[:, 0, 2], points[:, :, :2], 0.05)
    for values, name in zip(found, "uv", strict=True):
        assert np.linalg.norm(values.ravel() - samples[name]) < 2e-3 * np.linalg.norm(samples[name])


def test_elements_in_time_follow_circles():
    basis = Cooling(**fitted((2, 1), ((0.8, 0.5, 0.3, 0.0),), 0.15, hollow=True)).basis(0)
    rim = facets(basis.mesh, lambda x: np.hypot(x[0] - 0.8, x[1] - 0.5) < 0.3001)
    matrix, load = through(basis, rim, lambda x: x[0] ** 2)
    assert matrix.sum() == pytest.approx(0.6 * np.pi, rel=1e-7)
    assert load.sum() == pytest.approx(0.6 * np.pi * (0.8**2 + 0.3**2 / 2), rel=1e-7)


def test_elements_in_time_find_a_mode_between_walls_that_heat_passes():
    w = 0.8603335890193797  # w tan w = 1
    line = np.linspace(-1, 1, 5)
    cooling = Cooling(
        MeshTri.init_tensor(line, line), start=lambda x: np.cos(w * x[0]), a=constant(2),
        through=[(lambda x: np.abs(x[0]) > 1 - 1e-9, 2.0, constant(0))],
    )  # fmt: skip
    places = np.random.default_rng(0).uniform(-1, 1, (2, 9, 2))
    found = cooling(0, np.array([0.1, 1.0]), places)
    assert found == pytest.approx(np.cos(w * places[:, :, 0]) * np.exp([[-0.2 * w**2], [-2 * w**2]]), abs=1e-6)


@pytest.mark.parametrize("name", SAMPLED)
def test_samples_are_of_every_field(name):
    known = FLUX[name].make()
    assert known.accuracy < (2e-6 if known.problem.space.dim == 2 else 2e-4)
    for unknown in known.problem.unknowns:
        values = known.samples[unknown.func.__name__]
        assert len(values) == len(known.samples["points"])
        assert np.isfinite(values).sum() > 20


def test_samples_are_found_again_by_other_elements():
    samples = FLUX["heater_bent"].make().samples
    again = MAKERS["heater_bent"]().weak.solved(0, degree=3)(samples["points"])
    assert np.linalg.norm(again - samples["u"]) < 3e-4 * np.linalg.norm(again)


def test_half_of_all_are_tame():
    kinds = {trap.kind for trap in TRAPS.values()}
    assert len(TRAPS) >= 80
    assert len(kinds) >= 10
    assert 0.35 < np.mean([trap.tame for trap in TRAPS.values()]) < 0.65
