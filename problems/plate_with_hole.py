"""A plate with a round hole is pulled: the stress at the hole is three times that far away (Kirsch's solution)."""

from sympy import Eq, FiniteSet, Interval, Matrix, Rational, atan2, cos, eye, sin, sqrt

from inrpde import Ball, On, Problem, Region, Space

nu = Rational(3, 10)
space = Space("x y")
x, y = space.coords
moved = Matrix(space.unknowns("u v"))


def stress_of(moved: Matrix) -> Matrix:
    """Plane stress, in Young's moduli."""
    slope = space.grad(moved)
    strain = (slope + slope.T) / 2
    return ((1 - nu) * strain + nu * strain.trace() * eye(2)) / (1 - nu**2)


r, angle = sqrt(x**2 + y**2), atan2(y, x)
kappa = (3 - nu) / (1 + nu)
outwards = r * (kappa - 1) / 2 + r * cos(2 * angle) + (1 + (1 + kappa) * cos(2 * angle)) / r - cos(2 * angle) / r**3
turned = (1 - kappa) * sin(2 * angle) / r - r * sin(2 * angle) - sin(2 * angle) / r**3
kirsch = Matrix([outwards * x - turned * y, outwards * y + turned * x]) * (1 + nu) / (2 * r)

square = Region(space, Interval(0, 3) ** 2)
plate = square - Ball(space, (0, 0), 1)  # a quarter: the rest is symmetric
left, floor = plate.face(x, 0), plate.face(y, 0)
pulled = square.face(x, 3) | square.face(y, 3)
stress = stress_of(moved)
traction = stress * space.normal
top, side = (Region(space, FiniteSet(place)) for place in ((0, 1), (1, 0)))

problem = Problem(
    "plate_with_hole",
    unknowns=list(moved),
    conditions=[
        On(plate, Eq(space.div(stress), Matrix([0, 0]))),
        On(left, Eq(Matrix([moved[0], traction[1]]), Matrix([0, 0]))),
        On(floor, Eq(Matrix([traction[0], moved[1]]), Matrix([0, 0]))),
        On(pulled, Eq(traction, stress_of(kirsch).doit() * space.normal)),
        On(plate.boundary - left - floor - pulled, Eq(traction, Matrix([0, 0]))),
    ],
    exact=dict(zip(moved, kirsch, strict=True)),
    report=[top.mean(stress[0, 0]), side.mean(stress[1, 1])],  # 3 and -1
)
