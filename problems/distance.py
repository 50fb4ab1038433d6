"""The signed distance from a scanned surface: zero on it, of slope one everywhere, its gradient the normal there."""

from pathlib import Path

from sympy import Abs, Eq, Interval, Rational, exp, sqrt

from inrpde import On, Points, Problem, Region, Space
from inrpde.data import packaged, read_scan

SCANS = {
    "cortex": ("nilearn", "datasets/data/fsaverage5/pial_left.gii.gz"),
    "ant": ("pyvista", "examples/ant.ply"),
    "airplane": ("pyvista", "examples/airplane.ply"),
}


def problem(scan: str = "cortex", points: int = 8_000, alpha: float = 100) -> Problem:
    """`scan` is "cortex" (which nilearn carries), "ant", "airplane" (pyvista) or a file of triangles or of points with
    normals, of which at most so many `points` are taken; off the surface exp(-α|u|) is small.

    Weights multiply the balance of the conditions by their operators: the values that the paper gives (3000, 100, 50,
    100) are for conditions without it.
    """
    surface = read_scan(packaged(*SCANS[scan]) if scan in SCANS else Path(scan).absolute()).spread(points)
    space = Space("x y z")
    x, y, z = space.coords
    u = space.unknown("u")
    box = Region(space, Interval(-1, 1) ** 3)
    on = Points(space, surface.points, {"n": surface.normals})
    slope, sphere = space.grad(u), sqrt(x**2 + y**2 + z**2 + Rational(1, 100)) - Rational(1, 2)
    return Problem(
        "distance",
        unknowns=[u],
        conditions=[
            On(on, Eq(u, 0), weight=1e2, norm=1),
            On(on, Eq(slope, on["n"]), weight=3e1),
            On(box, Eq(sqrt(slope.dot(slope)), 1), weight=1e2, norm=1),
            On(box, exp(-alpha * Abs(u)), weight=1e1, norm=1),
        ],
        guess={u: sphere},
        settings={"solver.omega": 12, "solver.batch": 1000},
    )
