"""What equations give in cells: ∫ (-F·∇v + r v) and its slope, beside integrals that are known."""

from itertools import chain

import numpy as np
import pytest
from sympy import Eq, I, Interval, Matrix, sin

from inrpde import On, Region, Space
from inrpde.discretise.weak.blocks import Blocks
from inrpde.discretise.weak.volumes import definite, pieces, volumes
from tests.discretise.weak.forms import flux_of, heads, on_boxes, on_mesh, standing
from tests.sampling.cells.checks import shuffled
from tests.sampling.cells.meshes import ell

space = Space("x y")
x, y = space.coords
u, w = space.unknown("u"), space.unknown("w", complex=True)
box = Region(space, Interval(0, 2) * Interval(0, 1))


def system(made, vector, equation=0):
    """The matrix, what is left, and the energies of all cells."""
    held, out = made.columns, Blocks(made.columns.width, vector.dtype)
    numbers = np.arange(len(made.tessellation.cells))
    flux = made.flux
    found = list(pieces(flux.equations[equation], numbers, made.tessellation, held))
    energy = np.concatenate([volumes(flux.form, piece, held, vector, out) for piece in found])
    left: np.ndarray = np.zeros((2, held.width), vector.dtype)
    for piece in found:
        piece.load(flux.form, held, np.stack([vector, vector]), left)
    assert np.allclose(left, out.residual, rtol=0, atol=1e-12 * np.abs(out.residual).max())
    matrix = np.zeros((held.width, held.width), vector.dtype)
    for rows, columns, blocks in chain(*out.parts.values()):
        for row, column, block in zip(rows, columns, blocks, strict=True):
            matrix[row : row + block.shape[0], column : column + block.shape[1]] += block
    return matrix, out.residual, energy


def poisson(equation, region=box, unknown=u, **more):
    return flux_of([unknown], [On(region, equation), On(region.boundary, unknown)], **more)


def test_a_bilinear_form_on_one_cell():
    """∫ K∇f·∇v + (b·∇f) v + c f v over [0, 2] × [0, 1] for f = x² - xy, v = y² + x."""
    K = Matrix([[3, 1], [1, 2]])
    equation = Eq(-space.div(K * space.grad(u)) + 5 * u.diff(x) - u.diff(y) + 7 * u, 0)
    flux = poisson(equation)
    made = standing(flux, on_boxes(flux, size=2.0), 2)
    assert len(made.tessellation.cells) == 1
    f, v = x**2 - x * y, y**2 + x
    matrix, left, _ = system(made, np.zeros(6))
    grad = Matrix([v.diff(x), v.diff(y)])
    integrand = (K * Matrix([f.diff(x), f.diff(y)])).dot(grad) + (5 * f.diff(x) - f.diff(y) + 7 * f) * v
    truth = float(integrand.expand().integrate((x, 0, 2), (y, 0, 1)))
    assert heads(made, v) @ matrix @ heads(made, f) == pytest.approx(truth, rel=1e-9)
    assert not left.any()


@pytest.mark.parametrize("mesh", [True, False])
def test_the_integrals_of_all_cells_are_those_of_the_region(mesh):
    flux = poisson(Eq(-space.div((1 + x) * space.grad(u)), y), ell(space=space) if mesh else box)
    made = standing(flux, shuffled(on_mesh(flux) if mesh else on_boxes(flux), 2), 2)
    matrix, left, _ = system(made, np.zeros(made.columns.width))
    f, one = heads(made, x**2 + y), heads(made, x * 0 + 1)
    parts = ((0, 1, 0, 2), (1, 2, 0, 1)) if mesh else ((0, 2, 0, 1),)
    energy, load = ((1 + x) * (4 * x**2 + 1)).expand(), y
    truths = [sum(float(g.integrate((x, a, b), (y, c, d))) for a, b, c, d in parts) for g in (energy, load)]
    assert f @ matrix @ f == pytest.approx(truths[0], rel=1e-9)
    assert one @ left == pytest.approx(-truths[1], rel=1e-9)
    assert np.abs(one @ matrix).max() < 1e-9


def test_the_slope_of_what_is_left_is_that_of_differences():
    flux = poisson(Eq(-space.div((1 + u**2) * space.grad(u)) + sin(u) * u.diff(x), 1))
    made = standing(flux, on_boxes(flux, size=1.0), 2)
    vector = heads(made, 1 + x * y / 2)
    matrix, left, _ = system(made, vector)
    assert np.abs(left).max() > 0.1
    for k in (0, 3, 7):
        step = 1e-5 * np.eye(made.columns.width)[k]
        slope = (system(made, vector + step)[1] - system(made, vector - step)[1]) / 2e-5
        assert np.allclose(slope, matrix[:, k], atol=1e-7)


def test_energies_are_those_of_the_derivatives_alone():
    flux = poisson(Eq(-space.div(4 * space.grad(u)) + 100 * u.diff(x) + 9 * u, 1))
    made = standing(flux, on_boxes(flux, size=2.0), 2)
    _, _, energy = system(made, np.zeros(6))
    f = heads(made, x * y)
    assert f @ energy[0] @ f == pytest.approx(4 * (2 / 3 + 8 / 3), rel=1e-9)  # 4 ∫ y² + x²
    assert np.allclose(energy[0], energy[0].T, rtol=0, atol=1e-12)
    constant = heads(made, x * 0 + 1)
    assert abs(constant @ energy[0] @ constant) < 1e-12


def test_complex_coefficients():
    flux = poisson(Eq(-space.laplace(w) + (2 + 3 * I) * w, 1j * x), unknown=w)
    made = standing(flux, on_boxes(flux, size=1.0), 1)
    matrix, left, _ = system(made, np.zeros(made.columns.width, complex))
    one = heads(made, x * 0 + 1).real
    assert one @ matrix @ one == pytest.approx(2 * (2 + 3j), rel=1e-9)
    assert one @ left == pytest.approx(-2j, rel=1e-9)


def test_slopes_that_are_not_positive_count_by_their_size():
    positive, other = np.array([[2.0, 1.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [0.0, -1.0]])
    found = definite(np.array([positive, other]))
    assert np.allclose(found[0], [[2, 0.5], [0.5, 2]])
    assert np.allclose(found[1], np.sqrt(2) * np.eye(2))
