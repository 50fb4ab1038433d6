"""A picture from its gradient alone: ∇Φ = ∇f on the pixels, which leaves one constant open."""

from sympy import Eq

from inrpde import On, Problem, Space
from inrpde.data import Image


def problem(size=256, picture="camera.png"):
    space = Space("x y")
    u, f = space.unknown("u"), space.coefficient("f")
    pixels = Image(space, picture, size)
    return Problem(
        "poisson_gradient",
        unknowns=[u],
        conditions=[On(pixels, Eq(space.grad(u), space.grad(f)))],
        coefficients={f: pixels.fields[0]},  # a spline through the pixels
    )
