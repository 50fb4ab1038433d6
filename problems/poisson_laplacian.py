"""A picture from its Laplacian: ΔΦ = Δf on the pixels; harmonic functions would be left open without its border."""

from sympy import Eq

from inrpde import On, Problem, Space
from inrpde.data import Image


def problem(size: int = 256, picture: str = "camera.png", border: bool = True) -> Problem:
    space = Space("x y")
    pixels = Image(space, picture, size)
    unknowns, data = pixels.unknowns("u"), pixels.coefficients("f")  # f: splines through the pixels
    pairs = list(zip(unknowns, data, strict=True))
    conditions = [On(pixels, Eq(space.laplace(u), space.laplace(f))) for u, f in pairs]
    if border:
        edge = pixels.border
        conditions += [On(edge, Eq(u, f)) for u, f in pairs]
    return Problem("poisson_laplacian", unknowns=unknowns, conditions=conditions, coefficients=data)
