"""A plate with a crack in its middle is pulled apart: the stress intensity at the crack's tips, by the J-integral."""

from sympy import Eq, Interval, Matrix, Rational, eye, sqrt

from inrpde import On, Problem, Region, Space


def problem(crack: Rational = Rational(1, 2)) -> Problem:
    """`crack` is half the length of the crack, in half widths of the plate. A quarter of the plate is solved for; plane
    stress, stresses in Young's moduli, a tenth of it far away."""
    nu, pull = Rational(3, 10), Rational(1, 10)
    space = Space("x y")
    x, y = space.coords
    u, v = space.unknowns("u v")
    slope = space.grad(Matrix([u, v]))
    strain = (slope + slope.T) / 2
    stress = ((1 - nu) * strain + nu * strain.trace() * eye(2)) / (1 - nu**2)
    traction = stress * space.normal

    plate = Region(space, Interval(0, 1) * Interval(0, 2))
    middle, side, top, floor = plate.face(x, 0), plate.face(x, 1), plate.face(y, 2), plate.face(y, 0)
    ahead, opened = floor.where(x > crack), floor.where(x < crack)

    energy = sum(stress[i, j] * strain[i, j] for i in range(2) for j in range(2)) / 2
    released = energy * space.normal[0] - (traction.T * Matrix([u, v]).diff(x))[0]
    intensity = sqrt(2 * (middle | side | top).integral(released))  # round the tip, both halves of the plate
    return Problem(
        "crack",
        unknowns=[u, v],
        conditions=[
            On(plate, Eq(space.div(stress), Matrix([0, 0]))),
            On(middle, Eq(Matrix([u, traction[1]]), Matrix([0, 0]))),
            On(ahead, Eq(Matrix([traction[0], v]), Matrix([0, 0]))),
            On(opened, Eq(traction, Matrix([0, 0]))),
            On(side, Eq(traction, Matrix([0, 0]))),
            On(top, Eq(traction, Matrix([0, pull]))),
        ],
        report=[intensity / pull],
    )
