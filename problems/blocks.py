"""Flow through blocks of 5 by 5 materials whose conductivities differ up to 10⁵ times, from left to right."""

from sympy import And, Eq, Interval, Piecewise, Rational

from inrpde import On, Problem, Region, Space

CONDUCTIVITIES = [
    [2, 30, 0.5, 400, 7],
    [0.1, 5, 60, 3, 0.8],
    [20, 0.01, 1, 90, 250],
    [6, 70, 1000, 12, 0.3],
    [45, 0.6, 4, 0.05, 15],
]
"""By columns from left to right, and in each from below."""


def problem(scale: int = 1) -> Problem:
    """`scale` multiplies all of them: u stays as it is."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    a = space.coefficient("a", positive=True)
    n = len(CONDUCTIVITIES)

    square = Region(space, Interval(0, 1) ** 2)
    left, right = square.face(x, 0), square.face(x, 1)
    blocks = [
        (scale * CONDUCTIVITIES[i][j], And(x <= Rational(i + 1, n), y <= Rational(j + 1, n)))
        for i in range(n)
        for j in range(n)
    ]
    return Problem(
        "blocks",
        unknowns=[u],
        conditions=[
            On(square, Eq(space.div(a * space.grad(u)), 0)),
            On(left, Eq(u, 1)),
            On(right, Eq(u, 0)),
            On(square.boundary - left - right, Eq(space.dn(u), 0)),
        ],
        coefficients={a: Piecewise(*blocks[:-1], (blocks[-1][0], True))},
    )
