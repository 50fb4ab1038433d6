"""Datasets and reports as a solve leaves them, small."""

import numpy as np
from sympy import Eq, Interval

from inrpde import On, Periodic, Points, Problem, Region, Space, declared
from inrpde.export import Dataset

X, Y, T = np.linspace(0, 1, 9), np.linspace(0, 2, 7), np.linspace(0, 1, 5)


def problem():
    """Heat in a plane, periodic in y, with readings."""
    space = Space("x y", time="t")
    x, y = space.spatial
    u = space.unknown("u")
    a = space.coefficient("a", positive=True)
    omega = Region(space, Interval(0, 1) * Interval(0, 2) * Interval(0, 1))
    sensors = Points(space, [[0.5, 1.0, 0.5], [0.2, 0.3, 1.0]], {"u": [0.4, 0.1]})
    conditions = [
        On(omega, Eq(space.dt(u), space.div(a * space.grad(u)))),
        On(omega.face(x, 0), Eq(u, 0)),
        On(omega.face(y, 0), Periodic(u, y)),
        On(omega.initial, Eq(u, x)),
        On(sensors, Eq(u, sensors["u"])),
    ]
    return Problem("warm", [u], conditions, coefficients={a: 1 + x / 2})


def in_time(**attributes):
    """A field of x, y, t beside its reference, and the conditions."""
    x, y, t = np.meshgrid(X, Y, T, indexing="ij")
    values = (1 + t) * np.sin(3 * x) + y
    fields = {"u": values, "u_reference": values + 1e-3 * t}
    coefficients = {"a": {"type": "expression", "text": "Add(Integer(1), Symbol('x', real=True))"}}
    private = {"conditions": declared.conditions(problem()), "coefficients": coefficients}
    return Dataset("grid", ("x", "y", "t"), fields, "t", axes=[X, Y, T], attributes=attributes, private=private)


def report(word="verified", **more):
    estimate = {
        "held_out": 1e-5,
        "second": 2e-5,
        "difference": 3e-5,
        "shared": 1e-6,
        "amplification": 1.0,
        "bound": None,
    }
    reference = {
        "rel_l2": 2e-4, "max": 1e-3, "kind": "method-of-lines", "estimated_error": 1e-4, "order": 2.0, "sound": True
    }  # fmt: skip
    return {
        "problem": "warm", "status": "ok", "method": "least-squares",
        "verdict": {"word": word, "because": "u within 2e-04 of the reference; held-out score 1e-05"},
        "next": [], "fields": {
            "u": {"estimated_error": 3e-5, "estimate": estimate, "exact": None, "reference": reference}
        },
        "residual": {"fitted": 1e-6, "held_out": 1e-5},
        "conditions": [{"equation": "u = 0", "on": "omega", "rms": 2e-9, "max": 8e-9}] * 5,
        "seconds": {"solve": 0.25, "total": 4.1}, "learned": {}, "warnings": [], "findings": [], "seed": 0,
        "steps": [{"method": "least-squares", "reason": "300 features", "score": 1e-5, "seconds": 0.2, "kept": True}],
        "ended": "the method had nothing more to try", "report": [],
    } | more  # fmt: skip
