"""The compiled loss: the same numbers as without, and what happens where it cannot be had or differs."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from inrpde.solvers.descent import adam
from inrpde.solvers.loop import run
from inrpde.solvers.training import compiled
from inrpde.solvers.training.compiled import Compiled
from inrpde.solvers.training.trainer import Trainer


def traced(monkeypatch):
    """The graph is run as it is, which takes no compiler."""
    monkeypatch.setattr(torch, "compile", lambda graph: graph)


@pytest.mark.parametrize("name", ["poisson", "wave", "regression"])
def test_the_graph_gives_the_loss_and_its_gradient(small, monkeypatch, name):
    traced(monkeypatch)
    warnings: list[str] = []
    trainer = Trainer(small.context(getattr(small, name)(), width=12, points=40), 0, resample=1)
    step = Compiled(trainer.objective, warnings.append)
    first = trainer.vector
    assert step(first, trainer.batch(0))[0] == trainer.objective(first, trainer.batch(0))[0]
    other, batch = 1.1 * first, trainer.batch(1)
    monkeypatch.setattr(trainer.objective, "loss", None)  # from here on only the graph is there
    value, gradient = step(other, batch)
    assert not warnings
    monkeypatch.undo()
    expected, expected_gradient = trainer.objective(other, batch)
    assert value == pytest.approx(expected, rel=1e-11)
    assert torch.allclose(gradient, expected_gradient, rtol=1e-9, atol=1e-12)
    assert all(network.fused for network in trainer.objective.fields.networks)


def settled(small, **settings):
    """An Adam run of a few steps: its last parameters and the warnings."""
    warnings: list[str] = []
    context = small.context(small.poisson(), steps=12, width=8, points=20, **settings)
    return run(adam.solve, replace(context, warn=warnings.append)).best.memory["vector"], warnings


def test_a_compiler_that_fails_is_done_without(small, monkeypatch):
    def fails(graph):
        raise RuntimeError("no compiler on this machine\nand more")

    monkeypatch.setattr(torch, "compile", fails)
    found, warnings = settled(small, compile=True)
    assert warnings == ["solver.compile: RuntimeError: no compiler on this machine; the run goes on without it"]
    assert np.array_equal(found, settled(small)[0])


def test_a_graph_that_differs_is_not_used(small, monkeypatch):
    def wrong(graph):
        return lambda *given: tuple(1.001 * each for each in graph(*given))

    monkeypatch.setattr(torch, "compile", wrong)
    found, warnings = settled(small, compile=True)
    assert len(warnings) == 1
    assert "differs by 1.0e-03" in warnings[0]
    assert np.array_equal(found, settled(small)[0])


def test_what_agrees_is_used_in_the_run_but_not_in_the_second_one(small, monkeypatch):
    traced(monkeypatch)
    made = []
    whole = compiled.compiled
    monkeypatch.setattr(compiled, "compiled", lambda *given: made.append(given) or whole(*given))
    context = small.context(small.poisson(), steps=12, width=8, points=20, compile=True)
    best = run(adam.solve, context).best
    assert len(made) == 1
    best.again(1, [1.0])
    assert len(made) == 1
    assert np.allclose(best.memory["vector"], settled(small)[0], rtol=1e-6)


def test_batches_of_another_size_are_evaluated_without_it(small, monkeypatch):
    traced(monkeypatch)
    warnings: list[str] = []
    few, more = (Trainer(small.context(small.poisson(), width=12, points=n), 0) for n in (40, 400))
    step = Compiled(few.objective, warnings.append)
    step(few.vector, few.batch(0))
    for _ in range(2):
        assert step(few.vector, more.batch(0))[0] == few.objective(few.vector, more.batch(0))[0]
    assert len(warnings) == 1
    assert "another number" in warnings[0]


@pytest.mark.slow
def test_torch_compiles_it(small):
    warnings: list[str] = []
    trainer = Trainer(small.context(small.poisson(), width=12, points=40), 0)
    step = Compiled(trainer.objective, warnings.append)
    value, _ = trainer.objective(trainer.vector, trainer.batch(0))
    for _ in range(2):
        assert step(trainer.vector, trainer.batch(0))[0] == pytest.approx(value, rel=1e-9)
    assert not warnings
