"""Equations with constant coefficients are sums of exponentials, at once and for all times."""

import pytest

from inrpde.solvers.periodic.course import first_modes
from inrpde.solvers.periodic.exponents import exponentials
from tests.solvers.periodic import problems


@pytest.mark.parametrize("make", [problems.carried, problems.waves])
def test_they_are_exact(make):
    made, known = make()
    equations, begun = problems.parts(made)
    modes = first_modes(equations, begun, 1e-10)
    found = exponentials(equations, modes, *begun.spectra(modes), 1e-10)
    assert problems.wrong(found, made, known) < 1e-11


def test_nonlinear_equations_and_sources_in_time_are_none():
    for make in (problems.burgers, problems.thin):
        equations, begun = problems.parts(make()[0])
        modes = first_modes(equations, begun, 1e-6)
        assert exponentials(equations, modes, *begun.spectra(modes), 1e-6) is None
