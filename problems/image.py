"""A picture as a function: Φ = f on its pixels, the paper's first experiment; a colour picture is three fields."""

from sympy import Eq

from inrpde import On, Problem, Space
from inrpde.data import Image


def problem(size: int = 256, picture: str = "camera.png") -> Problem:
    space = Space("x y")
    pixels = Image(space, picture, size)
    unknowns = pixels.unknowns("u")
    return Problem(
        "image",
        unknowns=unknowns,
        conditions=[On(pixels, Eq(u, value)) for u, value in zip(unknowns, pixels.channels, strict=True)],
    )
