"""-Δu - k²u = f on the unit square, k = aπ, u = 0 on its boundary: a half waves in each coordinate."""

from sympy import Eq, Interval, pi, sin

from inrpde import On, Problem, Region, Space


def problem(a: float = 4) -> Problem:
    """The solution is sin(aπx) sin(aπy), and the wavenumber aπ."""
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")

    omega = Region(space, Interval(0, 1) ** 2)
    k = a * pi
    solution = sin(k * x) * sin(k * y)
    source = -space.laplace(solution) - k**2 * solution
    return Problem(
        "helmholtz_plane",
        unknowns=[u],
        conditions=[
            On(omega, Eq(-space.laplace(u) - k**2 * u, source)),
            On(omega.boundary, Eq(u, 0)),
        ],
        exact={u: solution},
    )
