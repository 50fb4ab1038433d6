"""What a careless or hostile problem file is told: in three parts, before the solve, and only what is proved."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    And,
    Contains,
    Derivative,
    DiracDelta,
    Eq,
    Function,
    Heaviside,
    Integral,
    Interval,
    Matrix,
    Or,
    Piecewise,
    Rational,
    S,
    Sum,
    Symbol,
    Tuple,
    exp,
    floor,
    nan,
    oo,
    pi,
    sin,
    zoo,
)
from sympy.physics.units import meter

import inrpde
from inrpde import Ball, On, Points, Problem, Region, Space
from inrpde.cli import main
from inrpde.compiler import compile_problem
from inrpde.errors import OutputError, ProblemError, UsageError
from inrpde.export.report import html
from inrpde.pipeline import check
from inrpde.storage import dataset, rehearse
from inrpde.verification.evidence.resonance import rings

space = Space("x")
(x,) = space.coords
u = space.unknown("u")
a = space.coefficient("a")
line = Region(space, Interval(0, 1))
LAPLACE = [On(line, Eq(space.laplace(u), 0)), On(line.boundary, Eq(u, 1))]


def with_coefficients(*keys, values=(2, 3)):
    product = np.prod([*keys, space.laplace(u)])
    bound = dict(zip(keys, values, strict=False))
    return Problem("p", [u], [On(line, Eq(product, 1)), On(line.boundary, Eq(u, 0))], coefficients=bound)


def named(name):
    v = Function(name, real=True)(x)
    return Problem("p", [v], [On(line, Eq(space.laplace(v), 0)), On(line.boundary, Eq(v, 1))])


REFUSED = {
    "two coefficients of one name": (
        lambda: with_coefficients(a, space.coefficient("a", positive=True)), "'a' is the name of two things",
    ),
    "a field and a number of one name": (
        lambda: with_coefficients(a, space.parameter("a")), "'a' is the name of two things",
    ),
    "a coefficient named as a coordinate": (lambda: with_coefficients(Symbol("x")), "a coordinate and a coefficient"),
    "a slash": (lambda: named("a/b"), "'a/b' is not a name"),
    "a dot": (lambda: named("."), "'.' is not a name"),
    "an empty name": (lambda: named(""), "'' is not a name"),
    "exact of another u": (lambda: Problem("p", [u], LAPLACE, exact={Function("u")(x): 1}), "not an unknown"),
    "nan": (lambda: with_coefficients(a, values=[nan]), "a is nan"),
    "oo": (lambda: with_coefficients(a, values=[x * oo]), "which is not finite"),
    "zoo": (lambda: with_coefficients(a, values=[zoo]), "a is zoo"),
    "exact nan": (lambda: Problem("p", [u], LAPLACE, exact={u: nan}), "u is nan"),
    "an equation of nan": (lambda: On(line, space.laplace(u) + nan), "the equation has no value"),
    "==": (lambda: On(line, u == 0), "== asks whether two expressions are written alike"),
    "a setting's number": (lambda: Problem("p", [u], LAPLACE, settings={1: 3}), "the key 1 is no string"),
    "a setting's name": (lambda: Problem("p", [u], LAPLACE, settings={"solver.widht": 3}), "no setting"),
    "two lines": (lambda: Problem("a\nb", [u], LAPLACE), "the name of a problem"),
    "a surrogate": (lambda: Problem("a\udc80", [u], LAPLACE), "the name of a problem"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "what"), REFUSED.values(), ids=REFUSED)
def test_a_declaration_that_means_nothing_is_refused_when_it_is_made(make, what):
    with pytest.raises(ProblemError) as caught:
        make()
    assert what in caught.value.what
    assert caught.value.where
    assert caught.value.fix


@pytest.mark.parametrize(
    "relation",
    [
        u > 0, Eq(u.diff(x), 0), Function("f")(x) < 1, Symbol("q") < 1, Contains(x, S.Rationals), DiracDelta(x) > 0,
        Contains(Tuple(x, x), Interval(0, 1) ** 2), Derivative(x**2, x) > 0.2, Integral(exp(-(x**2)), (x, 0, x)) > 1,
        x > 10**400, Eq(Matrix([x]), Matrix([0])), "x < 1", "x <", None, 3, [x < 1],
    ],
    ids=str,
)  # fmt: skip
def test_what_selects_points_is_a_relation_of_the_coordinates(relation):
    for make in (line.where, line.boundary.where):
        with pytest.raises(ProblemError) as caught:
            make(relation)
        assert caught.value.where
        assert caught.value.fix


def test_the_parts_of_a_complex_unknown_take_no_name_of_another():
    """Both are solved, though the parts of z would be called z_re and z_im."""
    z, w, v = space.unknown("z", complex=True), space.unknown("z_re"), space.coefficient("z_im")
    problem = Problem(
        "p", [z, w],
        [
            On(line, Eq(space.laplace(z) + Abs(z) ** 2 * z, v * w)), On(line, Eq(space.laplace(w), 0)),
            On(line.boundary, Eq(z, 1)), On(line.boundary, Eq(w, 2)),
        ],
        coefficients={v: inrpde.GridField([0.5, 0.5], [[0, 1]])}, exact={z: 1, w: 2},
    )  # fmt: skip
    solution = inrpde.solve(problem)
    assert set(solution.fields) == {"z", "z_re"}
    for name in ("z", "z_re"):
        field = solution.report["fields"][name]
        assert field["exact"]["rel_l2"] < 1e-9
        assert field["reference"]["rel_l2"] < 1e-6


def of(*names, complex=False, coords="x", name="p"):
    """Laplace's equation for unknowns of some names, in some coordinates."""
    there = Space(coords)
    unknowns = there.unknowns(names, complex=complex)
    box = Region(there, Interval(0, 1) ** len(there.coords))
    conditions = [On(box, Eq(there.laplace(v), 0)) for v in unknowns] + [On(box.boundary, Eq(v, 0)) for v in unknowns]
    return Problem(name, unknowns, conditions)


@pytest.mark.parametrize(
    ("problem", "output", "what"),
    [
        (of("u"), "a.xyz", "nothing writes files that end in .xyz"),
        (of("u", coords="x y"), "a.wav", "a sound is one or two real fields of one coordinate"),
        (of("u", complex=True), "a.wav", "a sound"),
        (of("u", coords="x y"), "a.vtk", "a surface"),
        (of("u"), "a.png", "pictures are of real fields of two coordinates"),
        (of("u"), "a" * 252 + ".h5", "name too long"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_solve(problem, output, what, tmp_path):
    with pytest.raises(OutputError, match=what) as caught:
        rehearse(problem, tmp_path / output)
    assert str(caught.value.where) in (str(tmp_path / output), *(u.func.__name__ for u in problem.unknowns))
    assert caught.value.fix
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["", ".h5", ".hdf5", ".nc", ".vtkhdf", ".png"])
@pytest.mark.parametrize("complex", [False, True])
def test_every_ending_that_serves_passes_its_rehearsal(ending, complex, tmp_path):
    if not (complex and ending == ".png"):
        rehearse(of("u", "w", coords="x y", complex=complex), tmp_path / f"a{ending}")


def test_the_command_refuses_before_it_solves(tmp_path, monkeypatch, capsys):
    (tmp_path / "p.py").write_text(
        "from sympy import *\nfrom inrpde import *\nspace = Space('x')\nu = space.unknown('u')\n"
        "line = Region(space, Interval(0, 1))\n"
        "problem = Problem('n' * 400, [u], [On(line, space.laplace(u)), On(line.boundary, u - 1)])\n"
    )

    monkeypatch.chdir(tmp_path)
    for output in ("a.xyz", "x" * 300 + ".h5"):
        assert main(["solve", "p.py", "-o", output]) == 6
        said = capsys.readouterr().err
        assert "where: " in said
        assert "0.0 s  compile" not in said
    assert main(["solve", "p.py"]) == 0
    (written,) = tmp_path.glob("n*.h5")
    assert len(written.name) < 200


def test_names_are_no_formulas(tmp_path):
    """A dollar sign in a problem's name is a dollar sign in the picture's title, and no error."""
    solution = inrpde.solve(of("u", name="a$b^c$ \\frac{$"), reference="none")
    assert "a$b^c$" in html(dataset(solution), solution.report)


@pytest.mark.parametrize(
    ("lo", "hi"), [(1, 1 + 1e-15), (0, 1e-200), (0, Rational(1, 10**400)), (-1, -1 + 1e-13), (1e30, 1.000000000001e30)]
)
def test_an_interval_whose_points_are_one_number_is_refused(lo, hi):
    with pytest.raises(ProblemError, match=r"too short|one number"):
        Region(space, Interval(lo, hi))
    assert Region(space, Interval(1e9, 1e9 + 1)).measure == 1


@pytest.mark.parametrize(
    ("asked", "meant"), [("laplacian", "laplace"), ("gradient", "grad"), ("divergence", "div"), ("unkown", "unknown")]
)
def test_an_operator_by_another_name_is_pointed_to(asked, meant):
    with pytest.raises(AttributeError, match=f"did you mean {meant}"):
        getattr(space, asked)
    assert not hasattr(space, asked)


def test_a_space_is_copied_and_pickled_as_before():
    for again in (copy.copy(space), copy.deepcopy(space), pickle.loads(pickle.dumps(space))):
        assert again.coords == space.coords


@settings(max_examples=20, deadline=None)
@given(exponent=st.floats(-7, 7))
def test_the_corners_of_a_slender_box_are_right_angles(exponent):
    box = Region(Space("x y"), Interval(0, 1) * Interval(0, 10**exponent))
    assert [corner.angle for corner in box.corners] == pytest.approx([np.pi / 2] * 4)


@pytest.mark.parametrize("large", [10**20, 10**30])
def test_whole_numbers_beyond_those_of_numpy_are_floats(large):
    plane = Space("x y")
    s, t = plane.coords
    v = plane.unknown("v")
    square = Region(plane, Interval(0, 1) ** 2)
    answer = Rational(1, large) * sin(pi * s) * sin(pi * t)
    equation = Eq(large * v.diff(s, s) + large * v.diff(t, t) + large * v, (1 - 2 * pi**2) * large * answer)
    solution = inrpde.solve(
        Problem("p", [v], [On(square, equation), On(square.boundary, Eq(v, 0))], exact={v: answer}), reference="none"
    )
    assert solution.report["fields"]["v"]["exact"]["rel_l2"] < 1e-6


@pytest.mark.parametrize("equation", [Eq(u**2, 1), Eq(u**3, 8), u**2 - x - 1])
def test_an_equation_without_derivatives_is_solved_where_its_tangent_vanishes_at_zero(equation):
    solution = inrpde.solve(Problem("p", [u], [On(line, equation)]), reference="none")
    at = np.linspace(0, 1, 5)
    values = solution(at)["u"]
    left = equation.lhs - equation.rhs if isinstance(equation, Eq) else equation
    assert solution.report["status"] == "ok"
    assert [float(left.subs({u: v, x: p})) for v, p in zip(values, at, strict=True)] == pytest.approx([0] * 5, abs=1e-8)


plane = Space("x y")
X, Y = plane.coords
w = plane.unknown("w")
square = Region(plane, Interval(0, 1) ** 2)


def warned(*conditions, unknowns=(w,), **options):
    return check(Problem("p", unknowns, conditions, **options))["warnings"]


@settings(max_examples=8, deadline=None)
@given(exponent=st.integers(2, 12), sign=st.sampled_from([-1, 1]))
def test_a_layer_of_any_width_is_no_contradiction(exponent, sign):
    """eps u″ + u′ = 1 with u given at both ends has a solution for every eps > 0."""
    equation = Eq(sign * space.laplace(u) / 10**exponent + u.diff(x), 1)
    assert not warned(On(line, equation), On(line.boundary, Eq(u, 0)), unknowns=[u])


def test_an_imbalance_that_points_may_have_missed_is_no_proof():
    """A narrow source of integral 1 and a flux of 1 balance: points follow the source; a thinner strip is not seen."""
    narrow = exp(-((X - 0.5) ** 2 + (Y - 0.5) ** 2) / 2e-8) / (2e-8 * pi)
    conditions = On(square, Eq(plane.laplace(w), narrow)), On(square.boundary, Eq(plane.dn(w), Rational(1, 4)))
    assert not any("flux" in text for text in warned(*conditions))
    strip = Piecewise((10**5, And(X > 0.50001, X < 0.50002)), (0, True))
    conditions = On(square, Eq(plane.laplace(w), strip)), conditions[1]
    assert any("as far as 4000 points show" in text for text in warned(*conditions))
    with pytest.raises(ProblemError, match="no solution exists"):
        warned(On(square, Eq(plane.laplace(w), 2)), conditions[1])


SPIKE, STRIP = exp(-((X - 0.3) ** 2 + Y**2) * 10**8), Piecewise((1, And(X > 0.50001, X < 0.50002)), (0, True))


@pytest.mark.parametrize(("source", "seen"), [(SPIKE, True), (STRIP, False)], ids=["a spike", "a strip"])
def test_data_that_are_narrow_are_not_called_zero(source, seen):
    conditions = [On(square, Eq(plane.laplace(w), source)), On(square.boundary, Eq(w, 0))]
    assert seen or "vanish at every point that was looked at" in warned(*conditions)[0]
    assert inrpde.solve(Problem("p", [w], conditions), budget=4).report["verdict"]["word"] != "verified"


def test_infinite_data_do_not_disagree_at_a_corner():
    conditions = [
        On(square, Eq(plane.laplace(w), 0)),
        On(square.face(X, 0), Eq(X * w, 0)),
        On(square.boundary.where(X > 0), Eq(w, 1)),
    ]
    assert not [text for text in warned(*conditions) if "disagree" in text]
    report = inrpde.solve(Problem("p", [w], conditions), budget=8).report
    assert report["fields"]["w"]["reference"] is None


def test_the_floor_is_not_a_corner_of_the_walls_above_it():
    walls, floor_ = square.boundary.where(Y > 0), square.face(Y, 0)
    conditions = On(square, Eq(plane.laplace(w), 0)), On(walls, Eq(w, 0)), On(floor_, Eq(w, sin(pi * X)))
    assert not warned(*conditions)
    (text,) = warned(*conditions[:2], On(floor_, Eq(w, 1 + X)))
    assert "y = 0 " in text
    assert "x = 0.5" not in text


def test_a_face_without_its_end_is_told_from_one_with_it():
    rest = On(square.boundary.where(Or(X > 0, Y >= 1)), Eq(w, 1))
    face = On(square.boundary.where(And(Eq(X, 0), Y < 1)), Eq(w, 0))
    (text,) = (text for text in warned(On(square, Eq(plane.laplace(w), 0)), rest, face) if "disagree" in text)
    assert "in the limit of" in text


def test_what_no_term_can_ring_is_no_resonance():
    """A slender strip: the answer is large, and neither out of proportion nor at a resonance."""
    strip = Region(plane, Interval(0, 1000) * Interval(0, 1))
    ends, walls = strip.boundary.where(Or(Eq(X, 0), Eq(X, 1000))), strip.boundary.where(Or(Eq(Y, 0), Eq(Y, 1)))
    equations = [On(strip, Eq(plane.laplace(w), 1)), On(ends, Eq(w, 0)), On(walls, Eq(plane.dn(w), 0))]
    report = inrpde.solve(Problem("p", [w], equations), budget=8, reference="none").report
    assert report["status"] == "ok"
    form = compile_problem(Problem("p", [w], [On(square, plane.laplace(w) - 4 * w), On(square.boundary, w - 1)]))
    assert not any(map(partial(rings, form), form.rows))
    form = compile_problem(Problem("p", [w], [On(square, plane.laplace(w) + 4 * w), On(square.boundary, w - 1)]))
    assert any(map(partial(rings, form), form.rows))


n_ = Symbol("n", integer=True)
MISUSED = {
    "a region's name for a region": lambda: space.unknown("q", on="omega"),
    "a string for an expression": lambda: plane.grad("w"),
    "nothing for an expression": lambda: plane.laplace(None),
    "a derivative of order -1": lambda: Space("x", time="t").dt(1, -1),
    "a Matrix to integrate": lambda: square.mean(Matrix([w, w])),
    "a name to integrate": lambda: square.integral("w"),
    "a list for a radius": lambda: Ball(plane, (0, 0), [1]),
    "a name for a space": lambda: Ball("x y", (0, 0), 1),
    "a ball without points": lambda: Ball(plane, (0, 0), 1e-200),
    "a ball without a volume": lambda: Ball(plane, (0, 0), 1e200),
    "no value for a face": lambda: square.face(X, None),
    "a moment for a time": lambda: Ball(Space("x", time="t"), 0, 1).over(Interval(0, 1e-300)),
    "a number for a label": lambda: Points(space, [[0.5]], {1: [1]}),
    "Tuples for sides": lambda: On(line, Eq(Tuple(u, u), Tuple(0, 0))),
    "Matrices of two shapes": lambda: On(line, Eq(Matrix([u, u]), Matrix([1]), evaluate=False)),
    "features without number": lambda: Problem("p", [u], LAPLACE, settings={"solver.width": 10**30}),
    "an endless sum": lambda: warned(On(line, u.diff(x, x) - Sum(sin(n_ * x), (n_, 1, oo))), unknowns=[u]),
    "a unit": lambda: warned(On(line, u - meter), unknowns=[u]),
    "a jump in the unknown": lambda: warned(On(line, space.laplace(u) - Heaviside(u)), LAPLACE[1], unknowns=[u]),
    "steps of the unknown": lambda: warned(On(line, floor(u) - 1), unknowns=[u]),
    "coefficients that vanish": lambda: check(with_coefficients(a, values=[0])),
    "coefficients that nearly vanish": lambda: check(with_coefficients(a, values=[1e-200])),
    "a lens too thin": lambda: warned(On(Ball(plane, (0, 0), 1) & Ball(plane, (1.99999, 0), 1), w - 1)),
}


@pytest.mark.parametrize("make", MISUSED.values(), ids=MISUSED)
def test_misuse_is_an_error_in_three_parts(make):
    with pytest.raises(ProblemError) as caught:
        make()
    assert caught.value.where
    assert caught.value.fix


def test_a_weight_may_be_any_number():
    assert On(line, u, weight=np.int64(2)).weight == 2


def test_a_boundary_far_from_the_origin_is_known():
    """Coordinates of 1e8 are rounded by 1e-8: the boundary of a ball there is covered by its condition all the same."""
    far = Ball(plane, (1e8, 0), 1)
    assert not warned(On(far, Eq(plane.laplace(w), 1)), On(far.boundary, Eq(w, 0)))


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s("a"), lambda s: s([[1j]]), lambda s: s.evaluate(u, "a"), lambda s: s.evaluate([], [[0.5]]),
        lambda s: s.integral(u, None), lambda s: s.on_grid(5), lambda s: s.on_grid("a"), lambda s: s.on_grid(None),
        lambda s: s.on_grid((10**12,)), lambda s: inrpde.solve(Problem("p", [u], LAPLACE), settings="solver.width=3"),
        lambda s: inrpde.solve(Problem("p", [u], LAPLACE), device=3),
    ],
)  # fmt: skip
def test_what_a_solution_cannot_answer_is_a_usage_error(ask, answer):
    with pytest.raises(UsageError) as caught:
        ask(answer)
    assert caught.value.where
    assert caught.value.fix


@pytest.fixture(scope="module")
def answer():
    return inrpde.solve(Problem("p", [u], LAPLACE), reference="none")
