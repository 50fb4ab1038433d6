"""A picture from a tenth of its pixels: Φ = f there, and as little bending as that allows everywhere."""

from sympy import Eq, Interval, Matrix, sqrt

from inrpde import On, Problem, Region, Space
from inrpde.data import Image


def problem(size=256, picture="camera.png", share=0.1, weight=0.2, norm=2):
    space = Space("x y")
    x, y = space.coords
    u = space.unknown("u")
    pixels = Image(space, picture, size)
    known = pixels.some(share)
    omega = Region(space, Interval(0, 1) ** 2)
    bending = Matrix([u.diff(x, 2), sqrt(2) * u.diff(x, y), u.diff(y, 2)])
    return Problem(
        "inpaint",
        unknowns=[u],
        conditions=[On(known, Eq(u, known[pixels.names[0]])), On(omega, bending, weight=weight, norm=norm)],
    )
