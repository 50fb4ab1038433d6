"""Two pictures in one, by their gradients: ∇Φ = α∇f₁ + (1 - α)∇f₂ on the pixels."""

from sympy import Eq

from inrpde import On, Problem, Space
from inrpde.data import Image


def problem(size: int = 256, alpha: float = 0.5, first: str = "camera.png", second: str = "coins.png") -> Problem:
    space = Space("x y")
    u = space.unknown("u")
    pixels, others = (Image(space, picture, size, grey=True) for picture in (first, second))
    data = {**pixels.coefficients("f"), **others.coefficients("g")}
    f, g = data
    mixture = alpha * space.grad(f) + (1 - alpha) * space.grad(g)
    return Problem("blend", unknowns=[u], conditions=[On(pixels, Eq(space.grad(u), mixture))], coefficients=data)
