"""Helmholtz with a source like a point, in a uniform medium or behind a lens, in an absorbing layer; u is complex."""

from sympy import Abs, Eq, Expr, I, Interval, Max, Rational, diag, exp, pi

from inrpde import On, Problem, Region, Space


def problem(
    k: float = 20, medium: str = "uniform", layer: Rational = Rational(3, 10), variance: Rational = Rational(1, 10000)
) -> Problem:
    """`medium` is "uniform" or "lens"; `layer` is the depth of the absorbing layer inside the square [-1, 1]²,
    `variance` that of the Gaussian source in its middle."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u", complex=True)
    n = space.coefficient("n", positive=True)  # refractive index
    omega = Region(space, Interval(-1, 1) ** 2)

    def stretch(z: Expr) -> Expr:  # 1 inside, absorbing in the layer
        return 1 + I * Rational(40, k) * (Max(Abs(z) - 1 + layer, 0) / layer) ** 2

    sx, sy = stretch(x), stretch(y)
    flux = diag(sy / sx, sx / sy) * space.grad(u)
    source = exp(-(x**2 + y**2) / (2 * variance)) / (2 * pi * variance)
    media = {"uniform": 1, "lens": 1 + exp(-((x - 0.4) ** 2 + y**2) / 0.02) / 2}
    return Problem(
        "helmholtz_point",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.div(flux) + k**2 * n**2 * sx * sy * u, -source)),
            On(omega.boundary, Eq(u, 0)),
        ],
        coefficients={n: media[medium]},
    )
