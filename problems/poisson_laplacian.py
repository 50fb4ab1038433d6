"""A picture from its Laplacian: ΔΦ = Δf on the pixels; harmonic functions would be left open without its border."""

from sympy import Eq

from inrpde import On, Problem, Space
from inrpde.data import Image


def problem(size=256, picture="camera.png", border=True):
    space = Space("x y")
    u, f = space.unknown("u"), space.coefficient("f")
    pixels = Image(space, picture, size)
    conditions = [On(pixels, Eq(space.laplace(u), space.laplace(f)))]
    if border:
        conditions += [On(pixels.border, Eq(u, f))]
    return Problem(
        "poisson_laplacian",
        unknowns=[u],
        conditions=conditions,
        coefficients={f: pixels.fields[0]},  # a spline through the pixels
    )
