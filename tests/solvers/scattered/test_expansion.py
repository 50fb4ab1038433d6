"""Fields from values and slopes at points alone: how far away, and on which side."""

import numpy as np
import pytest
from sympy import Eq, Interval

from inrpde import On, Points, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.sampling.draw import draw
from inrpde.solvers.scattered.expansion import Expansion, expansion


@pytest.mark.parametrize("dim", [2, 3])
def test_winding_numbers_of_two_spheres(dim):
    """One inside the other's reach, thinly sampled: 1 inside, 0 outside, with areas from neighbours."""
    rng = np.random.default_rng(0)
    normals = rng.standard_normal((2, 1500, dim))
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    centres = np.array([[-0.45, 0.0, 0.0], [0.45, 0.0, 0.0]])[:, None, :dim]
    known = Expansion.of((centres + 0.35 * normals).reshape(-1, dim), np.zeros(3000), normals.reshape(-1, dim))
    at = rng.uniform(-1, 1, (1000, dim))
    true = np.min(np.linalg.norm(at - centres, axis=2) - 0.35, axis=0)
    assert known.closed
    np.testing.assert_allclose(known.winding(at)[np.abs(true) > 0.1], (true < 0)[np.abs(true) > 0.1], atol=0.25)
    found = known.jets(0, at, [(0,) * dim])[(0,) * dim]
    assert np.mean(np.abs(found - true)) < 0.01


def test_an_open_sheet_has_the_sides_of_its_normals():
    s = np.linspace(-0.5, 0.5, 101)
    points, normals = np.stack([s, 0 * s], axis=1), np.tile([0.0, 1.0], (101, 1))
    known = Expansion.of(points, np.zeros(101), normals)
    assert not known.closed
    jets = known.jets(0, np.array([[0.1, 0.2], [0.1, -0.2], [0.9, 0.3]]), [(0, 0), (0, 1)])
    np.testing.assert_allclose(jets[0, 0], [0.2, -0.2, 0.5], atol=0.02)
    np.testing.assert_allclose(jets[0, 1][:2], 1, atol=1e-6)


def test_the_winding_number_of_a_circle():
    """Equal areas that add up to its length: 1 inside, 0 outside, to the error of a sum over so many points."""
    angle = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    normals = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    known = Expansion.of(0.5 * normals, np.zeros(500), normals)
    assert np.linalg.norm(known.areas, axis=1).sum() == pytest.approx(np.pi, rel=0.05)
    at = np.random.default_rng(0).uniform(-1, 1, (500, 2))
    far = np.linalg.norm(at, axis=1)
    found = known.winding(at)
    np.testing.assert_allclose(found[far < 0.45], 1, atol=0.05)
    np.testing.assert_allclose(found[far > 0.55], 0, atol=0.05)
    steep = Expansion.of(0.5 * normals, np.zeros(500), 3 * normals).jets(0, at, [(0, 0), (1, 0), (0, 1), (1, 1)])
    np.testing.assert_allclose(steep[0, 0], 3 * (far - 0.5), atol=0.01)
    np.testing.assert_allclose(np.hypot(steep[1, 0], steep[0, 1]), 3, atol=1e-6)
    assert not steep[1, 1].any()


def test_what_conditions_say_of_values_and_slopes_at_points():
    """A combination that is given is met by the smallest values and slopes; what is left open is zero."""
    plane = Space("x y")
    x, y = plane.coords
    u = plane.unknown("u")
    points = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    on = Points(plane, points, {"p": points[:, 0]})
    box = Region(plane, Interval(-1, 1) ** 2)

    def found(*conditions):
        form = compile_problem(Problem("p", [u], [*(On(on, each) for each in conditions), On(box, plane.laplace(u))]))
        made = expansion(form, draw(form, 50, 0))
        return made.values, made.slopes

    values, slopes = found(Eq(2 * u, 6 * on["p"]), Eq(u.diff(x), on["p"] ** 2))
    np.testing.assert_allclose(values, 3 * points[:, 0])
    np.testing.assert_allclose(slopes, np.stack([points[:, 0] ** 2, np.zeros(20)], axis=1), atol=1e-12)
    values, slopes = found(Eq(u + u.diff(y), on["p"]))
    np.testing.assert_allclose(values, points[:, 0] / 2)
    np.testing.assert_allclose(slopes[:, 1], points[:, 0] / 2)
