"""A disc that conducts a hundred times better than the plate round it: one unknown, a conductivity that jumps."""

from sympy import Eq, Interval, Piecewise, Rational

from inrpde import On, Problem, Region, Space


def problem(contrast: float = 100) -> Problem:
    """`contrast` is the disc's conductivity; that of the plate is 1."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    a = space.coefficient("a", positive=True)

    plate = Region(space, Interval(-1, 1) ** 2)
    r2, radius2 = x**2 + y**2, Rational(1, 4)
    inside = x * 2 / (1 + contrast)
    outside = x * (1 - Rational(contrast - 1, contrast + 1) * radius2 / r2)
    return Problem(
        "inclusion",
        unknowns=[u],
        conditions=[
            On(plate, Eq(space.div(a * space.grad(u)), 0)),
            On(plate.boundary, Eq(u, outside)),
        ],
        coefficients={a: Piecewise((contrast, r2 < radius2), (1, True))},
        exact={u: Piecewise((inside, r2 < radius2), (outside, True))},
    )
