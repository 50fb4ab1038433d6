"""A picture from a tenth of its pixels: Φ = f there, and little variation, or little bending, everywhere."""

from sympy import Eq, Interval, Matrix, sqrt

from inrpde import On, Problem, Region, Space
from inrpde.data import Image
from inrpde.errors import ProblemError


def problem(
    size: int = 256,
    picture: str = "camera.png",
    share: float = 0.1,
    prior: str = "tv",
    weight: float = 0.2,
    norm: int = 1,
) -> Problem:
    """`prior`: "tv" or "hessian", which weighs less than the samples and need not hold; with `norm=1` edges stay sharp,
    with 2 they are smooth."""
    space = Space("x y")
    x, y = space.coords
    pixels = Image(space, picture, size)
    unknowns = pixels.unknowns("u")
    known = pixels.some(share)
    omega = Region(space, Interval(0, 1) ** 2)
    conditions = [On(known, Eq(u, known[name])) for u, name in zip(unknowns, pixels.names, strict=True)]
    for u in unknowns:
        priors = {
            "hessian": Matrix([u.diff(x, 2), sqrt(2) * u.diff(x, y), u.diff(y, 2)]),
            "tv": space.grad(u),
        }
        if prior not in priors:
            raise ProblemError(f"there is no prior '{prior}'", f"--param prior={prior}", "use tv or hessian")
        conditions += [On(omega, priors[prior], weight=weight, norm=norm)]
    return Problem("inpaint", unknowns=unknowns, conditions=conditions)
