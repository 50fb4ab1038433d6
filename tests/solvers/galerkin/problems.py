"""Problems in the flux form with known solutions, and how wrong a state is."""

import numpy as np
from sympy import (
    Abs,
    Eq,
    FiniteSet,
    Heaviside,
    I,
    Interval,
    Matrix,
    Piecewise,
    Rational,
    atan2,
    cos,
    exp,
    eye,
    lambdify,
    pi,
    sin,
    sqrt,
)

from inrpde import On, Problem, Region, Space
from inrpde.compiler import compile_problem
from inrpde.compiler.flux import FluxForm, flux_form
from tests.sampling.cells.meshes import ell

space = Space("x y")
x, y = space.coords
u, v, p = space.unknowns("u v p")
z = space.unknown("z", complex=True)
n, U = Matrix(list(space.normal)), Matrix([u, v])
square = Region(space, Interval(0, 1) ** 2)
POINTS = np.random.default_rng(0).uniform(size=(1000, 2))
smooth = sin(2 * x + y) * exp(-y)


def flux_of(problem):
    found = flux_form(compile_problem(problem))
    assert isinstance(found, FluxForm), found
    return found


def errors(state, known, points=POINTS, coords=(x, y)):
    """By unknown, relative and quadratic."""
    out = []
    for k, each in enumerate(known):
        truth = np.broadcast_to(lambdify(coords, each)(*points.T), len(points))
        zero = (0,) * points.shape[1]
        found = state.jets(k, points, [zero])[zero]
        out.append(float(np.linalg.norm(found - truth) / np.linalg.norm(truth)))
    return out


def given(operator, known=smooth, unknown=u):
    """An equation with its right-hand side, and the value on the boundary."""
    conditions = [On(square, Eq(operator(unknown), operator(known))), On(square.boundary, Eq(unknown, known))]
    return Problem("given", [unknown], conditions), [known]


def poisson():
    return given(lambda f: -space.laplace(f))


def variable():
    return given(lambda f: -space.div((1 + x * y + y**2) * space.grad(f)) + x * f)


def anisotropic():
    return given(lambda f: -space.div(Matrix([[2, 1], [1, 40]]) * space.grad(f)))


def kovasznay(reynolds=20):
    """Kovasznay (1948), on the square, with the pressure in the middle of its inlet."""
    rate = reynolds / 2 - sqrt(reynolds**2 / 4 + 4 * pi**2)
    swirl = exp(rate * x)
    known = [1 - swirl * cos(2 * pi * y), rate / (2 * pi) * swirl * sin(2 * pi * y), (1 - swirl**2) / 2]
    flow, given_ = Matrix([u, v]), Matrix(known[:2])
    inertia = space.grad(flow) * flow + space.grad(p) - space.laplace(flow) / reynolds
    conditions = [
        On(square, Eq(inertia, Matrix([0, 0]))), On(square, Eq(space.div(flow), 0)),
        On(square.boundary, Eq(flow, given_)), On(Region(space, FiniteSet((0, Rational(1, 2)))), Eq(p, 0)),
    ]  # fmt: skip
    return Problem("kovasznay", [u, v, p], conditions), known


def step(reynolds):
    """Flow over a step that faces back."""
    channel = Region(space, Interval(-1, 4) * Interval(0, 1))
    water = channel - Region(space, Interval(-1, 0) * Interval(0, Rational(1, 2)))
    flow, outlet = Matrix([u, v]), channel.face(x, 4)
    inlet = channel.face(x, -1).where(y > Rational(1, 2))
    conditions = [
        On(water, Eq(space.grad(flow) * flow + space.grad(p), space.laplace(flow) / reynolds)),
        On(water, Eq(space.div(flow), 0)),
        On(inlet, Eq(flow, Matrix([24 * (y - Rational(1, 2)) * (1 - y), 0]))),
        On(outlet, Eq(u.diff(x) / reynolds - p, 0)), On(outlet, Eq(v.diff(x), 0)),
        On(water.boundary - inlet - outlet, Eq(flow, Matrix([0, 0]))),
    ]  # fmt: skip
    return Problem("step", [u, v, p], conditions)


def nonlinear():
    """Robin's condition, too, holds the solution in its factor."""
    known, right = 1 + smooth, square.face(x, 1)
    equation, flux = (lambda f: -space.div((1 + f**2) * space.grad(f)) + f**3), (lambda f: (1 + f**2) * f.diff(x) + f)
    conditions = [
        On(square, Eq(equation(u), equation(known))), On(square.boundary - right, Eq(u, known)),
        On(right, Eq((1 + u**2) * space.dn(u) + u, flux(known))),
    ]  # fmt: skip
    return Problem("nonlinear", [u], conditions), [known]


def helmholtz(k=4):
    """A plane wave with impedance conditions."""
    known = exp(I * k * (x * Rational(3, 5) + y * Rational(4, 5)))
    given_ = known * I * k * (n[0] * Rational(3, 5) + n[1] * Rational(4, 5) - 1)
    conditions = [
        On(square, Eq(space.laplace(z) + k**2 * z, 0)),
        On(square.boundary, Eq(space.dn(z) - I * k * z, given_)),
    ]
    return Problem("wave", [z], conditions), [known]


def convection():
    """Of a smooth field, a thousand times as much as is conducted."""
    return given(lambda f: -Rational(1, 1000) * space.laplace(f) + 2 * f.diff(x) + f.diff(y))


def convection_in_the_flux():
    return given(lambda f: space.div(-Rational(1, 1000) * space.grad(f) + Matrix([2 * f, f])))


def heated(stiff=210e9, conducts=45):
    """A plate that is warm, held on the left, under loads, in SI units: temperatures in kelvin, displacements of less
    than a millimetre."""
    strain, mean = (space.grad(U) + space.grad(U).T) / 2, Rational(3, 10)
    stress = stiff * ((1 - mean) * strain + mean * strain.trace() * eye(2) - 1e-5 * (p - 300) * eye(2))
    known = [1e-3 * sin(2 * x + y), 1e-3 * x * exp(-y), 300 + 40 * sin(x - 2 * y)]
    left, facts = square.face(x, 0), dict(zip((u, v, p), known, strict=True))
    rest = square.boundary - left

    def given(expr):
        return expr.subs(facts).doit()

    conditions = [
        On(square, Eq(space.div(stress), given(space.div(stress)))),
        On(square, Eq(conducts * space.laplace(p), given(conducts * space.laplace(p)))),
        On(left, Eq(U, given(U))), On(rest, Eq(stress * n, given(stress * n))),
        On(rest, Eq(p, given(p))), On(left, Eq(conducts * space.dn(p), given(conducts * space.dn(p)))),
    ]  # fmt: skip
    return Problem("heated", [u, v, p], conditions), known


def rollers():
    """Plane stress: rollers on the left, held at the bottom, tractions elsewhere."""
    nu = Rational(1, 5)

    def stress(W):
        strain = (space.grad(W) + space.grad(W).T) / 2
        return ((1 - nu) * strain + nu * strain.trace() * eye(2)) / (1 - nu**2)

    W, known, t = Matrix([u, v]), Matrix([sin(x) * cos(y) + x * y, cos(x + y) * y]), Matrix([-n[1], n[0]])
    left, bottom = square.face(x, 0), square.face(y, 0)
    conditions = [
        On(square, Eq(space.div(stress(W)), space.div(stress(known)))), On(left, Eq(W.dot(n), known.dot(n))),
        On(left, Eq((stress(W) * n).dot(t), (stress(known) * n).dot(t))), On(bottom, Eq(W, known)),
        On(square.boundary - left - bottom, Eq(stress(W) * n, stress(known) * n)),
    ]  # fmt: skip
    return Problem("rollers", [u, v], conditions), list(known)


def stokes():
    """Walls, and an outlet on the right."""
    stream, pressure = sin(pi * x) ** 2 * sin(pi * y) ** 2, cos(pi * x) * sin(pi * y)
    a, b = stream.diff(y), -stream.diff(x)
    right = square.face(x, 1)
    conditions = [
        On(square, Eq(-space.laplace(u) + p.diff(x), -space.laplace(a) + pressure.diff(x))),
        On(square, Eq(-space.laplace(v) + p.diff(y), -space.laplace(b) + pressure.diff(y))),
        On(square, Eq(u.diff(x) + v.diff(y), 0)), On(square.boundary - right, Eq(Matrix([u, v]), Matrix([0, 0]))),
        On(right, Eq(space.dn(u) - p * n[0], a.diff(x) - pressure)), On(right, Eq(space.dn(v) - p * n[1], b.diff(x))),
    ]  # fmt: skip
    return Problem("stokes", [u, v, p], conditions), [a, b, pressure]


def jump(contrast=1000):
    """Two materials that meet at x = 1/3, one unknown."""
    a, place = space.coefficient("a"), Rational(1, 3)
    coefficient = Piecewise((1, x < place), (contrast, True))
    known = sin(x - place) * cos(2 * y) / coefficient
    source = -space.laplace(sin(x - place) * cos(2 * y))
    conditions = [On(square, Eq(-space.div(a * space.grad(u)), source)), On(square.boundary, Eq(u, known))]
    return Problem("jump", [u], conditions, coefficients={a: coefficient}), [known]


def edges():
    """Harmonic over a floor that is warm on a part of it, as the other walls ask."""
    known = 1 + (atan2(y, x - Rational(2, 3)) - atan2(y, x - Rational(1, 5))) / pi
    floor = square.face(y, 0)
    given = 1 + Heaviside((x - Rational(1, 5)) * (Rational(2, 3) - x))
    conditions = [
        On(square, Eq(space.laplace(u), 0)), On(floor, Eq(u, given)), On(square.boundary - floor, Eq(u, known)),
    ]  # fmt: skip
    return Problem("edges", [u], conditions), [known]


def folded():
    """Diffusion that is absorbed in a part, by a source that jumps there and bends along a line askew."""
    gap, rate = (3 * x + 4 * y - 3) / 5, Piecewise((9, x < Rational(1, 3)), (1, True))
    known = Abs(gap) ** 3 + sin(x + 2 * y)
    source = -6 * Abs(gap) + 5 * sin(x + 2 * y) + rate * known
    conditions = [On(square, Eq(-space.laplace(u) + rate * u, source)), On(square.boundary, Eq(u, known))]
    return Problem("folded", [u], conditions), [known]


def inclusion(contrast=50):
    """A disc of another material, one unknown."""
    gap = (x - Rational(1, 2)) ** 2 + (y - Rational(9, 20)) ** 2 - Rational(9, 100)
    coefficient = Piecewise((contrast, gap < 0), (1, True))
    potential = gap * exp(x) * cos(2 * y)
    equation = Eq(-space.div(coefficient * space.grad(u)), -space.laplace(potential))
    conditions = [On(square, equation), On(square.boundary, Eq(u, potential))]
    return Problem("inclusion", [u], conditions), [potential / coefficient]


def on_cells(mesh):
    """Poisson's equation on a mesh of any dimension, with a flux where the first coordinate is 0."""
    of = mesh.space
    w, first = of.unknown("w"), of.coords[0]
    known = sin(sum(k * c for k, c in enumerate(of.coords, 1))) + first**2
    begin = mesh.boundary.where(Eq(first, 0))
    conditions = [
        On(mesh, Eq(-of.laplace(w), -of.laplace(known))), On(begin, Eq(of.dn(w), of.dn(known))),
        On(mesh.boundary - begin, Eq(w, known)),
    ]  # fmt: skip
    return Problem("cells", [w], conditions), [known]


def two_parts():
    """Two unknowns on two parts of a mesh: the values and the fluxes differ by what is given."""
    mesh = ell(tagged=True, space=space)
    left, right = mesh.tagged("left"), mesh.tagged("right")
    a, b = space.unknown("a", on=left), space.unknown("b", on=right)
    known = sin(x) * cos(y), 3 + x**2 * cos(y)
    meeting = right.boundary & left.boundary  # its normal points to the left
    conditions = [
        On(left, Eq(-10 * space.laplace(a), -10 * space.laplace(known[0]))),
        On(right, Eq(-space.laplace(b), -space.laplace(known[1]))),
        On(meeting, Eq(b - a, known[1] - known[0])),
        On(meeting, Eq(space.dn(b) - 10 * space.dn(a), -known[1].diff(x) + 10 * known[0].diff(x))),
        On(left.boundary - right.boundary, Eq(a, known[0])), On(right.boundary - left.boundary, Eq(b, known[1])),
    ]  # fmt: skip
    return Problem("parts", [a, b], conditions), list(known)


def corner(stretch=1):
    """r^(2/3) sin(2θ/3) in the L-shape, of x by the stretch and y: that has no functions of its own but for 1."""
    whole = Region(space, Interval(-1, 1) ** 2) - Region(space, Interval(0, 1) * Interval(-1, 0))
    angle = Piecewise((atan2(y, x / stretch), y >= 0), (atan2(y, x / stretch) + 2 * pi, True))
    known = sqrt((x / stretch) ** 2 + y**2) ** Rational(2, 3) * sin(2 * angle / 3)
    zero = (Eq(x, 0) & (y <= 0)) | (Eq(y, 0) & (x >= 0))
    inside = On(whole, Eq(stretch**2 * u.diff(x, 2) + u.diff(y, 2), 0))
    conditions = [inside, On(whole.boundary, Eq(u, Piecewise((0, zero), (known, True))))]
    points = np.random.default_rng(0).uniform(-1, 1, (3000, 2))
    return Problem("corner", [u], conditions), [known], points[(points[:, 0] < 0) | (points[:, 1] > 0)]


def mixed(stretch=1):
    """r^(1/2) sin(θ/2), which is held on one half of a side; through the other nothing goes (Motz 1947); stretched
    likewise."""
    known = ((x / stretch) ** 2 + y**2) ** Rational(1, 4) * sin(atan2(y, x / stretch) / 2)
    half = Region(space, Interval(-1, 1) * Interval(0, 1))
    held, free = half.face(y, 0).where(x >= 0), half.face(y, 0).where(x <= 0)
    conditions = [
        On(half, Eq(stretch**2 * u.diff(x, 2) + u.diff(y, 2), 0)), On(held, u), On(free, Eq(space.dn(u), 0)),
        On(half.boundary - half.face(y, 0), Eq(u, known)),
    ]  # fmt: skip
    points = np.random.default_rng(0).uniform((-1, 0), (1, 1), (3000, 2))
    return Problem("mixed", [u], conditions), [known], points


def jumping(conductivity=5):
    """Values that jump where two materials meet on a side: the angle, in each by its share."""
    half = Region(space, Interval(-1, 1) * Interval(0, 1))
    slope = 2 / (pi * (1 + 1 / Rational(conductivity)))  # of a material of 1; the first has the other
    angle = atan2(y, x)
    known = Piecewise((slope * angle / conductivity, x > 0), (1 - slope * (pi - angle), True))
    a = Piecewise((conductivity, x > 0), (1, True))
    low = half.face(y, 0)
    conditions = [
        On(half, Eq(-space.div(a * space.grad(u)), 0)), On(low.where(x >= 0), u), On(low.where(x <= 0), Eq(u, 1)),
        On(half.boundary - low, Eq(u, known)),
    ]  # fmt: skip
    points = np.random.default_rng(0).uniform((-1, 0), (1, 1), (3000, 2))
    return Problem("jumping", [u], conditions), [known], points
