"""A picture from a tenth of its pixels: Φ = f there, and as little bending as that allows everywhere."""

from sympy import Eq, Interval, Matrix, sqrt

from inrpde import On, Problem, Region, Space
from inrpde.data import Image


def problem(size=256, picture="camera.png", share=0.1, weight=0.2, norm=2):
    space = Space("x y")
    x, y = space.coords
    pixels = Image(space, picture, size)
    unknowns = pixels.unknowns("u")
    known = pixels.some(share)
    omega = Region(space, Interval(0, 1) ** 2)
    conditions = [On(known, Eq(u, known[name])) for u, name in zip(unknowns, pixels.names, strict=True)]
    for u in unknowns:
        bending = Matrix([u.diff(x, 2), sqrt(2) * u.diff(x, y), u.diff(y, 2)])
        conditions += [On(omega, bending, weight=weight, norm=norm)]
    return Problem("inpaint", unknowns=unknowns, conditions=conditions)
