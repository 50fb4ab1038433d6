"""|e| of slopes: its tangent, in whichever way it was written, in training, and in words."""

import numpy as np
import pytest
from sympy import Abs, Eq, Interval, Matrix, Rational, exp, latex, sign, sqrt

import inrpde
from inrpde import On, Problem, Region, Space
from inrpde.compiler.magnitude import Magnitude, magnitudes
from inrpde.errors import ProblemError

space = Space("x")
(x,), u = space.coords, space.unknown("u")
rod = Region(space, Interval(0, 1))
slope = u.diff(x)
KNOWN = exp(x) + x
FLUXES = {
    Rational(3, 2): sqrt(Abs(slope)) * slope,
    2: Abs(slope) * slope,
    3: Abs(slope) ** 2 * slope,
}


def laplacian(left, power, **options):
    """Of p = power + 1; the slope of what is known is positive."""
    conditions = [On(rod, Eq(left, (KNOWN.diff(x) ** power).diff(x))), On(rod.boundary, Eq(u, KNOWN))]
    return inrpde.solve(Problem("p", [u], conditions), budget=15, reference="none", **options)


@pytest.mark.parametrize("differentiated", [lambda f: space.div(Matrix([f])), lambda f: f.diff(x)], ids=["div", "diff"])
@pytest.mark.parametrize("power", FLUXES)
def test_powers_of_slopes_have_tangents(power, differentiated):
    found = laplacian(differentiated(FLUXES[power]), power)
    at = np.linspace(0, 1, 20)
    np.testing.assert_allclose(found(at[:, None])["u"], np.exp(at) + at, rtol=1e-9)
    assert found.report["verdict"]["word"] == "verified"


def test_training_knows_them():
    found = laplacian(space.div(Matrix([FLUXES[2]])), 2, method="lbfgs")
    at = np.linspace(0, 1, 20)
    np.testing.assert_allclose(found(at[:, None])["u"], np.exp(at) + at, rtol=0.1)


def test_what_is_known_to_be_real_is_left_to_sympy():
    z = space.unknown("z", complex=True)
    for each in (Abs(u) * u, Abs(x), Abs(z.diff(x))):
        assert magnitudes(each) == each


def test_they_read_as_sizes():
    size = magnitudes(Abs(slope))
    assert isinstance(size, Magnitude)
    assert str(size) == str(Abs(slope))
    assert latex(size) == latex(Abs(slope))
    assert size**2 == slope**2
    assert str(size.diff(slope)) == str(sign(slope))


def test_a_sign_alone_still_jumps():
    conditions = [On(rod, Eq(u.diff(x, 2) + sign(slope - 2), 0)), On(rod.boundary, Eq(u, KNOWN))]
    with pytest.raises(ProblemError, match="jumps as an unknown varies"):
        inrpde.solve(Problem("p", [u], conditions), budget=5)
