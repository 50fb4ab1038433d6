"""Adam: accuracy on small problems, reproducible runs, runs that are resumed, losses that are not finite."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from inrpde.errors import DivergedError, UsageError
from inrpde.solvers.contract.method import Clock
from inrpde.solvers.descent import adam
from inrpde.solvers.loop import run


def best(context):
    return run(adam.solve, context).best


@pytest.fixture(scope="module")
def line(small):
    """What is found for Poisson's equation on a line."""
    return best(small.context(small.poisson(), steps=600, width=32, points=60))


def test_poisson_on_a_line(small, line):
    found = line
    assert small.error(found, lambda x: np.sin(np.pi * x)) < 1e-3
    assert found.score < 3e-2
    assert found.fitted < 3e-2
    assert found.reason.startswith("step 600")


def test_a_complex_wave(small):
    found = best(small.context(small.wave(), steps=500, width=32, points=60))
    assert small.error(found, lambda x: np.exp(3j * x)) < 1e-2


def test_points_are_fitted_in_minibatches(small):
    found = best(small.context(small.regression(), steps=500, width=32, batch=50, omega=10))
    assert small.error(found, small.regression_exact) < 2e-2


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_a_step_is_that_of_torch_to_the_last_bit(kind):
    generator = torch.Generator().manual_seed(0)
    start, *gradients = torch.randn((40, 7), generator=generator, dtype=kind)
    parameter = torch.nn.Parameter(start.clone())
    theirs = torch.optim.Adam([parameter], betas=(adam.FIRST_DECAY, adam.SECOND_DECAY), eps=adam.TINY)
    at = adam.Moments.start(start)
    for step, gradient in enumerate(gradients):
        rate = 0.1 / (1 + step)
        theirs.param_groups[0]["lr"], parameter.grad = rate, gradient
        theirs.step()
        before, at = at, at.update(gradient, rate)
        assert before.step == step  # what was there stays as it was
        assert torch.equal(at.vector, parameter.detach())
    assert not torch.equal(before.vector, at.vector)


def test_the_seed_decides(small):
    def vector(seed):
        return best(small.context(small.poisson(), seed, steps=10, width=8, points=20)).memory["vector"]

    assert np.array_equal(vector(3), vector(3))
    assert not np.array_equal(vector(3), vector(4))


@pytest.mark.parametrize("batch", [None, 40])
def test_a_resumed_run_ends_as_if_it_had_not_stopped(small, batch, monkeypatch):
    monkeypatch.setattr(adam, "RESAMPLE", 7)
    context = small.context(small.poisson(), steps=50, width=8, points=100, batch=batch)
    whole = list(adam.solve(context))
    memory = next(islice(adam.solve(context), 22, None)).memory
    assert memory["step"] == 23
    rest = list(adam.solve(replace(context, memory=memory)))
    assert len(rest) == len(whole) - 23
    for key, value in whole[-1].memory.items():
        assert np.array_equal(value, rest[-1].memory[key]), key
    assert rest[-1].score == whole[-1].score


def test_the_memory_of_another_method_is_not_taken(small):
    context = small.context(small.poisson(), steps=5, width=8, points=20)
    first = next(adam.solve(replace(context, memory={"method": "lbfgs", "step": 3})))
    assert first.memory["step"] == 1


def test_a_second_run_differs_but_agrees(small, line):
    other = replace(line, state=line.again(1, [1.0]))
    assert 1e-9 < small.error(other, lambda x: np.sin(np.pi * x)) < 2e-2


def test_a_loss_that_is_never_finite_has_no_answer(small):
    context = small.context(small.singular(), steps=20, width=8, points=20)
    *_, last = adam.solve(context)
    assert "not finite" in last.reason
    with pytest.raises(DivergedError):
        best(context)


def test_a_run_that_leaves_the_finite_returns_to_its_best(small, monkeypatch):
    from inrpde.solvers.training.trainer import Trainer

    sound = Trainer.loss

    def broken(self, vector, step):
        loss, gradient = sound(self, vector, step)
        return (float("nan"), gradient) if step >= 10 else (loss, gradient)

    monkeypatch.setattr(Trainer, "loss", broken)
    context = small.context(small.poisson(), steps=40, width=8, points=20)
    *_, last = adam.solve(context)
    assert "halved 9 times; ended, as the loss is not finite" in last.reason
    assert last.score == min(candidate.score for candidate in adam.solve(context))
    assert np.isfinite(last.score)


def test_a_budget_ends_a_run_that_knows_no_steps(small):
    context = replace(small.context(small.poisson(), width=8, points=20), clock=Clock(1.5))
    *_, last = adam.solve(context)
    assert last.memory["done"] >= 1
    assert 0.6 * (context.clock.budget - context.clock.reserve) < context.clock.spent < 10


def test_a_device_that_is_not_there(small):
    with pytest.raises(UsageError, match="device 'nowhere'"):
        best(replace(small.context(small.poisson()), device="nowhere"))
