"""Two pictures in one, by their gradients: ∇Φ = α∇f₁ + (1 - α)∇f₂ on the pixels."""

from sympy import Eq

from inrpde import On, Problem, Space
from inrpde.data import Image


def problem(size=256, alpha=0.5, first="camera.png", second="coins.png"):
    space = Space("x y")
    u = space.unknown("u")
    f, g = space.coefficient("f"), space.coefficient("g")
    pixels, others = Image(space, first, size), Image(space, second, size)
    mixture = alpha * space.grad(f) + (1 - alpha) * space.grad(g)
    return Problem(
        "blend",
        unknowns=[u],
        conditions=[On(pixels, Eq(space.grad(u), mixture))],
        coefficients={f: pixels.fields[0], g: others.fields[0]},
    )
