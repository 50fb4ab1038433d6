"""Gray and Scott's reaction, of which spots divide, on a torus."""

from sympy import Eq, Interval, exp

from inrpde import On, Periodic, Problem, Region, Space


def problem(feed: float = 0.035, kill: float = 0.065, end: float = 200) -> Problem:
    """`feed` and `kill` are the rates at which u is fed and v taken away."""
    space = Space("x y", time="t")
    x, y, _ = space.coords
    u, v = space.unknowns("u v")

    torus = Region(space, Interval(0, 1) ** 2 * Interval(0, end))
    drop = exp(-200 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)) + exp(-200 * ((x - 0.35) ** 2 + (y - 0.55) ** 2))
    return Problem(
        "spots",
        unknowns=[u, v],
        conditions=[
            On(torus, Eq(space.dt(u), 1.6e-4 * space.laplace(u) - u * v**2 + feed * (1 - u))),
            On(torus, Eq(space.dt(v), 0.8e-4 * space.laplace(v) + u * v**2 - (feed + kill) * v)),
            *[On(torus.face(z, 0), Periodic(w, z)) for z in (x, y) for w in (u, v)],
            On(torus.initial, Eq(u, 1 - drop / 2)),
            On(torus.initial, Eq(v, drop / 4)),
        ],
    )
