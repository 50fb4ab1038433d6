"""A body of plane stress on the unit square, and what is asked of it."""

from sympy import Eq, Interval, Matrix, Rational, eye

from inrpde.compiler import compile_problem
from inrpde.declaration import On, Problem, Region, Space
from inrpde.verification.checks.validate import validate

space = Space("x y")
x, y = space.coords
p, q = space.unknowns("p q")
omega = Region(space, Interval(0, 1) ** 2)
left, right, floor, top = omega.face(x, 0), omega.face(x, 1), omega.face(y, 0), omega.face(y, 1)
walls = omega.boundary
zero, normal = Matrix([0, 0]), Matrix(list(space.normal))


def stress(modulus=1, ratio=Rational(1, 5)):
    slip = space.grad(Matrix([p, q]))
    strain = (slip + slip.T) / 2
    return modulus * ((1 - ratio) * strain + ratio * strain.trace() * eye(2)) / (1 - ratio**2)


def body(load=zero, modulus=1, ratio=Rational(1, 5)):
    return On(omega, Eq(space.div(stress(modulus, ratio)), load))


def traction(part, given=zero):
    return On(part, Eq(stress() * space.normal, given))


def findings(*conditions, unknowns=(p, q), **more):
    return validate(compile_problem(Problem("p", list(unknowns), list(conditions), **more)))


def texts(*conditions, **more):
    return [finding.text for finding in findings(*conditions, **more)]
