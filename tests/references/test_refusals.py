"""Why there is no reference is a kind, set where it arises; of several the most telling stands."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import csr_array
from sympy import Eq, Interval, exp

from inrpde import On, Problem, Region, Space, deadline, plugins, references
from inrpde.compiler import bind
from inrpde.references import NoReference, Refusal, finite_difference
from inrpde.references.cost import afford
from inrpde.references.factors import Factors
from inrpde.references.reference import Unsupported

line = Space("x")
(x,) = line.coords
u = line.unknown("u")
omega = Region(line, Interval(0, 1))


def asked(monkeypatch, *answers):
    """The outcome of references that give these answers, or raise them."""

    def plugin(number, answer):
        def solve(bound, n, **more):
            if isinstance(answer, Exception):
                raise answer
            return answer

        module = SimpleNamespace(supports=lambda bound: answer if isinstance(answer, str) else None, solve=solve)
        return SimpleNamespace(name=f"r{number}", package="made 1.0", load=lambda: module)

    monkeypatch.setattr(plugins, "in_turn", lambda group: [plugin(*each) for each in enumerate(answers)])
    return references.solve(None)


def test_a_reason_alone_says_that_it_is_not_supported(monkeypatch):
    assert NoReference("singular").kind is Refusal.UNSUPPORTED
    found = asked(monkeypatch, "a singular reason", NoReference("it does not converge"))
    assert found == NoReference("r0: a singular reason; r1: it does not converge", Refusal.UNSUPPORTED)
    assert asked(monkeypatch) == NoReference("no reference is installed", Refusal.UNSUPPORTED)


@pytest.mark.parametrize("turn", [1, -1])
def test_what_says_most_of_the_problem_stands_and_all_texts_are_joined(monkeypatch, turn):
    refusals = [NoReference(kind.name, kind) for kind in Refusal]
    found = asked(monkeypatch, *refusals[::turn])
    assert found.kind is Refusal.SINGULAR
    assert found.reason == "; ".join(f"r{k}: {each.reason}" for k, each in enumerate(refusals[::turn]))
    assert asked(monkeypatch, *refusals[:0:-1]).kind is Refusal.DIVERGED


def test_a_reference_that_breaks_has_failed(monkeypatch):
    found = asked(monkeypatch, ValueError("singular"), NoReference("not for this"))
    assert found.kind is Refusal.FAILED
    assert found.reason == "r1: not for this; the reference 'r0' of made 1.0 failed: ValueError: singular"
    assert asked(monkeypatch, ValueError("…"), NoReference("…", Refusal.DIVERGED)).kind is Refusal.DIVERGED


def test_singular_factors():
    with pytest.raises(Unsupported) as caught:
        Factors(csr_array(np.ones((3, 3))))
    assert caught.value.kind is Refusal.SINGULAR


def test_a_grid_that_cannot_end_in_time_is_too_dear():
    with deadline.within(5), pytest.raises(Unsupported) as caught:
        afford(100.0, 2, 3)
    assert caught.value.refused.kind is Refusal.TOO_DEAR


def test_newtons_method_diverges():
    none = Problem("none", [u], [On(omega, Eq(-u.diff(x, 2), 50 * exp(u))), On(omega.boundary, Eq(u, 0))])
    assert finite_difference.solve(bind(none), 32).kind is Refusal.DIVERGED
