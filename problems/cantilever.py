"""A beam that is clamped at one end and bends under its own weight: plane stress, and how far its tip sinks."""

from sympy import Eq, FiniteSet, Interval, Matrix, Rational, eye

from inrpde import On, Problem, Region, Space


def problem(length: float = 4) -> Problem:
    """`length` in heights of the beam; lengths are in heights, stresses in Young's moduli, and so is the weight of a
    unit of volume."""
    nu = Rational(1, 5)
    space = Space("x y")
    x, _ = space.coords
    moved = Matrix(space.unknowns("u v"))
    slope = space.grad(moved)
    strain = (slope + slope.T) / 2
    stress = ((1 - nu) * strain + nu * strain.trace() * eye(2)) / (1 - nu**2)

    beam = Region(space, Interval(0, length) * Interval(0, 1))
    wall = beam.face(x, 0)
    tip = Region(space, FiniteSet((length, Rational(1, 2))))
    return Problem(
        "cantilever",
        unknowns=list(moved),
        conditions=[
            On(beam, Eq(space.div(stress), Matrix([0, 1]))),
            On(wall, Eq(moved, Matrix([0, 0]))),
            On(beam.boundary - wall, Eq(stress * space.normal, Matrix([0, 0]))),
        ],
        report=[tip.mean(moved[1]), wall.integral((stress * space.normal)[1])],  # the second is the beam's weight
    )
