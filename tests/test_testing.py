"""The kit that tries plugins finds what is wrong with one."""

import re
from dataclasses import dataclass, replace
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from inrpde.errors import OutputError
from inrpde.export import frames, hdf5
from inrpde.networks.siren import SineBody
from inrpde.networks.trial import Trial
from inrpde.plugin import Candidate, Global, draw, fit, reads, score
from inrpde.references import finite_difference
from inrpde.solvers import least_squares
from inrpde.testing import check_body, check_exporter, check_method, check_reference

CALLS = count()
"""What changes from call to call."""


@dataclass(frozen=True)
class Nothing:
    """No setting is read."""


def fitting(change=lambda candidate, seed: candidate):
    """One fit of few features, spoilt by `change`."""

    @reads(Nothing)
    def solve(context):
        form, plan = context.form, Global(150, (6.0, 6.0))

        def fitted(seed, lean=()):
            return fit(form, plan, draw(form, plan.points, seed), seed, lean=lean)

        state = fitted(context.seed)
        found = score(form, draw(form, 500, context.seed + 1), state).total
        yield change(Candidate(state, found, found, 0.0, "fit", "a fit", again=fitted), context.seed)

    return solve


def test_a_method_that_keeps_its_promises_passes():
    assert check_method(fitting()).score < 1e-3


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (lambda form, seed: None, r"called as method(context), and takes (form, seed)"),
        (lambda context: (each for each in ()), "it yields no candidate"),
        (lambda context: (each for each in (3,)), "it yields 3, which is no Candidate"),
        (fitting(lambda c, seed: replace(c, score=c.score / 1e4)), "and on points of ours"),
        (fitting(lambda c, seed: replace(c, memory={"a": print})), "cannot be stored"),
        (fitting(lambda c, seed: replace(c, again=lambda seed, lean: c.state)), "again gives the same state"),
        (
            fitting(lambda c, seed: replace(c, score=1.0, state=c.state.with_vector(1.1 * c.state.vector))),
            "its best candidate is off by 1.0e-01 in u",
        ),
        (
            fitting(lambda c, seed: replace(c, state=c.state.with_vector(c.state.vector + 1e-9 * next(CALLS)))),
            "the same seed gives another first candidate",
        ),
    ],
)
def test_what_a_method_promises_and_does_not_keep_is_told(method, said):
    with pytest.raises(AssertionError, match=re.escape(said)):
        check_method(method)


def test_methods_that_come_with_inrpde_pass():
    assert check_method(least_squares.solve, most=1).score < 1e-3


def referee(**change):
    """The finite differences on a coarse grid, with another result."""

    def solve(bound, n=None, *, budget=None, progress=None):
        found = finite_difference.solve(bound, 16, budget=budget, progress=progress)
        return replace(found, **{key: value(found) for key, value in change.items()})

    return SimpleNamespace(supports=finite_difference.supports, solve=solve)


def test_a_reference_that_keeps_its_promises_passes():
    assert check_reference(finite_difference, n=16).kind == "finite-difference"


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (SimpleNamespace(supports=lambda bound: "not today", solve=finite_difference.solve), "(not today)"),
        (SimpleNamespace(supports=lambda bound: None, solve=lambda bound: None), "takes (bound)"),
        (referee(values=lambda f: {}), "u is not among its values"),
        (referee(values=lambda f: {"u": f.values["u"][1:]}), "not that of the axes"),
        (referee(values=lambda f: {"u": np.nan * f.values["u"]}), "not finite"),
        (referee(values=lambda f: {"u": f.values["u"] + 1e-6 * next(CALLS)}), "a second solve"),
        (referee(estimated_error=lambda f: {"u": f.estimated_error["u"] / 100}), "its error is said to be"),
        (referee(estimated_error=lambda f: {"u": 0.0}), "no positive number"),
    ],
)
def test_what_a_reference_promises_and_does_not_keep_is_told(module, said):
    with pytest.raises(AssertionError, match=re.escape(said)):
        check_reference(module)


def test_exporters_that_come_with_inrpde_pass():
    assert len(check_exporter(hdf5.write, "h5")) == 8
    assert check_exporter(frames.write, "png") == [
        "grid of x, y; real",
        "grid of x, y; real, masked",
        "grid of x, y, t; real",
    ]


def written(path, dataset):
    path.write_text("fields")


def elsewhere(path, dataset):
    written(path.parent.parent / "stray", dataset)
    written(path, dataset)


def silent(path, dataset):
    raise OutputError("no", str(path))


def changing(path, dataset):
    written(path, dataset)
    next(iter(dataset.fields.values()))[...] = 0


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: None, "takes (path)"),
        (lambda path, dataset: None, "it writes nothing of the grid of x; real"),
        (lambda path, dataset: written(path.with_name("other"), dataset), "it leaves other"),
        (lambda path, dataset: written(path, dataset) or "nowhere", "it returns nowhere"),
        (lambda path, dataset: 1 / 0, "ZeroDivisionError"),
        (elsewhere, "outside of its folder"),
        (silent, "says not what to do"),
        (changing, "it changes the grid of x; real"),
    ],
)
def test_what_an_exporter_promises_and_does_not_keep_is_told(write, said):
    with pytest.raises(AssertionError, match=re.escape(said)):
        check_exporter(write, "txt")


class Powers(Trial):
    """1, x, x² on a line; `slip` is in its slopes."""

    width = 3

    def __init__(self, slip=1.0, forgets=False):
        self.slip, self.forgets = slip, forgets

    def jets(self, points, indices):
        x = points[:, 0]
        rows = [[1 + 0 * x, x, x**2], [0 * x, 1 + 0 * x, 2 * self.slip * x], [0 * x, 0 * x, 2 * self.slip + 0 * x]]
        return {index: np.column_stack(rows[index[0]]) for index in indices}

    def state(self):
        return {"slip": 1.5 if self.forgets else self.slip}

    @classmethod
    def from_state(cls, state):
        return cls(state["slip"])


def test_bodies_pass_whose_jets_are_derivatives():
    check_body(Powers(), dim=1)
    box = (np.zeros(2), np.ones(2))
    check_body(SineBody.random(20, 3.0, box, np.random.default_rng(0)), dim=2)
    with pytest.raises(AssertionError, match=re.escape("the jet (1,) is not the derivative of (0,)")):
        check_body(Powers(slip=1.1), dim=1)
    with pytest.raises(AssertionError, match="from its state comes another"):
        check_body(Powers(forgets=True), dim=1)
