"""Steps: slopes, bounds, deviations, and which sizes are likeliest."""

from dataclasses import replace

import numpy as np
import pytest

from inrpde.compiler import compile_problem
from inrpde.discretise.state import State
from inrpde.sampling.draw import draw
from inrpde.solvers.bodies.plan import Global, make_trials
from inrpde.solvers.fitting.initial_guess import guess
from inrpde.solvers.fitting.newton import project
from inrpde.solvers.inverse.roles import Roles
from inrpde.solvers.joint.components import EQUATIONS
from inrpde.solvers.joint.steps import INSIDE, Joint, Linear, descend, likelier
from inrpde.solvers.joint.strategy import first_sizes, started
from tests.solvers.joint import problems


def setup(problem, width=30):
    form = compile_problem(problem)
    roles, samples = Roles.of(form), draw(form, 3 * width, 0)
    trials = make_trials(form, Global(width, (8.0,)), 0)
    state = started(form, roles, project(form, trials, samples, guess(form, samples)))
    sizes = first_sizes(form, roles, samples)
    return Joint(form, roles, samples), state, sizes


def at_numbers(state, *values):
    return State(state.trials, (state.heads[0], *(np.array([value]) for value in values)))


def test_slopes_by_numbers_are_differences():
    joint, state, sizes = setup(problems.logistic())
    state = state.with_vector(state.vector + 0.1 * np.random.default_rng(0).standard_normal(state.width))
    state = at_numbers(state, 0.7, 4.0)
    here = Linear.of(joint, state, joint.jets(state), sizes)
    for column, there in enumerate((at_numbers(state, 0.7 + 1e-6, 4.0), at_numbers(state, 0.7, 4.0 + 1e-6))):
        moved = joint.left(there, joint.jets(there), here.fields.system)
        assert np.allclose((here.left - moved) / 1e-6, here.slopes[:, column], rtol=1e-4, atol=1e-6)


def test_it_comes_to_the_truth_from_afar():
    joint, state, sizes = setup(problems.logistic())
    for _ in range(3):
        found = descend(joint, state, sizes, 0)
        state, sizes = found.state, found.sizes
    assert [head[0] for head in state.heads[1:]] == pytest.approx([problems.RATE, problems.LIMIT], rel=3e-2)


def test_no_step_goes_beyond_a_bound():
    joint, state, sizes = setup(problems.logistic(bounds=(0.25, 0.35)))
    here = Linear.of(joint, state, joint.jets(state), sizes)
    for aim, end in ((5.0, 0.35), (-5.0, 0.25)):
        moved = here._bounded(np.array([aim, 0.0]))
        assert moved[0] == pytest.approx(INSIDE * (end - 0.3))
    assert here._bounded(np.array([0.0, -100.0]))[1] == pytest.approx(-INSIDE * 10)  # what is positive stays so


def test_noise_that_passes_for_a_misfit_of_the_equations_is_found_out():
    joint, state, sizes = setup(problems.logistic(0.03, first=(2.0, 3.0)), width=60)
    fooled = replace(sizes, of={EQUATIONS: 1.0, 1: 1e-4})
    found = descend(joint, state, fooled, 0)
    better, told = likelier(joint, found, 0)
    assert better is not None
    again = descend(joint, found.state, better, 0)
    assert 0.02 < again.sizes.of[1] < 0.04
    assert told > 30


def test_deviations_are_in_proportion_to_the_noise_where_equations_hold():
    joint, state, sizes = setup(problems.logistic())
    for _ in range(3):
        found = descend(joint, state, sizes, 0)
        state, sizes = found.state, found.sizes
    found = []
    for noise in (0.01, 0.02):
        given = replace(sizes, of={EQUATIONS: 1e-6, 1: noise})
        found.append(Linear.of(joint, state, joint.jets(state), given).step(np.random.default_rng(0)).deviations)
    assert found[1] / found[0] == pytest.approx([2.0, 2.0], rel=3e-2)
