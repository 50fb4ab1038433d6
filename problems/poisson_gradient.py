"""A picture from its gradient alone: ∇Φ = ∇f on the pixels, which leaves one constant open."""

from sympy import Eq

from inrpde import On, Problem, Space
from inrpde.data import Image


def problem(size: int = 256, picture: str = "camera.png") -> Problem:
    space = Space("x y")
    pixels = Image(space, picture, size)
    unknowns, data = pixels.unknowns("u"), pixels.coefficients("f")  # f: splines through the pixels
    return Problem(
        "poisson_gradient",
        unknowns=unknowns,
        conditions=[On(pixels, Eq(space.grad(u), space.grad(f))) for u, f in zip(unknowns, data, strict=True)],
        coefficients=data,
    )
