"""Helmholtz with a pulse, a lens and an absorbing layer; u is complex."""

from sympy import Abs, Eq, Expr, I, Interval, Max, Rational, diag, exp

from inrpde import On, Problem, Region, Space


def problem(k: float = 12, layer: Rational = Rational(3, 10)) -> Problem:
    """`k` is the wavenumber, `layer` the depth of the absorbing layer round the square [-1, 1]²."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u", complex=True)
    n = space.coefficient("n", positive=True)  # refractive index
    omega = Region(space, Interval(-1 - layer, 1 + layer) ** 2)

    def stretch(z: Expr) -> Expr:  # 1 inside, absorbing in the layer
        return 1 + I * Rational(40, k) * (Max(Abs(z) - 1, 0) / layer) ** 2

    sx, sy = stretch(x), stretch(y)
    flux = diag(sy / sx, sx / sy) * space.grad(u)
    pulse = exp(-200 * (x**2 + y**2))
    return Problem(
        "helmholtz",
        unknowns=[u],
        conditions=[
            On(omega, Eq(space.div(flux) + k**2 * n**2 * sx * sy * u, -pulse)),
            On(omega.boundary, Eq(u, 0)),
        ],
        coefficients={n: 1 + exp(-8 * ((x - 0.5) ** 2 + y**2)) / 2},
    )
